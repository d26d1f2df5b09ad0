"""What tests need to make two parties, their terms and two real runtimes, in a few lines."""

from __future__ import annotations

import hashlib
from base64 import b64encode

from clearline.basis.instants import HOUR_MS, MINUTE_MS, SECOND_MS, Instant
from clearline.core.effects import Effect
from clearline.core.events import Declare, OpenLink, TakeWatch
from clearline.core.terms import (
    DEFAULT_MINIMA,
    Activity,
    Limits,
    Party,
    Pulse,
    ReleaseField,
    ReleaseRules,
    Terms,
    TestSchedule,
    default_ladders,
)
from clearline.node.outbox import LINGER_MS
from clearline.node.ports import Journal
from clearline.node.runtime import Runtime, open_runtime
from clearline.record import AuthorKey, MirrorKey, public_keys
from clearline.space import (
    Altitude,
    Anchor,
    Band,
    Circle,
    Datum,
    Grid,
    Polygon,
    Position,
    Volume,
    Window,
)
from clearline.stores.memory import MemoryJournal

START = Instant.parse("2026-11-23T12:00:00.000Z")
LINK = "019ab000-0000-7000-8000-000000000001"


class RealKeys:
    """A party's two real hybrid keys, from seeds that its name makes."""

    def __init__(self, party: str) -> None:
        self.author = AuthorKey.from_seeds(party, _seed(party, "ae"), _seed(party, "am"))
        self.mirror = MirrorKey.from_seeds(party, _seed(party, "me"), _seed(party, "mm"))


def _seed(party: str, what: str) -> bytes:
    return hashlib.sha256(f"{party}/{what}".encode()).digest()


def party(name: str, *urls: str) -> Party:
    keys = RealKeys(name)
    return Party(
        party=name,
        title=f"{name.title()} headquarters",
        keys=public_keys(keys.author, keys.mirror),
        certificate=b64encode(hashlib.sha512(name.encode()).digest() * 4).decode(),
        urls=urls or (f"https://{name}.invalid",),
        contact=(f"{name} operations desk, telephone 00-{name}",),
        languages=("en", "ru"),
    )


def degrees(lat: float, lon: float) -> Position:
    return Position(lat_e7=round(lat * 1e7), lon_e7=round(lon * 1e7))


AREA = Polygon(exterior=(degrees(34, 38), degrees(34, 42), degrees(37, 42), degrees(37, 38)))


def terms(*, version: int = 1, **changes: object) -> Terms:
    fields: dict[str, object] = {
        "link": LINK,
        "version": version,
        "parties": (party("north"), party("south")),
        "area": AREA,
        "minima": DEFAULT_MINIMA,
        "ladders": default_ladders(),
        "activities": (
            Activity(name="flight", lead_ms=2 * HOUR_MS),
            Activity(name="convoy", lead_ms=24 * HOUR_MS),
        ),
        "release": ReleaseRules(
            fields=tuple(ReleaseField),
            grid=Grid(
                position_e7=100_000,
                length_cm=100_000,
                altitude_cm=15_240,
                time_ms=5 * MINUTE_MS,
            ),
            call_grid=Grid(
                position_e7=1_000, length_cm=10_000, altitude_cm=3_048, time_ms=MINUTE_MS
            ),
        ),
        "anchors": (
            Anchor(name="Deir ez-Zor city", position=degrees(35.3333, 40.1500)),
            Anchor(name="Deir ez-Zor airfield", position=degrees(35.2854, 40.1760)),
        ),
        "anchor_tolerance_cm": 200_000,
        "tests": TestSchedule(every_ms=HOUR_MS, patience_ms=5 * MINUTE_MS),
        "violations": ("overflight-within-a-mile", "not-notified"),
        "pulse": Pulse(),
        "limits": Limits(),
    }
    return Terms(**(fields | changes))  # type: ignore[arg-type]


def circle(lat: float, lon: float, radius_m: int = 5_000) -> Circle:
    return Circle(centre=degrees(lat, lon), radius_cm=radius_m * 100)


AIR = Band(
    lower=Altitude(datum=Datum.FL, value_cm=100 * 3_048),
    upper=Altitude(datum=Datum.FL, value_cm=180 * 3_048),
)


