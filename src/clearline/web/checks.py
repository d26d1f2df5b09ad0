"""Checks: what an officer has typed, read by the node and shown as it would be.

The page never reads a coordinate, a level or a time: it sends what was typed, field by
field, and is told what the node made of it, or what is wrong with which field, all of them
at once. Nothing is journaled and nothing changes. What cannot be checked is called NOT
CHECKED and never clear.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

import msgspec

from clearline.basis.faults import Mistake
from clearline.basis.instants import SECOND_MS, Instant
from clearline.basis.quantities import show_length
from clearline.basis.steps import Steps, finish
from clearline.core.calling import restated
from clearline.core.calls import Said
from clearline.core.declaring import revisable
from clearline.core.events import Place
from clearline.core.links import Link, LinkState
from clearline.core.nearby import nearest_notices
from clearline.core.notices import Disposition, Notice, lead_ms
from clearline.core.previewing import previewing
from clearline.core.release import release_phrases
from clearline.core.state import State
from clearline.node import words
from clearline.phrasebook import PHRASES, Phrase, coded, differing, languages, render
from clearline.space import (
    Circle,
    Corridor,
    Form,
    Outline,
    Polygon,
    Position,
    Volume,
    positions,
    show_band,
    show_position,
    show_reference,
)
from clearline.web.drafts import (
    MAX_FILE_FAULTS,
    MAX_READ_BACK,
    MAX_SHAPES,
    Difference,
    DraftVolume,
    FieldFault,
    FileDraft,
    FileFault,
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
    TransitCheck,
)
from clearline.web.moving import read_transit
from clearline.web.reading import Reader, read_place, read_volumes
from clearline.web.turns import unhurried

__all__ = ["check_notice", "check_notice_slowly", "check_phrases", "forms", "read_file"]


def check_notice(state: State, draft: NoticeDraft, now: Instant) -> NoticeCheck:
    """Return what the node makes of a draft: faults by field, and a preview for each link."""
    return finish(_checking(state, draft, now))


async def check_notice_slowly(state: State, draft: NoticeDraft, now: Instant) -> NoticeCheck:
    """Do `check_notice`, letting the node's other work come first every few milliseconds."""
    return await unhurried(_checking(state, draft, now))


def _checking(state: State, draft: NoticeDraft, now: Instant) -> Steps[NoticeCheck]:
    reader = Reader({}, now)
    before, links = _addressed(state, reader, draft)
    reader.anchors = _anchors(links)
    activity = before.activity if before is not None else draft.activity
    _check_activity(reader, links, activity)
    transit: TransitCheck | None = None
    if draft.shape == "transit":
        most = min((each.terms.limits.volumes_per_notice for each in links), default=MAX_SHAPES)
        volumes, transit = yield from read_transit(reader, draft, most)
    else:
        volumes = yield from read_volumes(reader, draft)
    place = read_place(reader, draft)
    checked: list[LinkCheck] = []
    if volumes and not reader.faults:
        for link in links:
            what = (volumes, activity, place)
            checked.append((yield from _on_link(state, link, what, draft.revises, now)))
    return NoticeCheck(
        faults=tuple(reader.faults),
        volumes=() if reader.faults else volumes,
        place=place,
        read=_read_back(volumes),
        links=tuple(checked),
        differences=_differences(before, checked[0]) if before and checked else (),
        transit=transit,
    )


def _addressed(
    state: State, reader: Reader, draft: NoticeDraft
) -> tuple[Notice | None, list[Link]]:
    """Return the notice that a draft revises, if it does, and the links that it is for."""
    if draft.revises is not None:
        wanted = draft.revises
        found = reader.read("revises", lambda: revisable(state, wanted))
        return (found[0], [found[1]]) if found is not None else (None, [])
    if not draft.links:
        reader.missing("links", "Say to whom: choose at least one link.")
    if len(set(draft.links)) != len(draft.links):
        reader.fault("links", "link_twice", "A link is named twice: choose each once.")
    known = [reader.read("links", lambda name=name: state.link(name)) for name in draft.links]
    return None, [each for each in known if each is not None]


def _anchors(links: list[Link]) -> dict[str, Position]:
    """Return the anchors that mean one place on all of the links that have them."""
    found: dict[str, set[Position]] = {}
    for link in links:
        for each in link.terms.anchors:
            found.setdefault(each.name, set()).add(each.position)
    return {name: places.pop() for name, places in found.items() if len(places) == 1}


def _check_activity(reader: Reader, links: list[Link], activity: str) -> None:
    known = sorted({each.name for link in links for each in link.terms.activities})
    if links and activity not in known:
        phrase = f"Choose an activity that the terms know: {', '.join(known) or 'none yet'}."
        reader.fault("activity", "unknown_activity" if activity else "missing", phrase)


