"""The fourteen rules of the watch floor, each held by a test that bears its name."""

from __future__ import annotations

import re
import time

from playwright.sync_api import expect

from tests.browser.desk import Desk
from tests.line.consoles import Line, aside

FIXED = ("strip", "clock", "link", "call-flash", "live")


def box(desk: Desk, test: str) -> tuple[float, ...]:
    found = desk.at(test).first.bounding_box()
    assert found is not None, test
    return (found["x"], found["y"], found["height"])


def test_rule_1_an_alarm_demands_an_act_and_all_else_is_a_line_in_the_log(
    line: Line, north: Desk, south: Desk
) -> None:
    expect(north.at("strip")).to_contain_text("No alarm.")
    south.declare()  # It conflicts with nothing: a line, and no alarm.
    expect(north.at("tab-theirs")).to_contain_text("(1)")
    expect(north.at("strip")).to_contain_text("No alarm.")
    north.press("l")
    north.page.get_by_role("tab", name="Lines told here").click()
    expect(north.at("log-panel")).to_contain_text("notice arrived")


def test_rule_2_each_precedence_has_colour_and_shape_and_word_and_sound(
    line: Line, north: Desk, south: Desk
) -> None:
    seen: dict[str, tuple[str, str, str]] = {}
    for key, word in (
        ("F9", "FLASH"),
        ("F10", "IMMEDIATE"),
        ("F11", "PRIORITY"),
        ("F12", "ROUTINE"),
    ):
        south.dial(key)
        south.closed()
        ring = north.at("incoming")
        expect(ring.locator(".word")).to_have_text(word)
        mark = ring.locator(".mark")
        colour = mark.evaluate("node => getComputedStyle(node).color")
        seen[word] = (colour, mark.inner_text(), word)
        north.at("acknowledge").click()
        expect(ring).to_be_hidden()
        north.closed()
    assert len({each[0] for each in seen.values()}) == 4, seen
    assert len({each[1] for each in seen.values()}) == 4, seen


def test_rule_3_silence_is_local_and_is_no_acknowledgement(
    line: Line, north: Desk, south: Desk
) -> None:
    south.dial()
    expect(north.at("incoming")).to_be_visible()
    north.at("silence").click()
    expect(north.at("silenced")).to_be_visible()
    expect(north.at("incoming")).to_be_visible()
    assert line.south.ask("calls")[0]["acknowledged"] is None
    expect(south.at("call-state")).to_have_text("ringing")
    north.at("acknowledge").click()
    expect(south.at("acknowledged")).to_contain_text("duty-desk")


def test_rule_4_what_flashes_is_never_the_text(line: Line, north: Desk, south: Desk) -> None:
    south.dial()
    flashing = north.page.locator(".flashes")
    expect(flashing.first).to_be_visible()
    for text in flashing.all_inner_texts():
        assert re.fullmatch(r"\W*", text), f"{text!r} flashes"
    duration = flashing.first.evaluate("node => getComputedStyle(node).animationDuration")
    assert duration == "0.5s", "about 2 Hz"


def test_rule_5_a_dead_link_says_last_known_and_since_when(line: Line, north: Desk) -> None:
    aside(line.south.station.kill)
    try:
        expect(north.at("link")).to_have_attribute("data-state", "down", timeout=20_000)
        expect(north.at("link")).to_contain_text(re.compile(r"LAST KNOWN \d{4}Z"))
        expect(north.at("strip")).to_contain_text("DOWN")
        expect(north.at("verdict")).to_have_text("NOT CHECKED")
        north.picture("down")
    finally:
        aside(line.south.station.serve)
    expect(north.at("link")).to_have_attribute("data-state", "up", timeout=20_000)


def test_rule_6_it_is_never_clear_when_it_is_not_known(line: Line, north: Desk) -> None:
    expect(north.at("verdict")).to_have_text("NO CONFLICT")
    aside(line.south.station.kill)
    try:
        expect(north.at("verdict")).to_have_text("NOT CHECKED", timeout=20_000)
        north.declare(send=False)
        expect(north.at("outcome")).to_have_attribute("data-verdict", "not_checked")
        expect(north.at("send")).to_be_disabled()
        north.at("field-reason").fill("The line is down; they were told by telephone.")
        expect(north.at("send")).to_be_enabled()
    finally:
        aside(line.south.station.serve)
    expect(north.at("link")).to_have_attribute("data-state", "up", timeout=20_000)


def test_rule_7_live_and_another_time_cannot_be_confused(line: Line, north: Desk) -> None:
    frame = north.page.locator(".page")
    quiet = frame.evaluate("node => getComputedStyle(node).borderTopColor")
    north.at("time-slider").focus()
    north.press("ArrowRight", "ArrowRight")
    expect(frame).to_have_class(re.compile("shifted"))
    assert frame.evaluate("node => getComputedStyle(node).borderTopColor") != quiet
    expect(north.page.locator(".past")).to_contain_text("NOT LIVE")
    north.press("F8")
    expect(frame).not_to_have_class(re.compile("shifted"))


