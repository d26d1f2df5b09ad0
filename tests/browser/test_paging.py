"""Who was reached by what: shown in the call as it becomes known."""

from __future__ import annotations

from playwright.sync_api import expect

from clearline.basis.instants import DAY_MS, HOUR_MS
from clearline.core.events import PlanDesk, PlanOfficers
from clearline.core.watchbill import Method, Officer, Shift
from clearline.node.clock import SystemClock
from tests.browser.desk import Desk
from tests.line.consoles import Line


def test_a_call_shows_who_was_not_reached_by_what_and_why(
    line: Line, north: Desk, south: Desk
) -> None:
    now = SystemClock().now()
    start, end = now.after(-HOUR_MS), now.after(DAY_MS)
    fax = (Method(channel="fax", address="1"),)
    officer = Officer(name="Capt. Y", languages=("en",), methods=fax)
    line.north.do(PlanOfficers(by="x", officers=(officer,)))
    line.north.do(
        PlanDesk(
            by="x", echelon="duty-desk", start=start, end=end, methods=fax[:0],
            shifts=(Shift(start=start, end=end, officer="Capt. Y"),),
        )
    )  # fmt: skip
    south.dial()
    expect(north.at("incoming")).to_be_visible()
    north.press("Enter")
    pages = north.at("pages")
    expect(pages).to_contain_text("duty-desk · Capt. Y · fax · NOT REACHED: does not work")
    expect(pages.locator("li")).to_have_count(1)
    expect(south.at("pages")).to_have_count(0)
