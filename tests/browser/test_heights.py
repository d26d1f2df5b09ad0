"""Levels of different data: POSSIBLE wherever the conflict is shown, and by what worst case."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.desk import Desk
from tests.browser.test_map import NOW, becomes
from tests.line.consoles import Line


def test_a_conflict_that_hangs_on_the_weather_says_possible_wherever_it_is_shown(
    line: Line, north: Desk, south: Desk
) -> None:
    south.declare(**NOW, label="", lower="0 m AMSL", upper="1500 m AMSL")
    south.closed()
    north.declare(send=False, **NOW)
    expect(north.at("outcome")).to_contain_text("POSSIBLE")
    north.at("send").scroll_into_view_if_needed()
    north.hold("send")
    expect(north.at("notice-panel")).to_be_visible()
    north.closed()
    for desk in (north, south):
        expect(desk.at("strip")).to_contain_text("POSSIBLE")
        expect(desk.at("conflict").get_by_test_id("certainty")).to_have_text("POSSIBLE")
    marks = "marks.source.getFeatures().map((each) => each.get('mark').name).join()"
    becomes(north, f"return {marks}.includes('POSSIBLE')")
    north.press("F2")
    panel = north.at("conflict-panel")
    expect(panel.get_by_test_id("certainty")).to_have_text("POSSIBLE")
    expect(panel).to_contain_text("worst case")
    expect(panel).to_contain_text("≥ 0 m")
    panel.get_by_role("button", name="Incident page").click()
    expect(north.at("incident-facts").get_by_test_id("certainty")).to_have_text("POSSIBLE")
    expect(north.at("incident-entries")).to_contain_text("POSSIBLE")
    north.press("Escape")
    north.press("k")
    expect(north.at("heights")).to_contain_text("870–1085 hPa")
    expect(north.at("heights")).to_contain_text("not stated")
