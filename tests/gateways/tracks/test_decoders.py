"""Decoders: what receivers send is read however it is cut, and garbage between it does no harm."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearline.basis.instants import Instant
from clearline.gateways.tracks.adsb import MAX_REST_BYTES, Beast, Sbs
from clearline.gateways.tracks.ais import Ais
from clearline.gateways.tracks.decoder import MAX_LINE_BYTES, Decoder
from clearline.gateways.tracks.receiving import DECODERS
from clearline.gateways.tracks.tak import MAX_EVENT_BYTES, Tak
from clearline.node.tracks.track import AT_SEA, Datum, Kind, Level, Report
from tests.gateways.tracks import air

NOW = Instant.parse("2026-11-23T12:00:00.000Z")


def flown(icao: str = "4840D6", *, gnss: bool = False, frames: int = 8) -> bytes:
    """An aircraft's frames: who it is, how it moves, and where it is, even and odd in turn."""
    said = [air.callsign(icao, "KLM1023"), air.velocity(icao, 90, 420, -640)]
    said += [
        air.position(icao, 35.25, 40.17 + n * 0.002, 11_000, odd=n % 2 == 1, gnss=gnss)
        for n in range(frames)
    ]
    return b"".join(air.beast(frame) for frame in said)


def read(decoder: Decoder, raw: bytes, size: int = 65_536) -> list[Report]:
    """Feed bytes in pieces of a size, 20 ms apart."""
    found: list[Report] = []
    for n, start in enumerate(range(0, len(raw), size)):
        found += decoder.take(raw[start : start + size], NOW.after(20 * n))
    return found


def test_an_aircraft_by_beast_is_where_it_was_with_its_height_name_course_and_climb():
    beast = Beast()
    report = read(beast, flown())[-1]
    assert (report.kind, report.key, report.name) == (Kind.AIR, "4840D6", "KLM1023")
    assert report.at.lat_e7 == pytest.approx(352_500_000, abs=500)
    assert report.at.lon_e7 == pytest.approx(401_840_000, abs=500)
    assert report.level == Level(datum=Datum.FL, value_cm=round(11_000 * 30.48))
    assert (report.course_cdeg, report.speed_cm_s, report.climb_cm_s) == (9_000, 21_607, -325)
    assert beast.unreadable == 0


def test_a_height_of_a_satellite_receiver_is_above_the_ellipsoid():
    report = read(Beast(), flown(gnss=True))[-1]
    assert report.level.datum is Datum.ELLIPSOIDAL
    assert report.level.value_cm == pytest.approx(335_300, abs=200)


@pytest.mark.parametrize("size", [1, 2, 7, 23, 64])
def test_beast_is_read_however_it_is_cut(size: int):
    whole, cut = Beast(), Beast()
    assert [r.at for r in read(cut, flown(), size)] == [r.at for r in read(whole, flown())]


def test_frames_that_are_damaged_short_or_of_another_kind_are_passed_over():
    rnd = random.Random(5)
    noise = rnd.randbytes(300)
    short = air.beast(b"\x5d\x48\x40\xd6\x20\x2c\xc3", kind=0x32)
    broken = bytearray(air.position("4840D6", 10.0, 10.0, 5_000, odd=False))
    broken[6] ^= 0x10
    beast = Beast()
    raw = noise + short + air.beast(bytes(broken)) + b"\x1a4state\x1a\x1a" + flown() + noise
    assert [r.at for r in read(beast, raw)] == [r.at for r in read(Beast(), flown())]
    assert beast.unreadable >= 1


def test_a_frame_that_is_cut_short_by_the_next_is_lost_alone():
    frames = flown()
    assert read(Beast(), frames[:11] + frames)[-1].at == read(Beast(), frames)[-1].at


def test_one_aircraft_does_not_move_another():
    mixed = b"".join(
        air.beast(frame)
        for n in range(8)
        for frame in (
            air.position("4840D6", 35.25, 40.17, 11_000, odd=n % 2 == 1),
            air.position("3C6444", -35.25, -60.0, 30_000, odd=n % 2 == 1),
        )
    )
    last = {report.key: report for report in read(Beast(), mixed)}
    assert last["4840D6"].at.lat_e7 > 0 > last["3C6444"].at.lat_e7


