"""Who is on watch at a time, in a roster a year ahead: `python -m bench.roster --json`.

Fifty officers stand three watches a day at each of the four desks of the usual ladder, read from
calendars as people write them. Asked is what a call asks: whom each rung rings, and which rungs
are empty; once by the core's own functions, once of a running node over its socket.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from bench import common
from clearline.basis.instants import DAY_MS, HOUR_MS, Instant
from clearline.core import planning
from clearline.core.state import State
from clearline.core.terms import Ladder, Rung
from clearline.core.watchbill import MAX_SHIFTS, Desk, Officer, Shift, Watchbill
from clearline.gateways import ical
from clearline.node.calendars import Source

DESKS = ("duty-desk", "deputy", "flag-officer", "contact-card")
LADDER = Ladder(rungs=tuple(Rung(echelon=each, patience_ms=20_000) for each in DESKS))
ASKED = 5_000
SIZES = (10, 50, 200, 500)


def officers(count: int) -> list[str]:
    """Return names."""
    return [f"officer {number:03}" for number in range(count)]


def calendar(desk: int, names: list[str], start: datetime) -> bytes:
    """Return a desk's calendar: three watches a day, its officers by turns, without end."""
    own = names[desk :: len(DESKS)]
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:bench"]
    for slot in range(3 * len(own)):
        begins = start + timedelta(hours=8 * slot)
        lines += [
            "BEGIN:VEVENT", f"UID:{desk}-{slot}", "DTSTAMP:20260101T000000Z",
            f"SUMMARY:{own[slot % len(own)]}",
            f"DTSTART;TZID=Europe/Berlin:{begins:%Y%m%dT%H%M%S}",
            f"DTEND;TZID=Europe/Berlin:{begins + timedelta(hours=8):%Y%m%dT%H%M%S}",
            f"RRULE:FREQ=DAILY;INTERVAL={len(own)}", "END:VEVENT",
        ]  # fmt: skip
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def planned(count: int, now: Instant) -> tuple[State, float]:
    """Return a state with a year's roster, and the seconds that reading its calendars took."""
    names, state = officers(count), State()
    start = datetime.fromtimestamp(int(now) / 1_000, UTC).replace(tzinfo=None)
    start = start.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    began = time.perf_counter()
    desks: list[Desk] = []
    for number, echelon in enumerate(DESKS):
        source = Source(name=echelon, raw=calendar(number, names, start))
        found = ical.expand([source], names, now, now.after(366 * DAY_MS), "")
        desks.append(Desk(echelon=echelon, shifts=found.shifts))
    took_s = time.perf_counter() - began
    people = [Officer(name=name, languages=("en",)) for name in names]
    state.watchbill = Watchbill(people, desks)
    return state, took_s


def full(now: Instant) -> State:
    """Return a state whose desks have as many shifts as a desk may have."""
    state, names = State(), officers(500)
    people = [Officer(name=name, languages=("en",)) for name in names]
    span_ms = 366 * DAY_MS // MAX_SHIFTS + 1
    shifts = tuple(
        Shift(
            start=now.after(span_ms * number),
            end=now.after(span_ms * (number + 2)),
            officer=names[number % len(names)],
        )
        for number in range(MAX_SHIFTS)
    )
    state.watchbill = Watchbill(people, [Desk(echelon=each, shifts=shifts) for each in DESKS])
    return state


def ask_core(state: State, times: list[Instant]) -> list[float]:
    """Return how long each time took to be answered as a call asks it."""
    took: list[float] = []
    for at in times:
        began = time.perf_counter()
        empty = planning.empty_rungs(state, LADDER, at)
        rung = [planning.on_watch(state, each.echelon, at) for each in LADDER.rungs]
        took.append(time.perf_counter() - began)
        assert not empty, at
        assert all(rung), at
    return took


async def ask_node(count: int, times: list[Instant]) -> tuple[list[float], float]:
    """Return how long each took over the socket, and until the node had planned the year."""
    names = officers(count)
    start = datetime.now(UTC).replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0)
    took: list[float] = []
    async with common.pair() as (north, _, _), north.client() as node:
        folder = north.home / "roster"
        folder.mkdir()
        began = time.perf_counter()
        for number, echelon in enumerate(DESKS):
            raw = calendar(number, names, start - timedelta(days=1))
            (folder / f"{echelon}.ics").write_bytes(raw)
        people = (f'[[officers]]\nname = "{name}"\nlanguages = ["en"]\n' for name in names)
        (folder / "officers.toml").write_text("\n".join(people))
        last = str(times[0])
        while not all(each["planned"] for each in await node.ask("roster_on", at=last)):
            await asyncio.sleep(0.05)
        planned_s = time.perf_counter() - began
        for at in times:
            began = time.perf_counter()
            answer = await node.ask("roster_on", at=str(at))
            took.append(time.perf_counter() - began)
            assert all(each["rings"] for each in answer), at
    return took, planned_s


def measure(asked: argparse.Namespace) -> dict[str, Any]:
    """Return the figures."""
    chance = random.Random(asked.seed)
    now = Instant(int(time.time()) * 1_000 // HOUR_MS * HOUR_MS)
    times = [now.after(chance.randrange(365 * DAY_MS)) for _ in range(ASKED)]
    growth: list[dict[str, Any]] = []
    for count in SIZES:
        state, read_s = planned(count, now)
        shifts = sum(len(desk.shifts) for desk in state.watchbill.desks.values())
        ms = common.quantiles_ms(ask_core(state, times))
        growth.append({"officers": count, "shifts": shifts, "read_s": round(read_s, 2), "ms": ms})
    whole = full(now)
    ms = common.quantiles_ms(ask_core(whole, times))
    growth.append({"officers": 500, "shifts": MAX_SHIFTS * len(DESKS), "ms": ms})
    took, planned_s = asyncio.run(ask_node(asked.officers, times[: ASKED // 5]))
    return {
        "benchmark": "roster",
        "officers": asked.officers,
        "core_ms": next(each["ms"] for each in growth if each["officers"] == asked.officers),
        "node_ms": common.quantiles_ms(took),
        "planned_s": round(planned_s, 2),
        "growth": growth,
        "goal_ms": 5,
    }


if __name__ == "__main__":
    common.main(measure, __doc__, officers=50, seed=0)
