"""Voice: who may talk in which call, and what the two nodes say to each other about it.

There is voice only in a call that is not closed and whose text the counterpart's node stores: its
receipt, or its own word that it rings. Whatever becomes of voice, the text goes on as if
there were none: nothing here is waited for by anything else.

One talk a call. Either side begins it, and the other side's officer joins by a press of
theirs: no microphone is ever opened from afar. The media itself is `process`'s.

Source: protocol/11-voice.md; decision 0036.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from base64 import b64decode
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

import msgspec
import structlog
from msgspec import Struct

from clearline.basis.faults import Mistake
from clearline.core.calls import Call, CallState
from clearline.core.effects import Append, Demand, Effect, Ring, Tell
from clearline.node.loop import Loop, Unreachable
from clearline.node.ports import Reply
from clearline.node.settings import Settings
from clearline.node.talking import Talk
from clearline.voice.bounds import (
    ALONE_S,
    MAX_SESSIONS,
    MAX_SESSIONS_OF_LINK,
    checked_sdp,
)
from clearline.voice.child import Child
from clearline.voice.held import Held
from clearline.voice.messages import (
    Accept,
    Answered,
    Begin,
    Connect,
    Ended,
    Event,
    Finish,
    Gone,
    Hear,
    Offer,
    Over,
    State,
    Telephone,
    decode_wire,
)
from clearline.voice.recordings import Recordings

__all__ = ["Answer", "Carry", "Voice", "answer_of"]

Carry = Callable[[str, bytes, str, bytes], Awaitable[tuple[int, bytes]]]
"""Bring a body to a counterpart's node: address, pinned certificate, link, body; its answer."""

OVER_S = 3.0
"""How long a session may take to end."""
STOP_S = 1.0
"""How long a node that stops waits for the others to hear that its talks are over."""
ACKNOWLEDGED_S = 3.0
"""How long a telephone waits for its acknowledgement to be on record."""
MAX_OPENED = 10_000
_REFUSED = {
    404: "Their node has no voice.",
    409: "Their node does not have this call open.",
    429: "Their node carries as many talks as it may.",
}

_NOBODY = {(one, other) for one in ("off", "connecting") for other in ("off", "connecting")}
"""Where both legs stand in a talk in which nothing can have been said."""

_encode = msgspec.json.Encoder().encode
_log = structlog.get_logger("voice")


class Answer(Struct, frozen=True):
    """What a node answers to an offer that it takes."""

    sdp: str


