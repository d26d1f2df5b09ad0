"""MQTT: a page to a device of the party's own: a lamp, a buzzer, a pager on a belt.

A page goes to `PREFIX/page/DEVICE` as JSON, at QoS 1, and is not retained: a page that rang
out would ring anew at every device that is switched on. HANDED is the broker's PUBACK. It is
sent again, with the same id, until the device says that it has it, and `end` is sent when
nobody need be reached any more.

A device answers on `PREFIX/reply/DEVICE`, and signs what it says with a key that it shares
with this node alone: HMAC-SHA256 over four lines, `clearline-page-1`, the result, the page's
id and its code. `delivered` is its receipt. `acknowledged` it says only when a human has
keyed the code: then the call is acknowledged as at the console. Whatever is not signed, is
of another page, or was said before, changes nothing: so neither the broker nor anybody else
on it can answer a call. A device without a key is paged, and can answer nothing.

Sources: MQTT 3.1.1 (OASIS), 4.3.2 for QoS 1; RFC 2104 for HMAC.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import re
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Literal

import aiomqtt
import msgspec
import structlog
from aiomqtt.exceptions import MqttConnectError
from msgspec import Meta, Struct

from clearline.channels.tls import Trust
from clearline.node.ports import ChannelError, Heard, Page, PageCause, PageResult
from clearline.node.ways import Mqtt as Settings
from clearline.node.ways import read_password, read_secret

__all__ = ["Mqtt", "signature"]

_DEVICE = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
MAX_REPLY_BYTES = 1_024
MAX_QUEUED = 1_000
"""Replies that wait to be looked at; beyond it the newest are lost, and devices say them again."""
MAX_IN_FLIGHT = 200
"""Pages without the broker's acknowledgement at once."""
MIN_KEY_BYTES = 16
AGAIN_S = 20.0
"""A page is sent again so often until its device has said that it has it."""
PUBACK_S = 2.0
"""A page that the broker has not acknowledged for so long is sent again, with the same id."""
RETRY_S = (0.1, 0.5, 1.0, 2.0, 5.0)
"""Waits before each try to reach the broker; the last one repeats."""
END_S = 2.0
LABEL = "clearline-page-1"


class Sent(Struct, frozen=True, kw_only=True):
    """What a device is sent. Fields may be added: a device ignores what it does not know."""

    page: str
    demand: str
    precedence: str
    desk: str
    rung: int
    drill: bool
    language: str
    text: tuple[str, ...]
    code: str
    """A human keys it at the device, to acknowledge."""


class Ended(Struct, frozen=True, kw_only=True):
    """What a device is sent when a page of its need not ring any more."""

    page: str
    end: Literal[True] = True


