"""What changes under an officer's hand: a form, a list, a button that is being held."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from tests.browser.desk import Cable, Desk, open_desk
from tests.browser.passkeys import enrol, stranger
from tests.line.consoles import Line, aside


def test_what_was_typed_to_say_more_never_becomes_a_read_back(
    line: Line, north: Desk, south: Desk
) -> None:
    south.dial()
    expect(north.at("acknowledge")).to_be_focused()
    north.press("Enter")
    north.at("say").click()
    expect(north.at("phrase")).to_have_value("STANDBY")
    expect(north.at("phrase")).to_be_enabled()
    north.at("read-back").click()
    expect(north.at("phrase")).to_have_value("STOP")
    expect(north.at("phrase")).to_be_disabled()
    expect(north.at("slot-place")).to_have_value("")


def test_nothing_is_called_clear_while_the_node_is_not_heard(line: Line, browser: Browser) -> None:
    cable = Cable(int(line.north.address.rsplit(":", 1)[1]))
    north = open_desk(browser, line.north)
    try:
        north.open(f"http://localhost:{cable.port}")
        expect(north.at("verdict")).to_have_text("NO CONFLICT")
        aside(cable.cut)
        expect(north.page.locator(".page[data-state=lost]")).to_be_visible(timeout=20_000)
        expect(north.at("verdict")).to_have_text("NOT CHECKED")
        expect(north.at("strip")).to_contain_text("NOT KNOWN")
    finally:
        cable.end()
        north.page.context.close()


def test_a_key_that_is_held_down_answers_one_call(line: Line, north: Desk, south: Desk) -> None:
    south.dial("F10")
    south.dial("F10")
    expect(north.at("others")).to_be_visible()
    expect(north.at("acknowledge")).to_be_focused()
    first = north.at("incoming").get_attribute("data-call")
    north.page.keyboard.down("Enter")
    expect(north.at("incoming")).not_to_have_attribute("data-call", str(first))
    expect(north.at("acknowledge")).to_be_focused()
    north.page.keyboard.down("Enter")  # As a key that is not let go says again and again.
    expect(north.at("acknowledge")).to_have_attribute("aria-busy", "false")
    north.page.keyboard.up("Enter")
    north.press("Enter")
    expect(north.at("incoming")).to_be_hidden()


def test_letters_are_keys_on_a_keyboard_of_another_script(line: Line, north: Desk) -> None:
    north.page.evaluate(
        "dispatchEvent(new KeyboardEvent('keydown', { key: '\u0446', code: 'KeyW' }))"
    )
    expect(north.at("watch-panel")).to_be_visible()


def test_a_held_button_that_is_taken_away_does_nothing(line: Line, north: Desk) -> None:
    north.press("w")
    expect(north.at("leave")).to_be_visible()
    north.page.clock.install()
    north.hold("leave")
    north.page.clock.run_for(500)
    north.closed()
    asked: list[str] = []
    north.page.on("request", lambda request: asked.append(request.url))
    north.page.clock.run_for(2_000)
    assert not [each for each in asked if "leave-watch" in each]


def test_the_alarm_that_was_turned_to_stays_while_others_come(
    line: Line, north: Desk, south: Desk
) -> None:
    near = {"centre": "35.3000N 040.1000E", "end": "+9h"}
    north.declare(**near, start="+1h")
    north.closed()
    for start in ("+3h", "+5h"):
        south.declare(**near, start=start)
    expect(north.at("next-alarm")).to_contain_text("1/2")
    north.at("next-alarm").click()
    expect(north.at("next-alarm")).to_contain_text("2/2")
    turned = north.at("strip").locator("bdi").inner_text()
    south.declare(**near, start="+4h")  # It comes between the two.
    expect(north.at("next-alarm")).to_contain_text("3/3")
    expect(north.at("strip").locator("bdi")).to_have_text(turned)
    south.declare(**near, start="+2h")  # It comes before all, and has to be seen.
    expect(north.at("next-alarm")).to_contain_text("1/4")
    expect(north.at("strip").locator("bdi")).not_to_have_text(turned)


def test_a_place_is_wanted_from_the_map_only_while_its_form_is_open(
    line: Line, north: Desk
) -> None:
    north.press("F9")
    north.at("pick").click()
    expect(north.page.locator(".hint")).to_be_visible()
    north.press("l")  # It is a letter in no field: the log is opened over the form.
    expect(north.at("log-panel")).to_be_visible()
    expect(north.page.locator(".hint")).to_be_hidden()


def test_the_next_officer_finds_nothing_of_what_the_last_one_typed_for_a_call(
    line: Line, browser: Browser
) -> None:
    desk = enrol(line, stranger(browser, line.north), "Capt. Leaving", "watch_officer")
    desk.press("F9")
    desk.at("slot-place").fill("35.9999N 040.0001E")
    expect(desk.at("will-send")).to_contain_text("35.9999")
    desk.at("sign-out").click()
    expect(desk.at("sign-in-page")).to_be_visible()
    enrol(line, desk, "Capt. Coming", "watch_officer")
    expect(desk.at("tab-mine")).to_be_visible()
    desk.press("F9")
    expect(desk.at("slot-place")).to_be_visible()
    expect(desk.at("resume")).to_have_count(0)
    expect(desk.at("slot-place")).not_to_have_value("35.9999N 040.0001E")
    desk.page.context.close()


def test_a_distance_is_measured_by_keyboard_and_given_up(line: Line, north: Desk) -> None:
    measure = north.page.get_by_role("button", name="Measure")
    measure.click()
    north.at("map").focus()
    north.press("Enter", "ArrowRight")
    expect(north.at("measure")).to_contain_text("NM")
    measure.click()
    measure.click()
    expect(north.at("measure")).not_to_contain_text("NM")


def test_a_shape_that_ends_with_a_double_click_has_its_last_point_once(
    line: Line, north: Desk
) -> None:
    north.press("n")
    north.at("shape-polygon").click()
    north.at("draw").click()
    box = north.at("map").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    north.page.mouse.click(x, y)
    north.page.mouse.click(x + 60, y)
    north.page.mouse.dblclick(x + 60, y + 60)
    expect(north.at("field-points")).not_to_have_value("")
    points = north.at("field-points").input_value().splitlines()
    assert len(points) == len(set(points)) == 3


def test_a_drill_that_was_picked_goes_behind_a_real_call(
    line: Line, north: Desk, south: Desk
) -> None:
    south.at("drill").click()
    south.dial()
    south.dial()
    south.at("drill").click()
    north.at("others").get_by_role("button").click()
    drill = str(north.at("incoming").get_attribute("data-call"))
    south.dial()
    expect(north.at("incoming")).not_to_have_attribute("data-call", drill)
    expect(north.at("incoming").locator(".drill-mark")).to_have_count(0)
    # A real call ends every drill: nothing of one rings beside it, or is offered after it.
    expect(north.at("others")).to_have_count(0)
    expect(north.at("acknowledge")).to_be_focused()
    north.press("Enter")
    expect(north.at("incoming")).to_have_count(0)
