"""People: how the officers of a drill, and the line between their nodes, are assumed to behave.

All of it is [R]: assumptions, not measurements; nobody has published how such desks answer.
They are meant to be worse than a terms' owner would accept of a watch. Read them before
quoting a figure that follows from them.
"""

from __future__ import annotations

from clearline.basis.instants import MINUTE_MS, SECOND_MS
from clearline.sim.network import Conditions
from clearline.sim.officers import Habit

__all__ = ["HABITS", "LINE", "OUTAGES", "OUTAGE_BEGINS_MS", "OUTAGE_LASTS_MS"]

DUTY_DESK = Habit(
    people=2,
    away=0.15,
    back_mean_ms=10 * MINUTE_MS,
    asleep=0.0,
    wake_ms=(0, 0),
    slow=0.15,
    slow_ms=(15 * SECOND_MS, 120 * SECOND_MS),
    react_median_ms=7 * SECOND_MS,
    react_sigma=0.6,
)
"""The room that is manned day and night: two workstations and one telephone [V], so two
people whose screens both show it. Each is out of the room on 15 % of nights, for ten
minutes on average (in 2016 the one who mattered was across the base), and on another 15 %
is taken up with another call for up to two minutes. Seven seconds to see, read and click."""

DEPUTY = Habit(
    people=1,
    away=0.12,
    back_mean_ms=15 * MINUTE_MS,
    asleep=0.45,
    wake_ms=(10 * SECOND_MS, 50 * SECOND_MS),
    slow=0.10,
    slow_ms=(15 * SECOND_MS, 90 * SECOND_MS),
    react_median_ms=9 * SECOND_MS,
    react_sigma=0.6,
)
"""One person on call with a telephone beside the bed: asleep nearly half the time, awake and
reading in ten to fifty seconds; out of reach on 12 % of nights."""

FLAG_OFFICER = Habit(
    people=1,
    away=0.25,
    back_mean_ms=30 * MINUTE_MS,
    asleep=0.50,
    wake_ms=(20 * SECOND_MS, 90 * SECOND_MS),
    slow=0.10,
    slow_ms=(30 * SECOND_MS, 180 * SECOND_MS),
    react_median_ms=12 * SECOND_MS,
    react_sigma=0.6,
)
"""One person, whom an aide must reach: away on a quarter of nights, asleep on half of them."""

CONTACT_CARD = Habit(
    people=1,
    away=0.30,
    back_mean_ms=20 * MINUTE_MS,
    asleep=0.0,
    wake_ms=(0, 0),
    slow=0.50,
    slow_ms=(30 * SECOND_MS, 240 * SECOND_MS),
    react_median_ms=20 * SECOND_MS,
    react_sigma=0.6,
)
"""Whoever answers at the headquarters' published numbers and must then find someone."""

HABITS: dict[str, Habit] = {
    "duty-desk": DUTY_DESK,
    "deputy": DEPUTY,
    "flag-officer": FLAG_OFFICER,
    "contact-card": CONTACT_CARD,
}

LINE = Conditions(
    loss=0.01,
    loss_noticed=0.5,
    doubled=0.01,
    stalled=0.001,
    median_ms=120,
    sigma=0.6,
    most_ms=2_000,
)
"""A line between two headquarters over satellite: one message in a hundred lost each way,
half of the losses noticed only by silence."""

OUTAGES = 0.05
"""The part of nights on which the line is cut both ways just when it is needed."""
OUTAGE_BEGINS_MS = (-30 * SECOND_MS, 10 * SECOND_MS)
"""Relative to when the line is needed."""
OUTAGE_LASTS_MS = (5 * SECOND_MS, 40 * SECOND_MS)
