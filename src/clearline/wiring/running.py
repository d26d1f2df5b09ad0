"""Running: one node with all of its shells, put together.

A new store or transport is one file in its room and one line here; a new channel, one line
in `wiring.ways`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Generator, Sequence
from pathlib import Path
from typing import Any

import structlog

from clearline import __version__
from clearline.basis.faults import Broken, Mistake, Refusal
from clearline.basis.steps import Steps
from clearline.channels.desk import Desk
from clearline.core.effects import Alert, Effect, Tell
from clearline.core.events import Agree, Bulk, Command, Event, OpenLink, Propose
from clearline.core.previewing import Preview
from clearline.core.terms import Terms
from clearline.gateways import ical
from clearline.gateways.tracks.child import Child as Tracks
from clearline.node import evidence
from clearline.node.clock import SystemClock
from clearline.node.foreseeing import foreseeing
from clearline.node.lane import ChannelView
from clearline.node.loop import Loop, Unreachable
from clearline.node.outbox import GIVE_UP_MS, Push
from clearline.node.paging import Pager
from clearline.node.ports import Clock
from clearline.node.queries import Queries, settled
from clearline.node.reliability import Reliability, reliability
from clearline.node.rosterasks import asks
from clearline.node.rostering import Rostering
from clearline.node.runtime import Outcome, Reply, Runtime, open_runtime
from clearline.node.settings import load
from clearline.node.tracks.asks import asks as track_asks
from clearline.node.views import ConsoleView
from clearline.record import AuthorVerifier, MirrorVerifier, Tree, tiles
from clearline.record.bundle import Contents
from clearline.space import GridIndex, Index, LayeredIndex
from clearline.stores.keyfile import FileKeys, read_keys
from clearline.stores.sqlite import SqliteJournal
from clearline.transports.certificate import add_pin, drop_pin, from_base64, server_context
from clearline.transports.client import Client
from clearline.transports.https import Server
from clearline.transports.local import Do, LocalServer
from clearline.transports.metrics import Metrics
from clearline.voice.voice import Voice
from clearline.web.console import AGAIN_S, Console
from clearline.web.turns import unhurried
from clearline.wiring.areafiles import AreaFiles
from clearline.wiring.home import Home
from clearline.wiring.stderr import STDERR
from clearline.wiring.ways import ways_of

__all__ = ["OWNER_ALONE", "SHUTDOWN_S", "RunningNode"]

LINGER_S = 3.0
"""A node that is NOT SAFE goes on answering so for a while, then ends with its exit code."""
SHUTDOWN_S = 5.0
OWNER_ALONE = 0o077
"""What the node's process takes from the mode of every file that it makes."""