class Voice:
    """The voice of one node: `node.talking.Talking`, and what its counterparts ask."""

    def __init__(
        self,
        loop: Loop,
        folder: Path,
        settings: Settings,
        carry: Carry,
    ) -> None:
        """Record into `folder`, which is made when it is first needed."""
        self._loop = loop
        self._recordings = Recordings(loop, folder, self._is_written)
        self._carry = carry
        self._changed: Callable[[], None] = lambda: None
        self._child = Child(settings.media, settings.voice.ports, self._heard, self._died)
        self._held: dict[str, Held] = {}
        """By call."""
        self._ending: dict[str, Held] = {}
        """By name: what is over, until its recording is."""
        self._lost: dict[str, Talk] = {}
        """By call: what our own process took with it, shown until another talk is on."""
        self._stopping = False
        self._opened: dict[str, int] = {}
        """Where in our feed each call of ours was opened, since this node started."""
        self._acknowledged = asyncio.Event()
        """Set whenever a call is acknowledged."""
        self._work: set[asyncio.Task[None]] = set()

    @property
    def process(self) -> int | None:
        """Return the id of the process that the media is in, if there is one."""
        return self._child.pid

    def start(self) -> None:
        """Find what a kill has left, and be ready if there is a call open."""
        self._loop.listen(self._take)
        self._soon(self._recordings.recover())
        self._warm_if_called()

    async def stop(self) -> None:
        """End every talk, and have each recording told of."""
        self._stopping = True
        await asyncio.gather(*(self._end(held) for held in list(self._held.values())))
        if self._work:
            await asyncio.wait(self._work, timeout=STOP_S)
        for task in list(self._work):
            task.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)
        await self._child.stop()

    # What our console asks (node.talking.Talking).

    async def join(self, call: str, officer: str, sdp: str) -> str:
        """Have an officer talk in a call; return the SDP that answers the browser's."""
        found = self._loop.runtime.state.call(call)
        self._check(found)
        offer = checked_sdp(sdp)
        held = self._held.get(call)
        if held is None:
            self._check_room(found.link)
            held = await self._begin(found, secrets.token_hex(16), mine=True)
        if held.wants_peer() and not held.offering:
            # Beside the officer's own connection, not after it.
            held.offering = True
            self._soon(self._reach(held))
        answer = await self._first(held, Hear(session=held.name, sdp=offer))
        held.officer = officer
        return answer

    async def telephone(self, call: str, officer: str) -> Path:
        """Have an officer talk by telephone in the call that they have acknowledged."""
        found = await self._once_acknowledged(call)
        held = self._held.get(call)
        if held is None:
            self._check_room(found.link)
            held = await self._begin(found, secrets.token_hex(16), mine=True)
        path = self._child.new_path()
        # The other side is reached when the telephone is there: until then nobody talks.
        await self._child.ask(Telephone(session=held.name, path=str(path), officer=officer))
        self._lost.pop(call, None)
        return path

    async def hang_up(self, call: str) -> None:
        """End the voice of a call on both sides."""
        self._lost.pop(call, None)
        held = self._held.get(call)
        if held is not None:
            await self._end(held)
        self._changed()

    def on_change(self, told: Callable[[], None]) -> None:
        """Call `told` whenever a talk begins, changes or ends."""
        self._changed = told

    def talks(self) -> Mapping[str, Talk]:
        """Return every talk that is going on, by its call."""
        return self._lost | {call: held.talk() for call, held in self._held.items()}

    # What a counterpart's node asks.

    async def asked(self, link: str, body: bytes) -> Reply:
        """Answer what the counterpart's node says about the voice of a call."""
        try:
            said = decode_wire(body)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return _refused(400, "malformed", "neither an offer nor an end")
        held = self._held.get(said.call)
        if isinstance(said, Ended):
            if held is not None and held.link == link and held.wire == said.session:
                self._soon(self._end(held, tell=False))
            return Reply(status=200, body=b"{}\n")
        try:
            return await self._offered(link, said, held)
        except Mistake as mistake:
            status = {"bad_sdp": 400, "too_many": 429}.get(mistake.code, 409)
            return _refused(status, mistake.code, mistake.phrase)

    async def _offered(self, link: str, said: Offer, held: Held | None) -> Reply:
        call = self._loop.runtime.state.call(said.call)
        if call.link != link:
            raise Mistake("no_such_call", "There is no such call on this link.")
        self._check(call)
        sdp = checked_sdp(said.sdp)
        if held is not None and held.offering and call.mine:
            # Both have offered at once: that of the side that opened the call holds.
            raise Mistake("glare", "Our own offer is on its way.")
        if held is None:
            self._check_room(link)
            held = await self._begin(call, said.session, mine=False)
        held.offering, held.taken, held.why, held.wire = False, True, "", said.session
        held.read(sdp)
        answer = held.marked(await self._first(held, Accept(session=held.name, sdp=sdp)))
        self._changed()
        return Reply(status=200, body=_encode({"sdp": answer}) + b"\n")

    # How a talk begins and ends.

    async def _once_acknowledged(self, call: str) -> Call:
        """Return a call that is acknowledged and in which there may be voice; or Mistake."""
        try:
            async with asyncio.timeout(ACKNOWLEDGED_S):
                while (found := self._loop.runtime.state.call(call)).acknowledgement is None:
                    self._acknowledged.clear()
                    await self._acknowledged.wait()
        except TimeoutError as error:
            raise Mistake("out_of_order", f"Call {call} is not acknowledged.") from error
        self._check(found)
        return found

    def _check(self, call: Call) -> None:
        """Raise Mistake unless there may be voice in a call: the text comes first."""
        if call.state is CallState.CLOSED:
            raise Mistake("out_of_order", f"Call {call.id} is closed: there is no voice in it.")
        if not call.mine or call.told is not None or call.acknowledgement is not None:
            return
        index = self._opened.get(call.id)
        if index is None or index >= self._loop.runtime.state.link(call.link).receipt_size:
            phrase = "Their node does not have the text of this call yet: voice comes after it."
            raise Mistake("text_first", phrase)

    def _check_room(self, link: str) -> None:
        of_link = sum(held.link == link for held in self._held.values())
        if len(self._held) >= MAX_SESSIONS or of_link >= MAX_SESSIONS_OF_LINK:
            raise Mistake("too_many", "As many talks go on as may at once.")

    async def _begin(self, call: Call, wire: str, *, mine: bool) -> Held:
        held = self._held[call.id] = Held(call, self._loop.clock.now(), wire, mine=mine)
        path = self._recordings.begin(held.file)
        try:
            title = f"call {call.id}, from {held.began}; left: our desk, right: theirs"
            await self._child.ask(Begin(session=held.name, file=str(path), title=title))
        except (Mistake, asyncio.CancelledError):
            self._held.pop(call.id, None)
            self._changed()  # What was lost before is shown again.
            raise
        self._changed()
        return held

    async def _first(self, held: Held, command: Hear | Accept) -> str:
        """Return the answer to an offer; a talk that begins with one that is none never was."""
        try:
            answer = await self._child.ask(command)
            self._lost.pop(held.call, None)
            return answer
        except Mistake:
            if held.state is None or (held.state.console, held.state.peer) in _NOBODY:
                await self._end(held, tell=held.mine, keep=False)
            raise

    async def _reach(self, held: Held) -> None:
        """Offer voice to the counterpart's node, by each of its addresses in turn."""
        held.why = ""
        try:
            sdp = held.marked(await self._child.ask(Connect(session=held.name)))
            offer = Offer(call=held.call, session=held.wire, sdp=sdp)
            answer = await self._say(held.link, _encode(offer))
            if held.offering:  # Else theirs has been taken meanwhile.
                sdp = checked_sdp(answer.sdp)
                held.read(sdp)
                await self._child.ask(Answered(session=held.name, sdp=sdp))
        except Mistake as mistake:
            if held.offering and mistake.code != "glare":
                held.why = mistake.phrase
        held.offering = False
        self._say_telephone(held)
        self._changed()

    def _say_telephone(self, held: Held) -> None:
        """Offer anew where a telephone has come, or the last one has gone."""
        if held.is_told() or held.offering or self._held.get(held.call) is not held:
            return
        held.offering = held.attended()
        self._soon(self._reach(held) if held.offering else self._end(held))

    async def _say(self, link: str, body: bytes) -> Answer:
        """Return the answer of the counterpart's node. Mistake, with why there is none."""
        answered = await self._bring(link, body)
        if answered is None:
            raise Mistake("no_voice", "Their node cannot be reached.")
        return answer_of(*answered)

    async def _bring(self, link: str, body: bytes) -> tuple[int, bytes] | None:
        """Return what the counterpart's node answers by the first address that does, if one does.

        Mistake if there is no such link.
        """
        card = self._loop.runtime.state.link(link).counterpart
        for url in card.urls:
            with contextlib.suppress(Unreachable):
                return await self._carry(url, b64decode(card.certificate), link, body)
        return None

    async def _end(self, held: Held, *, tell: bool = True, keep: bool = True) -> None:
        """End a talk, on the other side too, and put its recording where it stays."""
        if self._held.get(held.call) is not held:
            return
        del self._held[held.call]
        self._changed()
        if tell:
            self._soon(self._say_ended(held))
        self._ending[held.name] = held
        try:
            if not self._child.up:
                raise Mistake("no_voice", "The voice process has ended.")
            await self._child.ask(Finish(session=held.name))
            async with asyncio.timeout(OVER_S):
                recorded = await held.over
        except (Mistake, TimeoutError):
            # The process has died: what it has written is found as after a kill.
            del self._ending[held.name]
            await self._recordings.recover()
            return
        if recorded is not None and keep:
            await self._recordings.keep(held.call, recorded)
        elif recorded is not None:
            self._recordings.drop(recorded)
        del self._ending[held.name]

    async def _say_ended(self, held: Held) -> None:
        with contextlib.suppress(Mistake):
            await self._bring(held.link, _encode(Ended(call=held.call, session=held.wire)))

    # What is heard.

    def _take(self, effect: Effect) -> None:
        """Take in what the node does: a call may want voice soon, or have no more of it."""
        match effect:
            case Append(kind="call.opened"):
                self._opened[effect.id] = effect.index
                while len(self._opened) > MAX_OPENED:
                    del self._opened[next(iter(self._opened))]
                self._warm()
            case Ring(demand=Demand.CALL):
                self._warm()
            case Append(kind="call.acknowledged"):
                self._acknowledged.set()
            case Append(kind="call.closed") | Tell(code="call_closed"):
                self._soon(self._end_closed())
            case _:
                pass

    def _heard(self, event: Event) -> None:
        """Take in what the process says."""
        held = self._named(getattr(event, "session", ""))
        match event:
            case State() if held is not None:
                held.state = event
                self._say_telephone(held)
                self._changed()
            case Gone() if held is not None:
                self._soon(self._end(held))
            case Over() if event.session in self._ending:
                over = self._ending[event.session].over
                if not over.done():  # Nobody may wait for it any more.
                    over.set_result(event.recorded)
            case _:
                pass

    def _died(self) -> None:
        """The process is gone, and every talk with it. The other side hears nothing, and sees so.

        It is not told that the talk has ended: whoever presses again, there or here, goes on.
        """
        for held in list(self._held.values()):
            lost = held.lost()
            self._lost[held.call] = lost
            asyncio.get_running_loop().call_later(ALONE_S, self._forget, lost)
            self._soon(self._end(held, tell=False))
        if not self._stopping:
            self._warm_if_called()

    def _forget(self, lost: Talk) -> None:
        if self._lost.get(lost.id) is lost:
            del self._lost[lost.id]
            self._changed()

    async def _end_closed(self) -> None:
        for lost in list(self._lost.values()):
            call = self._calls().get(lost.id)
            if call is None or call.state is CallState.CLOSED:
                self._forget(lost)
        for held in list(self._held.values()):
            call = self._calls().get(held.call)
            if call is None or call.state is CallState.CLOSED:
                await self._end(held)

    def _is_written(self, file: str) -> bool:
        return any(held.file == file for held in (*self._held.values(), *self._ending.values()))

    def _named(self, name: str) -> Held | None:
        return next((held for held in self._held.values() if held.name == name), None)

    def _calls(self) -> dict[str, Call]:
        return self._loop.runtime.state.calls.by_id

    def _warm_if_called(self) -> None:
        if any(call.closed_at is None for call in self._calls().values()):
            self._warm()

    def _warm(self) -> None:
        """Have the process up before anybody asks for it."""
        if not self._child.up:
            self._soon(self._start_child())

    async def _start_child(self) -> None:
        try:
            await self._child.start()
        except (Mistake, OSError) as error:
            _log.error("no_voice", error=str(error))

    def _soon(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._work.add(task)
        task.add_done_callback(self._work.discard)


def answer_of(status: int, raw: bytes) -> Answer:
    """Return what the counterpart's node has answered to an offer.

    Mistake, with why there is no voice, if it has refused it or its answer makes no sense;
    `glare` if its own offer is on its way.
    """
    if status == 409 and raw.startswith(b"glare"):
        raise Mistake("glare", "Their offer is on its way.")
    if status != 200:
        raise Mistake("no_voice", _REFUSED.get(status, f"Their node answers {status}."))
    try:
        return msgspec.json.decode(raw, type=Answer)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise Mistake("no_voice", "Their node's answer makes no sense.") from error


def _refused(status: int, reason: str, detail: str) -> Reply:
    return Reply(status=status, body=f"{reason}: {detail}\n".encode(), reason=reason)
