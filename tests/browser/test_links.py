"""A header with several links, in a file of its own: its node has more counterparts than one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.desk import Desk
from tests.line.consoles import Line, aside
from tests.line.station import EXAMPLES, Station


def propose(line: Line, names: list[str]) -> None:
    """Begin links with parties that have not agreed yet: each is a link, and is not up."""
    for name in names:
        other = Station(name, line.folder).init(
            "--title", f"{name.title()} Joint Operations Centre"
        )
        card = line.folder / f"{name}.card"
        other.run("party", "--out", str(card))
        line.north.station.run(
            "link", "propose", str(card), "--area", str(EXAMPLES / "area.geojson"),
            "--out", str(line.folder / f"{name}.json"),
        )  # fmt: skip


@pytest.mark.parametrize(
    ("more", "buttons"),
    [(["east"], 2), (["west", "upper"], 4), (["lower", "inner"], 4)],
)
def test_each_link_has_its_place_in_the_header_however_many_there_are(
    line: Line, at_desk: Callable[..., Desk], more: list[str], buttons: int
) -> None:
    aside(lambda: propose(line, more))
    north = at_desk(line.north, viewport={"width": 1366, "height": 768})
    shown = north.page.locator(".links button")
    expect(shown).to_have_count(buttons)
    header = north.page.locator("header").first.bounding_box()
    assert header is not None
    boxes = [each.bounding_box() for each in shown.all()]
    for box in boxes:
        assert box is not None
        assert box["y"] >= header["y"]
        assert box["y"] + box["height"] <= header["y"] + header["height"]
        assert box["x"] + box["width"] <= 1366
    for name in ("south", "east"):
        chip = shown.filter(has_text=name)
        cut = "node => node.scrollWidth > node.clientWidth + 1"
        assert not chip.locator(".name").evaluate(cut), f"{name} can be read"
    for n, one in enumerate(boxes):
        for other in boxes[n + 1 :]:
            assert one is not None
            assert other is not None
            apart = (
                one["x"] + one["width"] <= other["x"] or other["x"] + other["width"] <= one["x"]
                or one["y"] + one["height"] <= other["y"]
                or other["y"] + other["height"] <= one["y"]
            )  # fmt: skip
            assert apart, (one, other)
    for test in ("clock", "sound", "language", "sign-out"):
        box = north.at(test).bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= 1366, test
    if "lower" in more:
        # Six links: three of them, and one button that has the state of the worst of the rest.
        expect(north.at("more-links")).to_contain_text("+3")
        north.at("more-links").click()
        expect(north.at("which-link").locator("option")).to_have_count(6)
        north.page.set_viewport_size({"width": 1920, "height": 1080})
        expect(north.at("more-links")).to_have_count(0)
        expect(shown).to_have_count(6)