def _on_link(
    state: State,
    link: Link,
    what: tuple[tuple[Volume, ...], str, Place | None],
    revises: str | None,
    now: Instant,
) -> Steps[LinkCheck]:
    volumes, activity, place = what
    try:
        found = yield from previewing(state, link, volumes, activity, place, now, revises=revises)
    except Mistake as mistake:
        fault = FieldFault(field="", code=mistake.code, phrase=mistake.phrase, at=mistake.at)
        return LinkCheck(link=link.id, verdict="not_checked", why=fault, refused=True)
    why = _blind(link, now)
    if why is None and not found.complete:
        phrase = "It comes near more of their notices than can be compared: make it smaller."
        why = FieldFault(field="", code="too_dense", phrase=phrase)
    known = link.terms.activity(activity)
    return LinkCheck(
        link=link.id,
        verdict="conflict" if found.conflicts else "not_checked" if why else "no_conflict",
        why=why,
        they_see=found.volumes,
        place=found.place,
        activity=found.activity,
        changes=found.changes,
        late=found.late,
        lead_ms=known.lead_ms if known is not None else 0,
        given_ms=lead_ms(found.volumes, now),
        conflicts=found.conflicts,
        more=found.more,
        ways_out=found.ways_out,
        ways_whole=found.ways_whole,
    )


def _blind(link: Link, now: Instant) -> FieldFault | None:
    """Return why we cannot know all that the counterpart has declared; None if we can."""
    state = link.state_at(now)
    if state is LinkState.UP:
        if not link.peer_unsafe:
            return None
        phrase = "Their node says LINE NOT SAFE: what they declare may not reach us."
        return FieldFault(field="", code="peer_unsafe", phrase=phrase)
    phrase = f"The link is {state.value.upper()}: what they declared since is not known."
    if link.receipt_at is None:
        phrase = "The link has never been up: nothing that they declared is known."
    return FieldFault(field="", code=f"link_{state.value}", phrase=phrase)


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


def _differences(before: Notice, after: LinkCheck) -> tuple[Difference, ...]:
    """Return what differs between what they see now and what they would see."""
    if not after.they_see:
        return ()
    found: list[Difference] = []
    olds, news = before.volumes, after.they_see
    if len(olds) != len(news):
        found.append(Difference(what="volumes", before=str(len(olds)), after=str(len(news))))
    for old, new in zip(olds, news, strict=False):
        pairs = (
            ("outline", _said(old.outline), _said(new.outline), old.outline != new.outline),
            ("band", show_band(old.band), show_band(new.band), old.band != new.band),
            ("start", *_times(old.window.start, new.window.start)),
            ("end", *_times(old.window.end, new.window.end)),
        )
        found += [Difference(what=w, before=b, after=a) for w, b, a, differs in pairs if differs]
    was, now_is = _stated(before.place), _stated(after.place)
    if was != now_is:
        found.append(Difference(what="place", before=was, after=now_is))
    return tuple(found)


def _times(old: Instant, new: Instant) -> tuple[str, str, bool]:
    return str(old), str(new), old != new


def _stated(place: Place | None) -> str:
    return show_reference(place.stated) if place is not None else "-"


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
    reader = Reader({each.name: each.position for each in link.terms.anchors}, now)
    known = [key for key, each in state.notices.by_id.items() if each.link == link.id]
    calls = [each for each in state.calls.by_id.values() if each.link == link.id]
    known += [each.id for each in calls]
    known += [said.entry for call in calls for said in call.said]
    original = _restates(state, draft)
    made: list[Phrase] = []
    out: list[Phrase] = []
    changes: list[str] = []
    read: dict[str, ReadPosition] = {}
    for number, each in enumerate(draft.phrases):
        phrase = _phrase(reader, number, each, known)
        if phrase is None:
            continue
        made.append(phrase)
        place: Position | None = getattr(phrase, "place", None)
        if place is not None:
            read[f"{number}.place"] = _three_forms(place)
        leaving = reader.read(f"{number}", lambda phrase=phrase: _leaving(phrase, original, link))
        if leaving is not None:
            out.append(leaving[0])
            changes += leaving[1]
    wrong = bool(reader.faults)
    leaves = tuple(out)
    return PhraseCheck(
        faults=tuple(reader.faults),
        phrases=() if wrong else tuple(made),
        coded=tuple(coded(phrase) for phrase in leaves),
        text={name: tuple(render(phrase, name) for phrase in leaves) for name in languages()},
        changes=tuple(dict.fromkeys(changes)),
        attaches=() if wrong else nearest_notices(state, link, leaves, draft.notices, now),
        leaves=leaves,
        read=read,
        differs=_differs(draft, original, tuple(made)),
    )


def _leaving(phrase: Phrase, original: Said | None, link: Link) -> tuple[Phrase, tuple[str, ...]]:
    """Return a phrase as it would leave, and what release would do to it."""
    if original is None:
        (out,), changes = release_phrases((phrase,), link.terms)
    else:
        (out,), changes = restated((phrase,), original.phrases, link.terms)
    return out, changes


