"""The root of the command line."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import click

from clearline import __version__
from clearline.cli import acting, drilling, setup, showing
from clearline.cli.common import Session

__all__ = ["main", "root"]


@click.group(
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
    On watch:   watch take, status, notices, conflicts, calls, follow
    Say:        declare, revise, withdraw, call, ack, say, readback, dispose, close
    Prove:      log, bundle, verify
    Rehearse:   drill list, drill run, test send
    """
    context.obj = Session(home)
    del officer  # Read from the context by the verbs that sign with it.


for _command in (
    setup.init, setup.party, setup.serve, setup.link,
    acting.declare, acting.revise, acting.withdraw, acting.call, acting.ack, acting.say,
    acting.readback, acting.dispose, acting.close, acting.watch, acting.test, acting.violation,
    showing.status, showing.notices, showing.conflicts, showing.calls, showing.log,
    showing.follow, showing.bundle, showing.verify, drilling.drill,
):  # fmt: skip
    root.add_command(_command)


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal of another encoding shows `?` for what it cannot show; it never fails.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    sys.exit(root(prog_name="clearline"))
