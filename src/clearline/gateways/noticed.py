"""Noticed: the notices that a node shows, as areas to be written; and nothing that it does not.

An export carries what the screens of whoever asks already show: the active notices of both
sides, as they were released. Our own labels never left the node, so they are in an export only
if that is asked for, and the file then says whose eyes it is for.
"""

from __future__ import annotations

from collections.abc import Iterable

from clearline.basis.faults import Mistake
from clearline.gateways.writing import Area
from clearline.node.notice_views import NoticeView

__all__ = ["SIDES", "areas_of"]

SIDES = ("both", "ours", "theirs")


def areas_of(
    notices: Iterable[NoticeView],
    *,
    side: str = "both",
    link: str | None = None,
    labels: bool = False,
    exercise: bool = False,
) -> tuple[Area, ...]:
    """Return the areas of those notices that are asked for. Raises Mistake if there are none."""
    if side not in SIDES:
        raise Mistake("bad_request", f"{side!r} is no side; there are {', '.join(SIDES)}")
    found = tuple(
        Area(
            id=each.id,
            party=each.whose,
            mine=each.mine,
            link=each.link,
            activity=each.activity,
            revision=each.revision,
            volumes=each.volumes,
            declared_at=each.declared_at,
            label=each.label if labels and each.mine else "",
            drill=exercise,
        )
        for each in notices
        if (side == "both" or each.mine is (side == "ours")) and link in (None, each.link)
    )
    if not found:
        raise Mistake("nothing_to_export", "No active notice is to be exported.")
    return found
