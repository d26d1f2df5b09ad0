"""Rule 7: either side's conflict counts, and the wider claim holds.

The separation of two circles is worked out here from the geodesic between their centres, not
by the rule's own code; other shapes are measured by `space`. Inside the tolerance either
answer is right. Outside it both sides must hold the same.
"""

from __future__ import annotations

from collections.abc import Iterator

from clearline.core.notices import Notice, NoticeState
from clearline.sim.checkers.view import View
from clearline.sim.checkers.violation import Violation
from clearline.sim.scene import LINK, NORTH, SOUTH
from clearline.space import (
    TOLERANCE_CM,
    TOLERANCE_PPM,
    Circle,
    Minima,
    Outline,
    Volume,
    horizontal_cm,
)
from clearline.space.plane import geodesic_inv

__all__ = ["either_claim_counts"]


def either_claim_counts(view: View) -> Iterator[Violation]:
    """Check rule 7, on what both sides hold once everything has arrived."""
    world, end = view.night.world, view.night.ended_at
    north, south = world.north.runtime, world.south.runtime
    if north is None or south is None or not view.night.at_rest:
        return
    held = {
        (each.ours, each.theirs): (
            each.claimed_by_us is not None,
            each.claimed_by_them is not None,
        )
        for each in north.state.conflicts.by_key.values()
    }
    mirrored = {
        (each.theirs, each.ours): (
            each.claimed_by_them is not None,
            each.claimed_by_us is not None,
        )
        for each in south.state.conflicts.by_key.values()
    }
    for pair in sorted(held.keys() | mirrored.keys()):
        if held.get(pair) != mirrored.get(pair):
            what = f"{NORTH} holds {held.get(pair)} of {pair}, {SOUTH} holds {mirrored.get(pair)}"
            yield view.violation(7, end, what)
    ours = {key: each for key, each in north.state.notices.by_id.items() if _stands(each)}
    theirs = {key: each for key, each in south.state.notices.by_id.items() if _stands(each)}
    if ours.keys() != theirs.keys():
        yield view.violation(7, end, f"other notices stand: {sorted(ours.keys() ^ theirs.keys())}")
        return
    minima = north.state.links[LINK].terms.minima
    for mine in (each for each in ours.values() if each.mine):
        for other in (each for each in ours.values() if not each.mine):
            meets = _meet(mine, other, minima)
            claimed = any(held.get((mine.id, other.id), (False, False)))
            if meets is not None and meets != claimed:
                what = f"{mine.id} and {other.id} {'meet' if meets else 'do not meet'}, "
                yield view.violation(7, end, what + ("unclaimed" if meets else "yet claimed"))


def _stands(notice: Notice) -> bool:
    return notice.state is NoticeState.ACTIVE


def _meet(mine: Notice, theirs: Notice, minima: Minima) -> bool | None:
    """Return whether two notices infringe the minima; None within the tolerance."""
    answers = [_near(a, b, minima) for a in mine.volumes for b in theirs.volumes]
    if True in answers:
        return True
    return None if None in answers else False


def _near(a: Volume, b: Volume, minima: Minima) -> bool | None:
    later, sooner = max(a.window.start, b.window.start), min(a.window.end, b.window.end)
    gap_ms = max(0, int(later) - int(sooner))
    low = max(a.band.lower.value_cm, b.band.lower.value_cm)
    high = min(a.band.upper.value_cm, b.band.upper.value_cm)
    if _clear(gap_ms, minima.time_ms) or _clear(max(0, low - high), minima.vertical_cm):
        return False
    apart_cm, between_cm = _apart(a.outline, b.outline)
    tolerance_cm = max(TOLERANCE_CM, between_cm * TOLERANCE_PPM // 1_000_000)
    if abs(apart_cm - minima.horizontal_cm) <= tolerance_cm:
        return None
    return not _clear(max(0, apart_cm), minima.horizontal_cm)


def _clear(gap: int, least: int) -> bool:
    """Return whether a separation is enough: more than nothing, and not under the minimum."""
    return gap > 0 and gap >= least


def _apart(a: Outline, b: Outline) -> tuple[int, int]:
    """Return the separation and the distance that its tolerance is a part of, in cm."""
    if isinstance(a, Circle) and isinstance(b, Circle):
        metres, _ = geodesic_inv(
            a.centre.lat_deg, a.centre.lon_deg, b.centre.lat_deg, b.centre.lon_deg
        )
        between_cm = int(metres * 100)
        return between_cm - a.radius_cm - b.radius_cm, between_cm
    apart_cm = horizontal_cm(a, b)
    return apart_cm, apart_cm + 10_000_000
