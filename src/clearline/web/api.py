"""The API: what a console may ask of its node, and what it may have it do.

Every row is in one table (`Api.endpoints`). Commands are made of the core's own events,
less the name of whoever asks: that is the session's, never the page's.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, Protocol, get_args

import msgspec
from msgspec import Meta, Struct
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from clearline.basis.faults import Mistake
from clearline.basis.instants import Instant
from clearline.basis.steps import Steps
from clearline.core.effects import Release
from clearline.core.events import Command
from clearline.node import views
from clearline.node.ports import Clock, Outcome
from clearline.node.runtime import Runtime
from clearline.node.talking import Talk, Talking
from clearline.node.tracks.track import Alarm, Receiver, Tracking
from clearline.record.bundle import Contents, pack
from clearline.web import areas, reliability, rostering, tracks
from clearline.web.areas import AreaFiles
from clearline.web.calls import CallItem
from clearline.web.checks import check_notice_slowly, check_phrases, forms
from clearline.web.drafts import (
    Forms,
    NoticeCheck,
    NoticeDraft,
    PhraseCheck,
    PhrasesDraft,
)
from clearline.web.endpoint import Asked, Endpoint
from clearline.web.incident import Incident, incident
from clearline.web.items import (
    ConflictItem,
    LineItem,
    LinkItem,
    NodeItem,
    NoticeItem,
    Seen,
    TermsItem,
    TestItem,
    WatchItem,
)
from clearline.web.picture import Picture
from clearline.web.record import LogPage, LogQuery, search
from clearline.web.stream import MAX_CONSOLES, MAX_CONSOLES_OF_ONE, events
from clearline.web.turns import unhurried

__all__ = ["COMMANDS", "Api", "Backend", "Done", "body_of", "command_name"]

MAX_KEYS = 10_000
"""Answers kept for the same command asked twice, because the first answer was lost."""
MAX_KEY_CHARS = 100
MAX_NOTICE_BYTES = 1 << 20
"""The body of a command, or of a draft that is checked: either may hold a whole notice."""
"""The body that has a file in it."""
MAX_LAYERS = 64
LAYER_SUFFIX = ".geojson"

COMMANDS: dict[str, type[Any]] = {
    "".join(f"-{c.lower()}" if c.isupper() else c for c in kind.__name__).lstrip("-"): kind
    for kind in get_args(Command)
}
"""Each command by the name that it has in the API: `open-call`, `take-watch`."""


class Backend(rostering.HasRoster, Protocol):
    """What the console needs of its node."""

    runtime: Runtime
    clock: Clock

    @property
    def talking(self) -> Talking:
        """Return who carries voice."""
        ...

    @property
    def tracks(self) -> Tracking:
        """Return who keeps what our own receivers see."""
        ...

    async def submit(self, command: Any) -> Outcome:
        """Have a command done, durably. Raises Mistake, Broken or BufferError."""
        ...

    def gathering(self, link: str) -> Steps[Contents]:
        """Gather what a proof bundle of a link holds, in steps. Raises Mistake or Broken."""
        ...


class Wrote(Struct, frozen=True, kw_only=True):
    """An entry that a command wrote into a feed."""

    link: str
    index: int
    id: str
    kind: str


class Done(Struct, frozen=True, kw_only=True):
    """What became of a command."""

    entries: tuple[Wrote, ...]


class Whole(Struct, frozen=True, kw_only=True):
    """The whole picture."""

    seq: str
    """Where the stream goes on from here."""
    at: Instant
    node: tuple[NodeItem, ...]
    links: tuple[LinkItem, ...]
    terms: tuple[TermsItem, ...]
    watch: tuple[WatchItem, ...]
    notices: tuple[NoticeItem, ...]
    conflicts: tuple[ConflictItem, ...]
    calls: tuple[CallItem, ...]
    tests: tuple[TestItem, ...]
    lines: tuple[LineItem, ...]
    talks: tuple[Talk, ...]
    receivers: tuple[Receiver, ...]
    track_alarms: tuple[Alarm, ...]
    seen: tuple[Seen, ...]


class StreamQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From where to go on, for who cannot set `Last-Event-ID`."""

    since: Annotated[str, Meta(max_length=40)] = ""


class SeeBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An alarm that the officer has seen."""

    id: Annotated[str, Meta(min_length=1, max_length=200)]


class LinkQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which link."""

    link: str
    last: int = 100


class TermsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which terms of a link: those of a hash, or else those that it acts by."""

    hash: Annotated[str, Meta(max_length=100)] = ""


class Layers(Struct, frozen=True, kw_only=True):
    """The map layers of this deployment's own, by name."""

    names: tuple[str, ...]


def command_name(kind: type[Any]) -> str:
    """Return the name that a command has in the API."""
    return next(name for name, known in COMMANDS.items() if known is kind)


def body_of(kind: type[Any]) -> type[Struct]:
    """Return the type of a command's body: its fields, less who asks."""
    fields: list[Any] = []
    for each in msgspec.structs.fields(kind):
        if each.name == "by":
            continue
        if each.required:
            fields.append((each.name, each.type))
        else:
            fields.append((each.name, each.type, each.default))
    return msgspec.defstruct(
        f"{kind.__name__}Body", fields, kw_only=True, frozen=True, forbid_unknown_fields=True
    )


class Api:
    """The rows, and what each does."""

    def __init__(
        self,
        backend: Backend,
        picture: Picture,
        layers: Path,
        files: AreaFiles,
        still: Callable[[Any], bool],
        refresh: Callable[[], None],
    ) -> None:
        """`still` says of a session whether it holds; `refresh` has the consoles told at once."""
        self._backend = backend
        self._picture = picture
        self._layers = layers
        self._files = files
        self._still = still
        self._refresh = refresh
        self._sight = tracks.Sight(lambda: backend.tracks)
        self._checking = asyncio.Lock()
        """One check at a time: however many are asked for, calls wait for no more than a slice."""
        self._reading = asyncio.Lock()
        """One reading of the record at a time, for the same reason, and for the memory it takes."""
        self._aside = asyncio.Lock()
        """One thread beside the loop at a time: each takes turns of some ms from it."""
        self._answers: OrderedDict[tuple[str, str], tuple[Any, asyncio.Future[Done]]] = (
            OrderedDict()
        )
        """By session and key, what was asked for and what became of it."""

    def endpoints(self) -> list[Endpoint]:
        """Return every row."""
        node = self._backend
        seen = tracks.rows(lambda: node.tracks)
        files = areas.rows(node, self._files, self._aside)
        others = (*rostering.rows(node), *reliability.rows(node), *seen, *files)
        return [*self._views(), *self._checks(), *self._commands(), *others]

    def _views(self) -> list[Endpoint]:
        return [
            Endpoint(
                method="GET", path="/picture", name="picture", needs="picture", gives=Whole,
                summary="Everything that the screen shows, and where the stream goes on.",
                handler=self._whole,
            ),
            Endpoint(
                method="GET", path="/stream", name="stream", needs="picture", query=StreamQuery,
                media="text/event-stream",
                summary="What changes, as server-sent events: `frame`, `beat`, `reset`, "
                "`signed_out`.",
                handler=self._stream,
            ),
            Endpoint(
                method="POST", path="/seen", name="see", needs="acknowledge", takes=SeeBody,
                summary="Say that an alarm has been seen here. It is no acknowledgement.",
                handler=self._see,
            ),
            Endpoint(
                method="GET", path="/log", name="log", needs="log", query=LogQuery, gives=LogPage,
                summary="The record of a link, newest first, filtered.", handler=self._log,
                tag="record",
            ),
            Endpoint(
                method="GET", path="/about/{id}", name="about", needs="about", gives=Incident,
                summary="One call, conflict or notice, with all that the record has of it.",
                handler=self._about, tag="record",
            ),
            Endpoint(
                method="GET", path="/links/{link}/terms", name="terms", needs="terms",
                query=TermsQuery, gives=views.TermsView, handler=self._terms, tag="record",
                summary="The terms of a link, or those that wait there, with both fingerprints.",
            ),
            Endpoint(
                method="GET", path="/links/{link}/bundle", name="bundle", needs="bundle",
                media="application/zip", summary="The proof bundle of a link.",
                handler=self._bundle, tag="record",
            ),
            Endpoint(
                method="GET", path="/released", name="released", needs="released",
                query=LinkQuery, gives=list[Release],
                summary="The last lines of the release log: what left, and what was withheld.",
                handler=self._released, tag="record",
            ),
            Endpoint(
                method="GET", path="/layers", name="layers", needs="picture", gives=Layers,
                summary="The map layers of this deployment's own.", handler=self._layer_names,
                tag="map",
            ),
            Endpoint(
                method="GET", path="/layers/{name}", name="layer", needs="picture",
                media="application/geo+json", summary="One of them, as GeoJSON.",
                handler=self._layer, tag="map",
            ),
        ]  # fmt: skip

    def _checks(self) -> list[Endpoint]:
        return [
            Endpoint(
                method="GET", path="/forms", name="forms", needs="picture", gives=Forms,
                summary="Every phrase, its slots, and every disposition.", handler=self._forms,
                tag="checks",
            ),
            Endpoint(
                method="POST", path="/check/notice", name="check_notice", needs="check",
                takes=NoticeDraft, gives=NoticeCheck, handler=self._check_notice,
                summary="What the node makes of a notice as it was typed so far.",
                max_bytes=MAX_NOTICE_BYTES, tag="checks",
            ),
            Endpoint(
                method="POST", path="/check/phrases", name="check_phrases", needs="check",
                takes=PhrasesDraft, gives=PhraseCheck, handler=self._check_phrases,
                summary="What the node makes of what is about to be said.", tag="checks",
            ),
        ]  # fmt: skip

    async def _forms(self, asked: Asked) -> Forms:
        del asked
        return forms()

    async def _check_notice(self, asked: Asked) -> NoticeCheck:
        async with self._checking:
            return await check_notice_slowly(self._backend.runtime.state, asked.body, asked.now)

    async def _check_phrases(self, asked: Asked) -> PhraseCheck:
        return check_phrases(self._backend.runtime.state, asked.body, asked.now)

    def _commands(self) -> list[Endpoint]:
        return [
            Endpoint(
                method="POST", path=f"/commands/{name}", name=name.replace("-", "_"), needs=name,
                takes=body_of(kind), gives=Done, tag="commands", handler=self._command_of(kind),
                summary=(kind.__doc__ or name).strip().splitlines()[0],
                max_bytes=MAX_NOTICE_BYTES,
            )
            for name, kind in COMMANDS.items()
        ]  # fmt: skip

    def _command_of(self, kind: type[Any]) -> Callable[[Asked], Awaitable[Done]]:
        async def handle(asked: Asked) -> Done:
            command = kind(by=asked.officer, **_fields(asked.body))
            key = asked.request.headers.get("idempotency-key", "")
            if not key:
                return await self._do(command)
            if len(key) > MAX_KEY_CHARS:
                raise Mistake("bad_request", f"A key has at most {MAX_KEY_CHARS} characters.")
            return await self._once((asked.session.id, key), command)

        return handle

    async def _once(self, key: tuple[str, str], command: Any) -> Done:
        """Do a command once, however often it is asked for under one key.

        Mistake `key_reused` if it is another command: the answer to that one would be taken
        for this one's, and this one would never be done.
        """
        known, done = self._answers.get(key, (command, None))
        if known != command:
            raise Mistake("key_reused", "This key was another command's: nothing was done.")
        if done is None:
            done = asyncio.ensure_future(self._do(command))
            self._answers[key] = (command, done)
            done.add_done_callback(lambda ended: self._forget_refused(key, ended))
            while len(self._answers) > MAX_KEYS:
                self._answers.popitem(last=False)
        # The command goes on although whoever asked for it may have gone.
        return await asyncio.shield(done)

    def _forget_refused(self, key: tuple[str, str], ended: asyncio.Future[Done]) -> None:
        """Let what was refused be tried again."""
        if ended.cancelled() or ended.exception() is not None:
            self._answers.pop(key, None)

    async def _do(self, command: Any) -> Done:
        outcome = await self._backend.submit(command)
        self._refresh()
        return Done(
            entries=tuple(
                Wrote(link=each.link, index=each.index, id=each.id, kind=each.kind)
                for each in outcome.entries
            )
        )

    async def _whole(self, asked: Asked) -> Response:
        self._picture.refresh(asked.now)
        pieces = self._picture.whole(asked.now)
        return Response(b"".join(pieces), media_type="application/json")

    async def _stream(self, asked: Asked) -> Response:
        listening, officer = self._picture.listening, asked.officer
        if listening.total() >= MAX_CONSOLES:
            raise Mistake("too_many_consoles", f"{MAX_CONSOLES} consoles are open already.")
        if listening[officer] >= MAX_CONSOLES_OF_ONE:
            phrase = f"{officer} has {MAX_CONSOLES_OF_ONE} consoles open already: close one."
            raise Mistake("too_many_consoles", phrase)
        since = asked.request.headers.get("last-event-id") or asked.query.since
        now, session = self._backend.clock.now, asked.session
        stream = events(self._picture, since, now, lambda: self._still(session), self._sight)
        return _Listening(stream, listening, officer)

    async def _see(self, asked: Asked) -> None:
        self._picture.see(asked.body.id, asked.officer, asked.now)
        self._refresh()

    async def _log(self, asked: Asked) -> LogPage:
        async with self._reading:
            return await search(self._backend.runtime, asked.query)

    async def _about(self, asked: Asked) -> Incident:
        async with self._reading:
            return await incident(self._backend.runtime, asked.path["id"])

    async def _terms(self, asked: Asked) -> views.TermsView:
        return views.terms(self._backend.runtime, asked.path["link"], of_hash=asked.query.hash)

    async def _bundle(self, asked: Asked) -> Response:
        link = asked.path["link"]
        async with self._reading:
            contents = await unhurried(self._backend.gathering(link))
        async with self._aside:
            raw = await asyncio.to_thread(pack, contents)
        name = f"clearline-{link[-6:]}-{str(asked.now)[:19].replace(':', '')}Z.zip"
        disposition = f'attachment; filename="{name}"'
        return Response(
            raw, media_type="application/zip", headers={"Content-Disposition": disposition}
        )

    async def _released(self, asked: Asked) -> list[Release]:
        runtime = self._backend.runtime
        runtime.state.link(asked.query.link)
        last = min(max(asked.query.last, 1), views.MAX_LOG)
        return list(runtime.journal.releases(asked.query.link, last))

    async def _layer_names(self, asked: Asked) -> Layers:
        del asked
        return Layers(names=tuple(sorted(self._layer_files())[:MAX_LAYERS]))

    async def _layer(self, asked: Asked) -> Response:
        found = self._layer_files().get(asked.path["name"])
        if found is None:
            raise Mistake("no_such_layer", "There is no map layer of that name.")
        return FileResponse(found, media_type="application/geo+json")

    def _layer_files(self) -> dict[str, Path]:
        if not self._layers.is_dir():
            return {}
        return {
            path.name.removesuffix(LAYER_SUFFIX): path
            for path in self._layers.iterdir()
            # A name that is not UTF-8 cannot be said in JSON, and so not be asked for.
            if path.name.endswith(LAYER_SUFFIX) and path.is_file() and _is_said(path.name)
        }


class _Listening(StreamingResponse):
    """A stream that is counted for as long as it is open, even if nothing of it is ever read."""

    def __init__(self, stream: AsyncIterator[bytes], listening: Counter[str], officer: str) -> None:
        super().__init__(stream, media_type="text/event-stream")
        self._listening = listening
        self._officer = officer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._listening[self._officer] += 1
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._listening[self._officer] -= 1
            self._listening += Counter()  # Forgets whom nobody listens for.


def _is_said(name: str) -> bool:
    return name.encode(errors="ignore").decode() == name


def _fields(body: Struct) -> dict[str, Any]:
    return {each: getattr(body, each) for each in body.__struct_fields__}
