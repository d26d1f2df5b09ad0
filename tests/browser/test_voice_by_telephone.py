"""An officer at a console and one at a telephone talk, and both screens show how."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Playwright, expect

from tests.browser.desk import CHROMIUM, FLAGS, open_desk
from tests.browser.test_voice import FAKE, SOUTH, heard, tone
from tests.line.consoles import Line, aside
from tests.voice.line_of_voice import flash
from tests.voice.telephone import WHO, telephone_of_north


def test_both_screens_show_who_is_on_by_telephone_and_the_console_joins_by_a_press(
    line: Line, playwright: Playwright, tmp_path: Path
) -> None:
    ring = telephone_of_north(line)
    telephone = aside(ring.__enter__)
    try:
        hears = f"--use-file-for-fake-audio-capture={tone(tmp_path / 'south.wav', SOUTH)}"
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *FAKE, hears])
        south = open_desk(chromium, line.south, permissions=["microphone"]).open()
        north = open_desk(chromium, line.north).open()
        aside(lambda: flash(line))
        expect(south.at("talk-state")).to_contain_text("asks to talk", timeout=30_000)
        expect(south.at("by-telephone")).to_have_text("by telephone: north")
        expect(north.at("by-telephone")).to_have_text(f"by telephone: {WHO}")
        for desk in (south, north):
            expect(desk.at("rec")).to_be_visible()
        south.at("join").click()
        south.at("open-line").click()
        heard(south)
        aside(lambda: telephone.until(f"hears {SOUTH} Hz"))
        expect(north.at("talk-state")).to_contain_text("is on by voice")
        north.picture("voice-by-telephone")
        south.at("hang-up").click()
        for desk in (south, north):
            expect(desk.at("talk")).to_have_count(0)
            desk.page.context.close()
            assert not desk.errors, desk.errors
        aside(lambda: telephone.until("over"))
        chromium.close()
    finally:
        aside(lambda: ring.__exit__(None, None, None))
