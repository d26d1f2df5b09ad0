"""The outbox: one push at a time, for ever, and never a storm."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from clearline.basis.instants import DAY_MS, HOUR_MS, SECOND_MS, Instant
from clearline.core.events import Announce, OpenCall, PathFailed, Receipted, Say, SendTest
from clearline.core.terms import Precedence
from clearline.node.journaled import decode_event
from clearline.node.outbox import (
    FIRST_BACKOFF_MS,
    GIVE_UP_MS,
    HANGS_MS,
    LINGER_MS,
    LONGEST_BACKOFF_MS,
    MAX_PUSH,
    TURN_MS,
    Outbox,
    Push,
)
from clearline.phrasebook import FreeText, Stop
from clearline.record import MAX_APPEND_BYTES
from tests.kit import LINK, START, Pair, degrees, party

BEAT = 5 * SECOND_MS
PATHS = ("https://a.invalid", "https://b.invalid")
STOP = Stop(place=degrees(35.256, 40.15), radius_cm=50_000)


def box(*urls: str, peer_size: int = 0) -> Outbox:
    return Outbox(LINK, urls or PATHS[:1], peer_size)


def fail_for(outbox: Outbox, times: int, now: Instant = START) -> list[int]:
    """Fail as often as asked, at once each time; return the waits between."""
    waits: list[int] = []
    for _ in range(times):
        push = outbox.next_push(1, BEAT, now)
        assert push is not None
        outbox.failed(push, now)
        due = outbox.due(1, BEAT)
        assert due is not None
        waits.append(due.since(now))
        now = due
    return waits


def test_the_first_push_is_a_heartbeat_at_once():
    push = box().next_push(0, BEAT, START)
    assert push is not None
    assert (push.start, push.end) == (0, 0)


def test_a_heartbeat_follows_the_last_receipt_exactly_at_its_time():
    outbox = box()
    push = outbox.next_push(0, BEAT, START)
    outbox.stored(push, 0, START)
    assert outbox.due(0, BEAT) == START.after(BEAT)
    assert outbox.next_push(0, BEAT, START.after(BEAT - 1)) is None
    assert outbox.next_push(0, BEAT, START.after(BEAT)) is not None


def test_an_entry_does_not_wait_for_the_heartbeat():
    outbox = box()
    outbox.stored(outbox.next_push(0, BEAT, START), 0, START)
    push = outbox.next_push(3, BEAT, START.after(1))
    assert (push.start, push.end) == (0, 3)


def written(outbox: Outbox, size: int, now: Instant, *, can_wait: bool) -> None:
    outbox.wrote(now, size - 1, can_wait=can_wait)


def test_what_can_wait_waits_for_more_like_it_but_not_for_ever():
    outbox = box()
    outbox.stored(outbox.next_push(0, BEAT, START), 0, START)
    written(outbox, 1, START, can_wait=True)
    written(outbox, 2, START.after(LINGER_MS - 1), can_wait=True)
    assert outbox.next_push(2, BEAT, START.after(LINGER_MS - 1)) is None
    push = outbox.next_push(2, BEAT, START.after(LINGER_MS))
    assert (push.start, push.end) == (0, 2)
    # What is written while that is under way waits from then on.
    written(outbox, 3, START.after(60), can_wait=True)
    outbox.stored(push, 2, START.after(61))
    assert outbox.due(3, BEAT) == START.after(60 + LINGER_MS)


def test_how_long_it_may_wait_is_nothing_to_a_person():
    assert LINGER_MS == 50


def test_what_is_to_be_sent_again_waits_for_nothing():
    outbox = box(peer_size=2)
    outbox.stored(outbox.next_push(2, BEAT, START), 2, START)
    written(outbox, 3, START, can_wait=False)
    push = outbox.next_push(3, BEAT, START)
    written(outbox, 4, START.after(5), can_wait=True)
    outbox.behind(push, 1, START.after(6))
    again = outbox.next_push(4, BEAT, START.after(6))
    assert (again.start, again.end) == (1, 4)


def test_what_was_sent_leaves_no_waiting_behind():
    outbox = box()
    outbox.stored(outbox.next_push(0, BEAT, START), 0, START)
    written(outbox, 1, START, can_wait=True)
    push = outbox.next_push(1, BEAT, START.after(LINGER_MS))
    written(outbox, 2, START.after(LINGER_MS), can_wait=False)
    outbox.stored(push, 1, START.after(LINGER_MS))
    assert outbox.due(2, BEAT) == START.after(LINGER_MS)


def test_what_cannot_wait_takes_with_it_what_can():
    outbox = box()
    outbox.stored(outbox.next_push(0, BEAT, START), 0, START)
    written(outbox, 1, START, can_wait=True)
    written(outbox, 2, START, can_wait=False)
    written(outbox, 3, START, can_wait=True)
    push = outbox.next_push(3, BEAT, START)
    assert (push.start, push.end) == (0, 3)


def test_a_large_backlog_goes_in_pieces_each_from_where_the_last_ended():
    outbox, now, ends = box(), START, []
    while outbox.peer_size < 1_000:
        push = outbox.next_push(1_000, BEAT, now)
        ends.append((push.start, push.end))
        outbox.stored(push, push.end, now)
    assert ends == [(0, 256), (256, 512), (512, 768), (768, 1_000)]
    assert MAX_PUSH == 256


def test_a_body_too_large_is_halved_until_one_entry_is_left():
    outbox = box()
    push = outbox.next_push(100, BEAT, START)
    sizes = []
    for _ in range(8):
        push = outbox.halved(push)
        sizes.append(push.end)
    assert sizes == [50, 25, 12, 6, 3, 1, 1, 1]
    assert outbox.next_push(100, BEAT, START) is None


def test_a_push_without_an_answer_is_taken_for_lost():
    outbox = box()
    first = outbox.next_push(1, BEAT, START)
    assert outbox.due(1, BEAT) == START.after(GIVE_UP_MS)
    assert outbox.next_push(1, BEAT, START.after(GIVE_UP_MS - 1)) is None
    assert outbox.next_push(1, BEAT, START.after(GIVE_UP_MS)) is None
    second = outbox.next_push(1, BEAT, START.after(GIVE_UP_MS + LONGEST_BACKOFF_MS))
    assert second.number == first.number + 1


def test_a_late_failure_of_an_older_push_changes_nothing():
    outbox = box()
    old = outbox.next_push(1, BEAT, START)
    outbox.failed(old, START)
    new = outbox.next_push(1, BEAT, START.after(LONGEST_BACKOFF_MS))
    outbox.failed(old, START.after(LONGEST_BACKOFF_MS))
    assert outbox.under_way == new


@given(st.integers(1, 4))
def test_back_off_grows_is_bounded_and_spread(paths):
    waits = fail_for(Outbox(LINK, tuple(f"https://{n}.invalid" for n in range(paths)), 0), 60)
    assert max(waits) <= LONGEST_BACKOFF_MS
    assert all(wait >= LONGEST_BACKOFF_MS // 2 for wait in waits[-20:])
    assert min(waits) >= FIRST_BACKOFF_MS // 2
    assert len(set(waits[-20:])) > 10


def test_two_links_do_not_back_off_in_step():
    one, other = box(), Outbox("another", PATHS[:1], 0)
    assert fail_for(one, 20)[-10:] != fail_for(other, 20)[-10:]


def test_success_ends_the_back_off():
    outbox = box()
    fail_for(outbox, 20)
    now = START.after(DAY_MS)
    outbox.stored(outbox.next_push(1, BEAT, now), 1, now)
    assert outbox.due(2, BEAT) == now


def test_a_path_that_fails_gives_way_to_the_other_and_is_not_forgotten():
    outbox = box(*PATHS)
    now, used = START, []
    for _ in range(6):
        push = outbox.next_push(1, BEAT, now)
        used.append(push.url)
        outbox.failed(push, now)
        now = outbox.due(1, BEAT)
    assert used == [*PATHS] * 3


def test_the_path_that_answers_is_kept():
    outbox = box(*PATHS)
    outbox.failed(outbox.next_push(1, BEAT, START), START)
    now = START.after(LONGEST_BACKOFF_MS)
    for _ in range(5):
        push = outbox.next_push(1, BEAT, now)
        assert push.url == PATHS[1]
        outbox.stored(push, 0, now)
        now = now.after(BEAT)


def test_without_a_path_nothing_is_ever_due():
    outbox = Outbox(LINK, (), 0)
    assert outbox.due(5, BEAT) is None
    assert outbox.next_push(5, BEAT, START) is None


def test_an_answer_by_a_path_that_the_terms_have_dropped_is_borne():
    outbox = box(*PATHS)
    push = outbox.next_push(1, BEAT, START)
    outbox.reroute(())
    outbox.failed(push, START)
    outbox.reroute(PATHS[1:])
    assert outbox.next_push(1, BEAT, START.after(LONGEST_BACKOFF_MS)).url == PATHS[1]
    assert outbox.paths[0].failures == 0


def test_a_first_409_is_followed_at_once_from_where_it_says():
    outbox = box(peer_size=9)
    push = outbox.next_push(9, BEAT, START)
    outbox.behind(push, 4, START)
    again = outbox.next_push(9, BEAT, START)
    assert (again.start, again.end) == (4, 9)


def test_a_counterpart_that_always_says_409_is_asked_less_and_less_often():
    outbox, now, asked = box(), START, 0
    while now < START.after(60 * SECOND_MS):
        push = outbox.next_push(9, BEAT, now)
        asked += 1
        outbox.behind(push, asked % 9, now)
        now = outbox.due(9, BEAT)
    assert asked < 20


class Any(RuleBasedStateMachine):
    """Anything may become of a push, in any order, at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.box, self.now, self.own = box(*PATHS), START, 0
        self.flying: list[Push] = []

    @rule(ms=st.integers(0, 20_000))
    def wait(self, ms: int) -> None:
        self.now = self.now.after(ms)

    @rule(count=st.integers(1, 600))
    def write(self, count: int) -> None:
        self.own += count

    @rule()
    def push(self) -> None:
        before, due = self.box.under_way, self.box.due(self.own, BEAT)
        push = self.box.next_push(self.own, BEAT, self.now)
        if push is None:
            return
        assert before is None, "two pushes under way"
        assert due is not None
        assert due <= self.now
        assert 0 <= push.start <= push.end <= self.own
        assert push.end - push.start <= MAX_PUSH
        self.flying.append(push)

    @precondition(lambda self: self.flying)
    @rule(data=st.data())
    def lose(self, data) -> None:
        self.box.failed(data.draw(st.sampled_from(self.flying)), self.now)

    @precondition(lambda self: self.box.under_way)
    @rule()
    def store(self) -> None:
        push = self.box.under_way
        self.box.stored(push, push.end, self.now)

    @precondition(lambda self: self.box.under_way)
    @rule(data=st.data())
    def lie(self, data) -> None:
        self.box.behind(self.box.under_way, data.draw(st.integers(0, self.own)), self.now)

    @rule(urls=st.lists(st.sampled_from((*PATHS, "https://c.invalid")), min_size=1, unique=True))
    def reroute(self, urls: list[str]) -> None:
        self.box.reroute(tuple(urls))

    @invariant()
    def something_is_always_due_and_never_far_off(self) -> None:
        due = self.box.due(self.own, BEAT)
        assert due is not None
        assert due.since(self.now) <= max(LONGEST_BACKOFF_MS, GIVE_UP_MS, BEAT)


