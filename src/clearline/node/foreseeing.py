"""Foreseeing: what the node's owner may ask of a notice that is not declared, or not yet revised.

The same preview as the console has, over the local socket: in steps, so that calls come first.
"""

from __future__ import annotations

from typing import Any

import msgspec

from clearline.basis.faults import Mistake
from clearline.basis.instants import Instant, dec_hook
from clearline.basis.steps import Steps
from clearline.core.declaring import revisable
from clearline.core.previewing import Preview, previewing
from clearline.core.state import State
from clearline.space import Volume

__all__ = ["foreseeing"]


def foreseeing(
    state: State,
    now: Instant,
    *,
    link: str = "",
    activity: str = "",
    volumes: list[Any] | None = None,
    notice: str = "",
) -> Steps[Preview]:
    """Return what would become of volumes on a link, or of a notice of ours as it stands.

    With both, of the notice revised to the volumes. Mistake `bad_arguments` if these are none.
    """
    try:
        read = msgspec.convert(volumes or (), tuple[Volume, ...], dec_hook=dec_hook)
    except (msgspec.ValidationError, ValueError) as error:
        raise Mistake("bad_arguments", f"preview: {error}") from error
    if not notice and not read:
        raise Mistake("bad_arguments", "preview: it takes volumes, or a notice of ours.")
    if not notice:
        return (yield from previewing(state, state.link(link), read, activity, None, now))
    found, its_link = revisable(state, notice)
    # What stands was rounded when it left. It would be once more, and so meet what it does not.
    if not read and not state.conflicts.of_notice(notice):
        raise Mistake("no_conflict", "It is in no conflict: there is nothing to clear.")
    return (
        yield from previewing(
            state, its_link, read or found.volumes, "", found.place, now, revises=notice
        )
    )
