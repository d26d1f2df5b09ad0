"""Declaring: what a node does when a notice is declared, revised, withdrawn, noted or lapses.

A declaration is checked (window sane? watch held? place and anchor agree?), let out through
release, and only then compared with what the counterpart declared. The same comparison is
made when theirs arrives. Whoever finds a conflict claims it; each side clears its own.
"""

from __future__ import annotations

from collections.abc import MutableMapping

from msgspec.structs import replace

from clearline.basis.faults import Mistake, Reason, Refusal
from clearline.basis.instants import Instant
from clearline.basis.quantities import show_length
from clearline.basis.steps import Steps, finish
from clearline.core.conflicts import (
    MAX_PER_NOTICE,
    Claim,
    Cleared,
    Conflict,
    ConflictCleared,
    ConflictFound,
    key_of,
    look_at,
    urgency,
)
from clearline.core.events import Declare, Note, Place, Revise, Withdraw
from clearline.core.links import Link
from clearline.core.notices import (
    Disposition,
    Noted,
    Notice,
    NoticeDeclared,
    NoticeNoted,
    NoticeRevised,
    NoticeState,
    NoticeWithdrawn,
    check_data,
    check_place,
    check_volumes,
    declared,
    lead_ms,
    revised,
    rounding_slack_cm,
)
from clearline.core.release import (
    Door,
    Released,
    ReleasedOutline,
    release_notice,
    release_outline,
)
from clearline.core.state import State
from clearline.core.terms import Terms
from clearline.record import Entry
from clearline.space import Outline, Volume, check_window, positions

__all__ = [
    "arrived",
    "declarable",
    "declare",
    "find",
    "is_late",
    "lapse_all",
    "note",
    "released",
    "releasing",
    "revisable",
    "revise",
    "withdraw",
]

MAX_CLAIMED = 256
"""Conflicts of one notice of ours, beyond which the counterpart's further claims are refused."""
MAX_NOTED = 64
"""Dispositions of one notice that are kept in sight."""
CHECK_US = 5
"""About how long checking an outline takes, in µs for each of its points."""
RELEASE_US = 25
"""About how long clipping and rounding one takes."""


def declare(state: State, door: Door, event: Declare) -> None:
    """Declare a notice on each of its links."""
    if not state.roster.held:
        raise Mistake("no_watch", "Nobody holds the watch here: take it before you declare.")
    if len(set(event.links)) != len(event.links):
        raise Mistake("link_twice", "A link is named twice.")
    ready: list[tuple[Link, Released]] = []
    for name in event.links:
        link = declarable(state, name, event.activity)
        ready.append((link, released(event.volumes, event.activity, event.place, link, door.now)))
    for link, out in ready:
        _declare_on(state, door, event, link, out)
        _unchecked(door, link, event.by, event.reason)


def revise(state: State, door: Door, event: Revise) -> None:
    """Replace the volumes of a notice of ours."""
    notice, link = revisable(state, event.notice)
    out = released(event.volumes, notice.activity, event.place, link, door.now)
    body = NoticeRevised(
        revision=notice.revision + 1,
        volumes=out.volumes,
        late=is_late(out.volumes, notice.activity, link.terms, door.now),
        place=out.place,
    )
    entry = door.say(
        link, "notice.revised", body, re=(notice.id,), by=event.by, changes=out.changes
    )
    _replace(state, door, link, notice, entry.id, entry.index, body)
    _unchecked(door, link, event.by, event.reason)


def _unchecked(door: Door, link: Link, by: str, reason: str) -> None:
    """Have every desk of ours know that a notice left unchecked, by whom and why."""
    if reason.strip():
        door.tell("sent_unchecked", link.id, None, by=by, reason=reason.strip())


def withdraw(state: State, door: Door, event: Withdraw) -> None:
    """Withdraw a notice of ours."""
    notice = _ours(state, event.notice)
    link = state.link(notice.link)
    door.say(link, "notice.withdrawn", NoticeWithdrawn(), re=(notice.id,), by=event.by)
    _end(state, door, link, replace(notice, state=NoticeState.WITHDRAWN, ended_at=door.now))


