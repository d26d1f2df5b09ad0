"""What is heard: rule 2's sounds, in the page's own audio graph and in what comes out of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.desk import Desk, open_desk
from tests.browser.ear import Ear, Tune
from tests.line.consoles import Line

KEYS = {"FLASH": "F9", "IMMEDIATE": "F10", "PRIORITY": "F11", "ROUTINE": "F12"}
PULSES = {"FLASH": 4, "IMMEDIATE": 3, "PRIORITY": 2, "ROUTINE": 1}
"""How many pulses a round has: the fewer, the less urgent."""


@pytest.fixture
def heard(line: Line, browser: Browser) -> Iterator[tuple[Desk, Ear]]:
    """North's desk, armed, and what is heard at it."""
    desk = open_desk(browser, line.north)
    ear = Ear(desk.page)
    desk.open()
    desk.at("sound").click()
    expect(desk.at("sound")).not_to_contain_text("NOT ARMED")
    yield desk, ear
    desk.page.context.close()
    assert not desk.errors, desk.errors


def answer(desk: Desk) -> None:
    desk.at("acknowledge").click()
    expect(desk.at("call-panel")).to_have_attribute("data-state", "acknowledged")
    desk.closed()


def call(desk: Desk, word: str) -> None:
    desk.dial(KEYS[word])
    desk.closed()


def test_the_self_test_is_heard(heard: tuple[Desk, Ear]) -> None:
    _, ear = heard
    assert len(ear.after(0)) == PULSES["FLASH"]
    ear.hears_something()
    ear.hears_nothing()


def test_rule_2_each_precedence_has_a_pulse_pattern_of_its_own_and_rings_by_it(
    line: Line, heard: tuple[Desk, Ear], south: Desk
) -> None:
    desk, ear = heard
    tunes: dict[str, Tune] = {}
    for word in KEYS:
        ear.hears_nothing()
        before = len(ear.rounds())
        call(south, word)
        expect(desk.at("incoming").locator(".word")).to_have_text(word)
        tunes[word] = ear.after(before)
        ear.hears_something()
        answer(desk)
    assert {word: len(tune) for word, tune in tunes.items()} == PULSES
    # They differ for who cannot tell pitches as well: by when pulses begin, and how long they are.
    assert len({tuple(each[1:] for each in tune) for tune in tunes.values()}) == len(KEYS)
    assert len({frozenset(each[0] for each in tune) for tune in tunes.values()}) == len(KEYS)


def test_it_rings_round_after_round_until_a_human_answers_and_then_no_more(
    line: Line, heard: tuple[Desk, Ear], south: Desk
) -> None:
    desk, ear = heard
    ear.hears_nothing()
    before = len(ear.rounds())
    call(south, "FLASH")
    rounds = [ear.after(before + n) for n in range(4)]
    assert set(map(len, rounds)) == {PULSES["FLASH"]}
    answer(desk)
    ear.hears_nothing()
    after = len(ear.rounds())
    ear.hears_nothing()
    assert len(ear.rounds()) == after


def test_a_drill_takes_the_real_path_and_sounds(
    line: Line, heard: tuple[Desk, Ear], south: Desk
) -> None:
    desk, ear = heard
    before = len(ear.rounds())
    south.at("drill").click()
    call(south, "FLASH")
    south.at("drill").click()
    expect(desk.at("incoming").locator(".drill-mark")).to_be_visible()
    assert len(ear.after(before)) == PULSES["FLASH"]
    ear.hears_something()
    # A real call, however low, is heard before a drill.
    call(south, "ROUTINE")
    expect(desk.at("incoming").locator(".word")).to_have_text("ROUTINE")
    ear.rings_with(PULSES["ROUTINE"])


def test_the_more_urgent_call_takes_over_the_sound_and_gives_it_back(
    line: Line, heard: tuple[Desk, Ear], south: Desk
) -> None:
    desk, ear = heard
    for word in ("ROUTINE", "PRIORITY", "FLASH"):
        call(south, word)
        ear.rings_with(PULSES[word])
    call(south, "IMMEDIATE")  # It rings, and the flash goes on.
    expect(desk.at("others")).to_contain_text("IMMEDIATE")
    before = len(ear.rounds())
    assert len(ear.after(before)) == PULSES["FLASH"]
    assert len(ear.after(before + 1)) == PULSES["FLASH"]
    for word in ("IMMEDIATE", "PRIORITY", "ROUTINE"):
        desk.at("acknowledge").click()
        ear.rings_with(PULSES[word])
    desk.at("acknowledge").click()
    ear.hears_nothing()


