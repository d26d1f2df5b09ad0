"""Runtime: the one way round. Event in, journal, core, commit, effects out.

It runs the core over the journal, keeps both feeds' trees, signs and checks what goes over
the wire, and hands effects to whoever performs them. It is synchronous and owns no socket
and no clock, so the simulator runs exactly this.

The order is what makes a receipt true: the core decides in memory, one commit makes the
events and everything that follows from them durable, and only then is anything signed,
sent or rung. If a commit fails, memory is ahead of the disk: the runtime says LINE NOT
SAFE and does nothing more until the process is started again and replays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from clearline.basis.faults import Broken, Mistake, Refusal
from clearline.basis.instants import Instant
from clearline.core.effects import Append, Effect, Release
from clearline.core.events import (
    RULES,
    Arrived,
    Command,
    Event,
    Forked,
    OpenLink,
    PathFailed,
    PeerDisputes,
    PeerUnsafe,
    Receipted,
    Rechecking,
    Started,
    Tick,
    Wire,
)
from clearline.core.state import State
from clearline.node import snapshots
from clearline.node.journaled import check_readable, encode_event
from clearline.node.line import Line, Trust, carried_size, open_lines, verifiers
from clearline.node.outbox import Push
from clearline.node.ports import (
    Batch,
    FeedRow,
    Head,
    Journal,
    KeptFork,
    KeptReceipt,
    Keys,
    Outcome,
    Record,
    Reply,
)
from clearline.node.restoring import Memory, restore
from clearline.record import (
    Admitted,
    AppendRequest,
    Checkpoint,
    Fork,
    SignedCheckpoint,
    WrongSize,
    admit,
    canonical,
    parse_append,
)
from clearline.space import GridIndex, Index

__all__ = ["Outcome", "Reply", "Runtime", "open_runtime"]

SNAPSHOT_EVERY = 20_000
"""Events between two snapshots. A restart replays at most so many, and those that came while the
last was being written."""


class Runtime:
    """One node, without its shells."""

    def __init__(
        self,
        memory: Memory,
        journal: Journal,
        keys: Keys,
        perform: Callable[[Effect], None],
        trust: Trust,
    ) -> None:
        self.core = memory.core
        self.unsafe: str | None = None
        """Why this node cannot be sure that it is recording; None while it can."""
        self.lines: dict[str, Line] = memory.lines
        self._journal = journal
        self._keys = keys
        self._perform = perform
        self._trust = trust
        self._late_receipts: dict[str, KeptReceipt] = {}
        """Of each link, the newest that no commit has kept yet; it says what older ones said."""
        self._unsettled: list[tuple[Receipted, KeptReceipt]] = []
        self._taker = snapshots.Taker(memory.snapshot_at)
        self.snapshot_every = SNAPSHOT_EVERY
        self.before_commit: Callable[[], None] = lambda: None
        """Told when all is decided and the disk is next."""

    @property
    def state(self) -> State:
        """Return the core's state, to be read."""
        return self.core.state

    @property
    def journal(self) -> Journal:
        """Return the journal, to be read."""
        return self._journal

    def submit(self, events: Sequence[Event], now: Instant) -> list[Outcome]:
        """Handle events in order, in one durable commit; return what became of each.

        Raises Broken, and from then on refuses everything, if the node cannot record.
        """
        return self._run(events, now, Batch())

    def tick(self, now: Instant) -> None:
        """Let the core act on a deadline that has come."""
        due = self.core.due()
        if due is not None and due <= now:
            self._run([Tick()], now, Batch())

    def due(self) -> Instant | None:
        """Return when `tick` or `pushes` will have something to do, if nothing else happens."""
        times = [self.core.due()]
        for line in self.lines.values():
            pulse = line.link.terms.pulse
            times.append(line.outbox.due(line.link.own_size, pulse.heartbeat_ms))
        return min((at for at in times if at is not None), default=None)

    def admit(self, link: str, body: bytes, now: Instant, *, carried: bool = False) -> Reply:
        """Take in an append of the counterpart's; return its receipt, or why there is none.

        The receipt is signed only after the entries are durable. One that was `carried` by
        hand, and whose entries do not lead to its checkpoint, is damaged, not a fork: over
        TLS that would have been the author's own doing, on a stick it is anybody's.
        """
        self._check_safe()
        line = self.lines.get(link)
        if line is None:
            return Reply(status=404, body=b"no such link\n", reason="no_such_link")
        if line.link.disputed:
            return Reply(status=403, body=b"disputed\n", reason="disputed")
        request = parse_append(body)
        if isinstance(request, Refusal):
            return Reply.refusing(request)
        reply = self._admit(line, request, now, carried=carried)
        if reply.status == 200:
            line.heard_at = now
        return reply

    def admit_pulled(self, link: str, request: AppendRequest, now: Instant) -> Reply:
        """Take in what we read of the counterpart's feed ourselves; as `admit`."""
        line = self._line(link)
        if line.link.disputed:
            return Reply(status=403, body=b"disputed\n", reason="disputed")
        return self._admit(line, request, now, carried=False, pulled=True)

    def _admit(
        self,
        line: Line,
        request: AppendRequest,
        now: Instant,
        *,
        carried: bool,
        pulled: bool = False,
    ) -> Reply:
        found = admit(line.theirs, line.their_head, request, line.their_origin, line.author)
        match found:
            case Refusal():
                return Reply.refusing(found)
            case WrongSize(size=size):
                return Reply(status=409, body=b"%d\n" % size, reason="wrong_size")
            case Fork(evidence=evidence) if carried and not evidence.is_conclusive:
                return Reply(status=400, body=b"damaged: not what was signed\n", reason="damaged")
            case Fork():
                self._keep_fork(line, found, now)
                return Reply(status=422, body=b"fork\n", reason="fork")
            case Admitted():
                self._store(line, request.entries, found, now, pulled=pulled)
                return Reply(status=200, body=self._receipt_for(line, found.checkpoint, now))

    def pushes(self, now: Instant) -> list[tuple[Push, bytes]]:
        """Return the appends to send now, with their bodies; each counts as under way."""
        self._check_safe()
        ready: list[tuple[Push, bytes]] = []
        for line in self.lines.values():
            pulse = line.link.terms.pulse
            push = line.outbox.next_push(line.link.own_size, pulse.heartbeat_ms, now)
            if push is not None:
                ready.append(self._body_of(line, push))
            self._note_lost(line, now)
        return ready

    def answered(
        self, push: Push, status: int, body: bytes, now: Instant, *, later: bool = False
    ) -> None:
        """Take in the counterpart's answer to a push.

        With `later`, a receipt is verified now and becomes an event with the next commit,
        or at `settle`: a commit of its own would only hold up what comes next.
        """
        self._check_safe()
        line = self.lines[push.link]
        if line.outbox.under_way is None or line.outbox.under_way.number != push.number:
            return
        if status == 200:
            self._receipted(line, push, body, now)
            if not later:
                self.settle(now)
        elif status == 409 and body.strip().isdigit() and len(body) < 18:
            size = int(body)
            if size > line.link.own_size or size == push.start:
                # It cannot hold what we never said, nor be elsewhere than where it is.
                line.outbox.failed(push, now)
            else:
                line.outbox.behind(push, size, now)
        else:
            line.outbox.failed(push, now)
            if status == 503 and body.startswith(b"line not safe"):
                self.peer_unsafe(push.link, now)
            elif status in (403, 422) and not line.link.peer_disputes:
                self._run([PeerDisputes(link=push.link)], now, Batch())

    def settle(self, now: Instant) -> bool:
        """Do what waits for a commit: receipts, a part of a snapshot. Return whether more waits."""
        if self._unsettled or self._taker.is_busy:
            self._run([], now, Batch())
        return self._taker.is_busy

    def unanswered(self, push: Push, now: Instant) -> None:
        """A push got no answer at all."""
        line = self.lines[push.link]
        line.outbox.unanswered(push, now)
        if self.unsafe is None:
            self._note_lost(line, now)

    def peer_unsafe(self, link: str, now: Instant) -> None:
        """The counterpart's node says LINE NOT SAFE."""
        line = self.lines.get(link)
        if line is not None and not line.link.peer_unsafe:
            self._run([PeerUnsafe(link=link)], now, Batch())

    def carry(self, link: str, start: int) -> list[bytes]:
        """Return appends, to carry by hand, that take the counterpart from `start` to our end."""
        return self._line(link).carry(start)

    def carried_receipt(self, link: str, note: bytes, now: Instant) -> int:
        """Take in a receipt that did not come as the answer to a push; return its size.

        `note` is the cosigned checkpoint. Mistake if it is not the counterpart's, or not of
        our feed.
        """
        line = self._line(link)
        size, lines = carried_size(note)
        if not 0 <= size <= line.link.own_size:
            raise Mistake("bad_receipt", "This is no receipt for our feed on this link.")
        if size < line.link.receipt_size:
            return size  # We hold a later one.
        kept = line.receipt_from_them(lines, line.head_at(size))
        if isinstance(kept, Refusal):
            raise Mistake("bad_receipt", kept.detail)
        pulse = line.link.terms.pulse
        age_ms = abs(now.since(kept.receipt.at))
        # What was carried for a day proves that they store it, not that they are alive.
        live = age_ms <= pulse.late_after_ms + pulse.clock_limit_ms
        event = Receipted(link=link, size=size, theirs=kept.receipt.at, live=live)
        self._run([event], now, Batch(receipts=[kept]))
        line.outbox.peer_size = max(line.outbox.peer_size, size)
        return size

    def hold_against(self, link: str, note: bytes) -> None:
        """Hold our own feed against a checkpoint of it that the counterpart stores.

        Raises Broken if we signed more than we have, or something else: this journal is an
        old copy, and writing on would make us the ones who fork.
        """
        why = self._line(link).against(note)
        if why is not None:
            self.break_off(f"this journal is not the one that was written: {why}")
            raise Broken(self.unsafe or why)

    def backlog(self, link: str) -> int:
        """Return how many of our entries the counterpart is not known to hold."""
        line = self.lines.get(link)
        return 0 if line is None else line.link.own_size - line.outbox.peer_size

    def break_off(self, why: str) -> None:
        """Say LINE NOT SAFE: from now on nothing is recorded, admitted or sent."""
        self.unsafe = self.unsafe or why

    def checkpoint(self, link: str) -> tuple[Checkpoint, bytes]:
        """Return our newest checkpoint on a link, and its signed note."""
        return self.lines[link].checkpoint()

    def flush(self) -> None:
        """Make durable what was signed since the last commit."""
        self._check_safe()
        self._commit(Batch())

    def _run(self, events: Sequence[Event], now: Instant, batch: Batch) -> list[Outcome]:
        self._check_safe()
        outcomes: list[Outcome] = []
        effects: list[Effect] = []
        receipts = [event for event, _ in self._unsettled]
        batch.receipts.extend(kept for _, kept in self._unsettled)
        self._unsettled.clear()
        try:
            for event in receipts:
                effects.extend(self._handle(event, now, batch)[1])
            for event in events:
                outcome, done = self._handle(event, now, batch)
                outcomes.append(outcome)
                effects.extend(done)
        except BaseException as error:
            # The core contradicted itself half-way: memory can no longer be trusted.
            self.break_off(f"{type(error).__name__}: {error}")
            raise Broken(self.unsafe or "") from error
        self._commit(batch)
        for effect in effects:
            self._perform(effect)
        return outcomes

    def _handle(
        self, event: Event, now: Instant, batch: Batch
    ) -> tuple[Outcome, tuple[Effect, ...]]:
        seq = self.state.seq
        raw = encode_event(event)
        try:
            if isinstance(event, Command):
                check_readable(raw)
            if isinstance(event, OpenLink):
                verifiers(event.terms.other(event.us), self._trust)
            effects = self.core.handle(event, now)
        except Mistake as mistake:
            if isinstance(event, Wire | Rechecking | Started | Tick):
                raise Broken(f"nobody asked, and yet: {mistake.phrase}") from mistake
            return Outcome(mistake=mistake), ()
        at = self.state.last
        batch.records.append(Record(seq=seq, at=at, event=raw))
        open_lines(self.lines, self.state.links, self._trust, self._journal, self._keys)
        batch.releases.extend(effect for effect in effects if isinstance(effect, Release))
        written = tuple(effect for effect in effects if isinstance(effect, Append))
        for append in written:
            line = self.lines[append.link]
            found = isinstance(event, Arrived) and append.kind.startswith("conflict.")
            line.outbox.wrote(now, append.index, can_wait=found)
            batch.rows.append(line.grow(append))
            if append.kind == "call.opened":
                # Nothing that went wrong before makes a call wait.
                line.outbox.hurry(now)
            elif append.kind == "test.sent":
                line.outbox.turn()
        return Outcome(entries=written), effects

    def _commit(self, batch: Batch) -> None:
        batch.receipts.extend(self._late_receipts.values())
        batch.part = self._taker.part(self.state, self.lines.values(), self.snapshot_every)
        if not batch:
            return
        self.before_commit()
        try:
            self._journal.commit(batch)
        except Exception as error:
            # Whatever the disk or the database said, the answer is the same.
            self.break_off(f"the journal could not be written: {error}")
            raise Broken(self.unsafe or "") from error
        self._late_receipts.clear()

    def _check_safe(self) -> None:
        if self.unsafe is not None:
            raise Broken(self.unsafe)

    def _line(self, link: str) -> Line:
        self._check_safe()
        line = self.lines.get(link)
        if line is None:
            raise Mistake("no_such_link", f"This node has no link {link}.")
        return line

    def _store(
        self, line: Line, entries: tuple[bytes, ...], found: Admitted, now: Instant, *, pulled: bool
    ) -> None:
        first = line.theirs.size
        # Before the commit, because a snapshot taken in it must have the feed as it then is.
        line.theirs = found.frontier
        line.their_head = found.checkpoint
        if not entries:
            return
        link, party = line.link.id, line.link.them
        rows = [
            FeedRow(link=link, party=party, index=first + n, raw=raw, leaf=leaf)
            for n, (raw, leaf) in enumerate(zip(entries, found.leaf_hashes, strict=True))
        ]
        signed = found.checkpoint
        head = Head(link=link, party=party, size=signed.size, raw=signed.raw)
        batch = Batch(rows=rows, heads=[head])
        event = Arrived(link=link, first=first, entries=entries, pulled=pulled)
        self._run([event], now, batch)

    def _receipt_for(self, line: Line, head: SignedCheckpoint, now: Instant) -> bytes:
        kept = line.receipt_for_them(head, now)
        self._late_receipts[line.link.id] = kept
        return kept.receipt.lines

    def _body_of(self, line: Line, push: Push) -> tuple[Push, bytes]:
        while True:
            try:
                line.in_push, body = line.append_of(push.start, push.end)
            except Mistake:
                push = line.outbox.halved(push)
                continue
            return push, body

    def _receipted(self, line: Line, push: Push, body: bytes, now: Instant) -> None:
        assert line.in_push is not None, push
        kept = line.receipt_from_them(body, line.in_push)
        if isinstance(kept, Refusal):
            line.outbox.failed(push, now)
            return
        size = kept.receipt.size
        url = push.url if push.end > push.start else ""
        event = Receipted(link=line.link.id, size=size, theirs=kept.receipt.at, url=url)
        self._unsettled.append((event, kept))
        line.outbox.stored(push, size, now)

    def _note_lost(self, line: Line, now: Instant) -> None:
        """Journal which paths gave no answer when a test call was sent by them."""
        lost, line.outbox.lost = line.outbox.lost, []
        if lost:
            self._run([PathFailed(link=line.link.id, url=url) for url in lost], now, Batch())

    def _keep_fork(self, line: Line, fork: Fork, now: Instant) -> None:
        raw = msgspec.msgpack.encode(fork.evidence)
        digest = canonical.sha256_hex(raw)
        kept = KeptFork(link=line.link.id, digest=digest, evidence=raw)
        detail = (
            "two signed roots of one size"
            if fork.evidence.is_conclusive
            else "a signed checkpoint that is no extension of what was stored"
        )
        event = Forked(link=line.link.id, evidence=digest, detail=detail)
        self._run([event], now, Batch(forks=[kept]))


def open_runtime(
    journal: Journal,
    keys: Keys,
    perform: Callable[[Effect], None],
    now: Instant,
    *,
    version: str,
    trust: Trust | None = None,
    clock_limit_ms: int = 60_000,
    index: Callable[[], Index] = GridIndex,
) -> Runtime:
    """Return the runtime that the journal makes, with everything ringing that should ring.

    Replays from the newest whole snapshot; `index` makes indexes. Broken if the journal's hash
    chain does not hold, if a replayed feed differs by a byte from the one kept, or if the clock
    stands before the last event by more than `clock_limit_ms`.
    """
    count, last = journal.check()
    if last.since(now) > clock_limit_ms:
        raise Broken(f"the clock says {now}, but the journal's last event is of {last}")
    trust = trust or Trust()
    memory = restore(journal, keys, trust, count, index)
    runtime = Runtime(memory, journal, keys, perform, trust)
    runtime.submit([Started(version=version, rules=RULES)], now)
    return runtime
