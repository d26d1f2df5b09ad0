"""Receiving: real servers that send, are cut, are gone, lie and flood; and a node that goes on."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from clearline.basis.instants import SECOND_MS, Instant
from clearline.gateways.tracks import receiving
from clearline.gateways.tracks.receiving import MAX_REPORTS_PER_S, Receiving
from clearline.node.settings import TracksSettings, load
from clearline.node.tracks.receivers import Format, Place, place_of
from clearline.node.tracks.track import ReceiverState, Report
from tests.channels.ends import certificate
from tests.gateways.tracks import air
from tests.gateways.tracks.senders import Sender
from tests.loopback import free_port

NOW = Instant.parse("2026-11-23T12:00:00.000Z")


class Listening:
    """One receiver that is listened to, by a clock of the test's own."""

    def __init__(self, place: str, tls: ssl.SSLContext | None = None) -> None:
        self.now = NOW
        self.reports: list[Report] = []
        self.receiving = Receiving(place_of(place), tls, self._took, lambda: self.now)

    def _took(self, name: str, reports: list[Report], now: Instant) -> None:
        assert (name, now) == ("roof", self.now)
        self.reports += reports

    async def state(self, state: ReceiverState) -> None:
        await until(lambda: self.receiving.view().state is state)

    async def count(self, count: int) -> None:
        await until(lambda: len(self.reports) >= count)


async def until(holds: Callable[[], Any]) -> None:
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110 - another thread does it
            await asyncio.sleep(0.01)


def listen(
    place: str, story: Callable[[Listening], Awaitable[None]], tls: ssl.SSLContext | None = None
) -> Listening:
    """Listen to a receiver while a story is told."""

    async def go() -> Listening:
        listening = Listening(place, tls)
        task = asyncio.create_task(listening.receiving.run())
        try:
            await story(listening)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        return listening

    return asyncio.run(go())


FLIGHT = b"".join(
    air.beast(air.position("4840D6", 35.25, 40.17, 11_000, odd=n % 2 == 1)) for n in range(8)
)
SAID: dict[Format, bytes] = {
    Format.BEAST: FLIGHT,
    Format.SBS: air.sbs("4840D6", 35.25, 40.17, 11_000),
    Format.AIS: air.ship(244_123_456, 35.25, 40.17),
    Format.TAK: air.tak("X", 35.25, 40.17),
}


@pytest.mark.parametrize("form", list(Format))
def test_each_format_is_heard_over_tcp_and_nothing_is_ever_written(form: Format):
    sender = Sender()

    async def story(listening: Listening) -> None:
        await listening.state(ReceiverState.UP)
        await asyncio.to_thread(sender.awaited)
        sender.send(SAID[form])
        await listening.count(1)

    heard = listen(f"roof={form}://127.0.0.1:{sender.port}", story)
    assert heard.reports[0].at.lat_e7 == pytest.approx(352_500_000, abs=20_000)
    assert heard.receiving.view().last_at == NOW
    sender.end()
    assert sender.heard == b""


@pytest.mark.parametrize("form", ["ais+udp", "tak+udp"])
@pytest.mark.parametrize("host", ["127.0.0.1", "239.2.3.1"])
def test_datagrams_are_heard_of_a_group_too(form: str, host: str):
    port = free_port()

    async def story(listening: Listening) -> None:
        await listening.state(ReceiverState.UP)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            if host != "127.0.0.1":
                sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
            sock.sendto(b"garbage\xff", (host, port))
            sock.sendto(SAID[Format(form.partition("+")[0])], (host, port))
        await listening.count(1)

    try:
        listening = listen(f"roof={form}://{host}:{port}", story)
    except TimeoutError:
        if host != "127.0.0.1":
            pytest.skip("this machine has no way for a group")
        raise
    assert len(listening.reports) == 1
    assert listening.receiving.unreadable <= 1


