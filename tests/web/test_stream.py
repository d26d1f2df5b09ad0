"""The stream: nothing is lost and nothing comes twice, over any number of lost connections."""

from __future__ import annotations

import asyncio
import json
import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from clearline.basis.instants import MINUTE_MS
from clearline.core.events import Declare, Withdraw
from clearline.node.clock import SystemClock
from clearline.web.picture import KINDS, MAX_FRAMES, Picture
from clearline.web.stream import MAX_AT_ONCE, MAX_CONSOLES_OF_ONE, events
from tests.kit import START, Pair, declare, volume
from tests.line.consoles import Line
from tests.line.station import until
from tests.web.conftest import Client
from tests.web.reader import Reader

NOTICES, LEAST_CUTS = 60, 40
SEED = 20_261_126


def made() -> tuple[Pair, Picture]:
    pair = Pair()
    picture = Picture(pair.north.runtime, "north", "North", "test", START)
    picture.refresh(pair.now)
    return pair, picture


def whole(pair: Pair, picture: Picture) -> dict[str, Any]:
    return json.loads(b"".join(picture.whole(pair.now)))


def lists(whole: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {kind: {item["id"]: item for item in whole[kind]} for kind in KINDS}


def apply(shown: dict[str, dict[str, Any]], raw: bytes) -> None:
    frame = json.loads(raw)
    for kind, items in frame["put"].items():
        shown[kind].update({item["id"]: item for item in items})
    for kind, ids in frame["gone"].items():
        for each in ids:
            del shown[kind][each]


@settings(deadline=None, max_examples=30)
@given(st.lists(st.sampled_from(["declare", "theirs", "withdraw", "wait", "cut"]), max_size=25))
def test_frames_make_the_picture_that_is_wherever_one_was_cut_off(steps: list[str]) -> None:
    """Whoever applies every frame has the whole picture; cut anywhere, and taken up again."""
    pair, picture = made()
    shown, seq = lists(whole(pair, picture)), picture.seq
    declared: list[str] = []
    away = False
    for step in steps:
        if step == "declare":
            declared.append(pair.north.do(declare(volume(lat=34.5 + len(declared) / 50)), pair.now))
        elif step == "theirs":
            pair.south.do(declare(), pair.now)
        elif step == "withdraw" and declared:
            pair.north.do(Withdraw(by="planner", notice=declared.pop()), pair.now)
        elif step == "wait":
            pair.wait(MINUTE_MS)
        elif step == "cut":
            away = not away
        pair.settle()
        picture.refresh(pair.now)
        if not away:
            frames = picture.after(seq)
            assert frames is not None
            for frame in frames:
                apply(shown, frame.raw)
            seq = picture.seq
    for frame in picture.after(seq) or []:
        apply(shown, frame.raw)
    assert shown == lists(whole(pair, picture))


def test_a_conflict_that_was_seen_and_comes_back_is_another_alarm() -> None:
    pair, picture = made()
    pair.south.do(declare(), pair.now)
    for _ in range(2):
        ours = pair.north.do(declare(), pair.now)
        pair.settle()
        (key,) = pair.north.runtime.state.conflicts.by_key
        picture.see(key, "Maj. North", pair.now)
        picture.refresh(pair.now)
        assert [each["id"] for each in whole(pair, picture)["seen"]] == [key]
        pair.north.do(Withdraw(by="planner", notice=ours), pair.now)
        pair.settle()
        picture.refresh(pair.now)
        assert whole(pair, picture)["seen"] == []


def test_an_item_that_cannot_be_shown_keeps_no_other_from_the_screens() -> None:
    pair, picture = made()
    notices: Any = pair.north.runtime.state.notices.by_id
    notices["spoilt"] = object()
    shown = pair.north.do(declare(), pair.now)
    assert picture.refresh(pair.now)
    assert set(lists(whole(pair, picture))["notices"]) == {shown}
    assert json.loads(picture.frames[-1].raw)["put"]["notices"][0]["id"] == shown
    del notices["spoilt"]
    assert picture.refresh(pair.now)
    assert json.loads(picture.frames[-1].raw)["gone"] == {"notices": ["spoilt"]}


def test_a_frame_applied_twice_changes_nothing_more() -> None:
    pair, picture = made()
    pair.north.do(declare(), pair.now)
    picture.refresh(pair.now)
    shown = lists(whole(pair, picture))
    apply(shown, picture.frames[-1].raw)
    assert shown == lists(whole(pair, picture))


def test_nothing_new_makes_no_frame() -> None:
    pair, picture = made()
    number = picture.number
    assert not picture.refresh(pair.now)
    assert picture.number == number


def test_one_that_comes_too_late_or_from_before_is_told_to_take_the_whole_again() -> None:
    pair, picture = made()
    old = picture.seq
    for n in range(MAX_FRAMES + 1):
        picture.see(str(n), "Maj. A", pair.now)
        picture.refresh(pair.now)
    assert picture.after(old) is None
    assert picture.after("another-3") is None
    assert picture.after(f"{picture.boot}-{picture.number + 1}") is None
    for wrong in ("", "x", f"{picture.boot}-", f"{picture.boot}-1e9", f"{picture.boot}--1"):
        assert picture.after(wrong) is None
    assert picture.after(picture.seq) == []


def test_a_stream_ends_as_soon_as_its_session_does() -> None:
    pair, picture = made()
    left = [True, True, False]

    async def read() -> list[bytes]:
        stream = events(picture, picture.seq, lambda: pair.now, lambda: left.pop(0))
        return [event async for event in stream]

    said = asyncio.run(read())
    assert said[-1].startswith(b"event: signed_out")
    assert any(event.startswith(b"event: beat") for event in said)


def test_a_slow_reader_holds_on_to_no_more_than_it_was_given() -> None:
    pair, picture = made()
    since = picture.seq
    for n in range(MAX_FRAMES):
        picture.see(str(n), "Maj. A", pair.now)
        picture.refresh(pair.now)
    events_of = events(picture, since, lambda: pair.now, lambda: True)

    async def read() -> tuple[int, bytes]:
        while not (await anext(events_of)).startswith(b"id: "):
            pass
        # While it reads the first frame, everything that it has missed gives way.
        for n in range(MAX_FRAMES):
            picture.see(str(n), "Maj. B", pair.now)
            picture.refresh(pair.now)
        given = 1
        while (event := await anext(events_of)).startswith(b"id: "):
            given += 1
        return given, event

    given, last = asyncio.run(read())
    assert given == MAX_AT_ONCE
    assert last.startswith(b"event: reset")


def test_a_session_that_ends_is_shown_no_more_than_it_was_given() -> None:
    pair, picture = made()
    since = picture.seq
    for n in range(3 * MAX_AT_ONCE):
        picture.see(str(n), "Maj. A", pair.now)
        picture.refresh(pair.now)
    left = [True, False]

    async def read() -> list[bytes]:
        stream = events(picture, since, lambda: pair.now, lambda: left.pop(0))
        return [event async for event in stream]

    said = asyncio.run(read())
    assert sum(event.startswith(b"id: ") for event in said) == MAX_AT_ONCE
    assert said[-1].startswith(b"event: signed_out")


def test_nobody_takes_all_places_and_a_place_is_free_again(line: Line, north: Client) -> None:
    def listening() -> int:
        return north.api("picture")["node"][0]["open"]

    until(lambda: listening() == 0, "others to have gone")
    seq = north.api("picture")["seq"]
    with ExitStack() as streams:
        for _ in range(MAX_CONSOLES_OF_ONE):
            streams.enter_context(north.stream(since=seq)).readline()
        refused = north.get(f"/api/v1/stream?since={seq}")
        assert (refused.status, refused.body["code"]) == (503, "too_many_consoles")
        assert "Maj. North" in refused.body["phrase"]
        assert listening() == MAX_CONSOLES_OF_ONE
    until(lambda: listening() == 0, "their places to be free")
    with north.stream(since=seq) as stream:
        assert stream.status == 200


def frames(stream: Any, count: int) -> list[tuple[str, dict[str, Any]]]:
    """Return the next frames of a real stream, with their ids."""
    found: list[tuple[str, dict[str, Any]]] = []
    event: dict[str, str] = {}
    while len(found) < count:
        line = stream.readline().decode().rstrip("\n")
        if line:
            name, _, value = line.partition(": ")
            event[name] = value
            continue
        if event.get("event") == "frame":
            found.append((event["id"], json.loads(event["data"])))
        event = {}
    return found


def test_over_a_real_connection_every_frame_comes_once(line: Line, north: Client) -> None:
    seq = north.api("picture")["seq"]
    seen: list[tuple[str, dict[str, Any]]] = []
    for n in range(4):
        line.north.run("declare", "--circle", f"35.{n}N 040.1E", "--radius", "3 km", "--band",
                       "SFC-FL100", "--from", "+3h", "--to", "+5h")  # fmt: skip
        with north.stream(last=seen[-1][0] if seen else seq) as stream:
            seen += frames(stream, 1)
    numbers = [int(name.rpartition("-")[2]) for name, _ in seen]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert numbers[0] == int(seq.rpartition("-")[2]) + 1


def test_cut_at_random_moments_in_a_storm_no_event_is_lost_or_comes_twice(
    line: Line, north: Client
) -> None:
    chance = random.Random(SEED)
    reader = Reader(north, chance)
    (link,) = line.north.ask("status")["links"]

    def storm() -> None:
        for n in range(NOTICES):
            side = (line.north, line.south)[n % 2]
            drawn = volume(lat=34.5 + n / 100, now=SystemClock().now())
            event = Declare(by="planner", links=(link["id"],), activity="flight", volumes=(drawn,))
            (done,) = side.do(event)
            if n % 3 == 0:
                side.do(Withdraw(by="planner", notice=done["entries"][0]["id"]))
            north.post("seen", {"id": f"alarm {n}"})

    with ThreadPoolExecutor(1) as aside:
        stormed = aside.submit(storm)
        while not stormed.done():
            # A connection begins with some hundred bytes of heads: some are cut within these.
            reader.read(chance.randint(100, 6_000))
        stormed.result()
    whole = north.api("picture")
    reader.read(1 << 30, goal=whole["seq"])

    numbers = [int(name.rpartition("-")[2]) for name in reader.ids]
    first = int(reader.first.rpartition("-")[2])
    assert numbers == list(range(first + 1, first + 1 + len(numbers)))
    assert len(numbers) > NOTICES, "a storm"
    assert reader.cuts > LEAST_CUTS
    assert reader.cut_within > LEAST_CUTS / 2, "cut in the middle of events"
    assert reader.shown == lists(whole)
