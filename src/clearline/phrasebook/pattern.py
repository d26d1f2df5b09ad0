"""A pattern: one ICU MessageFormat string, taken apart far enough to be checked.

It decides which placeholders a pattern has, and what each plural's branches are. It never
formats: ICU does (`render`). It reads the part of the syntax that catalogues may use:
`{name}`, `{name, number}`, `{name, select, …}` and `{name, plural, …}`. Apostrophes quote
in ICU, with rules that surprise; catalogues may not use them (`lint`), so neither does this.

Source: ICU User Guide, Formatting Messages; unicode-org.github.io/icu.
"""

from __future__ import annotations

import re

from msgspec import Struct

__all__ = ["Argument", "Branch", "arguments"]

MOST_DEPTH = 8
"""A pattern nested deeper is refused: nobody could translate it."""
_NAME = re.compile(r"\s*([a-z][a-z0-9_]*)\s*")
_KIND = re.compile(r"\s*(select|plural|number)\s*")
_SPACE = re.compile(r"\s*")
_KEYWORD = re.compile(r"\s*(=[0-9]+|[A-Za-z_]+)\s*\{")


class Branch(Struct, frozen=True, kw_only=True):
    """One branch of a select or plural."""

    keyword: str
    counts: bool
    """Whether the branch itself, not one nested in it, has a `#`."""


class Argument(Struct, frozen=True, kw_only=True):
    """One placeholder, where it stands."""

    name: str
    kind: str
    """`plain`, `number`, `select` or `plural`."""
    branches: tuple[Branch, ...] = ()


def arguments(pattern: str) -> tuple[Argument, ...]:
    """Return every placeholder of `pattern`, nested ones too; ValueError if it is not a pattern."""
    found: list[Argument] = []
    end, _ = _message(pattern, 0, found, 0)
    if end != len(pattern):
        raise ValueError(f"unmatched brace at {end}")
    return tuple(found)


def _message(pattern: str, at: int, found: list[Argument], depth: int) -> tuple[int, bool]:
    """Read text and placeholders from `at` on; return where they end, and whether `#` was seen."""
    if depth > MOST_DEPTH:
        raise ValueError(f"nested deeper than {MOST_DEPTH}")
    counts = False
    while at < len(pattern) and pattern[at] != "}":
        if pattern[at] == "{":
            at = _argument(pattern, at + 1, found, depth)
        else:
            counts = counts or pattern[at] == "#"
            at += 1
    return at, counts


def _argument(pattern: str, at: int, found: list[Argument], depth: int) -> int:
    """Read one placeholder, whose brace is open already; return where it ends."""
    name = _need(_NAME, pattern, at, "a placeholder's name")
    at = name.end()
    kind, branches = "plain", tuple[Branch, ...]()
    if pattern[at : at + 1] == ",":
        kinded = _need(_KIND, pattern, at + 1, "select, plural or number")
        kind, at = kinded[1], kinded.end()
        if kind != "number":
            if pattern[at : at + 1] != ",":
                raise ValueError(f"a comma expected at {at}")
            at, branches = _branches(pattern, at + 1, found, depth)
    if pattern[at : at + 1] != "}":
        raise ValueError(f"a closing brace expected at {at}")
    found.append(Argument(name=name[1], kind=kind, branches=branches))
    return at + 1


def _branches(
    pattern: str, at: int, found: list[Argument], depth: int
) -> tuple[int, tuple[Branch, ...]]:
    """Read the branches of a select or plural; return where they end, and them."""
    branches: list[Branch] = []
    while (opening := _KEYWORD.match(pattern, at)) is not None:
        at, counts = _message(pattern, opening.end(), found, depth + 1)
        if at >= len(pattern):
            raise ValueError(f"a branch is not closed: {opening[1]}")
        branches.append(Branch(keyword=opening[1], counts=counts))
        at += 1
    return _need(_SPACE, pattern, at, "space").end(), tuple(branches)


def _need(what: re.Pattern[str], pattern: str, at: int, called: str) -> re.Match[str]:
    """Return the match of `what` at `at`; ValueError if there is none."""
    match = what.match(pattern, at)
    if match is None:
        raise ValueError(f"{called} expected at {at}")
    return match
