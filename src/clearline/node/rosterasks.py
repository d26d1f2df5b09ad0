"""Roster asks: what the node's owner may ask and have done about the roster, by name.

They come over the local socket as any question does; arguments are plain values.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from clearline.basis.faults import Mistake
from clearline.basis.instants import Instant, dec_hook
from clearline.node.calendars import Change
from clearline.node.rosteredits import ShiftRef
from clearline.node.rostering import Rostering
from clearline.node.rosterlint import Finding
from clearline.node.rosterviews import OnWatch, RosterView, Verdict

__all__ = ["asks"]

Officer = str


def asks(roster: Rostering) -> Mapping[str, Callable[..., Any]]:
    """Return each question about a roster, by its name."""
    made = _Asks(roster)
    return {
        "roster": made.view,
        "roster_on": made.on,
        "roster_lint": made.lint,
        "roster_export": made.export,
        "roster_import": made.import_calendar,
        "roster_officers": made.import_officers,
        "roster_edit": made.edit,
        "roster_swap": made.swap,
        "roster_undo": made.undo,
    }


class _Asks:
    def __init__(self, roster: Rostering) -> None:
        self._roster = roster

    def view(self, *, start: str | None = None, days: int = 7) -> RosterView:
        return self._roster.view(_instant(start), days)

    def on(self, *, at: str | None = None) -> tuple[OnWatch, ...]:
        return self._roster.on(_instant(at))

    def lint(self) -> tuple[Finding, ...]:
        return self._roster.lint()

    def export(self, *, echelon: str) -> str:
        return self._roster.export(echelon).decode()

    def import_calendar(
        self, *, echelon: str, path: str, by: Officer, dry_run: bool
    ) -> Awaitable[Verdict]:
        raw = self._file(path)
        return self._roster.import_calendar(echelon, raw, by, dry_run=dry_run)

    def import_officers(self, *, path: str, by: Officer, dry_run: bool) -> Awaitable[Verdict]:
        return self._roster.import_officers(self._file(path), by, dry_run=dry_run)

    def edit(
        self,
        *,
        by: Officer,
        dry_run: bool,
        edits: Mapping[str, Any] | None = None,
        drop: Mapping[str, Any] | None = None,
        over: bool = False,
    ) -> Awaitable[Verdict]:
        changes = msgspec.convert(edits or {}, dict[str, list[Change]], dec_hook=dec_hook)
        dropped = msgspec.convert(drop or {}, dict[str, list[str]])
        return self._roster.edit(changes, dropped, by, over=over, dry_run=dry_run)

    def swap(self, *, one: Any, other: Any, by: Officer, dry_run: bool) -> Awaitable[Verdict]:
        refs = [msgspec.convert(each, ShiftRef, dec_hook=dec_hook) for each in (one, other)]
        return self._roster.swap(refs[0], refs[1], by, dry_run=dry_run)

    def undo(self, *, edit: str, by: Officer) -> Awaitable[Verdict]:
        return self._roster.undo(edit, by)

    def _file(self, path: str) -> bytes:
        raw = self._roster.files.read(Path(path))
        if raw is None:
            raise Mistake("cannot_read", f"{path} is not there.")
        return raw


def _instant(text: str | None) -> Instant | None:
    return None if text is None else Instant.parse(text)
