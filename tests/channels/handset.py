"""A telephone that listens: SIP over TLS, SRTP, and keys 4 7 by RFC 4733 once it hears a voice.

    python tests/channels/handset.py PORT CERTIFICATE TIMES [HERTZ]

It keys once it has heard a voice so many times, with silence between. It takes calls at
PORT + 1, says `ready`, and ends when its standard input does. If TIMES is 0 it keys what it
hears: digits that were recorded as tones, after the tone that stands for "press". With HERTZ it
stays on the line then: it says that tone, and says on its output which tones it hears. At one
of 3,000 Hz it hangs up.
"""

from __future__ import annotations

import asyncio
import sys
from array import array

import numpy as np
from baresip.call import Call
from baresip.config import Account, Config
from baresip.errors import AudioNotActive, AudioRestarted, BaresipError
from baresip.runtime import Runtime
from baresip.ua import UserAgent

LOUD = 1_000
"""Of 32,768: what no silence reaches."""


QUIET_S = 1.2
"""Longer than any pause within a message, and shorter than the one between two."""


PRESS_HZ = 2_600
FIRST_DIGIT_HZ = 600
HANG_UP_HZ = 3_000
STEP_HZ = 200
RATE = 8_000
WINDOW_S = 6


def tones(samples: array[int]) -> list[int]:
    """Return the frequency of each sound between two silences, rounded to what is recorded."""
    found: list[int] = []
    loud: list[int] = []
    for start in range(0, len(samples), 160):
        frame = samples[start : start + 160]
        if max(map(abs, frame)) >= LOUD:
            loud.extend(frame)
        elif loud:
            if len(loud) >= 800:
                spectrum = np.abs(np.fft.rfft(np.array(loud)))
                hertz = int(spectrum.argmax()) * RATE / len(loud)
                found.append(round(hertz / STEP_HZ) * STEP_HZ)
            loud = []
    return found


async def stay(call: Call, hertz: int) -> None:
    """Say a tone, and tell which is heard for half a second."""
    frames, said, heard = 0, array("h"), 0
    while True:
        try:
            ahead = call.audio.info().tx_buffered
            if ahead < RATE // 5:
                at = np.arange(frames, frames + RATE // 10) / RATE
                call.audio.write(
                    (8_000 * np.sin(2 * np.pi * hertz * at)).astype(np.int16).tobytes()
                )
                frames += RATE // 10
            said.frombytes(call.audio.read(16_000))
        except AudioNotActive:
            break
        except AudioRestarted:
            continue
        said = said[-RATE // 2 :]
        loud = len(said) == RATE // 2 and max(map(abs, said)) >= LOUD
        found = (
            np.abs(np.fft.rfft(np.array(said) * np.hanning(len(said)))).argmax() * 2 if loud else 0
        )
        now = int(round(found, -1))
        if now != heard:
            heard = now
            print(f"hears {heard} Hz", flush=True)
        if heard == HANG_UP_HZ:
            await call.hangup()
            break
        await asyncio.sleep(0.02)
    print("over", flush=True)


async def listen(call: Call, hertz: int) -> None:
    """Key the two digits that are heard after "press"."""
    await call.answer()
    said: array[int] = array("h")
    while True:
        try:
            said.frombytes(call.audio.read(16_000))
        except (AudioNotActive, AudioRestarted):
            said = array("h")
        said = said[-WINDOW_S * RATE :]
        heard = tones(said)
        at = heard.index(PRESS_HZ) if PRESS_HZ in heard else len(heard)
        digits = [(hertz - FIRST_DIGIT_HZ) // STEP_HZ for hertz in heard[at + 1 : at + 3]]
        if len(digits) == 2:
            print(f"heard {digits}", flush=True)
            await call.send_dtmf("".join(map(str, digits)))
            return await stay(call, hertz) if hertz else None
        await asyncio.sleep(0.1)


async def hear(call: Call, times: int, hertz: int) -> None:
    if not times:
        return await listen(call, hertz)
    await call.answer()
    loop = asyncio.get_running_loop()
    heard, loud_at = 0, 0.0
    while heard < times:
        try:
            samples = array("h", call.audio.read(16_000))
        except (AudioNotActive, AudioRestarted):
            samples = array("h")
        if max((abs(each) for each in samples), default=0) >= LOUD:
            if loop.time() - loud_at > QUIET_S:
                heard += 1
                print("heard", flush=True)
            loud_at = loop.time()
        await asyncio.sleep(0.02)
    try:
        await call.send_dtmf("47")
    except BaresipError:
        print("the caller was gone", flush=True)


async def main(port: int, certificate: str, times: int, hertz: int) -> None:
    runtime = Runtime()
    await runtime.start(
        Config(
            net_interface="127.0.0.1",
            extra_config_text=f"sip_listen 127.0.0.1:{port}\nsip_certificate {certificate}\n",
        )
    )
    account = Account(
        "handset", "127.0.0.1", "", reg_interval=0, transport="tls",
        extra_params=("mediaenc=srtp-mand",),
    )  # fmt: skip
    agent = await UserAgent.create(runtime, account)
    tasks: set[asyncio.Task[None]] = set()
    agent.on_incoming(
        lambda call: tasks.add(asyncio.get_running_loop().create_task(hear(call, times, hertz)))
    )
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await runtime.close()


if __name__ == "__main__":
    asyncio.run(
        main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int((sys.argv[4:] or "0")[0]))
    )
