"""Edges: rings and paths drawn with other lines than geodesics, brought in so that nothing is lost.

Every edge of an outline is a geodesic. Other formats mean other lines between the same two
points: a parallel where a chart has one, a straight line of a map. `contain` and `contain_path`
put points of the true line between the given ones, join them by geodesics, and let the outline
reach beyond by the most that the true line can lie aside. So the result **contains** what was
meant, anywhere on the globe; and it says by how much it grew.

Which way round: an edge takes the shorter way in longitude, so a ring over the antimeridian
may be written with longitudes of either sign. An edge of exactly half a turn is refused, since
it could be either. A seam that a map needs to show a ring about a pole (along the meridian 180
to the pole and back) is taken out.

Why it contains it: where a line's geodesic curvature is at most k, a piece of length L lies
within k L^2 / 8 of the geodesic between its ends, divided by 1 - K L^2 / 8 for a surface of
curvature K. (Where it is furthest away it runs along the geodesic; towards either end it can
only turn away by k for each metre, and the surface bends it back by K times that distance; the
nearer end is at most L / 2 away.) It is also always within L / 2 of one end. All points within
a distance of a geodesic are a convex set, so that what lies between line and geodesic is within
it too. The curvatures are those of lines on an ellipsoid of revolution, where a geodesic turns
against the meridian by sin(latitude) times the change of longitude (Clairaut); a great
ellipse's is that of the ellipsoid's sections, tilted by the angle between the plane and the
normal.

It decides no units and reads no file; a gateway knows what its format means.
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from msgspec import Struct

from clearline.basis.faults import Mistake
from clearline.basis.quantities import METRE_CM
from clearline.space.curves import LEAST_RADIUS_M, Curves, Ellipses, Ends, Rhumbs, Straights
from clearline.space.outline import (
    MAX_VERTICES,
    Corridor,
    Outline,
    Polygon,
    Ring,
    check,
    check_points,
)
from clearline.space.position import E7, Position, from_degrees, same_place
from clearline.space.rounding import with_holes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from clearline.space.plane import Floats

    Whole = NDArray[np.intp]

__all__ = ["SLACK_CM", "Contained", "Edges", "contain", "contain_path"]

SLACK_CM = 1_000
"""How far, 10 m, the true line may lie aside before another point is put in."""
_SNAP_CM = 2
"""A point rounded to 1e-7 degree moves by less than 0.8 cm; this covers both ends of an edge."""
_FINE_CM = 10
"""The slack of a second try, for rings whose edges run close to each other."""

_SAMPLES = 9
_STEPS = 33
_SPARE = 1.1
"""Covers what lies between samples: bends are smooth, and monotone or nearly so in a piece."""
_ROUNDS = 12
_QUARTER_TURN_E7 = 90 * E7
_HALF_TURN_E7 = 180 * E7


class Edges(StrEnum):
    """What runs from one point of a ring or path to the next."""

    GEODESIC = "geodesic"
    """The shortest way on the ellipsoid. It is what every outline has."""
    GREAT_ELLIPSE = "great_ellipse"
    """Where a plane through the Earth's centre cuts the ellipsoid; many call it a great circle."""
    RHUMB = "rhumb"
    """The line of one course; between two points of one latitude, the parallel."""
    STRAIGHT = "straight"
    """Straight in longitude and latitude, as GeoJSON and most files of maps have it."""


