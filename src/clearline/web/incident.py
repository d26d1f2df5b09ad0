"""Incident: one call, conflict or notice, with all that the record has of it.

The node keeps a call or a notice in sight for a day after its end; the record keeps it for
ever. What is out of sight is made again from the record, entry by entry, by the same rules
by which it was taken in. So is what each revision of a notice was, and how long it stood:
whoever replays an incident must see what the officers saw, not what was revised since.

It decides nothing and proves nothing: each entry is shown with its receipt, and the signed
record is the proof.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from clearline.basis.faults import Mistake, Refusal
from clearline.basis.ids import is_uuid7, time_of
from clearline.basis.instants import HOUR_MS, Instant, dec_hook
from clearline.core import calls
from clearline.core.calling import began
from clearline.core.calls import (
    Call,
    CallAcknowledged,
    CallClimbed,
    CallDisposition,
    CallOpened,
    CallReadback,
    CallRecorded,
    CallRinging,
    CallSaid,
    Disposed,
    Said,
)
from clearline.core.conflicts import Claim, Conflict, ConflictFound
from clearline.core.links import Link
from clearline.core.notices import (
    Noted,
    Notice,
    NoticeDeclared,
    NoticeNoted,
    NoticeRevised,
    NoticeState,
    declared,
    revised,
)
from clearline.core.recording import recording_of
from clearline.core.state import State
from clearline.node.runtime import Runtime
from clearline.node.views import EntryView
from clearline.space import Volume
from clearline.web.calls import CallItem, call_item
from clearline.web.items import (
    ConflictItem,
    NoticeItem,
    conflict_item,
    notice_item,
)
from clearline.web.record import Stored, find, related, shown, since

__all__ = ["Incident", "Stood", "incident"]

MAX_ENTRIES = 2_000
"""Entries of one call, conflict or notice that are shown on one page."""
CLOCKS_MS = HOUR_MS
"""By how much the two sides' clocks may differ and an answer still be found."""

Body = TypeVar("Body", bound=Struct)


class Stood(Struct, frozen=True, kw_only=True):
    """One revision of a notice, and for how long it stood, by its writer's clock."""

    notice: str
    entry: str
    revision: int
    since: Instant
    until: Instant | None
    """When it was revised or withdrawn; None: it stands, or stood until its windows closed."""
    volumes: tuple[Volume, ...]


class Incident(Struct, frozen=True, kw_only=True):
    """One call, conflict or notice, with all that the record has of it."""

    what: str
    """`call`, `conflict` or `notice`."""
    link: str
    call: CallItem | None
    conflict: ConflictItem | None
    """As it stands, or as it was claimed last."""
    notices: tuple[NoticeItem, ...]
    """What it is about, as it stands or ended."""
    stood: tuple[Stood, ...]
    """Every revision of those notices, in order, except those that were refused."""
    entries: tuple[EntryView, ...]
    stands: bool
    """Whether the node has it in sight. If not, all of this was made from the record."""
    whole: bool
    """Whether the record was read to its end, and every entry that was found is here."""


async def incident(runtime: Runtime, wanted: str) -> Incident:
    """Return a call, a notice, or a conflict (two ids joined by `+`); Mistake if there is none."""
    ids = wanted.split("+")
    if not all(is_uuid7(each) for each in ids) or len(ids) > 2:
        raise _none()
    link, subjects = await _subjects(runtime, ids)
    call = _opened(runtime.state, link, subjects[0]) if len(subjects) == 1 else None
    about = call.notices if call is not None else tuple(ids)
    first = min(time_of(each) for each in (*ids, *about)).after(-CLOCKS_MS)
    stored, whole = await since(runtime, link, first)
    near = related(stored, {*ids, *about})
    refused = {each.entry.re[0] for each in near if _is(each, "entry.refused")}
    taken = [each for each in near if each.entry.id not in refused]
    if call is not None and call.id not in runtime.state.calls.by_id:
        call = _called(link, call, taken)
    histories = [_history(link, each, taken) for each in about]
    known = [
        _known(runtime.state, link, one, each) for one, each in zip(about, histories, strict=True)
    ]
    conflict, stands = _conflict(runtime.state, link, ids, histories, taken)
    entries = related(near, set(ids))
    return Incident(
        what="call" if call is not None else "conflict" if len(ids) == 2 else "notice",
        link=link.id,
        call=call_item(runtime.state, call) if call is not None else None,
        conflict=conflict_item(conflict) if conflict is not None else None,
        notices=tuple(notice_item(each) for each in known if each is not None),
        stood=tuple(one for history in histories for one in history.stood),
        entries=tuple(shown(link, each) for each in entries[:MAX_ENTRIES]),
        stands=stands if len(ids) == 2 else _in_sight(runtime.state, ids[0]),
        whole=whole and len(entries) <= MAX_ENTRIES,
    )


