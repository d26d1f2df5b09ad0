"""An AIXM 5.1.1 message, read: its airspaces, and the events that activate them.

A BASELINE is what an airspace always is; a TEMPDELTA is what it is for a while, and takes its
geometry from the baseline where it has none of its own. An airspace that has temporary
activations is given by these alone. Of two slices with one number the later correction holds.

Nothing is followed into another feature: geometry that is taken from one is refused. What is
subtracted from an airspace, or what it is cut with, is covered too, and that is said.

Sources: AIXM 5.1.1; AIXM Temporality Concept 1.1; Digital NOTAM Event Specification 2.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from clearline.basis.faults import Mistake
from clearline.gateways import shape as shapes
from clearline.gateways.aixm import surface
from clearline.gateways.aixm.levels import band
from clearline.gateways.aixm.timesheet import Validity, hours, validity
from clearline.gateways.bulletin import words
from clearline.gateways.element import parse
from clearline.gateways.hint import Hint
from clearline.gateways.reading import Collector
from clearline.gateways.shape import MAX_NAME, Shape, checked
from clearline.space import Polygon, check_window

if TYPE_CHECKING:
    from clearline.gateways.element import Element
    from clearline.gateways.reading import Reading
    from clearline.space import Band, Outline, Window

__all__ = ["MAX_SHAPES_EACH", "looks", "read"]

MAX_SHAPES_EACH = 4_000
"""Volumes times windows of one airspace."""

_ALWAYS = ("BASELINE", "SNAPSHOT")
_INACTIVE = ("INACTIVE", "AVBL_FOR_ACTIVATION")


class _Slice(NamedTuple):
    """One time slice of an airspace."""

    element: Element
    kind: str
    valid: Validity


class _Part(NamedTuple):
    """One volume of an airspace."""

    outline: Outline
    band: Band | None


def looks(raw: bytes) -> bool:
    """Return whether a file looks like AIXM."""
    head = raw[:8_192]
    return b"aixm.aero/schema" in head or b"AIXMBasicMessage" in head


def read(raw: bytes) -> Reading:
    """Return the areas of a message. Raises Mistake for a file without an airspace."""
    shapes.check_size(raw)
    made = Collector()
    root = parse(raw)
    for number, same in enumerate(_airspaces(root), 1):
        name = next((_name(each) for each in same if _name(each)), "")
        called = f"airspace {name or _identifier(same[0]) or number}"
        with made.item(called, same[-1].spot):
            _read_one(same, name or called, made)
        shapes.too_many(len(made))
    for event in root.all("Event"):
        made.lose("events and their NOTAM text: the airspaces that they change are read")
        name = event.words("name", "designator")
        if name:
            made.note(f"event {words(name)}: end or cancel what comes from it by itself")
    return made.done()


def _airspaces(root: Element) -> list[list[Element]]:
    """Return the airspaces of a message; what has one identifier is one, in several parts.

    A file may hold a data set and, behind it, the messages that change it.
    """
    found: dict[str, list[Element]] = {}
    for number, airspace in enumerate(root.all("Airspace")):
        found.setdefault(_identifier(airspace) or f"#{number}", []).append(airspace)
    return list(found.values())


def _identifier(airspace: Element) -> str:
    element = airspace.child("identifier")
    return element.text[:MAX_NAME] if element is not None else ""


def _name(airspace: Element) -> str:
    """Return an airspace's designator and name."""
    designator = airspace.words("designator") or ""
    name = airspace.words("name") or ""
    both = f"{designator} {name}".strip() if name != designator else name
    return " ".join(both.split())[:MAX_NAME]


def _read_one(same: list[Element], name: str, made: Collector) -> None:
    """Keep the areas of one airspace. Raises Mistake."""
    airspace = same[-1]
    slices = _slices(same, name, made)
    always = [each for each in slices if each.kind in _ALWAYS]
    deltas = [each for each in slices if each.kind == "TEMPDELTA"]
    found: list[Shape] = []
    for delta in deltas:
        found += _shapes(delta, always, name, made)
    if deltas:
        if always:
            made.note(f"{name}: its temporary changes are given, and not what it always is")
    else:
        for each in always:
            found += _shapes(each, [], name, made)
    if len(found) > MAX_SHAPES_EACH:
        raise Hint(
            "too_many_features",
            f"{len(found):,} areas of one airspace; at most {MAX_SHAPES_EACH:,} are read",
            spot=airspace.spot,
        )
    if not found:
        raise Hint("area_missing", "no time slice of it is an active airspace", spot=airspace.spot)
    made.lose("class, type, activity and users of an airspace")
    for shape in found:
        made.keep(shape)


