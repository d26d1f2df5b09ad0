"""The root of the command line."""

from __future__ import annotations

import importlib
import io
import os
import sys
from collections import UserDict
from collections.abc import Iterator
from pathlib import Path

import click

from clearline import __version__
from clearline.cli.session import Session

__all__ = ["main", "root"]


_VERBS = {
    "init": ("setup", "Make a node: its keys, certificate, settings and journal's place."),
    "party": ("setup", "Show this party's card, for the counterpart to write terms with."),
    "serve": ("setup", "Run the node until it is told to stop."),
    "link": ("setup", "Begin, show, amend, carry and settle links."),
    "declare": ("declaring", "Declare where and when we operate."),
    "transit": ("transits", "Declare and plan what moves: a convoy, a sailing, a flight."),
    "import": ("importing", "Declare many areas from files, and go on where it was stopped."),
    "screen": ("screening", "Find every pair of two sides that comes too near, all against all."),
    "revise": ("declaring", "Replace the volumes of a notice of ours."),
    "withdraw": ("declaring", "Withdraw a notice of ours."),
    "export": ("exporting", "Write the active notices into a file of another system."),
    "call": ("acting", "Demand that a human on the other side answer."),
    "ack": ("acting", "Acknowledge a call: a human here has read it."),
    "jump": ("acting", "Ring another rung of a call of theirs now."),
    "standdown": ("acting", "Say that a call of ours needs no human any more."),
    "say": ("acting", "Say more in a call."),
    "readback": ("acting", "Restate the slots that matter."),
    "dispose": ("acting", "Say what we did about a call or a notice."),
    "close": ("acting", "Say that a call is over for us."),
    "watch": ("manning", "Take, hand over and leave the watch."),
    "roster": ("rostering", "Keep who is planned to be on watch, at which desk."),
    "test": ("testing", "Send, answer and explain test calls, and see what they prove."),
    "violation": ("manning", "Report a breach of a rule that the terms code."),
    "status": ("showing", "Show whether the line is alive, who holds the watch, what is open."),
    "notices": ("showing", "List notices, ours and theirs, soonest first."),
    "conflicts": ("showing", "List the conflicts that stand."),
    "calls": ("showing", "Show the calls of the last day, each with its ladder."),
    "log": ("showing", "Show the record of a link, in the order of its times."),
    "follow": ("showing", "Show everything that this node rings and tells, as it happens."),
    "bundle": ("showing", "Export the record of a link as a proof bundle."),
    "verify": ("showing", "Verify a proof bundle, offline."),
    "auditor": ("auditing", "Watch the node from beside it: alarm if it is late, or gone."),
    "tracks": ("tracks", "Show what our own receivers see, and say what is ours."),
    "channels": ("channels", "Show and try the ways to reach a human beside the desk."),
    "console": ("console", "Say who may sit at the console, and where it is."),
    "drill": ("drilling", "Replay incidents, in simulation or on two live nodes."),
    "ladder": ("laddering", "Try out who is rung, and for how long, before it is agreed."),
}
"""Each verb: the module that has it, and its line in `--help`."""


class _Imported(UserDict[str, click.Command]):
    """The verbs by name. Each is imported when it is used: most need most of Clearline."""

    def __missing__(self, name: str) -> click.Command:
        if name not in _VERBS:
            raise KeyError(name)
        module = importlib.import_module(f"clearline.cli.{_VERBS[name][0]}")
        # A verb that is a word of Python as well has an underscore behind it there.
        self.data[name] = getattr(module, name, None) or getattr(module, f"{name}_")
        return self.data[name]

    def __contains__(self, name: object) -> bool:
        return name in _VERBS

    def __iter__(self) -> Iterator[str]:
        return iter(_VERBS)

    def __len__(self) -> int:
        return len(_VERBS)


class _Verbs(click.Group):
    """The group of all verbs, whose help imports none of them."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write one line for each verb."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, _VERBS[name][1]) for name in self.list_commands(ctx)])


@click.group(
    cls=_Verbs,
    commands=_Imported(),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=(
        "Exit codes: 0 done; 1 something does not hold; 2 wrong command line; 3 cannot be done; "
        "4 the node is not running; 70 LINE NOT SAFE; 130 interrupted. "
        'Completion: eval "$(_CLEARLINE_COMPLETE=bash_source clearline)" (or zsh, fish).'
    ),
)
@click.version_option(__version__, prog_name="clearline")
@click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="CLEARLINE_HOME",
    default=Path.home() / ".clearline",
    show_default="~/.clearline",
    help="The node's folder.",
)
@click.option(
    "--officer",
    envvar="CLEARLINE_OFFICER",
    default=lambda: os.environ.get("USER") or "officer",
    show_default="your login",
    help="Who is acting. It is journaled here and never leaves this node.",
)
@click.pass_context
def root(context: click.Context, home: Path, officer: str) -> None:
    """Keep out of each other's way: a deconfliction line.

    \b
    Begin:      init, party, serve, link propose, link agree
    On watch:   watch take, roster on, status, notices, conflicts, calls, follow, export
    Say:        declare, import, transit, revise, withdraw, call, ack, jump, standdown, say,
                readback, dispose, close
    Prove:      log, bundle, verify
    Rehearse:   screen; drill list, run, start, stop; ladder study; test send, test report
    """
    context.obj = Session(home)
    del officer  # Read from the context by the verbs that sign with it.


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal of another encoding shows `?` for what it cannot show; it never fails.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    sys.exit(root(prog_name="clearline"))
