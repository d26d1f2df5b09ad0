"""A running node: what the counterpart pushes, what the owner asks; it must never be unsafe.

A signed append carries changed entries as far as `core.step`: each input goes on from one of
the vectors' scripts, part of the way through it, so the ids that it names are there.
"""

from __future__ import annotations

import asyncio
import copy
import functools
import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from clearline.basis.faults import Mistake
from clearline.basis.instants import DAY_MS, Instant, dec_hook, enc_hook
from clearline.core.effects import Effect
from clearline.core.events import Command
from clearline.node import notice_views, views
from clearline.node.runtime import Reply, Runtime, open_runtime
from clearline.record import Checkpoint, Frontier, build_append, leaf_hash, origin_of, sign
from clearline.sim.keys import STUB_TRUST, stub_keys
from clearline.stores.memory import MemoryJournal
from clearline.transports.local import Do, LocalServer
from tests.fuzz.parser import Parser, binary, compact, vectors
from tests.kit import LINK, START, Pair, declare

ROOMS = ("calls", "conflicts", "entries", "notices", "terms", "tests")
_STATUSES = {200, 400, 403, 404, 409, 422}
_MOST_STEPS = 24


@functools.cache
def scripts() -> list[list[dict[str, Any]]]:
    """Return the steps of every script of the vectors, entries and terms spelt out."""
    named = {"example": vectors("terms/example")["document"], **vectors("terms/named")}
    found = [script["steps"] for room in ROOMS for script in vectors(f"{room}/scripts")]
    return [[_spelt_out(step, named) for step in steps] for steps in found]


def _spelt_out(step: dict[str, Any], named: dict[str, Any]) -> dict[str, Any]:
    made = {name: step[name] for name in ("at", "does", "arrives") if name in step}
    does = made.get("does")
    if isinstance(does, dict) and isinstance(does.get("terms"), str):
        made["does"] = does | {"terms": named[does["terms"]]}
    if "arrives" in made:
        try:
            entry = json.loads(made["arrives"])
        except ValueError:
            return made
        # What would not be spelt again as it was stays a text.
        if compact(entry).decode() == made["arrives"]:
            made["arrives"] = entry
    return made


def _shown(effect: Effect) -> None:
    """Every effect can be sent to whoever follows."""
    msgspec.json.encode(effect, enc_hook=enc_hook)


class World:
    """One node with cheap keys, and the other party as far as its feed goes."""

    def __init__(self) -> None:
        self.now = START
        self.journal = MemoryJournal()
        self.feed = Frontier()
        self.runtime = self._open()

    def _open(self) -> Runtime:
        keys = stub_keys("south")
        return open_runtime(self.journal, keys, _shown, self.now, version="fuzz", trust=STUB_TRUST)

    def take(self, step: Any) -> None:
        """Take one step: time passes, then something is done, arrives, or is answered."""
        if not isinstance(step, dict):
            return
        self._pass(step.get("at"))
        if "does" in step:
            self._does(step["does"])
        if "arrives" in step:
            entry = step["arrives"]
            self._arrives(entry.encode() if isinstance(entry, str) else compact(entry))
        if "answered" in step:
            self._answered(step["answered"])

    def _pass(self, at: Any) -> None:
        try:
            moment = Instant.parse(at)
        except (ValueError, TypeError):
            return
        self.now = max(self.now, min(moment, self.now.after(40 * DAY_MS)))
        self.runtime.tick(self.now)

    def _does(self, value: Any) -> None:
        try:
            command: Any = msgspec.convert(value, Command, dec_hook=dec_hook)
        except (msgspec.ValidationError, ValueError):
            return
        self.runtime.submit([command], self.now)

    def _arrives(self, raw: bytes) -> None:
        """The other party signs and pushes these bytes as the next entry of its feed."""
        for line in list(self.runtime.lines.values()):
            if not 0 < len(raw) <= 65_535:
                continue
            grown = self.feed.copy()
            grown.append(leaf_hash(raw))
            origin = origin_of(line.link.id, line.link.them)
            head = Checkpoint(origin=origin, size=grown.size, root=grown.root())
            note = sign(head, stub_keys(line.link.them).author)
            body = build_append(self.feed.size, note, [raw])
            reply = self.runtime.admit(line.link.id, body, self.now)
            assert reply.status in _STATUSES, reply
            if reply.status == 200:
                self.feed = grown

    def _answered(self, value: Any) -> None:
        status, text = (*value, 0, "")[:2] if isinstance(value, list) else (value, "")
        body = text.encode(errors="replace") if isinstance(text, str) else compact(text)
        for push, _ in self.runtime.pushes(self.now):
            self.runtime.answered(push, status, body, self.now)

    def check(self) -> None:
        """Everything can be shown, and a restart from the journal finds the same."""
        runtime = self.runtime
        assert runtime.unsafe is None, runtime.unsafe
        _show_all(runtime, self.now)
        before = _feeds(runtime)
        after = _feeds(self._open())
        for link, (own, theirs) in before.items():
            # On starting, what was slept through is said; their feed cannot have grown.
            assert after[link][1] == theirs, link
            assert after[link][0][0] >= own[0], link


def _feeds(runtime: Runtime) -> dict[str, tuple[tuple[int, bytes], tuple[int, bytes]]]:
    return {
        link: ((line.own.size, line.own.root()), (line.theirs.size, line.theirs.root()))
        for link, line in runtime.lines.items()
    }


