"""Areas in running text: what lies between positions, and what it makes of them.

    WI 5NM RADIUS OF 364844N1264748E          A CIRCLE RADIUS 3.5NM CENTERED ON 3649N12648E
    AREA BOUNDED BY 28-38.47N 080-37.31W, 28-38.00N 080-32.00W, 28-37.00N 080-23.00W.
    1NM EITHER SIDE OF LINE 380836N1283554E-381033N1283630E
    ... THENCE CLOCKWISE BY AN ARC OF RADIUS 5NM CENTRED ON 5318N00210W TO 5320N00200W ...

Text is read whole or not at all: a position that bounds nothing is handed back, and words of
geometry without positions ("5NM RADIUS OF THE STATION") are too, so that a caller never takes
a part of an area for the whole. What is cut out of an area is left in, and said.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from clearline.basis.faults import Mistake
from clearline.basis.quantities import KILOMETRE_CM, METRE_CM, NAUTICAL_MILE_CM
from clearline.gateways import coordinates
from clearline.gateways.bulletin import words
from clearline.gateways.hint import Hint
from clearline.gateways.ring import Ring, arc_to
from clearline.gateways.shape import checked
from clearline.space import Circle, Corridor, Outline, Polygon, Position
from clearline.space.edges import Edges, contain, contain_path

if TYPE_CHECKING:
    from clearline.gateways.bulletin import Bulletin
    from clearline.gateways.coordinates import Fix

__all__ = ["MAX_FIXES", "Found", "Spoken", "hear", "length_cm"]

MAX_FIXES = 2_000
"""Positions in one message; more are refused."""


class Found(NamedTuple):
    """An outline that was read, and where its first position stands."""

    outline: Outline
    at: int
    grown_cm: int
    """By how much it is larger than what was said, so that it holds arcs and rhumb lines."""


class Spoken(NamedTuple):
    """What a text says of places."""

    found: list[Found]
    points: list[Fix]
    """Positions that bound nothing."""
    unread: list[int]
    """Where words of geometry stand that have no positions."""
    lost: list[str]


class _Kind(Enum):
    CIRCLE = "circle"
    CORRIDOR = "corridor"
    POLYGON = "polygon"


class _Lead(NamedTuple):
    """The words before a position that say what it belongs to."""

    kind: _Kind
    size_cm: int | None
    """The radius of a circle, the whole width of a corridor."""
    start: int
    end: int
    excluded: bool


_NUMBERS = {
    "ONE": 1,
    "TWO": 2,
    "THREE": 3,
    "FOUR": 4,
    "FIVE": 5,
    "SIX": 6,
    "SEVEN": 7,
    "EIGHT": 8,
    "NINE": 9,
    "TEN": 10,
    "TWELVE": 12,
    "FIFTEEN": 15,
    "TWENTY": 20,
}
_LENGTH = (
    rf"(?P<value>\d{{1,4}}(?:\.\d{{1,3}})?|{'|'.join(_NUMBERS)})\s?"
    r"(?P<unit>NMI?\b|NAUTICAL\s+MILES?|N\s?MILES?|MILES?|KMS?\b|KILOMET\w+|MET(?:ER|RE)S?\b"
    r"|MTRS?\b|M\b|FT\b|FEET\b)?"
)
_UNITS = {"N": NAUTICAL_MILE_CM, "K": KILOMETRE_CM, "M": METRE_CM, "F": 30.48}
_TAIL = (
    r"(?:[\s,:]+(?:OF|FROM|FM|A|THE|STRAIGHT|LINES?|TRACKS?|TRACKLINE|ROUTES?|JOINING|BTN|BETWEEN"
    r"|CONNECTING|FLW|FOLLOWING|POINTS?|COORDINATES?|COORDS?|PSNS?|POSITIONS?|AS|FOLLOWS"
    r"|CENTRED|CENTERED|CENTRE|CENTER|CIRCLE|ON|AT|IN|AROUND|ARND|BY)\b)*[\s,:]*"
)
_EITHER_SIDE = rf"{_LENGTH}\s+(?:WIDE\s+)?(?:ON\s+)?(?:THE\s+)?(?:EITHER|EACH|BOTH)\s+SIDES?{_TAIL}"
_NEAR_LINE = (
    rf"(?:WI|WITHIN)\s+{_LENGTH}\s+(?:OF|FROM|FM)\s+(?:A\s+|THE\s+)?(?:STRAIGHT\s+|CENT\w+\s+)?"
    rf"(?:LINE|TRACK|ROUTE){_TAIL}"
)
_WIDE = rf"(?:(?:WIDTH|WIDE)\s*(?:OF|:|IS)?\s*{_LENGTH}){_TAIL}"
_WIDE_AFTER = rf"{_LENGTH}\s*(?:WIDE|WIDTH|IN\s+WIDTH)\b(?:\s+CORRIDOR)?{_TAIL}"
_RADIUS = rf"\b(?:RADIUS|RAD|RADII)\b\s*(?:OF|:|IS)?\s*{_LENGTH}{_TAIL}"
_RADIUS_AFTER = rf"\b{_LENGTH}[\s-]*(?:RADIUS|RAD|RADII)\b{_TAIL}"
_NEAR = rf"\b(?:WI|WITHIN|INSIDE)\s+(?:A\s+)?{_LENGTH}\s+(?:OF|FROM|FM|AROUND|ARND)\b{_TAIL}"
_SIZED = [
    (_Kind.CORRIDOR, 2, re.compile(_EITHER_SIDE)),
    (_Kind.CORRIDOR, 2, re.compile(_NEAR_LINE)),
    (_Kind.CORRIDOR, 1, re.compile(_WIDE)),
    (_Kind.CORRIDOR, 1, re.compile(_WIDE_AFTER)),
    (_Kind.CIRCLE, 1, re.compile(_RADIUS)),
    (_Kind.CIRCLE, 1, re.compile(_RADIUS_AFTER)),
    (_Kind.CIRCLE, 1, re.compile(_NEAR)),
]
_BOUNDS = re.compile(
    r"\bBOUND(?:ED|ARY|ARIES)?\b|\bLINES?\s+(?:JOINING|BTN|CONNECTING)\b|\bDEFINED\s+BY\b"
    r"|\bDELIMITED\b|\bENCLOSED\b|\bLIMITED\s+BY\b"
)
_AREA = re.compile(
    r"\bLATERAL\s+LIMITS?\b|\b(?:FLW|FOLLOWING|SUCCESSIVE|JOINING)\s+(?:AREAS?|COORD\w*|POINTS?"
    r"|POSITIONS?|PSNS?|LIMITS?)\b|\b(?:AREAS?|COORD\w*|ZONES?|LIMITS|POLYGON|FLW|FOLLOWS)\s*[:\-]?"
    r"\s*(?:\(?[A1][.)])?\s*$|\b(?:WI|WITHIN|IN|INSIDE)\s+(?:THE\s+)?(?:FLW\s+)?(?:AREAS?|ZONE)\b[^.]{0,120}$"
)
_ROUND = re.compile(r"\bCIRCLE\b|\bCENT(?:RED|ERED|RE|ER)\b")
_TRACK = re.compile(r"\b(?:TRACKLINE|CORRIDOR|ALONG\s+(?:A\s+|THE\s+)?(?:LINE|TRACK|ROUTE))\b")
_EXCLUDED = re.compile(r"\b(?:EXCLUDING|EXCLUDED|EXCL|EXC|EXCEPT|EXCEPTING|OUTSIDE)\b")
_AFTER_RADIUS = re.compile(
    rf"[\s,;.:()\d]{{0,12}}(?:WITH\s+|AND\s+|IN\s+)?(?:A\s+)?(?:(?:RADIUS|RAD)\b\s*(?:OF|:|IS)?\s*{_LENGTH})"
)
_AFTER_RADIUS_BACK = re.compile(
    rf"[\s,;.:()]{{0,6}}(?:WITH\s+|AND\s+)?(?:A\s+)?{_LENGTH}[\s-]*(?:RADIUS|RAD)\b"
)
_SEPARATOR = re.compile(
    r"[\s,;/.()-]*(?:(?:AND|TO|THEN|THENCE|VIA|BACK|STRAIGHT|LINE|BY|A|POINT|PSN)\b[\s,;/.:()-]*){0,6}"
)
_LABEL = re.compile(
    r"[\s,;/.()-]*(?:AND\s+)?(?:AREA\s+|POINT\s+|PSN\s+)?\(?(?:[A-Z]|\d{1,2})\s?[.):-]{1,2}[\s:(-]*"
)
_ARC = re.compile(r"\b(?:ARCS?|CLOCKWISE|COUNTER-?\s?CLOCKWISE|ANTI-?\s?CLOCKWISE|CW|CCW)\b")
_BACKWARDS = re.compile(r"\b(?:COUNTER-?\s?CLOCKWISE|ANTI-?\s?CLOCKWISE|CCW)\b")
_FORWARDS = re.compile(r"\b(?:CLOCKWISE|CW)\b")
_CENTRED = re.compile(r"\bCENT(?:RED|ERED|RE|ER)\b")
_ORIGIN = re.compile(r"\bTO\s+(?:THE\s+)?(?:POINT\s+OF\s+)?(?:ORIGIN|BEGINNING|START\w*)\b")
_ARC_RADIUS = re.compile(_LENGTH)


def length_cm(bulletin: Bulletin, match: re.Match[str], *, sea: bool) -> int:
    """Return the length of a match with `value` and `unit`, rounded up; Hint without a unit.

    A mile at sea is nautical. In the air it may be either, so it is asked for.
    """
    value, unit = match["value"], match["unit"]
    number = float(_NUMBERS[value]) if value in _NUMBERS else float(value)
    at = match.start("value")
    if unit is None:
        raise bulletin.hint(
            "unit_missing", f"{value} is a length without its unit", at, f"{value} NM or {value} KM"
        )
    if unit.startswith("MILE"):
        if not sea:
            raise bulletin.hint(
                "unit_unclear",
                f"{words(match[0])}: a mile may be nautical or statute",
                at,
                f"{value} NM, if it is nautical",
            )
        unit = "NM"
    size = number * _UNITS[unit[0]]
    if size < 1 * METRE_CM:
        raise bulletin.hint("zero_size", f"{value} {unit} is no size", at)
    return -int(-round(size, 3) // 1)


def hear(bulletin: Bulletin, start: int, end: int, *, sea: bool = False) -> Spoken:
    """Return what a part of a bulletin says of places.

    Raises Hint for what is meant as an area and cannot be read as one.
    """
    fixes = coordinates.find(bulletin, start, end)
    if len(fixes) > MAX_FIXES:
        raise bulletin.hint(
            "too_many_points",
            f"{len(fixes):,} positions in one message; at most {MAX_FIXES:,} are read",
            fixes[MAX_FIXES].start,
        )
    return _Hearing(bulletin, fixes, start, end, sea=sea).all()


class _Hearing:
    """One text being read, from position to position."""

    def __init__(
        self, bulletin: Bulletin, fixes: list[Fix], start: int, end: int, *, sea: bool
    ) -> None:
        self._bulletin = bulletin
        self._fixes = fixes
        self._edges = [start, *(fix.end for fix in fixes)]
        self._ends = [*(fix.start for fix in fixes), end]
        self._sea = sea
        self._made = Spoken([], [], [], [])
        self._taken = start
        """How far the words have been used by the position before."""

    def all(self) -> Spoken:
        """Read the whole text."""
        at = 0
        lead: _Lead | None = None
        while at < len(self._fixes):
            fresh = self._lead(at)
            lead = fresh if fresh is not None or not self._goes_on(at) else lead
            at = self._group(at, lead)
        self._check_rest(self._gap_start(at), self._ends[-1], whole=True)
        return self._made

    def _gap_start(self, number: int) -> int:
        return max(self._edges[number], self._taken)

    def _gap(self, number: int) -> str:
        """Return the words before a position; behind the last one, those that end the text."""
        return self._bulletin.text[self._gap_start(number) : self._ends[number]]

    def _goes_on(self, number: int) -> bool:
        """Return whether nothing but separators and labels stands before a position."""
        gap = self._gap(number)
        return bool(_SEPARATOR.fullmatch(gap) or _LABEL.fullmatch(gap))

    def _lead(self, number: int) -> _Lead | None:
        """Return what the words before a position say; the last of them, where there are more."""
        start, end = self._gap_start(number), self._ends[number]
        text = self._bulletin.text
        sized = self._sized(start, end)
        chosen = max(sized, key=lambda lead: (lead.end, lead.kind is _Kind.CORRIDOR), default=None)
        bounds = max((m.end() for m in _BOUNDS.finditer(text, start, end)), default=-1)
        if chosen is not None and bounds <= chosen.end:
            for lead in sized:
                if lead.end <= chosen.start:
                    self._made.unread.append(lead.start)
            return chosen
        self._made.unread.extend(lead.start for lead in sized if not lead.excluded)
        gap = text[start:end]
        excluded = _EXCLUDED.search(gap) is not None
        if _TRACK.search(gap):
            return _Lead(_Kind.CORRIDOR, None, start, end, excluded)
        if bounds >= 0:
            return _Lead(_Kind.POLYGON, None, start, end, excluded)
        if _ROUND.search(gap):
            return _Lead(_Kind.CIRCLE, None, start, end, excluded)
        if _AREA.search(gap):
            return _Lead(_Kind.POLYGON, None, start, end, excluded)
        return None

    def _sized(self, start: int, end: int) -> list[_Lead]:
        """Return all words of circles and corridors with their sizes, in a part of the text."""
        leads: list[_Lead] = []
        for kind, times, pattern in _SIZED:
            for match in pattern.finditer(self._bulletin.text, start, end):
                size = times * length_cm(self._bulletin, match, sea=self._sea)
                before = self._bulletin.text[max(start, match.start() - 40) : match.start()]
                leads.append(
                    _Lead(kind, size, match.start(), match.end(), bool(_EXCLUDED.search(before)))
                )
        return leads

    def _group(self, first: int, lead: _Lead | None) -> int:
        """Read the outline that begins at a position; return the number of the next one's first."""
        kind = lead.kind if lead is not None else None
        if kind is _Kind.CIRCLE:
            return self._circle(first, lead)
        if kind is None:
            after = self._radius_after(first + 1)
            if after is not None:
                self._keep(self._round(first, after), first, lead)
                return first + 1
        ring, number = self._ring(first, closing=kind is not _Kind.CORRIDOR)
        if kind is _Kind.CORRIDOR:
            assert lead is not None
            self._keep(self._corridor(ring, lead.size_cm, number), first, lead)
        elif kind is _Kind.POLYGON or ring.closed:
            self._keep(self._polygon(ring), first, lead)
        elif number == first + 1:
            self._made.points.append(self._fixes[first])
        else:
            raise self._bulletin.hint(
                "coordinates_unexplained",
                f"{number - first} positions without a word of what they bound",
                self._fixes[first].start,
                "AREA BOUNDED BY before them, if they are the corners of an area",
            )
        return number

    def _circle(self, first: int, lead: _Lead | None) -> int:
        assert lead is not None
        size = lead.size_cm if lead.size_cm is not None else self._radius_after(first + 1)
        if size is None:
            raise self._bulletin.hint(
                "radius_missing", "a circle without its radius", self._fixes[first].start
            )
        self._keep(self._round(first, size), first, lead)
        return first + 1

    def _radius_after(self, number: int) -> int | None:
        """Return the radius that the words after a position give it, and take these words."""
        start = self._gap_start(number)
        for pattern in (_AFTER_RADIUS, _AFTER_RADIUS_BACK):
            match = pattern.match(self._bulletin.text, start, self._ends[number])
            if match is not None:
                self._taken = match.end()
                return length_cm(self._bulletin, match, sea=self._sea)
        return None

    def _round(self, number: int, radius_cm: int) -> Outline:
        return Circle(centre=self._fixes[number].position, radius_cm=radius_cm)

    def _ring(self, first: int, *, closing: bool) -> tuple[Ring, int]:
        """Return the positions that belong together from one on, arcs cut into chords."""
        ring = Ring([self._fixes[first].position])
        corners = [self._fixes[first]]
        number = first + 1
        while number < len(self._fixes):
            gap = self._gap(number)
            if _ARC.search(gap):
                number = self._arc(ring, number)
                if ring.closed:
                    break
                continue
            labelled = _LABEL.fullmatch(gap)
            if not _SEPARATOR.fullmatch(gap) and not labelled:
                break
            # A label before every position numbers corners; one after several, areas.
            if labelled and number > first + 1 and not self._labelled(first + 1):
                break
            corners.append(self._fixes[number])
            ring.add(self._fixes[number].position)
            number += 1
            if closing and ring.closed:
                break
        coordinates.check_forms(self._bulletin, corners)
        # An arc that closes a ring may stand behind its last position.
        return ring, number

    def _labelled(self, number: int) -> bool:
        gap = self._gap(number)
        return bool(_LABEL.fullmatch(gap)) and not _SEPARATOR.fullmatch(gap)

    def _arc(self, ring: Ring, number: int) -> int:
        """Add an arc, whose centre and end follow; return the number behind them."""
        before, at = self._gap(number), self._gap_start(number)
        after = self._gap(number + 1)
        text = f"{before} @ {after}"
        if _BACKWARDS.search(text):
            clockwise = False
        elif _FORWARDS.search(text):
            clockwise = True
        else:
            raise self._bulletin.hint(
                "arc_direction",
                "an arc is CLOCKWISE or ANTICLOCKWISE; here it is neither",
                at,
            )
        sizes = [*_ARC_RADIUS.finditer(self._bulletin.text, at, self._ends[number])]
        sizes += _ARC_RADIUS.finditer(
            self._bulletin.text, self._gap_start(number + 1), self._ends[number + 1]
        )
        sized = [each for each in sizes if each["unit"] is not None]
        radius = length_cm(self._bulletin, sized[0], sea=self._sea) if sized else None
        centre, end, behind = self._arc_ends(ring, number, before, after)
        try:
            arc_to(ring, centre.position, end, radius, clockwise=clockwise, form=centre.form)
        except Mistake as mistake:
            raise self._bulletin.hint(mistake.code, mistake.phrase, at) from mistake
        return behind

    def _arc_ends(
        self, ring: Ring, number: int, before: str, after: str
    ) -> tuple[Fix, Position, int]:
        """Return the centre of an arc, where it ends, and the number of the position behind it."""
        last = number + 1 >= len(self._fixes)
        if _ORIGIN.search(after) or (last and _CENTRED.search(before)):
            return self._fixes[number], ring.points[0], number + 1
        if last:
            raise self._bulletin.hint(
                "arc_end", "an arc needs its centre and its end", self._fixes[number].start
            )
        one, other = self._fixes[number], self._fixes[number + 1]
        if not _CENTRED.search(before) and _CENTRED.search(after):
            return other, one.position, number + 2
        return one, other.position, number + 2

    def _corridor(self, ring: Ring, width_cm: int | None, number: int) -> Outline:
        if width_cm is None:
            raise self._bulletin.hint(
                "width_missing",
                "a line without its width is no area",
                self._fixes[number - 1].start,
                "5 NM EITHER SIDE OF LINE before the positions",
            )
        return Corridor(points=tuple(ring.points), width_cm=width_cm)

    def _polygon(self, ring: Ring) -> Outline:
        return Polygon(exterior=tuple(ring.points), margin_cm=ring.margin_cm)

    def _keep(self, outline: Outline, first: int, lead: _Lead | None) -> None:
        """Keep an outline that is sane; on a chart of the sea its edges are rhumb lines."""
        if lead is not None and lead.excluded:
            self._made.lost.append("what is excluded from an area: it is covered too")
            return
        at = self._fixes[first].start
        try:
            checked(outline)
            whole, grown_cm = _along_rhumbs(outline) if self._sea else (outline, 0)
        except Hint as hint:
            raise self._bulletin.hint(hint.code, hint.phrase, at, hint.suggestion) from hint
        except Mistake as mistake:
            raise self._bulletin.hint(mistake.code, mistake.phrase, at) from mistake
        arcs_cm = outline.margin_cm if isinstance(outline, Polygon) else 0
        self._made.found.append(Found(whole, at, arcs_cm + grown_cm))

    def _check_rest(self, start: int, end: int, *, whole: bool) -> None:
        """Note words of geometry that no position follows."""
        sized = [lead.start for lead in self._sized(start, end)]
        bounds = [m.start() for m in _BOUNDS.finditer(self._bulletin.text, start, end) if whole]
        self._made.unread.extend(sized or bounds)


def _along_rhumbs(outline: Outline) -> tuple[Outline, int]:
    """Return an outline of geodesics that contains the one with rhumb lines, and its growth."""
    match outline:
        case Polygon():
            held = contain(Edges.RHUMB, outline.exterior, margin_cm=outline.margin_cm)
        case Corridor():
            held = contain_path(Edges.RHUMB, outline.points, width_cm=outline.width_cm)
        case Circle():
            return outline, 0
    return held.outline, held.grown_cm
