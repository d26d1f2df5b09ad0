"""Roster files: where a node's rota lives, in the folder `roster/` of its home.

    officers.toml          the officers, their languages and how they are reached; rooms' methods
    ECHELON.ics            a desk's calendar, as it was imported or put there
    ECHELON.changes.ics    the overrides and absences that were made here

A desk whose calendar is kept elsewhere is subscribed to instead (`subscribe` in `[roster]`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from clearline.basis.faults import Mistake
from clearline.basis.ids import Name
from clearline.core.terms import MAX_DESKS
from clearline.core.watchbill import MAX_OFFICERS, Methods, Officer
from clearline.node.calendars import Source
from clearline.node.settings import RosterSettings

__all__ = ["MAX_BYTES", "OFFICERS", "OfficersFile", "Room", "RosterFiles", "parse_officers"]

OFFICERS = "officers.toml"
CHANGES = ".changes.ics"
CALENDAR = ".ics"
MAX_BYTES = 1 << 20
"""Of one file. One byte more is read, so that whoever reads it can say that it is too large."""


class Room(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A desk's own telephone, mailbox or lamp, whoever is on."""

    echelon: Name
    methods: Methods


class OfficersFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole of `officers.toml`."""

    officers: Annotated[tuple[Officer, ...], Meta(max_length=MAX_OFFICERS)] = ()
    desks: Annotated[tuple[Room, ...], Meta(max_length=MAX_DESKS)] = ()


def parse_officers(name: str, raw: bytes) -> OfficersFile:
    """Return the officers of a TOML file; Mistake with what is wrong and where."""
    if len(raw) > MAX_BYTES:
        raise Mistake("file_too_large", f"{name}: a list of officers has at most 1 MiB.")
    try:
        found = msgspec.toml.decode(raw, type=OfficersFile)
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise Mistake("bad_officers", f"{name}: {str(error)[:300]}.") from error
    for what, names in (
        ("officers", [each.name for each in found.officers]),
        ("desks", [each.echelon for each in found.desks]),
    ):
        twice = sorted({each for each in names if names.count(each) > 1})
        if twice:
            raise Mistake("officer_twice", f"{name}: two {what} are called {twice[0]!r}.")
    return found


class RosterFiles:
    """The folder, and the calendars that are subscribed to."""

    def __init__(self, home: Path, settings: RosterSettings) -> None:
        self.folder = home / "roster"
        self.subscribed: Mapping[str, Path] = settings.subscriptions

    def desks(self) -> list[str]:
        """Return every desk that has a calendar, by its name."""
        try:
            names = [path.name for path in self.folder.iterdir() if path.suffix == CALENDAR]
        except OSError:
            names = []
        found = {name.removesuffix(CHANGES).removesuffix(CALENDAR) for name in names}
        return sorted((found & {each for each in found if _is_name(each)}) | set(self.subscribed))

    def signature(self) -> tuple[tuple[str, int, int], ...]:
        """Return what of the files changes whenever one of them does."""
        found: list[tuple[str, int, int]] = []
        for path in [self.folder / OFFICERS, *self._calendars()]:
            try:
                known = path.stat()
            except OSError:
                continue
            found.append((str(path), known.st_mtime_ns, known.st_size))
        return tuple(sorted(found))

    def officers(self) -> OfficersFile | None:
        """Return the officers, if there is a file of them. Mistake if it cannot be used."""
        raw = self.read(self.folder / OFFICERS)
        return None if raw is None else parse_officers(OFFICERS, raw)

    def calendar(self, echelon: str) -> Source | None:
        """Return the calendar that people keep of a desk."""
        path = self.subscribed.get(echelon, self.folder / f"{echelon}{CALENDAR}")
        raw = self.read(path)
        return None if raw is None else Source(name=path.name, raw=raw)

    def changes(self, echelon: str) -> Source | None:
        """Return the changes that were made here to a desk."""
        path = self.folder / f"{echelon}{CHANGES}"
        raw = self.read(path)
        return None if raw is None else Source(name=path.name, raw=raw)

    def read(self, path: Path) -> bytes | None:
        """Return a file, or a little more than may be of it; None if it is not there."""
        try:
            with path.open("rb") as file:
                return file.read(MAX_BYTES + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Mistake("cannot_read", f"{path}: {error.strerror}.") from error

    def write_officers(self, raw: bytes) -> None:
        """Put a list of officers in the place of the one that is there."""
        self._write(self.folder / OFFICERS, raw)

    def write_calendar(self, echelon: str, raw: bytes) -> None:
        """Put a calendar in the place of the one that is there."""
        if echelon in self.subscribed:
            raise Mistake(
                "subscribed",
                f"{echelon} is subscribed to {self.subscribed[echelon]}: change it there.",
            )
        self._write(self.folder / f"{echelon}{CALENDAR}", raw)

    def write_changes(self, echelon: str, raw: bytes | None) -> None:
        """Put the changes of a desk in the place of those that are there; None for none."""
        path = self.folder / f"{echelon}{CHANGES}"
        if raw is None:
            path.unlink(missing_ok=True)
        else:
            self._write(path, raw)

    def _write(self, path: Path, raw: bytes) -> None:
        try:
            self.folder.mkdir(mode=0o700, exist_ok=True)
            fresh = path.with_name(f".{path.name}.new")
            with fresh.open("wb") as file:
                file.write(raw)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path)
        except OSError as error:
            raise Mistake("cannot_write", f"{path}: {error.strerror}.") from error

    def _calendars(self) -> list[Path]:
        return [
            path
            for echelon in self.desks()
            for path in (
                self.subscribed.get(echelon, self.folder / f"{echelon}{CALENDAR}"),
                self.folder / f"{echelon}{CHANGES}",
            )
        ]


def _is_name(text: str) -> bool:
    try:
        msgspec.convert(text, Name)
    except msgspec.ValidationError:
        return False
    return True
