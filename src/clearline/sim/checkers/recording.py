"""Rules 1 and 8, and what every rule stands on: what is said is stored, everywhere, for good.

Rule 0 here: nothing that a node said is lost once the network heals; a journal replayed,
with and without its snapshots, makes the same node byte for byte; no node contradicts itself
or refuses what an honest counterpart says for a reason that honesty cannot cause.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from clearline.basis.faults import Broken, Reason, Refusal
from clearline.basis.instants import SECOND_MS, Instant, dec_hook
from clearline.core.effects import Alert
from clearline.core.events import Event
from clearline.core.step import Core
from clearline.node.restoring import restore
from clearline.record import parse_append
from clearline.sim.checkers.view import View, other
from clearline.sim.checkers.violation import Violation
from clearline.sim.scene import PARTIES
from clearline.sim.trace import Admission, Change, Life

__all__ = ["acknowledged_is_stored", "not_safe_stops", "stands"]

_decode_event = msgspec.msgpack.Decoder(Event, dec_hook=dec_hook).decode

_DISHONEST = frozenset(
    {
        Reason.MALFORMED,
        Reason.NOT_CANONICAL,
        Reason.UNKNOWN_FIELD,
        Reason.UNKNOWN_KIND,
        Reason.UNKNOWN_VERSION,
        Reason.TOO_LARGE,
        Reason.DUPLICATE,
        Reason.BAD_GEOMETRY,
        Reason.ANCHOR_MISMATCH,
        Reason.NO_TERMS,
        Reason.RATE,
    }
)
"""Two nodes of ours never refuse each other's entries for these."""
HEARD_WITHIN_MS = 15 * SECOND_MS


def stands(view: View) -> Iterator[Violation]:
    """Check what every rule stands on."""
    end = view.night.ended_at
    if not view.night.at_rest:
        yield view.violation(0, end, "the two sides never came to rest after everything was mended")
    lost = view.night.world.lost_entries()
    if lost:
        yield view.violation(0, end, f"{lost} entries are not held by the counterpart")
    for change in view.trace.lives:
        failing = any(
            start <= change.at <= stop and party == change.party
            for start, stop, party in view.trace.failing
        )
        if change.life in (Life.UNSAFE, Life.REFUSED_TO_START) and not failing:
            yield view.violation(0, change.at, f"{change.party} broke by itself: {change.why}")
    for party in PARTIES:
        yield from _replayed(view, party)
        yield from _refused(view, party)


def _replayed(view: View, party: str) -> Iterator[Violation]:
    station = view.night.world.station(party)
    if station.runtime is None:
        return
    live = station.runtime.state.pack()
    core = Core()
    for record in station.journal.replay(0):
        core.handle(_decode_event(record.event), record.at)
    if core.state.pack() != live:
        yield view.violation(0, view.night.ended_at, f"{party}'s journal makes another node")
    try:
        again = restore(station.journal, station.keys, station.trust, station.journal.events)
    except Broken as broken:
        yield view.violation(0, view.night.ended_at, f"{party}'s journal does not open: {broken}")
        return
    if again.core.state.pack() != live:
        yield view.violation(0, view.night.ended_at, f"{party}'s snapshot makes another node")


def _refused(view: View, party: str) -> Iterator[Violation]:
    for entry in view.entries[party]:
        if entry.kind == "entry.refused":
            body = msgspec.json.decode(entry.body)
            if body["reason"] in _DISHONEST:
                what = f"{party} refuses an honest entry: {body['reason']}, {body['detail']}"
                yield view.violation(0, entry.at, what)


def acknowledged_is_stored(view: View) -> Iterator[Violation]:
    """Check rule 1: a receipt is given only for what is durable, and stays true for ever.

    At each receipt the mirror's disk holds as much; after each crash it still does; and in
    the end each mirror is the feed, byte for byte, as far as it goes.
    """
    promised: dict[str, int] = dict.fromkeys(PARTIES, 0)
    happened: list[Admission | Change] = [*view.trace.admissions, *view.trace.lives]
    # In one millisecond a node's life comes first: what it signed for then, it did afterwards.
    for each in sorted(happened, key=lambda one: (one.at, isinstance(one, Admission))):
        if isinstance(each, Change):
            if each.mirrored < promised[each.party] and each.life is not Life.UNSAFE:
                what = f"{each.party} signed for {promised[each.party]}, holds {each.mirrored}"
                yield view.violation(1, each.at, what)
        elif each.status == 200:
            size = _size_of(each.body)
            if each.durable < size:
                what = f"{each.party} signed for {size} with {each.durable} on disk"
                yield view.violation(1, each.at, what)
            promised[each.party] = max(promised[each.party], size)
    for party in PARTIES:
        yield from _same_bytes(view, party, promised[other(party)])


