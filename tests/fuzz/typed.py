"""What people type and the files they bring: positions, altitudes, command words, areas."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import TypeVar

import msgspec

from clearline.basis.faults import Mistake
from clearline.basis.instants import DAY_MS, Instant, dec_hook, enc_hook
from clearline.gateways import ical
from clearline.node import transits, words
from clearline.node.calendars import Source
from clearline.phrasebook import PHRASES, Phrase, coded, languages, render
from clearline.space import Position, caret, check, parse_position
from clearline.space.altitude import parse_altitude, parse_band, show_altitude, show_band
from clearline.space.anchor import Reference, show_reference
from clearline.space.plane import geodesic_inv
from clearline.space.text import Form, Parsed, show_position
from clearline.space.text.military_grid import parse_grid
from tests.fuzz.parser import Parser, compact, literals, vectors

T = TypeVar("T")

NOW = Instant.parse("2026-11-23T12:00:00.000Z")
YEAR = NOW.after(366 * DAY_MS)
OFFICERS = ("ana", "ben", "carl")
ANCHORS = {
    "Deir ez-Zor city": Position(lat_e7=353_333_000, lon_e7=401_500_000),
    "ALPHA": Position(lat_e7=0, lon_e7=1_800_000_000),
    "North pole": Position(lat_e7=900_000_000, lon_e7=0),
}


def _text(raw: bytes) -> str:
    """Return input as a text; as an argument of a command line would come."""
    return raw.decode("utf-8", "replace")


def _read(text: str, parse: Callable[[str], T]) -> T | None:
    """Return what the text spells, or None for a mistake, which must be one to draw."""
    try:
        return parse(text)
    except Mistake as mistake:
        _check_drawn(text, mistake)
        return None


def _check_drawn(text: str, mistake: Mistake) -> None:
    assert mistake.code, text
    assert mistake.phrase, text
    assert mistake.at is None or 0 <= mistake.at <= len(text), (mistake.at, text)
    # Of nothing at all there is nothing to draw.
    assert caret(text, mistake) or not text


def check_position(raw: bytes) -> None:
    """A position is a mistake, or is shown so that it is read back as the same."""
    text = _text(raw)
    found = _read(text, lambda typed: parse_position(typed, ANCHORS))
    if found is None:
        return
    assert found.precision_cm > 0, found
    if found.form is Form.RANGE_BEARING:
        _check_range(found)
        return
    for form in (Form.DECIMAL, Form.DM, Form.DMS):
        shown = show_position(found.position, form)
        assert parse_position(shown).position == found.position, (text, shown)
    if found.form is Form.MGRS:
        _check_near(found.position, parse_position(show_position(found.position, Form.MGRS)))


def _check_range(found: Parsed) -> None:
    assert found.anchor is not None
    assert found.range_cm is not None
    assert found.bearing_mdeg is not None
    shown = show_reference(
        Reference(anchor=found.anchor, range_cm=found.range_cm, bearing_mdeg=found.bearing_mdeg)
    )
    again = parse_position(shown, ANCHORS)
    assert again.anchor == found.anchor
    assert again.range_cm is not None
    assert abs(again.range_cm - found.range_cm) <= 500, (found, shown)
    _check_bearing(found.bearing_mdeg, again.bearing_mdeg)


def _check_bearing(one_mdeg: int, other_mdeg: int | None) -> None:
    assert other_mdeg is not None
    assert (one_mdeg - other_mdeg + 180_000) % 360_000 - 180_000 in range(-50, 51)


def _check_near(one: Position, other: Parsed) -> None:
    """What a grid to 1 m loses is under 1 m either way."""
    at = other.position
    metres, _ = geodesic_inv(one.lat_deg, one.lon_deg, at.lat_deg, at.lon_deg)
    assert metres < 1.5, (one, other, metres)


def check_grid(raw: bytes) -> None:
    """As a position, and read as a grid reference even where it does not look like one."""
    check_position(raw)
    found = _read(_text(raw), parse_grid)
    if found is not None:
        _check_band("".join(_text(raw).split()).upper(), found)


def _check_band(name: str, found: Parsed) -> None:
    """The square reaches into the band that its letter names, as the library itself has it."""
    reach_e7 = round(0.8 * found.precision_cm)  # 1 cm of latitude is about one unit.
    at = found.position
    bands = {
        show_position(
            Position(
                lat_e7=min(max(at.lat_e7 + step, -900_000_000), 900_000_000), lon_e7=at.lon_e7
            ),
            Form.MGRS,
        ).lstrip("0123456789")[0]
        for step in (-reach_e7, 0, reach_e7)
    }
    polar = {"A": "AB", "B": "AB", "Y": "YZ", "Z": "YZ"}
    letter = name.lstrip("0123456789")[0]
    assert bands & set(polar.get(letter, letter)), (name, bands)


def check_altitude(raw: bytes) -> None:
    """An altitude or a band is a mistake, or is shown so that it is read back as the same."""
    text = _text(raw)
    altitude = _read(text, parse_altitude)
    if altitude is not None:
        assert parse_altitude(show_altitude(altitude)) == altitude, text
    band = _read(text, parse_band)
    if band is not None:
        assert parse_band(show_band(band)) == band, text


def check_words(raw: bytes) -> None:
    """Each kind of word that a command takes is a mistake, or what it says."""
    text = _text(raw)
    for parse in (words.length_cm, words.span_ms):
        number = _read(text, parse)
        assert number is None or number >= 0
    moment = _read(text, lambda typed: words.instant(typed, NOW))
    if moment is not None:
        assert Instant.parse(str(moment)) == moment, text
    speeds = _read(text, transits.speeds)
    assert speeds is None or 0 < speeds[0] <= speeds[1]
    passing = _read(text, lambda typed: transits.passing(typed, NOW))
    assert passing is None or (passing.point >= 0 and passing.earliest <= passing.latest)
    # The offset of a mistake in a list is that in its part, so it is not asked about here.
    parts = text.split("\x00")
    for name in ("circle", "polygon", "corridor"):
        _check_outline(name, parts)
    try:
        said = words.phrases(parts, ANCHORS, (), NOW)
    except Mistake:
        return
    for phrase in said:
        check_phrase(phrase)


def _check_outline(name: str, parts: list[str]) -> None:
    shape: dict[str, str | None] = dict.fromkeys(("circle", "polygon", "corridor"))
    size = parts[1] if len(parts) > 1 else "5 km"
    try:
        outline = words.outline(
            ANCHORS,
            **(shape | {name: parts[0]}),
            radius=size if name == "circle" else None,
            width=size if name == "corridor" else None,
        )
        check(outline)
    except Mistake:
        return


def check_phrase(phrase: Phrase) -> None:
    """A phrase has a coded line of ASCII and a sentence in every language."""
    assert coded(phrase).isascii()
    assert "\n" not in coded(phrase)
    assert all(render(phrase, language) for language in languages())


def check_phrase_sent(raw: bytes) -> None:
    """A phrase as it comes from the other side, likewise."""
    try:
        phrase: Phrase = msgspec.json.decode(raw, type=Phrase, dec_hook=dec_hook)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return
    check_phrase(phrase)
    again = msgspec.json.encode(phrase, enc_hook=enc_hook)
    assert msgspec.json.decode(again, type=Phrase, dec_hook=dec_hook) == phrase


def check_calendar(raw: bytes) -> None:
    """A calendar is a mistake, or watches that a desk can have; written, they are the same."""
    try:
        found = ical.expand([Source(name="c", raw=raw)], OFFICERS, NOW, YEAR, "Europe/Berlin")
    except Mistake:
        return
    for shift in found.shifts:
        assert shift.start < shift.end
        assert shift.start < YEAR
        assert shift.end > NOW
    again = Source(name="again", raw=ical.export("desk", found.shifts, NOW))
    assert ical.expand([again], OFFICERS, NOW, YEAR, "").shifts == found.shifts


def word_seeds() -> Iterable[bytes]:
    """Return what the tests type, and every phrase with slots."""
    yield from literals("node/test_words.py", "node/test_transits.py", "cli/test_verbs.py")
    slots = (
        "place=35.2N 040.1E",
        "radius=500m",
        "reference=#a1b2",
        "ends=+3h",
        "text=x",
        "of=abcd",
    )
    for code, slot in itertools.product(PHRASES, slots):
        yield f"{code}\0{slot}".encode()
    for case in vectors("phrases/accepted"):
        yield case["coded"].encode()
    yield b"35.2N 040.1E; 35.3N 040.1E; 35.3N 040.2E\x002 km"


def _calendars() -> Iterable[bytes]:
    events = (each for each in literals("gateways/test_ical.py") if b"DTSTART" in each)
    zoned = b"DTSTART;TZID=Europe/Berlin:20261124T080000\r\nDTEND;TZID=Europe/Berlin:20261124T2000"
    for each in (
        *events,
        zoned + b"00\r\nRRULE:FREQ=WEEKLY;BYDAY=MO,TU;UNTIL=20270101T000000Z",
        zoned + b"00\r\nRRULE:FREQ=MONTHLY;BYDAY=-1SU\r\nCATEGORIES:OVERRIDE",
        b"DTSTART;VALUE=DATE:20261224\r\nDTEND;VALUE=DATE:20261227\r\nCATEGORIES:ABSENCE",
        b"DTSTART:20261124T080000\r\nDURATION:PT12H\r\nRDATE:20261125T080000",
    ):
        inside = b"SUMMARY:ana\r\n" + each if b"SUMMARY" not in each else each
        yield (
            b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\n" + inside
            + b"\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        )  # fmt: skip


def _positions(*more: str) -> Callable[[], Iterable[bytes]]:
    return lambda: [*literals("space/test_text.py", longest=200), *(each.encode() for each in more)]


_MARKS = ("°", "'", '"', "N", "S", "E", "W", ".", ", ", "º", "\u2032", "\u2009")
_CALENDAR_WORDS = (
    "BEGIN:VEVENT END:VEVENT UID: SUMMARY:ana DTSTART: DTEND: DURATION:PT12H RRULE: EXDATE: RDATE: "
    "RECURRENCE-ID: CATEGORIES:OVERRIDE CATEGORIES:ABSENCE STATUS:CANCELLED ;TZID=Europe/Berlin: "
    ";VALUE=DATE: ;VALUE=PERIOD: FREQ=DAILY FREQ=WEEKLY FREQ=MONTHLY FREQ=YEARLY ;INTERVAL=2 "
    ";COUNT=9 ;UNTIL=20270101T000000Z ;BYDAY=MO,-1SU ;BYMONTH=2 ;BYMONTHDAY=-1 ;BYSETPOS=1 "
    "BEGIN:VTIMEZONE END:VTIMEZONE ;RANGE=THISANDFUTURE SEQUENCE:1"
)

PARSERS = {
    "decimal": Parser(
        check=check_position, seeds=_positions("35.2560N 040.1500E", "-35.2, 40.15"), words=_MARKS
    ),
    "dm": Parser(
        check=check_position,
        seeds=_positions("3514.2N 03451.0E", "36°14.2'N 034°51.0'E"),
        words=_MARKS,
    ),
    "dms": Parser(
        check=check_position,
        seeds=_positions("351236N 0401500E", "35°12'36\"N 040°15'00\"E"),
        words=_MARKS,
    ),
    "mgrs": Parser(
        check=check_grid,
        seeds=_positions("37SFV1234567890", "ZAH12", "31NAA0000000000", "32VKM12", "60CWV5555"),
        words=("Z", "A", "B", "Y", "31", "60", "VM", "00000"),
    ),
    "range": Parser(
        check=check_position,
        seeds=_positions("9 km 180 from DEIR EZ-ZOR CITY", "999 km 090 of ALPHA", "1 m N of x"),
        words=(" from ", " of ", "north-west", "km", "NM", "true", "bearing ", *ANCHORS),
    ),
    "altitude": Parser(
        check=check_altitude,
        seeds=lambda: literals("space/test_altitude.py", longest=200),
        words=("FL", "SFC", "GND", " ft ", " m ", "AMSL", "AGL", "DEPTH", "HAE", "-"),
    ),
    "words": Parser(
        check=check_words,
        seeds=word_seeds,
        words=("km", "NM", "min", "+3h", "1430Z", "2026-11-23T14:30:00Z", "place=", *PHRASES),
    ),
    "phrase": Parser(
        check=check_phrase_sent,
        seeds=lambda: (
            compact(case["phrase"])
            for name in ("accepted", "refused")
            for case in vectors(f"phrases/{name}")
        ),
        is_json=True,
    ),
    "calendar": Parser(
        check=check_calendar,
        seeds=_calendars,
        words=tuple(_CALENDAR_WORDS.split()),
        max_bytes=8_000,
    ),
}