def test_a_connection_that_is_cut_is_made_again_and_goes_on(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(receiving, "FIRST_AGAIN_S", 0.05)
    sender = Sender()

    async def story(listening: Listening) -> None:
        for turn in range(1, 4):
            await listening.state(ReceiverState.UP)
            await asyncio.to_thread(sender.awaited, turn)
            sender.send(SAID[Format.SBS] + b"MSG,3,half a li")
            await listening.count(turn)
            listening.now = listening.now.after(SECOND_MS)
            sender.cut()
            await until(lambda turn=turn: sender.accepted > turn)

    listening = listen(f"roof=sbs://127.0.0.1:{sender.port}", story)
    sender.end()
    assert len(listening.reports) == 3
    assert listening.receiving.unreadable == 0


def test_a_receiver_that_is_gone_is_lost_with_its_reason_and_is_back_when_it_comes(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(receiving, "FIRST_AGAIN_S", 0.05)
    monkeypatch.setattr(receiving, "LAST_AGAIN_S", 0.1)
    port = free_port()

    async def story(listening: Listening) -> None:
        await listening.state(ReceiverState.LOST)
        view = listening.receiving.view()
        assert view.since == NOW
        assert "Connect" in view.why
        listening.now = NOW.after(90 * SECOND_MS)
        assert listening.receiving.view().since == NOW
        sender = Sender(port)
        await listening.state(ReceiverState.UP)
        assert listening.receiving.view().since == listening.now
        sender.end()
        await listening.state(ReceiverState.LOST)

    assert listen(f"roof=sbs://127.0.0.1:{port}", story).reports == []


@pytest.mark.parametrize(("form", "quiet_s"), [("sbs", 60), ("ais", 300)])
def test_one_that_says_nothing_is_silent_and_garbage_is_nothing(form: str, quiet_s: int):
    sender = Sender()

    async def story(listening: Listening) -> None:
        await listening.state(ReceiverState.UP)
        await asyncio.to_thread(sender.awaited)
        sender.send(SAID[Format(form)])
        await listening.count(1)
        sender.send(b"\xff\x00nonsense\n" * 1_000)
        await until(lambda: listening.receiving.unreadable >= 1_000)
        listening.now = NOW.after(quiet_s * SECOND_MS - 1)
        assert listening.receiving.view().state is ReceiverState.UP
        listening.now = NOW.after(quiet_s * SECOND_MS)
        view = listening.receiving.view()
        assert (view.state, view.since) == (ReceiverState.SILENT, listening.now)
        sender.send(SAID[Format(form)])
        await listening.state(ReceiverState.UP)

    listen(f"roof={form}://127.0.0.1:{sender.port}", story)
    sender.end()


def test_a_flood_is_left_out_and_said_and_ends_with_the_second():
    sender = Sender()
    lines = b"".join(air.sbs(f"{n:06X}", 35.0, 40.0, 9_000) for n in range(1, 1_001))

    async def story(listening: Listening) -> None:
        await listening.state(ReceiverState.UP)
        await asyncio.to_thread(sender.awaited)
        for _ in range(7):
            await asyncio.to_thread(sender.send, lines)
        await until(lambda: listening.receiving.view().flooded)
        await listening.count(MAX_REPORTS_PER_S)
        assert len(listening.reports) == MAX_REPORTS_PER_S
        listening.now = NOW.after(11 * SECOND_MS)
        await until(lambda: not listening.receiving.view().flooded)
        sender.send(SAID[Format.SBS])
        await listening.count(MAX_REPORTS_PER_S + 1)

    listen(f"roof=sbs://127.0.0.1:{sender.port}", story)
    sender.end()


def test_a_tak_server_over_tls_has_to_prove_who_it_is(tmp_path: Path):
    cert, key = certificate(tmp_path, "localhost", "127.0.0.1")
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(cert, key)
    sender = Sender(tls=server)
    trusted = ssl.create_default_context(cafile=str(cert))

    async def heard(listening: Listening) -> None:
        await listening.state(ReceiverState.UP)
        await asyncio.to_thread(sender.awaited)
        sender.send(SAID[Format.TAK])
        await listening.count(1)

    async def refused(listening: Listening) -> None:
        await listening.state(ReceiverState.LOST)
        assert "CERTIFICATE_VERIFY_FAILED" in listening.receiving.view().why

    where = f"roof=tak+tls://localhost:{sender.port}"
    assert listen(where, heard, trusted).reports
    assert not listen(where, refused, ssl.create_default_context()).reports
    sender.end()


@pytest.mark.parametrize(
    "text",
    [
        "roof", "roof=beast://host", "roof=beast://host:0", "roof=beast://host:65536",
        "Roof=beast://host:1", "roof=radar://host:1", "roof=beast+udp://host:1",
        "roof=beast+tls://host:1", "roof=sbs://ho st:1", "=sbs://host:1", "roof=sbs://host:1/x",
    ],
)  # fmt: skip
def test_what_names_no_receiver_is_refused_with_a_sentence(text: str):
    with pytest.raises(ValueError, match=r"receiver|come over|port"):
        place_of(text)


def test_a_receiver_is_named_as_it_is_read():
    place = place_of("quay-2=ais+udp://[ff02::1]:10110")
    assert place == Place(
        name="quay-2", format=Format.AIS, carrier=place.carrier, host="ff02::1", port=10_110
    )
    assert place.is_group
    with pytest.raises(ValueError, match="two receivers"):
        TracksSettings(receivers=("a=sbs://h:1", "a=ais://h:2"))


def test_a_wrong_receiver_ends_the_start_with_its_name(tmp_path: Path):
    path = tmp_path / "clearline.toml"
    path.write_text('[node]\nparty = "north"\ntitle = "N"\n[tracks]\nreceivers = ["x=y"]\n')
    with pytest.raises(Exception, match="is no receiver"):
        load(tmp_path)
