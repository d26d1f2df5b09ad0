"""Calls: one call on the screen, with its ladder whole and what was said in every language.

Like every item (`items`) it says what is, never how old it is: the page counts from the
node's clock.
"""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct

from clearline.basis.instants import Instant
from clearline.core.calls import Acknowledgement, Call, Recording, Said
from clearline.core.pages import PageSeen
from clearline.core.state import State
from clearline.core.terms import Rung
from clearline.node.views import HANDLE_CHARS
from clearline.phrasebook import Phrase, coded, languages, render
from clearline.space import Position

__all__ = ["Answered", "CallItem", "Disposed", "Ringing", "Utterance", "call_item"]


class Ringing(Struct, frozen=True, kw_only=True):
    """The rung that the called side said is ringing, and when we heard it."""

    rung: int
    echelon: str
    since: Instant
    heard_at: Instant | None


class Answered(Struct, frozen=True, kw_only=True):
    """Which desk has read the call. Received is not agreed."""

    rung: int
    echelon: str
    at: Instant


class Disposed(Struct, frozen=True, kw_only=True):
    """What the called side says it did, and when."""

    disposition: str
    at: Instant


class Utterance(Struct, frozen=True, kw_only=True):
    """One thing said in a call: as signed, and as each language reads it."""

    entry: str
    mine: bool
    at: Instant
    phrases: tuple[Phrase, ...]
    coded: tuple[str, ...]
    text: dict[str, tuple[str, ...]]
    """By language, one sentence for each phrase."""
    restates: str | None
    differs: tuple[str, ...]
    """The slots in which a read-back differs from what it restates; empty if it agrees."""


class CallItem(Struct, frozen=True, kw_only=True):
    """One call, with its ladder whole."""

    id: str
    handle: str
    link: str
    mine: bool
    """Whether we are calling. Otherwise we are called, and ring."""
    precedence: str
    state: str
    """`opened`, `ringing`, `acknowledged`, `closing` or `closed`."""
    climbs: bool
    """Whether nobody has acknowledged: then it rings."""
    drill: bool
    opened_at: Instant
    rungs: tuple[Rung, ...]
    rung: int
    """Which of them rings by our own clock, from 1."""
    round: int
    """How often the last rung has come round again."""
    rung_since: Instant
    rung_until: Instant
    told: Ringing | None
    acknowledged: Answered | None
    act_by: Instant | None
    """Until when whoever acknowledged it here has to do something about it."""
    passed: tuple[Answered, ...]
    """Who acknowledged it and then did nothing, so that it climbed past them."""
    said: tuple[Utterance, ...]
    dispositions: tuple[Disposed, ...]
    recordings: tuple[Recording, ...]
    notices: tuple[str, ...]
    place: Position | None
    closed_by_us: bool
    closed_by_them: bool
    closed_at: Instant | None
    stood_down_at: Instant | None
    preempted_at: Instant | None
    """Of a drill: when a real call ended it on this side."""
    reopens: str | None
    pages: tuple[PageSeen, ...]
    """How far each of our channels got with each officer, or with the room."""


def call_item(state: State, call: Call) -> CallItem:
    """Return a call as the screen shows it, read in every language that there is."""
    rungs = call.ladder.rungs
    told, answer = call.told, call.acknowledgement
    return CallItem(
        id=call.id,
        handle=call.id[-HANDLE_CHARS:],
        link=call.link,
        mine=call.mine,
        precedence=call.precedence.value,
        state=call.state.value,
        climbs=call.climbs,
        drill=call.drill,
        opened_at=call.opened_at,
        rungs=rungs,
        rung=call.climb.rung,
        round=call.climb.round,
        rung_since=call.climb.since,
        rung_until=call.climb.until,
        told=None
        if told is None
        else Ringing(rung=told.rung, echelon=told.echelon, since=told.since, heard_at=call.told_at),
        acknowledged=None if answer is None else _answered(answer),
        act_by=call.act_by,
        passed=tuple(_answered(each) for each in call.passed),
        said=tuple(_utterance(call, each) for each in call.said),
        dispositions=tuple(
            Disposed(disposition=each.disposition.value, at=each.at) for each in call.dispositions
        ),
        recordings=call.recordings,
        notices=call.notices,
        place=call.place,
        closed_by_us=call.closed_by_us,
        closed_by_them=call.closed_by_them,
        closed_at=call.closed_at,
        stood_down_at=call.stood_down_at,
        preempted_at=call.preempted_at,
        reopens=call.reopens,
        pages=state.pages.of(call.id),
    )


def _answered(answer: Acknowledgement) -> Answered:
    return Answered(rung=answer.rung, echelon=answer.echelon, at=answer.at)


def _utterance(call: Call, said: Said) -> Utterance:
    return Utterance(
        entry=said.entry,
        mine=said.mine,
        at=said.at,
        phrases=said.phrases,
        coded=tuple(coded(phrase) for phrase in said.phrases),
        text={language: _rendered(said.phrases, language) for language in languages()},
        restates=said.restates,
        differs=call.differs(said),
    )


@lru_cache(maxsize=4_096)
def _rendered(phrases: tuple[Phrase, ...], language: str) -> tuple[str, ...]:
    """Return sentences; kept, because a call is shown again with each word that is added."""
    return tuple(render(phrase, language) for phrase in phrases)
