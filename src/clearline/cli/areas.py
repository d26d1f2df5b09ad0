"""Areas of files as volumes, each with the line that it came from, and what was refused by line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from clearline import gateways
from clearline.basis.faults import Mistake
from clearline.cli.session import errors, plain
from clearline.gateways.reading import Origin, Reading
from clearline.gateways.shape import Shape
from clearline.space import Band, Volume, Window

__all__ = ["Item", "Items", "Refused", "read_items"]


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


class Items:
    """The areas of files, one after the other as they are read, and what of them is refused.

    A band or window that is given is for areas whose file says none; with neither, an area is
    refused.
    """

    def __init__(
        self, raws: Sequence[tuple[Path, bytes]], band: Band | None, window: Window | None
    ) -> None:
        """Begin. Raises Mistake for a file that cannot be read at all, before the first area."""
        self._band, self._window = band, window
        self.refused: list[Refused] = []
        """As far as it is told, of the files that have been read."""
        self.refused_in_all = 0
        self.over = False
        """Whether all has been read."""
        self._files: list[tuple[Path, gateways.Begun]] = []
        for path, raw in raws:
            try:
                self._files.append((path, gateways.begin(path.name, raw)))
            except Mistake as mistake:
                raise Mistake(mistake.code, f"{path}: {mistake.phrase}") from mistake
        self.most = sum(begun.most for _, begun in self._files)
        """How many there can be."""

    def __iter__(self) -> Iterator[Item]:
        """Yield the areas, in the files' order."""
        for path, begun in self._files:
            lacking: list[Refused] = []
            for number, (shape, origin) in enumerate(begun, 1):
                found = self._item(str(path), number, shape, origin)
                if isinstance(found, Item):
                    yield found
                else:
                    lacking.append(found)
            self._end(path, begun.done(), lacking)
        self.over = True

    def _end(self, path: Path, reading: Reading, lacking: list[Refused]) -> None:
        """Say what a file has that is not carried, and keep what of it was refused."""
        for line in (*(f"note: {note}" for note in reading.notes),
                     *(f"not carried: {what}" for what in reading.lost)):  # fmt: skip
            errors.print(plain(f"{path.name}: {line}"), soft_wrap=True)
        self.refused += [_by_file(str(path), fault) for fault in reading.faults]
        self.refused += lacking
        self.refused_in_all += reading.refused + len(lacking)

    def _item(self, file: str, number: int, shape: Shape, origin: Origin) -> Item | Refused:
        item = origin.item or f"area {number}"
        line, column = (origin.spot.line, origin.spot.column) if origin.spot else (None, None)
        high, when = shape.band or self._band, shape.window or self._window
        if high is not None and when is not None:
            volume = Volume(outline=shape.outline, band=high, window=when)
            name = shape.name or f"{Path(file).stem} {number}"
            return Item(file=file, item=item, line=line, column=column, name=name, volume=volume)
        code, phrase = (
            ("no_band", "it has no height band: give --band SFC-FL180")
            if high is None
            else ("no_window", "it has no time: give --from and --to")
        )
        return Refused(file=file, item=item, line=line, column=column, by="file", code=code,
                       phrase=phrase)  # fmt: skip


def read_items(
    raws: Sequence[tuple[Path, bytes]], band: Band | None, window: Window | None
) -> tuple[list[Item], tuple[list[Refused], int]]:
    """Return the areas of files, read whole; what was refused, as far as told, and in all."""
    items = Items(raws, band, window)
    return list(items), (items.refused, items.refused_in_all)


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
