"""The map and the time bar: what is shown, what is said to be hidden, and that everything on
the map can be opened by pointer, by keyboard and from a list."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.desk import Desk
from tests.line.consoles import Line
from tests.line.station import ANCHOR

NEAR = {"centre": "35.3000N 040.1000E", "start": "+3h", "end": "+5h"}
NOW = {"centre": "35.3000N 040.1000E", "start": "+0s", "end": "+2h"}
HOST = "document.querySelector('[data-test=map]').clearline"


def look(desk: Desk, script: str) -> Any:
    """Return what the map says of itself."""
    return desk.page.evaluate(f"() => {{ const {{ map, areas, marks }} = {HOST}; {script} }}")


def becomes(desk: Desk, script: str) -> None:
    """Wait until the map says that it is so."""
    held = f"() => {{ const {{ map, areas, marks }} = {HOST}; {script} }}"
    desk.page.wait_for_function(held)


def click_mark(desk: Desk, what: str) -> None:
    """Click a mark of a kind where it is on the screen."""
    script = f"""
      const mark = marks.source.getFeatures().find((each) => each.get('mark').what === '{what}');
      return map.getPixelFromCoordinate(mark.getGeometry().getCoordinates());
    """
    becomes(desk, f"return marks.source.getFeatures().some((m) => m.get('mark').what === '{what}')")
    box = desk.at("map").bounding_box()
    x, y = look(desk, script)
    desk.page.mouse.click(box["x"] + x, box["y"] + y)


# Everything can be opened.


def test_a_conflict_is_a_mark_that_a_click_opens(line: Line, north: Desk, south: Desk) -> None:
    south.declare(**NEAR, label="")
    north.declare(**NEAR)
    north.closed()
    click_mark(north, "conflict")
    expect(north.at("conflict-panel")).to_be_visible()


def test_what_is_under_the_cross_is_opened_by_keyboard_alone(
    line: Line, north: Desk, south: Desk
) -> None:
    south.declare(**NOW, label="")
    north.declare(**NOW)
    expect(north.at("map")).to_have_attribute("data-shown", "2")
    north.press("F2")
    north.at("show-on-map").click()
    north.closed()
    north.at("map").focus()
    north.press("Enter")
    here = north.at("map-here")
    expect(here).to_contain_text("CONFLICT")
    expect(here.locator("button").first).to_be_focused()
    expect(here.locator("button")).to_have_count(4)  # The conflict, both areas, and to close.
    north.press("Escape")
    expect(here).to_be_hidden()
    expect(north.at("map")).to_be_focused()
    north.press("Enter", "Enter")
    expect(north.at("conflict-panel")).to_be_visible()


def test_a_call_is_opened_at_its_place_and_an_anchor_is_named(
    line: Line, north: Desk, south: Desk
) -> None:
    south.dial()
    expect(north.at("incoming")).to_be_visible()
    north.press("Enter")
    expect(north.at("call-panel")).to_be_visible()
    north.page.get_by_role("button", name="Show on map").click()
    north.closed()
    click_mark(north, "call")
    expect(north.at("call-panel")).to_be_visible()
    north.closed()
    name, _, _ = ANCHOR.partition("=")
    north.at("map-key").locator("summary").click()
    north.at("anchor").click()
    north.at("map").focus()
    north.press("Enter")
    expect(north.at("map-here")).to_contain_text(name)
    expect(north.at("map-here")).to_contain_text("35.28540N 040.17600E")


# Layers of the deployment's own.


@pytest.fixture
def layers(line: Line) -> Any:
    folder = line.north.station.home / "layers"
    folder.mkdir(exist_ok=True)
    ring = [[40, 35], [41, 35], [41, 36], [40, 36], [40, 35]]
    good = {
        "type": "Feature",
        "properties": {"name": "Range"},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    (folder / "ranges.geojson").write_text(json.dumps(good))
    (folder / "broken.geojson").write_text('{"type": "Feature", "geometry": {"type": "Poly')
    yield folder
    for path in folder.iterdir():
        path.unlink()


def test_a_layer_that_cannot_be_read_is_named_and_the_others_are_shown(
    line: Line, layers: Any, at_desk: Callable[..., Desk]
) -> None:
    desk = at_desk(line.north)
    desk.at("map-filters").locator("summary").click()
    expect(desk.at("bad-layer")).to_contain_text("broken")
    expect(desk.at("own-layer")).to_have_count(1)
    mine = "map.getLayers().getArray().find((each) => each.getZIndex() === 5)"
    assert look(desk, f"return {mine}.isVisible()")
    colour = f"""
      const layer = {mine};
      const [feature] = layer.getSource().getFeatures();
      return layer.getStyleFunction()(feature, 5000).getStroke().getColor();
    """
    dark = look(desk, colour)
    desk.page.locator("header select").first.select_option("light")
    assert look(desk, colour) != dark
    desk.at("own-layer").uncheck()
    assert not look(desk, f"return {mine}.isVisible()")


# Labels.

SCRIPTS = {
    "ar": ("مطار دير الزور", "Noto Sans Arabic Variable"),
    "he": ("שדה תעופה", "Noto Sans Hebrew Variable"),
    "zh": ("机场北侧", "Noto Sans SC"),
    "ru": ("Аэродром", "Noto Sans Variable"),
}


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_label_in_any_script_is_drawn_in_our_own_font_whatever_the_page_speaks(
    line: Line, north: Desk, script: str
) -> None:
    text, family = SCRIPTS[script]
    held: list[Any] = []
    waits = True

    def hold(route: Any) -> None:
        held.append(route) if waits else route.continue_()

    # The font comes late: the map is drawn without it, and again once it is there.
    north.page.route(re.compile(r"\.woff2"), hold)
    north.declare(**NOW, label=text)
    expect(north.at("map")).to_have_attribute("data-shown", "1")
    label = """
      const [feature] = areas.source.getFeatures();
      return areas.layer.getStyleFunction()(feature, 10)[0].getText();
    """
    shown = look(north, f"return (() => {{{label}}})().getText()")
    assert shown.startswith(f"\u2068{text}\u2069\n\u2066"), "each part is isolated"
    font = look(north, f"return (() => {{{label}}})().getFont()")
    assert f'"{family}"' in font
    loaded = f"""() => [...document.fonts].some((face) =>
      face.family.replaceAll('"', '') === '{family}' && face.status === 'loaded')
      && document.fonts.check('{font}', '{text}')"""
    before = look(north, "return areas.layer.getRevision()")
    waits = False
    for route in held:
        route.continue_()
    north.page.wait_for_function(loaded)
    if held:
        becomes(north, f"return areas.layer.getRevision() > {before}")


# Filters.


def test_a_filtered_map_says_how_much_it_hides_and_one_press_shows_all(
    line: Line, north: Desk, south: Desk
) -> None:
    south.declare(**NOW, label="")
    north.declare(**NOW)
    north.closed()
    expect(north.at("map")).to_have_attribute("data-shown", "2")
    expect(north.at("map-hidden")).to_be_hidden()
    north.at("map-filters").locator("summary").click()
    north.at("filter-theirs").uncheck()
    expect(north.at("map-hidden")).to_contain_text("HIDDEN by filters: 1 area")
    north.at("map-filters").locator("summary").click()
    expect(north.at("map-hidden")).to_be_visible()  # With the tools closed, too.
    becomes(
        north, "return marks.source.getFeatures().some((m) => m.get('mark').what === 'conflict')"
    )
    north.at("map-unhide").click()
    expect(north.at("map")).to_have_attribute("data-shown", "2")
    expect(north.at("map-hidden")).to_be_hidden()


def test_the_two_heights_of_the_filter_never_cross(line: Line, north: Desk) -> None:
    north.at("map-filters").locator("summary").click()
    north.at("filter-highest").fill("200")
    north.at("filter-lowest").fill("300")
    expect(north.at("level-from")).to_have_text("FL300")
    expect(north.at("level-to")).to_have_text("FL310")
    north.at("filter-highest").fill("0")
    expect(north.at("level-to")).to_have_text("FL010")
    expect(north.at("level-from")).to_have_text("SFC")
    north.at("map-everything").click()
    expect(north.at("level-to")).to_have_text("FL600+")


# What costs.


def test_what_is_under_the_pointer_in_a_list_redraws_no_other_area(
    line: Line, north: Desk, south: Desk
) -> None:
    north.declare(**NOW)
    south.declare(**(NOW | {"label": "", "centre": "36.4000N 041.0000E"}))
    north.closed()
    expect(north.at("map")).to_have_attribute("data-shown", "2")
    expect(north.at("notice")).to_have_count(1)
    becomes(north, "return document.fonts.status === 'loaded'")
    before = look(north, "return areas.layer.getRevision()")
    north.at("notice").first.hover()
    becomes(north, "return areas.over.getFeatures().length === 1")
    # Several heartbeats later it is still as it was: what has not changed is not drawn again.
    heard = """fetch('/api/v1/picture').then((answer) => answer.json())
      .then((whole) => Date.parse(whole.links[0].heard_at))"""
    first = north.page.evaluate(heard)
    north.page.wait_for_function(f"() => {heard}.then((at) => at > {first} + 2000)")
    assert look(north, "return areas.layer.getRevision()") == before


# The time bar.


def test_the_time_bar_is_moved_by_keyboard_and_is_never_taken_for_live(
    line: Line, north: Desk
) -> None:
    slider, shown = north.at("time-slider"), north.at("time-shown")
    slider.focus()
    expect(slider).to_have_attribute("aria-valuetext", re.compile("^LIVE "))
    north.press("ArrowRight")
    expect(north.at("time-apart")).to_have_text(re.compile(r"\+0[0-4]:\d\d"))
    minutes = int(re.search(r"\d\d(\d\d)Z", shown.inner_text()).group(1))
    assert minutes % 5 == 0
    first = shown.inner_text()
    north.press("PageUp", "PageDown")
    expect(shown).to_have_text(first)
    north.press("ArrowLeft")
    expect(slider).to_have_attribute("aria-valuetext", re.compile(r"^\d\d [A-Z]{3} \d{4}Z \(−"))
    expect(north.at("live")).to_have_attribute("aria-pressed", "false")
    north.press("End")
    expect(north.at("time-apart")).to_have_text(re.compile(r"\+1[78]:"))
    north.press("ArrowRight")  # Past its end it turns to the next stretch, and says where now is.
    expect(north.at("time-now")).to_contain_text("◂")
    expect(north.page.locator(".page")).to_have_class(re.compile("shifted"))
    north.press("F8")
    expect(north.at("live")).to_have_attribute("aria-pressed", "true")
    expect(north.at("time-now")).to_have_text("now")


def test_a_time_that_the_picture_does_not_reach_is_said_not_to_be_complete(
    line: Line, north: Desk
) -> None:
    expect(north.at("map-reach")).to_be_hidden()
    north.at("time-span").select_option("168")
    north.at("time-slider").focus()
    north.press("Home")
    expect(north.at("map-reach")).to_contain_text("NOT COMPLETE")
    expect(north.at("time-unknown")).to_be_visible()
    north.press("F8")
    expect(north.at("map-reach")).to_be_hidden()