def note(state: State, door: Door, event: Note) -> None:
    """Say how far we have passed on a notice of the counterpart's."""
    notice = state.notice(event.notice)
    if notice.mine:
        raise Mistake("own_notice", "This notice is ours: the counterpart notes it.")
    disposition = Disposition.parse(event.disposition)
    link = state.link(notice.link)
    body = NoticeNoted(disposition=disposition)
    door.say(link, "notice.noted", body, re=(notice.entry,), by=event.by)
    state.notices.put(_noted(notice, disposition, notice.revision, door))


def lapse_all(state: State, door: Door) -> None:
    """Lapse every notice whose last window has closed by now."""
    for notice in state.notices.lapse(door.now):
        link = state.link(notice.link)
        _clear_claims(state, door, link, notice, Cleared.LAPSED)
        state.conflicts.drop(notice.id)
        door.tell("notice_lapsed", link.id, notice.id)


def arrived(state: State, door: Door, link: Link, entry: Entry, body: object) -> Refusal | None:
    """Take in one entry of the counterpart's about notices or conflicts; or say why not."""
    match body:
        case NoticeDeclared():
            return _declared_by_them(state, door, link, entry, body)
        case NoticeRevised():
            return _revised_by_them(state, door, link, entry, body)
        case NoticeWithdrawn():
            return _withdrawn_by_them(state, door, link, entry)
        case NoticeNoted():
            return _noted_by_them(state, door, link, entry, body)
        case ConflictFound():
            return _claimed_by_them(state, door, link, entry, body)
        case ConflictCleared():
            return _cleared_by_them(state, door, link, entry)
        case _:
            return Refusal(reason=Reason.UNKNOWN_KIND, detail=f"{entry.kind} is not understood.")


def declarable(state: State, name: str, activity: str) -> Link:
    """Return the link, if a notice of this activity may be declared on it; else Mistake."""
    link = _carrying(state, name)
    if link.terms.activity(activity) is None:
        known = ", ".join(each.name for each in link.terms.activities)
        raise Mistake("unknown_activity", f"The terms know these activities: {known}.")
    limit = link.terms.limits.active_notices
    if state.notices.active(link.id, mine=True) >= limit:
        raise Mistake("too_many_notices", f"{limit} notices are active already: withdraw some.")
    return link


def revisable(state: State, notice: str) -> tuple[Notice, Link]:
    """Return a notice of ours that may be revised, and its link; else Mistake."""
    found = _ours(state, notice)
    return found, _carrying(state, found.link)


def released(
    volumes: tuple[Volume, ...], activity: str, place: Place | None, link: Link, now: Instant
) -> Released:
    """Return what may leave of what was drawn, having checked it; Mistake if it is refused."""
    return finish(releasing(volumes, activity, place, link.terms, now, {}))


def releasing(
    volumes: tuple[Volume, ...],
    activity: str,
    place: Place | None,
    terms: Terms,
    now: Instant,
    known: MutableMapping[Outline, ReleasedOutline],
) -> Steps[Released]:
    """Do `released` in steps; `known` keeps what became of each outline, for the next time.

    Rounding keeps well-formed outlines and bands well-formed: `space.rounding` is held to
    that. A window of the greatest length grows past it.
    """
    fault = check_volumes(volumes, terms, now)
    if fault is not None:
        raise Mistake(fault.reason.value, fault.detail)
    check_data(volumes, terms)
    if place is not None:
        mismatch = check_place(place, terms)
        if mismatch is not None:
            raise Mistake("anchor_mismatch", mismatch)
    for volume in volumes:
        points = len(positions(volume.outline))
        if volume.outline not in known:
            known[volume.outline] = release_outline(volume.outline, terms)
            yield RELEASE_US * points
        yield CHECK_US * points
    out = release_notice(volumes, activity, place, terms, known)
    for volume in out.volumes:
        check_window(volume.window)
    return out


def _declare_on(state: State, door: Door, event: Declare, link: Link, out: Released) -> None:
    body = NoticeDeclared(
        activity=out.activity,
        volumes=out.volumes,
        late=is_late(out.volumes, event.activity, link.terms, door.now),
        place=out.place,
    )
    entry = door.say(link, "notice.declared", body, by=event.by, changes=out.changes)
    # Here it keeps the activity and the label that may not have left.
    notice = replace(
        declared(link.id, entry.id, entry.index, body, door.now, mine=True),
        activity=event.activity,
        label=event.label,
    )
    state.notices.put(notice)
    find(state, door, link, notice)


