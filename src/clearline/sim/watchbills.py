"""Watchbills of a night: who is planned at which desk, and how soon they must act.

Some nights have a plan on either side, with watches that end in the night, gaps above the
first rung, and rooms that ring by themselves; some have terms in which whoever acknowledges
has less than a minute to do something. All of it is drawn from the seed, but names and
addresses, which are secrets and are drawn from the variant. A shift is none: which rung
rings follows from it, and the counterpart hears that.
"""

from __future__ import annotations

from random import Random  # noqa: TID251 - sim draws, from seeds alone

from msgspec.structs import replace

from clearline.basis.instants import HOUR_MS, MINUTE_MS, SECOND_MS, Instant
from clearline.core.events import PlanDesk, PlanOfficers
from clearline.core.terms import ECHELONS, Ladders, Precedence, default_ladders
from clearline.core.watchbill import Method, Officer, Shift
from clearline.sim.world import chance_of

__all__ = ["ladders_of", "plan_of"]

PLANNED = 0.6
"""On so many nights a side has a plan."""
SHORT = 0.6
"""In so many nights whoever acknowledges has little time."""
OFFICERS = 4


def ladders_of(seed: int) -> Ladders:
    """Return the ladders of a night's terms: the usual ones, often with little time to act."""
    chance = chance_of(seed, "ladders")
    usual = default_ladders()
    if chance.random() >= SHORT:
        return usual
    act_ms = chance.randint(30, 60) * SECOND_MS
    return Ladders(**{each.value: replace(usual.of(each), act_ms=act_ms) for each in Precedence})


def plan_of(
    seed: int, variant: int, party: str, by: str, start: Instant
) -> tuple[PlanOfficers | PlanDesk, ...]:
    """Return what one side's planner asks for as a night begins; nothing, on many nights.

    `by` holds the duty desk, and is the first of the officers.
    """
    chance = chance_of(seed, f"watchbill/{party}")
    if chance.random() >= PLANNED:
        return ()
    secret = chance_of(seed, f"watchbill/{variant}/{party}")
    officers = tuple(
        Officer(
            name=f"{party} officer {secret.getrandbits(40):x}" if number else by,
            languages=("en",),
            methods=(_method(secret),),
        )
        for number in range(OFFICERS)
    )
    names = tuple(each.name for each in officers)
    asked: list[PlanOfficers | PlanDesk] = [PlanOfficers(by=by, officers=officers)]
    for echelon in ECHELONS:
        shifts = _shifts(chance, names, start, first=echelon == ECHELONS[0])
        methods = (_method(secret),) if chance.random() < 0.15 else ()
        if shifts or methods:
            asked.append(
                PlanDesk(
                    by=by,
                    echelon=echelon,
                    start=start.after(-2 * HOUR_MS),
                    end=start.after(4 * HOUR_MS),
                    methods=methods,
                    shifts=shifts,
                )
            )
    return tuple(asked)


def _method(secret: Random) -> Method:
    return Method(channel="phone", address=f"{secret.getrandbits(40):x}")


def _shifts(
    chance: Random, names: tuple[str, ...], start: Instant, *, first: bool
) -> tuple[Shift, ...]:
    """Return the shifts of one desk: none, one all night, or two with a gap or an overlap."""
    begins, ends = start.after(-2 * HOUR_MS), start.after(4 * HOUR_MS)
    kind = chance.random()
    relief = start.after(chance.randrange(4 * MINUTE_MS))
    apart_ms = chance.randrange(2 * MINUTE_MS)
    if kind < 0.3:
        return ()
    if kind < 0.45:
        return (Shift(officer=names[0], start=begins, end=ends),)
    if first or kind < 0.6:
        over = relief.after(4 * apart_ms if kind < 0.8 else 0)
        return (
            Shift(officer=names[0], start=begins, end=over),
            Shift(officer=names[1], start=relief, end=ends),
        )
    if kind < 0.8:
        return (
            Shift(officer=names[2], start=begins, end=relief),
            Shift(officer=names[3], start=relief.after(apart_ms + 1), end=ends),
        )
    return (Shift(officer=names[3], start=relief, end=ends),)
