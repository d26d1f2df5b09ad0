"""TAK: positions as CoT events, over TCP, TLS or UDP, as servers and devices send.

A stream is one XML document after another, each an `event`; a datagram is one event. Only atoms
(types that begin with `a-`) say where something is; drawings, chat and pings are passed over.
Heights are above the ellipsoid. What comes as protobuf (a mesh that has agreed on version 1) is
not read, and is counted. We only ever listen: a server is never told anything.

XML is parsed without entities and document types. Source: the CoT schema of MITRE, and
the wire of `pytak`, which the tests send with.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring

from clearline.basis.instants import EPOCH, Instant
from clearline.gateways.tracks.decoder import (
    clean_key,
    clean_name,
    course_cdeg,
    level_of,
    place_at,
    speed_cm_s,
)
from clearline.node.tracks.track import AT_SEA, Datum, Kind, Report

__all__ = ["Tak"]

MAX_EVENT_BYTES = 65_536
"""A longer event is none that says where something is."""
_BEGIN, _END = b"<event", b"</event>"
_UNKNOWN_M = 9_999_999.0
"""What stands for a height that is not known."""
_METRE_CM = 100.0
_KINDS = {"A": Kind.AIR, "S": Kind.SEA, "U": Kind.SEA}


class Tak:
    """Reads CoT events."""

    def __init__(self) -> None:
        self.unreadable = 0
        self._rest = b""

    def take(self, raw: bytes, now: Instant) -> list[Report]:
        """Return the reports that these bytes complete."""
        *events, rest = (self._rest + raw).split(_END)
        found = [self._report(event + _END, now) for event in events]
        # An event ends by its own end; of what lies before it nothing is needed.
        begun = rest.find(_BEGIN)
        self._rest = rest[begun:] if begun >= 0 else rest[-len(_BEGIN) :]
        if len(self._rest) > MAX_EVENT_BYTES:
            self._rest = b""
            self.unreadable += 1
        return [report for report in found if report is not None]

    def take_datagram(self, raw: bytes, now: Instant) -> list[Report]:
        """Return the report of one datagram."""
        if _END in raw:
            self.cut()
            return self.take(raw, now)
        report = self._report(raw, now)
        return [] if report is None else [report]

    def cut(self) -> None:
        """Forget an event that was begun."""
        self._rest = b""

    def _report(self, raw: bytes, now: Instant) -> Report | None:
        begun = raw.find(_BEGIN)
        if begun < 0 or len(raw) - begun > MAX_EVENT_BYTES:
            self.unreadable += 1
            return None
        try:
            return _read(fromstring(raw[begun:], forbid_dtd=True), now)
        except Exception:  # noqa: BLE001 - whatever is wrong with it, the next event is looked at
            self.unreadable += 1
            return None


def _read(event: Element, now: Instant) -> Report | None:
    said = event.attrib
    what = said["type"].split("-")
    if what[0] != "a":
        return None
    key, point = clean_key(said["uid"]), event.find("point")
    if key is None or point is None:
        raise ValueError("no uid or no point")
    at = place_at(_number(point.get("lat")), _number(point.get("lon")))
    if at is None:
        raise ValueError("no place")
    kind = _KINDS.get(what[2] if len(what) > 2 else "", Kind.LAND)
    way: Any = event.find("detail/track")
    contact = event.find("detail/contact")
    height = _number(point.get("hae"))
    known = height is not None and height < _UNKNOWN_M
    return Report(
        kind=kind,
        key=key,
        name=clean_name(contact.get("callsign") if contact is not None else None),
        at=at,
        level=AT_SEA
        if kind is Kind.SEA
        else level_of(
            Datum.ELLIPSOIDAL, height * _METRE_CM if height is not None and known else None
        ),
        course_cdeg=course_cdeg(_number(way.get("course")) if way is not None else None),
        speed_cm_s=speed_cm_s(_number(way.get("speed")) if way is not None else None, _METRE_CM),
        climb_cm_s=None,
        reported_at=_instant(said.get("time"), now),
    )


def _number(text: str | None) -> float | None:
    if text is None or not text.strip():
        return None
    value = float(text)
    if value != value or abs(value) > 1e9:  # noqa: PLR0124 - not a number
        raise ValueError(text)
    return value


def _instant(text: str | None, now: Instant) -> Instant:
    if text is None:
        return now
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    since = (moment.astimezone(UTC) - EPOCH).total_seconds()
    return Instant(int(max(since, 0.0) * 1_000))