TestAny = Any.TestCase
TestAny.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)


# The runtime around it.


def last_push(pair: Pair):
    pair.north.do(Announce(by="o", link=LINK, status="suspended"), pair.now)
    ((push, body),) = pair.north.runtime.pushes(pair.now)
    return push, body


def test_a_peer_that_claims_more_than_was_ever_said_is_not_believed():
    pair = Pair()
    push, _ = last_push(pair)
    pair.north.runtime.answered(push, 409, b"999999\n", pair.now)
    assert pair.north.runtime.backlog(LINK) == 1


def test_a_peer_that_refuses_a_push_from_where_it_says_it_is_is_not_asked_at_once():
    pair = Pair()
    push, _ = last_push(pair)
    pair.north.runtime.answered(push, 409, b"%d\n" % push.start, pair.now)
    assert pair.north.runtime.pushes(pair.now) == []


def test_a_peer_that_claims_less_is_given_everything_again_and_they_agree():
    pair = Pair()
    push, _ = last_push(pair)
    pair.north.runtime.answered(push, 409, b"0\n", pair.now)
    pair.wait(BEAT)
    assert pair.north.runtime.backlog(LINK) == 0
    assert pair.south.runtime.state.links[LINK].announced_by_them == "suspended"


def test_an_answer_that_comes_late_is_ignored():
    pair = Pair()
    push, body = last_push(pair)
    reply = pair.south.runtime.admit(LINK, body, pair.now)
    later = pair.now.after(GIVE_UP_MS)
    assert pair.north.runtime.pushes(later) == []
    before = pair.north.runtime.state.pack()
    pair.north.runtime.answered(push, reply.status, reply.body, later)
    assert pair.north.runtime.state.pack() == before


