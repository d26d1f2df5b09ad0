"""Drawing: many cores as shapes, by one call for each kind of shape.

It decides nothing: whoever asks says where the corners of each core lie, in whatever plane.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import shapely

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from clearline.space.footprint import Footprint
    from clearline.space.plane import Floats, Indices

    Shapes = NDArray[np.object_]

__all__ = ["drawn"]

# The stubs of shapely leave the keyword arguments and arrays of shapes untyped.
_shapely = cast("Any", shapely)


def drawn(cores: Sequence[Footprint], sizes: Indices, xy: Floats) -> Shapes:
    """Return each core as a shape, as `Footprint.shape` draws it.

    `sizes` says how many corners each has, and `xy` is an array (n, 2) of all, core after core.
    """
    shapes = np.empty(len(cores), dtype=np.object_)
    dots: list[int] = []
    paths: list[int] = []
    polygons: list[int] = []
    for number, core in enumerate(cores):
        (polygons if core.ends else dots if core.is_point else paths).append(number)
    ends = np.cumsum(sizes).tolist()
    at = [xy[end - size : end] for end, size in zip(ends, sizes.tolist(), strict=True)]
    if dots:
        shapes[dots] = _shapely.points(np.concatenate([at[i] for i in dots]))
    if paths:
        corners = np.concatenate([at[i] for i in paths])
        shapes[paths] = _shapely.linestrings(corners, indices=_numbered(sizes[paths]))
    if polygons:
        corners = np.concatenate([at[i] for i in polygons])
        sides = [end - start for i in polygons for start, end in pairwise((0, *cores[i].ends))]
        rings = _shapely.linearrings(corners, indices=_numbered(np.array(sides)))
        if len(sides) > len(polygons):
            holed = np.array([len(cores[i].ends) for i in polygons])
            shapes[polygons] = _shapely.polygons(rings, indices=_numbered(holed))
        else:
            shapes[polygons] = _shapely.polygons(rings)
    return shapes


def _numbered(sizes: Indices) -> Indices:
    """Return to which of some groups, of these sizes, each of their members belongs."""
    return np.repeat(np.arange(len(sizes)), sizes)
