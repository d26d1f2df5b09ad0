"""What receivers send: ADS-B by Beast and SBS, AIS, TAK. Anybody can transmit it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from clearline.basis.instants import Instant, enc_hook
from clearline.gateways.tracks.adsb import MAX_REST_BYTES
from clearline.gateways.tracks.decoder import MAX_LINE_BYTES, Decoder
from clearline.gateways.tracks.receiving import DECODERS
from clearline.gateways.tracks.tak import MAX_EVENT_BYTES
from clearline.node.tracks.receivers import Format
from clearline.node.tracks.track import MAX_KEY_CHARS, MAX_NAME_CHARS, Report
from clearline.node.tracks.watching import Eyes
from tests.fuzz.parser import Parser
from tests.gateways.tracks import air

NOW = Instant.parse("2026-11-23T12:00:00.000Z")
PIECE = 61
MOST_REST = max(MAX_REST_BYTES, MAX_LINE_BYTES, MAX_EVENT_BYTES) + PIECE


def _check(form: Format) -> Callable[[bytes], None]:
    def check(raw: bytes) -> None:
        """Read whole, in pieces and as a datagram: reports that a picture can hold and show."""
        whole, cut = DECODERS[form](), DECODERS[form]()
        found = whole.take(raw, NOW)
        pieces: list[Report] = []
        for start in range(0, len(raw), PIECE):
            pieces += cut.take(raw[start : start + PIECE], NOW)
        assert [each.at for each in pieces] == [each.at for each in found], raw
        found += DECODERS[form]().take_datagram(raw, NOW)
        assert _rest(whole) <= MOST_REST
        _check_reports(found)

    return check


def _rest(decoder: Decoder) -> int:
    lines = getattr(decoder, "_lines", None)
    return len(getattr(decoder if lines is None else lines, "_rest"))  # noqa: B009


def _check_reports(reports: list[Report]) -> None:
    for each in reports:
        assert 0 < len(each.key) <= MAX_KEY_CHARS, each
        assert len(each.name) <= MAX_NAME_CHARS, each
        assert each.key.isprintable(), each
        assert each.name.isprintable() or not each.name, each
        assert each.course_cdeg is None or 0 <= each.course_cdeg < 36_000, each
        assert each.speed_cm_s is None or each.speed_cm_s >= 0, each
    eyes = Eyes(300_000, "b")
    eyes.take("roof", reports, NOW)
    while eyes.compare(NOW):
        pass
    for track in eyes.tracks.values():
        assert msgspec.json.encode(track, enc_hook=enc_hook)


def _beast() -> Iterable[bytes]:
    said = [air.callsign("4840D6", "KLM1023"), air.velocity("4840D6", 90, 420, -640)]
    said += [
        air.position("4840D6", 35.25, 40.17, 11_000, odd=n % 2 == 1, gnss=n > 5) for n in range(8)
    ]
    yield b"".join(air.beast(frame) for frame in said)
    yield b"\x1a2" + bytes(14) + b"\x1a1" + bytes(9) + b"\x1a4" + b"\x1a\x1a" + air.beast(said[0])
    yield air.beast(air.position("A1B2C3", -89.9, 179.9, 40_000, odd=True, df=18))


def _sbs() -> Iterable[bytes]:
    yield air.sbs("4840D6", 35.1, 40.2, 38_000, course=271.5, knots=420, name="KLM1")
    yield b"MSG,8,1,1,4840D6,1,,,,,,,,,,,,,,,,0\r\nSTA,,5,179,400AE7,10103,,,,,RM\n"


def _ais() -> Iterable[bytes]:
    for kind in (1, 2, 3, 18, 19, 27):
        yield air.ais(type=kind, mmsi=244_123_456, lat=10, lon=-10, speed=10, course=90)
    yield air.ais(type=5, mmsi=244_123_456, shipname="OCEAN QUEEN", ship_type=70)
    yield air.ais(type=24, mmsi=244_123_456, partno=0, shipname="OCEAN")
    yield air.ais(type=9, mmsi=111_000_001, lat=10, lon=10, alt=300, speed=120)
    yield b"\\s:rORBCOMM,c:1671620143*5B\\" + air.ship(244_123_456, 1.0, 2.0)


def _tak() -> Iterable[bytes]:
    yield air.tak("ANDROID-1", 35.2, 40.1, course=10, speed=30.5, name="BRAVO", at=NOW)
    yield air.without_declaration(air.tak("X", 1.0, 2.0, what="a-f-S", hae=None)) * 2
    yield air.tak("X", 0, 0, what="t-x-d-d")
    yield b"\xbf\x01\xbf\x12\x00"


PARSERS: dict[str, Parser] = {
    "beast": Parser(check=_check(Format.BEAST), seeds=_beast),
    "sbs": Parser(check=_check(Format.SBS), seeds=_sbs, words=("MSG", "STA", ",", "\n")),
    "ais": Parser(check=_check(Format.AIS), seeds=_ais, words=("!AIVDM", "!AIVDO", "*", ",")),
    "tak": Parser(
        check=_check(Format.TAK), seeds=_tak,
        words=("<event", "</event>", "<point", "lat=", "lon=", "uid=", "type=", "a-f-A", "time="),
    ),
}  # fmt: skip
