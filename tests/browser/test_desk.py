"""A tired officer at the desk: what must stay where it is, be in sight, and lose nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.desk import STOP, Cable, Desk, open_desk
from tests.browser.passkeys import enrol, stranger, with_key
from tests.line.consoles import Line, aside
from tests.line.station import until

SMALL = {"viewport": {"width": 1366, "height": 768}}
FIXED = ("strip", "clock", "link", "call-flash", "live")
NEAR = {"centre": "35.3000N 040.1000E", "start": "+3h", "end": "+5h"}


def places(desk: Desk) -> dict[str, tuple[float, float, float]]:
    found = {test: desk.at(test).first.bounding_box() for test in FIXED}
    return {test: (box["x"], box["y"], box["height"]) for test, box in found.items() if box}


def in_sight(desk: Desk, test: str) -> bool:
    """Return whether the middle of something is what a pointer would meet there."""
    return desk.at(test).first.evaluate(
        """node => {
          const box = node.getBoundingClientRect();
          const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
          return top !== null && (node.contains(top) || top.contains(node));
        }"""
    )


# What is fixed.


def test_nothing_that_comes_up_moves_the_clock_the_link_the_strip_or_call(
    line: Line, at_desk: Callable[..., Desk], south: Desk
) -> None:
    north = at_desk(line.north, **SMALL)
    before = places(north)
    assert len(before) == len(FIXED)
    north.at("sound").click()  # Its words are shorter now.
    expect(north.at("sound")).not_to_contain_text("NOT ARMED")
    assert places(north) == before
    north.at("time-slider").focus()
    north.press("ArrowRight", "ArrowRight")
    expect(north.page.locator(".past")).to_contain_text("NOT LIVE")
    assert places(north) == before, "NOT LIVE comes up below the strip"
    south.dial()
    expect(north.at("incoming")).to_be_visible()
    assert places(north) == before
    assert all(in_sight(north, test) for test in FIXED)


def test_a_node_that_is_not_heard_moves_nothing_either(line: Line, browser: Browser) -> None:
    cable = Cable(int(line.north.address.rsplit(":", 1)[1]))
    north = open_desk(browser, line.north, **SMALL)
    try:
        north.open(f"http://localhost:{cable.port}")
        before = places(north)
        aside(cable.cut)
        expect(north.at("unsafe")).to_be_visible(timeout=20_000)
        assert places(north) == before
        assert all(in_sight(north, test) for test in FIXED)
    finally:
        cable.end()
        north.page.context.close()


def test_the_longest_words_leave_the_whole_header_in_sight(
    line: Line, at_desk: Callable[..., Desk]
) -> None:
    north = at_desk(line.north, **SMALL)
    for language in ("ru", "uk", "fr", "tr", "ar"):
        north.at("language").select_option(language)
        expect(north.page.locator("html")).to_have_attribute("lang", language)
        for test in ("watch", "clock", "link", "sound", "language", "sign-out"):
            box = north.at(test).bounding_box()
            assert box is not None
            assert box["x"] >= 0, (language, test)
            assert box["x"] + box["width"] <= 1366, (language, test)
            assert in_sight(north, test), (language, test)


def test_text_is_larger_on_a_wall_and_never_smaller_than_at_a_desk(
    line: Line, at_desk: Callable[..., Desk]
) -> None:
    north = at_desk(line.north, **SMALL)
    size = "parseFloat(getComputedStyle(document.body).fontSize)"
    assert north.page.evaluate(size) == 14
    north.page.set_viewport_size({"width": 3840, "height": 2160})
    assert north.page.evaluate(size) >= 22


def test_a_sentence_with_figures_runs_as_its_language_does(
    line: Line, north: Desk, south: Desk
) -> None:
    south.dial()
    north.at("language").select_option("ar")
    expect(north.page.locator("html")).to_have_attribute("dir", "rtl")
    direction = "node => getComputedStyle(node).direction"
    assert north.at("ringing-for").evaluate(direction) == "rtl"
    assert north.at("clock").evaluate(direction) == "ltr"


# A FLASH.


def test_a_flash_has_its_clock_in_the_strip_until_it_is_closed(
    line: Line, north: Desk, south: Desk
) -> None:
    south.dial()
    south.closed()
    expect(south.at("running")).to_contain_text(re.compile(r"FLASH\s+ringing \d\d:\d\d"))
    north.press("Enter")
    expect(north.at("call-panel")).to_be_visible()
    north.press("n")  # Whatever is open, it is there.
    expect(north.at("running")).to_contain_text(re.compile(r"acknowledged \d\d:\d\d"))
    shown = north.at("running").inner_text()
    expect(north.at("running")).not_to_have_text(shown)  # It runs.
    north.at("running").click()
    north.at("dispose-received").click()
    north.at("close-call").click()
    south.at("running").click()
    south.at("close-call").click()
    for desk in (north, south):
        expect(desk.at("running")).to_have_count(0)


@pytest.mark.parametrize("where", ["in a field", "over the record", "while another call rings"])
def test_two_keys_make_a_flash_from_anywhere(
    line: Line, at_desk: Callable[..., Desk], south: Desk, where: str
) -> None:
    north = at_desk(line.north, **SMALL)
    if where == "in a field":
        north.declare(send=False)
        north.at("field-label").focus()
    elif where == "over the record":
        north.press("l")
        expect(north.at("log-panel")).to_be_visible()
    else:
        south.dial("F12")
        expect(north.at("acknowledge")).to_be_focused()
    north.press("F9")
    expect(north.at("will-send")).to_have_text(re.compile(r"^STOP POS \S+N \S+E R 600 M$"))
    expect(north.at("from-anchor")).to_contain_text("from")
    expect(north.at("submit")).to_be_focused()
    for test in ("will-send", "submit"):
        assert in_sight(north, test), "what the second key sends is seen before it is pressed"
    north.press("Enter")
    expect(north.at("call-panel")).to_have_attribute("data-state", "ringing")
    if where == "while another call rings":
        expect(north.at("incoming")).to_be_visible()  # Nobody has answered that one by this.
        north.press("F4")
        expect(north.at("incoming")).to_be_hidden()


def test_a_call_that_comes_in_over_a_call_to_be_made_takes_the_focus(
    line: Line, north: Desk, south: Desk
) -> None:
    north.press("F9")
    expect(north.at("submit")).to_be_focused()
    south.dial("F10")
    expect(north.at("acknowledge")).to_be_focused()
    expect(north.at("will-send")).to_be_visible()


def test_a_flash_without_a_place_is_not_sent_and_the_field_says_so(line: Line, north: Desk) -> None:
    north.press("F9")
    expect(north.at("will-send")).to_be_visible()
    north.at("slot-place").fill("")
    north.at("submit").click()
    expect(north.at("slot-place")).to_be_focused()
    expect(north.page.locator("#fault-0-place")).to_be_visible()
    assert [call for call in line.north.ask("calls") if call["state"] != "closed"] == []


def test_what_was_typed_for_a_call_outlives_a_reload(line: Line, north: Desk) -> None:
    north.press("F9")
    expect(north.at("will-send")).to_be_visible()
    north.at("slot-place").fill("35.9999N 040.0001E")
    expect(north.at("will-send")).to_contain_text("35.9999N")
    north.page.reload()
    expect(north.at("strip")).to_be_visible()
    north.press("F9")  # A FLASH begins where the officer points now, never with an old place.
    expect(north.at("slot-place")).not_to_have_value("35.9999N 040.0001E")
    north.at("resume").click()
    expect(north.at("slot-place")).to_have_value("35.9999N 040.0001E")
    north.page.get_by_role("button", name="Cancel").click()
    north.press("F9")
    expect(north.at("dial")).to_be_visible()
    expect(north.at("resume")).to_have_count(0)


def test_a_read_back_that_differs_is_marked_in_both_texts_on_both_sides(
    line: Line, north: Desk, south: Desk
) -> None:
    south.dial()
    expect(north.at("acknowledge")).to_be_focused()
    north.press("Enter")
    expect(north.at("call-panel")).to_be_visible()
    north.press("r")
    expect(north.at("slot-place")).to_be_focused()
    north.at("slot-place").fill("35.2560N 041.1500E")
    north.at("slot-radius_cm").fill("600 m")
    expect(north.at("differs").first).to_be_visible()
    north.press("Enter")
    for desk in (north, south):
        items = desk.at("said").locator("li")
        expect(items).to_have_count(2)
        for each in (items.nth(0), items.nth(1)):
            expect(each).to_contain_text("READ-BACK DIFFERS")
            expect(each.get_by_test_id("differing").first).to_have_text(re.compile("4[01][.,]1500"))


def test_a_lesser_call_is_never_shown_over_a_graver_one_that_is_open(
    line: Line, north: Desk, south: Desk
) -> None:
    for key in ("F12", "F9"):
        south.dial(key)
        south.closed()
    expect(north.at("others")).to_be_visible()
    for _ in range(2):
        expect(north.at("acknowledge")).to_be_focused()
        ringing = north.at("incoming").get_attribute("data-call")
        north.press("Enter")
        gone = f"[data-test=incoming][data-call='{ringing}']"
        expect(north.page.locator(gone)).to_have_count(0)
        expect(north.at("call-panel")).to_be_visible()
    expect(north.at("incoming")).to_be_hidden()
    expect(north.at("call-panel").get_by_role("heading", level=2)).to_contain_text("FLASH")


# The keyboard.


def test_what_is_closed_gives_the_focus_back_to_where_it_came_from(line: Line, north: Desk) -> None:
    north.declare(label="Dawn", **NEAR)
    north.closed()
    row = north.at("notice").first
    row.focus()
    north.press("Enter")
    expect(north.at("notice-panel")).to_be_visible()
    north.press("Tab")
    inside = "document.activeElement.closest('[data-test=notice-panel]') !== null"
    assert north.page.evaluate(inside), "the keyboard goes on in what was opened"
    north.closed()
    expect(north.at("notice").first).to_be_focused()


def test_letters_are_shortcuts_again_after_the_time_bar_was_moved(line: Line, north: Desk) -> None:
    north.at("time-slider").focus()
    north.press("ArrowRight", "w")
    expect(north.at("watch-panel")).to_be_visible()


def test_f2_opens_the_alarm_that_is_shown(line: Line, north: Desk, south: Desk) -> None:
    south.press("w")
    south.at("send-test").click()
    expect(south.at("test-sent")).to_contain_text("north")
    expect(north.at("strip")).to_contain_text("Test call from south")
    north.press("F2")
    expect(north.at("watch-panel")).to_be_visible()
    north.at("answer-test").click()
    expect(south.at("test-sent")).to_have_count(0)


# Declaring.


def test_the_verdict_and_the_button_are_in_sight_on_a_small_screen(
    line: Line, at_desk: Callable[..., Desk], south: Desk
) -> None:
    south.declare(**NEAR, label="")
    north = at_desk(line.north, **SMALL)
    expect(north.at("tab-theirs")).to_contain_text("(1)")
    north.press("n")
    expect(north.at("field-activity")).to_be_focused()
    north.closed()
    north.declare(send=False, **NEAR)
    expect(north.at("verdicts")).to_contain_text("CONFLICT south")
    for test in ("verdicts", "send"):
        assert in_sight(north, test), test


def test_a_notice_is_declared_again_with_new_hours_alone(line: Line, north: Desk) -> None:
    north.declare(label="Dawn", **NEAR)
    north.at("again").click()
    expect(north.at("field-label")).to_have_value("Dawn")
    expect(north.at("field-centre")).to_have_value(re.compile("35.3000000N 040.1000000E"))
    expect(north.at("field-start")).to_have_value("")
    expect(north.at("field-start")).to_be_focused()
    north.at("field-start").fill("+6h")
    north.at("field-end").fill("+8h")
    expect(north.at("send")).to_be_enabled()
    north.hold("send")
    expect(north.at("notice-panel")).to_be_visible()
    assert len(line.north.ask("notices")) == 2


def test_declaring_without_the_watch_says_what_to_do(line: Line, north: Desk) -> None:
    line.north.run("watch", "leave")
    try:
        expect(north.at("watch")).to_contain_text("NOBODY HOLDS THE WATCH")
        north.declare(send=False)
        expect(north.at("no-watch")).to_contain_text("take it first")
        north.at("no-watch").get_by_role("button").click()
        expect(north.at("watch-panel")).to_be_visible()
        spoken = north.at("desk-duty-desk").get_by_role("checkbox")
        for box in spoken.all():
            expect(box).to_be_checked()  # What is sent is what is ticked.
        north.at("desk-duty-desk").get_by_test_id("take").click()
        expect(north.at("watch")).to_contain_text("Maj. North")
        north.press("n")
        expect(north.at("field-radius")).to_have_value("10 km")  # It was kept.
    finally:
        if not line.north.ask("status")["watch"]:
            line.north.run("watch", "take")


def test_why_a_notice_left_unchecked_is_kept(line: Line, north: Desk) -> None:
    aside(line.south.station.kill)
    try:
        expect(north.at("verdict")).to_have_text("NOT CHECKED", timeout=20_000)
        north.declare(send=False)
        north.at("field-reason").fill("Told by telephone.")
        expect(north.at("send")).to_be_enabled()
        north.hold("send")
        expect(north.at("notice-panel")).to_be_visible()
        north.press("l")
        north.page.get_by_role("tab", name="Lines told here").click()
        expect(north.at("log-panel")).to_contain_text("sent although NOT CHECKED")
        expect(north.at("log-panel")).to_contain_text("Told by telephone.")
    finally:
        aside(line.south.station.serve)
    expect(north.at("link")).to_have_attribute("data-state", "up", timeout=20_000)


# The watch.


def test_a_watch_is_accepted_after_each_open_item_was_read_one_after_another(
    line: Line, north: Desk, south: Desk
) -> None:
    south.dial()
    expect(north.at("acknowledge")).to_be_focused()
    north.press("Enter")
    expect(north.at("call-panel")).to_be_visible()
    south.closed()
    south.dial("F12", place="35.4000N 040.2000E")
    expect(north.at("acknowledge")).to_be_focused()
    north.press("Enter")
    expect(north.at("incoming")).to_be_hidden()
    line.north.run("watch", "hand-over", "Capt. Before", "--yes")
    as_before = ["--officer", "Capt. Before", "watch", "offer", "Maj. North"]
    try:
        line.north.run(*as_before)
        north.press("w")
        desk = north.at("desk-duty-desk")
        items = desk.get_by_test_id("open-item")
        expect(items).to_have_count(2)
        expect(items.first).to_contain_text("STOP. Our people are at 35.2560")
        expect(desk.get_by_test_id("accept")).to_be_disabled()
        expect(desk.get_by_test_id("read")).to_have_count(1)
        desk.get_by_test_id("read").click()  # A click is not a reading.
        expect(desk.get_by_test_id("accept")).to_contain_text("2 items")
        north.hold("read")
        expect(desk.get_by_test_id("accept")).to_contain_text("1 item")
        items.first.get_by_role("button", name="Open").click()
        expect(north.at("call-panel")).to_be_visible()
        north.press("w")  # What was read stays read.
        expect(desk.get_by_test_id("accept")).to_contain_text("1 item")
        north.hold("read")
        expect(desk.get_by_test_id("accept")).to_be_enabled()
        desk.get_by_test_id("accept").click()
        expect(north.at("watch")).to_contain_text("Maj. North")
    finally:
        if line.north.ask("status")["watch"][0]["officer"] != "Maj. North":
            line.north.run("watch", "relieve", "--yes")


def test_a_violation_is_reported_and_alarms_the_other_side(
    line: Line, north: Desk, south: Desk
) -> None:
    north.press("k")
    north.at("violation").locator("summary").click()
    north.at("violation-rule").select_option("no-answer")
    north.at("field-violation-place").fill("somewhere")
    north.hold("report")
    expect(north.at("fault-violation-place")).to_contain_text("give coordinates")
    north.at("field-violation-place").fill(STOP["place"])
    north.at("violation-minutes").fill("soon")
    expect(north.at("report")).to_be_disabled()
    north.at("violation-minutes").fill("5")
    north.hold("report")
    expect(north.at("reported")).to_contain_text("no answer")
    expect(south.at("strip")).to_contain_text("violation reported")


# Each role's own.


@pytest.fixture
def keyed(line: Line, browser: Browser) -> Iterator[Callable[[str, str], Desk]]:
    """Enrol somebody with a passkey, in a browser of their own."""
    made: list[Desk] = []

    def seat(name: str, role: str) -> Desk:
        made.append(stranger(browser, line.north))
        return enrol(line, made[-1], name, role)

    yield seat
    for desk in made:
        desk.page.context.close()
    for desk in made:
        assert not desk.errors, desk.errors


def test_a_liaison_finds_reads_and_proposes_terms(
    line: Line, keyed: Callable[[str, str], Desk], north: Desk
) -> None:
    liaison = keyed("Lt. Col. Terms", "liaison")
    expect(liaison.at("link-panel")).to_be_visible()
    expect(liaison.at("terms")).to_contain_text("duty-desk 20 s → deputy 30 s")
    liaison.at("amend").click()
    typed = json.loads(liaison.at("amendment").input_value())
    assert typed["version"] == 2
    liaison.at("amendment").fill("{ not json")
    liaison.hold("propose")
    expect(liaison.at("fault-amendment")).to_contain_text("not a JSON document")
    typed["minima"]["horizontal_cm"] = 600_000
    liaison.at("amendment").fill(json.dumps(typed))
    liaison.page.reload()
    expect(liaison.at("link-panel")).to_be_visible()
    assert json.loads(liaison.at("amendment").input_value()) == typed, "what was typed is kept"
    liaison.hold("propose")
    waiting = liaison.at("terms-waiting")
    expect(waiting.get_by_test_id("agreed-by")).to_have_text("north")
    expect(waiting).to_contain_text("600000")
    expect(waiting.get_by_test_id("agree")).to_have_count(0)  # We have agreed to it ourselves.
    north.press("k")
    expect(north.at("terms-waiting")).to_contain_text("version 2")


def test_a_liaison_agrees_to_what_they_proposed(
    line: Line, keyed: Callable[[str, str], Desk]
) -> None:
    document = line.south.run("link", "show", "--document")
    document["version"] += 5
    document["minima"]["vertical_cm"] = 40_000
    path = line.folder / "amended.json"
    path.write_text(json.dumps(document))
    line.south.run("link", "amend", str(path))
    liaison = keyed("Lt. Col. Agree", "liaison")
    waiting = liaison.at("terms-waiting").filter(has_text="40000")
    expect(waiting.get_by_test_id("agreed-by")).to_have_text("south")
    agree = waiting.get_by_test_id("agree")
    agree.dispatch_event("pointerdown")
    expect(waiting).to_have_count(0)
    expect(liaison.at("terms")).to_contain_text("400 m")
    version = document["version"]
    aside(lambda: until(lambda: _version(line) == version, "the terms"))


def _version(line: Line) -> int:
    return line.south.station.ask("status")["links"][0]["terms_version"]


def test_a_liaison_announces_a_status_and_the_other_side_sees_it(
    line: Line, keyed: Callable[[str, str], Desk], south: Desk
) -> None:
    liaison = keyed("Lt. Col. Says", "liaison")
    liaison.hold("announce")
    expect(liaison.at("announced-by-us")).to_have_text("SUSPENDED")
    expect(south.at("link")).to_contain_text("suspended")
    liaison.hold("announce")
    expect(liaison.at("announced-by-us")).to_have_text("in force")
    expect(south.at("link")).not_to_contain_text("suspended")


@pytest.mark.parametrize("role", ["security_officer", "auditor"])
def test_who_comes_for_the_record_finds_the_record(
    line: Line, keyed: Callable[[str, str], Desk], role: str
) -> None:
    desk = keyed(f"Capt. {role}", role)
    expect(desk.at("log-panel")).to_be_visible()
    expect(desk.page.get_by_role("tab", name="What left")).to_be_visible()


def test_a_session_that_ended_by_itself_says_so(
    line: Line, keyed: Callable[[str, str], Desk]
) -> None:
    desk = keyed("Capt. Gone", "watch_officer")
    line.north.run("console", "revoke", "Capt. Gone")
    expect(desk.at("signed-out")).to_contain_text("sign in again")


def test_a_prompt_that_nobody_answered_says_what_to_do(line: Line, browser: Browser) -> None:
    desk = open_desk(browser, line.north)
    with_key(desk.page, verifies=False)
    desk.page.goto(line.north.address)
    desk.at("sign-in").click()
    expect(desk.at("sign-in-fault")).to_contain_text("Press the button again")
    expect(desk.at("sign-in")).to_be_enabled()
    desk.page.context.close()
