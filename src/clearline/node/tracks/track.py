"""A track: something that our own receivers see, where it is, how fast, and how old that is.

Tracks are for our own eyes. They are no events: nothing of them is journaled, the core never
hears of them, and nothing that leaves the node depends on them (decision 0048). What is
stated here are the nouns that the receivers' process, the node's shells and the screens share,
and every limit. Nothing here decides anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Annotated, Protocol

from msgspec import Meta, Struct

from clearline.basis.instants import MINUTE_MS, SECOND_MS, Instant
from clearline.space import Minima, Position, Volume

__all__ = [
    "GONE_MS",
    "MAX_ALARMS",
    "MAX_KEY_CHARS",
    "MAX_NAME_CHARS",
    "MAX_TRACKS",
    "STALE_MS",
    "Alarm",
    "Datum",
    "Kind",
    "Level",
    "Receiver",
    "ReceiverState",
    "Report",
    "Track",
    "Tracking",
    "TracksView",
    "Watched",
    "What",
]

MAX_TRACKS = 10_000
"""Tracks that are kept at once; what comes beyond them is counted, said and not kept."""
MAX_ALARMS = 500
"""Alarms of each kind that are raised at once; the rest are counted and said as one number.

One that was near and is inside now stays beside those; of both kinds together twice as many stand.
"""
MAX_KEY_CHARS = 64
"""The most that a track's id may have, as its source has it; what is longer is refused."""
MAX_NAME_CHARS = 32
"""Of a call sign or a ship's name so much is kept."""


class Kind(StrEnum):
    """What moves. It says how often it may be expected to report."""

    AIR = "air"
    SEA = "sea"
    LAND = "land"


STALE_MS: Mapping[Kind, int] = {
    Kind.AIR: 30 * SECOND_MS,
    Kind.SEA: 7 * MINUTE_MS,
    Kind.LAND: 2 * MINUTE_MS,
}
"""After so long without a report a track is shown as old.

An aircraft reports twice a second; a ship at anchor once in three minutes (ITU-R M.1371).
"""
GONE_MS: Mapping[Kind, int] = {
    Kind.AIR: 2 * MINUTE_MS,
    Kind.SEA: 20 * MINUTE_MS,
    Kind.LAND: 10 * MINUTE_MS,
}
"""After so long without a report a track is gone."""


class Datum(StrEnum):
    """What a track's height is measured from, as its source has it."""

    FL = "fl"
    """Pressure altitude at 1013.25 hPa."""
    ELLIPSOIDAL = "ellipsoidal"
    """Height above the ellipsoid of WGS 84, as a satellite receiver has it."""
    SURFACE = "surface"
    """It is a ship on the water: the value is 0."""
    UNKNOWN = "unknown"
    """None was given, or it is not said from what it is measured."""


