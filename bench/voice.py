"""Voice: two desks, two nodes, loopback: how soon they talk, how late, and what it costs.

Two headless Chromiums whose microphones hear a beep a second. `connect_ms` is from one
officer's click to both screens saying that both are on, the other officer pressing as soon as
their button is there; `first_ms` is the same of the node's first call, pressed the moment it
rings, while the media process still starts. `one_way_ms` is from a beep in one page's own
microphone, after the browser's capture, to the same beep as the other page plays it: both are
on one machine and tell the time by one clock. `cpu_percent` is of a node and its media process
together, while both lines are open and both sides record.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import tempfile
import wave
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import psutil
from playwright.async_api import Browser, Page, Playwright, async_playwright

from bench import common
from clearline.core.events import Acknowledge, OpenCall
from clearline.core.terms import Precedence
from clearline.phrasebook import Stop
from clearline.space import Position
from clearline.transports.local import LocalClient

STOP = Stop(place=Position(lat_e7=352_560_000, lon_e7=401_500_000), radius_cm=50_000)
RATE = 48_000
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-3d-apis",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
]  # fmt: skip
GOAL = {"connect_ms": 1_000, "one_way_ms": 400, "cpu_percent": 30}
LISTEN = """
() => {
  // Times at which a page's own microphone, and what it plays, become loud.
  window.beeps = { ours: [], theirs: [] };
  const watch = (name, stream) => {
    const context = new AudioContext({ latencyHint: 'interactive' });
    const analyser = context.createAnalyser();
    analyser.fftSize = 256;
    context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(256);
    let loud = true;
    setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      const now = samples.some((each) => Math.abs(each) > 0.05);
      if (now && !loud) window.beeps[name].push(performance.timeOrigin + performance.now());
      loud = now;
    }, 4);
  };
  const capture = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    const stream = await capture(wanted);
    watch('ours', stream);
    return stream;
  };
  const Real = RTCPeerConnection;
  window.RTCPeerConnection = class extends Real {
    constructor(...given) {
      super(...given);
      this.addEventListener('track', ({ track }) => watch('theirs', new MediaStream([track])));
    }
  };
}
"""
JOIN_AT_ONCE = """
() => new MutationObserver(() => {
  const button = document.querySelector('[data-test=join]');
  if (button && !button.disabled && !window.joined) { window.joined = true; button.click(); }
}).observe(document.body, { subtree: true, childList: true, attributes: true })
"""
PRESS = """
() => {
  const now = Date.now();
  document.querySelector('[data-test=talk-begin]').click();
  return now;
}
"""
BOTH_ON = """
() => document.querySelector('[data-test=talk][data-theirs=true][data-console=on]') !== null
"""


def _beeps(path: Path, hertz: int) -> Path:
    """Write a second with a tenth of a second of a tone in it; the browser begins again."""
    said = np.zeros(RATE)
    said[: RATE // 10] = 16_000 * np.sin(2 * np.pi * hertz * np.arange(RATE // 10) / RATE)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(said.astype("<i2").tobytes())
    return path


async def _page(
    driver: Playwright, folder: Path, hertz: int, node: LocalClient
) -> tuple[Browser, Page]:
    hears = f"--use-file-for-fake-audio-capture={_beeps(folder / f'{hertz}.wav', hertz)}"
    chromium = shutil.which("chromium") or "/usr/bin/chromium"
    browser = await driver.chromium.launch(executable_path=chromium, args=[*FLAGS, hears])
    page = await browser.new_page(viewport={"width": 1600, "height": 900})
    await page.add_init_script(f"({LISTEN})()")
    while not (address := ((await node.ask("status"))["console"] or {}).get("address")):
        await asyncio.sleep(0.05)
    await page.goto(f"{address}/demo")
    await page.locator(".page[data-state=live]").wait_for()
    return browser, page


async def _open(ours: LocalClient, theirs: LocalClient, link: str) -> str:
    event = OpenCall(by="bench", link=link, precedence=Precedence.FLASH, phrases=(STOP,))
    done = await ours.do(event, until="call_ringing", wait_ms=20_000)
    call = done["entries"][0]["id"]
    await theirs.do(Acknowledge(by="bench", call=call, echelon="duty-desk"))
    return str(call)


async def _connect(caller: Page, called: Page) -> float:
    """Return the ms from the caller's click to both being on, as their screens say."""
    for page in (caller, called):
        await page.get_by_test_id("running").first.click()
        await page.get_by_test_id("call-panel").wait_for()
    await called.evaluate("window.joined = false")
    await called.evaluate(JOIN_AT_ONCE)
    began = await caller.evaluate(PRESS)
    ended = await asyncio.gather(*(_when(page) for page in (caller, called)))
    return max(ended) - began


