"""Live: the caller's part of a drill on two running nodes, and how it is scored.

A live drill is made of calls, every one of them marked DRILL (decision 0034). Our node plays
the caller by real commands; the other side is people. What they did, and when, is read back
from the record that both sides hold, by the clock of whoever said each thing. Nothing here
speaks to a node: that is `exercise`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import Struct, field

from clearline.basis.instants import SECOND_MS, Instant, dec_hook
from clearline.core.terms import Precedence
from clearline.drills.report import Criterion
from clearline.phrasebook import Phrase, differing
from clearline.space import Position

__all__ = ["CallScore", "Ended", "Live", "LiveReport", "Milestone", "Step", "Within", "score"]

Entries = Iterable[Mapping[str, Any]]
"""Entries of both feeds, as the `log` view shows them."""


class Milestone(StrEnum):
    """What the other side can be seen to have done about a call."""

    RINGS = "rings"
    ACKNOWLEDGED = "acknowledged"
    READ_BACK = "read_back"
    """Restated, and every slot that matters agrees."""
    RECEIVED = "received"
    RELAYED = "relayed_to_units"
    UNDERSTOOD = "understood"


class Within(Struct, frozen=True, kw_only=True):
    """One criterion of a live drill: a milestone of one step, in time."""

    name: str
    milestone: Milestone
    span_ms: int
    """From when the call was opened."""


class Step(Struct, frozen=True, kw_only=True):
    """One call of the script. The next is made when all that is wanted of this one was done."""

    what: str
    """Why it is made, for whoever watches the drill."""
    precedence: Precedence
    phrases: Callable[[Position, Instant], tuple[Phrase, ...]]
    """Its text, of a place of the link's and the node's time."""
    wants: tuple[Within, ...]
    in_turn: str = ""
    """Name of a further criterion: that what is wanted was done in this order."""

    @property
    def patience_ms(self) -> int:
        """Return how long the drill waits for what is wanted."""
        return max(each.span_ms for each in self.wants)


class Live(Struct, frozen=True, kw_only=True):
    """The caller's script of a drill."""

    briefing: str
    """What people are told before, and what they are to do: nothing but what they always do."""
    steps: tuple[Step, ...]


class Ended(StrEnum):
    """How a live drill ended."""

    DONE = "done"
    TIMED_OUT = "timed_out"
    PREEMPTED = "preempted"
    """A real call came."""
    STOPPED = "stopped"


class CallScore(Struct, frozen=True, kw_only=True):
    """One call of a live drill, as the record has it."""

    call: str
    what: str
    after_ms: dict[str, int] = field(default_factory=dict[str, int])
    """For each milestone that was reached, how long after the call was opened."""


class LiveReport(Struct, frozen=True, kw_only=True):
    """What a live drill came to."""

    name: str
    link: str
    counterpart: str
    ended: Ended
    clock_ahead_ms: int
    """How far the other side's clock was ahead of ours; its times are counted without that."""
    calls: tuple[CallScore, ...]
    criteria: tuple[Criterion, ...]

    @property
    def passed(self) -> bool:
        """Return whether it ran to its end and every criterion held."""
        return self.ended is Ended.DONE and all(each.passed for each in self.criteria)

    def to_json(self) -> dict[str, Any]:
        """Return the report as `--json` prints it."""
        return msgspec.to_builtins(self) | {"passed": self.passed}


def times_of(entries: Entries, call: str, clock_ahead_ms: int) -> dict[str, int]:
    """Return how long after a call was opened each milestone was reached, by the record."""
    of_call = [each for each in entries if each["id"] == call or call in each["re"][:1]]
    opened = next((each for each in of_call if each["id"] == call), None)
    if opened is None:
        return {}
    began = Instant.parse(opened["at"])
    found: dict[str, int] = {}
    for each in of_call:
        reached = _milestone(each, opened) if each["party"] != opened["party"] else None
        if reached is not None:
            after_ms = Instant.parse(each["at"]).since(began) - clock_ahead_ms
            found.setdefault(reached.value, max(0, after_ms))
    return found


def score(step: Step, after_ms: Mapping[str, int]) -> list[Criterion]:
    """Return what one step had to show, and whether the record shows it."""
    found = [_within(each, after_ms.get(each.milestone.value)) for each in step.wants]
    if step.in_turn:
        times = [after_ms.get(each.milestone.value) for each in step.wants]
        said = [at for at in times if at is not None]
        order = ", ".join(each.milestone.value for each in step.wants)
        found.append(
            Criterion(
                name=step.in_turn,
                passed=len(said) == len(times) and said == sorted(said),
                evidence=f"{len(said)} of {len(times)} said, wanted in turn: {order}",
            )
        )
    return found


def _within(want: Within, after_ms: int | None) -> Criterion:
    limit = f"{want.span_ms / SECOND_MS:g} s"
    if after_ms is None:
        evidence = f"{want.milestone.value}: not in the record; wanted within {limit}"
        return Criterion(name=want.name, passed=False, evidence=evidence)
    took = f"{after_ms / SECOND_MS:.1f} s"
    return Criterion(
        name=want.name,
        passed=after_ms <= want.span_ms,
        evidence=f"{want.milestone.value} after {took}; wanted within {limit}",
    )


def _milestone(entry: Mapping[str, Any], opened: Mapping[str, Any]) -> Milestone | None:
    """Return what an entry of the called side shows to have been reached."""
    match entry["kind"]:
        case "call.ringing" | "call.climbed":
            return Milestone.RINGS
        case "call.acknowledged":
            return Milestone.ACKNOWLEDGED
        case "call.readback" if entry["re"][1:] == [opened["id"]] and _agrees(entry, opened):
            return Milestone.READ_BACK
        case "call.disposition":
            said = entry["body"]["disposition"]
            return Milestone(said) if said in _DISPOSITIONS else None
        case _:
            return None


_DISPOSITIONS = (Milestone.RECEIVED, Milestone.RELAYED, Milestone.UNDERSTOOD)


def _agrees(entry: Mapping[str, Any], opened: Mapping[str, Any]) -> bool:
    said, restated = (
        msgspec.convert(each["body"]["phrases"], tuple[Phrase, ...], dec_hook=dec_hook)
        for each in (opened, entry)
    )
    return not differing(said, restated)
