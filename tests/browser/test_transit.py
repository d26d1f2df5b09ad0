"""A convoy at the console: typed, shown as areas with their times, sent, and cleared."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.desk import Desk
from tests.line.consoles import Line

ROUTE = {
    "points": "35.0N 040.0E\n35.2N 040.4E\n35.2N 040.9E", "width": "4 km", "speed": "30-40 km/h",
    "tolerance": "10 min", "lower": "FL000", "upper": "FL010", "start": "+3h", "label": "Supplies",
}  # fmt: skip
HOST = "document.querySelector('[data-test=map]').clearline"


def test_a_transit_is_declared_and_its_conflict_cleared_by_what_is_offered(
    line: Line, north: Desk, south: Desk
) -> None:
    south.declare(centre="35.2000N 040.6500E", radius="3 km", lower="FL000", start="+3h", end="+9h")
    north.press("n")
    north.at("field-activity").select_option("flight")
    north.at("shape-transit").check()
    for name, typed in ROUTE.items():
        north.at(f"field-{name}").fill(typed)
    expect(north.at("field-end")).to_have_count(0)
    expect(north.at("transit-closes")).to_contain_text(re.compile(r"\d areas: they close 1\.\d"))
    expect(north.at("stops").locator("li")).to_have_count(3)
    expect(north.at("outcome")).to_have_attribute("data-verdict", "conflict")
    expect(north.at("way-aside")).to_be_visible()
    timed = f"""() => {HOST}.map.getAllLayers().flatMap((layer) =>
      layer.getSource()?.getFeatures?.() ?? []).filter((each) =>
      /^\\d{{4}}Z/.test(each.getStyle?.()?.getText?.()?.getText() ?? '')).length >= 2"""
    north.page.wait_for_function(timed)
    north.picture("transit")
    north.hold("send")
    expect(north.at("notice-panel")).to_be_visible()

    north.closed()
    north.press("F2")
    expect(north.at("conflict-panel")).to_be_visible()
    north.at("what-would-clear").click()
    ways = north.at("ways")
    expect(ways.get_by_test_id("way-aside")).to_contain_text("km on")
    ways.get_by_test_id("way-aside").click()
    expect(north.at("declare-form")).to_be_visible()
    expect(north.at("outcome")).to_have_attribute("data-verdict", "no_conflict")
    expect(north.at("send")).to_be_enabled()
    north.hold("send")
    expect(north.at("notice-panel")).to_be_visible()
    expect(north.page.locator("[data-test=strip]")).not_to_contain_text("CONFLICT")