def test_rule_8_own_and_theirs_differ_by_line_as_well_and_there_are_three_themes(
    line: Line, north: Desk, south: Desk
) -> None:
    north.declare()
    south.declare(label="", centre="36.4000N 041.0000E")
    north.closed()
    own = north.at("notice").first.locator(".line")
    assert own.evaluate("node => getComputedStyle(node).borderTopStyle") == "solid"
    north.at("tab-theirs").click()
    theirs = north.at("notice").first.locator(".line")
    assert theirs.evaluate("node => getComputedStyle(node).borderTopStyle") == "dashed"
    grounds = set()
    for theme in ("dark", "dim", "light"):
        north.page.locator("header select").first.select_option(theme)
        grounds.add(
            north.page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        )
    assert len(grounds) == 3


def test_rule_9_the_fixed_places_never_move_scroll_or_get_covered(
    line: Line, north: Desk, south: Desk
) -> None:
    before = {test: box(north, test) for test in FIXED}
    south.dial()
    expect(north.at("incoming")).to_be_visible()
    assert {test: box(north, test) for test in FIXED} == before
    for test in FIXED:
        covered = north.at(test).first.evaluate(
            """node => {
              const box = node.getBoundingClientRect();
              const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
              return !(node.contains(top) || top.contains(node));
            }"""
        )
        assert not covered, test
    assert (north.at("map").bounding_box() or {"height": 0})["height"] > 150, "the map is visible"


def test_rule_10_two_steps_for_what_cannot_be_undone_and_one_for_call_and_acknowledge(
    line: Line, north: Desk, south: Desk
) -> None:
    north.declare(send=False)
    expect(north.at("send")).to_be_enabled()
    north.at("send").click()  # A click is not a second: nothing is sent.
    assert line.north.ask("notices") == []
    expect(north.at("declare-form")).to_be_visible()
    south.dial()
    expect(north.at("acknowledge")).to_be_focused()
    north.press("Enter")
    expect(north.at("call-panel")).to_have_attribute("data-state", "acknowledged")


def test_rule_11_the_ladder_is_shown_whole(line: Line, north: Desk, south: Desk) -> None:
    south.dial()
    for desk in (north.at("incoming"), south.at("call-panel")):
        ladder = desk.get_by_test_id("ladder")
        for echelon in ("duty-desk", "deputy", "contact-card"):
            expect(ladder).to_contain_text(echelon)
        expect(ladder).to_contain_text("repeats until a human answers")
        expect(ladder.get_by_test_id("countdown")).to_have_text(re.compile(r"00:\d\d"))
    expect(south.at("told")).to_contain_text("rung 1, duty-desk")


def test_rule_12_a_drill_is_always_marked_and_a_real_flash_goes_before_it(
    line: Line, north: Desk, south: Desk
) -> None:
    south.at("drill").click()
    south.dial()
    expect(north.at("incoming")).to_contain_text("DRILL")
    expect(north.at("strip")).to_contain_text("DRILL")
    south.closed()
    south.at("drill").click()
    south.dial("F11")
    open_now = [call for call in line.south.ask("calls") if call["state"] != "closed"]
    assert {call["precedence"]: call["drill"] for call in open_now} == {
        "flash": True, "priority": False,
    }  # fmt: skip
    expect(north.at("incoming").locator(".word")).to_have_text("PRIORITY")
    expect(north.at("incoming").locator(".drill-mark")).to_have_count(0)
    expect(north.at("others")).to_have_count(0)  # The drill has given way: decision 0034.
    expect(north.at("strip")).to_contain_text("DRILL")


def test_rule_13_until_the_sound_is_armed_it_says_so_in_red(line: Line, north: Desk) -> None:
    expect(north.at("sound")).to_contain_text("SOUND NOT ARMED")
    north.at("sound").click()
    expect(north.at("sound")).not_to_contain_text("NOT ARMED")
    north.page.reload()
    expect(north.at("sound")).to_contain_text("SOUND NOT ARMED")


def test_rule_14_received_is_not_agreed_stands_beside_every_acknowledgement(
    line: Line, north: Desk, south: Desk
) -> None:
    south.dial()
    expect(north.at("incoming")).to_contain_text("Received is not agreed.")
    north.at("acknowledge").click()
    expect(north.at("call-panel").get_by_test_id("acknowledged")).to_contain_text(
        "Received is not agreed."
    )
    expect(south.at("acknowledged")).to_contain_text("Received is not agreed.")


def test_silence_ends_by_itself_after_sixty_seconds(line: Line, north: Desk, south: Desk) -> None:
    """Of rule 3; by the page's clock, which the test moves on, as a minute would."""
    north.page.clock.install()
    north.page.reload()
    south.dial()
    expect(north.at("incoming")).to_be_visible()
    north.at("silence").click()
    expect(north.at("silenced")).to_be_visible()
    began = time.monotonic()
    north.page.clock.fast_forward(61_000)
    expect(north.at("silenced")).to_be_hidden()
    assert time.monotonic() - began < 30
