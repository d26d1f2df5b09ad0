"""Two officers talk in a call: two headless Chromiums, two real nodes, a known tone from each.

What a microphone hears is a file; all else is real. A tone is found again in what the other
browser plays and in both recordings.
"""

from __future__ import annotations

import resource
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Playwright, expect

from tests.browser.desk import CHROMIUM, FLAGS, Desk, open_desk
from tests.line.consoles import Line, Side, aside
from tests.line.station import until
from tests.voice.line_of_voice import media
from tests.voice.sound import RATE, tones

NORTH, SOUTH = 1_000, 1_500
FAKE = [
    "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
    # Chromium speaks to a machine's own address only where it has no other network.
    "--allow-loopback-in-peer-connection",
]  # fmt: skip


def tone(path: Path, hertz: int) -> Path:
    """Write ten seconds of a tone; Chromium begins again at its end."""
    said = 8_000 * np.sin(2 * np.pi * hertz * np.arange(10 * RATE) / RATE)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(said.astype("<i2").tobytes())
    return path


@pytest.fixture(scope="module")
def browsers(
    playwright: Playwright, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Browser]]:
    """A browser for each side, whose microphone hears a tone."""
    folder = tmp_path_factory.mktemp("tones")
    made: dict[str, Browser] = {}
    for name, hertz in (("north", NORTH), ("south", SOUTH)):
        hears = f"--use-file-for-fake-audio-capture={tone(folder / f'{name}.wav', hertz)}"
        made[name] = playwright.chromium.launch(
            executable_path=CHROMIUM, args=[*FLAGS, *FAKE, hears]
        )
    yield made
    for browser in made.values():
        browser.close()


@pytest.fixture
def talkers(line: Line, browsers: dict[str, Browser]) -> Iterator[tuple[Desk, Desk]]:
    """North and south, each at its console, with a microphone."""
    desks = [
        open_desk(browsers[side.station.name], side, permissions=["microphone"]).open()
        for side in (line.north, line.south)
    ]
    yield desks[0], desks[1]
    for desk in desks:
        desk.page.context.close()
        assert not desk.errors, desk.errors


def recordings(side: Side) -> list[Path]:
    return sorted((side.station.home / "recordings").glob("*.opus"))


def in_a_call(north: Desk, south: Desk) -> None:
    """South calls, north answers; both have the call's panel before them."""
    south.dial()
    expect(north.at("incoming")).to_be_visible()
    north.press("Enter")
    expect(north.at("call-panel")).to_have_attribute("data-state", "acknowledged")
    expect(south.at("call-panel")).to_have_attribute("data-state", "acknowledged")


def level(desk: Desk, test: str) -> float:
    return float(desk.at(test).evaluate("meter => meter.value"))


def heard(desk: Desk, test: str = "level-theirs") -> None:
    """Wait until a meter shows a voice."""
    desk.page.wait_for_function(
        "test => document.querySelector(`[data-test=${test}]`)?.value > 0.1", arg=test
    )


def quiet(desk: Desk, test: str = "level-theirs") -> None:
    desk.page.wait_for_function(
        "test => document.querySelector(`[data-test=${test}]`)?.value < 0.02", arg=test
    )


def test_two_officers_talk_by_key_and_by_open_line_and_both_have_it_on_record(
    line: Line, talkers: tuple[Desk, Desk]
) -> None:
    north, south = talkers
    in_a_call(north, south)
    south.at("talk-begin").click()
    expect(north.at("talk-state")).to_contain_text("asks to talk")
    for desk in talkers:
        expect(desk.at("rec")).to_be_visible()
    north.at("join").click()
    for desk in talkers:
        expect(desk.at("talk-state")).to_contain_text("is on by voice")
        expect(desk.at("call-panel")).to_contain_text("STOP. Our people are at")

    quiet(north)
    south.page.keyboard.down(" ")
    heard(north)
    expect(south.at("hold-to-talk")).to_contain_text("TALKING")
    south.page.keyboard.up(" ")
    quiet(north)
    for desk in talkers:
        desk.at("open-line").click()
    heard(north)
    heard(south)
    north.picture("voice")
    north.page.wait_for_timeout(2_000)  # The tone has to be on record for a while.
    south.at("hang-up").click()
    for desk in talkers:
        expect(desk.at("talk")).to_have_count(0)
    for side, own, other in ((line.north, NORTH, SOUTH), (line.south, SOUTH, NORTH)):
        (made,) = aside(lambda side=side: until(lambda: recordings(side), "a recording"))
        assert tones(made) == ({own}, {other}), side.station.name


def test_on_a_full_disk_the_screen_says_that_nothing_is_recorded_and_the_talk_goes_on(
    line: Line, talkers: tuple[Desk, Desk]
) -> None:
    north, south = talkers
    in_a_call(north, south)
    aside(lambda: until(lambda: media(line.north), "the media process"))
    process = media(line.north).pid
    resource.prlimit(process, resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
    try:
        south.at("talk-begin").click()
        north.at("join").click()
        for desk in talkers:
            desk.at("open-line").click()
        expect(north.at("not-recorded")).to_have_text("NOT RECORDED")
        expect(south.at("rec")).to_be_visible()
        heard(north)
        heard(south)
        north.at("hang-up").click()
        for desk in talkers:
            expect(desk.at("talk")).to_have_count(0)
        expect(south.at("recordings")).to_contain_text("CUT SHORT")
        expect(north.at("recordings").locator("li")).to_have_count(2)
    finally:
        resource.prlimit(process, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)


def test_voice_that_fails_is_said_to_be_lost_on_both_screens_and_the_text_goes_on(
    line: Line, talkers: tuple[Desk, Desk]
) -> None:
    north, south = talkers
    in_a_call(north, south)
    south.at("talk-begin").click()
    north.at("join").click()
    for desk in talkers:
        expect(desk.at("talk-state")).to_contain_text("is on by voice")
    media(line.north).kill()
    for desk in talkers:
        expect(desk.at("talk-state")).to_have_text("VOICE LOST, TEXT GOES ON")
    north.at("dispose-received").click()
    expect(south.at("dispositions")).to_contain_text("✓ RECEIVED")
    south.at("join").click()
    # North's page has joined before, and its node has begun anew: it is asked, and can join again.
    expect(north.at("talk-state")).to_contain_text("asks to talk")
    north.at("join").click()
    for desk in talkers:
        expect(desk.at("talk-state")).to_contain_text("is on by voice")
    south.at("hang-up").click()
    expect(north.at("talk")).to_have_count(0)


@pytest.mark.parametrize(
    ("args", "granted", "says"),
    [
        (["--use-fake-device-for-media-stream"], [], "may not use the microphone"),
        ([], ["microphone"], "has no microphone"),
    ],
    ids=["denied", "none"],
)
def test_an_officer_without_a_microphone_is_told_why_and_the_text_goes_on(
    line: Line, playwright: Playwright, south: Desk, args: list[str], granted: list[str], says: str
) -> None:
    mute = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *args])
    north = open_desk(mute, line.north, permissions=granted).open()
    in_a_call(north, south)
    north.at("talk-begin").click()
    expect(north.at("talk-fault")).to_contain_text(says)
    expect(south.at("talk")).to_have_count(0)
    north.at("dispose-received").click()
    expect(south.at("dispositions")).to_contain_text("✓ RECEIVED")
    mute.close()
    assert not north.errors, north.errors
