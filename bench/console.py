"""The console in a real browser without a GPU: ring to banner, first paint, time bar, preview.

Two nodes in processes of their own, the system's Chromium in a third. What the page knows of
its own timing it marks itself: when the banner is painted, and when the first pulse is started
in audio that runs. A call has arrived when the first bytes that came from the other node after
it was opened there are handed to ours: a relay between the two keeps that time, so that what
the node does before its core sees the call is in the figure.

In the eight hours of a watch the page's own clock is moved on, every timer fires as often as it
would, and in between there are as many frames, notices and calls as a busy watch has. The
nodes' clocks are real and stay behind: after each five minutes the page finds its stream lost,
and takes it up again.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import os
import shutil
import time
from statistics import median
from typing import Any

from msgspec.structs import replace
from playwright.async_api import Browser, CDPSession, Page, async_playwright

from bench import common
from clearline.basis.instants import HOUR_MS, MINUTE_MS
from clearline.core.events import Acknowledge, Declare, OpenCall, Withdraw
from clearline.core.terms import Precedence
from clearline.phrasebook import Stop
from clearline.space import Position, Window
from clearline.transports.local import LocalClient

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-3d-apis", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--autoplay-policy=no-user-gesture-required", "--js-flags=--expose-gc",
]  # fmt: skip
STOP = Stop(place=Position(lat_e7=352_560_000, lon_e7=401_500_000), radius_cm=50_000)
PAGE = common.ROOT / "src/clearline/web/page"
LANGUAGES = ("ru", "uk", "ar", "tr", "he", "fr", "zh")
"""Loaded when chosen; English is in the page itself."""
STEPS = 60
STEP_MS = 5 * MINUTE_MS
BEAT_MS = 5_000
"""How often a heartbeat makes a frame."""
NOTICES_A_STEP = 2


def weight() -> dict[str, float]:
    """Return the gzipped kB of what the first screen loads, and of all that one officer can open.

    Without fonts and base map; the second with the largest of the languages, of which a page
    loads one.
    """
    index = (PAGE / "index.html").read_text()
    code = [path for path in (PAGE / "assets").iterdir() if path.suffix in (".js", ".css")]
    packed = {path.name: len(gzip.compress(path.read_bytes(), 9)) for path in code}
    first = sum(size for name, size in packed.items() if f"assets/{name}" in index)
    first += len(gzip.compress(index.encode(), 9))
    fonts = {path.name for path in code if b"@font-face" in path.read_bytes()}
    words = {name for name in packed if name.partition("-")[0] in LANGUAGES}
    assert len(words) == len(LANGUAGES), words
    rest = sum(size for name, size in packed.items() if name not in fonts | words)
    rest += max(packed[name] for name in words)
    return {"first_kb": round(first / 1_000, 1), "whole_kb": round(rest / 1_000, 1)}


def spread(link: str, count: int, *, side: int) -> list[Declare]:
    """Return declarations evenly over a day, of which some nine in a hundred are open at once."""
    made = common.notices(link, count, side=side)
    first = made[0].volumes[0].window.start
    day_ms, open_ms = 24 * HOUR_MS, 130 * MINUTE_MS
    windows = [first.after(n * day_ms // count) for n in range(count)]
    return [
        replace(
            each,
            volumes=tuple(
                replace(volume, window=Window(start=start, end=start.after(open_ms)))
                for volume in each.volumes
            ),
        )
        for each, start in zip(made, windows, strict=True)
    ]


async def _address(ours: LocalClient) -> str:
    """Return where the console is served, once it is: the node does not wait for it."""
    while True:
        console = (await ours.ask("status"))["console"]
        if console["address"] is not None:
            return console["address"]
        await asyncio.sleep(0.05)


async def _ring(
    page: Page, ours: LocalClient, theirs: LocalClient, link: str, tap: common.Tap
) -> float:
    """Return the ms from a call's arrival at the node to banner and sound, on one clock."""
    await page.evaluate("performance.clearMarks('sound')")
    asked_at = time.time() * 1_000
    call = await _open(theirs, link)
    marks: list[float] = await page.evaluate(
        """async (call) => {
          for (;;) {
            const [banner] = performance.getEntriesByName(`banner:${call}`);
            const [sound] = performance.getEntriesByName('sound');
            const at = (mark) => performance.timeOrigin + mark.startTime;
            if (banner && sound) return [at(banner), at(sound)];
            await new Promise((again) => setTimeout(again, 5));
          }
        }""",
        call,
    )
    arrived = tap.first_after(asked_at)
    await _answer(ours, theirs, call)
    await page.locator("[data-test=incoming]").wait_for(state="hidden")
    return max(marks) - arrived


