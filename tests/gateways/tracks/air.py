"""What receivers send, made for tests: Mode S frames, Beast, SBS, lines of AIS, events of TAK.

The frames are encoded here after ICAO Annex 10 (pyModeS only decodes); its own CRC seals them.
Lines of AIS and events of TAK come from `pyais` and `pytak` themselves.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import Any

import pytak
from pyais import encode_dict
from pyModeS.util import cprNL, crc

from clearline.basis.instants import Instant

BITS = 1 << 17


def sealed(head: int, icao: str, payload: int) -> bytes:
    """A long frame with its parity."""
    body = (head << 80) | (int(icao, 16) << 56) | payload
    open_frame = body << 24
    parity = crc(f"{open_frame:028X}")
    return (open_frame | parity).to_bytes(14, "big")


def position(
    icao: str, lat: float, lon: float, feet: float, *, odd: bool, gnss: bool = False, df: int = 17
) -> bytes:
    """An airborne position, even or odd (BDS 0,5)."""
    i = int(odd)
    dlat = 360 / (60 - i)
    yz = math.floor(BITS * ((lat % dlat) / dlat) + 0.5)
    rlat = dlat * (yz / BITS + math.floor(lat / dlat))
    zones = max(cprNL(rlat) - i, 1)
    dlon = 360 / zones
    xz = math.floor(BITS * ((lon % dlon) / dlon) + 0.5)
    if gnss:
        code, height = 20, round(feet * 0.3048) & 0xFFF
    else:
        code, n = 11, round((feet + 1_000) / 25)
        height = ((n >> 4) << 5) | 0x10 | (n & 0xF)
    payload = (code << 51) | (height << 36) | (i << 34) | ((yz % BITS) << 17) | (xz % BITS)
    return sealed((df << 3) | (5 if df == 17 else 0), icao, payload)


def velocity(icao: str, course: float, knots: float, climb_ft_min: int = 0) -> bytes:
    """A velocity over the ground (BDS 0,9, subtype 1)."""
    east, north = knots * math.sin(math.radians(course)), knots * math.cos(math.radians(course))
    ew, ns = round(abs(east)) + 1, round(abs(north)) + 1
    rate = round(abs(climb_ft_min) / 64) + 1
    payload = (19 << 51) | (1 << 48)
    payload |= (int(east < 0) << 42) | (ew << 32) | (int(north < 0) << 31) | (ns << 21)
    payload |= (1 << 20) | (int(climb_ft_min < 0) << 19) | (rate << 10)
    return sealed((17 << 3) | 5, icao, payload)


def callsign(icao: str, name: str) -> bytes:
    """An identification (BDS 0,8)."""
    payload = (4 << 3) << 48
    for place, letter in enumerate(f"{name:<8}"):
        six = ord(letter) - 64 if letter.isalpha() else ord(letter)
        payload |= (six & 0x3F) << (42 - 6 * place)
    return sealed((17 << 3) | 5, icao, payload)


def beast(frame: bytes, clock: int = 0x1A00001A1A1A, kind: int = 0x33) -> bytes:
    """A frame as a receiver passes it on, escaped; the clock is all escapes, to be mean."""
    body = clock.to_bytes(6, "big") + b"\x1a" + frame
    return b"\x1a" + bytes([kind]) + body.replace(b"\x1a", b"\x1a\x1a")


def sbs(
    icao: str, lat: float, lon: float, feet: float, *, course: float = 0, knots: float = 0,
    name: str = "", kind: int = 3,
) -> bytes:  # fmt: skip
    """A line with everything in it, as some receivers write."""
    return (
        f"MSG,{kind},1,1,{icao},1,2026/11/23,12:00:00.000,2026/11/23,12:00:00.000,{name},"
        f"{feet:.0f},{knots:.1f},{course:.1f},{lat:.6f},{lon:.6f},0,7000,0,0,0,0\r\n"
    ).encode()


def ais(**fields: Any) -> bytes:
    """One message of AIS as its lines."""
    return "".join(f"{line}\r\n" for line in encode_dict(fields, talker_id="AI")).encode()


def ship(mmsi: int, lat: float, lon: float, *, course: float = 0, knots: float = 0) -> bytes:
    """A ship of class A under way."""
    return ais(type=1, mmsi=mmsi, lat=lat, lon=lon, course=course, speed=knots)


def tak(
    uid: str, lat: float, lon: float, *, what: str = "a-f-A-M-F", hae: float | None = 3_000,
    course: float | None = None, speed: float | None = None, name: str = "",
    at: Instant | None = None,
) -> bytes:  # fmt: skip
    """One event, as pytak makes it."""
    event = pytak.cot_event(
        lat=lat, lon=lon, hae=hae, uid=uid, cot_type=what, callsign=name or None,
        point=pytak.cot_point(lat, lon, hae=hae, precision=7),
    )  # fmt: skip
    detail = event.find("detail")
    assert detail is not None
    if course is not None:
        way = detail.makeelement("track", {"course": str(course), "speed": str(speed)})
        detail.append(way)
    if at is not None:
        moment = datetime.fromtimestamp(int(at) / 1_000, UTC)
        event.set("time", moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))
    return pytak.serialize_cot(event)


def without_declaration(event: bytes) -> bytes:
    """An event as servers join them: one after the other, with nothing between."""
    return re.sub(rb"^<\?xml[^>]*\?>\s*", b"", event)