def test_lines_of_sbs_are_read_and_others_passed_over():
    sbs = Sbs()
    raw = (
        air.sbs("4840d6", 35.1, 40.2, 38_000, course=271.5, knots=420, name="KLM__1 ")
        + b"STA,,5,179,400AE7,10103,2008/11/28,14:58:51.153,2008/11/28,14:58:51.153,RM\r\n"
        + b"MSG,3,1,1,nonsense\r\n" + b"\xff\xfe\n" + b"MSG,8,1,1,4840D6" + b"," * 17 + b"\n"
        + air.sbs("4840D6", 91.0, 40.2, 38_000) + air.sbs("4840D6", 35.1, 40.2, 0, kind=2)
    )  # fmt: skip
    (report,) = read(sbs, raw, 11)
    assert (report.key, report.name, report.course_cdeg) == ("4840D6", "KLM  1", 27_150)
    assert report.level == Level(datum=Datum.FL, value_cm=round(38_000 * 30.48))
    assert sbs.unreadable == 2


def test_a_line_without_an_end_is_not_kept():
    for decoder in (Sbs(), Ais()):
        assert read(decoder, b"x" * 50_000, 997) == []
        assert decoder.unreadable == 1
        assert len(decoder._lines._rest) <= MAX_LINE_BYTES
        good = air.sbs("4840D6", 1, 2, 3) if isinstance(decoder, Sbs) else air.ship(1, 2, 3)
        # What is left of the long line is no line of its own, whatever it looks like.
        assert read(decoder, good + good, 29)[0].at == read(decoder, good)[0].at
        assert len(read(decoder, b"x" * 2_000 + good + good)) == 1


def test_a_ship_is_at_sea_with_its_name_from_another_message():
    name = air.ais(type=5, mmsi=244_123_456, shipname="OCEAN QUEEN", ship_type=70)
    assert name.count(b"\n") == 2
    ais = Ais()
    (report,) = read(ais, name + air.ship(244_123_456, 35.5, 35.1, course=120, knots=12.3), 13)
    assert (report.kind, report.key, report.name) == (Kind.SEA, "244123456", "OCEAN QUEEN")
    assert (report.level, report.course_cdeg, report.speed_cm_s) == (AT_SEA, 12_000, 633)
    assert ais.unreadable == 0


@pytest.mark.parametrize("kind", [1, 2, 3, 18, 19, 27])
def test_each_position_of_a_ship_is_read(kind: int):
    raw = air.ais(type=kind, mmsi=244_123_456, lat=-10.5, lon=-179.5, speed=10, course=90)
    (report,) = read(Ais(), raw)
    assert report.at.lat_e7 == pytest.approx(-105_000_000, abs=20_000)
    assert report.course_cdeg == 9_000
    assert report.speed_cm_s == pytest.approx(514, abs=1)


def test_what_is_not_available_is_unknown_and_no_place_is_no_report():
    raw = air.ais(type=1, mmsi=1, lat=10, lon=10, speed=102.3, course=360)
    (report,) = read(Ais(), raw)
    assert (report.speed_cm_s, report.course_cdeg) == (None, None)
    assert read(Ais(), air.ais(type=1, mmsi=1, lat=91, lon=181)) == []


def test_an_aircraft_that_searches_has_a_height_whose_datum_nobody_says():
    (report,) = read(Ais(), air.ais(type=9, mmsi=111_000_001, lat=10, lon=10, alt=300, speed=120))
    assert (report.kind, report.level.datum) == (Kind.AIR, Datum.UNKNOWN)
    assert report.level.value_cm == 30_000


def test_a_line_with_a_wrong_checksum_is_not_read():
    line = bytearray(air.ship(244_123_456, 35.5, 35.1))
    line[20] = line[20] ^ 1
    ais = Ais()
    assert read(ais, bytes(line)) == []
    assert ais.unreadable == 1


def test_parts_that_never_become_whole_are_let_go():
    part = air.ais(type=5, mmsi=1, shipname="X").split(b"\r\n")[0]
    ais = Ais()
    for n in range(500):
        # Another sequence number each time; the checksum is the exclusive or of all between.
        body = part[1 : part.index(b"*")].replace(b",2,1,0,", b",2,1,%d," % (n % 10_000))
        value = 0
        for byte in body:
            value ^= byte
        ais.take(b"!%b*%02X\n" % (body, value), NOW)
    assert len(ais._parts) <= 64


