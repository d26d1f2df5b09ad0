"""Notices: what is kept, what is near, and when each ends."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from clearline.basis.faults import Mistake, Reason
from clearline.basis.instants import DAY_MS, HOUR_MS
from clearline.core.conflicts import look
from clearline.core.notices import (
    MAX_EARLIER,
    Disposition,
    Notice,
    Notices,
    NoticeState,
    check_data,
    check_volumes,
    lead_ms,
)
from clearline.core.terms import DEFAULT_MINIMA, WORLDWIDE
from clearline.space import parse_band
from tests.kit import LINK, START, terms, volume


def notice(number: int, *, mine: bool = True, lat: float = 35.3, **changes) -> Notice:
    fields = {
        "id": f"n{number}",
        "link": LINK,
        "mine": mine,
        "entry": f"n{number}",
        "revision": 1,
        "activity": "flight",
        "volumes": (volume(lat, 40.1),),
        "late": False,
        "declared_at": START,
        "stated_at": START,
        "index": number,
    }
    return Notice(**(fields | changes))


def test_a_notice_lapses_exactly_when_its_last_window_closes():
    notices = Notices()
    notices.put(notice(1))
    assert notices.due() == START.after(5 * HOUR_MS)
    assert notices.lapse(START.after(5 * HOUR_MS - 1)) == []
    (lapsed,) = notices.lapse(START.after(5 * HOUR_MS))
    assert lapsed.state is NoticeState.LAPSED


def test_an_ended_notice_is_kept_in_sight_for_a_day():
    notices = Notices()
    notices.put(replace(notice(1), state=NoticeState.WITHDRAWN, ended_at=START))
    notices.lapse(START.after(DAY_MS - 1))
    assert "n1" in notices.by_id
    notices.lapse(START.after(DAY_MS))
    assert notices.by_id == {}
    assert notices.due() is None


def test_only_the_last_few_revisions_are_known():
    notices, now = Notices(), notice(1)
    notices.put(now)
    for revision in range(2, 20):
        earlier = (*now.earlier, now.entry)[-MAX_EARLIER:]
        now = replace(now, entry=f"r{revision}", revision=revision, earlier=earlier)
        notices.put(now)
    known = [f"r{n}" for n in range(2, 20) if notices.by_entry(f"r{n}")]
    assert known == [f"r{n}" for n in range(11, 20)]
    assert notices.by_entry("n1") == now


@pytest.mark.parametrize(
    ("volumes", "reason"),
    [
        ((volume(),) * 9, Reason.TOO_MANY),
        ((volume(start_ms=-2 * HOUR_MS, length_ms=HOUR_MS),), Reason.STALE),
        ((volume(start_ms=32 * DAY_MS),), Reason.FUTURE),
        ((volume(length_ms=-1),), Reason.BAD_GEOMETRY),
        ((volume(length_ms=367 * DAY_MS),), Reason.BAD_GEOMETRY),
    ],
    ids=["too many", "over", "far ahead", "backwards", "too long"],
)
def test_what_is_no_notice_is_refused_with_its_reason(volumes, reason):
    assert check_volumes(volumes, terms(), START).reason is reason


def test_a_window_that_is_open_already_is_no_fault_and_has_no_lead():
    volumes = (volume(start_ms=-HOUR_MS),)
    assert check_volumes(volumes, terms(), START) is None
    assert lead_ms(volumes, START) == 0


def test_a_disposition_is_read_as_people_write_it():
    assert Disposition.parse(" Relayed to units ") is Disposition.RELAYED
    with pytest.raises(Mistake, match="received, relayed_to_units"):
        Disposition.parse("agreed")


ACTS = st.lists(
    st.tuples(st.sampled_from(["put", "withdraw", "lapse"]), st.integers(0, 5), st.integers(0, 40)),
    max_size=30,
)


@settings(deadline=None)
@given(ACTS)
def test_the_indexes_always_say_what_the_notices_say(acts):
    notices, now = Notices(), START
    for act, number, step in acts:
        known = notices.by_id.get(f"n{number}")
        live = known is not None and known.state is NoticeState.ACTIVE
        if act == "put" and (known is None or live):
            changed = volume(34.5 + step / 20, 40.1, now=now)
            notices.put(notice(number, mine=number % 2 == 0, volumes=(changed,)))
        elif act == "withdraw" and live:
            notices.put(replace(known, state=NoticeState.WITHDRAWN, ended_at=now))
        elif act == "lapse":
            now = now.after(step * HOUR_MS)
            notices.lapse(now)
    living = [each for each in notices.by_id.values() if each.state is NoticeState.ACTIVE]
    for mine in (True, False):
        assert notices.active(LINK, mine=mine) == sum(each.mine == mine for each in living)
    for each in living:
        near = {other.id for other in notices.near(each, DEFAULT_MINIMA)}
        others = [other for other in living if other.mine != each.mine]
        assert near <= {other.id for other in others}
        meets = {other.id for other in others if look(each, other, DEFAULT_MINIMA)}
        assert meets <= near
    due = notices.due()
    assert (due is None) == (notices.by_id == {})
    assert due is None or due > now


# Heights of different data


STATED = terms(minima=replace(DEFAULT_MINIMA, heights=WORLDWIDE))


def test_a_height_above_the_ellipsoid_leaves_only_if_the_terms_state_a_worst_case():
    volumes = (volume(band=parse_band("1000 m HAE-FL100")),)
    with pytest.raises(Mistake) as caught:
        check_data(volumes, terms())
    assert caught.value.code == "datum_not_agreed"
    assert check_data(volumes, STATED) is None
    assert check_volumes(volumes, terms(), START) is None, "what arrives is let in all the same"


def test_a_band_that_is_upside_down_in_any_weather_is_bad_geometry_by_the_terms_alone():
    volumes = (volume(band=parse_band("FL200-1000 ft AMSL")),)
    assert check_volumes(volumes, terms(), START) is None
    assert check_volumes(volumes, STATED, START).reason is Reason.BAD_GEOMETRY
