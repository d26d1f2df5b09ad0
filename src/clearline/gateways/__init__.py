"""Gateways: one file a system that Clearline speaks to; each turns its files into shapes."""

from clearline.basis.faults import Mistake
from clearline.gateways import geojson, ical, kml
from clearline.gateways.shape import Shape

__all__ = ["Shape", "ical", "read"]


def read(name: str, raw: bytes) -> tuple[Shape, ...]:
    """Return the shapes in a file, by the ending of its name; Mistake for any other ending."""
    lower = name.lower()
    if lower.endswith((".geojson", ".json")):
        return geojson.read(raw)
    if lower.endswith(".kml"):
        return kml.read(raw)
    raise Mistake("unknown_file", f"{name}: areas are read from .geojson, .json and .kml files.")
