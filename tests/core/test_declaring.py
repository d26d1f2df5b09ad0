"""Declaring: what is admitted of a notice, what it meets, and what ends with it."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clearline.basis.faults import Mistake
from clearline.basis.instants import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from clearline.core.conflicts import MAX_PER_NOTICE
from clearline.core.effects import Tell
from clearline.core.events import Note, Place, Revise, Withdraw
from clearline.core.notices import NoticeState
from clearline.core.terms import Limits
from clearline.space import Reference
from tests.core.counterpart import Counterpart, notice_body, volume_body
from tests.kit import LINK, START, Pair, declare, degrees, volume


def revised(line: Counterpart, revision: int, **place: float):
    body = notice_body(line.now, **place) | {"revision": revision}
    del body["activity"]
    return body


def meeting() -> tuple[Counterpart, str, str]:
    """Return a line on which one notice of ours meets one of theirs."""
    line = Counterpart()
    ours = line.node.do(declare(volume(35.3, 40.1, start_ms=HOUR_MS)), line.now)
    line.says("notice.declared", notice_body(line.now))
    return line, ours, line.said[-1]


def claims(line: Counterpart) -> list[str]:
    return [kind for kind, _, _ in line.answers() if kind.startswith("conflict.")]


def found(line: Counterpart) -> dict:
    """Return a claim as the counterpart would write it."""
    return next(body for kind, body, _ in line.answers() if kind == "conflict.found")


def test_a_late_notice_is_marked_and_delivered_all_the_same():
    pair = Pair()
    notice = pair.north.do(declare(volume(start_ms=10 * MINUTE_MS)), pair.now)
    pair.settle()
    assert pair.south.runtime.state.notices.by_id[notice].late
    assert "notice_late" in pair.south.codes()


def test_why_a_notice_left_unchecked_is_told_to_our_desks_alone():
    pair = Pair()
    notice = pair.north.do(declare(volume(), reason=" told by lamp "), pair.now)
    again = (volume(35.31, 40.1),)
    pair.north.do(Revise(by="o", notice=notice, volumes=again, reason="still down"), pair.now)
    pair.north.do(declare(volume(36, 41), reason="  "), pair.now)  # Nothing was said.
    pair.settle()
    lines = [each for each in pair.north.told(Tell) if isinstance(each, Tell)]
    told = [each.args for each in lines if each.code == "sent_unchecked"]
    assert told == [
        {"by": "planner", "reason": "told by lamp"},
        {"by": "o", "reason": "still down"},
    ]
    rows = pair.south.journal.rows(LINK, "north", 0, 99)
    assert not any(b"lamp" in row.raw for row in rows)


def test_a_swapped_anchor_is_caught_before_anything_leaves():
    pair = Pair()
    stated = Reference(anchor="Deir ez-Zor airfield", range_cm=900_000, bearing_mdeg=180_000)
    swapped = Place(at=degrees(35.2522, 40.15), stated=stated)
    with pytest.raises(Mistake, match="Deir ez-Zor city"):
        pair.north.do(declare(place=swapped), pair.now)


def test_a_place_that_passes_here_passes_there_once_rounded():
    pair = Pair()
    stated = Reference(anchor="Deir ez-Zor city", range_cm=900_000, bearing_mdeg=180_000)
    notice = pair.north.do(
        declare(place=Place(at=degrees(35.2522, 40.15), stated=stated)), pair.now
    )
    pair.settle()
    assert notice in pair.south.runtime.state.notices.by_id


def test_every_notice_of_the_longest_window_that_leaves_is_admitted():
    pair = Pair()
    longest = volume(start_ms=HOUR_MS + 1, length_ms=366 * DAY_MS)
    (outcome,) = pair.north.runtime.submit([declare(longest)], pair.now)
    pair.settle()
    assert "entry_refused" not in pair.north.codes()
    assert (outcome.mistake is None) == bool(pair.south.runtime.state.notices.by_id)


def test_only_the_next_revision_of_a_live_notice_of_their_own_is_taken():
    line, ours, theirs = meeting()
    line.says("notice.revised", revised(line, 3), theirs)
    line.says("notice.revised", revised(line, 2), ours)
    line.says("notice.revised", revised(line, 2), line.next_id())
    line.says("notice.revised", revised(line, 2), theirs)
    line.says("notice.revised", revised(line, 2), theirs)
    reasons = ["out_of_order", "not_yours", "unknown_reference", "out_of_order"]
    assert line.refusals() == reasons
    assert line.state.notices.by_id[theirs].revision == 2


def test_a_withdrawn_notice_is_neither_revised_nor_withdrawn_again():
    line, ours, theirs = meeting()
    line.says("notice.withdrawn", {}, theirs)
    line.says("notice.withdrawn", {}, theirs)
    line.says("notice.revised", revised(line, 2), theirs)
    assert line.refusals() == ["stale", "stale"]
    line.node.do(Withdraw(by="o", notice=ours), line.now)
    for ask in (Withdraw(by="o", notice=ours), Revise(by="o", notice=ours, volumes=(volume(),))):
        with pytest.raises(Mistake, match="withdrawn"):
            line.node.do(ask, line.now)


def test_a_lapsed_notice_is_not_revised():
    line, _, theirs = meeting()
    line.now = line.now.after(12 * HOUR_MS)
    line.node.runtime.tick(line.now)
    line.says("notice.revised", revised(line, 2), theirs)
    assert line.refusals() == ["stale"]
    assert line.state.notices.by_id[theirs].state is NoticeState.LAPSED


def test_the_hourly_rate_counts_revisions_and_begins_again_with_the_hour():
    line = Counterpart(limits=Limits(notices_per_hour=2))
    line.says("notice.declared", notice_body(line.now))
    line.says("notice.revised", revised(line, 2), line.said[-1])
    line.says("notice.declared", notice_body(line.now))
    assert line.refusals() == ["rate"]
    line.now = line.now.after(HOUR_MS)
    line.says("notice.declared", notice_body(line.now))
    assert line.refusals() == ["rate"]


def test_a_revision_does_not_count_against_the_active_notices():
    line = Counterpart(limits=Limits(active_notices=1))
    line.says("notice.declared", notice_body(line.now))
    line.says("notice.revised", revised(line, 2), line.said[-1])
    line.says("notice.declared", notice_body(line.now))
    assert line.refusals() == ["too_many"]


def test_a_note_may_name_any_revision_but_never_ones_own_notice():
    line, ours, theirs = meeting()
    old = line.state.notices.by_id[ours].entry
    line.node.do(Revise(by="o", notice=ours, volumes=(volume(start_ms=HOUR_MS),)), line.now)
    new = line.state.notices.by_id[ours].entry
    for entry in (ours, old, new):
        line.says("notice.noted", {"disposition": "received"}, entry)
    line.says("notice.noted", {"disposition": "received"}, theirs)
    assert line.refusals() == ["not_yours"]
    assert len(line.state.notices.by_id[ours].noted) == 3
    with pytest.raises(Mistake, match="ours"):
        line.node.do(Note(by="o", notice=ours, disposition="received"), line.now)


def test_a_conflict_stands_until_both_have_taken_their_claims_back():
    line, ours, theirs = meeting()
    line.says("conflict.found", found(line), theirs, ours)
    claim = line.said[-1]
    away = volume(36.5, 38.5, start_ms=HOUR_MS)
    line.node.do(Revise(by="o", notice=ours, volumes=(away,)), line.now)
    (held,) = line.state.conflicts.by_key.values()
    assert (held.claimed_by_us, held.claimed_by_them.entry) == (None, claim)
    line.says("conflict.cleared", {"why": "revised"}, claim)
    assert line.state.conflicts.by_key == {}


def test_a_claim_that_crossed_a_revision_is_taken_in():
    line, ours, theirs = meeting()
    line.node.do(Revise(by="o", notice=ours, volumes=(volume(36.5, 38.5),)), line.now)
    line.says("conflict.found", found(line), theirs, ours)
    assert line.refusals() == []
    (held,) = line.state.conflicts.by_key.values()
    assert held.claimed_by_them is not None


def test_a_claim_may_name_the_last_eight_revisions_and_not_a_ninth():
    line, ours, theirs = meeting()
    entries = [ours]
    for n in range(10):
        line.now = line.now.after(SECOND_MS)
        moved = volume(36 + n / 100, 38.5, start_ms=HOUR_MS)
        line.node.do(Revise(by="o", notice=ours, volumes=(moved,)), line.now)
        entries.append(line.state.notices.by_id[ours].entry)
    for entry in entries:
        line.says("conflict.found", found(line), theirs, entry)
    assert line.refusals() == ["unknown_reference"]  # the first revision; the declaration stays


def test_a_claim_of_two_notices_of_one_side_is_refused():
    line, ours, theirs = meeting()
    for re in ((ours, theirs), (theirs, theirs), (ours, ours), (theirs,), ()):
        line.says("conflict.found", found(line), *re)
    assert line.refusals() == ["unknown_reference"] * 5


def test_clearing_a_claim_that_nobody_has_is_never_refused():
    line, *_ = meeting()
    line.says("conflict.cleared", {"why": "lapsed"}, line.next_id())
    line.says("conflict.cleared", {"why": "lapsed"})
    assert line.refusals() == []


@pytest.mark.parametrize("end", ["withdrawn by us", "withdrawn by them", "lapsed"])
def test_a_conflict_ends_with_either_notice_whoever_claimed_it(end):
    line, ours, theirs = meeting()
    line.says("conflict.found", found(line), theirs, ours)
    match end:
        case "withdrawn by us":
            line.node.do(Withdraw(by="o", notice=ours), line.now)
        case "withdrawn by them":
            line.says("notice.withdrawn", {}, theirs)
        case _:
            line.now = line.now.after(6 * HOUR_MS)
            line.node.runtime.tick(line.now)
    assert line.state.conflicts.by_key == {}
    assert claims(line) == ["conflict.found", "conflict.cleared"]


def test_a_notice_that_ends_is_forgotten_after_a_day_with_all_that_named_it():
    line, ours, theirs = meeting()
    line.node.do(Revise(by="o", notice=ours, volumes=(volume(start_ms=HOUR_MS),)), line.now)
    entry = line.state.notices.by_id[ours].entry
    for hours in (6, 40):
        line.node.runtime.tick(START.after(hours * HOUR_MS))
    assert line.state.notices.by_id == {}
    assert line.state.notices.by_entry(entry) is None
    assert theirs not in line.state.notices.by_id


def crowd(line: Counterpart, count: int) -> list[str]:
    for n in range(count):
        line.says("notice.declared", notice_body(line.now, lat=35.3 + n / 10_000))
    return line.said[-count:]


def test_the_closest_conflicts_are_claimed_and_the_desk_is_told_of_the_rest():
    line = Counterpart()
    crowd(line, MAX_PER_NOTICE + 5)
    line.node.do(declare(volume(35.3, 40.1, start_ms=HOUR_MS)), line.now)
    assert claims(line) == ["conflict.found"] * MAX_PER_NOTICE
    (more,) = [each for each in line.node.effects if getattr(each, "code", "") == "more_conflicts"]
    assert more.args["more"] == 5


def test_a_claim_that_still_holds_is_not_taken_back_for_want_of_room():
    line = Counterpart()
    ours = line.node.do(declare(volume(35.3, 40.1, start_ms=HOUR_MS)), line.now)
    crowd(line, MAX_PER_NOTICE + 5)
    line.node.do(
        Revise(by="o", notice=ours, volumes=(volume(35.31, 40.1, start_ms=HOUR_MS),)), line.now
    )
    assert "conflict.cleared" not in claims(line)
    assert len(line.state.conflicts.by_key) == MAX_PER_NOTICE + 5


def test_a_notice_over_the_limit_of_volumes_is_refused():
    line = Counterpart()
    body = notice_body(line.now) | {"volumes": [volume_body(line.now)] * 9}
    line.says("notice.declared", body)
    assert line.refusals() == ["too_many"]


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["north", "south"]),
            st.sampled_from(["declare", "revise", "withdraw", "wait"]),
            st.integers(0, 30),
            st.integers(0, 20),
        ),
        max_size=14,
    )
)
def test_both_sides_end_with_the_same_notices_and_conflicts(acts):
    pair = Pair()
    mine: dict[str, list[str]] = {"north": [], "south": []}
    for who, act, step, pick in acts:
        node = {"north": pair.north, "south": pair.south}[who]
        at = volume(35.2 + step / 100, 40.1, now=pair.now)
        live = [
            each
            for each in mine[who]
            if node.runtime.state.notices.by_id[each].state is NoticeState.ACTIVE
        ]
        if act == "declare":
            mine[who].append(node.do(declare(at), pair.now))
        elif act == "wait":
            pair.now = pair.now.after(step * 12 * MINUTE_MS)
            for each in (pair.north, pair.south):
                each.runtime.tick(pair.now)
        elif live:
            notice = live[pick % len(live)]
            ask = Revise(by="o", notice=notice, volumes=(at,))
            node.do(ask if act == "revise" else Withdraw(by="o", notice=notice), pair.now)
        pair.settle()
    one, other = pair.north.runtime.state, pair.south.runtime.state
    assert {(n.id, n.state, n.revision, n.volumes) for n in one.notices.by_id.values()} == {
        (n.id, n.state, n.revision, n.volumes) for n in other.notices.by_id.values()
    }
    assert {(c.ours, c.theirs) for c in one.conflicts.by_key.values()} == {
        (c.theirs, c.ours) for c in other.conflicts.by_key.values()
    }
    for conflict in one.conflicts.by_key.values():
        assert conflict.claimed_by_us is not None
        assert conflict.claimed_by_them is not None
    assert "entry_refused" not in pair.north.codes() + pair.south.codes()


def test_the_label_stays_at_home():
    pair = Pair()
    notice = pair.north.do(declare(label="ANVIL"), pair.now)
    pair.settle()
    assert pair.north.runtime.state.notices.by_id[notice].label == "ANVIL"
    assert pair.south.runtime.state.notices.by_id[notice].label == ""
    assert all(b"ANVIL" not in row.raw for row in pair.south.journal.rows(LINK, "north", 0, 99))
