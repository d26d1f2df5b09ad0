"""Calendars: watches never leave a gap where the clocks change, and nothing bad is let in."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from clearline.basis.faults import Mistake
from clearline.basis.instants import DAY_MS, EPOCH, HOUR_MS, Instant
from clearline.core.watchbill import Desk, Shift, Watchbill
from clearline.gateways import ical
from clearline.node.calendars import Change, ChangeKind, Expansion, Source

START = Instant.parse("2026-11-23T00:00:00.000Z")
WEEK = START.after(7 * DAY_MS)
OFFICERS = ("ana", "ben", "carl")
BERLIN = "DTSTART;TZID=Europe/Berlin:"


def calendar(*events: str, zones: str = "") -> bytes:
    made = "".join(
        f"BEGIN:VEVENT\r\nUID:{number}\r\nDTSTAMP:20260101T000000Z\r\n{event}\r\nEND:VEVENT\r\n"
        for number, event in enumerate(events, 1)
    )
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:t\r\n{zones}{made}END:VCALENDAR\r\n".encode()


def event(officer: str, start: str, end: str, *more: str, zone: str = "") -> str:
    """Return an event; local times in a zone, or as they are written."""
    given = f";TZID={zone}" if zone else ""
    return "\r\n".join(
        (f"SUMMARY:{officer}", f"DTSTART{given}:{start}", f"DTEND{given}:{end}", *more)
    )


def expanded(
    *sources: bytes, start: Instant = START, until: Instant = WEEK, zone: str = ""
) -> Expansion:
    named = [Source(name=f"c{n}.ics", raw=raw) for n, raw in enumerate(sources, 1)]
    return ical.expand(named, OFFICERS, start, until, zone)


def shown(expansion: Expansion) -> list[tuple[str, str, str]]:
    return [(s.officer, str(s.start)[5:16], str(s.end)[5:16]) for s in expansion.shifts]


def mistake(*sources: bytes, **more: str) -> Mistake:
    with pytest.raises(Mistake) as caught:
        expanded(*sources, **more)
    return caught.value


def test_one_event_is_one_watch_of_the_officer_in_its_summary():
    raw = calendar(event("ana", "20261124T080000", "20261124T200000", zone="Europe/Berlin"))
    assert shown(expanded(raw)) == [("ana", "11-24T07:00", "11-24T19:00")]


def test_recurrence_exceptions_additions_and_moved_occurrences_are_expanded():
    zone = "Europe/Berlin"
    master = event(
        "ana", "20261123T080000", "20261123T200000",
        "RRULE:FREQ=DAILY;UNTIL=20261127T230000Z",
        f"EXDATE;TZID={zone}:20261124T080000", f"RDATE;TZID={zone}:20261128T080000", zone=zone,
    )  # fmt: skip
    moved = event(
        "ben", "20261125T100000", "20261125T200000",
        f"RECURRENCE-ID;TZID={zone}:20261125T080000", zone=zone,
    )  # fmt: skip
    raw = calendar(master, moved).replace(b"UID:2", b"UID:1")
    assert shown(expanded(raw)) == [
        ("ana", "11-23T07:00", "11-23T19:00"),
        ("ben", "11-25T09:00", "11-25T19:00"),
        ("ana", "11-26T07:00", "11-26T19:00"),
        ("ana", "11-27T07:00", "11-27T19:00"),
        ("ana", "11-28T07:00", "11-28T19:00"),
    ]


def test_what_is_cancelled_is_no_watch():
    raw = calendar(event("ana", "20261124T080000Z", "20261124T200000Z", "STATUS:CANCELLED"))
    assert expanded(raw).shifts == ()


def test_a_whole_day_is_a_day_of_the_nodes_own_zone():
    raw = calendar("SUMMARY:ana\r\nDTSTART;VALUE=DATE:20261124\r\nDTEND;VALUE=DATE:20261125")
    found = shown(expanded(raw, zone="Asia/Tokyo"))
    assert found == [("ana", "11-23T15:00", "11-24T15:00")]
    assert mistake(raw).code == "no_zone"


def test_a_zone_of_the_calendars_own_is_read_and_stays_its_own():
    rule = "RRULE:FREQ=YEARLY;BYMONTH={};BYDAY=-1SU\r\n"
    zones = (
        "BEGIN:VTIMEZONE\r\nTZID:Ours\r\n"
        "BEGIN:STANDARD\r\nDTSTART:19701025T030000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:{}\r\n"
        + rule.format(10)
        + "END:STANDARD\r\nBEGIN:DAYLIGHT\r\nDTSTART:19700329T020000\r\nTZOFFSETFROM:+0100\r\n"
        "TZOFFSETTO:+0200\r\n" + rule.format(3) + "END:DAYLIGHT\r\nEND:VTIMEZONE\r\n"
    )
    one = event("ana", "20261124T080000", "20261124T200000", zone="Ours")
    found = shown(expanded(calendar(one, zones=zones.format("+0100"))))
    assert found == [("ana", "11-24T07:00", "11-24T19:00")]
    assert mistake(calendar(one)).code == "unknown_zone"
    found = shown(expanded(calendar(one, zones=zones.format("+0000"))))
    assert found == [("ana", "11-24T08:00", "11-24T20:00")]


def test_a_duration_ends_at_the_later_of_what_the_wall_and_a_stop_watch_say():
    fall = calendar(f"SUMMARY:ana\r\n{BERLIN}20261024T200000\r\nDURATION:PT12H")
    spring = calendar(f"SUMMARY:ana\r\n{BERLIN}20260328T200000\r\nDURATION:PT12H")
    year = {"start": Instant.parse("2026-01-01T00:00:00.000Z"), "until": WEEK}
    assert shown(expanded(fall, **year)) == [("ana", "10-24T18:00", "10-25T07:00")]
    assert shown(expanded(spring, **year)) == [("ana", "03-28T19:00", "03-29T07:00")]


def test_an_ambiguous_start_takes_the_first_and_an_ambiguous_end_the_last():
    night = event("ana", "20261025T020000", "20261025T023000", zone="Europe/Berlin")
    (found,) = expanded(calendar(night), start=Instant(1), until=WEEK).shifts
    assert str(found.start) == "2026-10-25T00:00:00.000Z"
    assert str(found.end) == "2026-10-25T01:30:00.000Z"


def test_a_time_that_does_not_exist_is_the_earliest_for_a_start_and_the_latest_for_an_end():
    until = event("ana", "20260328T200000", "20260329T023000", zone="Europe/Berlin")
    since = event("ben", "20260329T023000", "20260329T080000", zone="Europe/Berlin")
    found = expanded(calendar(until, since), start=Instant(1), until=WEEK).shifts
    assert [str(each.start)[11:16] for each in found] == ["19:00", "00:30"]
    assert [str(each.end)[11:16] for each in found] == ["01:30", "06:00"]


def changes_of_clocks() -> list[tuple[str, datetime]]:
    """Return zones of every sort with a moment of each at which their clocks changed."""
    found: list[tuple[str, datetime]] = []
    for name in (
        "Europe/Berlin", "Europe/London", "America/New_York", "America/St_Johns", "Asia/Beirut",
        "Asia/Gaza", "Australia/Lord_Howe", "Pacific/Chatham", "America/Santiago", "Africa/Cairo",
        "Asia/Tehran", "Africa/Casablanca", "America/Havana", "Antarctica/Troll", "Asia/Damascus",
        "Pacific/Apia", "Europe/Lisbon", "America/Sao_Paulo",
    ):  # fmt: skip
        zone, at = ZoneInfo(name), datetime(2008, 1, 1, tzinfo=UTC)
        while at < datetime(2027, 1, 1, tzinfo=UTC):
            after = at + timedelta(hours=1)
            if at.astimezone(zone).utcoffset() != after.astimezone(zone).utcoffset():
                found.append((name, after))
            at = after + timedelta(hours=11) if found and found[-1][1] != after else after
    return found


CLOCKS = changes_of_clocks()


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(CLOCKS), st.integers(-300, 300), st.integers(60, 1_380))
@example(("Europe/Berlin", datetime(2026, 10, 25, 1, tzinfo=UTC)), 30, 720)
def test_two_watches_that_meet_by_the_wall_clock_never_leave_a_gap(
    changed: tuple[str, datetime], meets_min: int, first_min: int
):
    """Two officers by turns, every day, and the clocks change at some time in the week."""
    zone, moment = changed
    turn = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) + timedelta(minutes=meets_min)
    begun = turn - timedelta(days=3)
    spans = (
        ("ana", begun, begun + timedelta(minutes=first_min)),
        ("ben", begun + timedelta(minutes=first_min), begun + timedelta(days=1)),
    )
    raw = calendar(
        *(event(who, f"{a:%Y%m%dT%H%M%S}", f"{b:%Y%m%dT%H%M%S}", "RRULE:FREQ=DAILY", zone=zone)
          for who, a, b in spans)
    )  # fmt: skip
    middle = Instant(int((moment - EPOCH).total_seconds()) * 1_000)
    span = (middle.after(-2 * DAY_MS), middle.after(2 * DAY_MS))
    shifts = expanded(raw, start=span[0], until=span[1]).shifts
    bill = Watchbill(desks=(Desk(echelon="duty-desk", shifts=shifts),))
    assert bill.gaps("duty-desk", *span) == ()


# Changes.


DAYS = calendar(
    event("ana", "20261123T080000Z", "20261123T200000Z", "RRULE:FREQ=DAILY"),
    event("ben", "20261123T200000Z", "20261124T080000Z", "RRULE:FREQ=DAILY"),
)
TUESDAY = START.after(DAY_MS)
DAY = ("20261124T080000Z", "20261124T200000Z")


def change(officer: str, start: str, end: str, kind: str) -> str:
    return event(officer, start, end, f"CATEGORIES:{kind}")


def test_an_override_gives_the_officer_the_watch_instead_of_whoever_has_it():
    over = calendar(change("carl", "20261124T180000Z", "20261125T020000Z", "OVERRIDE"))
    found = expanded(DAYS, over, start=TUESDAY.after(HOUR_MS * 9), until=TUESDAY.after(2 * DAY_MS))
    assert shown(found)[:3] == [
        ("ana", "11-24T08:00", "11-24T18:00"),
        ("carl", "11-24T18:00", "11-25T02:00"),
        ("ben", "11-25T02:00", "11-25T08:00"),
    ]
    assert [(each.officer, each.kind) for each in found.changes] == [("carl", ChangeKind.OVERRIDE)]


def test_an_absence_takes_the_officers_own_watches_out_and_no_others():
    away = calendar(change("ana", "20261124T100000Z", "20261126T100000Z", "ABSENCE"))
    found = shown(expanded(DAYS, away, start=TUESDAY.after(9 * HOUR_MS)))
    assert found[:3] == [
        ("ana", "11-24T08:00", "11-24T10:00"),
        ("ben", "11-24T20:00", "11-25T08:00"),
        ("ben", "11-25T20:00", "11-26T08:00"),
    ]
    assert ("ana", "11-26T10:00", "11-26T20:00") in found


def test_an_override_holds_over_an_absence_of_the_same_officer():
    both = calendar(
        change("ana", "20261124T000000Z", "20261125T000000Z", "ABSENCE"),
        change("ana", "20261124T120000Z", "20261124T130000Z", "OVERRIDE"),
    )
    assert ("ana", "11-24T12:00", "11-24T13:00") in shown(expanded(DAYS, both))


def test_a_watch_and_a_change_at_the_very_same_time_are_told_apart():
    raw = calendar(
        change("ana", *DAY, "ABSENCE"), event("ana", *DAY), change("ana", *DAY, "OVERRIDE")
    )
    assert shown(expanded(raw)) == [("ana", "11-24T08:00", "11-24T20:00")]


def test_two_overrides_at_one_time_are_refused_with_both_named():
    one = calendar(change("carl", "20261124T080000Z", "20261124T120000Z", "OVERRIDE"))
    two = calendar(change("ben", "20261124T110000Z", "20261124T130000Z", "OVERRIDE"))
    found = mistake(DAYS, one, two)
    assert found.code == "overrides_overlap"
    for said in ("carl 2026-11-24T08:00", "ben 2026-11-24T11:00", "c2.ics", "c3.ics"):
        assert said in found.phrase


spans = st.tuples(st.integers(0, 160), st.integers(1, 40)).map(lambda each: (each[0], sum(each)))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(OFFICERS), spans), max_size=8))
def test_a_plan_is_the_same_once_it_has_been_exported_and_imported(
    watches: list[tuple[str, tuple[int, int]]],
):
    made = {(START.after(a * HOUR_MS), START.after(b * HOUR_MS), who) for who, (a, b) in watches}
    shifts = tuple(sorted(Shift(start=a, end=b, officer=who) for a, b, who in made))
    raw = ical.export("duty-desk", shifts, START)
    assert expanded(raw, until=START.after(30 * DAY_MS)).shifts == shifts


def test_changes_are_the_same_once_written_and_read():
    made = (
        Change(start=TUESDAY, end=TUESDAY.after(HOUR_MS), officer="ana", kind=ChangeKind.OVERRIDE),
        Change(start=TUESDAY, end=TUESDAY.after(HOUR_MS), officer="ben", kind=ChangeKind.ABSENCE),
    )
    raw = ical.write("duty-desk", made, START)
    found = expanded(raw).changes
    assert {(c.officer, c.kind) for c in found} == {(c.officer, c.kind) for c in made}
    assert ical.write("duty-desk", found, START) == raw


# What bad input gets.


def rule(text: str) -> bytes:
    return calendar(event("ana", "20261124T080000Z", "20261124T090000Z", f"RRULE:{text}"))


@pytest.mark.parametrize(
    "text",
    [
        "FREQ=SECONDLY",
        "FREQ=MINUTELY;INTERVAL=5",
        "FREQ=HOURLY",
        "FREQ=DAILY;BYSECOND=1,2,3",
        "FREQ=DAILY;BYHOUR=1",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;INTERVAL=7;BYDAY=MO",
        "FREQ=MONTHLY;BYSETPOS=4",
        "FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=31",
        "FREQ=YEARLY;BYDAY=53MO",
        "FREQ=WEEKLY;BYDAY=1MO",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;COUNT=99999999999",
        "FREQ=DAILY;FREQ=DAILY",
        "FREQ=SOMETIMES",
        "RUBBISH",
        "",
    ],
)
def test_a_rule_that_may_never_come_or_comes_too_often_is_refused_with_its_line(text: str):
    found = mistake(rule(text))
    assert found.code == "bad_recurrence"
    assert "line 10:" in found.phrase


def test_rules_that_are_too_much_work_together_are_refused_at_once():
    old = event("ana", "19700101T080000Z", "19700101T090000Z", "RRULE:FREQ=DAILY")
    began = time.monotonic()
    assert mistake(calendar(*[old] * 100)).code == "bad_recurrence"
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    ("raw", "code", "said"),
    [
        (b"hello", "bad_calendar", "c1.ics"),
        (b"\xff\xfe", "bad_calendar", "UTF-8"),
        (b"", "bad_calendar", "c1.ics"),
        ("X:a\u2028RRULE:FREQ=SECONDLY".encode(), "bad_calendar", "2028"),
        (calendar(event("ana", *DAY))[:-40], "bad_calendar", "c1.ics"),
        (b" " * (ical.MAX_FILE_BYTES + 1), "file_too_large", "1,048,576"),
        (b"\n" * 200_000, "file_too_large", "lines"),
        (calendar(event("anna", *DAY)), "unknown_officer", "is it 'ana'?"),
        (calendar(event("", *DAY)), "unknown_officer", "UID 1"),
        (calendar(event("ana", *DAY, zone="Nowhere/Land")), "unknown_zone", "line 8"),
        (calendar(event("ana", "20261124T080000", "20261124T200000")), "no_zone", "[roster]"),
        (calendar("SUMMARY:ana\r\nDTSTART:20261124T080000Z"), "no_end", "DTEND"),
        (calendar("SUMMARY:ana\r\nDTEND:20261124T080000Z"), "no_start", "line 5, UID 1"),
        (calendar(event("ana", DAY[1], DAY[0])), "bad_shift", "UID 1"),
        (calendar(event("ana", DAY[0], "20261224T080000Z")), "bad_shift", "7 days"),
        (calendar(event("ana", "2026112xT080000Z", DAY[1])), "bad_event", "DTSTART"),
        (
            calendar(f"SUMMARY:ana\r\n{BERLIN}20261124T080000\r\nDTEND:20261124T200000Z"),
            "two_zones",
            "UID 1",
        ),
        (calendar(event("ana", *DAY)).replace(b"UID:1\r\n", b""), "no_uid", "event 1"),
        (calendar(*[event("ana", *DAY)] * 5_001), "too_many_events", "5,000"),
    ],
)
def test_a_bad_calendar_is_a_mistake_that_says_what_and_where(raw: bytes, code: str, said: str):
    found = mistake(raw)
    assert found.code == code
    assert said in found.phrase


def test_more_watches_than_a_desk_may_have_are_refused():
    one = event("ana", "20261101T080000Z", "20261101T090000Z", "RRULE:FREQ=DAILY")
    with pytest.raises(Mistake, match="20,000"):
        expanded(calendar(*[one] * 60), start=START, until=START.after(400 * DAY_MS))


def test_an_unknown_zone_of_the_nodes_own_is_a_mistake():
    assert mistake(DAYS, zone="Middle/Earth").code == "unknown_zone"
