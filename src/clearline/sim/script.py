"""A script: what the people of both sides want of their nodes in one night of faults.

Planners declare, revise and withdraw; desks note; officers call, and call again about what
recurs; a called officer jumps to a rung, and a caller stands down; a watch is left and taken;
a link is announced as suspended, which must change nothing. All of it is drawn from the seed,
apart from the secrets: names, labels, and where within one step of the agreed grid a shape
really lies. Those are drawn from the variant, so that two nights may differ in their secrets
and in nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from msgspec.structs import replace

from clearline.basis.instants import MINUTE_MS, SECOND_MS, Instant
from clearline.core.calls import CallState
from clearline.core.events import (
    Agree,
    Announce,
    Command,
    Declare,
    JumpToRung,
    LeaveWatch,
    Note,
    OpenCall,
    Place,
    Propose,
    Revise,
    Say,
    SendTest,
    StandDown,
    TakeWatch,
    Withdraw,
)
from clearline.core.notices import NoticeState
from clearline.core.state import State
from clearline.core.terms import Precedence
from clearline.phrasebook import Standby, Stop
from clearline.sim.officers import ask
from clearline.sim.scene import AIRFIELD, GRID, LINK
from clearline.sim.station import Station
from clearline.sim.world import World, chance_of
from clearline.space import (
    Altitude,
    Band,
    Circle,
    Datum,
    Minima,
    Outline,
    Polygon,
    Position,
    Reference,
    Volume,
    Window,
    resolve,
)

__all__ = ["Script", "officer_of"]

Wanted = Callable[[State], Command | None]

_CENTRE_E7 = (352_000_000, 400_000_000)
_SPREAD = 25
"""Shapes are scattered over so many grid steps either way, so that about half of them meet."""
_CALL_STEP_E7 = 1_000

_MINIMA = (
    Minima(horizontal_cm=0, vertical_cm=0, time_ms=0),
    Minima(horizontal_cm=200_000, vertical_cm=15_240, time_ms=5 * MINUTE_MS),
    Minima(horizontal_cm=3_000_000, vertical_cm=152_400, time_ms=120 * MINUTE_MS),
)
"""What minima are amended to: by the last, nearly everything meets."""
_AGREE_EVERY_MS = 15 * SECOND_MS
"""How often the liaisons look whether terms wait that the other side proposed."""


def officer_of(seed: int, variant: int, party: str) -> str:
    """Return the name, a secret, of an officer of one side in one variant of a night."""
    return f"{party} officer {chance_of(seed, f'secret/{variant}/{party}').getrandbits(40):x}"


class Script:
    """All that people want in one night; `play` has them ask for it in its time."""

    def __init__(self, world: World, span_ms: int, variant: int) -> None:
        self._world = world
        self._span_ms = span_ms
        self._chance = chance_of(world.seed, "script")
        self._secret = chance_of(world.seed, f"secrets/{variant}")
        self._variant = variant

    def play(self) -> None:
        """Plan every wish of both sides."""
        chance = self._chance
        for station in self._world.stations:
            by = officer_of(self._world.seed, self._variant, station.party)
            for _ in range(chance.randint(1, 4)):
                self._wish(station, self._declare(by))
            for wish, part in (
                (self._revise(by), 0.5),
                (self._withdraw(by), 0.4),
                (self._note(by), 0.6),
                (self._say(by), 0.5),
                (self._recall(by), 0.4),
                (_plain(SendTest(by=by, link=LINK)), 0.4),
                (_plain(Announce(by=by, link=LINK, status="suspended")), 0.3),
            ):
                if chance.random() < part:
                    self._wish(station, wish)
            if chance.random() < 0.3:
                self._leave_and_take(station, by)
            for _ in range(chance.choice((0, 1, 1, 2))):
                self._wish(station, self._call(by))

    def play_ladder(self) -> None:
        """Plan what people do about calls that ring: jump to a rung, and stand down.

        Drawn apart, so that all else of a night is as it is without.
        """
        chance = chance_of(self._world.seed, "script/ladder")
        for station in self._world.stations:
            by = officer_of(self._world.seed, self._variant, station.party)
            for often, wish in ((0.4, self._jump), (0.4, self._stand_down)):
                tries = chance.randint(2, 8) if chance.random() < often else 0
                for _ in range(tries):
                    at = self._world.now.after(chance.randrange(self._span_ms))
                    self._at(station, at, wish(by, chance.randint(1, 4)))

    def play_terms(self) -> None:
        """Plan amendments of the minima, and that the other side agrees. Drawn apart as well."""
        chance = chance_of(self._world.seed, "script/terms")
        for station in self._world.stations:
            by = officer_of(self._world.seed, self._variant, station.party)
            for _ in range(chance.choice((0, 0, 1, 1, 2))):
                at = self._world.now.after(chance.randrange(self._span_ms))
                self._at(station, at, self._amend(by, chance.choice(_MINIMA)))
            for at_ms in range(0, self._span_ms, _AGREE_EVERY_MS):
                self._at(station, self._world.now.after(at_ms), self._agree(by))

    def _amend(self, by: str, minima: Minima) -> Wanted:
        def wanted(state: State) -> Command | None:
            agreement = state.links[LINK].agreement
            if not agreement.in_force:
                return None
            version = max(terms.version for terms in agreement.documents.values()) + 1
            return Propose(by=by, terms=replace(agreement.terms, version=version, minima=minima))

        return wanted

    def _agree(self, by: str) -> Wanted:
        def wanted(state: State) -> Command | None:
            agreement = state.links[LINK].agreement
            for digest in agreement.documents:
                if digest not in agreement.ours:
                    return Agree(by=by, link=LINK, hash=digest)
            return None

        return wanted

    def _jump(self, by: str, rung: int) -> Wanted:
        def wanted(state: State) -> Command | None:
            for call in state.calls.by_id.values():
                if not call.mine and (call.climbs or call.state is CallState.ACKNOWLEDGED):
                    return JumpToRung(by=by, call=call.id, rung=rung)
            return None

        return wanted

    def _stand_down(self, by: str, _rung: int) -> Wanted:
        def wanted(state: State) -> Command | None:
            for call in state.calls.by_id.values():
                if call.mine and call.climbs:
                    return StandDown(by=by, call=call.id)
            return None

        return wanted

    def _wish(self, station: Station, wanted: Wanted) -> None:
        at = self._world.now.after(self._chance.randrange(self._span_ms))
        self._at(station, at, wanted)

    def _at(self, station: Station, at: Instant, wanted: Wanted) -> None:
        def now_wanted() -> Command | None:
            assert station.runtime is not None
            return wanted(station.runtime.state)

        self._world.scheduler.at(at, partial(ask, self._world.scheduler, station, now_wanted))

    def _declare(self, by: str) -> Wanted:
        volumes = tuple(self._volume() for _ in range(self._chance.choice((1, 1, 2))))
        event = Declare(
            by=by,
            links=(LINK,),
            activity=self._chance.choice(("flight", "convoy")),
            volumes=volumes,
            place=self._place() if self._chance.random() < 0.3 else None,
            label=f"label {self._secret.getrandbits(40):x}",
        )
        return _plain(event)

    def _revise(self, by: str) -> Wanted:
        volumes = (self._volume(),)

        def wanted(state: State) -> Command | None:
            notice = _first(state, mine=True)
            return Revise(by=by, notice=notice, volumes=volumes) if notice else None

        return wanted

    def _withdraw(self, by: str) -> Wanted:
        def wanted(state: State) -> Command | None:
            notice = _first(state, mine=True)
            return Withdraw(by=by, notice=notice) if notice else None

        return wanted

    def _note(self, by: str) -> Wanted:
        def wanted(state: State) -> Command | None:
            notice = _first(state, mine=False)
            return Note(by=by, notice=notice, disposition="received") if notice else None

        return wanted

    def _say(self, by: str) -> Wanted:
        def wanted(state: State) -> Command | None:
            for call in state.calls.by_id.values():
                if call.state is not CallState.CLOSED:
                    return Say(
                        by=by, call=call.id, phrases=(Standby(reference=call.id, wait_ms=60_000),)
                    )
            return None

        return wanted

    def _recall(self, by: str) -> Wanted:
        phrases = (self._stop(),)

        def wanted(state: State) -> Command | None:
            for call in state.calls.by_id.values():
                if call.state is CallState.CLOSED:
                    return OpenCall(
                        by=by,
                        link=LINK,
                        precedence=Precedence.FLASH,
                        phrases=phrases,
                        reopens=call.id,
                    )
            return None

        return wanted

    def _call(self, by: str) -> Wanted:
        precedence = self._chance.choice(
            (Precedence.FLASH, Precedence.FLASH, Precedence.IMMEDIATE, Precedence.PRIORITY)
        )
        event = OpenCall(by=by, link=LINK, precedence=precedence, phrases=(self._stop(),))
        return _plain(event)

    def _leave_and_take(self, station: Station, by: str) -> None:
        leave = LeaveWatch(by=by, echelon="duty-desk")
        take = TakeWatch(by=by, echelon="duty-desk", languages=("ru",))
        at = self._world.now.after(self._chance.randrange(self._span_ms))
        self._at(station, at, _plain(leave))
        self._at(station, at.after(self._chance.randrange(60 * SECOND_MS)), _plain(take))

    def _stop(self) -> Stop:
        centre = self._grid_point()
        aside = _CALL_STEP_E7 // 2 - 1
        return Stop(
            place=Position(
                lat_e7=centre.lat_e7 + self._secret.randint(-aside, aside),
                lon_e7=centre.lon_e7 + self._secret.randint(-aside, aside),
            ),
            radius_cm=self._chance.randint(1, 80) * 10_000 - self._secret.randrange(9_900),
        )

    def _volume(self) -> Volume:
        return Volume(outline=self._outline(), band=self._band(), window=self._window())

    def _outline(self) -> Outline:
        if self._chance.random() < 0.75:
            steps = self._chance.randint(1, 12)
            step_cm = GRID.length_cm
            radius_cm = steps * step_cm - self._secret.randrange(step_cm - 100)
            return Circle(centre=self._aside(self._grid_point()), radius_cm=radius_cm)
        corner = self._grid_point()
        step = GRID.position_e7
        east, north = self._chance.randint(2, 12), self._chance.randint(2, 12)
        lat, lon = corner.lat_e7, corner.lon_e7
        ring = (
            corner,
            Position(lat_e7=lat, lon_e7=lon + east * step),
            Position(lat_e7=lat + north * step, lon_e7=lon + east // 2 * step),
        )
        return Polygon(exterior=tuple(self._aside(each) for each in ring))

    def _grid_point(self) -> Position:
        lat, lon = (
            centre + self._chance.randint(-_SPREAD, _SPREAD) * GRID.position_e7
            for centre in _CENTRE_E7
        )
        return Position(lat_e7=lat, lon_e7=lon)

    def _aside(self, point: Position) -> Position:
        """Return where it really is: anywhere that the grid rounds to the same point."""
        aside = GRID.position_e7 // 2 - 1
        return Position(
            lat_e7=point.lat_e7 + self._secret.randint(-aside, aside),
            lon_e7=point.lon_e7 + self._secret.randint(-aside, aside),
        )

    def _band(self) -> Band:
        step = GRID.altitude_cm
        lower = self._chance.randint(1, 30)
        upper = lower + self._chance.randint(2, 12)
        return Band(
            lower=Altitude(datum=Datum.FL, value_cm=lower * step + self._secret.randrange(step)),
            upper=Altitude(datum=Datum.FL, value_cm=upper * step - self._secret.randrange(step)),
        )

    def _window(self) -> Window:
        step = GRID.time_ms
        opens = int(self._world.now) // step * step + self._chance.randint(6, 30) * step
        closes = opens + self._chance.randint(2, 12) * step
        return Window(
            start=Instant(opens + self._secret.randrange(step)),
            end=Instant(closes - self._secret.randrange(step)),
        )

    def _place(self) -> Place:
        """Return a place stated from the airfield, rightly or, now and then, by a wrong range."""
        stated = Reference(
            anchor="Deir ez-Zor airfield",
            range_cm=self._chance.randint(4, 30) * GRID.length_cm,
            bearing_mdeg=self._chance.randrange(360) * 1_000,
        )
        at = resolve(stated, {"Deir ez-Zor airfield": AIRFIELD})
        if self._chance.random() < 0.3:
            at = AIRFIELD
        return Place(at=at, stated=stated)


def _plain(command: Command) -> Wanted:
    return lambda _state: command


def _first(state: State, *, mine: bool) -> str | None:
    for notice in state.notices.by_id.values():
        if notice.mine is mine and notice.state is NoticeState.ACTIVE:
            return notice.id
    return None
