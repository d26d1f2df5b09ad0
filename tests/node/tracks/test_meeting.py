"""Meeting: what is found among many at once is what measuring every pair finds, and no less."""

from __future__ import annotations

import random

from clearline.basis.faults import Mistake
from clearline.basis.instants import HOUR_MS, MINUTE_MS, SECOND_MS
from clearline.node.tracks.meeting import Volumes, batch_of
from clearline.node.tracks.track import Datum, Report, Watched, What
from clearline.space import (
    Altitude,
    Band,
    Circle,
    Minima,
    Volume,
    Window,
    check,
    infringes,
    separation,
)
from clearline.space import Datum as SpaceDatum
from clearline.space.plane import geodesic_fwd
from tests.node.tracks.sky import NOW, band, circle, flight, some_outline, track, watched

PLACES = [(35.0, 40.0), (-20.0, 180.0), (89.5, 0.0), (-89.9, 77.0), (55.0, -179.9)]
AHEAD_MS = 5 * MINUTE_MS


def volumes(*notices: Watched) -> Volumes:
    made = Volumes(AHEAD_MS)
    made.put(notices)
    return made


def met(report: Report, *notices: Watched) -> What | None:
    """What one track does to the one notice there is."""
    found = volumes(*notices).meet(batch_of([track(report)]), [], NOW)
    one = found.get((0, "theirs"))
    return one.what if one is not None else None


def test_inside_near_and_neither():
    notice = watched()
    assert met(flight(course=None), notice) is What.INSIDE
    assert met(flight(lon=40.25, course=None), notice) is What.NEAR
    assert met(flight(lon=40.35, course=None), notice) is None
    assert met(flight(level=185, course=None), notice) is What.NEAR
    assert met(flight(level=195, course=None), notice) is None


def test_a_course_into_it_is_near_while_it_gets_there_in_time():
    notice = watched()
    assert met(flight(lon=39.4, course=90), notice) is What.NEAR
    assert met(flight(lon=39.4, course=270), notice) is None
    assert met(flight(lon=39.4, course=90, speed=60), notice) is None
    assert met(flight(lon=39.4, course=90, speed=0.2), notice) is None
    assert met(flight(lon=39.4, course=80), notice) is None


def test_a_climb_into_its_band_counts_as_far_as_it_goes():
    notice = watched()
    assert met(flight(lon=39.4, level=60, climb=0), notice) is None
    assert met(flight(lon=39.4, level=60, climb=10), notice) is What.NEAR
    assert met(flight(lon=39.4, level=60, climb=1), notice) is None
    assert met(flight(lon=39.4, level=260, climb=-12), notice) is What.NEAR
    # It will have climbed through the band long before it is there.
    assert met(flight(lon=39.4, level=140, climb=40), notice) is None


def test_a_window_counts_as_the_time_that_a_track_needs_to_get_there():
    def at(start_ms: int, end_ms: int) -> Watched:
        return watched(start_ms=start_ms, end_ms=end_ms, minima=none)

    none = Minima(horizontal_cm=0, vertical_cm=0, time_ms=0)
    assert met(flight(), at(2 * MINUTE_MS, HOUR_MS)) is None  # It is out again by then.
    assert met(flight(lon=39.4), at(4 * MINUTE_MS, HOUR_MS)) is What.NEAR
    assert met(flight(lon=39.4), at(-HOUR_MS, 3 * MINUTE_MS)) is None
    assert met(flight(speed=1), at(2 * MINUTE_MS, HOUR_MS)) is What.NEAR
    assert met(flight(), at(-HOUR_MS, -SECOND_MS)) is None
    assert met(flight(), at(-HOUR_MS, 0)) is What.INSIDE


def test_heights_that_cannot_be_compared_may_meet_and_are_said_to():
    def certain(report: Report, notice: Watched) -> bool | None:
        found = volumes(notice).meet(batch_of([track(report)]), [], NOW)
        one = found.get((0, "theirs"))
        return one.certain if one is not None and one.what is not None else None

    sea = Altitude(datum=SpaceDatum.AMSL, value_cm=400_000)
    amsl = watched(heights=Band(lower=sea, upper=Altitude(datum=sea.datum, value_cm=500_000)))
    surface = Altitude(datum=SpaceDatum.SURFACE, value_cm=0)
    ground = watched(heights=Band(lower=surface, upper=surface))
    flat = watched(heights=Band(lower=surface, upper=Altitude(datum=sea.datum, value_cm=100_000)))
    assert certain(flight(), watched()) is True
    assert certain(flight(level=None), watched()) is False
    assert certain(flight(), amsl) is False
    assert certain(flight(level=350), amsl) is None
    # A ship is far under FL100 in any weather, and on the surface for certain.
    assert certain(flight(level=0, datum=Datum.SURFACE), watched()) is None
    assert certain(flight(level=0, datum=Datum.SURFACE), ground) is True
    assert certain(flight(level=0, datum=Datum.SURFACE), flat) is not None


