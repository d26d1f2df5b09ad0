"""Crossing: what both sides of a call say at once leaves them with one and the same call.

Every exchange is played out, up to a few entries of each side, with each entry on its way for
as long as it likes. A side writes whatever its own view of the call lets it write.
"""

from __future__ import annotations

from collections import Counter

from msgspec import Struct
from msgspec.structs import replace

from clearline.core import calls
from clearline.core.calls import Call
from clearline.core.stages import CALLED_SIDE_ONLY, CALLING_SIDE_ONLY, Stage
from tests.core.test_calls import CALL, KINDS, apply, call

SPOKEN = [kind for kind in KINDS if kind != "call.opened"]
MOST_SAID = {"calling": 2, "called": 5}
"""Enough for every stage to be come to in every way; three and six find nothing more."""


class Line(Struct, frozen=True, kw_only=True):
    """Both sides' view of one call, and what is on its way between them."""

    calling: Call
    called: Call
    to_called: tuple[str, ...] = ()
    to_calling: tuple[str, ...] = ()
    spent: tuple[int, int] = (0, 0)


def written(view: Call, kind: str) -> Call | None:
    """Return a side's view of the call after it has written `kind`; None if it would not."""
    if kind in (CALLING_SIDE_ONLY if not view.mine else CALLED_SIDE_ONLY):
        return None
    after = None if calls.crossing(view, kind) else apply(view, kind, mine=True)
    return after if isinstance(after, Call) else None


def nexts(line: Line):
    """Return every line that this one can become by one entry written, or one that arrives."""
    calling, called = line.spent
    for kind in SPOKEN:
        if calling < MOST_SAID["calling"] and (after := written(line.calling, kind)):
            spent, on = (calling + 1, called), (*line.to_called, kind)
            yield replace(line, calling=after, to_called=on, spent=spent)
        if called < MOST_SAID["called"] and (after := written(line.called, kind)):
            spent, on = (calling, called + 1), (*line.to_calling, kind)
            yield replace(line, called=after, to_calling=on, spent=spent)
    if line.to_called:
        yield arrived(line, "called", line.to_called[0])
    if line.to_calling:
        yield arrived(line, "calling", line.to_calling[0])


def arrived(line: Line, side: str, kind: str) -> Line:
    view: Call = getattr(line, side)
    after = apply(view, kind, mine=False)
    assert isinstance(after, Call), (side, calls.stage(view), kind, after, line)
    rest = {f"to_{side}": getattr(line, f"to_{side}")[1:]}
    return replace(line, **rest, **{side: after})


def facts(view: Call) -> tuple[object, ...]:
    """Return what both sides must agree on, and how much each side has said."""
    closed = (view.closed_by_us, view.closed_by_them)
    return (
        calls.stage(view),
        closed if view.mine else closed[::-1],
        view.acknowledgement,
        view.passed,
        view.told,
        view.stood_down_at,
        len(view.dispositions),
        Counter(each.mine == view.mine for each in view.said),
    )


def key(line: Line):
    both = (repr(facts(line.calling)), repr(facts(line.called)))
    return (both, line.to_called, line.to_calling, line.spent)


def test_whatever_crosses_is_taken_in_and_both_sides_come_to_hold_the_same():
    line = Line(calling=call(mine=True), called=call(mine=False))
    reached, waiting, met = {key(line)}, [line], Counter[Stage]()
    while waiting:
        line = waiting.pop()
        if not line.to_called and not line.to_calling:
            assert facts(line.calling) == facts(line.called)
            met[calls.stage(line.calling)] += 1
        for after in nexts(line):
            if key(after) not in reached:
                reached.add(key(after))
                waiting.append(after)
    assert set(met) == set(Stage), CALL