class Level(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How high a track is, and above what."""

    datum: Datum
    value_cm: Annotated[int, Meta(ge=-10_000_000, le=10_000_000)] | None
    """None if no height was given."""


UNKNOWN_LEVEL = Level(datum=Datum.UNKNOWN, value_cm=None)
AT_SEA = Level(datum=Datum.SURFACE, value_cm=0)


class Report(Struct, frozen=True, kw_only=True):
    """One position, as one receiver's decoder gives it."""

    kind: Kind
    key: str
    """The id as the source has it: an ICAO address, an MMSI, a TAK uid."""
    name: str
    """Its call sign or name; empty if none was heard yet."""
    at: Position
    level: Level
    course_cdeg: int | None
    """Over the ground, in hundredths of a degree from true north."""
    speed_cm_s: int | None
    """Over the ground."""
    climb_cm_s: int | None
    reported_at: Instant
    """When it was there, as the source says; where it does not say, when it came."""


class Track(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One track as it stands: its newest report, and what is known besides."""

    id: str
    """Its receiver's name, a slash, and the key."""
    receiver: str
    kind: Kind
    key: str
    name: str
    at: Position
    level: Level
    course_cdeg: int | None
    speed_cm_s: int | None
    climb_cm_s: int | None
    reported_at: Instant
    stale: bool
    """Whether it has not been heard for as long as its kind may take."""
    notice: str
    """The notice of ours that it belongs to; empty for none."""
    stated: bool
    """Whether an officer said so; otherwise it was first seen inside it."""


class What(StrEnum):
    """What a track does that our desks must see."""

    NEAR = "near"
    """It is within the minima of a notice of theirs, or will be inside on its course and speed."""
    INSIDE = "inside"
    """It is inside a notice of theirs."""
    LEFT = "left"
    """It belongs to a notice of ours and is outside of it."""


class Alarm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A track and a notice that our desks must see; one for as long as it holds.

    It is for our desks alone, and makes no entry: a person calls.
    """

    id: str
    """Of this alarm: when it has cleared and comes again, it is another."""
    track: str
    name: str
    receiver: str
    notice: str
    link: str
    what: What
    """The gravest that it has been; it does not go back before it clears."""
    certain: bool
    """Whether the heights can be compared; if not, it may be above or below."""
    since: Instant
    """When the report came that raised it."""
    graver_at: Instant
    """When it became what it is now."""
    reported_at: Instant
    """Of the track's newest report: of a track that is lost, when it was last seen."""
    gap_cm: int
    """From the track to the notice's outline, along the ground; 0 inside."""
    enters_at: Instant | None
    """When it will be inside on its course and speed; None if it will not, or is."""
    lost: bool
    """Whether the track is not seen any more; that is no reason to call it clear."""
    where: Position


class ReceiverState(StrEnum):
    """Whether anything comes from a receiver."""

    CONNECTING = "connecting"
    UP = "up"
    SILENT = "silent"
    """It is connected, and nothing that can be read has come for a while."""
    LOST = "lost"
    """It cannot be reached, or has closed the connection."""


class Receiver(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One place where tracks come in, and how it is doing."""

    id: str
    """Its name in the settings."""
    format: str
    state: ReceiverState
    since: Instant
    """Since when it is in this state."""
    last_at: Instant | None
    """When the last report came that could be read."""
    why: str
    """Why it is lost: a sentence; or empty."""
    flooded: bool
    """Whether more comes than is taken: reports are left out, the newest ones too."""


class Watched(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A notice that tracks are compared with, and the minima of its link."""

    id: str
    link: str
    mine: bool
    minima: Minima
    volumes: tuple[Volume, ...]


class TracksView(Struct, frozen=True, kw_only=True):
    """What there is to see, for who asks once."""

    receivers: tuple[Receiver, ...]
    alarms: tuple[Alarm, ...]
    alarms_left_out: int
    """Alarms beyond those that stand at once."""
    tracks: tuple[Track, ...]
    count: int
    """How many tracks there are; `tracks` may be the first of them."""
    left_out: int
    """Reports that were of more tracks than are kept."""


class Tracking(Protocol):
    """Whoever keeps the picture of tracks, for the shells that show it."""

    @property
    def receivers(self) -> Mapping[str, Receiver]:
        """Return every receiver, by its name; none if none is set up."""
        ...

    @property
    def alarms(self) -> Mapping[str, Alarm]:
        """Return every alarm that stands, by its id."""
        ...

    @property
    def version(self) -> int:
        """Return a number that grows whenever a track is put or goes."""
        ...

    @property
    def floor(self) -> int:
        """Return the version after which everything that there is can be told."""
        ...

    def since(self, version: int, most: int) -> tuple[list[Track], list[str], int] | None:
        """Return tracks put and ids gone after a version, and the version that they make.

        At most `most` tracks; who has asked so often that the version is the newest has all.
        None if what went since then is not known any more: begin again at 0.
        """
        ...

    def view(self, most: int) -> TracksView:
        """Return what there is to see, with at most so many tracks."""
        ...

    def belong(self, track: str, notice: str) -> None:
        """Say that a track belongs to a notice of ours; to none, if it is empty.

        Raises Mistake: there is no such track, or no such notice of ours that is active.
        """
        ...

    def on_change(self, told: Callable[[], None]) -> None:
        """Call `told` whenever a receiver or an alarm changes."""
        ...