def test_an_event_of_tak_is_read_with_its_place_time_and_way():
    then = NOW.after(-7_000)
    event = air.tak("ANDROID-1", 35.2345678, 40.1, course=10, speed=30.5, name="BRAVO 2", at=then)
    tak = Tak()
    reports = read(tak, event + air.without_declaration(event), 31)
    assert len(reports) == 2
    assert reports[0] == reports[1]
    (report, _) = reports
    assert (report.kind, report.key, report.name) == (Kind.AIR, "ANDROID-1", "BRAVO 2")
    assert report.at.lat_e7 == 352_345_678
    assert report.level == Level(datum=Datum.ELLIPSOIDAL, value_cm=300_000)
    assert (report.course_cdeg, report.speed_cm_s, report.reported_at) == (1_000, 3_050, then)


@pytest.mark.parametrize(
    ("what", "kind"), [("a-f-A-M-F", Kind.AIR), ("a-f-S-X", Kind.SEA), ("a-f-G-U-C", Kind.LAND)]
)
def test_an_event_says_what_moves(what: str, kind: Kind):
    (report,) = read(Tak(), air.tak("X", 1.0, 2.0, what=what))
    assert report.kind is kind


def test_an_unknown_height_is_unknown():
    (report,) = read(Tak(), air.tak("X", 1.0, 2.0, hae=None))
    assert report.level == Level(datum=Datum.UNKNOWN, value_cm=None)


def test_drawings_and_pings_are_passed_over_and_nonsense_is_counted():
    tak = Tak()
    assert (
        read(tak, air.tak("X", 1.0, 2.0, what="u-d-f") + air.tak("X", 0, 0, what="t-x-d-d")) == []
    )
    assert tak.unreadable == 0
    bomb = b'<!DOCTYPE e [<!ENTITY a "aaaa">]><event uid="&a;" type="a-f-G"></event>'
    inner = b'<event uid="x" type="a-f-G"><!DOCTYPE e [<!ENTITY a "aaaa">]></event>'
    for nonsense in (
        bomb, inner, b"<event></event>", b"</event>", b'<event type="a-f-G" uid="x"></event>',
        air.tak("X" * 100, 1.0, 2.0), air.tak("X", 1.0, 2.0).replace(b'lat="1.0"', b'lat="nan"'),
        b"\xbf\x01\xbf\x12\x00</event>",
    ):  # fmt: skip
        tak = Tak()
        assert read(tak, nonsense) == []
        assert tak.unreadable == 1, nonsense
        assert len(read(tak, air.tak("X", 1.0, 2.0))) == 1


def test_an_event_without_an_end_is_not_kept():
    tak = Tak()
    read(tak, b"<event " + b"x" * 300_000, 4_001)
    assert tak.unreadable >= 1
    assert len(tak._rest) <= MAX_EVENT_BYTES + 4_001


@pytest.mark.parametrize("make", list(DECODERS.values()))
def test_a_datagram_is_whole_by_itself(make: type[Decoder]):
    decoder = make()
    one = {
        Beast: flown(), Sbs: air.sbs("4840D6", 1, 2, 3).strip(), Ais: air.ship(1, 2, 3).strip(),
        Tak: air.tak("X", 1.0, 2.0),
    }[make]  # fmt: skip
    decoder.take_datagram(one[: len(one) // 2], NOW)
    assert decoder.take_datagram(one, NOW)


@pytest.mark.parametrize("make", list(DECODERS.values()))
@settings(deadline=None, max_examples=60)
@given(st.lists(st.binary(max_size=200), max_size=12), st.integers(0, 2**32))
def test_garbage_is_never_raised_and_what_comes_after_a_cut_is_read(
    make: type[Decoder], pieces: list[bytes], seed: int
):
    decoder = make()
    for piece in pieces:
        decoder.take(piece, NOW)
    decoder.cut()
    rnd = random.Random(seed)
    lat, lon = rnd.uniform(-80, 80), rnd.uniform(-179, 179)
    good = {
        Beast: b"".join(
            air.beast(air.position("ABCDEF", lat, lon, 9_000, odd=n % 2 == 1)) for n in range(8)
        ),
        Sbs: air.sbs("ABCDEF", lat, lon, 9_000), Ais: air.ship(123_456_789, lat, lon),
        Tak: air.tak("X", lat, lon),
    }[make]  # fmt: skip
    found = read(decoder, good)
    assert found
    assert found[-1].at.lat_e7 == pytest.approx(lat * 1e7, abs=2_000)
    assert found[-1].at.lon_e7 == pytest.approx(lon * 1e7, abs=10_000)


def test_what_a_stream_leaves_over_is_bounded():
    beast = Beast()
    for n in range(2_000):
        beast.take(b"\x1a3" + bytes([n % 26]) * 13, NOW)
        assert len(beast._rest) <= MAX_REST_BYTES
