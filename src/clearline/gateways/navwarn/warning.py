"""A navigational warning, read: its areas and hours.

    NAVAREA IV 418/23(11,26).
    WESTERN NORTH ATLANTIC.
    1. HAZARDOUS OPERATIONS, ROCKET LAUNCHING 191218Z TO 191647Z APR IN AREA BOUND BY
       28-38.47N 080-37.31W, 28-38.00N 080-32.00W, 28-37.00N 080-23.00W.
    2. CANCEL THIS MSG 191747Z APR 23.

It says nothing of heights, so a band is yours to give. Mariners draw such areas on Mercator's
charts, so edges are rhumb lines, and the outline contains them. A mile is a nautical one.

Sources: IMO A.706(17) as amended and the joint IMO/IHO/WMO Manual on Maritime Safety
Information, for the parts of a warning; NGA's daily memoranda, for how they are phrased.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from clearline.gateways import coordinates
from clearline.gateways import shape as shapes
from clearline.gateways.bulletin import MAX_MESSAGE_CHARACTERS, Bulletin, words
from clearline.gateways.daytimes import whole_year
from clearline.gateways.navwarn.hours import date_in, read_hours
from clearline.gateways.reading import Collector
from clearline.gateways.shape import MAX_NAME, Shape
from clearline.gateways.spoken import hear

if TYPE_CHECKING:
    from collections.abc import Iterator

    from clearline.gateways.reading import Reading
    from clearline.space import Window

__all__ = ["MAX_SHAPES_EACH", "looks", "read"]

MAX_SHAPES_EACH = 4_000
"""Areas times windows of one warning."""

_SERIES = (
    r"NAVAREA\s+[IVX]{1,5}|HYDRO(?:LANT|PAC|ARC)|(?:[A-Z]+[^\S\n]+){0,3}(?:NAVWARN|NAVTEX|N/W|WZ)"
    r"|COASTAL\s+WARNING|SUB-?AREA\s+WARNING|NAVIGATIONAL\s+WARNING"
)
_HEAD = re.compile(
    rf"(?:^|\n)[^\S\n]*(?P<name>(?:{_SERIES})\s?(?:NO\.?\s?)?:?\s{{0,3}}(?P<number>\d{{1,4}}/(?P<year>20\d\d|\d\d))(?!\d))"
)
_BEFORE_HEAD = re.compile(
    r"(?:(?:^|\n)[^\S\n]*(?:ZCZC[^\n]*|\d{6}\s?(?:Z|UTC)\s+[A-Z]{3}\s+\d{2,4}\.?)[^\S\n]*(?=\n))+\Z"
)
_END = re.compile(r"\n\s*NNNN\b")
_CANCEL_THIS = re.compile(
    r"CANCEL\s+(?:THIS|THE)\s+(?:MSG|MESSAGE|WARNING)(?:\s+(?:AT|ON))?\s+(?P<when>\d{6}\s?(?:Z|UTC)?\s+[A-Z]{3}(?:\s+\d{2,4})?)"
)
_CANCEL_OTHER = re.compile(
    r"CANCEL(?:S|LED)?\s+(?!THIS|THE)"
    r"(?P<what>[A-Z ]{0,30}\d{1,4}/\d{2,4}(?:\s*(?:,|AND)\s*\d{1,4}/\d{2,4})*)"
)
_ISSUED = re.compile(
    r"(?:(?:^|\n)[^\S\n]*\(?|\b\d/\d\d\s+)\d{6}\s?(?:Z|UTC)\s+[A-Z]{3}\s+\d{2,4}"
    r"(?!\s*,?\s*(?:TO|THRU|THROUGH|UNTIL|-|\d))"
)
"""When it was issued, at the beginning of a line, or behind its authority's number."""


_LOOKS = re.compile(
    rb"\bNAVAREA\b|\bHYDRO(?:LANT|PAC|ARC)\b|\bNAVWARN\b|\bNAVIGATIONAL WARNING\b|\bN/W\b|ZCZC"
)


class _Message(NamedTuple):
    """One warning of a bulletin."""

    name: str
    year: int | None
    """Of its number."""
    start: int
    text_at: int
    """Where its text begins, behind its number."""
    end: int


def looks(raw: bytes) -> bool:
    """Return whether a file looks like warnings to mariners."""
    head = raw[:20_000].upper()
    return _LOOKS.search(head) is not None


def read(raw: bytes) -> Reading:
    """Return the areas of a file of warnings. Raises Mistake for a file without one."""
    bulletin = Bulletin.decode(raw)
    made = Collector()
    for message in _messages(bulletin):
        with made.item(message.name, bulletin.spot(message.start)):
            _read_one(bulletin, message, made)
        shapes.too_many(len(made))
    return made.done()


