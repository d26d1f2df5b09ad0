"""Reliability: what a month of test calls shows of one link, each way, and how little it proves.

Made from what is durable alone: both sides' entries about tests, and the journal's events of
pages, answers and paths. Ours are counted by the path that carried them and by how long a
human there took; theirs by the rung and the channel that were tried here. Times are by our
clock throughout, from when we wrote or received a test to when we wrote or received its answer.

A way is proven only by a human who answered by it. One that failed, or that the desk had to
answer for, counts against it. One answered by hand before the desk rang is *unclear*: it may
have been the way, and is counted neither for it nor against it.

It reads in steps, so that the line runs in between, and decides nothing.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

import msgspec
from msgspec import Struct

from clearline.basis.faults import Mistake
from clearline.basis.instants import DAY_MS, Instant, dec_hook
from clearline.basis.proportions import interval_permille
from clearline.basis.steps import Steps
from clearline.core.events import AnswerTest, Arrived, Paged, PathFailed, Receipted
from clearline.core.links import Link
from clearline.core.rotation import DESK
from clearline.core.state import State
from clearline.core.testcalls import Cause, Outcome, TestAnswered
from clearline.core.testing import ways_of
from clearline.node.journaled import decode_event
from clearline.node.ports import Journal, Record
from clearline.record import Entry
from clearline.record import decode as decode_entry

__all__ = ["Caused", "Missed", "Reliability", "Row", "month_of", "reliability", "says"]

BLOCK = 256
"""Events, or entries, that are read at once."""
EVENT_US = 5
ENTRY_US = 40
EXPLAINED_MS = 32 * DAY_MS
"""How long after a month an answer, or the cause of a miss, is still looked for."""
MAX_MISSES = 500
"""Misses that are named one by one; all are counted."""
MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")
PUSHED, PULLED = "pushed", "read"


class Row(Struct, frozen=True, kw_only=True):
    """How one way did: of so many tests so many were answered, and what that proves."""

    side: str
    """`ours`: we called, and a human there answered; `theirs`: they called us."""
    what: str
    """`all`, `path`, `rung` or `channel`."""
    name: str
    tests: int
    answered: int
    """In time, and by this way."""
    unclear: int
    """Answered by hand while this way was tried: counted neither for it nor against it."""
    low_permille: int
    high_permille: int
    """95 % limits of the chance that it works."""
    fails_one_in: int | None
    """At that certainty it may still fail as often as one time in so many; None: nothing is
    proven, it may fail more often than it works."""
    p50_ms: int | None
    p90_ms: int | None
    longest_ms: int | None


class Caused(Struct, frozen=True, kw_only=True):
    """How many tests were missed for one cause; that nobody knows one comes first."""

    side: str
    cause: str
    tests: int


class Missed(Struct, frozen=True, kw_only=True):
    """One test that was missed, or answered too late."""

    id: str
    side: str
    at: Instant
    late: bool
    cause: str | None
    """None if it was answered late."""


class Reliability(Struct, frozen=True, kw_only=True):
    """One link in one month."""

    link: str
    us: str
    counterpart: str
    title: str
    """The counterpart's, as in the terms."""
    month: str
    start: Instant
    end: Instant
    """Of the month; the first instant after it."""
    over: bool
    """Whether the month was over, and each of its tests too, when this was made."""
    rows: tuple[Row, ...]
    causes: tuple[Caused, ...]
    misses: tuple[Missed, ...]
    never: tuple[str, ...]
    """Rung and channel of each way that there is now and that no test tried in the month."""


def month_of(text: str, now: Instant) -> tuple[str, Instant, Instant]:
    """Return a month like `2026-11`, its start and its end; the present one if `text` is empty."""
    month = text or str(now)[:7]
    found = MONTH.fullmatch(month)
    if found is None:
        raise Mistake("bad_month", f"{text[:20]!r} is no month like 2026-11.")
    year, number = int(found[1]), int(found[2])
    after = f"{year + number // 12}-{number % 12 + 1:02d}"
    return month, _first_of(month), _first_of(after)


def _first_of(month: str) -> Instant:
    return Instant.parse(f"{month}-01T00:00:00.000Z")


