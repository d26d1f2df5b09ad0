"""Presence: asked where the terms require it, of who is there to be asked, and told to nobody."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from clearline.basis.faults import Mistake
from clearline.basis.instants import HOUR_MS, MINUTE_MS, SECOND_MS, Instant
from clearline.core import presence
from clearline.core.effects import Alert, Demand, Hush, Ring
from clearline.core.events import (
    AcceptWatch,
    ConfirmPresence,
    LeaveWatch,
    OfferWatch,
    Propose,
    RelieveWatch,
    SendTest,
    Started,
    TakeWatch,
    Tick,
)
from clearline.core.state import State
from clearline.core.step import Core
from clearline.core.terms import PresenceRule, Terms, check_terms, hash_of
from clearline.record import canonical
from tests.core.counterpart import FLASH, Counterpart
from tests.kit import LINK, START, terms

EVERY, GRACE = 30 * MINUTE_MS, 2 * MINUTE_MS
RULE = PresenceRule(every_ms=EVERY, grace_ms=GRACE)


def kept(rule: PresenceRule | None = RULE) -> Counterpart:
    """Return a node whose terms have this rule, in force, with one desk held by `officer`."""
    line = Counterpart(**({"presence": rule} if rule else {}))
    line.node.effects.clear()
    return line


def wait(line: Counterpart, span_ms: int) -> None:
    """Let time pass, with every deadline of the core kept."""
    end = line.now.after(span_ms)
    while (due := line.node.runtime.core.due()) is not None and due <= end:
        line.now = max(line.now, due)
        line.node.runtime.tick(line.now)
    line.now = end


def asked(line: Counterpart) -> list[Ring]:
    return [ring for ring in line.node.told(Ring) if ring.demand is Demand.PRESENCE]


def alarms(line: Counterpart) -> list[Alert]:
    return [each for each in line.node.told(Alert) if each.code == "presence_missed"]


def test_nobody_is_asked_where_no_terms_require_it():
    line = kept(None)
    wait(line, 8 * HOUR_MS)
    assert asked(line) == []
    assert presence.asking(line.state) is None


def test_the_holder_is_asked_gently_exactly_when_the_interval_has_passed():
    line = kept()
    wait(line, EVERY - 1)
    assert asked(line) == []
    wait(line, 1)
    (ring,) = asked(line)
    assert (ring.echelon, ring.precedence.value, ring.rung) == ("duty-desk", "routine", 0)
    assert ring.until == START.after(EVERY + GRACE)
    assert line.state.roster.desks["duty-desk"].asked_at == START.after(EVERY)


def test_confirming_hushes_and_the_next_asking_is_a_whole_interval_later():
    line = kept()
    wait(line, EVERY + MINUTE_MS)
    line.node.do(ConfirmPresence(by="officer", echelon="duty-desk"), line.now)
    assert [hush.what for hush in line.node.told(Hush)] == [asked(line)[0].what]
    line.node.effects.clear()
    wait(line, EVERY - 1)
    assert asked(line) == []
    wait(line, 1)
    assert len(asked(line)) == 1
    assert alarms(line) == []


def test_any_act_of_the_holders_is_the_answer():
    line = kept()
    wait(line, EVERY)
    line.node.do(SendTest(by="officer", link=LINK), line.now)
    assert line.state.roster.desks["duty-desk"].asked_at is None
    assert line.state.roster.desks["duty-desk"].confirmed_at == line.now
    wait(line, GRACE)
    assert alarms(line) == []


def test_an_act_of_somebody_elses_is_no_answer():
    line = kept()
    wait(line, EVERY)
    line.node.do(SendTest(by="passer-by", link=LINK), line.now)
    with pytest.raises(Mistake, match="officer holds the watch"):
        line.node.do(ConfirmPresence(by="passer-by", echelon="duty-desk"), line.now)
    wait(line, GRACE)
    assert len(alarms(line)) == 1


def test_what_was_refused_as_a_mistake_is_no_act():
    line = kept()
    wait(line, EVERY)
    with pytest.raises(Mistake):
        line.node.do(LeaveWatch(by="officer", echelon="deputy"), line.now)
    assert line.state.roster.desks["duty-desk"].asked_at is not None


def test_an_officer_at_two_desks_answers_at_both():
    line = kept()
    line.node.do(TakeWatch(by="officer", echelon="deputy", languages=("en",)), line.now)
    wait(line, EVERY)
    assert {ring.echelon for ring in asked(line)} == {"duty-desk", "deputy"}
    line.node.do(ConfirmPresence(by="officer", echelon="deputy"), line.now)
    assert {hush.what for hush in line.node.told(Hush)} == {ring.what for ring in asked(line)}


def test_silence_alarms_every_desk_exactly_when_the_grace_has_passed_and_asks_again():
    line = kept()
    wait(line, EVERY + GRACE - 1)
    assert alarms(line) == []
    wait(line, 1)
    (alarm,) = alarms(line)
    assert (alarm.link, alarm.args["echelon"], alarm.args["officer"]) == (
        None,
        "duty-desk",
        "officer",
    )
    wait(line, EVERY - GRACE)
    first, second = asked(line)
    assert first.id != second.id
    assert line.state.roster.desks["duty-desk"].round == 1
    wait(line, GRACE)
    assert len(alarms(line)) == 2
    line.node.do(ConfirmPresence(by="officer", echelon="duty-desk"), line.now)
    assert "presence_confirmed" in line.node.codes()
    assert line.state.roster.desks["duty-desk"].round == 0


def test_a_holder_who_is_silent_still_mans_the_desk_and_is_still_rung():
    line = kept()
    wait(line, EVERY + GRACE)
    assert alarms(line)
    before = len(line.answers())
    assert line.state.roster.held
    line.says("call.opened", FLASH)
    assert line.node.told(Ring)[-1].echelon == "duty-desk"
    wait(line, 20 * SECOND_MS)
    climbed = [body for kind, body, _ in line.answers()[before:] if kind == "call.climbed"]
    assert [body["why"] for body in climbed] == ["unanswered"]


def test_the_counterpart_hears_the_same_whether_or_not_anybody_answers():
    def told(*, answers: bool) -> list[bytes]:
        line = kept()
        wait(line, EVERY)
        if answers:
            line.node.do(ConfirmPresence(by="officer", echelon="duty-desk"), line.now)
        wait(line, 2 * GRACE)
        return [row.raw for row in line.node.journal.rows(LINK, "south", 0, 999)]

    assert told(answers=True) == told(answers=False)


def test_nobody_is_asked_at_a_desk_that_is_left():
    line = kept()
    wait(line, EVERY)
    line.node.do(LeaveWatch(by="relief", echelon="duty-desk"), line.now)
    assert [hush.what for hush in line.node.told(Hush)] == [asked(line)[0].what]
    line.node.effects.clear()
    wait(line, 4 * EVERY)
    assert asked(line) == []
    assert alarms(line) == []


def test_whoever_takes_over_is_asked_a_whole_interval_later():
    line = kept()
    wait(line, EVERY)
    line.node.do(RelieveWatch(by="boss", echelon="duty-desk", languages=("en",)), line.now)
    assert [hush.what for hush in line.node.told(Hush)] == [asked(line)[0].what]
    line.node.effects.clear()
    wait(line, EVERY - 1)
    assert asked(line) == []
    wait(line, 1)
    assert len(asked(line)) == 1


def test_what_is_being_asked_rings_again_after_a_restart():
    line = kept()
    wait(line, EVERY)
    (before,) = asked(line)
    line.now = line.now.after(SECOND_MS)
    line.node.restart(line.now)
    assert asked(line) == [before]


def test_a_node_that_slept_asks_once_on_waking_and_gives_the_whole_grace():
    line = kept()
    line.now = line.now.after(10 * EVERY)
    line.node.restart(line.now)
    assert {ring.id for ring in asked(line)} == {asked(line)[0].id}
    assert alarms(line) == []
    wait(line, GRACE)
    assert len(alarms(line)) == 1


def test_an_amendment_without_the_rule_ends_the_asking():
    line = kept()
    wait(line, EVERY)
    amended = terms(version=2)
    line.node.do(Propose(by="liaison", terms=amended), line.now)
    assert line.state.roster.desks["duty-desk"].asked_at is not None
    line.says("terms.agreed", {"hash": hash_of(amended)})
    wait(line, 0)
    assert line.state.roster.desks["duty-desk"].asked_at is None
    assert "presence:duty-desk" in {hush.what for hush in line.node.told(Hush)}
    wait(line, 8 * HOUR_MS)
    assert alarms(line) == []


RULES = st.builds(
    PresenceRule,
    every_ms=st.integers(5 * MINUTE_MS, 4 * HOUR_MS),
    grace_ms=st.integers(30 * SECOND_MS, 5 * MINUTE_MS - 1),
)


@given(st.lists(st.tuples(RULES, st.booleans()), max_size=4))
def test_the_rule_of_each_link_in_force_is_kept_and_no_other(links):
    line = _plain()
    link = line.state.links[LINK]
    line.state.links.clear()
    for number, (rule, in_force) in enumerate(links):
        name = f"{LINK[:-1]}{number}"
        agreement = link.agreement
        digest = hash_of(terms())
        documents = {digest: replace(terms(), presence=rule)}
        agreement = replace(agreement, documents=documents, force=digest if in_force else None)
        line.state.links[name] = _copy(link, agreement)
    counted = [rule for rule, in_force in links if in_force]
    found = presence.asking(line.state)
    line.state.links.clear()
    line.state.links[LINK] = link
    if not counted:
        assert found is None
        return
    assert found is not None
    assert found.every_ms == min(rule.every_ms for rule in counted)
    alarmed_ms = found.every_ms + found.grace_ms
    assert alarmed_ms == min(rule.every_ms + rule.grace_ms for rule in counted)
    assert 30 * SECOND_MS <= found.grace_ms < found.every_ms


_PLAIN: list[Counterpart] = []


def _plain() -> Counterpart:
    if not _PLAIN:
        _PLAIN.append(Counterpart())
    return _PLAIN[0]


def _copy(link, agreement):
    fields = {name: getattr(link, name) for name in link.__struct_fields__}
    return type(link)(**(fields | {"agreement": agreement}))


DESKS = ("duty-desk", "deputy")
WHO = ("Anna", "Boris")
ACTS = st.lists(
    st.tuples(
        st.integers(1, 3 * EVERY),
        st.sampled_from([TakeWatch, LeaveWatch, OfferWatch, AcceptWatch, ConfirmPresence, Started]),
        st.sampled_from(DESKS),
        st.sampled_from(WHO),
    ),
    max_size=10,
)


def event_of(kind: type, echelon: str, by: str):
    if kind is Started:
        return Started(version="test")
    more = {TakeWatch: {"languages": ("en",)}, AcceptWatch: {"read": ()}}.get(kind, {})
    return kind(by=by, echelon=echelon, **more)


class Watched:
    """A core, driven by hand, that keeps its deadlines; what it asks is held to the rule."""

    def __init__(self, snapshot: bytes, now: Instant) -> None:
        state = State.unpack(snapshot)
        assert state is not None
        self.core = Core(state)
        self.now = now
        self.rings: list[tuple[Instant, str]] = []
        self.log: list[object] = []

    def handle(self, event: object) -> None:
        before = dict(self.core.state.roster.desks)
        try:
            effects = self.core.handle(event, self.now)  # type: ignore[arg-type]
        except Mistake as mistake:
            effects = ()
            self.log.append(mistake.code)
        self.log.append(effects)
        for effect in effects:
            if isinstance(effect, Ring) and effect.demand is Demand.PRESENCE:
                self._check(effect, before.get(effect.echelon))

    def _check(self, ring: Ring, before) -> None:
        """Hold one asking to the rule: of a manned desk, exactly when it is due."""
        watch = self.core.state.roster.desks[ring.echelon]
        assert watch.asked_at is not None
        if before is not None and before.asked_at == watch.asked_at:
            return  # The same asking, rung again because the process started.
        assert before is not None, "an unmanned desk was asked"
        since = before.asked_at or before.confirmed_at
        assert self.now == since.after(EVERY)
        self.rings.append((self.now, ring.echelon))

    def wait(self, span_ms: int) -> None:
        end = self.now.after(span_ms)
        while (due := self.core.due()) is not None and due <= end:
            self.now = max(self.now, due)
            self.handle(Tick())
        self.now = end


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(ACTS, st.integers(0, 9))
def test_only_manned_desks_are_asked_exactly_on_time_and_a_snapshot_goes_on_the_same(acts, cut):
    line = kept()
    line.node.do(LeaveWatch(by="officer", echelon="duty-desk"), line.now)
    one = Watched(line.state.pack(), line.now)
    other: Watched | None = None
    for number, (span_ms, kind, echelon, by) in enumerate(acts):
        if number == cut:
            other = Watched(one.core.state.pack(), one.now)
            one.log.clear()
        for each in (one, other):
            if each is not None:
                each.wait(span_ms)
                each.handle(event_of(kind, echelon, by))
    for each in (one, other):
        if each is not None:
            each.wait(2 * EVERY)
    asked_then = {echelon for at, echelon in one.rings if at > one.now.after(-EVERY)}
    assert asked_then == set(one.core.state.roster.desks)
    if other is not None:
        assert other.log == one.log
        assert other.core.state.pack() == one.core.state.pack()


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(ACTS)
def test_a_journal_replays_to_the_same_state(acts):
    line = kept()
    for span_ms, kind, echelon, by in acts:
        wait(line, span_ms)
        if kind is Started:
            line.node.restart(line.now)
        else:
            line.node.runtime.submit([event_of(kind, echelon, by)], line.now)
    wait(line, EVERY)
    before = line.state.roster
    line.node.restart(line.now)
    assert line.state.roster == before


def test_a_rule_whose_grace_is_no_shorter_than_its_interval_is_no_terms():
    rule = PresenceRule(every_ms=5 * MINUTE_MS, grace_ms=5 * MINUTE_MS)
    with pytest.raises(Mistake, match="grace must be shorter"):
        check_terms(terms(presence=rule))


def test_an_absent_rule_is_not_written_and_leaves_every_hash_as_it_was():
    plain: Terms = terms()
    assert b"presence" not in canonical.encode(plain)
    assert hash_of(plain) != hash_of(terms(presence=RULE))
    assert canonical.decode(canonical.encode(plain), Terms) == plain
    assert canonical.decode(canonical.encode(terms(presence=RULE)), Terms) == terms(presence=RULE)
