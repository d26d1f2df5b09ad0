"""AIS: what ships say of themselves, as lines of NMEA 0183 over TCP or UDP, read by `pyais`.

Positions of class A and B (messages 1, 2, 3, 18, 19 and 27) are at sea; those of aircraft that
search and rescue (message 9) are in the air, at a height of which nobody says from what it is
measured. Names come by themselves (5, 19 and 24). A line whose checksum is wrong is not read.

Source: ITU-R M.1371-5; IEC 61162-1 for the lines.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from pyais.messages import AISSentence, NMEASentenceFactory

from clearline.basis.instants import SECOND_MS, Instant
from clearline.gateways.tracks.decoder import (
    KNOT_CM_S,
    MAX_HEARD,
    Lines,
    clean_name,
    course_cdeg,
    level_of,
    place_at,
    speed_cm_s,
)
from clearline.node.tracks.track import AT_SEA, Datum, Kind, Report

__all__ = ["Ais"]

MAX_PARTS = 64
"""Messages of several lines that may be under way at once; the oldest gives way."""
PART_MS = 30 * SECOND_MS
"""The lines of one message come within this, or it is let go."""
_POSITIONS = frozenset({1, 2, 3, 9, 18, 19, 27})
_NAMES = frozenset({5, 19, 24})
_NO_SPEED = 102.3
"""`pyais` gives what is not available as the highest value of its field."""
_NO_SPEED_IN_AIR, _NO_HEIGHT, _NO_SPEED_FAR = 1_023, 4_095, 63


class Ais:
    """Reads lines of NMEA that carry AIS."""

    def __init__(self) -> None:
        self._bad = 0
        self._lines = Lines()
        self._names: dict[str, str] = {}
        self._parts: OrderedDict[tuple[Any, Any], tuple[Instant, dict[int, AISSentence]]] = (
            OrderedDict()
        )

    @property
    def unreadable(self) -> int:
        """Return how many lines could not be read."""
        return self._bad + self._lines.too_long

    def take(self, raw: bytes, now: Instant) -> list[Report]:
        """Return the reports that these bytes complete."""
        found: list[Report] = []
        for line in self._lines.take(raw):
            try:
                report = self._read(line, now)
            except Exception:  # noqa: BLE001 - what a radio's bytes make of the library nobody foresees
                self._bad += 1
                continue
            if report is not None:
                found.append(report)
        return found

    def take_datagram(self, raw: bytes, now: Instant) -> list[Report]:
        """Return the reports of one datagram."""
        self._lines.cut()
        return self.take(raw + b"\n", now)

    def cut(self) -> None:
        """Forget what was begun."""
        self._lines.cut()
        self._parts.clear()

    def _read(self, line: bytes, now: Instant) -> Report | None:
        sentence: Any = NMEASentenceFactory.produce(line)
        if not isinstance(sentence, AISSentence):
            return None
        if not sentence.is_valid:
            raise ValueError("checksum")
        whole = sentence if sentence.is_single else self._joined(sentence, now)
        if whole is None or whole.ais_id not in _POSITIONS | _NAMES:
            return None
        said: Any = whole.decode()
        key = f"{int(said.mmsi):09d}"
        name = clean_name(getattr(said, "shipname", None))
        if name:
            if len(self._names) >= MAX_HEARD and key not in self._names:
                self._names.clear()
            self._names[key] = name
        return self._report(said, key, now) if whole.ais_id in _POSITIONS else None

    def _joined(self, part: AISSentence, now: Instant) -> AISSentence | None:
        """Return the message that this line completes; None while lines of it are missing."""
        slot = part.seq_id, part.channel
        began, parts = self._parts.get(slot, (now, {}))
        if now.since(began) > PART_MS or any(
            each.frag_cnt != part.frag_cnt for each in parts.values()
        ):
            began, parts = now, {}
        parts[part.frag_num] = part
        if len(parts) == part.frag_cnt:
            self._parts.pop(slot, None)
            return AISSentence.assemble_from_iterable([parts[n] for n in sorted(parts)])
        self._parts[slot] = began, parts
        while len(self._parts) > MAX_PARTS:
            self._parts.popitem(last=False)
        return None

    def _report(self, said: Any, key: str, now: Instant) -> Report | None:
        at = place_at(float(said.lat), float(said.lon))  # 91 and 181 stand for not available.
        if at is None:
            return None
        in_air = said.msg_type == 9
        none = {9: _NO_SPEED_IN_AIR, 27: _NO_SPEED_FAR}.get(said.msg_type, _NO_SPEED)
        speed = float(said.speed)
        height_m: int | None = said.alt if in_air and said.alt != _NO_HEIGHT else None
        height_cm = height_m * 100 if height_m is not None else None
        course = float(said.course)
        return Report(
            kind=Kind.AIR if in_air else Kind.SEA,
            key=key,
            name=self._names.get(key, ""),
            at=at,
            level=level_of(Datum.UNKNOWN, height_cm) if in_air else AT_SEA,
            course_cdeg=course_cdeg(course if course < 360 else None),
            speed_cm_s=speed_cm_s(speed if speed < none else None, KNOT_CM_S),
            climb_cm_s=None,
            reported_at=now,
        )
