"""A scene: the two parties of a simulation, and the terms that bind them.

North and south are nobody. The area and the anchors are those of the acceptance drill.
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha512

from clearline.basis.instants import HOUR_MS, MINUTE_MS
from clearline.basis.quantities import FLIGHT_LEVEL_CM
from clearline.core.terms import (
    DEFAULT_MINIMA,
    Activity,
    Ladders,
    Limits,
    Party,
    Pulse,
    ReleaseField,
    ReleaseRules,
    Terms,
    TestSchedule,
    default_ladders,
)
from clearline.record import PublicKeys
from clearline.space import Anchor, Grid, Polygon, Position, from_degrees

__all__ = ["AIRFIELD", "CITY", "GRID", "LINK", "NORTH", "PARTIES", "SOUTH", "terms_of"]

NORTH, SOUTH = "north", "south"
PARTIES = (NORTH, SOUTH)
LINK = "019ab000-0000-7000-8000-000000000001"

AIRFIELD: Position = from_degrees(35.2854, 40.1760)
CITY: Position = from_degrees(35.3333, 40.1500)

GRID = Grid(
    position_e7=100_000, length_cm=50_000, altitude_cm=5 * FLIGHT_LEVEL_CM, time_ms=5 * MINUTE_MS
)
"""About a kilometre, half a kilometre, 500 feet and five minutes."""
_CALL_GRID = Grid(
    position_e7=1_000, length_cm=10_000, altitude_cm=FLIGHT_LEVEL_CM, time_ms=MINUTE_MS
)

_AREA = Polygon(
    exterior=tuple(from_degrees(*at) for at in ((34, 38), (34, 42), (37, 42), (37, 38)))
)


def terms_of(keys: tuple[PublicKeys, PublicKeys], ladders: Ladders | None = None) -> Terms:
    """Return the terms of the link between north and south, with these keys and ladders."""
    return Terms(
        link=LINK,
        version=1,
        parties=(_card(NORTH, keys[0]), _card(SOUTH, keys[1])),
        area=_AREA,
        minima=DEFAULT_MINIMA,
        ladders=ladders or default_ladders(),
        activities=(
            Activity(name="flight", lead_ms=2 * HOUR_MS),
            Activity(name="convoy", lead_ms=24 * HOUR_MS),
        ),
        release=ReleaseRules(
            fields=tuple(field for field in ReleaseField if field is not ReleaseField.FREE_TEXT),
            grid=GRID,
            call_grid=_CALL_GRID,
        ),
        anchors=(
            Anchor(name="Deir ez-Zor city", position=CITY),
            Anchor(name="Deir ez-Zor airfield", position=AIRFIELD),
        ),
        anchor_tolerance_cm=50_000,
        tests=TestSchedule(every_ms=HOUR_MS, patience_ms=5 * MINUTE_MS),
        violations=("overflight-within-a-mile", "not-notified"),
        pulse=Pulse(),
        limits=Limits(),
    )


def _card(party: str, keys: PublicKeys) -> Party:
    return Party(
        party=party,
        title=f"{party.title()} headquarters",
        keys=keys,
        certificate=b64encode(sha512(party.encode()).digest() * 4).decode(),
        urls=(f"https://{party}.invalid",),
        contact=(f"{party.title()} operations desk",),
        languages=("en", "ru"),
    )
