"""The telephone channel's parts: the keypad, the lines, the voice, and what an ending means."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import wave
from pathlib import Path

import av
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearline.channels.phone.channel import Phone
from clearline.channels.phone.keypad import MAX_WRONG, PAUSE_S, Keyed, Keypad
from clearline.channels.phone.line import MAX_KEYS_WAITING, Ended, Inbox, Key
from clearline.channels.phone.outcome import Next, of_ended
from clearline.channels.phone.speech import MAX_TEXT, RATE, Speech, spelt
from clearline.channels.phone.switchboard import Seat, Switchboard
from clearline.channels.phone.telling import IN_THE_CLEAR, Telling, ended
from clearline.channels.phone.words import WORDS
from clearline.core.terms import Precedence
from clearline.node.ports import PageCause
from clearline.phrasebook import languages
from tests.channels.telephones import page, recorded, settings

FLASH, IMMEDIATE, PRIORITY, ROUTINE = Precedence


def keyed(code: str, keys: str, step_s: float = 0.1) -> list[Keyed]:
    keypad = Keypad(code)
    return [keypad.press(key, number * step_s + 100) for number, key in enumerate(keys)]


def test_the_code_is_taken_at_its_second_digit():
    assert keyed("47", "47") == [Keyed.NOTHING, Keyed.CODE]


@pytest.mark.parametrize("keys", ["4#47", "9*47"])
def test_star_and_hash_begin_again(keys: str):
    assert keyed("47", keys)[-1] is Keyed.CODE


def test_a_digit_alone_is_forgotten_after_a_pause():
    keypad = Keypad("47")
    keypad.press("9", 100)
    assert keypad.press("4", 100 + PAUSE_S + 0.1) is Keyed.NOTHING
    assert keypad.press("7", 100 + PAUSE_S + 0.2) is Keyed.CODE


@given(
    keys=st.text("0123456789*#ABCD", max_size=80),
    code=st.text("0123456789", min_size=2, max_size=2),
)
def test_no_flood_of_keys_gets_more_than_so_many_tries(keys: str, code: str):
    found = keyed(code, keys)
    wrong = sum(each in (Keyed.WRONG, Keyed.LAST_WRONG) for each in found)
    assert wrong <= MAX_WRONG
    if Keyed.LAST_WRONG in found:
        assert set(found[found.index(Keyed.LAST_WRONG) + 1 :]) <= {Keyed.IGNORED}


def test_keys_that_nobody_reads_are_bounded_and_an_ending_still_gets_through():
    async def run() -> tuple[int, object]:
        inbox = Inbox()
        for _ in range(10_000):
            inbox.put(Key("5"))
        inbox.put(Ended())
        for _ in range(MAX_KEYS_WAITING):
            await inbox.next()
        return inbox.ignored_keys, await inbox.next()

    assert asyncio.run(run()) == (10_000 - MAX_KEYS_WAITING, Ended())


@pytest.mark.parametrize(
    ("said", "rang", "cause", "then"),
    [
        ("486 Busy Here", False, PageCause.BUSY, Next.REDIAL),
        ("600 Busy Everywhere", True, PageCause.BUSY, Next.REDIAL),
        ("603 Decline", True, PageCause.DECLINED, Next.NOTHING),
        ("407 Proxy Authentication Required", False, PageCause.CREDENTIALS, Next.NOTHING),
        ("403 Forbidden", False, PageCause.CREDENTIALS, Next.NOTHING),
        ("484 Address Incomplete", False, PageCause.ADDRESS, Next.NOTHING),
        ("404 Not Found", False, PageCause.UNREACHABLE, Next.NOTHING),
        ("503 Service Unavailable", False, PageCause.UNREACHABLE, Next.NOTHING),
        ("503 Service Unavailable", True, PageCause.UNREACHABLE, Next.NOTHING),
        ("480 Temporarily Unavailable", False, PageCause.UNREACHABLE, Next.NOTHING),
        ("480 Temporarily Unavailable", True, PageCause.NO_ANSWER, Next.REDIAL),
        ("408 Request Timeout", False, PageCause.UNREACHABLE, Next.NOTHING),
        ("408 Request Timeout", True, PageCause.NO_ANSWER, Next.REDIAL),
        ("Connection refused [111]", False, PageCause.UNREACHABLE, Next.NOTHING),
        ("", False, PageCause.UNREACHABLE, Next.NOTHING),
        ("", True, PageCause.NO_ANSWER, Next.REDIAL),
        ("488 Not Acceptable Here", True, PageCause.UNREACHABLE, Next.NOTHING),
    ],
)
def test_an_ending_means(said: str, rang: bool, cause: PageCause, then: Next):
    outcome = of_ended(ended(said), rang=rang)
    assert (outcome.cause, outcome.next) == (cause, then)


@given(st.text(max_size=200), st.booleans())
def test_whatever_an_exchange_says_an_ending_has_a_cause(said: str, rang: bool):
    assert of_ended(ended(said), rang=rang).cause is not PageCause.NONE


def test_an_answer_without_agreed_keys_is_none_where_srtp_is_asked_for():
    assert Telling(srtp=True).read("CALL_ESTABLISHED", "") == IN_THE_CLEAR
    agreed = Telling(srtp=True)
    agreed.read("CALL_MENC", "0,audio,AES_CM_128_HMAC_SHA1_80")
    assert agreed.read("CALL_ESTABLISHED", "") != IN_THE_CLEAR


class Calls:
    """Calls that hold a line until they are told to end, or it is taken from them."""

    def __init__(self, lines: int) -> None:
        self.board = Switchboard(lines)
        self.seats: dict[str, Seat] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def begin(self, name: str, precedence: Precedence, *, drill: bool = False) -> None:
        self._tasks[name] = asyncio.create_task(self._hold(name, precedence, drill))
        await self._settle()

    async def end(self, name: str) -> None:
        task = self._tasks.pop(name)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        self.seats.pop(name, None)
        await self._settle()

    def holding(self) -> set[str]:
        return {name for name, seat in self.seats.items() if not seat.taken.is_set()}

    async def _hold(self, name: str, precedence: Precedence, drill: bool) -> None:
        async with self.board.seat(precedence, drill=drill) as seat:
            self.seats[name] = seat
            await asyncio.Future()

    async def _settle(self) -> None:
        for _ in range(4):
            await asyncio.sleep(0)


def test_a_flash_takes_the_line_of_the_least_urgent_and_not_yet_answered():
    async def run() -> set[str]:
        calls = Calls(4)
        for name, precedence in (
            ("i", IMMEDIATE),
            ("r1", ROUTINE),
            ("r2", ROUTINE),
            ("p", PRIORITY),
        ):
            await calls.begin(name, precedence)
        calls.seats["r2"].answered = True
        await calls.begin("f", FLASH)
        return calls.holding()

    assert asyncio.run(run()) == {"i", "r2", "p", "f"}


def test_only_a_flash_takes_the_line_of_an_answered_call():
    async def run() -> tuple[set[str], set[str]]:
        calls = Calls(1)
        await calls.begin("r", ROUTINE)
        calls.seats["r"].answered = True
        await calls.begin("i", IMMEDIATE)
        before = calls.holding()
        await calls.begin("f", FLASH)
        return before, calls.holding()

    assert asyncio.run(run()) == ({"r"}, {"f"})


def test_a_flash_takes_the_line_of_another_flash_whose_officer_talks():
    async def run() -> tuple[set[str], set[str], set[str]]:
        calls = Calls(1)
        await calls.begin("acknowledged", FLASH)
        calls.seats["acknowledged"].answered = calls.seats["acknowledged"].talks = True
        await calls.begin("i", IMMEDIATE)
        await calls.begin("drill", FLASH, drill=True)
        before = calls.holding()
        await calls.begin("f", FLASH)
        between = calls.holding()
        await calls.begin("g", FLASH)
        return before, between, calls.holding()

    assert asyncio.run(run()) == ({"acknowledged"}, {"f"}, {"f", "g"})


def test_a_real_routine_call_takes_the_line_of_an_exercise_and_an_exercise_never_goes_past():
    async def run() -> tuple[set[str], set[str]]:
        calls = Calls(1)
        await calls.begin("drill", FLASH, drill=True)
        await calls.begin("another drill", FLASH, drill=True)
        before = calls.holding()
        await calls.begin("real", ROUTINE)
        return before, calls.holding()

    assert asyncio.run(run()) == ({"drill"}, {"real"})


def test_who_waits_gets_the_free_line_the_most_urgent_first():
    async def run() -> list[set[str]]:
        calls = Calls(1)
        await calls.begin("first", FLASH)
        for name, precedence in (("r", ROUTINE), ("p1", PRIORITY), ("p2", PRIORITY)):
            await calls.begin(name, precedence)
        seen = []
        for name in ("first", "p1", "p2"):
            await calls.end(name)
            seen.append(calls.holding())
        return seen

    assert asyncio.run(run()) == [{"p1"}, {"p2"}, {"r"}]


@given(st.lists(st.tuples(st.sampled_from(Precedence), st.booleans(), st.booleans()), max_size=25),
       st.integers(1, 3))  # fmt: skip
def test_no_flash_waits_and_nothing_else_goes_past_the_limit(steps, lines: int):
    async def run() -> None:
        calls = Calls(lines)
        ranks: dict[str, tuple[Precedence, bool]] = {}
        for number, (precedence, drill, ends) in enumerate(steps):
            name = str(number)
            ranks[name] = (precedence, drill)
            await calls.begin(name, precedence, drill=drill)
            held = calls.holding()
            flashes = {each for each in ranks if ranks[each] == (FLASH, False)}
            assert flashes <= held
            assert len(held - flashes) <= max(0, lines - len(flashes)) or len(held) <= lines
            if ends and held:
                gone = min(held)
                del ranks[gone]
                await calls.end(gone)
                waiting = set(calls._tasks) - set(calls.seats)
                assert len(calls.holding()) >= min(lines, 1) or not waiting
        for name in list(calls._tasks):
            await calls.end(name)
        assert calls.board.held == 0

    asyncio.run(run())


def phone(**changes: object) -> Phone:
    return Phone(settings("baresip-python", 5060, **changes), Path("/"))


@pytest.mark.parametrize(
    ("address", "uri"),
    [
        ("+7 495 000-00-00", "sip:+74950000000@exchange.example"),
        ("(00) 1.23/4", "sip:001234@exchange.example"),
        ("sip:200@10.0.0.1:5061;transport=tls", "sip:200@10.0.0.1:5061;transport=tls"),
        ("sips:duty@[::1]", "sips:duty@[::1]"),
    ],
)
def test_a_number_is_dialled_by_the_plan_and_a_uri_as_it_is(address: str, uri: str):
    made = phone(sip_uri_template="sip:{number}@exchange.example")
    assert made.address_fault(address) is None
    assert made.uri(address) == uri


@pytest.mark.parametrize(
    "address",
    ["", "1", "12345678901234567890123", "call me", "sip:", "sip:a@b c", "sip:a@b\r\nX: y",
     'sip:a@b;x="y"', "sip:<a>@b", "tel:123", "sip:a@b>;regint=0", "http://a@b", "+", "٤٧٤٧"],
)  # fmt: skip
def test_what_cannot_be_dialled_is_said_where_it_is_entered(address: str):
    assert phone(sip_uri_template="sip:{number}@exchange.example").address_fault(address)


def test_a_number_without_a_dial_plan_says_which_setting_is_missing():
    assert "sip_uri_template" in (phone().address_fault("200") or "")


@given(st.text(max_size=60))
def test_no_address_makes_more_than_one_line_of_sip(address: str):
    made = phone(sip_uri_template="sip:{number}@exchange.example")
    if made.address_fault(address) is None:
        assert not set(made.uri(address)) & set(' "<>\r\n\\,?')


def test_every_language_of_the_phrasebook_has_its_sentences():
    assert set(WORDS) == set(languages())


def test_digits_are_spoken_one_by_one():
    assert spelt("At 142507, 35.28 north") == "At 1 4 2 5 0 7, 3 5.2 8 north"


def seconds(path: Path) -> float:
    with wave.open(str(path)) as sound:
        assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (1, 2, RATE)
        return sound.getnframes() / RATE


@pytest.mark.parametrize("language", sorted(WORDS))
def test_a_page_is_spoken_in_each_language(language: str):
    async def run() -> list[float]:
        speech = Speech(None)
        try:
            said = await speech.of(page("x", language=language, text=("42",), drill=True))
            sounds = (said.message, said.wrong, said.enough, said.noted)
            return [seconds(each.path) if each else 0 for each in sounds]
        finally:
            await speech.close()

    message, *sentences = asyncio.run(run())
    assert message > 4
    assert all(each > 0.5 for each in sentences)


def program(folder: Path, script: str) -> str:
    path = folder / "speaks"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o700)
    return str(path)


def test_what_the_party_has_recorded_is_used_first(tmp_path: Path):
    for name in ("opening", "flash", "press", "4", "7", "wrong", "enough", "noted", "stay"):
        recorded(tmp_path / "en" / f"{name}.wav", 1, 44_100)
    log = tmp_path / "log"
    speaks = program(tmp_path, f'cat >>{log}; exec espeak-ng -v en -w "$6" hello')

    async def run() -> float:
        speech = Speech(tmp_path, speaks)
        try:
            said = await speech.of(page("x", precedence=FLASH))
            assert said.noted is not None
            assert said.stay is not None
            assert said.message is not None
            assert abs(seconds(said.noted.path) - 1) < 0.05
            return seconds(said.message.path)
        finally:
            await speech.close()

    assert asyncio.run(run()) > 5
    assert log.read_text() == "Stop."


@pytest.mark.parametrize("script", ["exit 1", "cat >/dev/null; exit 0", "kill -9 $$"])
def test_a_voice_that_fails_leaves_the_bell_and_tells_no_code(tmp_path: Path, script: str):
    async def run() -> None:
        speech = Speech(None, program(tmp_path, script))
        try:
            said = await speech.of(page("x"))
            assert (said.message, said.noted) == (None, None)
            assert seconds(speech.bell.path) > 1
            assert speech.fault() is None
        finally:
            await speech.close()

    asyncio.run(run())


def test_a_recording_without_sound_is_spoken_instead(tmp_path: Path):
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "press.wav").write_bytes(b"not a sound")
    with av.open(str(tmp_path / "en" / "opening.wav"), "w", format="avi") as file:
        stream = file.add_stream("mpeg4", rate=25)
        stream.width, stream.height = 16, 16
        file.mux(stream.encode(av.VideoFrame(16, 16, "yuv420p")))
        file.mux(stream.encode(None))

    async def run() -> None:
        speech = Speech(tmp_path)
        try:
            for _ in range(2):
                said = await speech.of(page("x"))
                assert said.message is not None
                assert seconds(said.message.path) > 4
        finally:
            await speech.close()

    asyncio.run(run())


def clear(folder: Path) -> None:
    for each in folder.iterdir():
        shutil.rmtree(each)


def test_a_voice_whose_folder_was_cleared_speaks_on(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    async def run() -> None:
        speech = Speech(None)
        try:
            for _ in range(2):
                said = await speech.of(page("x"))
                for each in (said.message, said.noted, speech.bell):
                    assert each is not None
                    assert seconds(each.path) > 0.5
                clear(tmp_path)
        finally:
            await speech.close()

    asyncio.run(run())


def test_a_disk_that_takes_nothing_leaves_a_call_that_can_still_be_held(
    tmp_path: Path, monkeypatch
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    async def run() -> None:
        speech = Speech(None)
        try:
            await speech.of(page("x"))
            clear(tmp_path)
            monkeypatch.setattr("tempfile.tempdir", "/dev/null/none")
            said = await speech.of(page("x"))
            assert (said.message, said.noted) == (None, None)
            assert speech.bell.length_s > 1
        finally:
            await speech.close()

    asyncio.run(run())


def test_a_missing_voice_is_said_plainly():
    async def run() -> str | None:
        speech = Speech(None, "/nonexistent/espeak-ng")
        try:
            assert (await speech.of(page("x"))).message is None
            return speech.fault()
        finally:
            await speech.close()

    assert "is not installed" in (asyncio.run(run()) or "")


def test_a_voice_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("clearline.channels.phone.speech.SPEAK_S", 0.3)
    ids = tmp_path / "ids"

    async def run() -> None:
        speech = Speech(None, program(tmp_path, f"echo $$ >>{ids}; exec sleep 600"))
        try:
            assert (await speech.of(page("x"))).message is None
        finally:
            await speech.close()

    asyncio.run(run())
    for process in ids.read_text().split():
        with pytest.raises(ProcessLookupError):
            os.kill(int(process), 0)


def test_fifty_pages_of_one_call_are_spoken_by_the_work_of_one(tmp_path: Path):
    log = tmp_path / "log"
    speaks = program(tmp_path, f'echo >>{log}; exec espeak-ng -v en -w "$6" hello')
    codes = [f"{number:02}" for number in range(50)]

    async def run() -> None:
        speech = Speech(None, speaks)
        try:
            pages = (msgspec.structs.replace(page("x"), code=code) for code in codes)
            said = await asyncio.gather(*(speech.of(each) for each in pages))
            paths = {each.message.path for each in said if each.message}
            assert len(paths) == 50
            for each in said:
                speech.forget(each)
            assert not any(path.exists() for path in paths)
        finally:
            await speech.close()

    asyncio.run(run())
    # Four pieces of the message, ten digits, four sentences.
    assert log.read_text().count("\n") == 18


def test_a_long_text_is_cut_before_it_is_spoken(tmp_path: Path):
    log = tmp_path / "log"
    speaks = program(tmp_path, f'cat >>{log}; exec espeak-ng -v en -w "$6" hello')

    async def run() -> None:
        speech = Speech(None, speaks)
        try:
            await speech.of(page("x", text=("\u263a" * 100_000,)))
        finally:
            await speech.close()

    asyncio.run(run())
    assert log.read_text().count("\u263a") == MAX_TEXT