def says(row: Row) -> str:
    """Return in one plain sentence what a row proves."""
    if not row.tests:
        return "Never tested: nothing is known."
    counted = f"{row.answered} of {row.tests} {'carried' if row.what == 'path' else 'answered'}"
    if row.fails_one_in is None:
        return f"{counted}: at 95 % it may fail more often than it works."
    return f"{counted}: at 95 % it may still fail 1 time in {row.fails_one_in}."


def reliability(
    state: State, journal: Journal, wanted: str, month: str, now: Instant
) -> Steps[Reliability]:
    """Return the report of one link and month, in steps; Mistake if there is no such link."""
    link = state.link(wanted)
    name, start, end = month_of(month, now)
    seen = _Seen(link, start, end)
    yield from _read_feed(journal, link, seen)
    yield from _read_journal(journal, state.seq, seen)
    tests = [each for each in seen.tests.values() if start <= each.at < end]
    waiting = [each for each in tests if each.outcome is None]
    ended = [each for each in tests if each.outcome is not None]
    rows: list[Row] = []
    for row in _rows(ended, tests, seen.failed_paths):
        rows.append(row)
        yield ENTRY_US + row.tests
    misses = sorted((each for each in ended if not each.in_time), key=lambda each: each.at)
    return Reliability(
        link=link.id,
        us=link.us,
        counterpart=link.them,
        title=link.counterpart.title,
        month=name,
        start=start,
        end=end,
        over=end <= now and not waiting,
        rows=tuple(rows),
        causes=_causes(misses),
        misses=tuple(_missed(each) for each in misses[-MAX_MISSES:]),
        never=_never(state, link, ended, now),
    )


# What is read.


class _Test:
    """One test call, as it is found out."""

    def __init__(self, test: str, at: Instant, *, mine: bool) -> None:
        self.id = test
        self.at = at
        self.mine = mine
        self.outcome: Outcome | None = None
        """The first that was written."""
        self.cause: Cause | None = None
        self.answered_at: Instant | None = None
        self.path = ""
        self.rung = 0
        """0: not known."""
        self.channel = ""
        self.proven = False
        """Whether a human answered by the way that was tried."""
        self.failed = False
        self.desk_rang = False
        """Whether the desk rang after the way."""

    @property
    def in_time(self) -> bool:
        return self.outcome is Outcome.ANSWERED

    @property
    def answer_ms(self) -> int | None:
        if not self.in_time or self.answered_at is None:
            return None
        return max(self.answered_at.since(self.at), 0)

    @property
    def side(self) -> str:
        return "ours" if self.mine else "theirs"

    @property
    def by_way(self) -> bool | None:
        """Return whether the way that was tried did it; None if that cannot be told."""
        if not self.in_time or self.failed:
            return False
        if self.channel == DESK:
            return True
        if self.proven:
            return True
        return False if self.desk_rang else None

    def ends(self, body: TestAnswered, at: Instant) -> None:
        """Take in an outcome: the first one stands, and a later answer or cause is added."""
        if self.outcome is None:
            self.outcome = body.outcome
        if body.outcome is Outcome.ANSWERED:
            self.answered_at = self.answered_at or at
        elif self.answered_at is None:
            self.cause = body.cause