def _declared_by_them(
    state: State, door: Door, link: Link, entry: Entry, body: NoticeDeclared
) -> Refusal | None:
    fault = _admissible(state, door, link, body.volumes, body.place)
    if fault is not None:
        return fault
    if state.notices.active(link.id, mine=False) >= link.terms.limits.active_notices:
        return Refusal(reason=Reason.TOO_MANY, detail="Too many notices are active.")
    notice = declared(link.id, entry.id, link.their_size - 1, body, door.now, mine=False)
    state.notices.put(notice)
    _tell_arrived(door, link, notice)
    find(state, door, link, notice)
    return None


def _tell_arrived(door: Door, link: Link, notice: Notice) -> None:
    """Tell our desks of a notice of theirs; of a late one, how late by what was agreed."""
    if not notice.late:
        door.tell("notice_arrived", link.id, notice.id)
        return
    lead = lead_ms(notice.volumes, door.now)
    agreed = link.terms.activity(notice.activity)
    if agreed is None:
        door.tell("notice_late", link.id, notice.id, lead_ms=lead)
    else:
        door.tell("notice_late", link.id, notice.id, lead_ms=lead, agreed_ms=agreed.lead_ms)


def _revised_by_them(
    state: State, door: Door, link: Link, entry: Entry, body: NoticeRevised
) -> Refusal | None:
    notice = _theirs(state, link, entry)
    if isinstance(notice, Refusal):
        return notice
    if body.revision != notice.revision + 1:
        detail = f"Revision {notice.revision + 1} comes next."
        return Refusal(reason=Reason.OUT_OF_ORDER, detail=detail)
    fault = _admissible(state, door, link, body.volumes, body.place)
    if fault is not None:
        return fault
    _replace(state, door, link, notice, entry.id, link.their_size - 1, body)
    door.tell("notice_revised", link.id, notice.id)
    return None


def _withdrawn_by_them(state: State, door: Door, link: Link, entry: Entry) -> Refusal | None:
    notice = _theirs(state, link, entry)
    if isinstance(notice, Refusal):
        return notice
    _end(state, door, link, replace(notice, state=NoticeState.WITHDRAWN, ended_at=door.now))
    door.tell("notice_withdrawn", link.id, notice.id)
    return None


def _noted_by_them(
    state: State, door: Door, link: Link, entry: Entry, body: NoticeNoted
) -> Refusal | None:
    # They name the declaration or any revision of it; both are ours.
    notice = state.notices.by_entry(entry.re[0]) if entry.re else None
    if notice is None or notice.link != link.id:
        return Refusal(reason=Reason.UNKNOWN_REFERENCE, detail="There is no such notice of ours.")
    if not notice.mine:
        return Refusal(reason=Reason.NOT_YOURS, detail="A notice is noted by the other side.")
    revision = notice.revision_of(entry.re[0])
    state.notices.put(_noted(notice, body.disposition, revision, door))
    door.tell("notice_noted", link.id, notice.id, disposition=body.disposition.value)
    return None


def _claimed_by_them(
    state: State, door: Door, link: Link, entry: Entry, body: ConflictFound
) -> Refusal | None:
    if len(entry.re) != 2:
        return Refusal(reason=Reason.UNKNOWN_REFERENCE, detail="A conflict names two revisions.")
    theirs, ours = state.notices.by_entry(entry.re[0]), state.notices.by_entry(entry.re[1])
    if ours is None or theirs is None or not ours.mine or theirs.mine:
        return Refusal(
            reason=Reason.UNKNOWN_REFERENCE,
            detail="A conflict names the writer's standing revision, then the reader's.",
        )
    if not ours.link == theirs.link == link.id:
        return Refusal(reason=Reason.UNKNOWN_REFERENCE, detail="A notice is of another link.")
    if NoticeState.ACTIVE not in (ours.state, theirs.state):
        return Refusal(reason=Reason.STALE, detail="Both notices have ended.")
    if len(state.conflicts.of_notice(ours.id)) >= MAX_CLAIMED:
        return Refusal(reason=Reason.TOO_MANY, detail=f"{MAX_CLAIMED} conflicts of one notice.")
    claim = Claim(entry=entry.id, found=body, at=door.now)
    before = state.conflicts.by_key.get(key_of(ours.id, theirs.id))
    known = before or Conflict(link=link.id, ours=ours.id, theirs=theirs.id)
    state.conflicts.put(replace(known, claimed_by_them=claim))
    if before is None:
        _alarm(door, link, replace(known, claimed_by_them=claim))
    return None


