"""The core's one entrance: whole or not at all, the same every time, and never stopped."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clearline.basis.faults import Mistake, Reason
from clearline.basis.instants import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, dec_hook
from clearline.core.effects import Alert, Append, Ring
from clearline.core.events import (
    AcceptWatch,
    Acknowledge,
    Agree,
    Announce,
    AnswerTest,
    Close,
    ConfirmPresence,
    Dispose,
    Event,
    ExplainTest,
    HandOver,
    LeaveWatch,
    Note,
    OfferWatch,
    OpenCall,
    OpenLink,
    Propose,
    ReadBack,
    RecallWatch,
    RelieveWatch,
    ReportViolation,
    Revise,
    Say,
    SendTest,
    Settle,
    TakeWatch,
    Withdraw,
)
from clearline.core.state import State
from clearline.core.step import BODIES, Core
from clearline.core.terms import Precedence
from clearline.phrasebook import Stop
from clearline.record import canonical, decode
from clearline.space import Anchor
from tests.core.counterpart import FLASH, PLACE, Counterpart, notice_body, volume_body
from tests.kit import LINK, START, Pair, declare, degrees, terms, volume

OTHER = "019ab000-0000-7000-8000-0000000000ff"
STOP = Stop(place=degrees(35.256, 40.15), radius_cm=50_000)
ANCHORS = tuple(
    Anchor(name=f"Point {n:04} {'x' * 24}", position=degrees(35, 40)) for n in range(1000)
)
MISTAKES = {
    "no such link": Settle(by="o", link=OTHER),
    "link known": OpenLink(by="o", us="south", terms=terms(), agree=True),
    "not a party": OpenLink(by="o", us="east", terms=terms(link=OTHER), agree=True),
    "terms of another link": Propose(by="o", terms=terms(link=OTHER, version=2)),
    "terms that do not fit in an entry": Propose(by="o", terms=terms(version=2, anchors=ANCHORS)),
    "a link whose terms do not fit in an entry": OpenLink(
        by="o", us="north", terms=terms(link=OTHER, anchors=ANCHORS), agree=True
    ),
    "terms that nobody proposed": Agree(by="o", link=LINK, hash="0" * 64),
    "activity unknown": declare(activity="picnic"),
    "link twice": declare(links=(LINK, LINK)),
    "one link known, one not": declare(links=(LINK, OTHER)),
    "outside the area": declare(volume(50, 10)),
    "window over": declare(volume(start_ms=-DAY_MS, length_ms=HOUR_MS)),
    "window far ahead": declare(volume(start_ms=40 * DAY_MS)),
    "too many volumes": declare(*[volume()] * 9),
    "notice unknown": Withdraw(by="o", notice=OTHER),
    "revision of nothing": Revise(by="o", notice=OTHER, volumes=(volume(),)),
    "note of nothing": Note(by="o", notice=OTHER, disposition="received"),
    "call with a notice unknown": OpenCall(
        by="o", link=LINK, precedence=Precedence.FLASH, phrases=(STOP,), notices=(OTHER,)
    ),
    "call again of nothing": OpenCall(
        by="o", link=LINK, precedence=Precedence.FLASH, phrases=(STOP,), reopens=OTHER
    ),
    "call unknown": Acknowledge(by="o", call=OTHER, echelon="duty-desk"),
    "say in nothing": Say(by="o", call=OTHER, phrases=(STOP,)),
    "read back nothing": ReadBack(by="o", call=OTHER, of=OTHER, phrases=(STOP,)),
    "dispose of nothing": Dispose(by="o", call=OTHER, disposition="received"),
    "close nothing": Close(by="o", call=OTHER),
    "watch held": TakeWatch(by="p", echelon="duty-desk", languages=("en",)),
    "watch not held": LeaveWatch(by="p", echelon="deputy"),
    "nothing to hand over": HandOver(by="p", to="q", echelon="deputy", languages=("en",)),
    "another's watch to hand over": HandOver(
        by="p", to="q", echelon="duty-desk", languages=("en",)
    ),
    "another's watch to offer": OfferWatch(by="p", echelon="duty-desk"),
    "no offer to recall": RecallWatch(by="officer", echelon="duty-desk"),
    "no offer to accept": AcceptWatch(by="p", echelon="duty-desk", read=()),
    "presence at another's desk": ConfirmPresence(by="p", echelon="duty-desk"),
    "relief of oneself": RelieveWatch(by="officer", echelon="duty-desk", languages=("en",)),
    "test unknown": AnswerTest(by="o", test=OTHER),
    "cause of nothing": ExplainTest(by="o", test=OTHER, cause="weather"),
    "status unknown": Announce(by="o", link=LINK, status="frozen"),
    "rule unknown": ReportViolation(
        by="o", link=LINK, rule="rudeness", place=degrees(35, 40), seen=START
    ),
    "notice of the violation unknown": ReportViolation(
        by="o", link=LINK, rule="not-notified", place=degrees(35, 40), seen=START, notice=OTHER
    ),
    "not disputed": Settle(by="o", link=LINK),
}


@pytest.fixture(scope="module")
def agreed() -> Counterpart:
    return Counterpart()


@pytest.mark.parametrize("event", MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_leaves_every_byte_of_the_state_as_it_was(agreed, event):
    before = agreed.state.pack()
    with pytest.raises(Mistake):
        Core.handle(agreed.node.runtime.core, event, agreed.now)
    assert agreed.state.pack() == before


def test_a_node_goes_on_after_a_mistake_about_size():
    pair = Pair()
    with pytest.raises(Mistake):
        pair.north.do(Propose(by="o", terms=terms(version=2, anchors=ANCHORS)), pair.now)
    notice = pair.north.do(declare(), pair.now)
    pair.settle()
    assert notice in pair.south.runtime.state.notices.by_id


def test_no_refusal_is_ever_answered_with_a_refusal():
    line = Counterpart()
    before = len(line.answers())
    line.says("entry.refused", {"index": -1, "reason": "nonsense", "detail": 7})
    line.says("entry.refused", {"detail": "", "index": 0, "reason": "malformed"})
    assert len(line.answers()) == before


def test_an_unknown_kind_is_mirrored_and_shown_but_not_refused():
    line = Counterpart()
    line.says("weather.observed", {"rain": True})
    assert line.refusals() == []
    assert "not_understood" in line.node.codes()


def test_an_entry_whose_id_runs_backwards_is_refused_but_a_call_never_is():
    line = Counterpart()
    early = "00000000-0000-7000-8000-000000000001"
    line.says("status.announced", {"status": "suspended"}, id=early)
    line.says("call.opened", FLASH, id=early)
    assert line.refusals() == ["out_of_order"]
    assert [ring.what for ring in line.node.told(Ring)] == [early]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("notice.declared", notice_body(START)),
        ("test.sent", {}),
        ("call.opened", FLASH),
    ],
)
def test_no_entry_of_theirs_takes_the_id_of_something_of_ours(kind, body):
    line = Counterpart()
    line.now = line.now.after(SECOND_MS)
    ours = {
        line.node.do(declare(), line.now),
        line.node.do(SendTest(by="o", link=LINK), line.now),
        line.node.do(
            OpenCall(by="o", link=LINK, precedence=Precedence.FLASH, phrases=(STOP,)), line.now
        ),
    }
    for taken in sorted(ours):
        line.says(kind, body, id=taken)
    assert line.refusals() == ["duplicate"] * 3
    assert all(each.mine for each in line.state.notices.by_id.values())
    assert all(each.mine for each in line.state.tests.by_id.values())
    assert all(each.mine for each in line.state.calls.by_id.values())


def test_an_id_that_the_counterpart_guessed_is_passed_over():
    honest, line = Counterpart(), Counterpart()
    guessed = honest.node.do(declare(), START.after(SECOND_MS))
    line.says("notice.declared", notice_body(START), id=guessed)
    ours = line.node.do(declare(), START.after(SECOND_MS))
    assert ours > guessed
    assert not line.state.notices.by_id[guessed].mine


def test_the_ids_of_one_instant_go_on_past_four_thousand():
    line = Counterpart()
    asked = [Announce(by="o", link=LINK, status="in force")] * 5_000
    outcomes = line.node.runtime.submit(asked, line.now)
    ids = [outcome.entries[0].id for outcome in outcomes]
    assert ids == sorted(set(ids))


def test_an_arrival_that_asks_too_much_is_refused_and_changes_only_what_refusing_must():
    line = Counterpart()
    line.says("notice.declared", notice_body(START))
    before = line.state.pack()
    sizes = line.link.their_size, line.link.own_size
    line.says("notice.revised", notice_body(START) | {"revision": 9}, line.said[-1])
    after = State.unpack(line.state.pack())
    link = after.links[LINK]
    assert (link.their_size, link.own_size) == (sizes[0] + 1, sizes[1] + 1)
    was = State.unpack(before)
    link.their_size, link.own_size = sizes
    link.own_last, link.own_counter = was.links[LINK].own_last, was.links[LINK].own_counter
    link.their_last_id = was.links[LINK].their_last_id
    after.seq, after.last = was.seq, was.last
    assert after.pack() == before


# What a hostile counterpart may say: every kind, with bodies that are right, nearly right and
# nonsense, about ids of either side, of nobody, and of itself.
INTEGERS = st.integers(-(2**53) + 1, 2**53 - 1)
JUNK = st.recursive(
    st.none() | st.booleans() | INTEGERS | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("abcdefgh", max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
VOLUMES = st.lists(
    st.builds(
        lambda lat, lon, start: volume_body(START, lat=lat, lon=lon, start_ms=start * HOUR_MS),
        st.floats(34.5, 36.5),
        st.floats(38.5, 41.5),
        st.integers(-3, 24 * 40),
    ),
    min_size=1,
    max_size=3,
)
PHRASE = st.sampled_from(
    [
        FLASH["phrases"][0],
        {"phrase": "TEST"},
        {"phrase": "FREE TEXT", "text": "here", "language": "ru"},
        {"phrase": "AFFIRM", "reference": OTHER},
        {"phrase": "CLEAR", "reference": OTHER},
    ]
)
PHRASES = st.lists(PHRASE, min_size=1, max_size=3)
DISPOSITION = st.sampled_from(["received", "relayed_to_units", "cannot_comply"])
RUNG = st.integers(0, 13)
SEPARATION = st.fixed_dictionaries(
    {"horizontal_cm": INTEGERS, "vertical_cm": st.none() | INTEGERS, "time_ms": INTEGERS}
)
ECHELON = st.sampled_from(["duty-desk", "deputy", "elsewhere", "Not A Name"])
GOOD = {
    "terms.proposed": st.builds(
        lambda version: {"terms": json.loads(_terms_json(version))}, st.integers(1, 4)
    ),
    "terms.agreed": st.just({"hash": "0" * 64}),
    "watch.status": st.fixed_dictionaries(
        {"echelon": ECHELON, "manned": st.booleans(), "rung": RUNG, "languages": st.just(["ru"])}
    ),
    "notice.declared": st.fixed_dictionaries(
        {"activity": st.just("flight"), "late": st.booleans(), "volumes": VOLUMES}
    ),
    "notice.revised": st.fixed_dictionaries(
        {"revision": st.integers(1, 4), "late": st.booleans(), "volumes": VOLUMES}
    ),
    "notice.withdrawn": st.just({}),
    "notice.noted": st.fixed_dictionaries({"disposition": DISPOSITION}),
    "conflict.found": st.fixed_dictionaries(
        {
            "rule": st.integers(0, 2),
            "closest": SEPARATION,
            "where": st.just(PLACE),
            "window": st.just({"start": str(START.after(9)), "end": str(START)}),
        }
    ),
    "conflict.cleared": st.just({"why": "revised"}),
    "call.opened": st.fixed_dictionaries(
        {
            "precedence": st.sampled_from(["flash", "immediate", "routine"]),
            "phrases": PHRASES,
            "drill": st.booleans(),
        }
    ),
    "call.ringing": st.fixed_dictionaries(
        {"rung": RUNG, "echelon": ECHELON, "since": st.just(str(START))}
    ),
    "call.climbed": st.fixed_dictionaries(
        {
            "rung": RUNG,
            "echelon": ECHELON,
            "round": INTEGERS,
            "why": st.sampled_from(["unanswered", "unmanned", "idle", "by_hand"]),
        }
    ),
    "call.acknowledged": st.fixed_dictionaries({"rung": RUNG, "echelon": ECHELON}),
    "call.said": st.fixed_dictionaries({"phrases": PHRASES}),
    "call.readback": st.fixed_dictionaries({"phrases": PHRASES}),
    "call.disposition": st.fixed_dictionaries({"disposition": DISPOSITION}),
    "call.closed": st.just({}),
    "call.stood_down": st.just({}),
    "call.recorded": st.fixed_dictionaries(
        {
            "sha256": st.sampled_from(["ab" * 32, "cd" * 32, "AB" * 32]),
            "duration_ms": INTEGERS,
            "bytes": INTEGERS,
            "cut": st.booleans(),
        }
    ),
    "test.sent": st.just({}),
    "test.answered": st.sampled_from(
        [{"outcome": "answered"}, {"outcome": "missed", "cause": "unknown"}, {"outcome": "missed"}]
    ),
    "violation.reported": st.fixed_dictionaries(
        {
            "rule": st.sampled_from(["not-notified", "rudeness"]),
            "place": st.just(PLACE),
            "seen": st.just(str(START)),
        }
    ),
    "status.announced": st.fixed_dictionaries({"status": st.sampled_from(["suspended", "war"])}),
    "entry.refused": st.fixed_dictionaries(
        {"index": INTEGERS, "reason": st.just("stale"), "detail": st.text(max_size=250)}
    ),
}
KIND = st.sampled_from([*sorted(BODIES), "weather.observed"])


def _terms_json(version: int) -> bytes:
    return canonical.encode(terms(version=version))


@st.composite
def utterance(draw):
    kind = draw(KIND)
    body = draw(JUNK) if draw(st.integers(0, 4)) == 0 else draw(GOOD.get(kind, JUNK))
    # Which earlier ids it names: counted from the newest, of either side, or of nobody.
    re = draw(
        st.lists(
            st.tuples(st.sampled_from(["ours", "theirs", "nobody"]), st.integers(0, 5)), max_size=3
        )
    )
    id = draw(st.sampled_from(["next"] * 8 + ["ours", "theirs", "first", "last"]))
    return kind, body, re, id


def test_every_kind_has_a_body_that_the_hostile_counterpart_tries():
    assert set(GOOD) == set(BODIES)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), agree=st.booleans())
def test_whatever_a_counterpart_says_the_node_accepts_it_or_refuses_it_with_a_reason(data, agree):
    line = Counterpart(agree=agree)
    line.node.do(SendTest(by="o", link=LINK), line.now)
    line.node.do(
        OpenCall(by="o", link=LINK, precedence=Precedence.FLASH, phrases=(STOP,)), line.now
    )
    if agree:
        line.node.do(declare(), line.now)
    for _ in range(data.draw(st.integers(1, 14))):
        kind, body, named, id_of = data.draw(utterance())
        ours = [json.loads(row.raw)["id"] for row in line.node.journal.rows(LINK, "south", 0, 999)]
        pools = {"ours": ours, "theirs": line.said or ours, "nobody": [OTHER]}
        re = [pools[side][-1 - back % len(pools[side])] for side, back in named]
        line.now = line.now.after(data.draw(st.integers(0, 90 * SECOND_MS)))
        line.node.runtime.tick(line.now)
        choice = {
            "next": line.next_id(),
            "ours": ours[-1],
            "theirs": (line.said or ours)[-1],
            "first": "00000000-0000-7000-8000-000000000000",
            "last": "ffffffff-ffff-7fff-bfff-ffffffffffff",
        }
        line.node.effects.clear()
        line.says(kind, body if isinstance(body, dict) else {"x": body}, *re, id=choice[id_of])
        refused = [
            each
            for each in line.node.effects
            if isinstance(each, Append) and each.kind == "entry.refused"
        ]
        assert len(refused) <= 1
        for each in refused:
            Reason(json.loads(each.raw)["body"]["reason"])
    assert line.node.runtime.unsafe is None
    for row in line.node.journal.rows(LINK, "south", 0, 9_999):
        found = decode(row.raw)
        assert found.kind in BODIES


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.binary(min_size=1, max_size=40) | JUNK.map(lambda each: json.dumps(each).encode()),
        min_size=1,
        max_size=6,
    )
)
def test_bytes_that_are_no_entry_are_stored_and_refused_one_by_one(raws):
    line = Counterpart()
    assert line.pushes(*raws).status == 200
    assert len(line.refusals()) == len(raws)
    assert line.link.their_size == 1 + len(raws)


read_event = msgspec.msgpack.Decoder(Event, dec_hook=dec_hook).decode


def busy_pair() -> Pair:
    """Two nodes that have said something of nearly everything."""
    pair = Pair()
    mine = pair.north.do(declare(volume(35.30, 40.10)), pair.now)
    pair.south.do(declare(volume(35.35, 40.12)), pair.now)
    pair.settle()
    for n in range(11):
        pair.now = pair.now.after(SECOND_MS)
        pair.north.do(
            Revise(by="p", notice=mine, volumes=(volume(35.3 + n / 100, 40.1),)), pair.now
        )
        pair.settle()
    call = pair.north.do(
        OpenCall(by="o", link=LINK, precedence=Precedence.FLASH, phrases=(STOP,)), pair.now
    )
    pair.settle()
    pair.wait(25 * SECOND_MS)
    pair.south.do(Acknowledge(by="d", call=call, echelon="duty-desk"), pair.now)
    pair.south.do(Dispose(by="d", call=call, disposition="received"), pair.now)
    pair.settle()
    pair.north.do(Close(by="o", call=call), pair.now)
    pair.south.do(Close(by="d", call=call), pair.now)
    pair.settle()
    pair.north.do(
        OpenCall(by="o", link=LINK, precedence=Precedence.FLASH, phrases=(STOP,), reopens=call),
        pair.now,
    )
    pair.settle()
    pair.wait(3 * MINUTE_MS)
    test = pair.north.do(SendTest(by="o", link=LINK), pair.now)
    pair.settle()
    pair.south.do(AnswerTest(by="d", test=test), pair.now)
    pair.north.do(Withdraw(by="o", notice=mine), pair.now)
    pair.settle()
    for hours in (2, 6, 8, 33):
        for node in (pair.north, pair.south):
            node.runtime.tick(pair.now.after(hours * HOUR_MS))
    return pair


@pytest.fixture(scope="module")
def events() -> dict[str, list]:
    pair = busy_pair()
    return {
        node.name: [(read_event(each.event), each.at) for each in node.journal.replay(0)]
        for node in (pair.north, pair.south)
    }


@pytest.mark.parametrize("name", ["north", "south"])
def test_the_same_events_have_the_same_effects(events, name):
    one, other = Core(), Core()
    for event, at in events[name]:
        assert one.handle(event, at) == other.handle(event, at)
        assert one.due() == other.due()
    assert one.state.pack() == other.state.pack()


@settings(max_examples=20, deadline=None)
@given(name=st.sampled_from(["north", "south"]), part=st.floats(0, 1))
def test_a_node_from_a_snapshot_is_the_node_that_replayed(events, name, part):
    journal = events[name]
    cut = int(part * len(journal))
    replayed = Core()
    for event, at in journal[:cut]:
        replayed.handle(event, at)
    restored = Core(State.unpack(replayed.state.pack()))
    assert restored.state.pack() == replayed.state.pack()
    for event, at in journal[cut:]:
        assert restored.due() == replayed.due()
        assert restored.handle(event, at) == replayed.handle(event, at)
    assert restored.state.pack() == replayed.state.pack()


def test_a_clock_that_runs_backwards_does_not_move_the_core_back():
    line = Counterpart()
    line.node.do(Announce(by="o", link=LINK, status="suspended"), line.now.after(HOUR_MS))
    line.node.do(Announce(by="o", link=LINK, status="in force"), line.now)
    times = [json.loads(row.raw)["at"] for row in line.node.journal.rows(LINK, "south", 0, 99)]
    assert times == sorted(times)


def test_a_violation_in_an_unknown_rule_alarms_nobody():
    line = Counterpart()
    line.says(
        "violation.reported",
        {"place": PLACE, "rule": "rudeness", "seen": str(START)},
    )
    assert line.refusals() == ["not_allowed"]
    assert not [each for each in line.node.told(Alert) if each.code == "violation_reported"]