class Contained(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An outline that contains what was meant; `outline.check` accepts it."""

    outline: Outline
    grown_cm: int
    """What its radius has more than was given: the most that any edge can lie aside, rounded up.

    Nothing of the outline is further than twice this from what was meant.
    """
    added: int = 0
    """Points put in between the given ones."""
    filled: int = 0
    """Holes that are covered, since with geodesics for edges they would not lie inside."""


def contain(
    kind: Edges,
    exterior: Ring,
    *,
    holes: tuple[Ring, ...] = (),
    margin_cm: int = 0,
    slack_cm: int = SLACK_CM,
) -> Contained:
    """Return a polygon that contains all that the rings bound with edges of this kind.

    `grown_cm` is at most `slack_cm` + 2, unless that would take more than MAX_VERTICES points:
    then there are as many as there may be, and it is what these leave. Rings are as in
    `outline.Polygon`. Raises the Mistakes of `check`, and `ambiguous_edge`.
    """
    given = Polygon(exterior=exterior, holes=holes, margin_cm=margin_cm)
    if kind is Edges.GEODESIC:
        check(given)
        return Contained(outline=given, grown_cm=0)
    rings = [_joined_at_poles(ring) for ring in (exterior, *holes)]
    check_points(Polygon(exterior=rings[0], holes=tuple(rings[1:]), margin_cm=margin_cm))
    return _polygon(_Lines(kind, (exterior, *holes), closed=True), margin_cm, slack_cm)


def contain_path(
    kind: Edges, points: Ring, *, width_cm: int, slack_cm: int = SLACK_CM
) -> Contained:
    """Return a corridor that contains the one of this width along edges of this kind.

    Limits and mistakes are as with `contain`; the corridor is wider by twice `grown_cm`.
    """
    given = Corridor(points=points, width_cm=width_cm)
    check(given)
    if kind is Edges.GEODESIC:
        return Contained(outline=given, grown_cm=0)
    lines = _Lines(kind, (points,), closed=False)
    (path,), grown_cm = lines.laid(slack_cm)
    outline = Corridor(points=path, width_cm=width_cm + 2 * grown_cm)
    check(outline)
    return Contained(outline=outline, grown_cm=grown_cm, added=len(path) - len(points))


def _polygon(lines: _Lines, margin_cm: int, slack_cm: int) -> Contained:
    """Return the polygon along the lines; a finer one if the first is not sane."""
    tries = [_tried(lines, margin_cm, slack_cm)]
    if tries[0] is None or tries[0].filled:
        tries.append(_tried(lines, margin_cm, min(slack_cm, _FINE_CM)))
    sane = [each for each in tries if each is not None]
    if sane:
        return min(sane, key=lambda each: each.filled)
    (exterior, *_), grown_cm = lines.laid(min(slack_cm, _FINE_CM))
    check(Polygon(exterior=exterior, margin_cm=margin_cm + grown_cm))
    raise AssertionError("the exterior is sane after all")


def _tried(lines: _Lines, margin_cm: int, slack_cm: int) -> Contained | None:
    """Return the polygon at a slack, with what holes it can have; None if its ring is not sane."""
    (exterior, *holes), grown_cm = lines.laid(slack_cm)
    try:
        check(Polygon(exterior=exterior, margin_cm=margin_cm + grown_cm))
    except Mistake as mistake:
        if mistake.code != "self_crossing":
            raise
        return None
    outline = with_holes(exterior, holes, margin_cm + grown_cm)
    points = len(exterior) + sum(len(hole) for hole in holes)
    return Contained(
        outline=outline,
        grown_cm=grown_cm,
        added=max(0, points - lines.given),
        filled=len(holes) - len(outline.holes),
    )


class _Lines:
    """Rings, or one path, with edges of one kind."""

    def __init__(self, kind: Edges, rings: Sequence[Ring], *, closed: bool) -> None:
        self.given = sum(len(ring) for ring in rings)
        self._rings = rings
        self._closed = closed
        self._edges: list[tuple[int, Position, Position]] = []
        for number, ring in enumerate(rings):
            ends = (*ring[1:], ring[0]) if closed else ring[1:]
            for at, (a, b) in enumerate(zip(ring, ends, strict=False), 1):
                if _is_pole(a) and same_place(a, b):
                    continue
                _check_turn(kind, a, b, at)
                self._edges.append((number, a, b))
        self._curves = _curves(kind, [(a, b) for _, a, b in self._edges])
        self._weights = _weights(self._curves, len(self._edges))

    def laid(self, slack_cm: int) -> tuple[list[Ring], int]:
        """Return the rings with points put in, and how far the lines may lie aside, in cm."""
        pieces, aside_m = self._pieces(slack_cm / METRE_CM)
        rings: list[list[Position]] = [[] for _ in self._rings]
        at = self._curves.take(pieces.edge).at(pieces.start[:, None])
        lats, lons = (each[:, 0].tolist() for each in at)
        edges: list[int] = pieces.edge.tolist()
        starts: list[float] = pieces.start.tolist()
        for edge, start, lat, lon in zip(edges, starts, lats, lons, strict=True):
            ring, first, _ = self._edges[edge]
            rings[ring].append(first if start == 0 else from_degrees(lat, lon))
        grown_cm = math.ceil(aside_m * METRE_CM) + _SNAP_CM if aside_m > 0 else 0
        if self._closed:
            return [_without_seam(ring) for ring in rings], grown_cm
        return [(*rings[0], self._rings[0][-1])], grown_cm

    def _pieces(self, slack_m: float) -> tuple[_Pieces, float]:
        """Return the edges cut into pieces, and the most that one of them may lie aside."""
        room = MAX_VERTICES - (0 if self._closed else 1)
        weights = self._weights[:, -1]
        pieces = self._dealt(_counts(weights, slack_m / _SPARE**3, room))
        aside = self._aside_m(pieces)
        for _ in range(_ROUNDS):
            wide = np.flatnonzero(aside > slack_m)
            spare = room - len(aside)
            if not len(wide) or spare <= 0:
                break
            # Near a pole a line winds tighter within one piece than the steps of weights told.
            pieces = pieces.split(wide[np.argsort(-aside[wide], kind="stable")[:spare]])
            aside = self._aside_m(pieces)
        return pieces, float(aside.max())

    def _dealt(self, counts: Whole) -> _Pieces:
        """Return so many pieces of each edge, of equal weight: each lies aside about as far."""
        edge = np.repeat(np.arange(len(counts)), counts)
        first = np.repeat(np.cumsum(counts) - counts, counts)
        start = (np.arange(len(edge)) - first) / counts[edge]
        steps = np.linspace(0.0, 1.0, _STEPS)
        for cut in np.flatnonzero(counts > 1).tolist():
            weights = self._weights[cut]
            start[edge == cut] = np.interp(start[edge == cut] * weights[-1], weights, steps)
        return _Pieces(edge, start, _ends(edge, start))

    def _aside_m(self, pieces: _Pieces) -> Floats:
        """Return the most that each piece may lie aside, in metres."""
        spans = pieces.end - pieces.start
        samples = pieces.start[:, None] + spans[:, None] * np.linspace(0.0, 1.0, _SAMPLES)
        pace, bend = self._curves.take(pieces.edge).pace(samples)
        length = spans * pace.mean(axis=1) * _SPARE
        most = bend.max(axis=1) * _SPARE
        bow = most * length**2 / 8 / (1 - length**2 / (8 * LEAST_RADIUS_M**2))
        # Where it turns by more than this the line could run beyond the geodesic's ends.
        bow[most * length > 1.5] = math.inf
        return np.minimum(bow, length / 2)


class _Pieces(NamedTuple):
    """Pieces of edges, in order: of which edge, and from and to which part t of it."""

    edge: Whole
    start: Floats
    end: Floats

    def split(self, which: Whole) -> _Pieces:
        """Return the pieces with these of them halved."""
        middles = (self.start[which] + self.end[which]) / 2
        edge = np.concatenate([self.edge, self.edge[which]])
        start = np.concatenate([self.start, middles])
        order = np.lexsort((start, edge))
        return _Pieces(edge[order], start[order], _ends(edge[order], start[order]))


def _ends(edge: Whole, start: Floats) -> Floats:
    """Return where each piece ends: where the next one of its edge begins, or at 1."""
    ends = np.append(start[1:], 1.0)
    ends[np.append(edge[1:] != edge[:-1], True)] = 1.0
    return ends


def _curves(kind: Edges, edges: Sequence[tuple[Position, Position]]) -> Curves:
    """Return the edges as curves."""
    ends = Ends(*np.array([(a.lat_deg, a.lon_deg, b.lat_deg, b.lon_deg) for a, b in edges]).T)
    match kind:
        case Edges.GREAT_ELLIPSE:
            return Ellipses.between(ends)
        case Edges.RHUMB:
            return Rhumbs.between(ends)
        case Edges.STRAIGHT:
            return Straights.between(ends)
        case Edges.GEODESIC:
            raise AssertionError("a geodesic needs no curve")


def _weights(curves: Curves, edges: int) -> Floats:
    """Return each edge's weight up to each of `_STEPS` parts of it, an array (edges, _STEPS).

    The weight is the integral of the square root of the curvature, so that a piece of weight
    w lies aside by about w^2 / 8: pieces of equal weight are the fewest for one slack.
    """
    steps = np.broadcast_to(np.linspace(0.0, 1.0, _STEPS), (edges, _STEPS))
    pace, bend = curves.take(np.arange(edges)).pace(steps)
    density = pace * np.sqrt(bend)
    grown = np.cumsum((density[:, 1:] + density[:, :-1]) / 2, axis=1) / (_STEPS - 1)
    return np.concatenate([np.zeros((edges, 1)), grown], axis=1)


def _counts(weights: Floats, slack_m: float, room: int) -> Whole:
    """Return the number of pieces of each edge: for the slack, or as many as there is room for."""

    def pieces(scale: float) -> Whole:
        return np.maximum(1, np.ceil(weights / (math.sqrt(8 * slack_m) * scale))).astype(np.intp)

    if pieces(1.0).sum() <= room:
        return pieces(1.0)
    low, high = 1.0, 1e6
    for _ in range(60):
        middle = math.sqrt(low * high)
        low, high = (low, middle) if pieces(middle).sum() <= room else (middle, high)
    return pieces(high)


def _check_turn(kind: Edges, a: Position, b: Position, number: int) -> None:
    """Raise a Mistake if the edge could as well go the other way round."""
    if kind is Edges.GREAT_ELLIPSE or (kind is Edges.RHUMB and (_is_pole(a) or _is_pole(b))):
        return
    if abs(a.lon_e7 - b.lon_e7) == _HALF_TURN_E7:
        raise Mistake(
            "ambiguous_edge",
            f"the edge from point {number} to the next is exactly half a turn of longitude wide, "
            "and could go either way round; put a point between them",
        )


def _is_pole(point: Position) -> bool:
    return abs(point.lat_e7) == _QUARTER_TURN_E7


def _joined_at_poles(ring: Ring) -> Ring:
    """Return a ring with a pole that is written under several longitudes in a row once."""
    return tuple(
        point for at, point in enumerate(ring)
        if not (_is_pole(point) and same_place(point, ring[at - 1]))
    )  # fmt: skip


def _without_seam(ring: Sequence[Position]) -> Ring:
    """Return a ring without poles that it goes to and comes back from by one meridian."""
    kept = list(_joined_at_poles(tuple(ring)))
    for pole in [point for point in kept if _is_pole(point)]:
        at = kept.index(pole)
        before, after = kept[at - 1], kept[(at + 1) % len(kept)]
        if len(kept) > 3 and same_place(before, after):
            kept.remove(pole)
            kept.remove(after)
    return tuple(kept)
