"""Composing: who is paged for a ring, by which ways, and what a page says.

A call pages everybody on watch at its rung, and their room, by all of their ways at once. A
test call pages the one way that its ring names, so that all are tested in turn and nobody's
night is five bells long; the desk's own turn pages nobody. Presence is asked at the desk
first; whoever did not answer there is paged by their own ways, and nobody else.

By a channel that leads out of the house a page says that a call waits, and no more: neither
what it says nor whose it is. What it says is at the console.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

from msgspec import Struct

from clearline.basis.instants import Instant
from clearline.core import planning
from clearline.core.effects import Demand, Ring
from clearline.core.state import State
from clearline.core.watchbill import Method
from clearline.node.ports import Page
from clearline.phrasebook import LineTest, languages, render, say

__all__ = ["Composer", "Reached", "room_of"]

MAX_PAGES_A_RING = 64
"""Ways of one rung that are paged for one ring; officers who hold the watch come first."""
FALLBACK = "en"


class Reached(Struct, frozen=True):
    """One way to one officer, or to a room."""

    who: str
    """The officer's name; empty for the room."""
    method: Method
    language: str


class Composer:
    """What one node's pages say, and to whom."""

    def __init__(self, state: State, language: str, is_full: Callable[[str], bool]) -> None:
        """`language`: what a room is spoken to in; `is_full`: whether text leaves by a channel."""
        self._state = state
        self._language = _known((language,))
        self._is_full = is_full

    def pages(self, ring: Ring, now: Instant) -> list[tuple[str, Page]]:
        """Return the pages of a ring, each with its channel's name; the watch's holder first."""
        match ring.demand:
            case Demand.CALL:
                reached = self._everybody(ring, now)
            case Demand.TEST:
                reached = self._named(ring)
            case Demand.PRESENCE:
                reached = self._holder(ring)
            case Demand.CONFLICT | Demand.LINE:
                reached = []  # Shown at a manned desk; nobody is got out of bed for it.
        said: dict[tuple[str, bool], tuple[str, ...]] = {}
        made: list[tuple[str, Page]] = []
        for each in reached[:MAX_PAGES_A_RING]:
            full = self._is_full(each.method.channel)
            text = said.get((each.language, full))
            if text is None:
                text = said[each.language, full] = self._text(ring, each.language, full=full)
            made.append((each.method.channel, _page(ring, each, text)))
        return made

    def _everybody(self, ring: Ring, now: Instant) -> list[Reached]:
        """Return every way to whoever is on watch at a ring's desk, then to the room."""
        found: dict[tuple[str, str], Reached] = {}
        names = ring.officers or planning.on_watch(self._state, ring.echelon, now)
        for name in names:
            for each in self._ways_of(name):
                found.setdefault((each.method.channel, each.method.address), each)
        for each in self._ways_of_room(ring.echelon):
            found.setdefault((each.method.channel, each.method.address), each)
        return list(found.values())

    def _holder(self, ring: Ring) -> list[Reached]:
        """Return the ways to who holds a watch and was asked at the desk already, in vain."""
        watch = self._state.roster.desks.get(ring.echelon)
        return self._ways_of(watch.officer) if watch is not None and watch.round else []

    def _named(self, ring: Ring) -> list[Reached]:
        """Return the way that a test call tries, as its ring names it; none for the desk's own."""
        reached = [each for name in ring.officers[:1] for each in self._ways_of(name)]
        if not ring.officers:
            reached = self._ways_of_room(ring.echelon)
        return [each for each in reached if each.method.channel == ring.channel]

    def _ways_of(self, name: str) -> list[Reached]:
        officer = self._state.watchbill.officers.get(name)
        if officer is None:
            return []
        language = _known(officer.languages)
        return [Reached(name, method, language) for method in officer.methods]

    def _ways_of_room(self, echelon: str) -> list[Reached]:
        desk = self._state.watchbill.desks.get(echelon)
        language = self._room_language(echelon)
        return [Reached("", method, language) for method in (desk.methods if desk else ())]

    def _room_language(self, echelon: str) -> str:
        watch = self._state.roster.desks.get(echelon)
        return _known(watch.languages) if watch is not None else self._language

    def _text(self, ring: Ring, language: str, *, full: bool) -> tuple[str, ...]:
        """Return what a page says, a line for each sentence; DRILL first, if it is one."""
        marked = (say("page.drill", language),) if ring.drill else ()
        match ring.demand:
            case Demand.CALL:
                return (*marked, *self._of_call(ring, language, full=full))
            case Demand.TEST:
                asked = say("page.test", language, desk=ring.echelon)
                return (*marked, asked, render(LineTest(), language))
            case Demand.PRESENCE:
                return (*marked, say("page.presence", language, desk=ring.echelon))
            case Demand.CONFLICT | Demand.LINE:
                return marked

    def _of_call(self, ring: Ring, language: str, *, full: bool) -> tuple[str, ...]:
        precedence, desk = ring.precedence.value.upper(), ring.echelon
        if not full:
            return (say("page.waits", language, precedence=precedence, desk=desk),)
        party = self._state.links[ring.link].counterpart.title
        opened = say("page.call", language, precedence=precedence, party=party, desk=desk)
        call = self._state.calls.by_id.get(ring.what)
        phrases = call.phrases if call is not None else ()
        # What cannot be read was rung for all the same: then its coded line is all there is.
        return (opened, *(tuple(render(each, language) for each in phrases) or ring.coded))


def room_of(echelon: str) -> str:
    """Return the name under which a desk's own room acts: no officer's, and plainly a room's."""
    return f"room {echelon}"


def _page(ring: Ring, reached: Reached, text: tuple[str, ...]) -> Page:
    method = reached.method
    named = "\n".join((ring.id, reached.who, method.channel, method.address))
    digest = sha256(named.encode("utf-8", "replace")).digest()
    return Page(
        id=digest[:16].hex(),
        what=ring.what,
        who=reached.who,
        address=method.address,
        echelon=ring.echelon,
        rung=ring.rung,
        demand=ring.demand,
        precedence=ring.precedence,
        drill=ring.drill,
        language=reached.language,
        text=text,
        # It tells a human from a machine and guards nothing: after a restart it is the same.
        code=_code(int.from_bytes(digest[16:20], "big")),
    )


def _code(number: int) -> str:
    """Return two digits that differ: a key that is held down, or sticks, is no answer."""
    first, other = divmod(number % 90, 9)
    return f"{first}{other + (other >= first)}"


def _known(spoken: tuple[str, ...]) -> str:
    """Return the first of some languages that there are phrases in; English if there is none."""
    there = languages()
    for tag in spoken:
        primary = tag.partition("-")[0].lower()
        if primary in there:
            return primary
    return FALLBACK