def _phrase(reader: Reader, number: int, draft: PhraseDraft, known: list[str]) -> Phrase | None:
    before = len(reader.faults)
    kind = reader.read(f"{number}", lambda: words.known_code(draft.phrase))
    if kind is None:
        return None
    slots = {each.name: each for each in _form(kind, PHRASES[kind]).slots}
    values: dict[str, Any] = {}
    for name, slot in slots.items():
        text = draft.slots.get(name, "").strip()
        if text:
            values[name] = reader.read(
                f"{number}.{name}",
                lambda name=name, text=text: words.slot_value(
                    name, text, reader.anchors, known, reader.now
                ),
            )
        elif slot.required:
            reader.missing(f"{number}.{name}", f"This must be said. {_right(slot)}".strip())
    if len(reader.faults) > before:
        return None
    try:
        return words.phrase_of(kind, values)
    except Mistake as mistake:
        named = re.search(r"\$\.(\w+)", mistake.phrase)
        slot = slots.get(named[1]) if named is not None else None
        field = f"{number}.{slot.name}" if slot is not None else f"{number}"
        right = _right(slot) if slot is not None else ""
        reader.fault(field, mistake.code, right or mistake.phrase, mistake.at)
        return None


def _right(slot: SlotForm) -> str:
    """Return what would be right in a slot; empty if that is not in its limits."""
    least, most = slot.least, slot.most
    match slot.kind:
        case "length" if least is not None and most is not None:
            return f"Give a length from {show_length(least)} to {show_length(most)}."
        case "span" if least is not None and most is not None:
            return f"Give {least // SECOND_MS} s to {most // SECOND_MS} s, in whole seconds."
        case "number" if least is not None and most is not None:
            return f"Give a number from {least} to {most}."
        case "reference":
            return "Give the id of a notice, a call or an entry of it, or the end of one."
        case "choice":
            return f"Choose one of: {', '.join(slot.choices)}."
        case "text" if most is not None:
            return f"Give at most {most} characters, in one line."
        case _:
            return ""


def _restates(state: State, draft: PhrasesDraft) -> Said | None:
    """Return what a read-back restates; None if the draft is not one."""
    call = state.calls.by_id.get(draft.call or "")
    if call is None or call.link != draft.link or draft.restates is None:
        return None
    return call.saying(draft.restates)


def _differs(
    draft: PhrasesDraft, original: Said | None, out: tuple[Phrase, ...]
) -> tuple[str, ...]:
    if draft.restates is None:
        return ()
    return differing(original.phrases if original is not None else (), out)


def read_file(draft: FileDraft, read: Callable[[str, bytes], Any]) -> FileRead:
    """Return the shapes in a file, and what of it was refused; Mistake if it cannot be read.

    Of more shapes than one notice can have none is taken: what was left out would be taken for
    declared. Whoever reads a file of which something was refused is asked before the rest is used.
    """
    reading = read(draft.name, draft.raw or draft.text.encode())
    if len(reading.shapes) > MAX_SHAPES:
        raise Mistake(
            "too_many_features",
            f"the file has {len(reading.shapes):,} shapes; one notice has at most {MAX_SHAPES}",
        )
    return FileRead(
        format=reading.format,
        shapes=tuple(
            FileShape(
                name=each.name,
                volume=DraftVolume(outline=each.outline, band=each.band, window=each.window),
            )
            for each in reading.shapes
        ),
        faults=tuple(_file_fault(each) for each in reading.faults[:MAX_FILE_FAULTS]),
        refused=reading.refused,
        lost=reading.lost,
        notes=reading.notes,
    )


def _file_fault(fault: Any) -> FileFault:
    """Return a gateway's fault as the page is told it."""
    return FileFault(
        item=fault.item,
        line=None if fault.spot is None else fault.spot.line,
        column=None if fault.spot is None else fault.spot.column,
        code=fault.code,
        phrase=fault.phrase,
        suggestion=fault.suggestion,
    )


def forms() -> Forms:
    """Return everything that can be said."""
    return Forms(
        phrases=tuple(_form(code, kind) for code, kind in PHRASES.items()),
        dispositions=tuple(each.value for each in Disposition),
        languages=languages(),
    )


@cache
def _form(code: str, kind: Any) -> PhraseForm:
    must = set(kind.CRITICAL)
    return PhraseForm(
        phrase=code,
        slots=tuple(
            _slot(each, critical=each.name in must) for each in msgspec.structs.fields(kind)
        ),
    )


def _slot(field: Any, *, critical: bool) -> SlotForm:
    kind: Any = msgspec.inspect.type_info(field.type)
    if isinstance(kind, msgspec.inspect.UnionType):
        kind = next(each for each in kind.types if not isinstance(each, msgspec.inspect.NoneType))
    choices: tuple[str, ...] = ()
    if isinstance(kind, msgspec.inspect.EnumType):
        choices = tuple(str(each.value) for each in kind.cls)
    least, most = getattr(kind, "ge", None), getattr(kind, "le", None)
    if isinstance(kind, msgspec.inspect.StrType) and words.slot_kind(field.name) != "reference":
        least, most = kind.min_length, kind.max_length
    return SlotForm(
        name=field.name,
        required=field.required,
        critical=critical,
        kind="choice" if choices else words.slot_kind(field.name),
        choices=choices,
        least=least,
        most=most,
    )
