"""A desk: one browser at one party's console, and what an officer does there.

Everything behind it is real: two nodes in processes of their own, joined over TLS, and the
system's Chromium without a GPU. Verbs of the command line run in a thread of their own,
since the browser's driver holds this one's event loop.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import threading
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.line.consoles import Side

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome")
     if (found := shutil.which(name))), "/usr/bin/chromium",
)  # fmt: skip
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-3d-apis", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
WAIT_MS = 15_000
STOP = {"place": "35.2560N 040.1500E", "radius_cm": "500 m"}
PICTURES = Path(__file__).parents[2] / "docs" / "images"
KEEP_PICTURES = os.environ.get("CLEARLINE_PICTURES", "") == "1"
"""Whether the documentation's pictures are made anew; CI looks at the pages and leaves them."""


class Cable:
    """What runs between a browser and a console, to be cut and mended.

    It has an address of its own, and writes the console's into what the browser sends: a
    cable is not a proxy, and a console that is asked by another name does not answer.
    """

    def __init__(self, port: int) -> None:
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._whole = True
        self._ends: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """End every connection, and let no new one through."""
        self._whole = False
        for end in self._ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._ends.clear()

    def mend(self) -> None:
        self._whole = True

    def end(self) -> None:
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                if not self._whole:
                    near.close()
                    continue
                far = socket.create_connection(("127.0.0.1", self._to))
                self._ends += [near, far]
                own, to = (b"localhost:%d" % port for port in (self.port, self._to))
                for one, other, names in ((near, far, (own, to)), (far, near, (b"", b""))):
                    threading.Thread(target=_relay, args=(one, other, *names), daemon=True).start()


def _relay(one: socket.socket, other: socket.socket, own: bytes, to: bytes) -> None:
    with contextlib.suppress(OSError):
        while raw := one.recv(65_536):
            other.sendall(raw.replace(own, to) if own else raw)
        other.shutdown(socket.SHUT_WR)


class Desk:
    """One browser page at a console."""

    def __init__(self, side: Side, page: Page) -> None:
        self.side = side
        self.page = page
        self.errors: list[str] = []
        page.set_default_timeout(WAIT_MS)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda message: self._said(message.type, message.text))

    def _said(self, kind: str, text: str) -> None:
        # A refusal and a lost connection are answers; the browser calls each an error.
        if kind == "error" and not re.search(r"Failed to load resource|net::ERR", text):
            self.errors.append(text)

    def open(self, address: str = "") -> Desk:
        """Sign in for the demo and wait for the picture."""
        self.page.goto(f"{address or self.side.address}/demo")
        expect(self.at("map")).to_be_visible()
        expect(self.page.locator(".page[data-state=live]")).to_be_visible()
        return self

    def at(self, test: str) -> Any:
        return self.page.get_by_test_id(test)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def closed(self) -> None:
        """Close what is open, so that the lists are shown."""
        self.press("Escape")
        expect(self.at("tab-mine")).to_be_visible()

    # What an officer does.

    def dial(self, key: str = "F9", **slots: str) -> None:
        """Open a call, fill in what is not there, and send it."""
        self.press(key)
        expect(self.at("dial")).to_be_visible()
        expect(self.at("slot-place")).to_be_visible()
        for name, value in {**STOP, **slots}.items():
            self.at(f"slot-{name}").fill(value)
        # By key, as officers do: what is read back above the button grows while it is typed, and
        # a pointer that is pressed at that moment may be beside the button when it is let go.
        expect(self.at("submit")).to_be_enabled()
        self.at("submit").press("Enter")
        expect(self.at("call-panel")).to_be_visible()

    def declare(self, *, send: bool = True, **fields: str) -> None:
        """Type a notice, see its verdict, and hold the button."""
        self.press("n")
        expect(self.at("declare-form")).to_be_visible()
        typed = {
            "centre": "35.3000N 040.1000E", "radius": "10 km", "lower": "FL100",
            "upper": "FL180", "start": "+3h", "end": "+5h", "label": "Dawn",
        } | fields  # fmt: skip
        self.at("field-activity").select_option(fields.pop("activity", "flight"))
        for name, value in typed.items():
            if name != "activity":
                self.at(f"field-{name}").fill(value)
        if send:
            expect(self.at("outcome")).to_be_visible()
            expect(self.at("send")).to_be_enabled()
            self.hold("send")
            expect(self.at("notice-panel")).to_be_visible()

    def hold(self, test: str) -> None:
        """Hold a button for as long as it wants."""
        button = self.at(test)
        button.scroll_into_view_if_needed()
        button.dispatch_event("pointerdown")
        # It acts by itself when it has been held: nothing to release.

    def picture(self, name: str) -> None:
        """Take a picture for the documentation, if they are to be made anew."""
        raw = self.page.screenshot()
        if KEEP_PICTURES:
            (PICTURES / f"console-{name}.png").write_bytes(raw)


def open_desk(browser: Browser, side: Side, **context: Any) -> Desk:
    """Open a browser of its own at a side's console."""
    options = {"viewport": {"width": 1600, "height": 900}, "locale": "en-GB"} | context
    page = browser.new_context(**options).new_page()
    return Desk(side, page)