def _show_all(runtime: Runtime, now: Instant) -> None:
    shown: list[Any] = [
        views.status(runtime, "south", now),
        notice_views.notices(runtime, ended=True),
        views.conflicts(runtime),
        views.calls(runtime, "ru", now),
        views.tests(runtime),
    ]
    for link in runtime.lines:
        shown += [views.terms(runtime, link), views.log(runtime, link, last=50)]
    assert msgspec.json.encode(shown, enc_hook=enc_hook)


@functools.cache
def _world_after(script: int, steps: int) -> World:
    if steps == 0:
        return World()
    world = copy.deepcopy(_world_after(script, steps - 1))
    world.take(scripts()[script][steps - 1])
    return world


def check_step(raw: bytes) -> None:
    """A script, left off part of the way, goes on as the input says."""
    try:
        script, after, steps = json.loads(raw)
    except (ValueError, TypeError, RecursionError):
        return
    if type(script) is not int or type(after) is not int or not isinstance(steps, list):
        return
    chosen = script % len(scripts())
    world = copy.deepcopy(_world_after(chosen, after % (len(scripts()[chosen]) + 1)))
    for step in steps[:_MOST_STEPS]:
        world.take(step)
    world.check()


def step_seeds() -> Iterable[bytes]:
    """Return what is left of each script at several places, and every body as an entry."""
    for number, steps in enumerate(scripts()):
        for after in range(2, len(steps), 2):
            yield compact([number, after, steps[after : after + _MOST_STEPS]])
    for number, case in enumerate(vectors("entries/bodies")):
        made = {
            "at": "2026-11-23T12:00:00.000Z",
            "body": case["body"],
            "id": f"01b20846-fe00-7000-96e1-{number:012x}",
            "kind": case["kind"],
            "re": [],
            "v": 1,
        }
        yield compact([number, 4 + number % 3, [{"arrives": made}]])
    for status, text in (
        (200, "x"),
        (409, "0\n"),
        (409, "99"),
        (422, "fork"),
        (503, "line not safe"),
    ):
        yield compact([0, 6, [{"answered": [status, text]}, {"at": "2026-11-23T13:00:00.000Z"}]])


@functools.cache
def _pair() -> tuple[Pair, list[bytes]]:
    """Return two real nodes with real keys, and what one of them pushes to the other."""
    pair = Pair()
    pair.north.do(declare(), pair.now)
    north = pair.north.runtime
    pushed = [body for _, body in north.pushes(pair.now)]
    return pair, [*pushed, *north.carry(LINK, 0)]


def check_append(raw: bytes) -> None:
    """Whatever bytes are pushed, an answer goes back and the node is safe; only truth is stored."""
    pair, true = _pair()
    south = copy.deepcopy(pair.south.runtime)
    size = south.lines[LINK].theirs.size
    reply: Reply = south.admit(LINK, raw, pair.now)
    assert reply.status in _STATUSES, reply
    assert south.unsafe is None, south.unsafe
    if reply.status == 200:
        assert raw in true or south.lines[LINK].theirs.size == size
    else:
        assert south.lines[LINK].theirs.size == size


def append_seeds() -> Iterable[bytes]:
    """Return true appends, and those of the vectors."""
    return [*_pair()[1], *binary("record/appends")]


class _Gate:
    """What the socket needs of a node: a runtime, and nothing around it."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def do(self, request: Do) -> Any:
        (done,) = await self.do_all([request.command])
        if isinstance(done, Mistake):
            raise done
        return done

    async def do_all(self, commands: Sequence[Command]) -> list[Any]:
        outcomes = self._world.runtime.submit(commands, self._world.now)
        return [each.mistake or [entry.id for entry in each.entries] for each in outcomes]

    async def ask(self, view: str, args: dict[str, Any]) -> Any:
        raise Mistake("no_such_view", f"There is no view called {view!r}.")

    def listen(self, listener: Callable[[Effect], None]) -> Callable[[], None]:
        # None is the socket's own sign that one who follows was too slow: it ends there.
        listener(None)  # type: ignore[arg-type]
        return lambda: None


class _Writer:
    """The other end of the socket, which keeps what it is sent."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def write(self, raw: bytes) -> None:
        self.sent.append(raw)

    async def drain(self) -> None:
        """Nothing is ever in the way."""


def check_local(raw: bytes) -> None:
    """Each line that comes over the local socket is answered, and leaves the node safe."""
    # A script's half-way: a link is open and agreed, and a call is under way.
    world = copy.deepcopy(_world_after(0, 6))
    server: Any = LocalServer(_Gate(world), None)  # type: ignore[arg-type]
    for line in raw.split(b"\n")[:4]:
        writer = _Writer()
        asyncio.run(server._answer(line, writer))
        answers = [msgspec.json.decode(sent) for sent in writer.sent]
        assert answers, line
        failure = answers[-1].get("failure")
        assert failure is None or failure["code"] not in ("failed", "line_not_safe"), failure
    world.check()


def local_seeds() -> Iterable[bytes]:
    """Return every command of the scripts as a request, and the other requests."""
    for number, steps in enumerate(scripts()):
        for step in steps:
            if "does" in step:
                yield compact({"type": "do", "n": number, "command": step["does"]})
                yield compact({"type": "do_all", "n": number, "commands": [step["does"]] * 2})
    yield compact({"type": "ask", "n": 1, "view": "status", "args": {}})
    yield compact({"type": "do", "n": 2, "until": "x", "wait_ms": 5, "command": {}})
    yield compact({"type": "follow", "n": 3})


PARSERS = {
    "append": Parser(check=check_append, seeds=append_seeds, max_bytes=60_000),
    "step": Parser(check=check_step, seeds=step_seeds, is_json=True, max_bytes=60_000),
    "local": Parser(check=check_local, seeds=local_seeds, is_json=True, max_bytes=30_000),
}
