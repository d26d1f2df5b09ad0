"""A catalogue: everything that Clearline says, in one language.

It decides which words screens and terminals need (`WORDS`, with the placeholders of each)
and what a language's file must state about itself. Every value is an ICU MessageFormat
pattern. `lint` holds each catalogue to it. It formats nothing (`render`), and it has no
default: a word that a language lacks is a fault, found before it is shipped.

Source: ICU User Guide, Formatting Messages; plural categories from Unicode CLDR 47.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

__all__ = ["WORDS", "Catalogue", "Direction", "Status"]


class Direction(StrEnum):
    """Which way the script runs."""

    LEFT_TO_RIGHT = "ltr"
    RIGHT_TO_LEFT = "rtl"


class Status(StrEnum):
    """Who vouches for the text; shown wherever a language is chosen."""

    NATIVE = "native"
    AWAITING = "awaiting a native reader"


class Catalogue(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One language: what it is, a pattern for every phrase, a pattern for every word."""

    language: str
    """BCP 47, primary language: `en`."""
    native_name: str
    """What its readers call it: `Русский`."""
    direction: Direction
    status: Status
    plurals: tuple[str, ...]
    """The plural categories that CLDR gives the language; each plural must have them all."""
    phrases: dict[str, str]
    """A pattern for each phrase's code; its placeholders are the phrase's slots, all as text.

    An absent slot is the text `none`, for a `select` to leave out.
    """
    words: dict[str, str]
    """A pattern for each key of `WORDS`."""


_PLAIN = (
    # What the line is, on every screen.
    "received_is_not_agreed",
    "line_not_safe",
    "line_not_safe_why",
    "late",
    "not_understood",
    "untranslated",
    "machine_translated",
    "drill",
    "now",
    "unknown",
    # How urgent a call is.
    "precedence.flash",
    "precedence.immediate",
    "precedence.priority",
    "precedence.routine",
    # What the receiving side says it did.
    "disposition.received",
    "disposition.relayed_to_units",
    "disposition.understood",
    "disposition.will_comply",
    "disposition.cannot_comply",
    # Whether the line is alive. Political state is another thing (status).
    "link.up",
    "link.late",
    "link.down",
    "link.disputed",
    "status.in_force",
    "status.suspended",
    # Where a call, a notice, a watch and a test stand.
    "call.open",
    "call.ringing",
    "call.climbed",
    "call.acknowledged",
    "call.closed",
    "call.reopened",
    "notice.draft",
    "notice.declared",
    "notice.active",
    "notice.revised",
    "notice.withdrawn",
    "notice.lapsed",
    "watch.manned",
    "watch.unmanned",
    "test.sent",
    "test.answered",
    "test.missed",
    "readback.wanted",
    "readback.matches",
    "readback.confirmed",
    # What kinds of thing there are.
    "noun.call",
    "noun.notice",
    "noun.conflict",
    "noun.desk",
    "noun.ladder",
    "noun.counterpart",
    "noun.us",
    "noun.record",
    "noun.receipt",
    "noun.coded_line",
    # What a person can do.
    "act.acknowledge",
    "act.call",
    "act.stop",
    "act.read_back",
    "act.confirm",
    "act.correct",
    "act.close",
    "act.declare",
    "act.revise",
    "act.withdraw",
    "act.take_watch",
    "act.hand_over",
    "act.send_test",
    "act.silence_bell",
    # What a desk is told besides calls.
    "alarm.disputed",
    "alarm.desk_unmanned",
    "nature.down_aircraft",
    "nature.vessel",
    "nature.convoy",
    "nature.medical",
    "nature.fire",
    "nature.stranded",
    # What a slot is called.
    "slot.place",
    "slot.radius_cm",
    "slot.reference",
    "slot.delay_ms",
    "slot.begins",
    "slot.ends",
    "slot.nature",
    "slot.persons",
    "slot.which",
    "slot.of",
    "slot.anchor",
    "slot.anchored",
    "slot.apart_cm",
    "slot.wait_ms",
    "slot.path",
    "slot.text",
    "slot.language",
    "slot.phrase",
    "persons.unknown",
)

WORDS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(_PLAIN, ()),
    # Quantities, which `render` puts together.
    "position": ("lat", "north", "lon", "east"),
    "length.m": ("n",),
    "length.km": ("n",),
    "span.days": ("n",),
    "span.hours": ("n",),
    "span.minutes": ("n",),
    "span.seconds": ("n",),
    "time": ("year", "month", "day", "hour", "minute", "second"),
    "reference": ("id",),
    "persons": ("n",),
    # Sentences.
    "fallback": ("language", "text"),
    "link.last_heard": ("span",),
    "call.from": ("party", "precedence"),
    "call.ringing_for": ("span", "rung"),
    "call.climbs_in": ("span",),
    "call.acknowledged_at": ("time", "rung"),
    "call.silence": ("span",),
    "use_next_path": ("path",),
    "notice.stored_at": ("time",),
    "notice.noted_at": ("time",),
    "notice.lead_short": ("lead", "minimum"),
    "notice.ends_in": ("span",),
    "readback.differs": ("slot", "said", "restated"),
    "rung": ("n",),
    "alarm.call": ("party", "precedence"),
    "alarm.conflict": ("n", "party"),
    "alarm.conflict_cleared": ("party",),
    "alarm.closest_approach": ("length", "time"),
    "alarm.missed_test": ("party", "time"),
    "alarm.link_late": ("party", "span"),
    "alarm.link_down": ("party", "span"),
    "alarm.clock": ("party", "span"),
    "alarm.notice_late": ("party",),
    "alarm.notice_lapsing": ("span",),
    "alarm.anchor": ("anchor", "length"),
    "alarm.refused": ("party", "reason"),
    "count.calls": ("n",),
    "count.notices": ("n",),
    "count.conflicts": ("n",),
}
"""Every word of the interface: its key, and the placeholders its pattern has in every language.

`n` is a number, formatted or pluralised by ICU; every other placeholder is text.
"""
