"""A view of a night: what several checkers ask of a trace, worked out once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from clearline.basis.faults import Refusal
from clearline.basis.instants import Instant
from clearline.record import Entry, decode, parse_append
from clearline.sim.checkers.violation import Violation
from clearline.sim.night import Night
from clearline.sim.scene import LINK, PARTIES
from clearline.sim.trace import Life, Performed, Trace

__all__ = ["View", "other"]

_END = Instant(253_402_300_799_999)


def other(party: str) -> str:
    """Return the party that is not this one."""
    first, second = PARTIES
    return second if party == first else first


class View:
    """One night as a checker sees it."""

    def __init__(self, night: Night) -> None:
        self.night = night

    @property
    def trace(self) -> Trace:
        """Return all that happened."""
        return self.night.world.trace

    def violation(self, rule: int, at: Instant, what: str) -> Violation:
        """Return a violation of this night."""
        return Violation(rule=rule, seed=self.night.seed, at=at, what=what)

    @cached_property
    def entries(self) -> dict[str, Sequence[Entry]]:
        """Each side's feed as its own disk holds it, decoded."""
        return {party: [_decoded(raw) for raw in self.raw(party, party)] for party in PARTIES}

    def raw(self, holder: str, party: str) -> list[bytes]:
        """Return the feed of `party` as the disk of `holder` has it."""
        journal = self.night.world.station(holder).journal
        size = journal.feed_size(LINK, party)
        return [row.raw for row in journal.rows(LINK, party, 0, size)]

    @cached_property
    def up(self) -> dict[str, list[tuple[Instant, Instant]]]:
        """When each node was up: from a start, until it crashed or was not safe."""
        spans: dict[str, list[tuple[Instant, Instant]]] = {party: [] for party in PARTIES}
        for change in self.trace.lives:
            of_party = spans[change.party]
            if change.life is Life.STARTED:
                of_party.append((change.at, _END))
            elif of_party and of_party[-1][1] == _END:
                of_party[-1] = (of_party[-1][0], change.at)
        return spans

    def is_up(self, party: str, at: Instant) -> bool:
        """Return whether a node was up at an instant and did not go down in it."""
        return any(start <= at < end for start, end in self.up[party])

    def fell(self, party: str, at: Instant) -> bool:
        """Return whether a node went down just then, by whatever it was doing."""
        return any(
            each.party == party and each.at == at and each.life is not Life.STARTED
            for each in self.trace.lives
        )

    def reached(self, party: str, index: int) -> Instant | None:
        """Return when a node stored that entry of its counterpart's feed; None if it did not.

        One that it stored and then fell of is stored when it fell.
        """
        signed = (
            each.at
            for each in self.trace.admissions
            if each.party == party and each.status == 200 and self._size(each.body) > index
        )
        fell = (
            each.at
            for each in self.trace.lives
            if each.party == party and each.life is not Life.STARTED and each.mirrored > index
        )
        return min((at for at in (next(signed, None), next(fell, None)) if at), default=None)

    @staticmethod
    def _size(body: bytes) -> int:
        request = parse_append(body)
        return getattr(request, "old", 0) + len(getattr(request, "entries", ()))

    def next_start(self, party: str, at: Instant) -> Instant | None:
        """Return when a node next started and stayed up, after an instant; None if it did not."""
        return next((start for start, end in self.up[party] if start > at and end > start), None)

    def starts(self, party: str) -> set[Instant]:
        """Return when a node started."""
        return {start for start, _ in self.up[party]}

    @cached_property
    def performed(self) -> dict[str, list[Performed]]:
        """What reached each side's people, in order."""
        found: dict[str, list[Performed]] = {party: [] for party in PARTIES}
        for each in self.trace.performed:
            found[each.party].append(each)
        return found


def _decoded(raw: bytes) -> Entry:
    entry = decode(raw)
    assert not isinstance(entry, Refusal), entry
    return entry