def _messages(bulletin: Bulletin) -> Iterator[_Message]:
    """Yield each warning: from its series and number on, with a date in front of them."""
    text = bulletin.text
    heads = [match for match in _HEAD.finditer(text) if not _is_cancelled(text, match)]
    starts: list[int] = []
    for match in heads:
        at = match.start("name")
        line = text.rfind("\n", 0, at) + 1
        back = max(starts[-1] + 1 if starts else 0, line - 200)
        before = _BEFORE_HEAD.search(text[back:line].rstrip() + "\n", 0)
        starts.append(back + before.start() if before is not None else at)
    if not heads:
        starts = [0]
    for number, start in enumerate(starts):
        end = starts[number + 1] if number + 1 < len(starts) else len(text)
        stop = _END.search(text, start, end)
        yield _Message(
            name=words(heads[number]["name"], 60) if heads else "message 1",
            year=whole_year(heads[number]["year"]) if heads else None,
            start=start,
            text_at=heads[number].end() if heads else start,
            end=stop.start() if stop is not None else end,
        )


def _is_cancelled(text: str, match: re.Match[str]) -> bool:
    """Return whether a series and number stand there as what another warning cancels."""
    before = text[max(0, match.start("name") - 60) : match.start("name")].rstrip()
    return re.search(r"(?:CANCELS?|CANCELLED|REF(?:ERENCE)?:?|AND|,)$", before) is not None


def _read_one(bulletin: Bulletin, message: _Message, made: Collector) -> None:
    """Keep the areas of one warning. Raises Mistake."""
    text = bulletin.text
    if message.end - message.start > MAX_MESSAGE_CHARACTERS:
        raise bulletin.hint(
            "message_too_long",
            f"a warning has at most {MAX_MESSAGE_CHARACTERS:,} characters",
            message.start,
        )
    others = [match["what"] for match in _CANCEL_OTHER.finditer(text, message.start, message.end)]
    spoken = hear(bulletin, message.start, message.end, sea=True)
    for loss in spoken.lost:
        made.lose(loss)
    made.grown(max((found.grown_cm for found in spoken.found), default=0))
    if not spoken.found:
        if others:
            raise bulletin.hint(
                "notice_cancels",
                f"{message.name} cancels {words(others[0])}, and has no area",
                message.start,
                f"withdraw the notice that came from {words(others[0])}",
            )
        raise bulletin.hint(
            "area_missing", "no area is given in positions", message.start,
            "AREA BOUNDED BY, or WITHIN … MILES OF, before the positions",
        )  # fmt: skip
    if spoken.unread:
        raise bulletin.hint(
            "geometry_unread",
            f"{words(text[spoken.unread[0] :], 50)}: an area without positions, beside one that "
            "has them",
            spoken.unread[0],
            "positions for each of its areas, or a warning for each",
        )
    for other in others:
        made.note(f"{message.name} cancels {words(other)}: what came from that is not withdrawn")
    windows = _windows(bulletin, message, made)
    if len(spoken.found) * len(windows) > MAX_SHAPES_EACH:
        raise bulletin.hint(
            "too_many_features",
            f"{len(spoken.found)} areas at {len(windows)} times; at most "
            f"{MAX_SHAPES_EACH:,} are read",
            message.start,
        )
    made.lose("what a warning says besides places and hours")
    made.note("a warning to mariners has no heights: say the band")
    several = len(spoken.found) > 1
    for number, found in enumerate(spoken.found, 1):
        name = f"{message.name} area {number}" if several else message.name
        for window in windows:
            made.keep(Shape(name=name[:MAX_NAME], outline=found.outline, window=window))


def _windows(bulletin: Bulletin, message: _Message, made: Collector) -> list[Window | None]:
    """Return the windows of a warning; one None if it does not say when it begins or ends."""
    text = bulletin.text
    reference = _reference(text, message)
    blanked = [(message.start, message.text_at)]
    blanked += [
        (fix.start, fix.end) for fix in coordinates.find(bulletin, message.start, message.end)
    ]
    for pattern in (_CANCEL_THIS, _CANCEL_OTHER, _ISSUED):
        blanked += [m.span() for m in pattern.finditer(text, message.start, message.end)]
    shown = list(text[message.start : message.end])
    for start, end in blanked:
        shown[start - message.start : end - message.start] = " " * (end - start)
    hours = read_hours(bulletin, "".join(shown), message.start, reference)
    if hours.windows:
        return list(hours.windows)
    what = "when it begins" if hours.open else "when it holds"
    made.note(f"{message.name}: it does not say {what}; say from when to when")
    return [None]


def _reference(text: str, message: _Message) -> date | None:
    """Return the date that the message's days without a year are near to."""
    ends = _CANCEL_THIS.search(text, message.start, message.end)
    whole = date_in(text, *ends.span("when")) if ends is not None else None
    whole = whole or date_in(text, message.start, message.end)
    if whole is None and message.year is not None:
        return date(message.year, 7, 1)
    return whole
