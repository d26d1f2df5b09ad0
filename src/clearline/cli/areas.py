"""Areas of files as volumes, each with the line that it came from, and what was refused by line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from clearline import gateways
from clearline.basis.faults import Mistake
from clearline.cli.session import errors, plain
from clearline.gateways.reading import Reading
from clearline.space import Band, Volume, Window

__all__ = ["Item", "Refused", "read_items"]


class Item(Struct, frozen=True, kw_only=True):
    """One area of a file."""

    file: str
    item: str
    """What the file calls it: `feature 3`."""
    line: int | None
    column: int | None
    name: str
    volume: Volume


class Refused(Struct, frozen=True, kw_only=True):
    """One area that was refused, by the file's reader or by the node."""

    file: str
    item: str
    line: int | None
    column: int | None
    by: str
    """`file` or `node`."""
    code: str
    phrase: str
    suggestion: str = ""

    def line_of(self) -> str:
        """Return it as a line of a report, as compilers have them: file, line, column, what."""
        at = f":{self.line}:{self.column}" if self.line is not None else ""
        meant = f" (meant: {self.suggestion}?)" if self.suggestion else ""
        return f"{self.file}{at}: {self.item}: {self.code}: {self.phrase}{meant}"


def read_items(
    raws: Sequence[tuple[Path, bytes]], band: Band | None, window: Window | None
) -> tuple[list[Item], tuple[list[Refused], int]]:
    """Return the areas of files; what was refused, as far as it is told, and how many in all.

    A band or window that is given is for areas whose file says none; with neither, an area is
    refused. Raises Mistake for a file that cannot be read at all.
    """
    items: list[Item] = []
    refused: list[Refused] = []
    count = 0
    for path, raw in raws:
        try:
            reading = gateways.read(path.name, raw)
        except Mistake as mistake:
            raise Mistake(mistake.code, f"{path}: {mistake.phrase}") from mistake
        for line in (*(f"note: {note}" for note in reading.notes),
                     *(f"not carried: {what}" for what in reading.lost)):  # fmt: skip
            errors.print(plain(f"{path.name}: {line}"), soft_wrap=True)
        refused += [_by_file(str(path), fault) for fault in reading.faults]
        count += reading.refused
        lacking = _items(str(path), reading, band, window, items)
        refused += lacking
        count += len(lacking)
    return items, (refused, count)


def _items(
    file: str, reading: Reading, band: Band | None, window: Window | None, items: list[Item]
) -> list[Refused]:
    """Put the areas of a file behind `items`; return those without a height or a time."""
    lacking: list[Refused] = []
    for number, (shape, origin) in enumerate(zip(reading.shapes, reading.origins, strict=True), 1):
        item = origin.item or f"area {number}"
        line, column = (origin.spot.line, origin.spot.column) if origin.spot else (None, None)
        high, when = shape.band or band, shape.window or window
        if high is not None and when is not None:
            volume = Volume(outline=shape.outline, band=high, window=when)
            name = shape.name or f"{Path(file).stem} {number}"
            items.append(Item(file=file, item=item, line=line, column=column, name=name,
                              volume=volume))  # fmt: skip
            continue
        code, phrase = (
            ("no_band", "it has no height band: give --band SFC-FL180")
            if high is None
            else ("no_window", "it has no time: give --from and --to")
        )
        lacking.append(Refused(file=file, item=item, line=line, column=column, by="file",
                               code=code, phrase=phrase))  # fmt: skip
    return lacking


def _by_file(file: str, fault: gateways.Fault) -> Refused:
    spot = fault.spot
    return Refused(
        file=file,
        item=fault.item,
        line=spot.line if spot else None,
        column=spot.column if spot else None,
        by="file",
        code=fault.code,
        phrase=fault.phrase,
        suggestion=fault.suggestion,
    )
