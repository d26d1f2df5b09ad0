"""Notice views: what a shell may show of the notices of a node, as plain structs.

Like every view it is made anew from the core's state; none is stored.
"""

from __future__ import annotations

from msgspec import Struct

from clearline.basis.instants import Instant
from clearline.core.notices import Notice, NoticeState, lead_ms
from clearline.node.runtime import Runtime
from clearline.node.shown import where
from clearline.node.views import HANDLE_CHARS
from clearline.space import Volume

__all__ = ["NoticeView", "notices"]


class NoticeView(Struct, frozen=True, kw_only=True):
    """One notice."""

    handle: str
    id: str
    link: str
    whose: str
    mine: bool
    state: str
    revision: int
    activity: str
    late: bool
    lead_ms: int
    """How long before its first window the standing entry was said, or arrived here."""
    agreed_ms: int | None
    """The lead that the terms agree for its activity; None if they do not list it."""
    opens: Instant
    closes: Instant
    where: tuple[str, ...]
    stored: bool
    """Whether the counterpart's node has signed that it stores it; true of theirs."""
    noted: tuple[str, ...]
    """What the other side said it did, each with its time."""
    lies_unrelayed: bool
    """Whether it was read and not relayed to units in time, and still is not."""
    conflicts: int
    label: str
    declared_at: Instant
    volumes: tuple[Volume, ...]


def notices(runtime: Runtime, *, ended: bool) -> list[NoticeView]:
    """Return the active notices, soonest first; with `ended`, those of the last day too."""
    state = runtime.state
    shown = [
        notice
        for notice in state.notices.by_id.values()
        if ended or notice.state is NoticeState.ACTIVE
    ]
    shown.sort(key=lambda notice: (notice.opens, notice.id))
    return [_notice(runtime, notice) for notice in shown]


def _notice(runtime: Runtime, notice: Notice) -> NoticeView:
    link = runtime.state.link(notice.link)
    agreed = link.terms.activity(notice.activity)
    return NoticeView(
        handle=notice.id[-HANDLE_CHARS:],
        id=notice.id,
        link=notice.link,
        whose=link.us if notice.mine else link.them,
        mine=notice.mine,
        state=notice.state.value,
        revision=notice.revision,
        activity=notice.activity,
        late=notice.late,
        lead_ms=lead_ms(notice.volumes, notice.stated_at),
        agreed_ms=agreed.lead_ms if agreed else None,
        opens=notice.opens,
        closes=notice.closes,
        where=tuple(where(volume) for volume in notice.volumes),
        stored=not notice.mine or notice.index < link.receipt_size,
        noted=tuple(f"{each.disposition.value} {each.at}" for each in notice.noted),
        lies_unrelayed=notice.lies_unrelayed,
        conflicts=len(runtime.state.conflicts.of_notice(notice.id)),
        label=notice.label,
        declared_at=notice.declared_at,
        volumes=notice.volumes,
    )
