"""Moving: a transit as an officer typed it, read into the areas that it is declared as.

Whatever is wrong is kept with the field that it is wrong in, as `reading` does.
"""

from __future__ import annotations

from clearline.basis.instants import Instant
from clearline.basis.steps import Steps
from clearline.node import transits, words
from clearline.space import Chain, Passing, Timetable, Transit, Volume, chain
from clearline.web.drafts import NoticeDraft, Passed, TransitCheck
from clearline.web.reading import Reader, read_band

__all__ = ["read_transit"]

MARK_US = 15
"""About how long cutting a route takes, in µs, for each place at which it may be cut."""
_FIELDS = {
    "speeds_inverted": "speed",
    "transit_impossible": "passing",
    "transit_passes": "passing",
    "transit_too_long": "speed",
    "window_inverted": "start",
    "zero_size": "width",
}
"""Where what is wrong with a whole transit is shown; anything else beside its points."""


def read_transit(
    reader: Reader, draft: NoticeDraft, most: int
) -> Steps[tuple[tuple[Volume, ...], TransitCheck | None]]:
    """Return the areas of a transit, at most so many; none while anything is wrong with it."""
    points = yield from reader.points("points", draft.points)
    width_cm = reader.length("width", draft.width)
    speeds = _speeds(reader, draft.speed)
    band = read_band(reader, draft)
    passes = _passes(reader, draft)
    tolerance_ms = 0
    if draft.tolerance.strip():
        tolerance_ms = reader.read("tolerance", lambda: words.span_ms(draft.tolerance))
    if (
        points is None
        or width_cm is None
        or speeds is None
        or band is None
        or passes is None
        or tolerance_ms is None
    ):
        return (), None
    yield MARK_US * (len(points) + 128)
    planned = Transit(
        points=points, width_cm=width_cm, bands=(band,), slowest_cm_h=speeds[0],
        fastest_cm_h=speeds[1], passes=passes, tolerance_ms=tolerance_ms,
    )  # fmt: skip
    made = reader.sorted_read(lambda: _made(planned, most), _FIELDS, "points")
    return made if made is not None else ((), None)


def _made(planned: Transit, most: int) -> tuple[tuple[Volume, ...], TransitCheck]:
    made: Chain = chain(planned, most)
    table = Timetable(planned)
    return made.volumes, TransitCheck(
        closed_permille=made.closed_permille,
        single_permille=made.single_permille,
        points=tuple(
            Passed(earliest=Instant(table.early(each)), latest=Instant(table.late(each)))
            for each in table.stations
        ),
    )


def _speeds(reader: Reader, text: str) -> tuple[int, int] | None:
    if not text.strip():
        reader.missing("speed", "Give its speed, slowest to fastest, as 8-12 kt or 40-60 km/h.")
        return None
    return reader.read("speed", lambda: transits.speeds(text))


def _passes(reader: Reader, draft: NoticeDraft) -> tuple[Passing, ...] | None:
    """Return when its points are passed, its departure among them."""
    before = len(reader.faults)
    now = reader.now
    departs = None
    if draft.start.strip():
        departs = reader.read("start", lambda: transits.times(draft.start, now))
    others = [
        reader.read("passing", lambda line=line: transits.passing(line, now))
        for line in draft.passing.splitlines()
        if line.strip()
    ]
    if departs is None and not others and len(reader.faults) == before:
        reader.missing("start", "Say when it departs: 1430Z, +3h, or 1430Z..1500Z.")
    if len(reader.faults) > before:
        return None
    return transits.passings(departs, [each for each in others if each is not None])