def _none() -> Mistake:
    return Mistake("no_such_incident", "There is no call, conflict or notice of that id.")


def _is(stored: Stored, kind: str) -> bool:
    return stored.entry.kind == kind and bool(stored.entry.re)


def _in_sight(state: State, wanted: str) -> bool:
    return wanted in state.calls.by_id or wanted in state.notices.by_id


async def _subjects(runtime: Runtime, ids: list[str]) -> tuple[Link, list[Stored]]:
    """Return the link that has all of `ids`, and the entries that they name; else Mistake."""
    kinds = {"notice.declared"} if len(ids) == 2 else {"notice.declared", "call.opened"}
    for link in runtime.state.links.values():
        found = [await find(runtime, link, each) for each in ids]
        subjects = [each for each in found if each is not None and each.entry.kind in kinds]
        if len(subjects) == len(ids):
            return link, subjects
    raise _none()


def _body(stored: Stored, kind: type[Body]) -> Body | None:
    """Return the body of an entry, strictly; None if it is not well formed."""
    try:
        return msgspec.json.Decoder(kind, dec_hook=dec_hook).decode(stored.entry.body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


# Notices.


class _History(Struct, frozen=True, kw_only=True):
    """A notice as the record alone has it."""

    notice: Notice | None
    stood: tuple[Stood, ...]


def _history(link: Link, wanted: str, taken: list[Stored]) -> _History:
    """Return every revision of a notice in `taken`, and what became of it."""
    notice: Notice | None = None
    stood: list[Stood] = []
    revisions: dict[str, int] = {}
    for each in taken:
        entry = each.entry
        before = notice
        if entry.id == wanted and entry.kind == "notice.declared":
            body = _body(each, NoticeDeclared)
            if body is not None:
                mine = each.party == link.us
                notice = declared(link.id, entry.id, each.index, body, entry.at, mine=mine)
        elif notice is None or not entry.re:
            continue
        elif entry.kind == "notice.noted" and entry.re[0] in revisions:
            notice = _noted(notice, each, revisions[entry.re[0]])
            continue
        elif entry.re[0] == wanted and (each.party == link.us) == notice.mine:
            notice = _changed(notice, each)
        if notice is None or notice is before:
            continue
        stood[-1:] = [replace(last, until=entry.at) for last in stood[-1:]]
        if notice.state is NoticeState.ACTIVE:
            revisions[entry.id] = notice.revision
            stood.append(_stood(notice, entry.at))
    return _History(notice=notice, stood=tuple(stood))


def _stood(notice: Notice, at: Instant) -> Stood:
    return Stood(
        notice=notice.id,
        entry=notice.entry,
        revision=notice.revision,
        since=at,
        until=None,
        volumes=notice.volumes,
    )


def _changed(notice: Notice, stored: Stored) -> Notice:
    """Return the notice after its own side revised or withdrew it."""
    if notice.state is not NoticeState.ACTIVE:
        return notice
    if stored.entry.kind == "notice.withdrawn":
        return replace(notice, state=NoticeState.WITHDRAWN, ended_at=stored.entry.at)
    body = _body(stored, NoticeRevised) if stored.entry.kind == "notice.revised" else None
    if body is None or body.revision != notice.revision + 1:
        return notice
    return revised(notice, stored.entry.id, stored.index, body, stored.entry.at)


def _noted(notice: Notice, stored: Stored, revision: int) -> Notice:
    body = _body(stored, NoticeNoted)
    if body is None:
        return notice
    one = Noted(disposition=body.disposition, at=stored.entry.at, revision=revision)
    return replace(notice, noted=(*notice.noted, one))


def _known(state: State, link: Link, wanted: str, history: _History) -> Notice | None:
    """Return a notice as the node has it in sight, else as the record has it.

    What the node has forgotten has ended: who did not withdraw it let it lapse.
    """
    held = state.notices.by_id.get(wanted)
    if held is not None:
        return held if held.link == link.id else None
    notice = history.notice
    if notice is None or notice.state is not NoticeState.ACTIVE:
        return notice
    return replace(notice, state=NoticeState.LAPSED, ended_at=notice.closes)


# Conflicts.


def _conflict(
    state: State, link: Link, ids: list[str], histories: list[_History], taken: list[Stored]
) -> tuple[Conflict | None, bool]:
    """Return a conflict as it stands, else as it was claimed last; and whether it stands."""
    if len(ids) != 2:
        return None, False
    held = state.conflicts.by_key.get("+".join(ids))
    if held is not None:
        return held, True
    ours, theirs = ({one.entry for one in each.stood} for each in histories)
    found = Conflict(link=link.id, ours=ids[0], theirs=ids[1])
    for each in taken:
        if each.entry.kind != "conflict.found" or len(each.entry.re) != 2:
            continue
        mine = each.party == link.us
        first, second = each.entry.re if mine else tuple(reversed(each.entry.re))
        body = _body(each, ConflictFound)
        if body is None or first not in ours or second not in theirs:
            continue
        claim = Claim(entry=each.entry.id, found=body, at=each.entry.at)
        if mine:
            found = replace(found, claimed_by_us=claim)
        else:
            found = replace(found, claimed_by_them=claim)
    claimed = found.claimed_by_us is not None or found.claimed_by_them is not None
    return (found if claimed else None), False


# Calls.


def _opened(state: State, link: Link, stored: Stored) -> Call | None:
    """Return the call that an entry opened, as the node has it, else as it was opened."""
    if stored.entry.kind != "call.opened":
        return None
    held = state.calls.by_id.get(stored.entry.id)
    if held is not None:
        return held
    entry, mine = stored.entry, stored.party == link.us
    body = _body(stored, CallOpened)
    if body is None:
        raise _none()
    call = began(link, None, entry.id, body, entry.at, mine=mine)
    return replace(call, reopens=entry.re[0] if entry.re else None)


def _called(link: Link, call: Call, taken: list[Stored]) -> Call:
    """Return a call after every entry about it, in order; what may not follow changes nothing."""
    for each in taken:
        if each.entry.id == call.id or not each.entry.re or each.entry.re[0] != call.id:
            continue
        after = _after(call, each, mine=each.party == link.us)
        if isinstance(after, Call):
            call = after
    return call


def _after(call: Call, stored: Stored, *, mine: bool) -> Call | Refusal | None:
    entry, at = stored.entry, stored.entry.at
    match entry.kind:
        case "call.ringing" if (body := _body(stored, CallRinging)) is not None:
            return calls.ringing(call, body, at, mine=mine)
        case "call.climbed" if (body := _body(stored, CallClimbed)) is not None:
            return calls.climbed(call, body, at, mine=mine)
        case "call.stood_down":
            return calls.stood_down(call, at, mine=mine)
        case "call.acknowledged" if (body := _body(stored, CallAcknowledged)) is not None:
            return calls.acknowledged(call, body, at, mine=mine)
        case "call.said" if (body := _body(stored, CallSaid)) is not None:
            one = Said(entry=entry.id, mine=mine, phrases=body.phrases, at=at)
            return calls.said(call, one)
        case "call.readback" if len(entry.re) == 2:
            body = _body(stored, CallReadback)
            if body is None:
                return None
            one = Said(entry=entry.id, mine=mine, phrases=body.phrases, at=at, restates=entry.re[1])
            return calls.said(call, one)
        case "call.disposition" if (body := _body(stored, CallDisposition)) is not None:
            return calls.disposed(call, Disposed(disposition=body.disposition, at=at), mine=mine)
        case "call.recorded" if (body := _body(stored, CallRecorded)) is not None:
            return calls.recorded(call, recording_of(body, at, mine=mine))
        case "call.closed":
            return calls.closed(call, at, mine=mine)
        case _:
            return None
