"""A notice to airmen, read: its area, band and windows.

    (E1816/25 NOTAMN
    Q) RKRR/QRTCA/IV/BO/W/020/040/3649N12648E004
    A) RKRR B) 2506301500 C) 2509301459
    D) MON-FRI 0000-0900
    E) TEMPO RESTRICTED AREA ACT AS FLW
    A CIRCLE RADIUS 3.5NM CENTERED ON 364844N1264748E
    F) 2000FT AMSL G) 4000FT AMSL)

The area is what item E says in positions (`spoken`); where it says none, it is the circle of
the Q line, which is meant to hold all of it, and that is said. Item D is written out as
windows (`schedule`). Edges are taken as geodesics. Nothing is taken from item E in part: if
words of geometry cannot be read, the notice is refused.

Sources: ICAO Annex 15 (16th edition), chapter 6; Doc 8126, chapter 6; Doc 10066, appendix 3.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

from clearline.basis.faults import Mistake
from clearline.basis.quantities import FLIGHT_LEVEL_CM, NAUTICAL_MILE_CM
from clearline.gateways.bulletin import MAX_MESSAGE_CHARACTERS, Bulletin, words
from clearline.gateways.daytimes import moment_of, whole_year
from clearline.gateways.limits import SURFACE, UNLIMITED, band_of, read_limit
from clearline.gateways.reading import Collector
from clearline.gateways.schedule import read_schedule
from clearline.gateways.shape import MAX_FEATURES, MAX_NAME, Shape
from clearline.gateways.spoken import hear
from clearline.space import (
    Altitude,
    Band,
    Circle,
    Datum,
    Outline,
    Window,
    check_window,
    covers,
    horizontal_cm,
    parse_position,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from clearline.basis.instants import Instant
    from clearline.gateways.reading import Reading

__all__ = ["MAX_SHAPES_EACH", "looks", "read"]

MAX_SHAPES_EACH = 4_000
"""Areas times windows of one notice; two areas twice a day for two years are fewer."""

_HEAD = re.compile(
    r"\(?(?<![A-Z0-9/])(?P<id>[A-Z]\d{1,4}/\d{2})\s{1,4}NOTAM(?P<kind>[NRC])\b"
    r"(?:\s{1,4}(?P<of>[A-Z]\d{1,4}/\d{2}))?"
)
_Q_MARK = re.compile(r"(?<![A-Z0-9(])Q\)")
_ITEM = re.compile(r"(?<![A-Z0-9(])([QABCDE])\)")
_F_MARK = re.compile(r"(?<![A-Z0-9(])F\)(?=\s*(?:SFC|GND|FL|UNL|MSL|SEA|\d))")
_G_MARK = re.compile(r"(?<![A-Z0-9(])G\)")
_FOOT = re.compile(r"\n\s*(?:CREATED|SOURCE)\s*:")
_Q = re.compile(
    r"\s*(?P<fir>[A-Z]{4})\s*/\s*(?P<code>Q[A-Z]{4})\s*/\s*[IVK]{0,3}\s*/\s*[NBOMK]{0,4}\s*/"
    r"\s*[AEWK]{0,3}\s*/\s*(?P<lower>\d{3})\s*/\s*(?P<upper>\d{3})\s*/"
    r"\s*(?P<lat>\d{4}[NS])\s*(?P<lon>\d{5}[EW])\s*(?P<radius>\d{3})\b"
)
_STAMP = re.compile(r"\s*(?:(?P<digits>\d{10})\b|(?P<word>WIE|PERM|UFN))\s*(?P<about>EST)?")
_ALL_LEVELS = 999
_WHOLE_REGION = 999


class _Item(NamedTuple):
    start: int
    end: int


class _Notice(NamedTuple):
    """One notice of a bulletin, cut into its items."""

    name: str
    kind: str
    """N, R or C; empty where the heading is missing."""
    of: str
    """Which notice it replaces or cancels."""
    start: int
    end: int
    items: dict[str, _Item]


class _Line(NamedTuple):
    """What the Q line says of place and height."""

    circle: Circle | None
    """None where the whole region is meant."""
    band: Band | None
    """None where no levels are given."""


def looks(raw: bytes) -> bool:
    """Return whether a file looks like notices to airmen."""
    head = raw[:20_000]
    return re.search(rb"NOTAM[NRC]\b", head) is not None or (
        b"Q)" in head and b"E)" in head and b"B)" in head
    )


def read(raw: bytes) -> Reading:
    """Return the areas of a file of notices. Raises Mistake for a file without one."""
    bulletin = Bulletin.decode(raw)
    made = Collector()
    for notice in _notices(bulletin):
        with made.item(notice.name, bulletin.spot(notice.start)):
            _read_one(bulletin, notice, made)
        if len(made) > MAX_FEATURES:
            raise Mistake("too_many_features", f"at most {MAX_FEATURES:,} shapes are read")
    return made.done()


def _notices(bulletin: Bulletin) -> Iterator[_Notice]:
    """Yield each notice: from its heading, or from its Q line where that is missing."""
    text = bulletin.text
    heads = {match.start(): match for match in _HEAD.finditer(text)}
    starts = sorted(heads)
    headless: list[int] = []
    previous = -1
    for match in _Q_MARK.finditer(text):
        nearest = bisect_right(starts, match.start()) - 1
        # The first Q line behind a heading is that heading's.
        if nearest < 0 or starts[nearest] <= previous:
            headless.append(match.start())
        previous = match.start()
    starts = sorted((*starts, *headless))
    for number, start in enumerate(starts, 1):
        end = starts[number] if number < len(starts) else len(text)
        head = heads.get(start)
        foot = _FOOT.search(text, start, end)
        yield _Notice(
            name=head["id"] if head is not None else f"notice {number}",
            kind=head["kind"] if head is not None else "",
            of=(head["of"] or "") if head is not None else "",
            start=start,
            end=foot.start() if foot is not None else end,
            items=_items(text, start, foot.start() if foot is not None else end),
        )


def _items(text: str, start: int, end: int) -> dict[str, _Item]:
    """Return where each item of a notice is. Item E may hold anything that looks like others."""
    marks: dict[str, int] = {}
    last = ""
    for match in _ITEM.finditer(text, start, end):
        if match[1] > last or (match[1] == "A" and last == "Q"):
            marks[match[1]] = match.end()
            last = "" if match[1] == "Q" else match[1]
        if last == "E":
            break
    if "E" in marks:
        f_mark = _F_MARK.search(text, marks["E"], end)
        if f_mark is not None:
            marks["F"] = f_mark.end()
            g_mark = _G_MARK.search(text, f_mark.end(), end)
            if g_mark is not None:
                marks["G"] = g_mark.end()
    ends = sorted(marks.values())
    return {
        letter: _Item(at, next((other - 2 for other in ends if other > at), end))
        for letter, at in marks.items()
    }


def _read_one(bulletin: Bulletin, notice: _Notice, made: Collector) -> None:
    """Keep the areas of one notice. Raises Mistake."""
    if notice.kind == "C":
        raise bulletin.hint(
            "notice_cancels",
            f"{notice.name} cancels {notice.of or 'another'}, and has no area",
            notice.start,
            f"withdraw the notice that came from {notice.of}" if notice.of else "",
        )
    if notice.end - notice.start > MAX_MESSAGE_CHARACTERS:
        raise bulletin.hint(
            "message_too_long",
            f"a notice has at most {MAX_MESSAGE_CHARACTERS:,} characters",
            notice.start,
        )
    if notice.kind == "R":
        made.note(f"{notice.name} replaces {notice.of}: what came from that is not withdrawn")
    line = _line(bulletin, notice)
    outlines = _outlines(bulletin, notice, line, made)
    band = _band(bulletin, notice, line, made)
    windows = _windows(bulletin, notice, made)
    if len(outlines) * len(windows) > MAX_SHAPES_EACH:
        raise bulletin.hint(
            "too_many_features",
            f"{len(outlines)} areas at {len(windows)} times; at most {MAX_SHAPES_EACH:,} are read",
            notice.start,
        )
    made.lose("subject, traffic, purpose and scope of a NOTAM, and what item E says besides places")
    for number, outline in enumerate(outlines, 1):
        name = notice.name if len(outlines) == 1 else f"{notice.name} area {number}"
        for window in windows:
            made.keep(Shape(name=name[:MAX_NAME], outline=outline, band=band, window=window))


def _line(bulletin: Bulletin, notice: _Notice) -> _Line | None:
    """Return what the Q line says; None if there is none."""
    item = notice.items.get("Q")
    if item is None:
        return None
    match = _Q.match(bulletin.text, item.start, item.end)
    if match is None:
        raise bulletin.hint(
            "notam_q",
            f"{words(bulletin.text[item.start : item.end], 60)} is no Q line; it is written like "
            "RKRR/QRTCA/IV/BO/W/020/040/3649N12648E004",
            item.start,
        )
    try:
        centre = parse_position(f"{match['lat']} {match['lon']}").position
    except Mistake as mistake:
        raise bulletin.hint(
            mistake.code, f"Q line: {mistake.phrase}", match.start("lat")
        ) from mistake
    radius = int(match["radius"])
    circle = (
        Circle(centre=centre, radius_cm=radius * NAUTICAL_MILE_CM)
        if 0 < radius < min(_WHOLE_REGION, 540)
        else None
    )
    lower, upper = int(match["lower"]), int(match["upper"])
    if lower > upper:
        raise bulletin.hint(
            "band_inverted",
            f"the Q line's lower level {lower:03d} is above its upper level {upper:03d}",
            match.start("lower"),
            f"{upper:03d}/{lower:03d}",
        )
    whole = lower == 0 and upper == _ALL_LEVELS
    band = None if whole else Band(lower=_level(lower), upper=_level(upper))
    return _Line(circle, band)


def _level(level: int) -> Altitude:
    if level == 0:
        return SURFACE
    if level == _ALL_LEVELS:
        return UNLIMITED
    return Altitude(datum=Datum.FL, value_cm=level * FLIGHT_LEVEL_CM)


def _outlines(
    bulletin: Bulletin, notice: _Notice, line: _Line | None, made: Collector
) -> list[Outline]:
    """Return the outlines of a notice: those of item E, or else the circle of the Q line."""
    item = notice.items.get("E")
    if item is None:
        raise bulletin.hint(
            "notam_e", "a notice has an item E, which says what it is", notice.start
        )
    spoken = hear(bulletin, item.start, item.end)
    for loss in spoken.lost:
        made.lose(loss)
    made.grown(max((found.grown_cm for found in spoken.found), default=0))
    if spoken.found:
        if spoken.unread:
            raise bulletin.hint(
                "geometry_unread",
                f"{words(bulletin.text[spoken.unread[0] :], 50)}: an area without positions, "
                "beside one that has them",
                spoken.unread[0],
                "positions for each of its areas, or a notice for each",
            )
        outlines = [found.outline for found in spoken.found]
        _check_place(bulletin, notice, line, outlines, made)
        return outlines
    if line is None or line.circle is None:
        raise bulletin.hint(
            "area_missing",
            "neither item E nor the Q line says where, in positions",
            item.start,
        )
    made.note(f"{notice.name}: item E has no area in positions; the circle of its Q line is taken")
    return [line.circle]


def _check_place(
    bulletin: Bulletin,
    notice: _Notice,
    line: _Line | None,
    outlines: list[Outline],
    made: Collector,
) -> None:
    """Refuse areas that are elsewhere than the Q line: of two places, one is wrong."""
    if line is None or line.circle is None:
        return
    for outline in outlines:
        apart_cm = horizontal_cm(line.circle, outline)
        if apart_cm > NAUTICAL_MILE_CM:
            raise bulletin.hint(
                "notam_elsewhere",
                f"the area of item E is {apart_cm / NAUTICAL_MILE_CM:,.0f} NM away from the "
                "circle of the Q line",
                notice.items["E"].start,
                "one of the two places is wrong: look for a changed digit or letter",
            )
        # The centre is written to a minute, and the radius to a mile.
        wide = Circle(
            centre=line.circle.centre, radius_cm=line.circle.radius_cm + 2 * NAUTICAL_MILE_CM
        )
        if not covers(wide, outline):
            made.note(f"{notice.name}: its area reaches beyond the circle of its Q line")


def _band(bulletin: Bulletin, notice: _Notice, line: _Line | None, made: Collector) -> Band | None:
    """Return the band of items F and G, or else that of the Q line."""
    lower, upper = notice.items.get("F"), notice.items.get("G")
    if lower is not None and upper is not None:
        return band_of(
            bulletin,
            read_limit(bulletin, lower.start, lower.end),
            read_limit(bulletin, upper.start, upper.end),
            lower.start,
        )
    if lower is not None:
        raise bulletin.hint(
            "limit_missing", "item F gives a lower limit, and no item G an upper one", lower.start
        )
    if line is not None and line.band is not None:
        made.note(f"{notice.name}: no items F and G; the levels of its Q line are taken")
        return line.band
    made.note(f"{notice.name}: it gives no limits of height; say them")
    return None


def _windows(bulletin: Bulletin, notice: _Notice, made: Collector) -> list[Window | None]:
    """Return the windows of a notice; one None if it does not say when it begins or ends."""
    begin = _stamp(bulletin, notice, "B")
    end = _stamp(bulletin, notice, "C")
    if begin is None or end is None:
        what = "begins" if begin is None else "ends"
        made.note(
            f"{notice.name}: it does not say when it {what} (WIE, PERM, UFN); say from when to when"
        )
        return [None]
    if _about(bulletin, notice):
        made.note(f"{notice.name}: its end is estimated (EST); it stays until it is cancelled")
    if end <= begin:
        raise bulletin.hint(
            "window_inverted",
            f"it ends at {end}, not after it begins at {begin}",
            notice.items["C"].start,
            f"from {end} to {begin}" if end < begin else "",
        )
    window = Window(start=begin, end=end)
    item = notice.items.get("D")
    if item is not None and bulletin.text[item.start : item.end].strip():
        schedule = read_schedule(bulletin, item.start, item.end, window)
        if schedule.exceptions:
            made.note(f"{notice.name}: exceptions of its schedule; they are covered too")
        return list(schedule.windows)
    try:
        check_window(window)
    except Mistake:
        made.note(f"{notice.name}: it lasts longer than a notice may; say from when to when")
        return [None]
    return [window]


def _about(bulletin: Bulletin, notice: _Notice) -> bool:
    item = notice.items["C"]
    match = _STAMP.match(bulletin.text, item.start, item.end)
    return match is not None and match["about"] is not None


def _stamp(bulletin: Bulletin, notice: _Notice, letter: str) -> Instant | None:
    """Return the instant of item B or C; None for one that is not a time (WIE, PERM, UFN)."""
    item = notice.items.get(letter)
    if item is None:
        what = "begins" if letter == "B" else "ends"
        raise bulletin.hint("time_missing", f"no item {letter} says when it {what}", notice.start)
    match = _STAMP.match(bulletin.text, item.start, item.end)
    if match is None:
        raise bulletin.hint(
            "time_unreadable",
            f"{words(bulletin.text[item.start : item.end]) or 'nothing'} is no time; item {letter} "
            "has ten digits in UTC, YYMMDDHHMM",
            item.start,
        )
    digits = match["digits"]
    if digits is None:
        return None
    try:
        return moment_of(whole_year(digits[:2]), int(digits[2:4]), int(digits[4:6]), digits[6:10])
    except Mistake as mistake:
        raise bulletin.hint(mistake.code, mistake.phrase, match.start("digits")) from mistake
