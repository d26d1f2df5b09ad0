"""ADS-B: what aircraft say of themselves, as a receiver passes it on: Beast and SBS, over TCP.

Beast is the binary stream of Mode S frames that most receivers have (port 30005), decoded by
`pyModeS`; SBS, or BaseStation, is text that was decoded already (port 30003). Heights are
pressure altitudes, or above the ellipsoid where the aircraft says so (type codes 20 to 22).

A position is believed when `pyModeS` has three that agree. An aircraft on the ground says where it
is in a code that needs the receiver's own place to be read, and is not followed.

Sources: ICAO Annex 10, volume IV, and Doc 9871 for the frames; the Beast format as its receivers'
manuals have it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from pyModeS import PipeDecoder
from pyModeS.util import crc

from clearline.basis.instants import SECOND_MS, Instant
from clearline.gateways.tracks.decoder import (
    FOOT_CM,
    KNOT_CM_S,
    MAX_HEARD,
    Lines,
    clean_key,
    clean_name,
    course_cdeg,
    level_of,
    place_at,
    speed_cm_s,
)
from clearline.node.tracks.track import Datum, Kind, Report

__all__ = ["Beast", "Sbs"]

VELOCITY_MS = 20 * SECOND_MS
"""What was said of course and speed so long ago is not put to a new position."""
ESC = 0x1A
_SIZES = {0x31: 9, 0x32: 14, 0x33: 21}
"""Bytes after escape and type: 6 of the receiver's clock, 1 of strength, and the frame."""
_LONG = 0x33
_HEAD = 7
MAX_REST_BYTES = 4_096
"""What is kept of a stream without a whole frame in it."""
_ADSB_CF = frozenset({0, 1, 2, 6})
"""Of downlink format 18: ADS-B by others than transponders, fine TIS-B, and rebroadcasts."""
_FEET_A_MINUTE_CM_S = FOOT_CM / 60


class _Heard(NamedTuple):
    name: str = ""
    course_cdeg: int | None = None
    speed_cm_s: int | None = None
    climb_cm_s: int | None = None
    at: Instant = Instant(0)


class _Air:
    """What was heard of each aircraft, apart from where it is."""

    def __init__(self) -> None:
        self._heard: dict[str, _Heard] = {}

    def __contains__(self, key: str) -> bool:
        return key in self._heard

    @property
    def is_full(self) -> bool:
        return len(self._heard) >= MAX_HEARD

    def forget(self) -> None:
        self._heard.clear()

    def of(self, key: str) -> _Heard:
        return self._heard.get(key, _Heard())

    def name(self, key: str, name: str | None) -> None:
        if name:
            self._heard[key] = self.of(key)._replace(name=clean_name(name.replace("_", " ")))

    def moves(
        self, key: str, course: int | None, speed: int | None, climb: int | None, now: Instant
    ) -> None:
        known = self.of(key)
        self._heard[key] = _Heard(known.name, course, speed, climb, now)

    def report(self, key: str, at: Any, level: Any, now: Instant) -> Report:
        known = self.of(key)
        fresh = now.since(known.at) <= VELOCITY_MS
        self._heard.setdefault(key, known)
        return Report(
            kind=Kind.AIR, key=key, name=known.name, at=at, level=level,
            course_cdeg=known.course_cdeg if fresh else None,
            speed_cm_s=known.speed_cm_s if fresh else None,
            climb_cm_s=known.climb_cm_s if fresh else None,
            reported_at=now,
        )  # fmt: skip


class Beast:
    """Reads a stream of Mode S frames in the Beast format."""

    def __init__(self) -> None:
        self.unreadable = 0
        self._rest = b""
        self._air = _Air()
        self._pipe = PipeDecoder()

    def take(self, raw: bytes, now: Instant) -> list[Report]:
        """Return the reports that these bytes complete."""
        frames, self._rest = _frames(self._rest + raw)
        found = (self._report(frame, now) for frame in frames)
        return [report for report in found if report is not None]

    def take_datagram(self, raw: bytes, now: Instant) -> list[Report]:
        """Return the reports of one datagram."""
        self.cut()
        return self.take(raw, now)

    def cut(self) -> None:
        """Forget a frame that was begun."""
        self._rest = b""

    def _report(self, frame: bytes, now: Instant) -> Report | None:
        df = frame[0] >> 3
        if df not in {17, 18} or (df == 18 and frame[0] & 7 not in _ADSB_CF):
            return None
        if self._air.is_full:
            # Nobody hears twenty thousand aircraft. Somebody makes them up, or days have gone by.
            self._air.forget()
            self._pipe = PipeDecoder()
        text = frame.hex().upper()
        if crc(text):
            # Before the library sees it: it would remember half of what is damaged.
            self.unreadable += 1
            return None
        try:
            said: Any = self._pipe.decode(text, timestamp=int(now) / 1_000)
        except Exception:  # noqa: BLE001 - what a radio's bytes make of the library nobody foresees
            self.unreadable += 1
            return None
        return self._heard(said, now)

    def _heard(self, said: Any, now: Instant) -> Report | None:
        key = str(said["icao"])
        code = said.get("typecode") or 0
        if 1 <= code <= 4:
            self._air.name(key, said.get("callsign"))
        elif code == 19:
            self._air.moves(
                key,
                course_cdeg(said.get("track")),
                speed_cm_s(said.get("groundspeed"), KNOT_CM_S),
                _climb(said.get("vertical_rate")),
                now,
            )
        elif 9 <= code <= 18 or 20 <= code <= 22:
            at = place_at(said.get("latitude"), said.get("longitude"))
            if at is None:
                return None
            feet = said.get("altitude")
            datum = Datum.FL if code <= 18 else Datum.ELLIPSOIDAL
            level = level_of(datum, feet * FOOT_CM if feet is not None else None)
            return self._air.report(key, at, level, now)
        return None