def volume(
    lat: float = 35.3,
    lon: float = 40.1,
    *,
    radius_m: int = 5_000,
    band: Band = AIR,
    start_ms: int = 3 * HOUR_MS,
    length_ms: int = 2 * HOUR_MS,
    now: Instant = START,
) -> Volume:
    start = now.after(start_ms)
    window = Window(start=start, end=start.after(length_ms))
    return Volume(outline=circle(lat, lon, radius_m), band=band, window=window)


def declare(*volumes: Volume, by: str = "planner", **changes: object) -> Declare:
    fields = {"links": (LINK,), "activity": "flight", "volumes": volumes or (volume(),)}
    return Declare(by=by, **(fields | changes))  # type: ignore[arg-type]


class Node:
    """A real runtime on a journal, with its effects in a list and nothing else around it."""

    def __init__(self, name: str, journal: Journal | None = None, at: Instant = START) -> None:
        self.name = name
        self.keys = RealKeys(name)
        self.journal = journal or MemoryJournal()
        self.effects: list[Effect] = []
        self.runtime: Runtime = self._open(at)

    def _open(self, at: Instant) -> Runtime:
        return open_runtime(self.journal, self.keys, self.effects.append, at, version="test")

    def restart(self, at: Instant) -> None:
        """What a crash leaves: the journal alone."""
        self.effects.clear()
        self.runtime = self._open(at)

    def do(self, event: object, at: Instant) -> str:
        """Handle one event; return the id of the first entry it wrote, or raise its mistake."""
        (outcome,) = self.runtime.submit([event], at)  # type: ignore[list-item]
        if outcome.mistake is not None:
            raise outcome.mistake
        return outcome.entries[0].id if outcome.entries else ""

    def told(self, kind: type) -> list[Effect]:
        return [effect for effect in self.effects if isinstance(effect, kind)]

    def codes(self) -> list[str]:
        return [effect.code for effect in self.effects if hasattr(effect, "code")]


class Pair:
    """Two nodes joined by a wire that is perfect, instant, and moved by hand."""

    def __init__(self, *, opened: bool = True, **changes: object) -> None:
        self.now = START
        self.terms = terms(**changes)  # type: ignore[arg-type]
        self.north = Node("north")
        self.south = Node("south")
        if opened:
            self.open()

    def open(self) -> None:
        for node in (self.north, self.south):
            node.do(OpenLink(by="liaison", us=node.name, terms=self.terms, agree=True), self.now)
        self.settle()
        for node in (self.north, self.south):
            watch = TakeWatch(by=f"{node.name} officer", echelon="duty-desk", languages=("en",))
            node.do(watch, self.now)
        self.settle()

    def settle(self) -> None:
        """Push until neither side has anything left to say, nor anything that waits for more."""
        for _ in range(50):
            if not (self._exchange(self.now) or self._exchange(self.now.after(LINGER_MS))):
                return
        raise AssertionError("the two nodes never stop talking")

    def wait(self, span_ms: int) -> None:
        """Let time pass, with every deadline kept on both sides."""
        end = self.now.after(span_ms)
        while True:
            dues = [node.runtime.due() for node in (self.north, self.south)]
            soonest = min((due for due in dues if due is not None), default=end)
            self.now = min(max(soonest, self.now), end)
            for node in (self.north, self.south):
                node.runtime.tick(self.now)
            self.settle()
            if self.now >= end:
                return
            self.now = self.now.after(1)

    def _exchange(self, at: Instant) -> bool:
        both = ((self.north, self.south), (self.south, self.north))
        pushed = [self._push(sender, receiver, at) for sender, receiver in both]
        return any(pushed)

    def _push(self, sender: Node, receiver: Node, at: Instant) -> bool:
        pushes = sender.runtime.pushes(at)
        for push, body in pushes:
            reply = receiver.runtime.admit(push.link, body, self.now)
            sender.runtime.answered(push, reply.status, reply.body, self.now)
        return bool(pushes)


__all__ = [
    "AIR",
    "AREA",
    "LINK",
    "SECOND_MS",
    "START",
    "Node",
    "Pair",
    "RealKeys",
    "circle",
    "declare",
    "degrees",
    "party",
    "terms",
    "volume",
]