async def _open(theirs: LocalClient, link: str) -> str:
    """Open a FLASH, and return its id once it rings there."""
    event = OpenCall(by="bench", link=link, precedence=Precedence.FLASH, phrases=(STOP,))
    done = await theirs.do(event, until="call_ringing", wait_ms=20_000)
    return str(done["entries"][0]["id"])


async def _answer(ours: LocalClient, theirs: LocalClient, call: str) -> None:
    await ours.do(Acknowledge(by="bench", call=call, echelon="duty-desk"))
    await common.end_call(theirs, ours, call)


async def _useful(page: Page, address: str) -> float:
    """Return the ms from navigation to the picture painted."""
    await page.goto(address)
    return float(
        await page.evaluate(
            """async () => {
              for (;;) {
                const [mark] = performance.getEntriesByName('useful');
                if (mark) return mark.startTime;
                await new Promise((again) => setTimeout(again, 5));
              }
            }"""
        )
    )


async def _steps(page: Page) -> tuple[list[float], int]:
    """Return the ms of each step of the time bar until the map is drawn, and how many areas."""
    found = await page.evaluate(
        """async (steps) => {
          const slider = document.querySelector('[data-test=time-slider]');
          const { map, shown } = document.querySelector('[data-test=map]').clearline;
          const looks = () => [...document.querySelectorAll('[data-test=map] canvas')]
            .map((each) => each.toDataURL()).join();
          const before = looks();
          const took = [];
          let most = 0;
          const start = Number(slider.value) + 6 * 3600e3;
          for (let n = 0; n < steps; n++) {
            const began = performance.now();
            slider.valueAsNumber = start + n * 300e3;
            slider.dispatchEvent(new Event('input', { bubbles: true }));
            await new Promise((done) => { map.once('rendercomplete', done); map.render(); });
            took.push(performance.now() - began);
            most = Math.max(most, shown());
          }
          if (looks() === before) throw new Error('nothing was drawn');
          return [took, most];
        }""",
        STEPS,
    )
    return found[0], found[1]


async def _preview(page: Page, times: int) -> list[float]:
    """Return the ms from the last key to the conflict drawn, debounce included."""
    await page.keyboard.press("F8")
    await page.keyboard.press("n")
    fields = {"radius": "20 km", "lower": "FL200", "upper": "FL340", "start": "+4h", "end": "+6h"}
    for name, value in fields.items():
        await page.locator(f"[data-test=field-{name}]").fill(value)
    await page.locator("[data-test=field-activity]").select_option("flight")
    took: list[float] = []
    for n in range(times):
        centre = page.locator("[data-test=field-centre]")
        await centre.fill(f"3{n % 5}.{n % 10}500N 040.{n % 7}50")
        await page.wait_for_timeout(400)  # Whatever that was is checked before the key that counts.
        await page.evaluate("performance.clearMarks('preview')")
        took.append(float(await page.evaluate(
            """async () => {
              const field = document.querySelector('[data-test=field-centre]');
              field.focus();
              const began = performance.now();
              document.execCommand('insertText', false, 'E');
              for (;;) {
                const marks = performance.getEntriesByName('preview');
                const mark = marks.find((m) => m.startTime > began);
                if (mark) return mark.startTime - began;
                await new Promise((again) => setTimeout(again, 2));
              }
            }"""
        )))  # fmt: skip
    return took


async def _held(session: CDPSession) -> dict[str, float]:
    """Return what the browser holds for the page after it has collected what nothing holds."""
    await asyncio.sleep(2)  # A pulse that still sounds is held, and listened to, until it ends.
    for _ in range(3):
        await session.send("HeapProfiler.collectGarbage")
    answer = await session.send("Performance.getMetrics")
    found = {each["name"]: each["value"] for each in answer["metrics"]}
    return {"heap_mb": round(found["JSHeapUsedSize"] / 1e6, 1), "nodes": int(found["Nodes"]),
            "listeners": int(found["JSEventListeners"])}  # fmt: skip


