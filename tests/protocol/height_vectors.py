"""Vectors of heights: the standard atmosphere, and bands of different data by the worst case.

Worked out here by exact decimals and by hand, never by the code that the vectors are for.
"""

from __future__ import annotations

from decimal import Decimal, localcontext

from tests.protocol.script_vectors import notice, script
from tests.protocol.space_vectors import MINIMA, SFC, make_band
from tests.protocol.world import LINK, Json, circle, volume

__all__ = ["certainties", "heights", "pressures", "scripts"]

AIR = {"lowest_hpa": 980, "highest_hpa": 1_040, "temperature_pct": 10}
HILLS = {"lowest_cm": 20_000, "highest_cm": 150_000}
SEA = {"lowest_cm": 1_500, "highest_cm": 2_500}
ALL: Json = {"pressure": AIR, "terrain": HILLS, "geoid": SEA}
WORLD: Json = {
    "pressure": {"lowest_hpa": 870, "highest_hpa": 1_085, "temperature_pct": 30},
    "geoid": {"lowest_cm": -11_000, "highest_cm": 9_000},
}


def standard_cm(hpa: int) -> int:
    """Return the altitude of a pressure in the standard atmosphere, by forty digits."""
    with localcontext() as exact:
        exact.prec = 40
        power = Decimal("287.05287") * Decimal("0.0065") / Decimal("9.80665")
        ratio = ((Decimal(hpa) / Decimal("1013.25")).ln() * power).exp()
        return round(100 * Decimal("288.15") / Decimal("0.0065") * (1 - ratio))


def pressures() -> list[Json]:
    """Return the altitude of every whole hPa that a worst case may state."""
    return [
        {"note": f"{hpa} hPa", "hpa": hpa, "altitude_cm": standard_cm(hpa)}
        for hpa in range(850, 1_101)
    ]


def heights() -> list[Json]:
    """Return pairs of bands with the least and the most that lies between them."""
    made: list[Json] = []

    def case(note: str, worst: Json, a: Json, b: Json, least: int | None, most: int | None) -> None:
        made.append(
            {"note": note, "heights": worst, "a": a, "b": b, "least_cm": least, "most_cm": most}
        )

    def fl(low: int, high: int) -> Json:
        return make_band(("fl", low * 3_048), ("fl", high * 3_048))

    def amsl(low: int, high: int) -> Json:
        return make_band(("amsl", low * 100), ("amsl", high * 100))

    def height(low: int, high: int) -> Json:
        return make_band(("height", low * 100), ("height", high * 100))

    case("one datum is compared by value", ALL, fl(100, 140), fl(180, 200), 121_920, 121_920)
    case("one datum, touching", ALL, fl(100, 140), fl(140, 200), 0, 0)
    # S(980) = 28,053 and S(1040) = -22,033.
    case(
        "the example of the page: they may overlap, or not",
        *(ALL, fl(40, 60), amsl(0, 1_000), 0, 158_349 - 100_000),
    )
    case(
        "flight levels well above",
        *(ALL, fl(200, 240), amsl(0, 1_000)),
        (609_600 - 28_053) - 58_155 - 100_000,
        (609_600 + 22_033) + 63_164 - 100_000,
    )
    case(
        "anywhere on the globe FL200 is at least 2,380 m above 1,000 m",
        *(WORLD, fl(200, 240), amsl(0, 1_000)),
        (609_600 - 126_717) - 144_865 - 100_000,
        (609_600 + 58_084) + 200_306 - 100_000,
    )
    case(
        "a flight level below the sea: the part is of its size, not of its sign",
        *(ALL, fl(0, 10), amsl(-2_000, -1_000)),
        -28_053 - 2_806 + 100_000,
        22_033 + 2_204 + 100_000,
    )
    case(
        "a height above the ground under an altitude above the sea",
        *(ALL, height(120, 150), amsl(2_000, 3_000)),
        200_000 - (15_000 + 150_000),
        200_000 - (15_000 + 20_000),
    )
    case(
        "a height above the ground that surely overlaps it",
        *(ALL, height(0, 3_000), amsl(1_600, 2_000), 0, 0),
    )
    case(
        "a height above the ellipsoid is not one above the sea",
        *(ALL, make_band(("ellipsoidal", 100_000), ("ellipsoidal", 110_000)), amsl(1_200, 1_300)),
        120_000 - (110_000 - 1_500),
        120_000 - (110_000 - 2_500),
    )
    case(
        "two of the ellipsoid are compared by value",
        ALL,
        make_band(("ellipsoidal", 100_000), ("ellipsoidal", 110_000)),
        make_band(("ellipsoidal", 110_001), ("ellipsoidal", 120_000)),
        *(1, 1),
    )
    case(
        "ground and ellipsoid: by the sea, so by both ranges",
        *(ALL, make_band(("ellipsoidal", 200_000), ("ellipsoidal", 250_000)), height(0, 100)),
        (200_000 - 2_500) - (10_000 + 150_000),
        (200_000 - 1_500) - (10_000 + 20_000),
    )
    case(
        "under water, from the surface of a lake in the hills",
        *(ALL, make_band(("depth", 3_000), ("depth", 2_000)), amsl(1_600, 1_700)),
        160_000 - (150_000 - 2_000),
        160_000 - (20_000 - 2_000),
    )
    case(
        "both from the surface: they share a limit, whatever is stated",
        *({}, make_band(SFC, ("fl", 304_800)), make_band(SFC, ("amsl", 50_000)), 0, 0),
    )
    case(
        "from the surface to a flight level, beside a height: at most so far apart",
        *({}, make_band(SFC, ("fl", 304_800)), height(100, 200), 0, 10_000),
    )
    case("nothing is stated: nobody knows", {}, fl(200, 240), amsl(0, 1_000), None, None)
    case(
        "the terrain is not stated: no pressure helps a height above the ground",
        *(WORLD, fl(200, 240), height(0, 120), None, None),
    )
    case(
        "no geoid is stated: an ellipsoidal height is not taken for one above the sea",
        *({"pressure": AIR}, make_band(("ellipsoidal", 100_000), ("ellipsoidal", 110_000))),
        *(amsl(1_200, 1_300), None, None),
    )
    case(
        "a limit in each datum: one way is known to be a gap, and the other does not widen it",
        *(
            {},
            make_band(("amsl", 0), ("fl", 304_800)),
            make_band(("fl", 335_280), ("amsl", 900_000)),
        ),
        *(30_480, 30_480),
    )
    return made