def _cleared_by_them(state: State, door: Door, link: Link, entry: Entry) -> Refusal | None:
    conflict = state.conflicts.by_their_claim(entry.re[0]) if entry.re else None
    if conflict is None or conflict.link != link.id:
        # Their claim fell with its notice before they took it back: nothing is left to clear.
        door.tell("conflict_gone", link.id, entry.re[0] if entry.re else None)
        return None
    state.conflicts.put(replace(conflict, claimed_by_them=None))
    if conflict.claimed_by_us is None:
        door.tell("conflict_cleared", link.id, conflict.ours, theirs=conflict.theirs)
    return None


def find(
    state: State, door: Door, link: Link, notice: Notice, why: Cleared = Cleared.REVISED
) -> int:
    """Claim every conflict that `notice` is now in, and take back what no longer holds.

    Return with how many notices it was compared.

    A claim that still holds is made anew, as it names the notice's new revision. If only the
    minima were amended it names what it named, and is left as it is unless it says something else.
    """
    minima = link.terms.minima
    found: list[tuple[tuple[bool, int], str, Conflict]] = []
    near = state.notices.near(notice, minima)
    for other, claim in zip(near, look_at(notice, near, minima), strict=True):
        if claim is not None:
            mine, theirs = (notice, other) if notice.mine else (other, notice)
            conflict = _kept(state, link, mine.id, theirs.id)
            unsaid = Claim(entry="", found=claim, at=door.now)
            claimed = replace(conflict, claimed_by_us=unsaid)
            found.append((urgency(claim), other.id, claimed))
    found.sort(key=lambda each: each[:2])
    # Those beyond the most that are claimed still hold: what was claimed of them stands as it is.
    still = {key_of(each.ours, each.theirs) for _, _, each in found}
    for conflict in state.conflicts.of_notice(notice.id):
        if key_of(conflict.ours, conflict.theirs) not in still:
            _take_back(state, door, link, conflict, why)
    for _, _, conflict in found[:MAX_PER_NOTICE]:
        if why is not Cleared.AMENDED or not _says_the_same(state, conflict):
            _claim(state, door, link, conflict)
    if len(found) > MAX_PER_NOTICE:
        door.alert("more_conflicts", link.id, notice.id, more=len(found) - MAX_PER_NOTICE)
    return len(near)


def _says_the_same(state: State, conflict: Conflict) -> bool:
    """Return whether our standing claim of this pair is the one that would be made now."""
    stands = state.conflicts.by_key.get(key_of(conflict.ours, conflict.theirs))
    claims = (conflict.claimed_by_us, stands.claimed_by_us if stands is not None else None)
    found = [claim.found for claim in claims if claim is not None]
    return len(found) == 2 and found[0] == found[1]


def _claim(state: State, door: Door, link: Link, conflict: Conflict) -> None:
    claim = conflict.claimed_by_us
    assert claim is not None, conflict
    re = (state.notice(conflict.ours).entry, state.notice(conflict.theirs).entry)
    entry = door.say(link, "conflict.found", claim.found, re=re)
    before = state.conflicts.by_key.get(key_of(conflict.ours, conflict.theirs))
    after = replace(conflict, claimed_by_us=replace(claim, entry=entry.id))
    state.conflicts.put(after)
    if before is None:
        _alarm(door, link, after)


