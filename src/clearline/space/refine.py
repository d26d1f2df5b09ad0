"""Refinement: many pairs of volumes measured at once, each as `meet` measures it.

One pair alone costs mostly what it takes to call libraries; so here a batch is projected by
one call, laid out as shapes by one, and measured by one. Each pair still has the planes that
`separation.core_pair` lays for it, and each step is the same arithmetic, in the same order.
What a plane cannot show (`pieces`, `nearest`) is measured pair by pair.

Most pairs need no more than a bound. Where many have a core in common, one picture of all
bounds each (`glance`). A length in the plane is never shorter than on the ground, and longer by
a known factor at most (`plane.stretch`): so if it is under both radii the two meet, and if it
is that factor over the minimum they keep clear of each other.

The library's functions for arrays may differ from those for numbers in the last bit. Where
a bit could change the answer, which is in whole cm, the pair is measured again by itself. So
the answer is that of `meet`, to the cm: tests/space/test_refine.py holds it to that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np
import shapely

from clearline.basis.quantities import METRE_CM
from clearline.space.drawing import drawn
from clearline.space.footprint import Footprint, both_cores, footprint
from clearline.space.glance import bounds_m, bounds_of_many_m
from clearline.space.nearest import NEAR_M
from clearline.space.plane import (
    MAX_REACH_M,
    Plane,
    geodesic_fwds,
    geodesic_inv,
    geodesic_invs,
    geodesics,
    lay,
    lift,
    stretch,
    stretches,
)
from clearline.space.separation import (
    ROUNDS,
    STAYS_M,
    TRUE_M,
    WHOLE_M,
    Minima,
    Pair,
    Separation,
    core_pair,
    otherwise,
    pair_of,
    smaller,
    under,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from clearline.space.plane import Floats, Indices
    from clearline.space.volume import Volume

    Flags = NDArray[np.bool_]
    Shapes = NDArray[np.object_]

__all__ = ["refine"]

_ALONE = 4
"""Up to so many pairs are not worth a picture: each is looked at by itself."""
_FEW = 14
"""Up to so many pairs that a glance leaves are measured one by one."""
_DOUBT_M = 1e-6
"""Many times what the last bits of all arithmetic here can make of a length."""
_STRAIGHT_M = 500_000.0
"""Within this reach a plane bends no geodesic by more than 10 cm."""
_SLACK_M = 1.0
"""More than the answer is ever under the truth, and than all rounding."""
_ABOVE = 1.0005
"""The answer is above the truth by this factor at most: `separation.WHOLE_M`."""
_SPARE = 1e-5
"""What `nearest` finds may be more than a plane says by this part, and a metre."""

# The stubs of shapely leave the keyword arguments and arrays of shapes untyped.
_shapely = cast("Any", shapely)


def refine(pairs: Iterable[tuple[Volume, Volume]], minima: Minima) -> list[Separation | None]:
    """Return of each pair of volumes what `meet` says of it."""
    found: list[Separation | None] = []
    left: list[tuple[int, int | None, int]] = []
    held: list[_Cores] = []
    for a, b in pairs:
        rest = otherwise(a, b, minima)
        if rest is not None:
            left.append((len(found), *rest))
            held.append(_Cores(footprint(a.outline), footprint(b.outline)))
        found.append(None)
    across = _across(held, minima.horizontal_cm)
    for (number, vertical_cm, time_ms), cm in zip(left, across, strict=True):
        if under(cm, minima.horizontal_cm):
            found[number] = Separation(horizontal_cm=cm, vertical_cm=vertical_cm, time_ms=time_ms)
    return found


class _Cores(NamedTuple):
    a: Footprint
    b: Footprint


def _across(cores: Sequence[_Cores], minimum_cm: int) -> list[int]:
    """Return the horizontal separation of each pair in cm; of one that is clear, any that is."""
    if len(cores) <= _ALONE:
        return [_alone(a, b, minimum_cm) for a, b in cores]
    table = np.array(
        [
            (a.lat, a.lon, a.core_reach_m, a.radius_m, b.lat, b.lon, b.core_reach_m, b.radius_m)
            for a, b in cores
        ]
    ).T.copy()
    lat_a, lon_a, core_a, radius_a, lat_b, lon_b, core_b, radius_b = table
    between = geodesic_invs(lat_a, lon_a, lat_b, lon_b)
    clear = (between - (core_a + radius_a) - (core_b + radius_b)) * METRE_CM > minimum_cm + 1
    cm = np.full(len(cores), minimum_cm + 1, dtype=np.int64)
    points = ~clear & (core_a == 0) & (core_b == 0)
    cm[points], doubt = _whole_cm((between - radius_a - radius_b)[points])
    unsure = np.zeros(len(cores), dtype=np.bool_)
    unsure[points] = doubt
    which = _beyond_a_glance(np.flatnonzero(~clear & ~points), cores, cm, minimum_cm)
    if len(which) <= _FEW:
        for i in _numbers(which):
            cm[i] = _laid(*cores[i], float(between[i]), minimum_cm)
    else:
        far = between + np.maximum(core_a, core_b) > MAX_REACH_M - _SLACK_M
        unsure[which] = far[which]
        near = which[~far[which]]
        if len(near):
            batch = _Batch([cores[i] for i in _numbers(near)], minimum_cm)
            cm[near], unsure[near] = batch.cm, batch.doubt
    for i in np.flatnonzero(unsure).tolist():
        cm[i] = _measured(*cores[i])
    return cm.tolist()


def _beyond_a_glance(
    which: Indices, cores: Sequence[_Cores], cm: NDArray[np.int64], minimum_cm: int
) -> Indices:
    """Return which of these pairs a glance does not decide; put down 0 for those that meet.

    Of the others that it decides, `cm` says already that they are clear. Pairs that have a core
    in common share a picture.
    """
    left: list[Indices] = []
    for common, others in _in_common(_numbers(which), cores):
        these = np.array(list(others), dtype=np.intp)
        if len(these) <= _ALONE:
            left.append(these)
            continue
        least_m, most_m = bounds_of_many_m(common, list(others.values()))
        radii_m = common.radius_m + np.array([other.radius_m for other in others.values()])
        meets, clear = _bounded(least_m, most_m, radii_m, minimum_cm)
        cm[these[meets]] = 0
        left.append(these[~meets & ~clear])
    return np.sort(np.concatenate(left)) if left else which


def _in_common(
    which: list[int], cores: Sequence[_Cores]
) -> Iterable[tuple[Footprint, dict[int, Footprint]]]:
    """Return each core that pairs have in common, and the other one of each of these pairs.

    It is the first of every pair or the second of every pair, whichever are fewer.
    """
    first = {id(cores[i].a) for i in which}
    second = {id(cores[i].b) for i in which}
    groups: dict[int, tuple[Footprint, dict[int, Footprint]]] = {}
    for i in which:
        common, other = cores[i] if len(first) <= len(second) else reversed(cores[i])
        groups.setdefault(id(common), (common, {}))[1][i] = other
    return groups.values()


def _alone(a: Footprint, b: Footprint, minimum_cm: int) -> int:
    """Return what `_across` does, of one pair."""
    between_m, _ = geodesic_inv(a.lat, a.lon, b.lat, b.lon)
    clear_cm = minimum_cm + 1
    if (between_m - a.reach_m - b.reach_m) * METRE_CM > clear_cm:
        return clear_cm
    between_cm = (between_m - a.radius_m - b.radius_m) * METRE_CM
    if a.is_point and b.is_point:
        return max(0, int(between_cm))
    centre = smaller(a, b)
    other = b if centre is a else a
    if centre.is_point and (seen := _seen(centre, other, minimum_cm)) is not None:
        return seen
    return _laid(a, b, between_m, minimum_cm)


def _laid(a: Footprint, b: Footprint, between_m: float, minimum_cm: int) -> int:
    """Return what `_across` does, of one pair, by a plane.

    Their middles are `between_m` apart, and one of them is no point.
    """
    centre = smaller(a, b)
    other = b if centre is a else a
    apart_m = between_m + other.core_reach_m
    if apart_m > _STRAIGHT_M:
        return _measured(a, b)
    plane = Plane(centre.lat, centre.lon)
    shapes = both_cores(plane, a, b)
    length_m = float(_shapely.distance(*shapes))
    radii_m = a.radius_m + b.radius_m
    if length_m == 0 or length_m + _over_m(length_m) < radii_m:
        return 0
    if length_m / stretch(apart_m) - radii_m > minimum_cm / METRE_CM + _SLACK_M:
        return minimum_cm + 1
    return _cm(pair_of(plane, shapes, a, b), a, b)


def _seen(point: Footprint, core: Footprint, minimum_cm: int) -> int | None:
    """Return what `_across` does of a point and a core, if a glance is enough."""
    least_m, most_m = bounds_m(core, point.lat, point.lon)
    meets, clear = _bounded(least_m, most_m, point.radius_m + core.radius_m, minimum_cm)
    return 0 if meets else minimum_cm + 1 if clear else None


def _bounded(least_m: Any, most_m: Any, radii_m: Any, minimum_cm: int) -> tuple[Any, Any]:
    """Return whether the bounds of a glance say that two meet, and that they keep clear.

    Of numbers it is one answer each, of arrays an array.
    """
    meets = most_m * _ABOVE + _SLACK_M < radii_m
    return meets, least_m - radii_m > minimum_cm / METRE_CM + _SLACK_M


def _measured(a: Footprint, b: Footprint) -> int:
    return _cm(core_pair(a, b), a, b)


def _cm(pair: Pair, a: Footprint, b: Footprint) -> int:
    return max(0, int((pair.metres - a.radius_m - b.radius_m) * METRE_CM))


def _over_m(length_m: float) -> float:
    """Return by how much the answer may be more than a length in a plane."""
    return _DOUBT_M if length_m < NEAR_M else _SLACK_M + length_m * _SPARE


def _overs_m(lengths_m: Floats) -> Floats:
    """Return what `_over_m` does of many."""
    return np.where(lengths_m < NEAR_M, _DOUBT_M, _SLACK_M + lengths_m * _SPARE)


def _whole_cm(gaps_m: Floats) -> tuple[NDArray[np.int64], Flags]:
    """Return lengths in whole cm, rounded down and not below 0, and which are in doubt."""
    exact = np.maximum(0.0, gaps_m * METRE_CM)
    doubt = np.abs(gaps_m * METRE_CM - np.rint(gaps_m * METRE_CM)) < _DOUBT_M * METRE_CM
    return exact.astype(np.int64), doubt & (gaps_m > -_SLACK_M)


def _numbers(which: Indices) -> list[int]:
    return which.tolist()


class _Ends(NamedTuple):
    """Nearest points, an array for each field of `separation.Pair`."""

    metres: Floats
    lat_a: Floats
    lon_a: Floats
    lat_b: Floats
    lon_b: Floats


class _Batch:
    """Pairs of cores of which at least one is no point, near enough for a plane."""

    def __init__(self, cores: Sequence[_Cores], minimum_cm: int) -> None:
        self._cores = cores
        self._middles = np.array(
            [(a.lat, a.lon, a.core_reach_m, b.lat, b.lon, b.core_reach_m) for a, b in cores]
        ).T.copy()
        radii_a = np.array([a.radius_m for a, _ in cores])
        radii_b = np.array([b.radius_m for _, b in cores])
        self.cm = np.zeros(len(cores), dtype=np.int64)
        """The separations, where they are under the minimum."""
        self.doubt = np.zeros(len(cores), dtype=np.bool_)
        """Which of them are to be measured by themselves."""
        centres = [smaller(a, b) for a, b in cores]
        everyone = np.arange(len(cores))
        planes = [Plane(centre.lat, centre.lon) for centre in centres]
        ones, others = self._shapes(everyone, planes)
        lengths = _shapely.distance(ones, others)
        apart = self._apart(everyone, np.array([(c.lat, c.lon) for c in centres]))
        radii = radii_a + radii_b
        clear = apart < _STRAIGHT_M
        clear &= lengths / stretches(apart) - radii > minimum_cm / METRE_CM + _SLACK_M
        self.cm[clear] = minimum_cm + 1
        meets = (lengths == 0) | (lengths + _overs_m(lengths) < radii)
        open_ = np.flatnonzero(~clear & ~meets)
        if not len(open_):
            return
        ends = self._nearest(open_, [planes[i] for i in open_.tolist()], ones[open_], others[open_])
        metres = ends.metres
        unsettled = np.array([not centres[i].is_point for i in open_.tolist()])
        if unsettled.any():
            metres[unsettled] = self._settled(
                open_[unsettled], _Ends(*(each[unsettled] for each in ends))
            )
        gaps = metres - radii_a[open_] - radii_b[open_]
        self.cm[open_], doubt = _whole_cm(gaps)
        # What is far apart is measured without a plane.
        self.doubt[open_] |= doubt | (metres > NEAR_M - _SLACK_M)

    def _settled(self, which: Indices, ends: _Ends) -> Floats:
        """Return the lengths as the planes about the pairs themselves have them.

        As `separation.core_pair` does from where it settles; it says which are in doubt.
        """
        metres = ends.metres.copy()
        left = np.arange(len(which))
        for _ in range(ROUNDS):
            middles = _between(ends)
            apart = self._apart(which[left], middles)
            self.doubt[which[left]] |= np.abs(apart - TRUE_M) < _SLACK_M
            going = (ends.metres > 0) & (apart >= TRUE_M)
            left, middles = left[going], middles[going]
            if not len(left):
                break
            ends = _Ends(*(each[going] for each in ends))
            planes = [Plane(lat, lon) for lat, lon in middles.tolist()]
            nearer = self._nearest(which[left], planes, *self._shapes(which[left], planes))
            gained = (ends.metres - STAYS_M) - nearer.metres
            self.doubt[which[left]] |= np.abs(gained) < _DOUBT_M
            metres[left] = np.minimum(nearer.metres, ends.metres)
            ends = _Ends(
                *(
                    np.where(nearer.metres < ends.metres, *two)
                    for two in zip(nearer, ends, strict=True)
                )
            )
            wide = self._apart(which[left], _between(ends)) > WHOLE_M - _SLACK_M
            self.doubt[which[left]] |= wide & (ends.metres > 0)
            left, ends = left[gained > 0], _Ends(*(each[gained > 0] for each in ends))
        return metres

    def _apart(self, which: Indices, middles: Floats) -> Floats:
        """Return how far from its middle the cores of each pair reach, at most."""
        lat_a, lon_a, core_a, lat_b, lon_b, core_b = self._middles[:, which]
        lats, lons = middles[:, 0].copy(), middles[:, 1].copy()
        to_a = geodesic_invs(lats, lons, lat_a, lon_a)
        to_b = geodesic_invs(lats, lons, lat_b, lon_b)
        return np.maximum(to_a + core_a, to_b + core_b)

    def _nearest(self, which: Indices, planes: list[Plane], ones: Shapes, others: Shapes) -> _Ends:
        """Return the nearest points of each pair, as its plane has them."""
        xy = shapely.get_coordinates(_shapely.shortest_line(ones, others))
        numbers = np.arange(len(which))
        lat_a, lon_a = lift(planes, numbers, xy[0::2])
        lat_b, lon_b = lift(planes, numbers, xy[1::2])
        metres = geodesic_invs(lat_a, lon_a, lat_b, lon_b)
        metres[np.all(xy[0::2] == xy[1::2], axis=1)] = 0.0
        return _Ends(metres, lat_a, lon_a, lat_b, lon_b)

    def _shapes(self, which: Indices, planes: list[Plane]) -> tuple[Shapes, Shapes]:
        """Return the cores of each pair as shapes of its plane."""
        known: dict[tuple[int, float, float], int] = {}
        cores: list[Footprint] = []
        owners: list[int] = []
        places: list[tuple[int, int]] = []
        for number, (pair, plane) in enumerate(zip(which.tolist(), planes, strict=True)):
            both: list[int] = []
            a, b = self._cores[int(pair)]
            for core in (a, b):
                name = (id(core), plane.lat, plane.lon)
                if name not in known:
                    known[name] = len(cores)
                    cores.append(core)
                    owners.append(number)
                both.append(known[name])
            places.append((both[0], both[1]))
        sizes = np.array([len(core.lats) for core in cores])
        xy = lay(
            planes,
            np.repeat(np.array(owners), sizes),
            np.concatenate([core.lats for core in cores]),
            np.concatenate([core.lons for core in cores]),
        )
        shapes = drawn(cores, sizes, xy)
        at = np.array(places)
        return shapes[at[:, 0]], shapes[at[:, 1]]


def _between(ends: _Ends) -> Floats:
    """Return latitude and longitude of the middles of the geodesics, (n, 2)."""
    metres, azimuths = geodesics(ends.lat_a, ends.lon_a, ends.lat_b, ends.lon_b)
    return np.stack(geodesic_fwds(ends.lat_a, ends.lon_a, azimuths, metres / 2), axis=1)