def test_a_receipt_that_nobody_signed_counts_as_no_answer():
    pair = Pair()
    push, _ = last_push(pair)
    pair.north.runtime.answered(push, 200, b"\xe2\x80\x94 south nonsense\n", pair.now)
    assert pair.north.runtime.backlog(LINK) == 1
    assert pair.north.runtime.pushes(pair.now) == []


def test_a_call_does_not_wait_out_a_back_off():
    pair = Pair()
    now = pair.now
    for _ in range(12):
        now = max(pair.north.runtime.due(), now.after(1))
        for push, _ in pair.north.runtime.pushes(now):
            pair.north.runtime.unanswered(push, now)
    pair.north.do(OpenCall(by="o", link=LINK, precedence=Precedence.FLASH, phrases=(STOP,)), now)
    assert len(pair.north.runtime.pushes(now)) == 1


def test_a_push_of_many_large_entries_is_split_until_it_can_be_sent():
    pair = Pair()
    opened = OpenCall(by="o", link=LINK, precedence=Precedence.FLASH, phrases=(STOP,))
    call = pair.north.do(opened, pair.now)
    pair.settle()
    words = (FreeText(text="\N{GOTHIC LETTER AHSA}" * 500, language="got"),) * 8
    pair.north.runtime.submit([Say(by="o", call=call, phrases=words)] * MAX_PUSH, pair.now)
    ((push, body),) = pair.north.runtime.pushes(pair.now)
    assert push.end - push.start == MAX_PUSH // 2
    assert len(body) <= MAX_APPEND_BYTES
    reply = pair.south.runtime.admit(LINK, body, pair.now)
    pair.north.runtime.answered(push, reply.status, reply.body, pair.now)
    pair.settle()
    assert pair.north.runtime.backlog(LINK) == 0


