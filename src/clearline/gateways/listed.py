"""Listed: what a file says of each volume beside where it is, in the words that are read again.

One row a volume. A band is said outward where its text is coarser than it is: a pressure
altitude that is no whole flight level. Our own label is there only if the area has one, and
then the row says whose eyes it is for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from clearline.basis.quantities import FLIGHT_LEVEL_CM
from clearline.gateways.writing import Area, Losses
from clearline.space import Altitude, Band, Datum, Volume, show_altitude

__all__ = ["OURS_ALONE", "OWN_FIELDS", "OWN_LOST", "Listed", "listed"]

OWN_FIELDS = frozenset(
    ("id", "party", "side", "link", "activity", "revision", "volume", "volumes", "declared_at")
)
"""What an export says of its notice, which a shape that is read has no place for."""
OWN_LOST = "what an export says of its notice: id, party, link, activity, revision"

OURS_ALONE = "OURS ALONE: not for release"
"""How a file that holds our own labels is marked."""


class Listed(Struct, frozen=True, kw_only=True):
    """One volume of a notice, and what a file says of it."""

    area: Area
    volume: Volume
    number: int
    """Which of the notice's volumes, from 1."""
    name: str
    """What a person calls it: the party, the activity, and the last of the notice's id."""
    lower: str
    upper: str
    start: str
    end: str

    @property
    def uid(self) -> str:
        """Return what no other volume is called."""
        return f"{self.area.id}-{self.number}"

    def fields(self) -> dict[str, str | int]:
        """Return all that is said of it, by name, in the order in which it is shown."""
        area = self.area
        found: dict[str, str | int] = {
            "name": self.name,
            "lower": self.lower,
            "upper": self.upper,
            "start": self.start,
            "end": self.end,
            "id": area.id,
            "party": area.party,
            "side": "ours" if area.mine else "theirs",
            "link": area.link,
            "activity": area.activity,
            "revision": area.revision,
            "volume": self.number,
            "volumes": len(area.volumes),
            "declared_at": str(area.declared_at),
        }
        if area.drill:
            found["drill"] = "EXERCISE"
        if area.label:
            label = "".join(each if each.isprintable() else "?" for each in area.label)
            found |= {"label": label, "marking": OURS_ALONE}
        return found


def listed(areas: Sequence[Area], losses: Losses) -> Iterator[Listed]:
    """Yield every volume of some areas."""
    for area in areas:
        name = f"{area.party} {area.activity} {area.id[-6:]}"
        for number, volume in enumerate(area.volumes, 1):
            many = f" {number}/{len(area.volumes)}" if len(area.volumes) > 1 else ""
            lower, upper = _spelled(volume.band, losses)
            yield Listed(
                area=area,
                volume=volume,
                number=number,
                name=f"{'EXERCISE ' if area.drill else ''}{name}{many}",
                lower=lower,
                upper=upper,
                start=str(volume.window.start),
                end=str(volume.window.end),
            )


def _spelled(band: Band, losses: Losses) -> tuple[str, str]:
    """Return both limits as they are read again; outward where the text is coarser."""
    lower, upper = band.lower, band.upper
    if lower.datum is Datum.FL:
        level = lower.value_cm // FLIGHT_LEVEL_CM
        lower = Altitude(datum=Datum.FL, value_cm=level * FLIGHT_LEVEL_CM)
        if level < 0:
            losses.add("levels below FL000: they are written as SFC")
            lower = Altitude(datum=Datum.SURFACE, value_cm=0)
    if upper.datum is Datum.FL:
        level = max(0, -(-upper.value_cm // FLIGHT_LEVEL_CM))
        upper = Altitude(datum=Datum.FL, value_cm=level * FLIGHT_LEVEL_CM)
    return show_altitude(lower), show_altitude(upper)