async def _eight_hours(
    browser: Browser, address: str, ours: LocalClient, theirs: LocalClient, link: str, hours: int
) -> dict[str, Any]:
    """Return what the page holds after the first hour of a watch and after the last."""
    context = await browser.new_context(viewport={"width": 1600, "height": 900})
    page = await context.new_page()
    await page.clock.install()
    await page.goto(f"{address}/demo")
    await page.locator("[data-test=sound]").click()
    await page.locator("[data-test=map]").wait_for()
    session = await context.new_cdp_session(page)
    await session.send("HeapProfiler.enable")
    await session.send("Performance.enable")
    began = await page.evaluate("Date.now()")
    held: list[dict[str, float]] = []
    steps = hours * HOUR_MS // STEP_MS
    for step in range(steps):
        await _five_minutes(page, ours, theirs, link, step)
        if (step + 1) % (HOUR_MS // STEP_MS) == 0:
            held.append(await _held(session))
    passed = await page.evaluate("Date.now()") - began
    await context.close()
    return {
        "hours": round(passed / HOUR_MS, 1), "reconnects": steps, "first_hour": held[0],
        "last_hour": held[-1], "growth": round(held[-1]["heap_mb"] / held[0]["heap_mb"] - 1, 3),
    }  # fmt: skip


async def _five_minutes(
    page: Page, ours: LocalClient, theirs: LocalClient, link: str, step: int
) -> None:
    seen = """async ([count, step]) => {
      for (let n = 0; n < count; n++) {
        await fetch('/api/v1/seen', { method: 'POST', body: JSON.stringify({ id: `${step} ${n}` }),
          headers: { 'Content-Type': 'application/json', 'X-Clearline': '1' } });
      }
    }"""
    await page.evaluate(seen, [STEP_MS // BEAT_MS, step])
    for event in common.notices(link, NOTICES_A_STEP, side=1, seed=step):
        done = await theirs.do(event)
        await theirs.do(Withdraw(by="bench", notice=done["entries"][0]["id"]))
    if step % 2 == 0:
        call = await _open(theirs, link)
        await page.locator(f"[data-test=incoming][data-call='{call}']").wait_for()
        await _answer(ours, theirs, call)
        await page.locator("[data-test=incoming]").wait_for(state="hidden")
    await page.clock.run_for(STEP_MS)
    await page.locator(".page[data-state=live]").wait_for()


async def _measure(asked: argparse.Namespace) -> dict[str, Any]:
    os.environ["CLEARLINE_CONSOLE_LISTEN"] = "127.0.0.1:0"
    os.environ["CLEARLINE_CONSOLE_DEMO_OFFICER"] = "bench"
    tap = common.Tap()
    limits = {"limits": {"active_notices": 500_000}}
    async with (
        common.pair(limits, tap.to) as (north, south, link),
        north.client() as ours,
        south.client() as theirs,
        async_playwright() as driver,
    ):
        found: dict[str, Any] = {"benchmark": "console", "weight": weight()}
        chromium = shutil.which("chromium") or "/usr/bin/chromium"
        browser = await driver.chromium.launch(executable_path=chromium, args=FLAGS)
        context = await browser.new_context(viewport={"width": 1600, "height": 900})
        page = await context.new_page()
        address = await _address(ours)
        await page.goto(f"{address}/demo")
        await page.locator("[data-test=sound]").click()
        await page.locator("[data-test=map]").wait_for()

        rings = [await _ring(page, ours, theirs, link, tap) for _ in range(asked.calls)]
        found |= {"calls": asked.calls, "ring_ms": common.quantiles_ms([r / 1e3 for r in rings])}
        found["watch"] = await _eight_hours(browser, address, ours, theirs, link, asked.hours)

        await common.declare_all(theirs, spread(link, 1_000, side=1))
        await common.settled(theirs)
        useful = [await _useful(page, address) for _ in range(5)]
        found["useful_ms"] = {"median": round(median(useful)), "max": round(max(useful))}

        await common.declare_all(theirs, spread(link, 9_000, side=1))
        await common.settled(theirs)
        whole = await _useful(page, address)
        await page.wait_for_timeout(3_000)  # The base map's tiles are cut once.
        await page.get_by_role("button", name="Show all").click()
        await page.wait_for_timeout(1_000)
        took, most = await _steps(page)
        found |= {
            "areas": 10_000, "active": most, "useful_10000_ms": round(whole),
            "step_ms": {"median": round(median(took), 1), "max": round(max(took), 1)},
        }  # fmt: skip
        preview = await _preview(page, asked.previews)
        found["preview_ms"] = {"median": round(median(preview)), "max": round(max(preview))}
        await browser.close()
        return found | {
            "goal": {"ring_p99_ms": 150, "useful_ms": 1_500, "step_median_ms": 60,
                     "weight_kb": 350, "growth": 0.10, "preview_ms": 500}
        }  # fmt: skip


def measure(asked: argparse.Namespace) -> dict[str, Any]:
    """Return the figures of the console."""
    return asyncio.run(_measure(asked))


if __name__ == "__main__":
    common.main(measure, __doc__, calls=200, previews=20, hours=8)