def test_a_test_call_goes_by_each_path_in_turn():
    outbox = box(*PATHS, "https://c.invalid")
    now, tried = START, []
    for size in range(1, 7):
        outbox.turn()
        push = outbox.next_push(size, BEAT, now)
        tried.append(push.url)
        outbox.stored(push, size, now)
        now = now.after(HOUR_MS)
        beat = outbox.next_push(size, BEAT, now)
        assert (beat.url, beat.in_turn) == (PATHS[0], False)
        outbox.stored(beat, size, now)
    assert tried[:3] == tried[3:]
    assert len(set(tried)) == 3


def test_after_restarts_the_first_path_does_not_have_every_turn():
    tried = set()
    for hour in range(3):
        outbox = box(*PATHS)
        outbox.turn()
        tried.add(outbox.next_push(1, BEAT, START.after(hour * HOUR_MS)).url)
    assert tried == set(PATHS)


def test_a_path_that_fails_its_turn_is_noted_and_the_test_goes_by_the_best():
    outbox = box(*PATHS)
    outbox.paths[1].failures = 9
    outbox.paths[0].turned_at = START
    outbox.turn()
    push = outbox.next_push(1, BEAT, START)
    assert push.url == PATHS[1]
    late = START.after(TURN_MS)
    assert outbox.due(1, BEAT) == late
    assert outbox.next_push(1, BEAT, late) is None
    assert outbox.lost == [PATHS[1]]
    again = outbox.next_push(1, BEAT, outbox.due(1, BEAT))
    assert (again.url, again.in_turn) == (PATHS[0], False)
    outbox.unanswered(again, late)
    assert outbox.lost == [PATHS[1]]


def test_something_urgent_waits_a_second_for_a_push_that_hangs_and_no_longer():
    outbox = box(*PATHS)
    outbox.turn()
    first = outbox.next_push(1, BEAT, START)
    outbox.hurry(START.after(100))
    hung = START.after(HANGS_MS)
    assert outbox.due(2, BEAT) == hung
    push = outbox.next_push(2, BEAT, hung)
    assert push.number > first.number
    assert push.url != first.url
    assert outbox.due(2, BEAT) == hung.after(GIVE_UP_MS)


def test_which_path_carried_a_test_call_and_which_did_not_is_journaled():
    pair = Pair(parties=(party("north"), party("south", *PATHS)))
    dead, alive = PATHS
    for _ in PATHS:
        pair.now = pair.now.after(HOUR_MS)
        pair.north.do(SendTest(by="o", link=LINK), pair.now)
        ((push, _),) = pair.north.runtime.pushes(pair.now)
        if push.url == dead:
            pair.north.runtime.unanswered(push, pair.now)
            pair.now = pair.now.after(SECOND_MS)
        else:
            body = pair.north.runtime.lines[LINK].append_of(push.start, push.end)[1]
            reply = pair.south.runtime.admit(LINK, body, pair.now)
            pair.north.runtime.answered(push, reply.status, reply.body, pair.now)
        pair.settle()
    events = [decode_event(record.event) for record in pair.north.journal.replay(0)]
    assert [each.url for each in events if isinstance(each, PathFailed)] == [dead]
    carried = [each.url for each in events if isinstance(each, Receipted) and each.url]
    assert carried[-2:] == [alive, alive]