class _Seen:
    """What has been found out so far of one link's tests."""

    def __init__(self, link: Link, start: Instant, end: Instant) -> None:
        self.link = link
        self.start, self.end = start, end
        self.until = end.after(EXPLAINED_MS)
        self.tests: dict[str, _Test] = {}
        self.sent: list[tuple[int, _Test]] = []
        """Ours, with their places in our feed."""
        self.said: list[tuple[Instant, str, TestAnswered]] = []
        """What we wrote of outcomes, in order, until the journal has come so far."""
        self.failed_paths: Counter[str] = Counter()
        self._carried = 0
        self._told = 0

    def tell(self, now: Instant) -> None:
        """Take in what we wrote before `now`: the journal and our feed are read side by side."""
        while self._told < len(self.said) and self.said[self._told][0] <= now:
            at, wanted, body = self.said[self._told]
            self._told += 1
            test = self.tests.get(wanted)
            if test is not None:
                test.ends(body, at)

    def event(self, event: object, at: Instant) -> None:
        """Take in one event of the journal."""
        match event:
            case Arrived(link=link) if link == self.link.id:
                self.tell(at)
                for raw in event.entries:
                    self._entry(raw, at, PULLED if event.pulled else PUSHED)
            case Receipted(link=link) if link == self.link.id:
                self._receipted(event)
            case PathFailed(link=link) if link == self.link.id and self.start <= at < self.end:
                self.failed_paths[event.url] += 1
            case Paged() if event.what in self.tests:
                self._paged(self.tests[event.what], event)
            case AnswerTest() if event.test in self.tests:
                self.tell(at)
            case _:
                pass

    def waits_for_a_receipt(self, record: Record) -> bool:
        """Return whether an event may be the receipt for a test: every heartbeat brings one."""
        if self._carried >= len(self.sent) or b"Receipted" not in record.event:
            return False
        return self.sent[self._carried][1].at <= record.at

    def _entry(self, raw: bytes, at: Instant, path: str) -> None:
        entry = decode_entry(raw)
        if not isinstance(entry, Entry):
            return
        if entry.kind == "test.sent":
            test = self.tests.setdefault(entry.id, _Test(entry.id, at, mine=False))
            test.path = path
        elif entry.kind == "test.answered":
            body, test = _outcome(entry), self.tests.get(entry.re[0] if entry.re else "")
            mine = test is not None and test.mine
            if test is None or body is None or (body.outcome is Outcome.ANSWERED and not mine):
                return
            test.ends(body, at)

    def _receipted(self, event: Receipted) -> None:
        """The first receipt that covers a test says by which path it went."""
        while self._carried < len(self.sent) and self.sent[self._carried][0] < event.size:
            self.sent[self._carried][1].path = event.url or PULLED
            self._carried += 1

    def _paged(self, test: _Test, event: Paged) -> None:
        _, rung, round_ = event.ring.rsplit(":", 2)
        if not (rung.isdecimal() and round_.isdecimal()):
            return
        if round_ != "0":
            test.desk_rang = True
            return
        test.rung, test.channel = int(rung), event.channel
        if event.result == "acknowledged":
            test.proven = True
        elif event.result == "failed":
            test.failed = True


def _read_feed(journal: Journal, link: Link, seen: _Seen) -> Steps[None]:
    """Read of our own feed what is of tests, from the month's start on."""
    place = _first(lambda n: _entry_at(journal, link, n), link.own_size, seen.start)
    while place < link.own_size:
        rows = journal.rows(link.id, link.us, place, min(place + BLOCK, link.own_size))
        place += len(rows)
        yield len(rows) * EVENT_US
        for row in rows:
            if b'"kind":"test.' not in row.raw:
                continue
            entry = decode_entry(row.raw)
            if not isinstance(entry, Entry):
                continue
            if entry.at >= seen.until:
                return
            if entry.kind == "test.sent" and entry.at < seen.end:
                test = seen.tests[entry.id] = _Test(entry.id, entry.at, mine=True)
                seen.sent.append((row.index, test))
            body = _outcome(entry) if entry.kind == "test.answered" and entry.re else None
            if body is not None:
                seen.said.append((entry.at, entry.re[0], body))
            yield ENTRY_US


def _read_journal(journal: Journal, count: int, seen: _Seen) -> Steps[None]:
    """Read of the journal what is of tests, from the month's start on."""
    place = _first(lambda n: _event_at(journal, n), count, seen.start)
    while True:
        # A block at a time: no reading is left open while the node writes.
        records = list(islice(journal.replay(place), BLOCK))
        place += len(records)
        yield len(records) * EVENT_US
        for record in records:
            if record.at >= seen.until:
                seen.tell(seen.until)
                return
            if _concerns(record.event) or seen.waits_for_a_receipt(record):
                seen.event(decode_event(record.event), record.at)
                yield ENTRY_US
        if len(records) < BLOCK:
            seen.tell(seen.until)
            return


def _concerns(raw: bytes) -> bool:
    """Return whether an event may be of tests, without reading it: most of them are not."""
    return (
        b'"kind":"test.' in raw or b"AnswerTest" in raw or b"PathFailed" in raw or b"Paged" in raw
    )


def _first(at: Callable[[int], Instant | None], count: int, start: Instant) -> int:
    """Return the first place of so many that is not of before `start`; `count` if there is none."""

    def begun(place: int) -> bool:
        found = at(place)
        return found is None or found >= start

    return bisect_left(range(count), True, key=begun)  # noqa: FBT003 - what is looked for


