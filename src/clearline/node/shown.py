"""Shown: a volume as one line of text, for a person at a terminal."""

from __future__ import annotations

from clearline.space import Circle, Corridor, Form, Outline, Volume, show_band, show_position

__all__ = ["where"]


def where(volume: Volume) -> str:
    """Return where a volume is, in one line."""
    return f"{_outline(volume.outline)}, {show_band(volume.band)}"


def _outline(outline: Outline) -> str:
    match outline:
        case Circle(centre=centre, radius_cm=radius_cm):
            return f"circle {show_position(centre, Form.DECIMAL, 4)} r {radius_cm / 100_000:g} km"
        case Corridor(points=points, width_cm=width_cm):
            first, last = (show_position(p, Form.DECIMAL, 4) for p in (points[0], points[-1]))
            return f"corridor {first} to {last} w {width_cm / 100_000:g} km"
        case _:
            first = show_position(outline.exterior[0], Form.DECIMAL, 4)
            return f"polygon of {len(outline.exterior)} from {first}"