def _size_of(body: bytes) -> int:
    request = parse_append(body)
    assert not isinstance(request, Refusal), request
    return request.old + len(request.entries)


def _same_bytes(view: View, party: str, promised: int) -> Iterator[Violation]:
    written, held = view.raw(party, party), view.raw(other(party), party)
    end = view.night.ended_at
    if len(held) < promised:
        yield view.violation(1, end, f"{other(party)} signed for {promised}, holds {len(held)}")
    for index, (mine, theirs) in enumerate(zip(written, held, strict=False)):
        if mine != theirs:
            yield view.violation(1, end, f"entry {index} of {party} is not what was written")
    if len(held) > len(written):
        yield view.violation(1, end, f"{other(party)} holds more of {party} than was written")
    disputed = [
        each
        for each in view.performed[party]
        if isinstance(each.effect, Alert) and each.effect.code == "link_disputed"
    ]
    if disputed:
        yield view.violation(1, disputed[0].at, f"{party} saw a fork where there was none")


def not_safe_stops(view: View) -> Iterator[Violation]:
    """Check rule 8: a node that cannot record says so to whoever asks, and does nothing more."""
    for number, change in enumerate(view.trace.lives):
        if change.life is not Life.UNSAFE:
            continue
        after = (each for each in view.trace.lives[number + 1 :] if each.party == change.party)
        revived = next((each for each in after if each.life is not Life.UNSAFE), None)
        end = revived.at if revived else view.night.ended_at
        yield from _silent(view, change, end, revived)
        yield from _peer_learns(view, change.party, change.at, end)
    for start, stop, party in view.trace.failing:
        yield from _nothing_kept(view, party, start, stop)


def _silent(
    view: View, change: Change, end: Instant, revived: Change | None
) -> Iterator[Violation]:
    party, trace = change.party, view.trace
    if revived is not None and revived.journaled != change.journaled:
        yield view.violation(8, end, f"{party} recorded while it was not safe")
    for each in trace.admissions:
        if each.party == party and change.at < each.at < end and each.status != 503:
            yield view.violation(8, each.at, f"{party} answered {each.status}, not LINE NOT SAFE")
    for sending in trace.sendings:
        if sending.party == party and change.at < sending.at < end:
            yield view.violation(8, sending.at, f"{party} sent an append while not safe")
    for performed in view.performed[party]:
        if change.at < performed.at < end:
            yield view.violation(8, performed.at, f"{party} rang or told while not safe")


def _peer_learns(view: View, party: str, start: Instant, end: Instant) -> Iterator[Violation]:
    """Whoever asks a node that is not safe, and gets its answer, tells its own people."""
    peer = other(party)
    told = [
        each.at
        for each in view.performed[peer]
        if isinstance(each.effect, Alert) and each.effect.code == "peer_not_safe"
    ]
    for each in view.trace.admissions:
        if each.party != party or each.late or each.status != 503:
            continue
        if not start <= each.at < end:
            continue
        late = each.at.after(HEARD_WITHIN_MS)
        lost = (at for at, _ in view.trace.lost)
        fell = (change.at for change in view.trace.lives if change.party == peer)
        undisturbed = (
            view.is_up(peer, each.at)
            and not any(each.at.after(-HEARD_WITHIN_MS) <= at <= late for at in lost)
            and not any(each.at <= at <= late for at in fell)
        )
        if (
            undisturbed
            and late < view.night.ended_at
            and not any(start <= at <= late for at in told)
        ):
            yield view.violation(8, each.at, f"{peer} was answered LINE NOT SAFE and told nobody")


def _nothing_kept(view: View, party: str, start: Instant, stop: Instant) -> Iterator[Violation]:
    """While a disk fails, nothing that needs it may be said to have succeeded."""
    for each in view.trace.admissions:
        if each.party == party and start < each.at < stop and each.status == 200:
            request = parse_append(each.body)
            if not isinstance(request, Refusal) and request.entries:
                yield view.violation(8, each.at, f"{party} signed for entries on a failed disk")
