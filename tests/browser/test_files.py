"""Files of areas at the console: what was refused is shown first; what is active is taken out."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from clearline import gateways
from tests.browser.desk import Desk
from tests.line.consoles import Line

FILE = """* drawn by a planner
AC R
AN Strip
AL GND
AH 3500ft AMSL
DP 35:20:00 N 040:00:00 E
DP 35:20:00 N 040:10:00 E
DP 35:30:00 N 040:05:00 E

AC R
AN Tower
AL GND
AH 4500
V X=35:10:00 N 040:10:00 E
DC 2
"""


def test_what_is_refused_is_shown_by_line_and_the_rest_is_used_only_when_asked_for(
    line: Line, north: Desk, tmp_path: Path
) -> None:
    source = tmp_path / "areas.openair"
    source.write_text(FILE)
    north.press("n")
    north.at("field-activity").select_option("flight")
    north.at("shape-file").click()
    north.at("file").set_input_files(source)
    refused = north.at("file-refused")
    expect(refused).to_contain_text("airspace Tower")
    expect(refused).to_contain_text("line 13, column 4")
    expect(north.at("file-meant")).to_contain_text("4500ft AMSL")
    expect(north.at("declare-form")).to_contain_text("0 shapes read")
    north.picture("refused")
    north.at("file-use-rest").click()
    expect(north.at("declare-form")).to_contain_text("1 shape read")
    north.at("field-start").fill("+3h")
    north.at("field-end").fill("+5h")
    expect(north.at("send")).to_be_enabled()
    north.hold("send")
    expect(north.at("notice-panel")).to_be_visible()
    north.press("Escape")

    box = north.at("export-areas")
    box.locator("summary").click()
    north.at("export-format").select_option("kml")
    with north.page.expect_download() as taken:
        north.at("export-save").click()
    expect(north.at("export-done")).to_contain_text("Notices written: 1")
    raw = Path(taken.value.path()).read_bytes()
    assert taken.value.suggested_filename.endswith(".kml")
    (shape,) = gateways.read("taken.kml", raw).shapes
    assert shape.name.startswith("north flight")
    assert b"Strip" not in raw, "our own name for it is ours alone"
    box.scroll_into_view_if_needed()
    north.picture("export")
