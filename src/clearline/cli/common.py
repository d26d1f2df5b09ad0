"""What every verb shares: the home, `--json`, errors, exit codes, and the running node.

Exit codes: 0 done; 1 something does not hold (`verify`, `drill`); 2 the command line is
wrong; 3 what was asked cannot be done, and why is said; 4 the node is not running; 70 LINE
NOT SAFE; 130 interrupted.
"""

from __future__ import annotations

import asyncio
import functools
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NoReturn, ParamSpec

import click
import msgspec

from clearline.basis.faults import Broken, Mistake
from clearline.basis.ids import Name
from clearline.cli.session import Session, errors, nobody_reads, out, plain
from clearline.space import Polygon, Position
from clearline.transports.local import LocalClient

__all__ = [
    "CANNOT",
    "DOES_NOT_HOLD",
    "INTERRUPTED",
    "NAME",
    "NOT_RUNNING",
    "NOT_SAFE",
    "Session",
    "acting_officer",
    "anchors_of",
    "area_of",
    "confirm",
    "errors",
    "fail",
    "out",
    "pick",
    "pick_link",
    "plain",
    "run",
    "verb",
    "whole",
    "write",
]

DOES_NOT_HOLD, CANNOT, NOT_RUNNING, NOT_SAFE, INTERRUPTED = 1, 3, 4, 70, 130
DOCUMENT_BYTES = 4_000_000
"""The largest card, terms, route or ladder that is read; the limits of their fields are tighter."""
_CODES = {"not_running": NOT_RUNNING, "node_gone": NOT_RUNNING, "line_not_safe": NOT_SAFE}

P = ParamSpec("P")


class _Name(click.ParamType[str]):
    """A short machine name, as desks, activities and rules have."""

    name = "name"

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        """Return the name; a usage error says what one is."""
        try:
            return msgspec.convert(value, Name)
        except msgspec.ValidationError:
            self.fail(f"{value!r} is no name: up to 40 of a-z, 0-9 and inner hyphens.", param, ctx)


NAME = _Name()


def verb(function: Callable[P, None]) -> Callable[P, None]:
    """Return a command that takes `--json` and turns every fault into a sentence and a code."""

    @click.option("--json", "as_json", is_flag=True, help="Print one JSON value, for programs.")
    @functools.wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        session = click.get_current_context().find_object(Session)
        as_json = bool(kwargs.pop("as_json"))
        if session is not None:
            session.json = session.json or as_json
        try:
            function(*args, **kwargs)
        except Mistake as mistake:
            fail(mistake, as_json=as_json)
        except Broken as broken:
            fail(Mistake("line_not_safe", f"LINE NOT SAFE: {broken}"), as_json=as_json)
        except (KeyboardInterrupt, click.Abort):
            errors.print("interrupted")
            sys.exit(INTERRUPTED)
        except BrokenPipeError:
            nobody_reads()
        except UnicodeError:
            fail(Mistake("not_text", "Something in this is not UTF-8 text."), as_json=as_json)
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            fail(Mistake("cannot_open", f"{where}{error.strerror or error}."), as_json=as_json)

    return wrapped


def fail(mistake: Mistake, *, as_json: bool) -> NoReturn:
    """Print what is wrong, and exit with its code."""
    if as_json:
        fault = {"error": {"code": mistake.code, "phrase": mistake.phrase, "at": mistake.at}}
        sys.stdout.write(msgspec.json.encode(fault).decode() + "\n")
    else:
        errors.print(f"[bold red]{mistake.code}[/]: ", end="")
        errors.print(mistake.phrase, markup=False, soft_wrap=True)
    sys.exit(_CODES.get(mistake.code, CANNOT))


def whole(path: Path, most: int = DOCUMENT_BYTES) -> bytes:
    """Return what a file holds; Mistake if that is more than `most` bytes, and no more are read."""
    with path.open("rb") as file:
        raw = file.read(most + 1)
        size = max(len(raw), os.fstat(file.fileno()).st_size)
    if size > most:
        raise Mistake(
            "file_too_large", f"{path}: the file has {size:,} bytes; at most {most:,} are read."
        )
    return raw


def write(target: Path, content: bytes) -> None:
    """Write a file; Mistake if that cannot be done."""
    try:
        target.write_bytes(content)
    except OSError as error:
        raise Mistake("cannot_write", f"{target}: {error.strerror}.") from error


def confirm(question: str) -> None:
    """Ask on standard error; Mistake unless the answer is yes."""
    if not click.confirm(question, err=True):
        raise Mistake("not_confirmed", "Not confirmed: nothing was done.")


def run(work: Callable[[LocalClient], Awaitable[Any]], session: Session) -> Any:
    """Return what `work` makes of a connection to the running node."""

    async def go() -> Any:
        async with LocalClient(session.socket) as node:
            return await work(node)

    return asyncio.run(go())


async def pick_link(node: LocalClient, name: str | None) -> dict[str, Any]:
    """Return the link that a counterpart's name or an id's end names; the only one, if None."""
    links: list[dict[str, Any]] = (await node.ask("status"))["links"]
    if name is None:
        if len(links) == 1:
            return links[0]
        known = ", ".join(link["counterpart"] for link in links) or "none yet"
        raise Mistake("which_link", f"Say which link, by the counterpart's name: {known}.")
    found = [link for link in links if link["counterpart"] == name or link["id"].endswith(name)]
    if len(found) != 1:
        known = ", ".join(link["counterpart"] for link in links) or "none yet"
        raise Mistake("no_such_link", f"No one link is called {name!r}; there are: {known}.")
    return found[0]


def pick(things: list[dict[str, Any]], text: str, what: str) -> dict[str, Any]:
    """Return the one of `things` whose id is, or ends in, `text`."""
    tail = text.strip("#…").lower()
    fitting = [thing for thing in things if thing["id"].endswith(tail)] if len(tail) >= 4 else []
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise Mistake("ambiguous", f"{len(fitting)} {what}s end in {tail!r}: give more of the id.")
    raise Mistake(f"no_such_{what}", f"There is no {what} {text!r} here.")


async def anchors_of(node: LocalClient, link: str) -> dict[str, Position]:
    """Return the anchors of a link's terms, by name."""
    document = (await node.ask("terms", link=link))["document"]
    return {
        each["name"]: msgspec.convert(each["position"], Position) for each in document["anchors"]
    }


async def area_of(node: LocalClient, link: str) -> Polygon:
    """Return the area that a link's terms agree."""
    document = (await node.ask("terms", link=link))["document"]
    return msgspec.convert({"shape": "polygon"} | document["area"], Polygon)


def acting_officer() -> str:
    """Return who is typing: the officer named on the command line, or the login."""
    return click.get_current_context().find_root().params.get("officer") or "officer"
