"""Tracks on the stream: only what has moved, after every frame, and never kept for anybody."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from clearline.gateways.tracks.child import MAX_GONE, Child
from clearline.gateways.tracks.messages import Alarmed, Heard, Seen
from clearline.node.settings import TracksSettings
from clearline.node.tracks.track import Alarm, Receiver, ReceiverState, Track, What
from clearline.web.picture import Picture
from clearline.web.stream import events
from clearline.web.tracks import MOST_AT_ONCE, Sight
from tests.kit import START, Pair
from tests.line.consoles import Line
from tests.node.tracks.sky import flight, track
from tests.web.conftest import Client

ROOF = TracksSettings(receivers=("roof=sbs://127.0.0.1:1",))


class Seeing:
    """A real node's picture, and the node's end of tracks, told what a process would tell it."""

    def __init__(self) -> None:
        self.pair = Pair()
        runtime = self.pair.north.runtime
        self.child = Child(ROOF, Path(), lambda: runtime.state, lambda: self.pair.now)
        self.picture = Picture(runtime, "north", "North", "test", START, tracks=self.child)
        self.picture.refresh(self.pair.now)
        self.sight = Sight(lambda: self.child)

    def see(self, *names: str, lat: float = 35.0, gone: tuple[str, ...] = ()) -> None:
        put = tuple(track(flight(name, lat)) for name in names)
        self.child._take(Seen(put=put, gone=gone, left_out=0))


def told(piece: bytes | None) -> dict[str, Any]:
    assert piece is not None
    return json.loads(piece)


def all_of(seeing: Seeing, version: int) -> tuple[dict[str, Any], int]:
    """Take pieces until there is none; return what a page then shows, and where it is."""
    shown: dict[str, Any] = {}
    while True:
        piece, version = seeing.sight.after(version, seeing.pair.now)
        if piece is None:
            return shown, version
        moved = told(piece)
        if moved["reset"]:
            shown.clear()
        for name in moved["gone"]:
            shown.pop(name, None)
        shown |= {each["id"]: each for each in moved["put"]}


def test_a_console_is_told_everything_once_and_then_what_has_moved():
    seeing = Seeing()
    names = [f"t{n}" for n in range(2 * MOST_AT_ONCE + 1)]
    seeing.see(*names)
    first, at = seeing.sight.after(0, seeing.pair.now)
    assert told(first)["reset"]
    assert len(told(first)["put"]) == MOST_AT_ONCE
    shown, at = all_of(seeing, 0)
    assert set(shown) == {f"roof/{name}" for name in names}
    assert seeing.sight.after(at, seeing.pair.now)[0] is None
    seeing.see("t1", lat=36.0)
    seeing.see("t7", lat=36.0, gone=("roof/t2",))
    moved = told(seeing.sight.after(at, seeing.pair.now)[0])
    assert [each["id"] for each in moved["put"]] == ["roof/t1", "roof/t7"]
    assert (moved["gone"], moved["reset"]) == (["roof/t2"], False)


def test_what_moves_twice_before_it_is_told_is_told_as_it_is():
    seeing = Seeing()
    seeing.see("a")
    _, at = all_of(seeing, 0)
    for lat in (36.0, 37.0, 38.0):
        seeing.see("a", lat=lat)
    (one,) = told(seeing.sight.after(at, seeing.pair.now)[0])["put"]
    assert one["at"]["lat_e7"] == 380_000_000


def test_pieces_taken_while_tracks_move_and_go_end_with_what_is():
    seeing = Seeing()
    seeing.see(*(f"t{n}" for n in range(3 * MOST_AT_ONCE)))
    shown: dict[str, Any] = {}
    version = 0
    for turn in range(40):
        piece, version = seeing.sight.after(version, seeing.pair.now)
        if piece is not None:
            moved = told(piece)
            for name in moved["gone"]:
                shown.pop(name, None)
            shown |= {each["id"]: each for each in moved["put"]}
        if turn < 20:
            seeing.see(f"t{turn * 7}", lat=37.0, gone=(f"roof/t{turn * 11 + 500}",))
    assert shown == {
        name: json.loads(seeing.sight._encoded(each))
        for name, (_, each) in seeing.child._tracks.items()
    }


def test_whoever_was_away_for_too_long_or_over_another_process_begins_again():
    seeing = Seeing()
    seeing.see("a", "b")
    _, at = all_of(seeing, 0)
    seeing.child._lose("The process of tracks has ended.")
    seeing.see("c")
    moved = told(seeing.sight.after(at, seeing.pair.now)[0])
    assert (moved["reset"], [each["id"] for each in moved["put"]]) == (True, ["roof/c"])
    _, at = all_of(seeing, 0)
    for n in range(MAX_GONE + 1):
        seeing.see(f"g{n}")
        seeing.see(gone=(f"roof/g{n}",))
    assert told(seeing.sight.after(at, seeing.pair.now)[0])["reset"]


def _stream(seeing: Seeing, count: int) -> list[tuple[bytes, Any]]:
    """The first so many events of a stream, its beats left out."""

    async def go() -> list[tuple[bytes, Any]]:
        found: list[tuple[bytes, Any]] = []
        stream = events(
            seeing.picture, seeing.picture.seq, lambda: seeing.pair.now, lambda: True, seeing.sight
        )
        async for raw in stream:
            lines = dict(line.split(b": ", 1) for line in raw.strip().split(b"\n"))
            if lines.get(b"event") in (b"frame", b"tracks"):
                found.append((lines[b"event"], json.loads(lines[b"data"])))
                if len(found) == 1:
                    alarm(seeing)
            if len(found) == count:
                return found
        return found

    return asyncio.run(asyncio.wait_for(go(), 10))


def alarm(seeing: Seeing) -> Alarm:
    made = Alarm(
        id="b-1", track="roof/t1", name="KLM", receiver="roof", notice="n", link="l",
        what=What.INSIDE, certain=True, since=START, graver_at=START, reported_at=START, gap_cm=0,
        enters_at=None, lost=False, where=track(flight()).at,
    )  # fmt: skip
    seeing.child._take(Alarmed(put=(made,), over=(), left_out=0))
    seeing.picture.refresh(seeing.pair.now)
    return made


def test_a_frame_goes_before_the_next_piece_of_tracks_and_tracks_have_no_place_in_the_stream():
    seeing = Seeing()
    seeing.see(*(f"t{n}" for n in range(3 * MOST_AT_ONCE)))
    kinds = [kind for kind, _ in _stream(seeing, 4)]
    assert kinds == [b"tracks", b"frame", b"tracks", b"tracks"]


def test_alarms_and_receivers_are_in_the_picture_and_tracks_are_not():
    seeing = Seeing()
    seeing.see("t1")
    made = alarm(seeing)
    whole = json.loads(b"".join(seeing.picture.whole(seeing.pair.now)))
    assert [each["id"] for each in whole["track_alarms"]] == [made.id]
    assert [each["state"] for each in whole["receivers"]] == ["lost"]
    assert "roof/t1" not in json.dumps(whole["notices"]) + json.dumps(whole["lines"])
    assert "tracks" not in whole
    up = Receiver(
        id="roof", format="sbs", state=ReceiverState.UP, since=START, last_at=START, why="",
        flooded=False,
    )  # fmt: skip
    seeing.child._take(Heard(receivers=(up,)))
    seeing.child._take(Alarmed(put=(), over=(made.id,), left_out=0))
    seeing.picture.refresh(seeing.pair.now)
    frame = json.loads(seeing.picture.frames[-1].raw)
    assert frame["gone"] == {"track_alarms": [made.id]}
    assert frame["put"]["receivers"][0]["state"] == "up"


def test_an_alarm_of_a_process_that_died_stands_as_lost_until_it_is_raised_anew():
    seeing = Seeing()
    seeing.child._known["n"] = None  # type: ignore[assignment]  # A notice that still stands.
    old = alarm(seeing)
    seeing.child._lose("The process of tracks has ended.")
    assert seeing.child.alarms[old.id].lost
    new = Alarm(**{name: getattr(old, name) for name in old.__struct_fields__} | {"id": "c-1"})
    seeing.child._take(Alarmed(put=(new,), over=(), left_out=0))
    assert list(seeing.child.alarms) == ["c-1"]


def test_a_node_without_receivers_tells_nothing_of_tracks(line: Line, north: Client):
    found = north.api("tracks")
    assert (found["receivers"], found["tracks"], found["count"]) == ([], [], 0)
    refused = north.post("tracks/belong", {"track": "roof/X", "notice": ""})
    assert (refused.status, refused.body["code"]) == (404, "no_such_track")
    assert north.get("/api/v1/tracks?most=10001").status == 422


def test_tracks_are_for_who_is_signed_in(stranger: Any):
    assert stranger().get("/api/v1/tracks").status == 401
    assert stranger().post("tracks/belong", {"track": "a", "notice": ""}).status == 401


def test_a_track_is_encoded_once_however_many_consoles_there_are():
    seeing = Seeing()
    seeing.see("a")
    (one,) = [each for _, each in seeing.child._tracks.values()]
    assert isinstance(one, Track)
    assert seeing.sight._encoded(one) is seeing.sight._encoded(one)
