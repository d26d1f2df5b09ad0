"""Checks: what an officer has typed, read by the node and shown as it would be.

The page never reads a coordinate, a level or a time: it sends what was typed, field by
field, and is told what the node made of it, or what is wrong with which field, all of them
at once. Nothing is journaled and nothing changes. What cannot be checked is called NOT
CHECKED and never clear.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from clearline.basis.faults import Mistake
from clearline.basis.instants import Instant
from clearline.core.calling import nearest_notices
from clearline.core.events import Place
from clearline.core.links import Link, LinkState
from clearline.core.notices import Disposition, Notice
from clearline.core.previewing import preview
from clearline.core.release import release_phrases
from clearline.core.state import State
from clearline.node import words
from clearline.phrasebook import (
    PHRASES,
    Phrase,
    coded,
    differences,
    languages,
    render,
)
from clearline.space import (
    Band,
    Circle,
    Corridor,
    Form,
    Outline,
    Polygon,
    Position,
    Reference,
    Volume,
    Window,
    check_band,
    check_window,
    parse_altitude,
    parse_position,
    positions,
    show_band,
    show_position,
)
from clearline.space import check as check_shape
from clearline.web.drafts import (
    MAX_READ_BACK,
    Difference,
    DraftVolume,
    FieldFault,
    FileDraft,
    FileRead,
    FileShape,
    Forms,
    LinkCheck,
    NoticeCheck,
    NoticeDraft,
    PhraseCheck,
    PhraseDraft,
    PhraseForm,
    PhrasesDraft,
    ReadPosition,
    SlotForm,
)

__all__ = ["check_notice", "check_phrases", "forms", "read_file"]


class _Reader:
    """Reads fields one by one and keeps what is wrong with each."""

    def __init__(self, anchors: Mapping[str, Position], now: Instant) -> None:
        self.anchors = anchors
        self.now = now
        self.faults: list[FieldFault] = []

    def read(self, field: str, read: Callable[[], Any]) -> Any:
        """Return what `read` gives; None, with the fault kept, if it is a Mistake."""
        try:
            return read()
        except Mistake as mistake:
            fault = FieldFault(field=field, code=mistake.code, phrase=mistake.phrase, at=mistake.at)
            self.faults.append(fault)
            return None

    def missing(self, field: str, what: str) -> None:
        """Say that a field is empty that must not be."""
        self.faults.append(FieldFault(field=field, code="missing", phrase=what))

    def position(self, field: str, text: str) -> Position | None:
        """Return the position that a field holds."""
        if not text.strip():
            self.missing(field, "Give a position, as 3514.2N 04010.5E, MGRS, or from an anchor.")
            return None
        return self.read(field, lambda: parse_position(text, self.anchors).position)

    def length(self, field: str, text: str) -> int | None:
        """Return the length that a field holds, in cm."""
        if not text.strip():
            self.missing(field, "Give a length, as 500 m, 5 km or 12 NM.")
            return None
        return self.read(field, lambda: words.length_cm(text))

    def instant(self, field: str, text: str) -> Instant | None:
        """Return the time that a field holds."""
        if not text.strip():
            self.missing(field, "Give a time, as 1430Z, +3h or 2026-11-23T14:30:00Z.")
            return None
        return self.read(field, lambda: words.instant(text, self.now))


def check_notice(state: State, draft: NoticeDraft, now: Instant) -> NoticeCheck:
    """Return what the node makes of a draft: faults by field, and a preview for each link."""
    links = [link for name in draft.links if (link := state.links.get(name)) is not None]
    before = state.notices.by_id.get(draft.revises or "")
    if before is not None and before.link in state.links:
        links = [state.links[before.link]]
    anchors = {each.name: each.position for link in links for each in link.terms.anchors}
    reader = _Reader(anchors, now)
    if not links:
        reader.missing("links", "Say to whom: choose at least one link.")
    activity = before.activity if before is not None else draft.activity
    known = {each.name for link in links for each in link.terms.activities}
    if activity not in known:
        listed = ", ".join(sorted(known)) or "none yet"
        reader.missing("activity", f"Choose an activity that the terms know: {listed}.")
    volumes = _volumes(reader, draft, now)
    place = _place(reader, draft)
    checked = (
        tuple(_on_link(state, link, volumes, activity, place, now) for link in links)
        if volumes and not reader.faults
        else ()
    )
    return NoticeCheck(
        faults=tuple(reader.faults),
        volumes=() if reader.faults else volumes,
        place=place,
        read=_read_back(volumes),
        links=checked,
        differences=_differences(before, volumes) if before is not None and volumes else (),
    )


def _volumes(reader: _Reader, draft: NoticeDraft, now: Instant) -> tuple[Volume, ...]:
    band = _band(reader, draft)
    window = _window(reader, draft, now)
    if draft.shape != "drawn":
        outline = _outline(reader, draft)
        if outline is None or band is None or window is None:
            return ()
        return (Volume(outline=outline, band=band, window=window),)
    if not draft.volumes:
        reader.missing("shape", "Draw a shape on the map, or read one from a file.")
    made: list[Volume] = []
    for each in draft.volumes:
        if reader.read("shape", lambda each=each: check_shape(each.outline) or each) is None:
            continue
        its_band, its_window = each.band or band, each.window or window
        if its_band is not None and its_window is not None:
            made.append(Volume(outline=each.outline, band=its_band, window=its_window))
    return tuple(made) if len(made) == len(draft.volumes) else ()


def _outline(reader: _Reader, draft: NoticeDraft) -> Outline | None:
    made: Outline | None = None
    if draft.shape == "circle":
        centre = reader.position("centre", draft.centre)
        radius_cm = reader.length("radius", draft.radius)
        if centre is not None and radius_cm is not None:
            made = Circle(centre=centre, radius_cm=radius_cm)
        return _checked(reader, "radius", made)
    lines = [each for each in draft.points.replace(";", "\n").split("\n") if each.strip()]
    points = [reader.position("points", each) for each in lines]
    if not lines:
        reader.missing("points", "Give the positions, one on each line.")
    if draft.shape == "polygon":
        if points and all(point is not None for point in points):
            made = Polygon(exterior=tuple(point for point in points if point is not None))
        return _checked(reader, "points", made)
    width_cm = reader.length("width", draft.width)
    if points and width_cm is not None and all(point is not None for point in points):
        path = tuple(point for point in points if point is not None)
        made = Corridor(points=path, width_cm=width_cm)
    return _checked(reader, "points", made)


def _checked(reader: _Reader, field: str, outline: Outline | None) -> Outline | None:
    if outline is None:
        return None
    return reader.read(field, lambda: check_shape(outline) or outline)


def _band(reader: _Reader, draft: NoticeDraft) -> Band | None:
    if draft.shape == "drawn" and draft.volumes and all(each.band for each in draft.volumes):
        return None  # Every shape of the file has its own.
    levels: list[Any] = []
    for field, text in (("lower", draft.lower), ("upper", draft.upper)):
        if not text.strip():
            reader.missing(field, "Give a level, as SFC, FL120, 3500 ft AMSL or 120 m AGL.")
            levels.append(None)
        else:
            levels.append(reader.read(field, lambda text=text: parse_altitude(text)))
    lower, upper = levels
    if lower is None or upper is None:
        return None
    band = Band(lower=lower, upper=upper)
    return reader.read("upper", lambda: check_band(band) or band)


def _window(reader: _Reader, draft: NoticeDraft, now: Instant) -> Window | None:
    if draft.shape == "drawn" and draft.volumes and all(each.window for each in draft.volumes):
        return None
    start = reader.instant("start", draft.start)
    end = reader.instant("end", draft.end)
    if start is None or end is None:
        return None
    window = Window(start=start, end=end)
    if end <= now:
        phrase = f"It has ended already: it is {now} now."
        reader.faults.append(FieldFault(field="end", code="window_past", phrase=phrase))
        return None
    return reader.read("end", lambda: check_window(window) or window)


def _place(reader: _Reader, draft: NoticeDraft) -> Place | None:
    if not draft.place_at.strip() and not draft.place_from.strip():
        return None
    at = reader.position("place_at", draft.place_at)
    if not draft.place_from.strip():
        reader.missing("place_from", "Say it from an anchor as well: 9 km 180 from NAME.")
        return None
    parsed = reader.read("place_from", lambda: parse_position(draft.place_from, reader.anchors))
    if parsed is None or at is None:
        return None
    if parsed.anchor is None or parsed.range_cm is None or parsed.bearing_mdeg is None:
        reader.missing("place_from", "Say it from an anchor: 9 km 180 from NAME.")
        return None
    stated = Reference(
        anchor=parsed.anchor, range_cm=parsed.range_cm, bearing_mdeg=parsed.bearing_mdeg
    )
    return Place(at=at, stated=stated)


def _on_link(
    state: State,
    link: Link,
    volumes: tuple[Volume, ...],
    activity: str,
    place: Place | None,
    now: Instant,
) -> LinkCheck:
    why = _blind(link, now)
    try:
        found = preview(state, link, volumes, activity, place, now)
    except Mistake as mistake:
        fault = FieldFault(field="", code=mistake.code, phrase=mistake.phrase, at=mistake.at)
        return LinkCheck(link=link.id, verdict="not_checked", why=fault)
    verdict = "conflict" if found.conflicts else "not_checked" if why else "no_conflict"
    return LinkCheck(
        link=link.id,
        verdict=verdict,
        why=why,
        they_see=found.volumes,
        activity=found.activity,
        changes=found.changes,
        late=found.late,
        conflicts=found.conflicts,
        more=found.more,
        ways_out=found.ways_out,
    )


def _blind(link: Link, now: Instant) -> FieldFault | None:
    """Return why we cannot know what the counterpart has declared; None if we can."""
    state = link.state_at(now)
    if not link.agreement.in_force:
        return FieldFault(field="", code="no_terms", phrase="No terms are in force on this link.")
    if state is LinkState.UP:
        return None
    return FieldFault(
        field="",
        code=f"link_{state.value}",
        phrase=f"The link is {state.value.upper()}: what they declared since is not known.",
    )


def _read_back(volumes: tuple[Volume, ...]) -> tuple[ReadPosition, ...]:
    found = [place for each in volumes for place in positions(each.outline)]
    return tuple(_three_forms(place) for place in found[:MAX_READ_BACK])


def _three_forms(place: Position) -> ReadPosition:
    try:
        mgrs = show_position(place, Form.MGRS)
    except Mistake:
        mgrs = "-"  # Near the poles there is no such grid.
    return ReadPosition(
        decimal=show_position(place, Form.DECIMAL, 5),
        dms=show_position(place, Form.DMS, 1),
        mgrs=mgrs,
    )


def _differences(before: Notice, volumes: tuple[Volume, ...]) -> tuple[Difference, ...]:
    """Return what differs between what they see now and what was drawn anew."""
    found: list[Difference] = []
    if len(before.volumes) != len(volumes):
        found.append(
            Difference(what="volumes", before=str(len(before.volumes)), after=str(len(volumes)))
        )
    for old, new in zip(before.volumes, volumes, strict=False):
        pairs = (
            ("outline", _said(old.outline), _said(new.outline)),
            ("band", show_band(old.band), show_band(new.band)),
            ("start", str(old.window.start), str(new.window.start)),
            ("end", str(old.window.end), str(new.window.end)),
        )
        found += [Difference(what=w, before=b, after=a) for w, b, a in pairs if b != a]
    return tuple(found)


def _said(outline: Outline) -> str:
    """Return an outline in one line."""
    places = [show_position(each, Form.DECIMAL, 4) for each in positions(outline)]
    around = "; ".join(places[:4]) + (f"; … {len(places)} positions" if len(places) > 4 else "")
    match outline:
        case Circle():
            return f"{outline.radius_cm / 100_000:g} km around {around}"
        case Corridor():
            return f"corridor {outline.width_cm / 100_000:g} km wide: {around}"
        case Polygon():
            return f"polygon: {around}"


def check_phrases(state: State, draft: PhrasesDraft, now: Instant) -> PhraseCheck:
    """Return what the node makes of what is about to be said; Mistake if there is no such link."""
    link = state.link(draft.link)
    anchors = {each.name: each.position for each in link.terms.anchors}
    reader = _Reader(anchors, now)
    known = [*state.notices.by_id, *state.calls.by_id]
    known += [said.entry for call in state.calls.by_id.values() for said in call.said]
    made: list[Phrase] = []
    read: dict[str, ReadPosition] = {}
    for number, each in enumerate(draft.phrases):
        phrase = _phrase(reader, number, each, known, now)
        if phrase is not None:
            made.append(phrase)
            place: Position | None = getattr(phrase, "place", None)
            if place is not None:
                read[f"{number}.place"] = _three_forms(place)
    out: tuple[Phrase, ...] = tuple(made)
    changes: tuple[str, ...] = ()
    released = reader.read("0", lambda: release_phrases(tuple(made), link.terms))
    if released is not None:
        out, changes = released
    wrong = bool(reader.faults)
    return PhraseCheck(
        faults=tuple(reader.faults),
        phrases=() if wrong else tuple(made),
        coded=tuple(coded(phrase) for phrase in out),
        text={name: tuple(render(phrase, name) for phrase in out) for name in languages()},
        changes=changes,
        attaches=() if wrong else nearest_notices(state, link, out, draft.notices, now),
        read=read,
        differs=_restated(state, draft, tuple(made)),
    )


def _phrase(
    reader: _Reader, number: int, draft: PhraseDraft, known: list[str], now: Instant
) -> Phrase | None:
    before = len(reader.faults)
    kind = reader.read(f"{number}", lambda: words.known_code(draft.phrase))
    if kind is None:
        return None
    fields = {each.name: each for each in msgspec.structs.fields(PHRASES[kind])}  # pyright: ignore[reportArgumentType]
    values: dict[str, Any] = {}
    for name, field in fields.items():
        text = draft.slots.get(name, "").strip()
        if not text:
            if field.required:
                reader.missing(f"{number}.{name}", "This must be said.")
            continue
        value = reader.read(
            f"{number}.{name}",
            lambda name=name, text=text: words.slot_value(name, text, reader.anchors, known, now),
        )
        values[name] = value
    if len(reader.faults) > before:
        return None
    return reader.read(f"{number}", lambda: words.phrase_of(kind, values))


def _restated(state: State, draft: PhrasesDraft, made: tuple[Phrase, ...]) -> tuple[str, ...]:
    call = state.calls.by_id.get(draft.call or "")
    if call is None or draft.restates is None:
        return ()
    said = next((each for each in call.said if each.entry == draft.restates), None)
    if said is None or len(said.phrases) != len(made):
        return ("phrases",)
    pairs = zip(said.phrases, made, strict=True)
    return tuple(each.slot for first, second in pairs for each in differences(first, second))


def read_file(draft: FileDraft, read: Callable[[str, bytes], tuple[Any, ...]]) -> FileRead:
    """Return the shapes in a file; Mistake that says what is wrong, and in which of them."""
    shapes = read(draft.name, draft.text.encode())
    return FileRead(
        shapes=tuple(
            FileShape(
                name=each.name,
                volume=DraftVolume(outline=each.outline, band=each.band, window=each.window),
            )
            for each in shapes
        )
    )


def forms() -> Forms:
    """Return everything that can be said."""
    return Forms(
        phrases=tuple(_form(code, kind) for code, kind in PHRASES.items()),
        dispositions=tuple(each.value for each in Disposition),
        languages=languages(),
    )


def _form(code: str, kind: Any) -> PhraseForm:
    must = set(kind.CRITICAL)
    return PhraseForm(
        phrase=code,
        slots=tuple(
            SlotForm(
                name=each.name,
                required=each.required,
                critical=each.name in must,
                choices=_choices(each.type),
            )
            for each in msgspec.structs.fields(kind)
        ),
    )


def _choices(kind: Any) -> tuple[str, ...]:
    members = getattr(kind, "__members__", None)
    return tuple(member.value for member in members.values()) if members else ()
