"""Assumptions: what a ladder study takes for granted of people, channels, calls and the line.

They are stated in a TOML file, whose every table says where it is from: [V] was read in a
public source, [R] is assumed. The defaults are `assumptions.toml` beside this file. Nothing
here draws anything, and nothing is assumed that is not in the file.
"""

from __future__ import annotations

import tomllib
from datetime import timedelta
from enum import StrEnum
from importlib import resources
from typing import Annotated, Any, cast
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta, Struct, field

from clearline.basis.faults import Mistake
from clearline.basis.instants import DAY_MS, EPOCH, SECOND_MS, Instant
from clearline.core.terms import Precedence
from clearline.sim.habits import Habit, Way

__all__ = [
    "Assumptions",
    "Calls",
    "Channel",
    "Line",
    "Night",
    "Post",
    "When",
    "default_text",
    "read",
]

DAY_S = 86_400

Part = Annotated[float, Meta(ge=0, le=1)]
Seconds = Annotated[float, Meta(ge=0, le=7 * DAY_S)]
Sigma = Annotated[float, Meta(ge=0, le=3)]
ClockTime = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]\Z")]
Source = Annotated[str, Meta(pattern=r"\[[VR]\]", max_length=400)]
"""Where a table is from: `[V]` and a source, or `[R]` and a reason."""


class When(StrEnum):
    """At which hours the calls of a study come."""

    ANY = "any"
    NIGHT = "night"
    DAY = "day"


class Night(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The hours at which people sleep."""

    zone: str
    begins: ClockTime
    ends: ClockTime
    source: Source

    def holds(self, at: Instant) -> bool:
        """Return whether it is night at `at`, by the clock of the zone."""
        minute = _minute_of(at, self.zone)
        begins, ends = _minutes(self.begins), _minutes(self.ends)
        if begins <= ends:
            return begins <= minute < ends
        return minute >= begins or minute < ends


class Calls(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When calls come, and how many: what makes a load of alarms."""

    when: When
    per_day: dict[Precedence, Annotated[float, Meta(ge=0, le=10_000)]]
    source: Source


class Line(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long a call takes from the caller's STOP to the first ring here."""

    median_ms: Annotated[int, Meta(ge=0, le=DAY_MS)]
    sigma: Sigma
    cut: Part
    """The part of nights on which the line is cut just then."""
    cut_s: tuple[Seconds, Seconds]
    """Least and most, uniform: what that adds."""
    source: Source


class Post(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the people of one echelon behave: a `Habit`, as it is written in the file."""

    people: Annotated[int, Meta(ge=1, le=50)]
    """How many there are where no roster says who is on."""
    away: Part
    back_mean_s: Seconds
    asleep: Part
    """By night."""
    asleep_by_day: Part = 0.0
    wake_s: tuple[Seconds, Seconds]
    busy: Part
    busy_s: tuple[Seconds, Seconds]
    react_median_s: Seconds
    react_sigma: Sigma
    all_away: Part = 0.0
    """The part of nights on which everybody of the post is away together."""
    source: Source

    def habit(self, *, night: bool, ways: tuple[Way, ...] = ()) -> Habit:
        """Return how one of these people answers, by night or by day, rung by these ways."""
        return Habit(
            people=self.people,
            away=self.away,
            back_mean_ms=_ms(self.back_mean_s),
            asleep=self.asleep if night else self.asleep_by_day,
            wake_ms=_span(self.wake_s),
            slow=self.busy,
            slow_ms=_span(self.busy_s),
            react_median_ms=_ms(self.react_median_s),
            react_sigma=self.react_sigma,
            ways=ways,
        )


class Channel(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one kind of channel carries a ring."""

    down: Part
    """The part of nights on which it reaches nobody at all."""
    wrong_network: Part
    """The part of nights on which it does not reach one person, each apart."""
    back_mean_s: Seconds
    delay_median_s: Seconds
    delay_sigma: Sigma
    source: Source


class Assumptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that a study assumes."""

    night: Night
    calls: Calls
    line: Line
    post: dict[str, Post]
    """By echelon."""
    channel: dict[str, Channel] = field(default_factory=dict[str, Channel])
    """By kind."""

    def way(self, kind: str) -> Way:
        """Return how a channel of this kind rings one person; Mistake if none is known."""
        channel = self.channel.get(kind)
        if channel is None:
            known = ", ".join(sorted(self.channel)) or "none"
            phrase = (
                f"Nothing is assumed of a channel {kind!r}: add [channel.{kind}], or use {known}."
            )
            raise Mistake("unknown_channel", phrase)
        return Way(
            kind=kind,
            wrong_network=channel.wrong_network,
            back_mean_ms=_ms(channel.back_mean_s),
            delay_median_ms=_ms(channel.delay_median_s),
            delay_sigma=channel.delay_sigma,
        )


def default_text() -> str:
    """Return the file of the defaults, as it may be edited."""
    return resources.files("clearline.sim").joinpath("assumptions.toml").read_text("utf-8")


def read(text: str = "", name: str = "the assumptions") -> Assumptions:
    """Return the defaults, with the tables of `text` (TOML) in the place of theirs.

    Mistake if it cannot be read, names no source, or holds what cannot be.
    """
    whole = tomllib.loads(default_text())
    try:
        theirs = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Mistake("bad_assumptions", f"{name} is not TOML: {error}.") from error
    for table, values in theirs.items():
        if table in {"post", "channel"} and isinstance(values, dict):
            whole[table] = {**whole[table], **cast("dict[str, Any]", values)}
        else:
            whole[table] = values
    try:
        found = msgspec.convert(whole, Assumptions)
    except msgspec.ValidationError as error:
        raise Mistake("bad_assumptions", f"{name}: {error}.") from error
    _check(found, name)
    return found


def _check(found: Assumptions, name: str) -> None:
    try:
        ZoneInfo(found.night.zone)
    except (KeyError, ValueError, OSError) as error:
        phrase = f"{name}: there is no time zone {found.night.zone!r}; write one as Europe/Paris."
        raise Mistake("unknown_zone", phrase) from error
    for echelon, post in found.post.items():
        if post.away + max(post.asleep, post.asleep_by_day) + post.busy > 1 + 1e-9:
            phrase = (
                f"{name}: at {echelon}, away, asleep and busy together are more than all nights."
            )
            raise Mistake("bad_assumptions", phrase)
    spans = [("line", found.line.cut_s)]
    spans += [(f"post.{e}", span) for e, p in found.post.items() for span in (p.wake_s, p.busy_s)]
    for where, (least, most) in spans:
        if least > most:
            raise Mistake("bad_assumptions", f"{name}: [{where}] has a least span above its most.")
    if missing := [each.value for each in Precedence if each not in found.calls.per_day]:
        phrase = f"{name}: [calls] per_day does not say how many are {', '.join(missing)}."
        raise Mistake("bad_assumptions", phrase)


def _minute_of(at: Instant, zone: str) -> int:
    """Return how many minutes of the day have passed, by the clock of a zone."""
    moment = (EPOCH + timedelta(milliseconds=int(at))).astimezone(ZoneInfo(zone))
    return 60 * moment.hour + moment.minute


def _minutes(clock: str) -> int:
    return 60 * int(clock[:2]) + int(clock[3:])


def _ms(seconds: float) -> int:
    return round(seconds * SECOND_MS)


def _span(seconds: tuple[float, float]) -> tuple[int, int]:
    return _ms(seconds[0]), _ms(seconds[1])