def certainties() -> list[Json]:
    """Return pairs of volumes in one place that are or are not too near in height."""
    made: list[Json] = []

    def case(note: str, band: Json, worst: Json, vertical: int | None, said: str | None) -> None:
        here = circle(35.3, 40.1)
        low = make_band(("amsl", 0), ("amsl", 100_000))
        made.append(
            {
                "note": note,
                "minima": MINIMA | {"heights": worst},
                "a": volume(here, band=low),
                "b": volume(here, band=band),
                "vertical_cm": vertical,
                "infringes": said is not None,
                "certainty": said,
            }
        )

    def fl(low: int, high: int) -> Json:
        return make_band(("fl", low * 3_048), ("fl", high * 3_048))

    high = make_band(("amsl", 130_000), ("amsl", 150_000))
    case("one datum, too near", high, {}, 30_000, "certain")
    case("they may overlap, and may not", fl(40, 60), ALL, 0, "possible")
    case("they overlap whatever the weather is", fl(20, 60), ALL, 0, "certain")
    case("far above whatever the weather is", fl(200, 240), ALL, 423_392, None)
    case("nobody stated the pressure", fl(200, 240), {"terrain": HILLS}, None, "possible")
    near = make_band(("ellipsoidal", 129_500), ("ellipsoidal", 140_000))
    case("above the ellipsoid, and too near for certain", near, ALL, 27_000, "certain")
    edge = make_band(("ellipsoidal", 132_980), ("ellipsoidal", 140_000))
    case("the least is the minimum, which is enough", edge, ALL, 30_480, None)
    edge = make_band(("ellipsoidal", 132_979), ("ellipsoidal", 140_000))
    case("a centimetre lower", edge, ALL, 30_479, "possible")
    return made


def scripts() -> list[Json]:
    """Return exchanges about levels of different data."""
    one = script(
        "by version 2: certain, possible, or far enough whatever the weather", base="stated"
    )
    one.does("TakeWatch", echelon="duty-desk", languages=["en"])
    one.does("Declare", links=[LINK], activity="flight", volumes=[volume()])  # FL100 to FL180
    for upper, said in ((500_000, "certain"), (235_000, "possible"), (100_000, None)):
        one.arrives(
            "notice.declared",
            notice(volumes=[volume(band=make_band(("amsl", 0), ("amsl", upper)))]),
        )
        found = [each["body"] for each in one.said() if each["kind"] == "conflict.found"]
        assert [each["certainty"] for each in found] == ([said] if said else []), found
    # FL100 is at least at 2490.72 m: 140.72 m above 2,350 m, and at most 1245.17 m.
    unknown = notice(
        volumes=[volume(band=make_band(("ellipsoidal", 100_000), ("ellipsoidal", 110_000)))]
    )
    one.arrives("notice.declared", unknown)
    assert one.said()[0]["body"]["closest"]["vertical_cm"] is None, one.said()
    upside = make_band(("fl", 609_600), ("amsl", 30_000))
    one.arrives("notice.declared", notice(volumes=[volume(band=upside)]), expect="bad_geometry")
    two = script("under terms without a worst case a known datum is let in, and meets")
    two.does("TakeWatch", echelon="duty-desk", languages=["en"])
    two.does("Declare", links=[LINK], activity="flight", volumes=[volume()])
    two.arrives("notice.declared", unknown)
    two.expect_says("conflict.found")
    assert "certainty" not in two.said()[0]["body"], two.said()
    return [one.vector(), two.vector()]