class Reply(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a device says of a page."""

    page: Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")]
    result: Literal["delivered", "acknowledged"]
    code: Annotated[str, Meta(pattern=r"^[0-9]{2}\Z")]
    """As a human keyed it; of a receipt, as it came."""
    mac: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]


class Mqtt:
    """Devices behind one broker, over one connection that is kept."""

    name = "mqtt"

    def __init__(self, settings: Settings, home: Path, party: str) -> None:
        """`home`: where the settings' files are looked for."""
        self._settings = settings
        self._home = home
        self._party = party
        self._trust = Trust(home / settings.authority_file if settings.authority_file else None)
        self._client: aiomqtt.Client | None = None
        self._lost = asyncio.Event()
        """Set once the connection of now has gone."""
        self._why: ChannelError | None = None
        """Why the last try to reach the broker failed."""
        self._changed = asyncio.Condition()
        self._tries = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting: dict[str, _Waiting] = {}
        self._log = structlog.stdlib.get_logger("mqtt")

    async def start(self) -> None:
        """Begin to keep a connection to the broker."""
        self._spawn(self._keep())

    async def stop(self) -> None:
        """Let the connection go."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def address_fault(self, address: str) -> str | None:
        """Return why that can be no device's name; None if it can."""
        if _DEVICE.match(address):
            return None
        return f"{address!r} is no device: write its name, of letters, digits, - and _."

    async def page(self, page: Page, heard: Heard) -> None:
        """Send one page, and again, until its device has it; listen for what it says."""
        try:
            waiting = _Waiting(page, heard, self._key(page.address))
        except ChannelError as error:
            heard(PageResult.FAILED, error.cause, error.phrase)
            return
        # Before it is sent: a device may be quicker than the broker's acknowledgement.
        self._waiting[page.id] = waiting
        try:
            if await self._handed(waiting):
                await self._answered(waiting)
        finally:
            if self._waiting.get(page.id) is waiting:
                del self._waiting[page.id]
            self._spawn(self._end(page))

    async def check(self) -> None:
        """Have the broker acknowledge a message that nobody is rung by, and read the keys."""
        self._keys()
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                client = await self._connected()
                await client.publish(f"{self._settings.prefix}/check", b"", qos=1)
        except TimeoutError as error:
            raise (self._why or self._late()) from error
        except aiomqtt.MqttError as error:
            raise self._said(error) from error

    async def _handed(self, waiting: _Waiting) -> bool:
        """Have the broker take a page over; return whether it did."""
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                await self._publish(waiting.page)
        except ChannelError as error:
            waiting.fail(error)
            return False
        except TimeoutError:
            waiting.fail(self._why or self._late())
            return False
        waiting.hand()
        return True

    async def _answered(self, waiting: _Waiting) -> None:
        """Wait for a human's answer; send the page again until its device has it."""
        try:
            async with asyncio.timeout(self._settings.reply_s):
                await self._until_answered(waiting)
        except TimeoutError:
            if waiting.key:
                why = f"No answer within {self._settings.reply_s} s."
                waiting.fail(ChannelError(PageCause.NO_ANSWER, why))

    # The connection.

    async def _keep(self) -> None:
        """Keep a connection, for ever; take in what devices say."""
        while True:
            try:
                async with _opened(self._made()) as client:
                    await client.subscribe(f"{self._settings.prefix}/reply/+", qos=1)
                    await self._set(client, None)
                    async for message in client.messages:
                        self._reply(message)
            except aiomqtt.MqttError as error:
                await self._set(None, self._said(error))
            except ChannelError as error:
                await self._set(None, error)
            self._tries += 1
            wait_s = RETRY_S[min(self._tries, len(RETRY_S)) - 1]
            await asyncio.sleep(wait_s)

    async def _set(self, client: aiomqtt.Client | None, why: ChannelError | None) -> None:
        async with self._changed:
            self._lost.set()
            self._client, self._why = client, why
            if client is not None:
                self._tries = 0
                self._lost = asyncio.Event()
            self._changed.notify_all()

    async def _connected(self) -> aiomqtt.Client:
        """Return the connection once there is one; ChannelError if a setting stands against it."""
        async with self._changed:
            while self._client is None:
                if self._why is not None and self._why.cause is PageCause.CREDENTIALS:
                    raise self._why
                await self._changed.wait()
            return self._client

    def _made(self) -> aiomqtt.Client:
        settings = self._settings
        password = None
        if settings.password_file:
            password = read_password(self._home / settings.password_file, "[mqtt]")
        client = aiomqtt.Client(
            settings.host.strip("[]"),
            settings.port,
            username=settings.user or None,
            password=password,
            identifier=f"clearline-{self._party}",
            timeout=settings.timeout_s,
            tls_context=self._trust.context() if settings.security == "tls" else None,
            keepalive=15,
            max_queued_incoming_messages=MAX_QUEUED,
            max_inflight_messages=MAX_IN_FLIGHT,
        )
        client.pending_calls_threshold = MAX_IN_FLIGHT * 100  # Many at once are what it is for.
        return client

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # Pages.

    async def _publish(self, page: Page) -> None:
        """Have the broker take a page over, by whatever connection there is meanwhile."""
        payload = msgspec.json.encode(_sent(page))
        while True:
            client = await self._connected()
            gone = self._lost
            try:
                await client.publish(self._topic(page), payload, qos=1, timeout=PUBACK_S)
            except aiomqtt.MqttError as error:
                if "timed out" not in str(error):
                    await gone.wait()  # `_keep` finds it out too, and makes another.
                continue
            return

    async def _until_answered(self, waiting: _Waiting) -> None:
        while not waiting.answered.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(AGAIN_S):
                    await waiting.answered.wait()
            if not waiting.delivered and not waiting.answered.is_set():
                with contextlib.suppress(TimeoutError, ChannelError):
                    async with asyncio.timeout(self._settings.timeout_s):
                        await self._publish(waiting.page)

    async def _end(self, page: Page) -> None:
        """Tell the device that it need not ring any more, if that can be done now."""
        with contextlib.suppress(TimeoutError, ChannelError, aiomqtt.MqttError):
            async with asyncio.timeout(END_S):
                client = await self._connected()
                ended = msgspec.json.encode(Ended(page=page.id))
                await client.publish(self._topic(page), ended, qos=1)

    def _topic(self, page: Page) -> str:
        return f"{self._settings.prefix}/page/{page.address}"

    # Replies.

    def _reply(self, message: aiomqtt.Message) -> None:
        """Take in what a device says, if it is signed and of a page that waits for it."""
        device = message.topic.value.rpartition("/")[2]
        payload = message.payload
        if len(payload) > MAX_REPLY_BYTES:
            return
        try:
            reply = _decode_reply(payload)
        except msgspec.MsgspecError:
            self._log.warning("bad_reply", device=device[:64])
            return
        waiting = self._waiting.get(reply.page)
        if waiting is None or waiting.page.address != device or not waiting.key:
            return
        signed = signature(waiting.key, reply.result, reply.page, reply.code)
        good = hmac.compare_digest(signed, reply.mac)
        # The code is compared too: a device that signs before it has asked a human is wrong.
        if not good or not hmac.compare_digest(waiting.page.code, reply.code):
            self._log.warning("reply_refused", device=device, signed=good)
            return
        waiting.take(reply.result)

    def _key(self, device: str) -> bytes:
        """Return a device's key; empty if it has none."""
        return self._keys().get(device, b"")

    def _keys(self) -> dict[str, bytes]:
        if not self._settings.devices_file:
            return {}
        path = self._home / self._settings.devices_file
        raw = read_secret(path, "the devices' keys")
        try:
            found = {
                name: bytes.fromhex(text)
                for name, text in msgspec.toml.decode(raw, type=dict[str, str]).items()
            }
        except (msgspec.MsgspecError, ValueError) as error:
            # Never what it holds: only where.
            phrase = f'{path} is not lines of `device = "key in hex"`.'
            raise ChannelError(PageCause.CREDENTIALS, phrase) from error
        for name, key in found.items():
            if len(key) < MIN_KEY_BYTES:
                phrase = f"{path}: the key of {name} has less than {MIN_KEY_BYTES} bytes."
                raise ChannelError(PageCause.CREDENTIALS, phrase)
        return found

    # What goes wrong.

    def _late(self) -> ChannelError:
        why = f"{self._where} did not answer within {self._settings.timeout_s} s."
        return ChannelError(PageCause.TIMEOUT, why)

    def _said(self, error: aiomqtt.MqttError) -> ChannelError:
        """Return what went wrong with the broker, so that a person can put it right."""
        text = str(error)
        if "CERTIFICATE_VERIFY_FAILED" in text:
            why = f"The certificate of {self._where} does not hold: {text}"
            return ChannelError(PageCause.CREDENTIALS, why)
        if isinstance(error, MqttConnectError):
            why = f"{self._where} does not take the name and password of [mqtt]: {text}"
            refused = "authori" in text.lower() or "password" in text.lower()
            cause = PageCause.CREDENTIALS if refused else PageCause.OTHER
            return ChannelError(cause, why if refused else f"{self._where}: {text}")
        return ChannelError(PageCause.UNREACHABLE, f"{self._where} is not there: {text}")

    @property
    def _where(self) -> str:
        return f"{self._settings.host}:{self._settings.port}"


class _Waiting:
    """A page that a device may still say something of."""

    def __init__(self, page: Page, heard: Heard, key: bytes) -> None:
        self.page = page
        self.key = key
        self.delivered = False
        self.answered = asyncio.Event()
        self._handed = False
        self._heard = heard

    def hand(self) -> None:
        """Say that the broker has taken it over, once."""
        if not self._handed:
            self._handed = True
            self._heard(PageResult.HANDED, PageCause.NONE, "")

    def fail(self, error: ChannelError) -> None:
        """Say that it did not get to a human by this way."""
        self._heard(PageResult.FAILED, error.cause, error.phrase)

    def take(self, result: Literal["delivered", "acknowledged"]) -> None:
        """Take in a signed reply; one that was said before changes nothing."""
        if self.answered.is_set():
            return
        self.hand()
        if result == "acknowledged":
            self.answered.set()
            self._heard(PageResult.ACKNOWLEDGED, PageCause.NONE, "")
        elif not self.delivered:
            self.delivered = True
            self._heard(PageResult.DELIVERED, PageCause.NONE, "")


@asynccontextmanager
async def _opened(client: aiomqtt.Client) -> AsyncGenerator[aiomqtt.Client]:
    """Connect, and disconnect afterwards: also if nobody wants it while it still connects."""
    opening = asyncio.ensure_future(client.__aenter__())
    try:
        await asyncio.shield(opening)
    except asyncio.CancelledError:
        with contextlib.suppress(aiomqtt.MqttError):
            await opening
            await client.__aexit__(None, None, None)
        raise
    try:
        yield client
    finally:
        with contextlib.suppress(aiomqtt.MqttError):
            await client.__aexit__(None, None, None)


_decode_reply = msgspec.json.Decoder(Reply).decode


def signature(key: bytes, result: str, page: str, code: str) -> str:
    """Return what a device signs a reply with, in hex."""
    signed = "\n".join((LABEL, result, page, code)).encode()
    return hmac.new(key, signed, sha256).hexdigest()


def _sent(page: Page) -> Sent:
    return Sent(
        page=page.id,
        demand=page.demand.value,
        precedence=page.precedence.value,
        desk=page.echelon,
        rung=page.rung,
        drill=page.drill,
        language=page.language,
        text=page.text,
        code=page.code,
    )