async def _when(page: Page) -> float:
    await page.wait_for_function(BOTH_ON, polling="raf")
    return float(await page.evaluate("Date.now()"))


def _processes(party: common.Party) -> list[psutil.Process]:
    assert party.process is not None
    node = psutil.Process(party.process.pid)
    return [node, *node.children()]


def _cpu_s(party: common.Party) -> float:
    return sum(sum(each.cpu_times()[:2]) for each in _processes(party))


async def _one_way(speaker: Page, listener: Page, seconds: int) -> list[float]:
    """Return for each beep how long after its own microphone the other page played it."""
    for page in (speaker, listener):
        await page.evaluate("window.beeps.ours.length = window.beeps.theirs.length = 0")
    await asyncio.sleep(seconds)
    said = await speaker.evaluate("window.beeps.ours")
    heard = await listener.evaluate("window.beeps.theirs")
    found: list[float] = []
    for at in said:
        after = [each - at for each in heard if 0 < each - at < 900]
        found += after[:1]
    return found


async def _measure(asked: argparse.Namespace) -> dict[str, Any]:
    os.environ["CLEARLINE_CONSOLE_LISTEN"] = "127.0.0.1:0"
    os.environ["CLEARLINE_CONSOLE_DEMO_OFFICER"] = "bench"
    folder = Path(tempfile.mkdtemp(prefix="clv-"))
    async with (
        common.pair() as (north, south, link),
        north.client() as called,
        south.client() as caller,
        async_playwright() as driver,
    ):
        driver.selectors.set_test_id_attribute("data-test")
        their_browser, theirs = await _page(driver, folder, 1_000, called)
        our_browser, ours = await _page(driver, folder, 1_500, caller)
        connects: list[float] = []
        for number in range(asked.calls):
            call = await _open(caller, called, link)
            connects.append(await _connect(ours, theirs))
            if number + 1 < asked.calls:
                await ours.get_by_test_id("hang-up").click()
                await common.end_call(caller, called, call)
                for page in (ours, theirs):
                    # The next call is the one that runs, and not what is left of this one.
                    await page.get_by_test_id("running").first.wait_for(state="detached")
                    await page.get_by_test_id("talk").first.wait_for(state="detached")
        for page in (ours, theirs):
            await page.get_by_test_id("open-line").click()
        await asyncio.sleep(2)
        before = [_cpu_s(each) for each in (north, south)]
        delays = await _one_way(ours, theirs, asked.seconds)
        after = [_cpu_s(each) for each in (north, south)]
        cpu = [round(100 * (b - a) / asked.seconds, 1) for a, b in zip(before, after, strict=True)]
        for browser in (their_browser, our_browser):
            await browser.close()
    shutil.rmtree(folder, ignore_errors=True)
    return {
        "benchmark": "voice",
        "calls": asked.calls,
        "first_ms": round(connects[0]),
        "connect_ms": {"median": round(median(connects[1:])), "max": round(max(connects[1:]))},
        "beeps": len(delays),
        "one_way_ms": {"median": round(median(delays)), "max": round(max(delays))},
        "cpu_percent": {"north": cpu[0], "south": cpu[1]},
        "goal": GOAL,
    }


def measure(asked: argparse.Namespace) -> dict[str, Any]:
    """Return the figures of voice."""
    return asyncio.run(_measure(asked))


if __name__ == "__main__":
    common.main(measure, __doc__, calls=10, seconds=20)
