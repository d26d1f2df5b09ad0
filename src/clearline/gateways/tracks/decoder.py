"""A decoder: bytes of one receiver in, reports out, garbage counted and never raised.

What comes by radio can be made by anybody. So each decoder holds a bounded rest of what was not
whole yet, and a bounded memory of what was heard of whom; what cannot be read is counted, and the
next byte is looked at as if nothing had been.
"""

from __future__ import annotations

from typing import Protocol

from clearline.basis.instants import Instant
from clearline.node.tracks.track import MAX_KEY_CHARS, MAX_NAME_CHARS, Datum, Level, Report
from clearline.space import Position, from_degrees
from clearline.space.altitude import MAX_ALTITUDE_CM

__all__ = [
    "MAX_HEARD",
    "Decoder",
    "Lines",
    "clean_key",
    "clean_name",
    "course_cdeg",
    "level_of",
    "place_at",
    "speed_cm_s",
]

MAX_HEARD = 20_000
"""Of so many ids a decoder remembers names and velocities; then it begins anew."""
MAX_LINE_BYTES = 1_024
"""A longer line is none of any format here."""
KNOT_CM_S = 185_200 / 3_600
FOOT_CM = 30.48
MAX_SPEED_CM_S = 300_000
"""What is said to be faster than 3 km/s is not believed."""


class Decoder(Protocol):
    """What one receiver's format is read by."""

    @property
    def unreadable(self) -> int:
        """Return how many messages could not be read."""
        ...

    def take(self, raw: bytes, now: Instant) -> list[Report]:
        """Return the reports that these bytes complete."""
        ...

    def take_datagram(self, raw: bytes, now: Instant) -> list[Report]:
        """Return the reports of one datagram, which is whole by itself."""
        ...

    def cut(self) -> None:
        """The connection has ended: what was begun will not be completed."""
        ...


class Lines:
    """Lines of a stream of bytes, however it is cut."""

    def __init__(self) -> None:
        self._rest = b""
        self._passing = False
        """Whether the line under way is too long: what is left of it is no line of its own."""
        self.too_long = 0

    def take(self, raw: bytes) -> list[bytes]:
        """Return the lines that these bytes complete, without their ends."""
        *lines, self._rest = (self._rest + raw).split(b"\n")
        if lines and self._passing:
            self._passing = False
            del lines[0]
        if self._passing:
            self._rest = b""
        elif len(self._rest) > MAX_LINE_BYTES:
            self._rest, self._passing = b"", True
            self.too_long += 1
        found = [line.strip() for line in lines if len(line) <= MAX_LINE_BYTES]
        self.too_long += len(lines) - len(found)
        return [line for line in found if line]

    def cut(self) -> None:
        """Forget a line that was begun."""
        self._rest, self._passing = b"", False


def clean_key(text: str) -> str | None:
    """Return an id as its source has it; None if it is none that can be shown."""
    word = text.strip()
    return word if 0 < len(word) <= MAX_KEY_CHARS and word.isprintable() else None


def clean_name(text: str | None) -> str:
    """Return what can be shown of a name."""
    shown = "".join(each for each in text or "" if each.isprintable()).strip(" @")
    return shown[:MAX_NAME_CHARS]


def place_at(lat: float | None, lon: float | None) -> Position | None:
    """Return a position; None if it is none."""
    if lat is None or lon is None or not (-90 <= lat <= 90 and -180 <= lon <= 180):
        return None
    return from_degrees(lat, lon)


def course_cdeg(degrees: float | None) -> int | None:
    """Return a course; None if none is given."""
    if degrees is None or not 0 <= degrees <= 360:
        return None
    return round(degrees * 100) % 36_000


def speed_cm_s(value: float | None, unit_cm_s: float) -> int | None:
    """Return a speed; None if none is given that can be believed."""
    if value is None or not 0 <= value * unit_cm_s <= MAX_SPEED_CM_S:
        return None
    return round(value * unit_cm_s)


def level_of(datum: Datum, value_cm: float | None) -> Level:
    """Return a height above its datum; unknown if none is given, or one that cannot be."""
    if value_cm is None or not -MAX_ALTITUDE_CM <= value_cm <= MAX_ALTITUDE_CM:
        return Level(datum=Datum.UNKNOWN, value_cm=None)
    return Level(datum=datum, value_cm=round(value_cm))