def _slices(same: list[Element], name: str, made: Collector) -> list[_Slice]:
    """Return the time slices that hold: of one number, the latest correction."""
    latest: dict[tuple[str, str], tuple[int, Element]] = {}
    found = [element for airspace in same for element in airspace.all("AirspaceTimeSlice")]
    for number, element in enumerate(found):
        kind = (element.words("interpretation") or "").upper()
        if kind == "PERMDELTA":
            made.note(f"{name}: a permanent change is not applied; the baseline is read")
            continue
        if kind not in (*_ALWAYS, "TEMPDELTA"):
            raise Hint(
                "aixm_interpretation",
                f"{words(kind) or 'nothing'} is no interpretation; BASELINE, SNAPSHOT and "
                "TEMPDELTA are read",
                spot=element.spot,
            )
        sequence = element.words("sequenceNumber") or f"#{number}"
        correction = element.words("correctionNumber") or "0"
        rank = int(correction) if correction.isdigit() and len(correction) < 9 else 0
        if (kind, sequence) not in latest or latest[kind, sequence][0] <= rank:
            latest[kind, sequence] = (rank, element)
    held: list[_Slice] = []
    for (kind, _), (_, element) in latest.items():
        valid = validity(element)
        if valid.withdrawn:
            made.note(f"{name}: a time slice was withdrawn; what came from it is not")
        else:
            held.append(_Slice(element, kind, valid))
    return held


def _shapes(slice_: _Slice, always: list[_Slice], name: str, made: Collector) -> list[Shape]:
    """Return the shapes of a time slice."""
    activations = [*slice_.element.all("AirspaceActivation")]
    parts = _parts(slice_.element, name, made)
    if not parts:
        for each in always:
            parts += _parts(each.element, name, made)
    if not parts:
        raise Hint(
            "area_missing",
            "neither it nor its baseline has a geometry",
            spot=slice_.element.spot,
            suggestion="one file of the data set that has its baseline, and this message behind it",
        )
    found: list[Shape] = []
    if not activations:
        return [_shape(name, part, part.band, _window(slice_, name, made)) for part in parts]
    for activation in activations:
        status = (activation.words("status") or "ACTIVE").upper()
        if status in _INACTIVE:
            made.note(f"{name}: {status} is no activation, and is left out")
            continue
        windows = _windows(activation, slice_, name, made)
        for part in parts:
            layers = [band(each, part.band) for each in activation.all("AirspaceLayer")]
            for level in layers or [part.band]:
                found += [_shape(name, part, level or part.band, each) for each in windows]
    if not found and slice_.kind in _ALWAYS:
        made.note(f"{name}: it always is, and is active when that is said; say from when to when")
        return [_shape(name, part, part.band, None) for part in parts]
    return found


def _shape(name: str, part: _Part, level: Band | None, window: Window | None) -> Shape:
    return Shape(name=name, outline=part.outline, band=level, window=window)


def _window(slice_: _Slice, name: str, made: Collector) -> Window | None:
    """Return the window of a time slice; None if it is open, or longer than one may be."""
    window = slice_.valid.window
    try:
        if window is not None:
            check_window(window)
    except Mistake:
        window = None
    if window is None:
        made.note(f"{name}: it is open, or longer than a notice may be; say from when to when")
    return window


def _windows(
    activation: Element, slice_: _Slice, name: str, made: Collector
) -> list[Window | None]:
    """Return the windows of an activation."""
    window = _window(slice_, name, made)
    if window is None:
        if activation.first("Timesheet") is not None:
            made.note(f"{name}: its hours are not written out, as it has no end")
        return [None]
    windows, excluded = hours(activation, window)
    if excluded:
        made.note(f"{name}: what its hours exclude is covered too")
    return list(windows)


def _parts(slice_: Element, name: str, made: Collector) -> list[_Part]:
    """Return the volumes of a time slice that are joined to an airspace. Raises Hint."""
    parts: list[_Part] = []
    for component in slice_.all("AirspaceGeometryComponent"):
        operation = (component.words("operation") or "BASE").upper()
        if operation in ("SUBTR", "INTERS"):
            made.lose("what is subtracted from an airspace, or cuts it: it is covered too")
            continue
        for volume in component.all("AirspaceVolume"):
            parts += _volume(volume, name, made)
    return parts


def _volume(volume: Element, name: str, made: Collector) -> list[_Part]:
    """Return the outlines of a volume, with its band."""
    contributor = volume.child("contributorAirspace")
    if contributor is not None and contributor.attributes.get("nil") != "true":
        raise Hint(
            "geometry_elsewhere",
            "its geometry is that of another airspace, which is not followed",
            spot=contributor.spot,
            suggestion="the geometry itself in its place",
        )
    level = band(volume)
    if level is None:
        made.note(f"{name}: it gives no limits of height; say them")
    found: list[Outline] = []
    projection = volume.child("horizontalProjection")
    if projection is not None:
        for each in projection.children:
            found += surface.outlines(each)
    line = volume.child("centreline")
    if line is not None and line.children:
        width = volume.child("width")
        if width is None or not width.text:
            raise Hint("width_missing", "a centreline without its width is no area", spot=line.spot)
        found.append(surface.corridor(line.children[0], surface.length_cm(width)))
    if not found:
        raise Hint("area_missing", "a volume without a horizontal projection", spot=volume.spot)
    for outline in found:
        try:
            checked(outline)
        except Hint as hint:
            raise Hint(
                hint.code, hint.phrase, spot=volume.spot, suggestion=hint.suggestion
            ) from hint
        made.grown(outline.margin_cm if isinstance(outline, Polygon) else 0)
    return [_Part(outline, level) for outline in found]