class RunningNode:
    """A node with all of its shells. It is a gate to both of its servers."""

    def __init__(
        self, home: Home, clock: Clock | None = None, *, console_again_s: float = AGAIN_S
    ) -> None:
        """Read settings and keys, open the journal and replay it. Broken if it does not hold.

        A console that cannot be served is tried again each `console_again_s`.
        """
        self.home = home
        self.settings = load(home.path)
        self.clock: Clock = clock or SystemClock()
        self.keys: FileKeys = read_keys(home.keys)
        cert, key = home.certificate_pem(), home.certificate_key_pem()
        self._journal = SqliteJournal(home.journal)
        home.forget()  # A node that was killed has left its own behind.
        ways = ways_of(self.settings, home.path, self.clock.now, self._put_through)
        self.pager = Pager(
            ways,
            self.settings.paging,
            self.settings.node.languages[0],
            lambda: self.runtime.state,
            self._submit,
            self.clock.now,
        )
        self._desk = Desk(self.settings.desk.command, self._heard)
        self.loop: Loop | None = None
        self.metrics: Metrics | None = None
        self.runtime: Runtime = open_runtime(
            self._journal, self.keys, self._desk.perform, self.clock.now(), version=__version__,
            index=self._indexed,
        )  # fmt: skip
        self.metrics = Metrics(self.runtime, self.clock)
        self._client = Client(cert, key)
        self._pins: dict[str, bytes] = {}
        self._routes: dict[str, tuple[str, tuple[str, ...]]] = {}
        """Certificate and addresses of each link's counterpart, as they were last put to use."""
        self._trees: dict[tuple[str, str], Tree] = {}
        self._context = server_context(cert, key, [])
        self._server = Server(self, self._context, self.clock.now, observe=self._observe)
        self._local = LocalServer(self, home.socket)
        self.loop = Loop(self.runtime, self.clock, self._send, self)
        self.roster = Rostering(
            home.path, self.settings.roster, ical, self.loop,
            {each.channel.name: each.channel.address_fault for each in ways},
        )  # fmt: skip
        self.tracks = Tracks(
            self.settings.tracks, home.path, lambda: self.runtime.state, self.clock.now
        )
        more = {
            **asks(self.roster), **track_asks(self.tracks), "reliability": self._reliability,
            "preview": self._preview,
        }  # fmt: skip
        self._queries = Queries(
            self.loop, self.settings.node, self._console_view, self.pager.views, more
        )
        self.loop.on_unsafe = self._on_unsafe
        self.loop.on_answer = lambda _, seconds: self._metrics.receipts.observe(seconds)
        self.talking = Voice(self.loop, home.path / "recordings", self.settings, self._client.voice)
        self.ended: asyncio.Event = asyncio.Event()
        self._log = structlog.get_logger("node")
        self._words: set[asyncio.Task[None]] = set()
        self._console: Console | None = None
        if self.settings.console.listen:
            self._console = Console(
                self, self.settings, home.path, AreaFiles(), self._console_served, console_again_s
            )

    async def start(self) -> int:
        """Listen for the counterparts and for the owner; return the port. Mistake if it cannot.

        The console is served as soon as it can be, and nothing waits for it.
        """
        try:
            return await self._start()
        except BaseException:
            await self.stop()
            raise

    def _indexed(self) -> Index:
        """Return an index that lies in memory until it is large."""
        most = self.settings.node.indexed_in_memory
        return LayeredIndex(GridIndex(), most, self._journal.index)

    async def _start(self) -> int:
        self._pin_all()
        host, _, port = self.settings.node.listen.rpartition(":")
        taken = await self._server.start(host.strip("[]"), int(port))
        await self._local.start()
        if self.settings.metrics.listen:
            _serve_metrics(self._metrics, self.settings.metrics.listen)
        self.home.address.write_text(f"{host}:{taken}\n")
        self._loop.start()
        self.pager.start()
        self.roster.start()
        self.talking.start()
        self.tracks.start()
        if self._console is not None:
            self._console.start()
        self._log.info("serving", party=self.settings.node.party, listen=f"{host}:{taken}")
        return taken

    async def stop(self) -> None:
        """Stop listening and pushing; everything that was answered is durable already."""
        if self._console is not None:
            await self._console.stop()
        await self.pager.stop()
        await self.roster.stop()
        await self._local.stop()
        await self._server.stop()
        await self.talking.stop()
        await self.tracks.stop()
        with contextlib.suppress(Broken):
            await self._loop.stop()
        for word in list(self._words):
            word.cancel()
        await self._client.close()
        self.home.forget()
        self._journal.close()

    # What the counterpart's side of the node asks (transports.https.Gate).

    def admit(self, link: str, body: bytes) -> Reply:
        """Take in an append."""
        return self._loop.admit(link, body)

    def after(self) -> None:
        """Let go what it has led to."""
        self._pin_all()
        self._loop.kick()

    def pin_of(self, link: str) -> bytes | None:
        """Return the certificate of the link's counterpart."""
        return self._pins.get(link)

    def checkpoint(self, link: str, party: str) -> bytes | None:
        """Return the newest signed checkpoint of a party's feed."""
        line = self.runtime.lines.get(link)
        if line is None or party not in (line.link.us, line.link.them):
            return None
        if party == line.link.us:
            return self.runtime.checkpoint(link)[1]
        return line.their_head.raw if line.their_head is not None else None

    def tile(self, link: str, party: str, path: str) -> bytes | None:
        """Return a tile of hashes or a bundle of entries."""
        line = self.runtime.lines.get(link)
        if line is None or party not in (line.link.us, line.link.them):
            return None
        size = line.own.size if party == line.link.us else line.theirs.size
        bundle = tiles.parse_bundle_path(path)
        if not isinstance(bundle, Refusal):
            index, width = bundle
            start = index * tiles.TILE_WIDTH
            if start + width > size:
                return None
            rows = self._journal.rows(link, party, start, start + width)
            return tiles.entry_bundle([row.raw for row in rows])
        wanted = tiles.parse_tile_path(path)
        if isinstance(wanted, Refusal):
            return None
        level, index, width = wanted
        return tiles.tile(self._tree(link, party, size), level, index, width)

    def peer_unsafe(self, link: str) -> None:
        """Take in that the counterpart's node says LINE NOT SAFE."""
        with self._said_if_broken():
            self.runtime.peer_unsafe(link, self.clock.now())

    def unsafe(self) -> str | None:
        """Return why this node cannot be sure that it is recording."""
        return self.runtime.unsafe

    def receipt(self, link: str, note: bytes) -> Reply:
        """Take in a receipt that the counterpart brings for what it read of our feed."""
        try:
            self.runtime.carried_receipt(link, note, self.clock.now())
        except Mistake as mistake:
            body = f"{mistake.code}: {mistake.phrase}\n".encode()
            return Reply(status=400, body=body, reason=mistake.code)
        return Reply(status=200, body=b"taken\n")

    # How a counterpart's feed is read (node.pulling.Reader).

    async def get(self, link: str, url: str, path: str, limit: int) -> tuple[int, bytes]:
        """Return status and body of a checkpoint or a tile of the counterpart's."""
        return await self._client.get(url, self._pins[link], link, path, limit)

    async def offer(self, link: str, url: str, note: bytes) -> int:
        """Bring the counterpart our receipt; return the status."""
        return await self._client.offer_receipt(url, self._pins[link], link, note)

    # What the owner asks over the local socket (transports.local.LocalGate).

    async def do(self, request: Do) -> Any:
        """Handle a command; return the entries that it wrote, and what was awaited."""
        if not request.until:
            return _shown(await self.submit(request.command), None)
        heard: asyncio.Queue[Tell | Alert] = asyncio.Queue()

        def listener(effect: Effect) -> None:
            if isinstance(effect, Tell | Alert) and effect.code == request.until:
                heard.put_nowait(effect)

        end = self._loop.listen(listener)
        try:
            outcome = await self.submit(request.command)
            about = {append.id for append in outcome.entries} | set(_references(request))
            told = await _first(heard, about, min(request.wait_ms, 60_000) / 1_000)
        finally:
            end()
        return _shown(outcome, told)

    async def do_all(self, commands: Sequence[Bulk]) -> list[Any]:
        """Handle commands of one group; return the entries of each, or why it has none."""
        found = await self._loop.submit_all(commands)
        self._pin_all()
        return [
            each if isinstance(each, BaseException) else each.mistake or _shown(each, None)
            for each in found
        ]

    def _submit(self, event: Event) -> Awaitable[Outcome]:
        return self._loop.submit(event)

    async def _put_through(self, call: str, officer: str) -> Path:
        """Have an officer talk by telephone; nobody asks before all of the node is there."""
        return await self.talking.telephone(call, officer)

    async def submit(self, command: Command) -> Outcome:
        """Have a command of the owner's, or of an officer's at the console, done durably."""
        self._check_cards(command)
        outcome = await self._loop.submit(command)
        self._pin_all()
        if outcome.mistake is not None:
            raise outcome.mistake
        return outcome

    def gathering(self, link: str) -> Steps[Contents]:
        """Gather what a proof bundle of a link holds, in steps."""
        with self._said_if_broken():
            return (yield from evidence.gathering(self.runtime, link, self.clock.now()))

    async def ask(self, view: str, args: dict[str, Any]) -> Any:
        """Return the answer to one question of the owner's."""
        if view == "check_channels":
            return await self._check_channels(**args)
        with self._said_if_broken():
            found = await settled(self._queries.ask(view, args))
        if view == "admit":
            self._pin_all()
        return found

    async def _reliability(self, *, link: str, month: str = "") -> Reliability:
        """Return what a month of test calls proves of a link, letting the line go first."""
        now, runtime = self.clock.now(), self.runtime
        return await unhurried(reliability(runtime.state, runtime.journal, link, month, now))

    async def _preview(self, **asked: Any) -> Preview:
        """Return what would become of a notice, letting the line go first."""
        return await unhurried(foreseeing(self.runtime.state, self.clock.now(), **asked))

    async def _check_channels(self, *, name: str = "") -> list[ChannelView]:
        """Try one channel of ours, or all, now."""
        if name and name not in (each.name for each in self.pager.views()):
            raise Mistake("no_such_channel", f"No channel {name} is set up on this node.")
        return await self.pager.check(name)

    def listen(self, listener: Callable[[Effect], None]) -> Callable[[], None]:
        """Call `listener` with every effect from now on."""
        return self._loop.listen(listener)

    @property
    def _loop(self) -> Loop:
        assert self.loop is not None
        return self.loop

    @property
    def _metrics(self) -> Metrics:
        assert self.metrics is not None
        return self.metrics

    @contextlib.contextmanager
    def _said_if_broken(self) -> Generator[None]:
        """Have the loop say LINE NOT SAFE if it is found out outside of the loop."""
        try:
            yield
        except Broken:
            self._loop.kick()
            raise

    def _tree(self, link: str, party: str, size: int) -> Tree:
        tree = self._trees.setdefault((link, party), Tree())
        if tree.size < size:
            tree.extend(self._journal.leaves(link, party, tree.size, size))
        return tree

    def _check_cards(self, command: Command) -> None:
        """Raise Mistake if terms that we are to agree to could never carry a link.

        Whatever the keys and certificates in them are is found out before anything is
        journaled: afterwards no push could be made, and no start of this node would hold.
        """
        terms = self._terms_of(command)
        if terms is None:
            return
        for card in terms.parties:
            from_base64(card.certificate)
            author = AuthorVerifier.of(card.keys.author, card.party)
            mirror = MirrorVerifier.of(card.keys.mirror, card.party)
            if isinstance(author, Refusal) or isinstance(mirror, Refusal):
                raise Mistake("bad_keys", f"The keys of {card.party} in the terms are not keys.")
        if terms.side(self.settings.node.party).keys != self.keys.public:
            raise Mistake(
                "not_our_keys",
                "The terms hold other keys for us than this node's. Carry our card to the "
                "counterpart again: `clearline party --out card.json`.",
            )

    def _terms_of(self, command: Command) -> Terms | None:
        match command:
            case OpenLink(terms=terms) | Propose(terms=terms):
                return terms
            case Agree(link=link, hash=digest) if link in self.runtime.state.links:
                return self.runtime.state.links[link].agreement.documents.get(digest)
            case _:
                return None

    def _pin_all(self) -> None:
        """Pin the certificate of every counterpart and push to its addresses, as terms have it."""
        for link in self.runtime.state.links.values():
            card = link.counterpart
            if self._routes.get(link.id) == (card.certificate, card.urls):
                continue
            pin = from_base64(card.certificate)
            add_pin(self._context, pin)
            before = self._pins.get(link.id)
            self._pins[link.id] = pin
            if before is not None and before not in self._pins.values():
                drop_pin(self._context, before)
            self.runtime.lines[link.id].outbox.reroute(card.urls)
            self._routes[link.id] = (card.certificate, card.urls)

    async def _send(self, push: Push, body: bytes) -> tuple[int, bytes]:
        pin = self._pins.get(push.link)
        if pin is None:
            raise Unreachable("no certificate is pinned for this link")
        try:
            return await self._client.push(push.url, pin, push.link, body, GIVE_UP_MS / 1_000)
        except Unreachable as error:
            self._log.info("unreachable", url=push.url, reason=str(error))
            raise

    def _heard(self, effect: Effect) -> None:
        self.pager.perform(effect)  # First: nothing that is shown may hold up what rings.
        if self.metrics is not None:
            self.metrics.heard(effect)
        if self.loop is not None:
            self.loop.heard(effect)
            self.tracks.heard(effect)
            if self._console is not None:
                self._console.heard(effect)

    def _console_view(self) -> ConsoleView | None:
        return self._console.view() if self._console is not None else None

    def _console_served(self, address: str) -> None:
        try:
            self.home.console.write_text(f"{address}\n")
        except OSError as error:  # The node's status has the address too.
            self._log.error("cannot_write", file=str(self.home.console), error=str(error))

    def _observe(self, status: int, reason: str) -> None:
        if status != 200:
            self._metrics.refused.labels(reason or str(status)).inc()

    def _on_unsafe(self, why: str) -> None:
        """Say it on every screen and to every counterpart, linger, and end."""
        asyncio.get_running_loop().call_later(LINGER_S, self.ended.set)
        self._log.error("LINE NOT SAFE", why=why)
        STDERR.write(f"\nLINE NOT SAFE: {why}\n")
        for link in list(self.runtime.state.links.values()):
            for url in link.counterpart.urls if link.id in self._pins else ():
                self._word(self._say_not_safe(url, link.id))

    def _word(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._words.add(task)
        task.add_done_callback(self._words.discard)

    async def _say_not_safe(self, url: str, link: str) -> None:
        with contextlib.suppress(Unreachable):
            await self._client.say_not_safe(url, self._pins[link], link)


def _serve_metrics(metrics: Metrics, listen: str) -> None:
    try:
        metrics.serve(listen)
    except (OSError, OverflowError) as error:
        raise Mistake("cannot_listen", f"{listen}, for metrics: {error}") from error


async def _first(
    heard: asyncio.Queue[Tell | Alert], about: set[str], limit_s: float
) -> Tell | Alert | None:
    """Return the first of what is heard that is about one of these; None if it takes too long."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(limit_s):
            while True:
                effect = await heard.get()
                if effect.about in about:
                    return effect
    return None


def _references(request: Do) -> Sequence[str]:
    """Return the ids that a command itself names."""
    names = ("reopens", "call", "notice", "test")
    return [value for name in names if isinstance(value := getattr(request.command, name, 0), str)]


def _shown(outcome: Outcome, told: Tell | Alert | None) -> dict[str, Any]:
    entries = [
        {"link": each.link, "index": each.index, "id": each.id, "kind": each.kind}
        for each in outcome.entries
    ]
    return {"entries": entries, "heard": told.args if told is not None else None}