def _take_back(state: State, door: Door, link: Link, conflict: Conflict, why: Cleared) -> None:
    """Clear our own claim. The conflict stands for as long as the counterpart claims it."""
    if conflict.claimed_by_us is None:
        return
    body = ConflictCleared(why=why)
    door.say(link, "conflict.cleared", body, re=(conflict.claimed_by_us.entry,))
    state.conflicts.put(replace(conflict, claimed_by_us=None))
    if conflict.claimed_by_them is None:
        door.tell("conflict_cleared", link.id, conflict.ours, theirs=conflict.theirs)


def _alarm(door: Door, link: Link, conflict: Conflict) -> None:
    found = conflict.claim.found
    door.alert(
        "conflict",
        link.id,
        conflict.ours,
        theirs=conflict.theirs,
        closest=show_length(found.closest.horizontal_cm),
        certainty=found.sure.value,
        starts=str(found.window.start),
        ends=str(found.window.end),
    )


def _replace(
    state: State,
    door: Door,
    link: Link,
    notice: Notice,
    entry: str,
    index: int,
    body: NoticeRevised,
) -> None:
    after = revised(notice, entry, index, body, door.now)
    state.notices.put(after)
    find(state, door, link, after)


def _end(state: State, door: Door, link: Link, notice: Notice) -> None:
    _clear_claims(state, door, link, notice, Cleared.WITHDRAWN)
    state.conflicts.drop(notice.id)
    state.notices.put(notice)


def _clear_claims(state: State, door: Door, link: Link, notice: Notice, why: Cleared) -> None:
    for conflict in state.conflicts.of_notice(notice.id):
        _take_back(state, door, link, conflict, why)


def _admissible(
    state: State, door: Door, link: Link, volumes: tuple[Volume, ...], place: Place | None
) -> Refusal | None:
    """Return why a notice of the counterpart's is refused: rate, shape, or anchor."""
    if not link.admits_notice(door.now):
        limit = link.terms.limits.notices_per_hour
        return Refusal(reason=Reason.RATE, detail=f"More than {limit} notices in this hour.")
    fault = check_volumes(volumes, link.terms, door.now)
    if fault is not None or place is None:
        return fault
    slack_cm = rounding_slack_cm(place, link.terms)
    mismatch = check_place(place, link.terms, slack_cm=slack_cm)
    if mismatch is None:
        return None
    door.alert("anchor_mismatch", link.id, None, phrase=mismatch)
    return Refusal(reason=Reason.ANCHOR_MISMATCH, detail=mismatch[:200])


def is_late(volumes: tuple[Volume, ...], activity: str, terms: Terms, now: Instant) -> bool:
    """Return whether a notice is given later than its activity's lead time."""
    known = terms.activity(activity)
    return known is not None and lead_ms(volumes, now) < known.lead_ms


def _noted(notice: Notice, disposition: Disposition, revision: int, door: Door) -> Notice:
    one = Noted(disposition=disposition, at=door.now, revision=revision)
    return replace(notice, noted=(*notice.noted, one)[-MAX_NOTED:])


def _ours(state: State, notice: str) -> Notice:
    found = state.notice(notice)
    if not found.mine:
        raise Mistake("not_our_notice", "This notice is the counterpart's: only they change it.")
    if found.state is not NoticeState.ACTIVE:
        raise Mistake("notice_ended", f"This notice is {found.state.value}.")
    return found


def _theirs(state: State, link: Link, entry: Entry) -> Notice | Refusal:
    found = state.notices.by_id.get(entry.re[0]) if entry.re else None
    if found is None or found.link != link.id:
        return Refusal(reason=Reason.UNKNOWN_REFERENCE, detail="There is no such notice.")
    if found.mine:
        return Refusal(reason=Reason.NOT_YOURS, detail="Only its own side changes a notice.")
    if found.state is not NoticeState.ACTIVE:
        return Refusal(reason=Reason.STALE, detail=f"That notice is {found.state.value}.")
    return found


def _carrying(state: State, name: str) -> Link:
    link = state.link(name)
    if not link.agreement.in_force:
        raise Mistake("no_terms", f"No terms are in force on link {name}: both sides agree first.")
    return link


def _kept(state: State, link: Link, ours: str, theirs: str) -> Conflict:
    known = state.conflicts.by_key.get(key_of(ours, theirs))
    return known or Conflict(link=link.id, ours=ours, theirs=theirs)