def test_among_many_none_is_missed_that_a_measurement_of_every_pair_finds():
    rnd = random.Random(11)
    notices: list[Watched] = []
    for number, place in enumerate(PLACES):
        while len(notices) < 30 * (number + 1):
            lat, lon = geodesic_fwd(*place, rnd.uniform(0, 360), rnd.uniform(0, 150_000))
            outline = some_outline(rnd, lat, lon, rnd.choice([3_000, 30_000, 120_000]))
            try:
                check(outline)
            except Mistake:
                continue
            low = rnd.randrange(0, 400)
            notices.append(
                watched(
                    f"n{len(notices)}", outline, heights=band(low, low + rnd.randrange(100, 400)),
                    start_ms=rnd.choice([-HOUR_MS, 5 * MINUTE_MS, HOUR_MS]), end_ms=2 * HOUR_MS,
                )
            )  # fmt: skip
    reports = []
    for place in PLACES:
        for _ in range(30):
            lat, lon = geodesic_fwd(*place, rnd.uniform(0, 360), rnd.uniform(0, 200_000))
            course, speed = rnd.uniform(0, 360), rnd.choice([0, 9, 230])
            level, name = rnd.randrange(0, 450), f"t{len(reports)}"
            reports.append(flight(name, lat, lon, level=level, course=course, speed=speed))
    found = volumes(*notices).meet(batch_of([track(each) for each in reports]), [], NOW)
    near = inside = 0
    for at, report in enumerate(reports):
        here = Volume(
            outline=Circle(centre=report.at, radius_cm=100),
            band=Band(lower=_altitude(report), upper=_altitude(report)),
            window=Window(start=NOW, end=NOW),
        )
        for notice in notices:
            what = found[at, notice.id].what if (at, notice.id) in found else None
            if int(notice.id[1:]) // 30 != at // 30:
                assert what is None
                continue
            apart = separation(here, notice.volumes[0])
            edge = abs(apart.horizontal_cm + 100 - notice.minima.horizontal_cm) < 5_000
            if infringes(apart, notice.minima) and not edge:
                near += 1
                assert what is not None, (report, notice)
            touches = apart.horizontal_cm == apart.vertical_cm == apart.time_ms == 0
            if what is What.INSIDE:
                inside += 1
                assert touches
    assert near > 50
    assert inside > 15


def _altitude(report: Report) -> Altitude:
    assert report.level.value_cm is not None
    return Altitude(datum=SpaceDatum.FL, value_cm=report.level.value_cm)


def test_what_comes_later_and_what_goes_is_found_and_not_found():
    kept = volumes(watched("first", circle(35.3, 40.1, 5_000)))
    here = batch_of([track(flight(course=None))])
    assert set(kept.meet(here, [], NOW)) == {(0, "first")}
    kept.put([watched("second", circle(35.3, 40.1, 9_000))])
    assert set(kept.meet(here, [], NOW)) == {(0, "first"), (0, "second")}
    kept.put([watched("first", circle(50.0, 40.1, 5_000))])
    assert set(kept.meet(here, [], NOW)) == {(0, "second")}
    kept.drop(["second"])
    assert kept.meet(here, [], NOW) == {}


def test_rows_of_what_is_gone_are_let_go_and_the_rest_is_still_found():
    kept = volumes(watched("stays", circle(35.3, 40.1, 5_000)))
    here = batch_of([track(flight(course=None))])
    for turn in range(30):
        kept.put(watched(f"n{turn}-{n}", circle(35.3, 40.1, 4_000 + n)) for n in range(100))
        kept.drop(f"n{turn}-{n}" for n in range(100))
    assert len(kept) == 1
    assert kept.rows <= 2_100
    assert set(kept.meet(here, [], NOW)) == {(0, "stays")}


def test_as_many_again_in_place_of_what_went_are_found_at_once():
    later = [watched(f"l{n}", start_ms=20 * HOUR_MS, end_ms=21 * HOUR_MS) for n in range(1_100)]
    kept = volumes(*later, watched("stays", circle(35.3, 40.1, 5_000)))
    here = batch_of([track(flight(course=None))])
    assert set(kept.meet(here, [], NOW)) == {(0, "stays")}
    opened = [watched(f"o{n}", circle(35.3, 40.1, 4_000)) for n in range(1_100)]
    kept.drop(each.id for each in later)
    kept.put(opened)
    assert len(kept) == kept.rows == 1_101
    assert len(kept.meet(here, [], NOW)) == 1_101
