"""Each fault of a ladder is caught: the checkers work out by themselves what should ring."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from clearline.core.effects import Alert, Effect, Ring, Tell
from clearline.core.events import Acknowledge, Dispose, Event, JumpToRung, PlanDesk
from clearline.core.watchbill import Method
from clearline.node.runtime import Outcome
from clearline.sim.checkers import CHECKERS, check
from clearline.sim.checkers.view import View
from clearline.sim.night import NightSettings, play
from clearline.sim.station import Station

CALM = NightSettings(faults=False)
NIGHTS = range(40)


def broken(station: type[Station]) -> Iterator[str]:
    """Yield what the nights break of rule 3 with such stations."""
    for seed in NIGHTS:
        view = View(play(seed, replace(CALM, station=station)))
        yield from (each.what for one in CHECKERS[3] for each in one(view))


class Lenient(Station):
    """Rings desks at which nobody can be."""

    def taken_in(self, event: Event) -> Event:
        room = (Method(channel="phone", address="1"),)
        return replace(event, methods=room) if isinstance(event, PlanDesk) else event


class Tampered(Station):
    """Changes until when a call waits for whoever acknowledged it, after some event."""

    def tampered(self, event: Event) -> int | None:
        raise NotImplementedError

    def do(self, event: Event, *, human: bool = True) -> Outcome | None:
        outcome = super().do(event, human=human)
        wait_ms = self.tampered(event)
        if outcome is not None and outcome.mistake is None and wait_ms is not None:
            assert self.runtime is not None
            calls = self.runtime.state.calls
            call = calls.by_id[event.call]
            if not call.climbs and not call.closed_by_them:
                act_by = self.local.after(wait_ms) if wait_ms else None
                calls.put(replace(call, act_by=act_by))
                self.wake()
        return outcome


class Forgiving(Tampered):
    """Climbs past nobody."""

    def tampered(self, event: Event) -> int | None:
        return 0 if isinstance(event, Acknowledge) else None


class Hasty(Tampered):
    """Climbs past whoever acknowledged a second too soon."""

    def tampered(self, event: Event) -> int | None:
        return 29_000 if isinstance(event, Acknowledge) else None


class Ungrateful(Tampered):
    """Climbs past an officer who has done something."""

    def tampered(self, event: Event) -> int | None:
        return 1_000 if isinstance(event, Dispose) else None


class Stubborn(Station):
    """Rings on for a call that its caller has stood down."""

    last: Ring | None = None

    def _perform(self, effect: Effect) -> None:
        super()._perform(effect)
        if isinstance(effect, Ring) and effect.rung is not None:
            self.last = effect
        ring = self.last
        if isinstance(effect, Alert) and effect.code == "call_stood_down" and ring:
            self._scheduler.after(5_000, lambda: super(Stubborn, self)._perform(ring))


class Elsewhere(Station):
    """Rings another rung than the one that was asked for by hand."""

    def taken_in(self, event: Event) -> Event:
        return replace(event, rung=event.rung % 4 + 1) if isinstance(event, JumpToRung) else event


class Silent(Station):
    """Keeps something from its people."""

    code = ""

    def _perform(self, effect: Effect) -> None:
        if not (isinstance(effect, (Alert, Tell)) and effect.code == self.code):
            super()._perform(effect)


class NoIdle(Silent):
    code = "acknowledged_idle"


class NoPast(Silent):
    code = "call_climbed_past"


class NoRelief(Silent):
    code = "relief_overdue"


class NoAnswer(Silent):
    code = "call_unanswered"


class EarlyRelief(Station):
    """Alarms about a relief that is not late."""

    def _perform(self, effect: Effect) -> None:
        super()._perform(effect)
        if isinstance(effect, Ring):
            early = Alert(
                id=f"{effect.id}:early", code="relief_overdue", link=None, about=None, args={}
            )
            super()._perform(early)


def test_calm_nights_with_plans_and_negligence_break_nothing():
    assert [each for seed in NIGHTS for each in check(play(seed, CALM))] == []


@pytest.mark.parametrize(
    ("station", "said"),
    [
        (Lenient, "should ring rung"),
        (Forgiving, "should ring rung"),
        (Hasty, "should ring"),
        (Ungrateful, "nothing should ring"),
        (Stubborn, "nothing should ring"),
        (Elsewhere, "should ring rung"),
        (NoIdle, "was not told who was idle"),
        (NoPast, "was not told of an idle one"),
        (NoRelief, "was not alarmed about a late relief"),
        (EarlyRelief, "alarmed about a relief that is not late"),
        (NoAnswer, "was not told that rung"),
    ],
)
def test_a_ladder_that_does_not_do_as_it_should_breaks_rule_3(station, said):
    assert any(said in what for what in broken(station))


def test_a_call_that_stands_otherwise_on_one_side_breaks_what_every_rule_stands_on():
    night = play(0, CALM)
    south = night.world.south.runtime
    assert south is not None
    call = next(each for each in south.state.calls.by_id.values())
    south.state.calls.put(replace(call, acknowledgement=None))
    assert any("south holds" in each.what for each in check(night))
