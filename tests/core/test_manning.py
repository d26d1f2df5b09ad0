"""Manning: a watch is given away by its holder alone, and taken by who has read what is open."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clearline.basis.faults import Mistake
from clearline.basis.instants import HOUR_MS, MINUTE_MS, dec_hook
from clearline.core import manning
from clearline.core.effects import Alert, Effect, Tell
from clearline.core.events import (
    AcceptWatch,
    Acknowledge,
    Close,
    Command,
    Dispose,
    Event,
    HandOver,
    HandOverByAnyone,
    LeaveWatch,
    OfferWatch,
    RecallWatch,
    RelieveWatch,
    TakeWatch,
)
from clearline.core.manning import OFFER_PATIENCE_MS, open_items
from clearline.core.state import State
from clearline.core.step import Core
from tests.core.counterpart import FLASH, Counterpart, notice_body
from tests.kit import declare

DESK = "duty-desk"


def offer(line: Counterpart, to: str = "Boris", by: str = "officer") -> None:
    line.node.do(OfferWatch(by=by, echelon=DESK, to=to), line.now)


def accept(line: Counterpart, *read: str, by: str = "Boris", **more: object) -> None:
    line.node.do(AcceptWatch(by=by, echelon=DESK, read=read, **more), line.now)  # type: ignore[arg-type]


def holder(line: Counterpart) -> str:
    return line.state.roster.desks[DESK].officer


def statuses(line: Counterpart) -> list[dict[str, object]]:
    return [body for kind, body, _ in line.answers() if kind == "watch.status"]


def refused(line: Counterpart, event: Event) -> str:
    """Return the code of the mistake that an act is, with nothing changed by it."""
    before = line.state.pack()
    with pytest.raises(Mistake) as caught:
        line.node.do(event, line.now)
    assert line.state.pack() == before
    return caught.value.code


def wait(line: Counterpart, span_ms: int) -> None:
    """Let time pass, with every deadline of the core kept."""
    end = line.now.after(span_ms)
    while (due := line.node.runtime.core.due()) is not None and due <= end:
        line.now = max(line.now, due)
        line.node.runtime.tick(line.now)
    line.now = end


def alarms(line: Counterpart) -> list[Effect]:
    return [each for each in line.node.told(Alert) if each.code == "handover_not_accepted"]  # type: ignore[attr-defined]


def test_the_old_watch_stands_until_the_one_who_comes_has_accepted():
    line = Counterpart()
    said = len(statuses(line))
    offer(line)
    assert holder(line) == "officer"
    assert len(statuses(line)) == said
    accept(line, languages=("ru",))
    assert holder(line) == "Boris"
    assert statuses(line)[-1]["languages"] == ["ru"]
    assert line.state.roster.desks[DESK].offer is None


def test_whoever_takes_over_speaks_what_was_spoken_if_nothing_else_is_said():
    line = Counterpart()
    offer(line)
    accept(line)
    assert line.state.roster.desks[DESK].languages == ("en",)


def test_an_offer_to_nobody_in_particular_is_accepted_by_anybody():
    line = Counterpart()
    offer(line, to="")
    accept(line, by="whoever")
    assert holder(line) == "whoever"


def test_an_offer_is_accepted_by_the_one_whom_it_was_made_to_alone():
    line = Counterpart()
    offer(line)
    event = AcceptWatch(by="Carla", echelon=DESK, read=())
    assert refused(line, event) == "offered_to_another"
    offer(line, to="Carla")
    line.node.do(event, line.now)
    assert holder(line) == "Carla"


def test_what_was_not_offered_cannot_be_accepted():
    line = Counterpart()
    assert refused(line, AcceptWatch(by="Boris", echelon=DESK, read=())) == "not_offered"
    assert refused(line, AcceptWatch(by="Boris", echelon="deputy", read=())) == "watch_not_held"
    offer(line)
    assert refused(line, AcceptWatch(by="officer", echelon=DESK, read=())) == "own_watch"
    line.node.do(RecallWatch(by="officer", echelon=DESK), line.now)
    assert refused(line, AcceptWatch(by="Boris", echelon=DESK, read=())) == "not_offered"


def test_only_the_holder_offers_recalls_and_hands_over():
    line = Counterpart()
    more = {"to": "Boris", "languages": ("en",)}
    assert refused(line, OfferWatch(by="Boris", echelon=DESK)) == "not_your_watch"
    assert refused(line, RecallWatch(by="Boris", echelon=DESK)) == "not_your_watch"
    assert refused(line, HandOver(by="Boris", echelon=DESK, **more)) == "not_your_watch"
    assert refused(line, OfferWatch(by="officer", echelon="deputy")) == "watch_not_held"
    assert refused(line, RecallWatch(by="officer", echelon=DESK)) == "not_offered"
    assert refused(line, OfferWatch(by="officer", echelon=DESK, to="officer")) == "own_watch"
    line.node.do(HandOver(by="officer", echelon=DESK, **more), line.now)
    assert holder(line) == "Boris"


def with_open_items() -> tuple[Counterpart, str, str]:
    """Return a node with one call of theirs that rings, and one conflict."""
    line = Counterpart()
    line.node.do(declare(), line.now)
    line.says("notice.declared", notice_body(line.now, lat=35.3, lon=40.1))
    line.says("call.opened", FLASH)
    (conflict,) = line.state.conflicts.by_key
    return line, line.said[-1], conflict


def test_a_watch_is_taken_over_only_by_who_has_read_every_open_call_and_conflict():
    line, call, conflict = with_open_items()
    assert open_items(line.state) == (call, conflict)
    offer(line)
    for read in ((), (call,), (conflict,), ("nonsense",)):
        assert refused(line, AcceptWatch(by="Boris", echelon=DESK, read=read)) == "not_read"
    accept(line, conflict, call, "and something that has ended meanwhile")
    assert holder(line) == "Boris"


def test_the_mistake_names_what_is_missing_by_the_names_that_people_use():
    line, call, conflict = with_open_items()
    offer(line)
    with pytest.raises(Mistake) as caught:
        accept(line)
    ours, theirs = conflict.split("+")
    assert f"call {call[-6:]}, conflict {ours[-6:]} x {theirs[-6:]}" in caught.value.phrase


def test_a_call_that_comes_between_reading_and_accepting_has_to_be_read_too():
    line = Counterpart()
    offer(line)
    line.says("call.opened", FLASH)
    assert refused(line, AcceptWatch(by="Boris", echelon=DESK, read=())) == "not_read"
    call = line.said[-1]
    line.node.do(Acknowledge(by="officer", call=call, echelon=DESK), line.now)
    line.node.do(Dispose(by="officer", call=call, disposition="received"), line.now)
    line.node.do(Close(by="officer", call=call), line.now)
    assert refused(line, AcceptWatch(by="Boris", echelon=DESK, read=())) == "not_read"
    line.says("call.closed", {}, call)
    accept(line)
    assert holder(line) == "Boris"


def test_nobody_has_to_read_without_end(monkeypatch):
    monkeypatch.setattr(manning, "MAX_OPEN_ITEMS", 3)
    monkeypatch.setattr(manning, "MAX_NAMED", 2)
    line = Counterpart()
    offer(line)
    for _ in range(5):
        line.says("call.opened", FLASH)
    with pytest.raises(Mistake, match="and 1 more"):
        accept(line)
    accept(line, *line.said[-5:-2])
    assert holder(line) == "Boris"


def test_an_offer_that_nobody_accepts_alarms_every_five_minutes_until_it_is_recalled():
    line = Counterpart()
    offer(line)
    wait(line, OFFER_PATIENCE_MS - 1)
    assert alarms(line) == []
    wait(line, 1)
    (alarm,) = alarms(line)
    assert (alarm.args["by"], alarm.args["to"]) == ("officer", "Boris")  # type: ignore[attr-defined]
    wait(line, 10 * MINUTE_MS)
    assert len(alarms(line)) == 3
    line.node.do(RecallWatch(by="officer", echelon=DESK), line.now)
    wait(line, 30 * MINUTE_MS)
    assert len(alarms(line)) == 3


def test_a_node_that_slept_through_many_alarms_gives_one_and_keeps_its_beat():
    line = Counterpart()
    offer(line)
    made = line.now
    line.now = line.now.after(HOUR_MS + 1)
    line.node.restart(line.now)
    assert len(alarms(line)) == 1
    at = line.state.roster.desks[DESK].offer
    assert at is not None
    assert at.alarm_at == made.after(HOUR_MS + OFFER_PATIENCE_MS)


def test_a_second_offer_takes_the_place_of_the_first():
    line = Counterpart()
    offer(line)
    line.now = line.now.after(MINUTE_MS)
    offer(line, to="Carla")
    assert refused(line, AcceptWatch(by="Boris", echelon=DESK, read=())) == "offered_to_another"
    made = line.state.roster.desks[DESK].offer
    assert made is not None
    assert made.alarm_at == line.now.after(OFFER_PATIENCE_MS)


@pytest.mark.parametrize(
    "ends",
    [
        HandOver(by="officer", echelon=DESK, to="Carla", languages=("en",)),
        RelieveWatch(by="Carla", echelon=DESK, languages=("en",)),
        LeaveWatch(by="officer", echelon=DESK),
    ],
    ids=lambda event: type(event).__name__,
)
def test_an_offer_ends_with_the_watch_that_it_was_of(ends):
    line = Counterpart()
    offer(line)
    line.node.do(ends, line.now)
    code = refused(line, AcceptWatch(by="Boris", echelon=DESK, read=()))
    assert code in {"not_offered", "watch_not_held"}
    wait(line, 10 * MINUTE_MS)
    assert alarms(line) == []


def test_an_officer_who_cannot_hand_over_is_relieved_and_every_desk_is_told():
    line = Counterpart()
    line.node.do(RelieveWatch(by="boss", echelon=DESK, languages=("ru",)), line.now)
    assert holder(line) == "boss"
    (told,) = [each for each in line.node.told(Tell) if each.code == "watch_relieved"]  # type: ignore[attr-defined]
    assert told.args == {"echelon": DESK, "by": "boss", "officer": "officer"}  # type: ignore[attr-defined]
    assert statuses(line)[-1]["languages"] == ["ru"]
    again = RelieveWatch(by="boss", echelon=DESK, languages=("ru",))
    assert refused(line, again) == "own_watch"
    nobody = RelieveWatch(by="boss", echelon="deputy", languages=("ru",))
    assert refused(line, nobody) == "watch_not_held"


def test_each_line_that_the_desks_are_told_names_who_did_what():
    line = Counterpart()
    offer(line)
    accept(line)
    line.node.do(OfferWatch(by="Boris", echelon=DESK), line.now)
    line.node.do(RecallWatch(by="Boris", echelon=DESK), line.now)
    told = [(each.code, each.args) for each in line.node.told(Tell) if "watch" in each.code]  # type: ignore[attr-defined]
    assert told == [
        ("watch_offered", {"echelon": DESK, "by": "officer", "to": "Boris"}),
        ("watch_handed_over", {"echelon": DESK, "by": "officer", "to": "Boris"}),
        ("watch_offered", {"echelon": DESK, "by": "Boris", "to": ""}),
        ("watch_recalled", {"echelon": DESK, "by": "Boris"}),
    ]


def test_a_journal_from_before_the_rule_of_the_holder_still_makes_its_node():
    line = Counterpart()
    old = HandOverByAnyone(by="passer-by", echelon=DESK, to="Boris", languages=("ru",))
    line.node.do(old, line.now)
    assert holder(line) == "Boris"
    kept = line.state.roster
    records = list(line.node.journal.replay(0))
    assert msgspec.msgpack.decode(records[-1].event)["type"] == "HandOver"
    line.node.restart(line.now)
    assert line.state.roster == kept
    # What is asked for now is journaled under a tag of its own, and held to the rule.
    now = HandOver(by="Boris", echelon=DESK, to="Carla", languages=("en",))
    assert msgspec.to_builtins(now)["type"] == "HandOver.2"


def test_nobody_can_ask_for_the_old_handover():
    old = {"type": "HandOver", "by": "x", "echelon": DESK, "to": "y", "languages": ["en"]}
    with pytest.raises(msgspec.ValidationError, match="HandOver"):
        msgspec.convert(old, Command)
    assert msgspec.convert({**old, "type": "HandOver.2"}, Command).to == "y"


def test_a_snapshot_from_before_offers_is_passed_over_and_the_journal_replayed():
    line = Counterpart()
    line.node.runtime.snapshot_every = 1
    offer(line)
    kept = line.state.roster
    while line.node.runtime.settle(line.now):
        pass
    row = line.node.journal.snapshot()
    assert row is not None
    head, body = msgspec.msgpack.decode(row.parts[0])["core"]
    old = msgspec.msgpack.encode({**msgspec.msgpack.decode(head), "format": 1})
    assert State.of_parts([head, body, *row.parts[1:]]) is not None
    assert State.of_parts([old, body, *row.parts[1:]]) is None
    line.node.restart(line.now)
    assert line.state.roster == kept


WHO = ("Anna", "Boris", "Carla")
ACTS = st.lists(
    st.tuples(
        st.sampled_from(
            [TakeWatch, OfferWatch, AcceptWatch, RecallWatch, HandOver, RelieveWatch, LeaveWatch]
        ),
        st.sampled_from(WHO),
        st.sampled_from((*WHO, "")),
        st.integers(0, 6 * MINUTE_MS),
    ),
    max_size=14,
)


def event_of(kind: type, by: str, to: str) -> Command:
    fields: dict[str, object] = {"by": by, "echelon": DESK}
    if kind in (TakeWatch, HandOver, RelieveWatch):
        fields["languages"] = ("en",)
    if kind is OfferWatch:
        fields["to"] = to
    if kind is HandOver:
        fields["to"] = to or "Anna"
    if kind is AcceptWatch:
        fields["read"] = ()
    return kind(**fields)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(ACTS)
def test_a_watch_leaves_its_holder_only_by_their_own_act_or_by_relief(acts):
    line = Counterpart()
    line.node.do(LeaveWatch(by="officer", echelon=DESK), line.now)
    desks = line.state.roster.desks
    for kind, by, to, span_ms in acts:
        wait(line, span_ms)
        before = desks.get(DESK)
        (outcome,) = line.node.runtime.submit([event_of(kind, by, to)], line.now)
        after = desks.get(DESK)
        if outcome.mistake is not None:
            assert after == before
        elif before is not None and (after is None or after.officer != before.officer):
            offered = before.offer is not None and before.offer.to in ("", by)
            assert (
                (kind is HandOver and by == before.officer)
                or (kind is AcceptWatch and offered)
                or kind in (RelieveWatch, LeaveWatch)
            )
        assert after is None or after.offer is None or after.offer.alarm_at > line.now
    replayed = Core()
    for record in line.node.journal.replay(0):
        replayed.handle(_event(record.event), record.at)
    assert replayed.state.roster == line.state.roster


def _event(raw: bytes) -> Event:
    return msgspec.msgpack.decode(raw, type=Event, dec_hook=dec_hook)
