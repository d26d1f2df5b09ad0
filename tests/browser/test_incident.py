"""An incident on one page, replayed and on paper, and the log that an auditor reads all day."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.desk import Desk
from tests.browser.test_map import NOW, becomes
from tests.line.consoles import Line

REVISIONS = "areas.source.getFeatures().map((each) => each.get('area').notice.revision).join()"


def test_an_incident_is_replayed_with_each_revision_as_it_stood(line: Line, north: Desk) -> None:
    north.declare(**NOW)
    expect(north.at("map")).to_have_attribute("data-shown", "1")
    north.at("revise").click()
    north.at("field-upper").fill("FL240")
    expect(north.at("send")).to_be_enabled()
    north.hold("send")
    expect(north.at("notice-panel")).to_contain_text("revision 2")
    north.hold("withdraw")
    expect(north.at("notice-panel")).to_contain_text("withdrawn")
    expect(north.at("map")).to_have_attribute("data-shown", "0")
    north.page.get_by_role("button", name="Incident page").click()
    expect(north.at("incident-entries")).to_contain_text("notice.withdrawn")
    north.page.get_by_label("Speed").select_option("1")
    north.at("replay").click()
    expect(north.at("map-replay")).to_be_visible()
    for revision in (1, 2):
        becomes(north, f"return {REVISIONS} === '{revision}'")
        expect(north.at("map-said")).to_contain_text("notice.declared")
    expect(north.at("map")).to_have_attribute("data-shown", "0")
    expect(north.at("map-said")).to_contain_text("notice.withdrawn")
    expect(north.page.locator(".page")).to_have_class(re.compile("shifted"))
    north.press("Escape")
    expect(north.page.locator(".page")).not_to_have_class(re.compile("shifted"))
    expect(north.at("map-replay")).to_be_hidden()


def test_a_call_is_replayed_with_its_place_and_what_was_said_by_then(
    line: Line, north: Desk, south: Desk
) -> None:
    south.declare(**NOW, label="")
    south.closed()
    south.dial()
    expect(north.at("incoming")).to_be_visible()
    north.press("Enter")
    north.at("read-back").click()
    north.at("slot-place").fill("35.2560N 040.1500E")
    north.at("slot-radius_cm").fill("600 m")
    north.at("submit").click()
    north.at("dispose-received").click()
    expect(south.at("dispositions")).to_contain_text("✓")
    for desk in (north, south):
        desk.at("close-call").click()
    expect(north.at("call-panel")).to_have_attribute("data-state", "closed")
    north.page.get_by_role("button", name="Incident page").click()
    expect(north.at("incident-facts")).to_contain_text("duty-desk")
    expect(north.at("incident-entries")).to_contain_text("STOP. Our people are at")
    expect(north.at("incident-entries")).to_contain_text("СТОП")
    north.press("l")  # What names one entry twice is listed, too.
    expect(north.at("log-entry").filter(has_text="call.readback")).to_have_count(1)
    north.at("log-entry").filter(has_text="call.readback").locator(".kind").click()
    north.at("log-incident").click()
    north.page.get_by_label("Speed").select_option("1")
    north.at("replay").click()
    becomes(north, "return marks.source.getFeatures().some((m) => m.get('mark').what === 'call')")
    expect(north.at("map-said")).to_contain_text("STOP")
    expect(north.at("map")).to_have_attribute("data-shown", "1")
    north.press("F8")
    becomes(north, "return !marks.source.getFeatures().some((m) => m.get('mark').what === 'call')")


# Paper.

PAGE_RULES = """() => [...document.styleSheets, ...document.adoptedStyleSheets]
  .flatMap((sheet) => [...sheet.cssRules])
  .filter((rule) => rule instanceof CSSPageRule).map((rule) => rule.cssText).join(' ')"""
ON_PAPER = """() => {
  const of = (node) => getComputedStyle(node);
  const page = document.querySelector('[data-test=incident]');
  const text = [...page.querySelectorAll('*')].filter((node) => node.textContent.trim());
  return {
    ground: of(document.documentElement).backgroundColor,
    inks: [...new Set(text.map((node) => of(node).color))],
    rows: [...page.querySelectorAll('tr')].every((row) => of(row).breakInside === 'avoid'),
    bar: of(page.querySelector('.bar')).display,
    head: of(page.querySelector('thead')).display,
    else: ['.map', '.page > header', '.page > .time'].every((each) => {
      const node = document.querySelector(each);
      return !node || of(node).display === 'none';
    }),
  };
}"""


@pytest.mark.parametrize("theme", ["dark", "dim", "light"])
def test_an_incident_is_printed_black_on_white_on_numbered_sheets(
    line: Line, north: Desk, south: Desk, theme: str
) -> None:
    north.page.locator("header select").first.select_option(theme)
    north.declare(**NOW)
    north.page.get_by_role("button", name="Incident page").click()
    expect(north.at("incident-entries")).to_contain_text("notice.declared")
    expect(north.at("incident-proof")).to_contain_text("1 of them signed for")
    north.page.emulate_media(media="print")
    paper = north.page.evaluate(ON_PAPER)
    assert paper["ground"] == "rgb(255, 255, 255)"
    assert set(paper["inks"]) <= {"rgb(0, 0, 0)", "rgb(51, 51, 51)"}
    assert paper["rows"], "no row is cut"
    assert (paper["bar"], paper["head"]) == ("none", "table-header-group")
    assert paper["else"], "nothing but the incident is printed"
    rules = north.page.evaluate(PAGE_RULES)
    assert "counter(page)" in rules
    assert "counter(pages)" in rules
    assert "North HQ × South HQ" in rules, "each sheet says what it is of"
    raw = north.page.pdf(prefer_css_page_size=True)
    assert re.search(rb"/MediaBox \[0 0 59[45]\.?\d* 84[12]\.?\d*\]", raw), "A4"
    north.page.emulate_media(media="screen")


# The log.


def test_the_log_is_searched_by_time_side_and_word_and_says_what_it_found(
    line: Line, north: Desk, south: Desk
) -> None:
    south.declare(label="")
    south.closed()
    expect(north.at("tab-theirs")).to_contain_text("(1)")
    north.press("l")
    entries = north.at("log-entry")
    expect(entries.first).to_be_visible()
    expect(north.at("log-end")).to_be_visible()
    north.at("log-kind").select_option("notice.")
    north.at("log-party").select_option("south")
    expect(entries.first).to_contain_text("notice.declared")
    expect(entries.first).to_contain_text("stored here")
    expect(entries.first).to_contain_text("FL100–FL180")
    north.at("log-search").fill("no such words")
    expect(north.at("log-empty")).to_have_text("No entry of the record fits.")
    north.at("log-clear").click()
    expect(entries.first).to_be_visible()
    north.at("log-since").fill("half past")
    expect(north.at("log-time")).to_contain_text("Not a time")
    north.at("log-since").fill("2020-01-01")
    north.at("log-until").fill("02 JAN 2020 1430Z")
    expect(north.at("log-time")).to_be_hidden()
    expect(north.at("log-empty")).to_be_visible()
    north.at("log-clear").click()
    expect(entries.first).to_be_visible()
    expect(north.at("log-clear")).to_be_hidden()


def test_the_log_stands_still_and_says_that_there_is_more(
    line: Line, north: Desk, south: Desk
) -> None:
    north.press("l")
    expect(north.at("log-end")).to_be_visible()
    first = north.at("log-entry").first.inner_text()
    south.declare(label="")
    expect(north.at("log-newer")).to_contain_text("1 newer")
    assert north.at("log-entry").first.inner_text() == first
    north.at("log-newer").click()
    expect(north.at("log-entry").first).to_contain_text("notice.declared")
    expect(north.at("log-newer")).to_be_hidden()


def test_the_log_is_read_by_keyboard_from_search_to_incident(
    line: Line, north: Desk, south: Desk
) -> None:
    south.declare(label="")
    expect(north.at("tab-theirs")).to_contain_text("(1)")
    north.press("l")
    expect(north.at("log-end")).to_be_visible()
    north.press("/")
    expect(north.at("log-search")).to_be_focused()
    north.page.keyboard.type("notice.declared south")
    expect(north.at("log-entry").first).to_contain_text("notice.declared")
    expect(north.at("log-count")).to_have_attribute("aria-busy", "false")
    first = north.at("log-entry").first.locator(".kind")
    first.focus()
    north.press("ArrowDown", "ArrowUp")
    expect(first).to_be_focused()
    north.press("Enter")
    body = north.page.locator("pre")
    expect(body).to_contain_text('"activity"')
    assert body.evaluate("node => getComputedStyle(node).direction") == "ltr"
    north.at("log-incident").focus()
    north.press("Enter")
    expect(north.at("incident-entries")).to_contain_text("notice.declared")


def test_the_last_question_counts_however_slowly_the_one_before_is_answered(
    line: Line, north: Desk
) -> None:
    north.press("l")
    expect(north.at("log-end")).to_be_visible()
    held: list[Any] = []

    def hold(route: Any) -> None:
        held.append(route)

    north.page.route(re.compile(r"/log\?.*kind=call\."), hold)
    with north.page.expect_request(re.compile("kind=call")):
        north.at("log-kind").select_option("call.")
    north.at("log-kind").select_option("watch.")
    expect(north.at("log-entry").first).to_contain_text("watch.status")
    for route in held:
        route.abort()
    north.page.unroute(re.compile(r"/log\?.*kind=call\."))
    expect(north.at("log-count")).to_have_attribute("aria-busy", "false")
    expect(north.at("log-entry").first).to_contain_text("watch.status")