class Sbs:
    """Reads the lines of a receiver that has decoded already, in the BaseStation format."""

    def __init__(self) -> None:
        self._bad = 0
        self._lines = Lines()
        self._air = _Air()

    @property
    def unreadable(self) -> int:
        """Return how many lines could not be read."""
        return self._bad + self._lines.too_long

    def take(self, raw: bytes, now: Instant) -> list[Report]:
        """Return the reports that these bytes complete."""
        found = (self._report(line, now) for line in self._lines.take(raw))
        return [report for report in found if report is not None]

    def take_datagram(self, raw: bytes, now: Instant) -> list[Report]:
        """Return the reports of one datagram."""
        self.cut()
        return self.take(raw + b"\n", now)

    def cut(self) -> None:
        """Forget a line that was begun."""
        self._lines.cut()

    def _report(self, line: bytes, now: Instant) -> Report | None:
        try:
            return self._read(line.decode("ascii").split(","), now)
        except (ValueError, IndexError):
            self._bad += 1
            return None

    def _read(self, fields: list[str], now: Instant) -> Report | None:
        if fields[0] != "MSG":
            if fields[0] not in {"SEL", "ID", "AIR", "STA", "CLK"}:
                raise ValueError(fields[0])
            return None
        key = clean_key(f"{int(fields[4], 16):06X}")
        if key is None or len(fields) < 17:
            raise ValueError(fields[4])
        if self._air.is_full and key not in self._air:
            self._air.forget()
        self._air.name(key, fields[10].strip())
        if fields[12] or fields[13]:
            self._air.moves(
                key,
                course_cdeg(_number(fields[13])),
                speed_cm_s(_number(fields[12]), KNOT_CM_S),
                _climb(_number(fields[16])),
                now,
            )
        at = place_at(_number(fields[14]), _number(fields[15]))
        if at is None or fields[1] == "2":  # On the ground.
            return None
        feet = _number(fields[11])
        level = level_of(Datum.FL, feet * FOOT_CM if feet is not None else None)
        return self._air.report(key, at, level, now)


def _number(text: str) -> float | None:
    if not text.strip():
        return None
    value = float(text)
    if value != value or abs(value) > 1e7:  # noqa: PLR0124 - not a number
        raise ValueError(text)
    return value


def _climb(feet_a_minute: float | None) -> int | None:
    if feet_a_minute is None or abs(feet_a_minute) > 60_000:
        return None
    return round(feet_a_minute * _FEET_A_MINUTE_CM_S)


def _frames(raw: bytes) -> tuple[list[bytes], bytes]:
    """Return the whole long frames in a stream, and the rest of it."""
    found: list[bytes] = []
    at = raw.find(ESC)
    while at >= 0:
        if at + 1 >= len(raw):
            break
        kind = raw[at + 1]
        size = _SIZES.get(kind)
        if size is None:  # An escaped byte, the receiver's state, or garbage.
            at = raw.find(ESC, at + (1 if kind == ESC else 2))
            continue
        body, after = _unescaped(raw, at + 2, size)
        if after < 0:
            break
        if len(body) == size and kind == _LONG:
            found.append(body[_HEAD:])
        at = raw.find(ESC, after)
    if at < 0:
        return found, b""
    return found, raw[at:] if len(raw) - at <= MAX_REST_BYTES else b""


def _unescaped(raw: bytes, start: int, size: int) -> tuple[bytes, int]:
    """Return a frame's bytes and where it ends; -1 if it has not come whole yet.

    A frame that another one cuts short has fewer bytes, and ends where that begins.
    """
    body = raw[start : start + size]
    if ESC not in body:
        return body, start + size if len(body) == size else -1
    whole = bytearray()
    at = start
    while len(whole) < size:
        if at >= len(raw):
            return bytes(whole), -1
        if raw[at] == ESC:
            if at + 1 >= len(raw):
                return bytes(whole), -1
            if raw[at + 1] != ESC:
                return bytes(whole), at
            at += 1
        whole.append(raw[at])
        at += 1
    return bytes(whole), at
