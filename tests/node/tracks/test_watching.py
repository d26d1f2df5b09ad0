"""Watching: one alarm for a track and a notice, from when it begins until it is really over."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearline.basis.instants import HOUR_MS, MINUTE_MS, SECOND_MS, Instant
from clearline.node.tracks import watching
from clearline.node.tracks.track import (
    GONE_MS,
    MAX_ALARMS,
    MAX_TRACKS,
    STALE_MS,
    Alarm,
    Kind,
    Report,
    What,
)
from clearline.node.tracks.watching import CLEAR_AFTER_MS, LOST_KEPT_MS, Eyes
from tests.node.tracks.sky import NOW, circle, flight, watched


def eyes(*notices: object) -> Eyes:
    made = Eyes(5 * MINUTE_MS, "boot")
    made.put_notices(notices or [watched()], NOW)  # type: ignore[arg-type]
    return made


def look(seen: Eyes, now: Instant, *reports: Report) -> list[Alarm]:
    """Let reports come in, and time pass; return the alarms that stand."""
    seen.take("roof", reports, now)
    seen.tick(now)
    while seen.compare(now):
        pass
    return sorted(seen.alarms, key=lambda alarm: alarm.id)


def at(seconds: float) -> Instant:
    return NOW.after(int(seconds * SECOND_MS))


def fly(seconds: float, lon: float, **more: object) -> Report:
    return flight(lon=lon, at=at(seconds), **more)  # type: ignore[arg-type]


def test_an_alarm_begins_near_becomes_inside_and_is_over_only_after_a_while_outside():
    seen = eyes()
    assert look(seen, at(0), fly(0, 38.0)) == []
    (near,) = look(seen, at(60), fly(60, 39.5))
    assert (near.what, near.since, near.graver_at) == (What.NEAR, at(60), at(60))
    assert near.enters_at is not None
    assert 185 <= near.enters_at.since(at(60)) / 1_000 <= 200
    (inside,) = look(seen, at(120), fly(120, 40.1))
    assert (inside.id, inside.what, inside.graver_at) == (near.id, What.INSIDE, at(120))
    (still,) = look(seen, at(180), fly(180, 40.27))
    assert (still.what, still.gap_cm > 0) == (What.INSIDE, True)
    assert look(seen, at(240), fly(240, 40.8)) != []
    assert look(seen, at(250), fly(250, 40.9)) != []
    assert look(seen, at(256), fly(256, 40.95)) == []
    (again,) = look(seen, at(400), fly(400, 40.1))
    assert again.id != near.id


def test_a_track_along_a_border_is_one_alarm():
    seen = eyes()
    ids = set()
    for second in range(0, 600, 2):
        # The minima end 19.26 km from the centre; it weaves over that line for ten minutes.
        lon = 40.1 + (0.2116 + 0.003 * (1 if second % 4 else -1))
        ids |= {alarm.id for alarm in look(seen, at(second), fly(second, lon, course=None))}
    assert len(ids) == 1


def test_a_lost_track_leaves_its_alarm_which_says_so():
    seen = eyes()
    (alarm,) = look(seen, at(0), fly(0, 40.1))
    stale = STALE_MS[Kind.AIR] // SECOND_MS
    look(seen, at(stale))
    assert seen.tracks["roof/A1"].stale
    gone = GONE_MS[Kind.AIR] // SECOND_MS
    (lost,) = look(seen, at(gone))
    assert (lost.id, lost.lost, lost.reported_at) == (alarm.id, True, at(0))
    assert "roof/A1" not in seen.tracks
    (found,) = look(seen, at(gone + 60), fly(gone + 60, 40.1))
    assert (found.id, found.lost) == (alarm.id, False)
    look(seen, at(2 * gone + 60))
    assert look(seen, at(2 * gone + 59 + LOST_KEPT_MS // SECOND_MS)) != []
    assert look(seen, at(2 * gone + 60 + LOST_KEPT_MS // SECOND_MS)) == []


@pytest.mark.parametrize("kind", list(Kind))
def test_an_alarm_stands_from_when_its_track_is_lost_however_seldom_that_reports(kind: Kind):
    seen = eyes()
    look(seen, at(0), fly(0, 40.1, kind=kind, course=None))
    gone = GONE_MS[kind] // SECOND_MS
    (lost,) = look(seen, at(gone))
    assert lost.lost
    (found,) = look(seen, at(gone + 60), fly(gone + 60, 45.0, kind=kind, course=None))
    assert (found.id, found.lost) == (lost.id, False)
    assert look(seen, at(gone + 76)) == []


def test_a_window_that_opens_over_a_track_that_says_nothing_new_is_alarmed():
    none = watched().minima.__class__(horizontal_cm=0, vertical_cm=0, time_ms=0)
    seen = eyes(watched(start_ms=6 * MINUTE_MS, end_ms=HOUR_MS, minima=none))
    ship = fly(0, 40.1, kind=Kind.SEA, speed=None)
    assert look(seen, at(0), ship) == []
    assert look(seen, at(359)) == []
    (alarm,) = look(seen, at(364))
    assert alarm.what is What.INSIDE


def test_a_notice_that_comes_over_a_track_is_alarmed_at_once_and_ends_with_it():
    seen = Eyes(5 * MINUTE_MS, "boot")
    assert look(seen, at(0), fly(0, 40.1)) == []
    seen.put_notices([watched()], at(1))
    (alarm,) = look(seen, at(1))
    assert alarm.what is What.INSIDE
    seen.drop_notices(["theirs"])
    assert seen.alarms == []
    assert seen.alarms_changed() == ([], [alarm.id])


def test_a_notice_that_is_moved_away_is_over_after_a_while():
    seen = eyes()
    look(seen, at(0), fly(0, 40.1))
    seen.put_notices([watched(outline=circle(50.0, 10.0, 5_000))], at(1))
    assert look(seen, at(1)) != []
    assert look(seen, at(2 + CLEAR_AFTER_MS // SECOND_MS), fly(15, 40.1)) == []


def test_a_track_first_seen_in_ours_belongs_to_it_and_is_alarmed_when_it_leaves():
    seen = eyes(watched("ours", mine=True))
    assert look(seen, at(0), fly(0, 40.1)) == []
    assert (seen.tracks["roof/A1"].notice, seen.tracks["roof/A1"].stated) == ("ours", False)
    assert look(seen, at(30), fly(30, 40.2098)) == []  # Seventy metres outside.
    (left,) = look(seen, at(60), fly(60, 40.25))
    assert (left.what, left.notice) == (What.LEFT, "ours")
    assert left.gap_cm > 0
    look(seen, at(90), fly(90, 40.1))
    assert look(seen, at(106), fly(106, 40.1)) == []


def test_a_notice_that_is_told_a_moment_after_a_track_was_seen_in_it_is_where_that_began():
    seen = eyes(watched(outline=circle(50.0, 10.0, 5_000)))
    look(seen, at(0), fly(0, 40.1))
    look(seen, at(4), fly(4, 40.12))
    assert seen.tracks["roof/A1"].notice == ""
    seen.put_notices([watched("ours", mine=True)], at(4))
    look(seen, at(4))
    assert (seen.tracks["roof/A1"].notice, seen.tracks["roof/A1"].stated) == ("ours", False)
    (left,) = look(seen, at(60), fly(60, 40.25))
    assert (left.what, left.notice) == (What.LEFT, "ours")


@pytest.mark.parametrize(
    ("seconds", "lon"),
    [pytest.param(6, 40.1, id="too late"), pytest.param(4, 39.98, id="flown in since")],
)
def test_a_notice_told_long_after_a_track_was_seen_or_flown_into_since_is_not_where_it_began(
    seconds: int, lon: float
):
    seen = eyes(watched(outline=circle(50.0, 10.0, 5_000)))
    look(seen, at(0), fly(0, lon))
    look(seen, at(seconds), fly(seconds, 40.1))
    seen.put_notices([watched("ours", mine=True)], at(seconds))
    look(seen, at(seconds), fly(seconds, 40.1))
    assert seen.tracks["roof/A1"].notice == ""


def test_what_an_officer_says_of_a_new_track_is_not_said_anew_by_a_notice_that_comes():
    seen = eyes(watched("ours", mine=True))
    look(seen, at(0), fly(0, 40.1))
    seen.belong("roof/A1", "")
    seen.put_notices([watched("more", mine=True)], at(1))
    look(seen, at(1))
    assert seen.tracks["roof/A1"].notice == ""


def test_while_notices_of_ours_keep_coming_a_track_is_new_no_longer_than_otherwise():
    seen = eyes()
    look(seen, at(0), fly(0, 40.1))
    elsewhere = circle(50.0, 10.0, 5_000)
    for number in range(60):
        seen.put_notices([watched(f"n{number}", elsewhere, mine=True)], at(number / 10))
        look(seen, at(number / 10))
    seen.put_notices([watched("ours", mine=True)], at(6))
    look(seen, at(6))
    assert seen.tracks["roof/A1"].notice == ""


def test_a_notice_that_was_told_before_a_track_is_not_asked_of_it_anew_when_another_comes():
    seen = eyes(watched("later", mine=True, start_ms=2 * SECOND_MS))
    look(seen, at(0), fly(0, 40.1))
    seen.put_notices([watched("other", circle(50.0, 10.0, 5_000), mine=True)], at(4))
    look(seen, at(4))
    assert seen.tracks["roof/A1"].notice == ""


def test_of_many_that_come_at_once_the_newest_are_found_by_a_notice_told_later():
    seen = eyes()
    many = watching.MAX_BATCH + 1
    look(seen, at(0), *(flight(f"T{n}", at=at(0)) for n in range(many)))
    seen.put_notices([watched("ours", mine=True)], at(1))
    found = [name for name, track in seen.tracks.items() if track.notice == "ours"]
    assert found == [f"roof/T{n}" for n in range(1, many)]


def test_a_track_lost_outside_ours_and_seen_there_again_is_alarmed_still():
    seen = eyes(watched("ours", mine=True))
    look(seen, at(0), fly(0, 40.1))
    (left,) = look(seen, at(60), fly(60, 40.25))
    gone = 60 + GONE_MS[Kind.AIR] // SECOND_MS
    (lost,) = look(seen, at(gone))
    assert lost.lost
    (found,) = look(seen, at(gone + 30), fly(gone + 30, 40.3))
    assert (found.id, found.lost, seen.tracks["roof/A1"].notice) == (left.id, False, "ours")
    seen.belong("roof/A1", "")
    assert look(seen, at(gone + 31), fly(gone + 31, 40.3)) == []


def test_ours_is_left_upwards_too_and_not_after_it_has_closed():
    seen = eyes(watched("ours", mine=True, end_ms=5 * MINUTE_MS))
    look(seen, at(0), fly(0, 40.1))
    (left,) = look(seen, at(60), fly(60, 40.1, level=190))
    assert left.what is What.LEFT
    look(seen, at(301), fly(301, 40.1, level=190))
    assert look(seen, at(320), fly(320, 40.1, level=190)) == []


def test_a_passing_track_of_nobody_we_know_does_not_belong_to_ours():
    seen = eyes(watched("ours", mine=True))
    look(seen, at(0), fly(0, 39.0))
    look(seen, at(240), fly(240, 40.1))
    assert seen.tracks["roof/A1"].notice == ""
    assert look(seen, at(480), fly(480, 41.0)) == []


def test_what_an_officer_says_of_a_track_holds_until_the_notice_ends():
    seen = eyes(watched("ours", mine=True))
    assert look(seen, at(0), fly(0, 39.0)) == []
    seen.belong("roof/A1", "ours")
    (left,) = look(seen, at(1))
    assert left.what is What.LEFT
    assert seen.tracks["roof/A1"].stated
    look(seen, at(GONE_MS[Kind.AIR] // SECOND_MS))
    (again,) = look(seen, at(300), fly(300, 39.0))
    assert (again.id, seen.tracks["roof/A1"].notice) == (left.id, "ours")
    seen.belong("roof/A1", "")
    assert look(seen, at(301)) == []
    seen.belong("roof/A1", "ours")
    look(seen, at(302))
    seen.drop_notices(["ours"])
    assert (seen.alarms, seen.tracks["roof/A1"].notice) == ([], "")


def test_more_tracks_than_are_kept_are_counted_and_not_kept():
    seen = Eyes(5 * MINUTE_MS, "boot")
    reports = [flight(str(n), 10.0, 20.0, at=at(0)) for n in range(MAX_TRACKS + 7)]
    seen.take("roof", reports, at(0))
    assert (len(seen.tracks), seen.left_out) == (MAX_TRACKS, 7)
    seen.take("roof", [flight("3", 11.0, 20.0, at=at(1))], at(1))
    assert seen.tracks["roof/3"].at.lat_e7 == 110_000_000


def test_more_alarms_than_stand_are_one_number_that_goes_down_again():
    seen = eyes()
    crowd = [flight(str(n), at=at(0)) for n in range(MAX_ALARMS + 20)]
    assert len(look(seen, at(0), *crowd)) == MAX_ALARMS
    assert seen.alarms_left_out == 20
    away = [flight(str(n), lat=10.0, at=at(1)) for n in range(MAX_ALARMS, MAX_ALARMS + 20)]
    look(seen, at(1), *away)
    assert seen.alarms_left_out == 0


def test_a_crowd_that_was_near_and_is_inside_is_bounded_too():
    seen = eyes()
    for wave in range(3):
        names = [f"{wave}-{n}" for n in range(MAX_ALARMS)]
        for seconds, lon in ((0, 40.25), (1, 40.1)):
            when = 10 * wave + seconds
            look(seen, at(when), *(fly(when, lon, key=name, course=None) for name in names))
    assert len(seen.alarms) == 2 * MAX_ALARMS
    assert seen.alarms_left_out == MAX_ALARMS


def test_an_older_report_and_one_from_the_future_do_no_harm():
    seen = Eyes(5 * MINUTE_MS, "boot")
    look(seen, at(100), fly(100, 40.0))
    look(seen, at(101), fly(90, 39.0))
    assert seen.tracks["roof/A1"].at.lon_e7 == 400_000_000
    look(seen, at(102), fly(100_000, 41.0))
    assert seen.tracks["roof/A1"].reported_at == at(102)
    look(seen, at(103), fly(103, 41.5))
    assert seen.tracks["roof/A1"].at.lon_e7 == 415_000_000
    look(seen, at(1_000), fly(103, 42.0, key="OLD"))
    assert "roof/OLD" not in seen.tracks


def test_changes_are_told_once():
    seen = eyes()
    look(seen, at(0), fly(0, 40.1, name="KLM"))
    (track,), gone = seen.tracks_changed()
    assert (track.name, gone) == ("KLM", [])
    (alarm,), over = seen.alarms_changed()
    assert (alarm.name, over) == ("KLM", [])
    assert (seen.tracks_changed(), seen.alarms_changed()) == (([], []), ([], []))
    look(seen, at(1), fly(1, 40.1))  # It has no name in it, and keeps the one it had.
    assert seen.tracks_changed()[0][0].name == "KLM"


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32), st.integers(1, 12))
def test_whatever_happens_there_is_one_alarm_a_pair_and_everything_told_adds_up(
    seed: int, count: int
):
    """Applying what is told, in order, gives what stands; and nothing stands for what is not."""
    rnd = random.Random(seed)
    seen, told, shown = Eyes(5 * MINUTE_MS, "b"), dict[str, Alarm](), set[str]()
    notices: set[str] = set()
    now = NOW
    for _ in range(count):
        now = now.after(rnd.choice([500, 5_000, 20_000, 200_000]))
        name = rnd.choice(["a", "b"])
        match rnd.randrange(6):
            case 0:
                outline = circle(35.3, rnd.uniform(39.8, 40.4), 10_000)
                seen.put_notices(
                    [watched(name, outline, mine=rnd.random() < 0.3, end_ms=9 * HOUR_MS)], now
                )
                notices.add(name)
            case 1:
                seen.drop_notices([name])
                notices.discard(name)
            case 2:
                seen.belong(f"roof/{rnd.randrange(3)}", name if name in notices else "")
            case _:
                look(seen, now, *[
                    flight(str(n), lon=rnd.uniform(39.5, 40.7), at=now, course=rnd.uniform(0, 360))
                    for n in range(3)
                ])  # fmt: skip
        look(seen, now)
        put, over = seen.alarms_changed()
        told |= {alarm.id: alarm for alarm in put}
        for each in over:
            told.pop(each, None)
        tracks, gone = seen.tracks_changed()
        shown = (shown | {track.id for track in tracks}) - set(gone)
        told |= {alarm.id: alarm for alarm in seen.alarms_moved(now.after(watching.MOVED_MS))}
        assert told == {alarm.id: alarm for alarm in seen.alarms}
        assert shown == set(seen.tracks)
        pairs = [(alarm.track, alarm.notice) for alarm in seen.alarms]
        assert len(pairs) == len(set(pairs))
        assert {alarm.notice for alarm in seen.alarms} <= notices
        assert all(alarm.lost or alarm.track in seen.tracks for alarm in seen.alarms)


def test_that_it_moved_on_is_told_now_and_then_and_that_it_is_graver_at_once():
    seen = eyes()
    look(seen, at(0), fly(0, 39.80))
    assert len(seen.alarms_changed()[0]) == 1
    for second in range(1, 10):
        look(seen, at(second), fly(second, 39.80 + second / 500))
        assert (seen.alarms_changed(), seen.alarms_moved(at(second))) == (([], []), [])
    look(seen, at(11), fly(11, 39.83))
    (moved,) = seen.alarms_moved(at(11))
    assert moved.reported_at == at(11)
    assert seen.alarms_moved(at(11)) == []
    look(seen, at(12), fly(12, 40.1))
    (graver,), _ = seen.alarms_changed()
    assert graver.what is What.INSIDE


def test_a_batch_is_bounded_and_the_rest_has_its_turn():
    seen = eyes()
    crowd = [flight(str(n), at=at(0)) for n in range(watching.MAX_BATCH + 1)]
    seen.take("roof", crowd, at(0))
    assert [seen.compare(at(0)), seen.compare(at(0)), seen.compare(at(0))] == [
        watching.MAX_BATCH, 1, 0,
    ]  # fmt: skip
    assert not seen.waits


@pytest.mark.parametrize("kind", list(Kind))
def test_each_kind_grows_old_and_is_gone_in_its_own_time(kind: Kind):
    seen = Eyes(5 * MINUTE_MS, "boot")
    look(seen, NOW, flight(kind=kind))
    look(seen, NOW.after(STALE_MS[kind] - 1))
    assert not seen.tracks["roof/A1"].stale
    look(seen, NOW.after(STALE_MS[kind]))
    assert seen.tracks["roof/A1"].stale
    look(seen, NOW.after(GONE_MS[kind]))
    assert seen.tracks == {}