def test_rule_3_silence_hushes_and_sixty_seconds_later_it_sounds_again(
    line: Line, browser: Browser, south: Desk
) -> None:
    """By the page's clock, which the test moves on; the audio keeps its own."""
    desk = open_desk(browser, line.north)
    ear = Ear(desk.page)
    desk.page.clock.install()
    desk.open()
    desk.at("sound").click()
    call(south, "FLASH")
    expect(desk.at("incoming")).to_be_visible()
    ear.rings_with(PULSES["FLASH"])
    desk.at("silence").click()
    expect(desk.at("silenced")).to_be_visible()
    ear.hears_nothing()
    before = len(ear.rounds())
    for _ in range(5):  # Each is more than the longest rest of a pattern.
        desk.page.clock.run_for(7_000)
    expect(desk.at("silenced")).to_be_visible()
    # The page's clock has left its node behind: that the node is not heard may sound; the call not.
    assert PULSES["FLASH"] not in map(len, ear.rounds()[before:])
    desk.page.clock.fast_forward(61_000)
    expect(desk.at("silenced")).to_be_hidden()
    ear.rings_with(PULSES["FLASH"])
    ear.hears_something()
    desk.page.context.close()


def test_rule_13_audio_that_the_browser_has_suspended_is_said_in_red_and_sounds_once_it_may(
    line: Line, heard: tuple[Desk, Ear], south: Desk
) -> None:
    desk, ear = heard
    ear.after(0)
    call(south, "ROUTINE")
    ear.rings_with(PULSES["ROUTINE"])
    ear.suspend()
    sound = desk.at("sound")
    expect(sound).to_contain_text("SOUND NOT ARMED")
    red = desk.page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--bad')")
    painted = sound.evaluate("node => getComputedStyle(node).backgroundColor")
    assert painted == desk.page.evaluate(
        """(colour) => {
          const shown = document.body.appendChild(document.createElement('i'));
          shown.style.color = colour;
          const found = getComputedStyle(shown).color;
          shown.remove();
          return found;
        }""",
        red,
    )
    before = len(ear.rounds())
    sound.click()
    expect(sound).not_to_contain_text("SOUND NOT ARMED")
    assert len(ear.after(before)) == PULSES["ROUTINE"]
    ear.hears_something()


def test_a_page_that_is_opened_while_it_rings_sounds_with_the_first_touch_of_the_desk(
    line: Line, heard: tuple[Desk, Ear], south: Desk
) -> None:
    """A browser lets a page that was just opened sound only once somebody has touched it."""
    desk, ear = heard
    call(south, "FLASH")
    ear.rings_with(PULSES["FLASH"])
    # Of a page that is only loaded anew, a browser may remember that it was touched.
    address = desk.page.url
    desk.page.goto("about:blank")
    desk.page.goto(address)
    expect(desk.at("incoming")).to_be_visible()
    expect(desk.at("sound")).to_contain_text("SOUND NOT ARMED")
    desk.press("Shift")
    assert len(ear.after(0)) == PULSES["FLASH"]
    ear.hears_something()
    expect(desk.at("sound")).not_to_contain_text("NOT ARMED")
    expect(desk.at("incoming")).to_be_visible()


def test_both_desks_of_a_party_sound_and_one_answer_hushes_both(
    line: Line, heard: tuple[Desk, Ear], south: Desk, at_desk: Callable[..., Desk], browser: Browser
) -> None:
    desk, ear = heard
    other = open_desk(browser, line.north)
    second = Ear(other.page)
    other.open()
    other.at("sound").click()
    call(south, "IMMEDIATE")
    for each in (ear, second):
        each.rings_with(PULSES["IMMEDIATE"])
    answer(desk)
    expect(other.at("incoming")).to_be_hidden()
    second.hears_nothing()
    other.page.context.close()
