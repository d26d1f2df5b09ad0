"""A format: what its files are called, how they are known, read and written."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from clearline.basis.faults import Mistake
from clearline.gateways.reading import Begun, Reading
from clearline.gateways.writing import Area, Written

__all__ = ["Format", "Limits"]


class Limits(Struct, frozen=True, kw_only=True):
    """How much of a file is read, where that is less than what its format can bear."""

    file_bytes: int
    tags: int
    """How many `<` it may have: what takes longest to read for its size is XML."""

    def check(self, raw: bytes) -> None:
        """Raise Mistake if a file has more than is read."""
        if len(raw) > self.file_bytes:
            phrase = f"the file has {len(raw):,} bytes; at most {self.file_bytes:,} are read"
            raise Mistake("file_too_large", phrase)
        tags = raw.count(b"<")
        if tags > self.tags:
            raise Mistake("too_many_features", f"the file has {tags:,} tags; at most {self.tags:,}")


class Format(Struct, frozen=True, kw_only=True):
    """One format of areas."""

    name: str
    """What a person calls it: `geojson`."""
    title: str
    """What it is, with its version."""
    endings: tuple[str, ...]
    """Of its files, in lower case with the dot; the first is what a new file gets."""
    media: str
    """Its media type."""
    looks: Callable[[bytes], bool] | None = None
    """Whether a file looks like it; asked where the ending is not enough. Never raises."""
    read: Callable[[bytes], Reading] | None = None
    """Bytes into shapes; None for a format that is only written. Raises Mistake for a bad file."""
    begin: Callable[[bytes], Begun] | None = None
    """As `read`, a shape at a time, where a format can be read so."""
    unpacked: Callable[[bytes, Limits], Reading] | None = None
    """As `read`, of files that are packed: what comes out of one has the limits as well."""
    write: Callable[[Sequence[Area]], Written] | None = None
    """Areas into bytes; None for a format that is only read."""
