"""A watch at the console, part by part: two nodes, two browsers, one after the other."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.desk import Desk
from tests.line.consoles import Line, aside
from tests.line.station import EXAMPLES, until

NEAR = {"centre": "35.3000N 040.1000E", "start": "+3h", "end": "+5h"}


def test_a_call_goes_from_two_keys_to_closed_by_both(line: Line, north: Desk, south: Desk) -> None:
    south.declare(label="Ferry", centre="35.2560N 040.1500E")
    south.closed()
    south.press("F9")
    expect(south.at("slot-place")).not_to_have_value("")
    expect(south.at("submit")).to_be_focused()
    expect(south.at("read")).to_be_visible()
    south.press("Enter")
    expect(north.at("incoming")).to_be_visible()
    north.picture("flash")
    north.press("Enter")
    panel = north.at("call-panel")
    expect(panel).to_have_attribute("data-state", "acknowledged")
    expect(panel).to_contain_text("STOP. Our people are at")
    expect(panel).to_contain_text("СТОП")  # Beside it, in the other side's language.
    expect(panel.locator(".code").first).to_be_visible()

    north.at("read-back").click()
    north.at("slot-place").fill("35.0000N 039.0000E")
    north.at("slot-radius_cm").fill("600 m")
    expect(north.at("differs").first).to_be_visible()
    north.at("submit").click()
    expect(south.at("said")).to_contain_text("READ-BACK DIFFERS")
    expect(north.at("said").locator(".differs")).to_have_count(1)

    for disposition in ("received", "relayed_to_units"):
        north.at(f"dispose-{disposition}").click()
    expect(south.at("dispositions")).to_contain_text("RELAYED TO UNITS")
    expect(south.at("dispositions")).to_contain_text(re.compile(r"\d{4}:\d\dZ"))
    north.at("close-call").click()
    expect(south.at("call-panel")).to_contain_text("They have closed it.")
    south.at("close-call").click()
    expect(south.at("call-panel")).to_have_attribute("data-state", "closed")
    expect(panel).to_have_attribute("data-state", "closed")


def test_the_nearest_notices_go_with_a_call_by_themselves(line: Line, north: Desk) -> None:
    north.declare(centre="35.2560N 040.1500E", start="+0s")
    (notice,) = line.north.ask("notices")
    north.closed()
    north.press("F9")
    north.at("slot-place").fill("35.2560N 040.1500E")
    expect(north.at("attaches")).to_contain_text(notice["handle"])


def test_a_reload_in_the_middle_of_a_ringing_call_rings_again_at_once(
    line: Line, north: Desk, south: Desk
) -> None:
    south.dial()
    expect(north.at("incoming")).to_be_visible()
    north.page.reload()
    expect(north.at("incoming")).to_be_visible()
    expect(north.at("acknowledge")).to_be_focused()
    north.press("Escape")
    expect(north.at("incoming")).to_be_visible()


def test_several_calls_ring_in_the_order_of_their_precedence(
    line: Line, north: Desk, south: Desk
) -> None:
    for key in ("F12", "F10", "F9", "F11"):
        south.dial(key)
        south.closed()
    for word in ("FLASH", "IMMEDIATE", "PRIORITY", "ROUTINE"):
        expect(north.at("incoming").locator(".word")).to_have_text(word)
        north.press("Enter")
        expect(north.at("call-panel")).to_be_visible()
    expect(north.at("incoming")).to_be_hidden()


def test_a_call_climbs_on_both_screens_when_nobody_answers(
    line: Line, north: Desk, south: Desk
) -> None:
    south.dial()
    expect(south.at("told")).to_contain_text("rung 1, duty-desk")
    second = north.at("incoming").locator("[aria-current=step]")
    expect(second).to_contain_text("deputy", timeout=30_000)
    expect(south.at("told")).to_contain_text("rung 2, deputy")


def test_a_conflict_is_seen_as_it_forms_with_what_would_clear_it(
    line: Line, north: Desk, south: Desk
) -> None:
    south.declare(**NEAR, label="")
    expect(north.at("tab-theirs")).to_contain_text("(1)")
    north.declare(send=False, **NEAR)
    outcome = north.at("outcome")
    expect(outcome).to_have_attribute("data-verdict", "conflict")
    expect(outcome).to_contain_text("they overlap")
    north.picture("declare")
    north.at("way-above").click()
    expect(outcome).to_have_attribute("data-verdict", "no_conflict")
    expect(north.at("they-see")).to_contain_text("They will see 1 area")
    expect(north.at("send")).to_be_enabled()
    north.hold("send")
    expect(north.at("notice-panel")).to_be_visible()
    expect(north.at("stored")).to_contain_text("stored by the counterpart")
    assert line.north.ask("conflicts") == []
    assert line.south.ask("conflicts") == []


def test_a_notice_is_stored_noted_revised_and_withdrawn_in_sight_of_both(
    line: Line, north: Desk, south: Desk
) -> None:
    north.declare(**NEAR)
    expect(south.at("tab-to_note")).to_contain_text("(1)")
    south.at("tab-to_note").click()
    south.at("notice").first.click()
    south.at("note-relayed_to_units").click()
    expect(north.at("noted")).to_contain_text("RELAYED TO UNITS")

    north.at("revise").click()
    north.at("field-upper").fill("FL240")
    expect(north.at("difference")).to_contain_text("FL180")
    expect(north.at("difference")).to_contain_text("FL240")
    expect(north.at("send")).to_be_enabled()
    north.hold("send")
    expect(north.at("notice-panel")).to_contain_text("revision 2")
    expect(south.at("notice-panel")).to_contain_text("revision 2")
    north.hold("withdraw")
    expect(south.at("notice-panel")).to_contain_text("withdrawn")


def test_a_conflict_is_an_alarm_on_both_sides_until_it_is_seen_or_cleared(
    line: Line, north: Desk, south: Desk
) -> None:
    south.declare(**NEAR, label="")
    north.declare(**NEAR)
    north.closed()
    for desk in (north, south):
        expect(desk.at("strip")).to_contain_text("conflict: ours")
    north.press("F2")
    expect(north.at("conflict-panel")).to_contain_text("they overlap")
    north.closed()
    north.at("seen").click()
    expect(north.at("strip")).not_to_contain_text("conflict: ours")
    expect(north.at("conflict")).to_have_count(1)
    expect(north.at("verdict")).to_have_text("CONFLICT")


def test_what_is_typed_is_there_after_a_reload(line: Line, north: Desk) -> None:
    north.declare(send=False, label="Half a thought", **NEAR)
    expect(north.at("kept")).to_have_text("draft kept")
    north.page.reload()
    expect(north.at("tab-mine")).to_be_visible()
    north.press("n")
    expect(north.at("field-label")).to_have_value("Half a thought")
    expect(north.at("field-centre")).to_have_value(NEAR["centre"])
    north.page.get_by_role("button", name="Discard").click()
    expect(north.at("tab-mine")).to_be_visible()
    north.press("n")
    expect(north.at("field-label")).to_have_value("")


WRONG = {
    "centre": ("north of the town", "a place name alone"),
    "radius": ("twelve", "is no length"),
    "lower": ("9000", "write FL120"),
    "upper": ("FL050", "above the upper limit"),
    "end": ("-2h", "ended already"),
}


def test_what_is_wrong_is_said_beside_each_field_and_nothing_typed_is_lost(
    line: Line, north: Desk
) -> None:
    north.declare(send=False)
    for field, (typed, said) in WRONG.items():
        before = north.at(f"field-{field}").input_value()
        north.at(f"field-{field}").fill(typed)
        expect(north.at(f"fault-{field}")).to_contain_text(said)
        expect(north.at("send")).to_be_disabled()
        expect(north.at(f"field-{field}")).to_have_value(typed)
        north.at(f"field-{field}").fill(before)
        expect(north.at(f"fault-{field}")).to_be_hidden()
    north.at("shape-polygon").click()
    crossing = "35.0N 40.0E\n35.2N 40.2E\n35.2N 40.0E\n35.0N 40.2E"
    north.at("field-points").fill(crossing)
    expect(north.at("fault-points")).to_contain_text("cross")


def test_shapes_come_from_text_from_files_and_from_the_map(
    line: Line, north: Desk, tmp_path: Path
) -> None:
    north.declare(send=False)
    north.at("shape-paste").click()
    north.at("field-points").fill("37SFV1000000000\n3518.0N 04012.0E\n35.1000N 040.3000E")
    expect(north.at("outcome")).to_be_visible()
    north.at("shape-file").click()
    north.at("file").set_input_files(EXAMPLES / "north-flights.geojson")
    expect(north.at("declare-form")).to_contain_text(re.compile(r"[1-9]\d* shapes? read"))
    wrong = tmp_path / "picture.kml"
    wrong.write_bytes(b"\x89PNG not at all")
    north.at("file").set_input_files(wrong)
    expect(north.at("fault-file")).to_be_visible()
    large = tmp_path / "large.geojson"
    large.write_text(" " * 5_000_001)
    north.at("file").set_input_files(large)
    expect(north.at("fault-file")).to_contain_text("at most 5 MB")
    north.at("shape-circle").click()
    north.at("draw").click()
    place = north.at("map").bounding_box()
    assert place is not None
    x, y = place["x"] + place["width"] / 2, place["y"] + place["height"] / 2
    north.page.mouse.click(x, y)
    north.page.mouse.click(x + 40, y)
    expect(north.at("field-centre")).to_have_value(re.compile(r"\d+\.\d+N \d+\.\d+E"))
    expect(north.at("field-radius")).to_have_value(re.compile(r"\d+ m"))


def test_a_template_is_shared_by_the_party(
    line: Line, north: Desk, at_desk: Callable[..., Desk]
) -> None:
    north.declare(send=False, label="Weekly ferry", **NEAR)
    north.at("template-name").fill("ferry")
    north.at("keep-template").click()
    expect(north.at("use-template")).to_have_text("ferry")
    north.page.get_by_role("button", name="Discard").click()
    expect(north.at("tab-mine")).to_be_visible()
    other = at_desk(line.north)
    other.press("n")
    other.at("use-template").click()
    expect(other.at("field-label")).to_have_value("Weekly ferry")
    other.page.get_by_role("button", name="Delete the template ferry").click()
    expect(other.at("use-template")).to_have_count(0)


def test_two_desks_of_one_party_see_the_same_at_the_same_time(
    line: Line, north: Desk, south: Desk, at_desk: Callable[..., Desk]
) -> None:
    other = at_desk(line.north)
    south.dial()
    for desk in (north, other):
        expect(desk.at("incoming")).to_be_visible()
    north.at("acknowledge").click()
    expect(other.at("incoming")).to_be_hidden()
    north.closed()
    north.declare(**NEAR)
    expect(other.at("tab-mine")).to_contain_text("(1)")


def test_the_second_of_two_officers_who_act_at_once_is_told(
    line: Line, north: Desk, south: Desk, at_desk: Callable[..., Desk]
) -> None:
    north.page.on("dialog", lambda dialog: dialog.dismiss())
    other = at_desk(line.north)
    south.dial()
    expect(other.at("incoming")).to_be_visible()
    (call,) = [each for each in line.north.ask("calls") if each["state"] == "ringing"]
    answer = """async (call) => (await fetch('/api/v1/commands/acknowledge', {
      method: 'POST', headers: {'Content-Type': 'application/json', 'X-Clearline': '1'},
      body: JSON.stringify({call, echelon: 'duty-desk'})})).status"""
    assert north.page.evaluate(answer, call["id"]) == 200
    assert other.page.evaluate(answer, call["id"]) == 409


def test_the_watch_is_offered_read_and_accepted_by_another_officer(
    line: Line, north: Desk, south: Desk
) -> None:
    south.dial()
    expect(north.at("acknowledge")).to_be_focused()
    north.press("Enter")
    expect(north.at("call-panel")).to_be_visible()
    north.press("w")
    desk = north.page.get_by_test_id("desk-duty-desk")
    desk.get_by_test_id("offer").click()
    expect(desk.get_by_test_id("offered")).to_contain_text("The old watch stays on")
    assert line.north.ask("status")["watch"][0]["officer"] == "Maj. North"
    refused = aside(lambda: line.north.station.fails("watch", "accept", "--read-all"))
    assert refused.error["code"] in ("own_watch", "not_offered", "offered_to_another")
    desk.get_by_test_id("recall").click()
    expect(desk.get_by_test_id("offered")).to_be_hidden()


def test_a_test_call_is_answered_by_a_human(line: Line, north: Desk, south: Desk) -> None:
    south.press("w")
    south.at("send-test").click()
    north.press("w")
    expect(north.at("watch-panel")).to_contain_text("south tests the line")
    north.at("answer-test").click()
    expect(north.at("answer-test")).to_have_count(0)
    until_answered = lambda: line.south.station.ask("tests")[0]["outcome"] == "answered"  # noqa: E731
    aside(lambda: until(until_answered, "the answer"))


def test_the_record_is_searched_and_each_entry_says_if_it_has_a_receipt(
    line: Line, north: Desk
) -> None:
    north.declare(label="Findable", **NEAR)
    (notice,) = line.north.ask("notices")
    north.press("l")
    expect(north.at("log-count")).to_contain_text("looked through")
    north.at("log-kind").select_option("notice.")
    north.at("log-search").fill(notice["handle"])
    rows = north.at("log-entry")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("receipt")
    with north.page.expect_download() as download:
        north.at("export").click()
    path = download.value.path()
    verified = aside(lambda: line.north.station.json("verify", str(path)))
    assert verified["verified"], verified


def test_an_incident_is_one_page_replayed_and_printed(line: Line, north: Desk, south: Desk) -> None:
    south.declare(centre="35.2560N 040.1500E", label="", start="+0s")
    south.closed()
    south.dial()
    expect(north.at("acknowledge")).to_be_focused()
    north.press("Enter")
    north.at("dispose-received").click()
    north.page.get_by_role("button", name="Incident page").click()
    entries = north.at("incident-entry")
    expect(entries).to_have_count(4)
    expect(north.at("incident")).to_contain_text("STOP. Our people are at")
    north.picture("incident")
    north.at("replay").click()
    expect(north.page.locator(".past")).to_contain_text("NOT LIVE")
    pdf = north.page.pdf(format="A4")
    assert pdf.startswith(b"%PDF")
    assert len(pdf) > 10_000
    north.page.emulate_media(media="print")
    expect(north.page.locator("header").first).to_be_hidden()
    expect(north.at("incident-entries")).to_be_visible()


def test_the_picture_of_a_console_at_rest_is_kept(line: Line, north: Desk, south: Desk) -> None:
    south.declare(centre="35.4500N 040.3500E", radius="14 km", label="", start="+0s", end="+6h")
    north.declare(centre="35.2500N 039.8000E", radius="14 km", start="+0s", end="+4h")
    north.closed()
    expect(north.at("map")).to_have_attribute("data-shown", "2", timeout=20_000)
    north.picture("rest")
