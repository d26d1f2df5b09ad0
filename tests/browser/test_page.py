"""The page itself: every size, theme, script and direction; slow and broken lines; its policy."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from tests.browser.desk import Cable, Desk, open_desk
from tests.line.consoles import Line, aside

SIZES = [(1366, 768), (1600, 900), (1920, 1080), (2560, 1440), (3840, 2160)]
LANGUAGES = {
    "en": "Hold 1 s to SEND", "ru": "[а-я]", "uk": "[а-яі]", "ar": "[\u0600-\u06ff]",
    "tr": "[a-zçğıöşü]", "he": "[\u0590-\u05ff]", "fr": "[a-zéè]", "zh": "[\u4e00-\u9fff]",
}  # fmt: skip


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_everything_that_is_fixed_is_in_sight_at_each_size(
    line: Line, at_desk: Callable[..., Desk], width: int, height: int
) -> None:
    desk = at_desk(line.north, viewport={"width": width, "height": height})
    for test in ("clock", "link", "sound", "strip", "map", "live", "call-flash", "declare"):
        found = desk.at(test).first.bounding_box()
        assert found is not None, test
        assert found["x"] >= 0, test
        assert found["x"] + found["width"] <= width, test
        assert found["y"] + found["height"] <= height, test
    scrolls = desk.page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    )
    assert scrolls == [width, height]


def faults_of(desk: Desk) -> list[str]:
    found = Axe().run(desk.page).response["violations"]
    return [
        f"{each['id']}: {each['help']}: {node['html'][:160]}"
        for each in found
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]


@pytest.mark.parametrize("theme", ["dark", pytest.param("dim", marks=pytest.mark.long), "light"])
def test_axe_finds_no_serious_fault(
    line: Line, north: Desk, south: Desk, browser: Browser, theme: str
) -> None:
    # axe is handed to the page by the driver; the page's own policy would refuse it.
    desk = open_desk(browser, line.north, bypass_csp=True)
    desk.page.goto(f"{line.north.address}/demo")
    expect(desk.at("map")).to_be_visible()
    desk.page.locator("header select").first.select_option(theme)
    south.declare(label="")
    expect(desk.at("tab-theirs")).to_contain_text("(1)")
    found = {"rest": faults_of(desk)}
    desk.press("n")
    expect(desk.at("declare-form")).to_be_visible()
    found["declare"] = faults_of(desk)
    desk.closed()  # Its first field has the focus: what is pressed there is typed.
    desk.press("w")
    expect(desk.at("watch-panel")).to_be_visible()
    found["watch"] = faults_of(desk)
    desk.at("log").click()
    expect(desk.at("log-count")).to_be_visible()
    found["log"] = faults_of(desk)
    south.closed()
    south.dial()
    expect(desk.at("incoming")).to_be_visible()
    found["incoming"] = faults_of(desk)
    desk.page.context.close()
    assert not any(found.values()), found


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_is_switched_to_in_place(line: Line, north: Desk, language: str) -> None:
    north.declare(send=False, label="Dawn")
    north.at("language").select_option(language)
    expect(north.page.locator("html")).to_have_attribute("lang", language)
    expect(north.at("declare-form")).to_contain_text(re.compile(LANGUAGES[language], re.IGNORECASE))
    expect(north.at("field-label")).to_have_value("Dawn")  # What is typed stays as it is.
    assert re.fullmatch(r"\d\d [A-Z]{3} \d{4}:\d\dZ", north.at("clock").inner_text().strip())


@pytest.mark.parametrize("language", ["ar", "he"])
def test_right_to_left_mirrors_panels_and_never_the_map_the_time_bar_or_digits(
    line: Line, north: Desk, language: str
) -> None:
    def left(test: str) -> float:
        found = north.at(test).first.bounding_box()
        assert found is not None
        return found["x"]

    before = {test: left(test) for test in ("strip", "tab-mine", "live", "clock")}
    north.at("language").select_option(language)
    expect(north.page.locator("html")).to_have_attribute("dir", "rtl")
    assert left("tab-mine") < before["tab-mine"], "the lists are on the other side"
    direction = "node => getComputedStyle(node).direction"
    for test in ("map", "time-slider", "clock", "time-shown"):
        assert north.at(test).evaluate(direction) == "ltr", test


def test_the_whole_watch_is_kept_by_keyboard_alone(line: Line, north: Desk, south: Desk) -> None:
    page = south.page
    south.press("F9")
    expect(south.at("submit")).to_be_focused()
    south.press("Enter")
    expect(north.at("acknowledge")).to_be_focused()
    north.press("Enter")
    expect(north.at("call-panel")).to_have_attribute("data-state", "acknowledged")
    received = north.at("dispose-received")
    for _ in range(80):
        north.press("Tab")
        if received.evaluate("node => node === document.activeElement"):
            break
    expect(received).to_be_focused()
    north.press("Enter")
    expect(south.at("dispositions")).to_contain_text("✓")
    south.press("Escape", "n")
    expect(south.at("declare-form")).to_be_visible()
    south.at("field-activity").focus()
    page.keyboard.type("flight")
    south.at("field-centre").focus()
    for text in ("35.9000N 040.9000E", "5 km"):
        page.keyboard.type(text)
        south.press("Tab")
    for field, text in (("lower", "SFC"), ("upper", "FL050"), ("start", "+4h"), ("end", "+5h")):
        south.at(f"field-{field}").focus()
        page.keyboard.type(text)
    expect(south.at("send")).to_be_enabled()
    south.at("send").focus()
    page.keyboard.down("Enter")
    expect(south.at("notice-panel")).to_be_visible()
    page.keyboard.up("Enter")


def test_the_map_is_walked_by_keyboard(line: Line, north: Desk) -> None:
    north.at("map").focus()
    north.press("ArrowUp")
    before = north.at("pointer").inner_text()
    north.press("ArrowRight", "+")
    assert north.at("pointer").inner_text() != before
    assert re.search(r"\d+\.\d{5}[NS] \d+\.\d{5}[EW]", before)
    assert re.search(r"\d+°\d\d'\d\d\.\d\"[NS]", before)
    assert "MGRS" in before


def test_every_key_works_after_the_time_bar_was_moved(line: Line, north: Desk) -> None:
    north.at("time-slider").focus()
    north.press("ArrowRight", "F8", "n")
    expect(north.at("declare-form")).to_be_visible()
    north.at("field-label").focus()
    north.press("w")  # While something is typed, a letter is a letter.
    expect(north.at("field-label")).to_have_value("w")


def test_a_distance_and_a_bearing_are_measured_on_the_ellipsoid(line: Line, north: Desk) -> None:
    place = north.at("map").bounding_box()
    assert place is not None
    north.page.get_by_role("button", name="Measure").click()
    x, y = place["x"] + place["width"] / 2, place["y"] + place["height"] / 2
    north.page.mouse.click(x, y)
    north.page.mouse.move(x + 100, y)
    expect(north.at("measure")).to_have_text(
        re.compile(r"[\d.]+ km · [\d.]+ NM · 0?9\d°T|[\d.]+ km · [\d.]+ NM · 08\d°T")
    )


def test_a_node_that_is_killed_is_missed_at_once_and_found_again(line: Line, north: Desk) -> None:
    aside(line.north.station.kill)
    try:
        expect(north.page.locator(".unsafe")).to_contain_text("THE NODE IS NOT HEARD")
        expect(north.at("link")).to_have_attribute("data-state", "unknown")
    finally:
        aside(line.north.station.serve)
    expect(north.page.locator(".page[data-state=live]")).to_be_visible(timeout=30_000)
    expect(north.page.locator(".unsafe")).to_be_hidden()


def test_a_slow_line_loses_nothing(line: Line, south: Desk, at_desk: Callable[..., Desk]) -> None:
    desk = at_desk(line.north)
    session = desk.page.context.new_cdp_session(desk.page)
    slow = {
        "offline": False,
        "latency": 900,
        "downloadThroughput": 6_000,
        "uploadThroughput": 6_000,
    }
    session.send("Network.emulateNetworkConditions", slow)
    south.dial()
    expect(desk.at("incoming")).to_be_visible(timeout=20_000)
    desk.press("Enter")
    expect(desk.at("call-panel")).to_have_attribute("data-state", "acknowledged", timeout=20_000)


def test_a_connection_that_was_cut_goes_on_where_it_was(
    line: Line, south: Desk, browser: Browser
) -> None:
    cable = Cable(int(line.north.address.rpartition(":")[2]))
    desk = open_desk(browser, line.north).open(f"http://localhost:{cable.port}")
    cable.cut()
    expect(desk.page.locator(".unsafe")).to_be_visible()
    south.declare(label="")
    cable.mend()
    expect(desk.at("tab-theirs")).to_contain_text("(1)", timeout=20_000)
    expect(desk.page.locator(".page[data-state=live]")).to_be_visible()
    desk.page.context.close()
    cable.end()


def test_the_policy_lets_nothing_in_from_elsewhere(line: Line, north: Desk) -> None:
    hosts: set[str] = set()
    north.page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    answer = north.page.reload()
    assert answer is not None
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "require-trusted-types-for 'script'" in policy
    expect(north.at("map")).to_be_visible()
    north.press("l")
    expect(north.at("log-count")).to_be_visible()
    assert hosts == {line.north.address.removeprefix("http://")}
    blocked = north.page.evaluate(
        "() => { try { document.body.innerHTML = '<b>x</b>'; return false } catch { return true } }"
    )
    assert blocked
    north.errors.clear()  # The browser says that it was blocked: that was the test.


def test_a_session_that_is_over_asks_to_sign_in_again(line: Line, north: Desk) -> None:
    sessions: list[dict[str, Any]] = line.north.run("console", "sessions")
    for each in sessions:
        line.north.run("console", "sign-out", each["id"])
    expect(north.at("sign-in-page")).to_be_visible()
