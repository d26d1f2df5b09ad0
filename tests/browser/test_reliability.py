"""What a month of test calls proves, on the screen: read, turned to another month, taken away."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.browser.desk import Desk
from tests.line.consoles import Line, aside


def test_a_month_of_tests_is_read_on_both_sides_and_an_empty_one_says_so(
    line: Line, north: Desk, south: Desk, tmp_path: Path
) -> None:
    south.press("w")
    south.at("send-test").click()
    expect(south.at("test-sent")).to_be_visible()
    north.press("w")
    north.at("answer-test").click()
    expect(north.at("answer-test")).to_have_count(0)
    expect(south.at("test-sent")).to_have_count(0)
    for desk, side in ((south, "ours"), (north, "theirs")):
        desk.at("reliability-open").click()
        row = desk.at(f"reliability-{side}").locator("tbody tr").first
        expect(row).to_contain_text("all tests")
        expect(row).to_contain_text("It may fail more often than it works.")
    expect(south.at("reliability-ours")).to_contain_text("path")
    expect(north.at("reliability-theirs")).to_contain_text("desk")
    with north.page.expect_download() as taken:
        north.at("reliability-pdf").click()
    sheet = tmp_path / "sheet.pdf"
    taken.value.save_as(sheet)
    assert sheet.read_bytes().startswith(b"%PDF-")
    north.at("reliability-month").fill("2020-01")
    expect(north.at("reliability-none")).to_contain_text("No tests this month.")
    expect(north.at("reliability-theirs")).to_have_count(0)
    north.closed()


def test_a_supervisor_says_when_those_above_the_first_rung_may_be_tested(
    line: Line, north: Desk
) -> None:
    north.press("w")
    expect(north.at("test-hours")).to_contain_text("never")
    north.at("test-from").fill("07:00")
    north.at("test-until").fill("19:30")
    north.at("test-set").click()
    expect(north.at("test-hours")).to_contain_text("07:00–19:30")
    assert aside(lambda: line.north.ask("test_hours")) == {"start_min": 420, "end_min": 1170}
    north.page.get_by_role("button", name="never").click()
    expect(north.at("test-hours")).to_contain_text("never")
    north.closed()
