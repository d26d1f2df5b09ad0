"""Files of areas at the command line: what was refused is said, by line, before any is used."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from clearline import gateways
from clearline.basis.faults import Mistake
from clearline.cli.common import confirm, whole
from clearline.cli.session import Session, errors, plain
from clearline.gateways.shape import MAX_FILE_BYTES
from clearline.gateways.suspicion import suspected
from clearline.space import Polygon

__all__ = ["MAX_TOLD", "read_areas", "told"]

MAX_TOLD = 20
"""Refused items that are told at a terminal."""


def read_areas(
    session: Session, path: Path, *, keep_good: bool, agreed: Sequence[Polygon] = ()
) -> gateways.Reading:
    """Return what a file gives; all that was refused, lost or noted is told on standard error.

    It is held against the areas that the terms agree, so that swapped axes are seen.

    If anything was refused, the rest is used only if that was asked for: by `keep_good`, or by
    who sits at the terminal. Raises Mistake otherwise.
    """
    reading = suspected(gateways.read(path.name, whole(path, MAX_FILE_BYTES)), agreed)
    for line in told(reading):
        errors.print(plain(line), soft_wrap=True)
    if reading.refused and not keep_good:
        question = f"{reading.refused:,} refused; use the other {len(reading.shapes):,}?"
        if session.json or not sys.stdin.isatty() or not reading.shapes:
            raise Mistake(
                "refused_in_file",
                f"{path.name}: {reading.refused:,} items were refused"
                + (f", the first: {_told(reading.faults[0])}" if session.json else "")
                + ". Mend them, or use the rest alone with --keep-good.",
            )
        confirm(question)
    if not reading.shapes:
        raise Mistake("refused_in_file", f"{path.name}: nothing of it can be used.")
    return reading


def told(reading: gateways.Reading) -> list[str]:
    """Return what is to be said of a reading, a line each."""
    lines = [f"note: {note}" for note in reading.notes]
    lines += [f"not carried: {what}" for what in reading.lost]
    lines += [f"refused: {_told(fault)}" for fault in reading.faults[:MAX_TOLD]]
    more = reading.refused - min(len(reading.faults), MAX_TOLD)
    return [*lines, f"... and {more:,} more refused"] if more else lines


def _told(fault: gateways.Fault) -> str:
    at = f"line {fault.spot.line}, column {fault.spot.column}: " if fault.spot else ""
    meant = f" (meant: {fault.suggestion}?)" if fault.suggestion else ""
    return f"{at}{fault.item}: {fault.phrase}{meant}"