def _entry_at(journal: Journal, link: Link, place: int) -> Instant | None:
    (row,) = journal.rows(link.id, link.us, place, place + 1)
    entry = decode_entry(row.raw)
    return entry.at if isinstance(entry, Entry) else None


def _event_at(journal: Journal, place: int) -> Instant | None:
    record = next(iter(journal.replay(place)), None)
    return record.at if record is not None else None


def _outcome(entry: Entry) -> TestAnswered | None:
    """Return what an entry says became of a test; None if it is not well formed."""
    try:
        return _outcomes.decode(entry.body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


_outcomes = msgspec.json.Decoder(TestAnswered, dec_hook=dec_hook)


# What is made of it.


def _rows(ended: list[_Test], sent: list[_Test], failed: Counter[str]) -> Iterator[Row]:
    """Yield the rows: of each side all of its tests, and then each of its ways."""
    for side in ("ours", "theirs"):
        of_side = [each for each in ended if each.side == side]
        yield _row(side, "all", "", [each.in_time for each in of_side], _times(of_side))
    yield from _paths([each for each in sent if each.mine], failed)
    theirs = [each for each in sent if not each.mine]
    if theirs:
        pushed = [each.path == PUSHED for each in theirs]
        yield _row("theirs", "path", PUSHED, pushed, _times(theirs))
    for what in ("rung", "channel"):
        of: defaultdict[str, list[_Test]] = defaultdict(list)
        for test in ended:
            if not test.mine and test.channel:
                of[str(test.rung) if what == "rung" else test.channel].append(test)
        for name in sorted(of):
            proven = [each for each in of[name] if each.by_way]
            done = [each.by_way for each in of[name]]
            yield _row("theirs", what, name, done, _times(proven))


def _paths(ours: list[_Test], failed: Counter[str]) -> Iterator[Row]:
    carried: defaultdict[str, list[_Test]] = defaultdict(list)
    for test in ours:
        if test.path:
            carried[test.path].append(test)
    for url in sorted(set(carried) | set(failed)):
        done = [True] * len(carried[url]) + [False] * failed[url]
        yield _row("ours", "path", url, done, _times(carried[url]))


def _times(tests: Iterable[_Test]) -> list[int]:
    return sorted(each.answer_ms for each in tests if each.answer_ms is not None)


def _row(side: str, what: str, name: str, done: Sequence[bool | None], times: list[int]) -> Row:
    answered, counted = sum(each is True for each in done), sum(each is not None for each in done)
    low, high = interval_permille(answered, counted)
    return Row(
        side=side,
        what=what,
        name=name,
        tests=counted,
        answered=answered,
        unclear=len(done) - counted,
        low_permille=low,
        high_permille=high,
        # Half up: 3.77 is one time in four, as people say it. Below two nothing is proven.
        fails_one_in=(2_000 + 1_000 - low) // (2 * (1_000 - low)) if low > 500 else None,
        p50_ms=_quantile(times, 50),
        p90_ms=_quantile(times, 90),
        longest_ms=times[-1] if times else None,
    )


def _quantile(times: list[int], percent: int) -> int | None:
    """Return the shortest time that at least so many per cent were not longer than."""
    return times[-(-len(times) * percent // 100) - 1] if times else None


def _causes(misses: list[_Test]) -> tuple[Caused, ...]:
    counted = Counter(
        (each.side, (each.cause or Cause.UNKNOWN).value)
        for each in misses
        if each.answered_at is None
    )
    order = [cause.value for cause in Cause]
    found = sorted(counted.items(), key=lambda one: (one[0][0], order.index(one[0][1])))
    return tuple(Caused(side=side, cause=cause, tests=n) for (side, cause), n in found)


def _missed(test: _Test) -> Missed:
    late = test.answered_at is not None
    cause = None if late else (test.cause or Cause.UNKNOWN).value
    return Missed(id=test.id, side=test.side, at=test.at, late=late, cause=cause)


def _never(state: State, link: Link, ended: list[_Test], now: Instant) -> tuple[str, ...]:
    """Return rung and channel of each way that there is now and that was not tried."""
    there = ways_of(state, link, now)
    tried = {(each.rung, each.channel) for each in ended if not each.mine}
    missing = {(each.rung, each.channel) for each in there} - tried
    return tuple(f"{rung} {channel}" for rung, channel in sorted(missing))
