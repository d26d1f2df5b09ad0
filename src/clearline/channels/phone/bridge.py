"""Bridge: the sound of one telephone call, carried to the node's voice and back.

It runs in the child that holds baresip-python, so that no sample goes through the node. What
the socket is, and what goes through it, is said at `node.talking.PutThrough`. Nothing waits for
anything here: what is late is dropped, on both ways, and each way holds a fifth of a second at
the most.

It decides when the sound is over: the voice's end closed, or the call has none any more.
"""

# baresip-python says of itself that it is typed, and leaves some of its parameters open.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress

from baresip.audio import CallAudio
from baresip.errors import AudioNotActive, AudioRestarted

__all__ = ["carry"]

RATE = 8_000
PACKET_S = 0.02
PACKET_BYTES = 320
MAX_PACKET_BYTES = 4_096
MAX_AHEAD_BYTES = 2 * RATE // 5
"""What may wait to be heard by the telephone; a fifth of a second."""
FIRST = bytes(2 * PACKET_BYTES)
"""Silence before sound that begins: packets that come unevenly are still heard whole."""
SEND_BUFFER_BYTES = 8_192


async def carry(audio: CallAudio, path: str) -> None:
    """Carry both ways until one end has no more; return then. Never raises for either end."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as made:
        made.settimeout(0)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        with suppress(OSError, AudioNotActive):
            made.connect(path)
            await _both(made, audio)


async def _both(made: socket.socket, audio: CallAudio) -> None:
    info = audio.info()
    if (info.tx_sample_rate, info.tx_channels) != (RATE, 1):
        return  # The account offers nothing else: an exchange that takes another is at fault.
    ways = (asyncio.create_task(_say(made, audio)), asyncio.create_task(_hear(made, audio)))
    try:
        done, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for each in done:
            each.result()
    finally:
        for each in ways:
            each.cancel()
        await asyncio.gather(*ways, return_exceptions=True)


async def _say(made: socket.socket, audio: CallAudio) -> None:
    """Send what the telephone says, a packet each 20 ms."""
    loop = asyncio.get_running_loop()
    rest, due = b"", loop.time()
    audio.read(10 * RATE)  # What was said before is nobody's.
    while True:
        due = max(due + PACKET_S, loop.time() - 1)
        await asyncio.sleep(due - loop.time())
        try:
            rest += audio.read(MAX_PACKET_BYTES)
        except AudioRestarted:
            continue
        while len(rest) >= PACKET_BYTES:
            packet, rest = rest[:PACKET_BYTES], rest[PACKET_BYTES:]
            with suppress(BlockingIOError):
                made.send(packet)


async def _hear(made: socket.socket, audio: CallAudio) -> None:
    """Let the telephone hear what comes, until no more does."""
    loop = asyncio.get_running_loop()
    while packet := await loop.sock_recv(made, MAX_PACKET_BYTES):
        with suppress(AudioRestarted):
            ahead = audio.info().tx_buffered
            if ahead <= MAX_AHEAD_BYTES:
                audio.write(packet if ahead else FIRST + packet)
