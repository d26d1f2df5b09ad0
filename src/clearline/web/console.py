"""The console of one running node: what it shows, and that it is served as soon as it can be.

The line never waits for its screen. A port that is taken, a certificate that does not hold
or a spoilt file of people is said, in the log and in the node's status, and tried again; all
that the node is for goes on without it (decision 0028).

It runs in the node's loop, so that what it shows is what is; nothing that it does may hold
that loop for long.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import structlog

from clearline import __version__
from clearline.basis.faults import Mistake
from clearline.core.effects import Effect
from clearline.node.settings import Settings
from clearline.node.views import ConsoleView
from clearline.web.api import Backend
from clearline.web.areas import AreaFiles
from clearline.web.page import Page
from clearline.web.picture import Picture
from clearline.web.serving import Serving

__all__ = ["AGAIN_S", "Console"]

FRAME_S = 0.1
"""What cannot wait is shown at once; all else so often."""
LOOK_S = 1.0
"""So often the picture is looked through even if nothing was told: links grow old."""
AGAIN_S = 30.0
"""So long after it could not be served it is tried again."""

_log = structlog.get_logger("clearline.web")


class Console:
    """The console's shell around one node."""

    def __init__(
        self,
        backend: Backend,
        settings: Settings,
        home: Path,
        files: AreaFiles,
        served: Callable[[str], object],
        again_s: float = AGAIN_S,
    ) -> None:
        """`served` is told the address, once there is one."""
        node = settings.node
        self._backend = backend
        self._settings = settings
        self._home = home
        self._files = files
        self._served = served
        self._again_s = again_s
        self._picture = Picture(
            backend.runtime,
            node.party,
            node.title,
            __version__,
            backend.clock.now(),
            backend.talking.talks,
            backend.tracks,
        )
        backend.talking.on_change(self.refresh)
        backend.tracks.on_change(self.refresh)
        self._page: Page | None = None
        self._serving: Serving | None = None
        self._view = ConsoleView()
        self._soon: asyncio.Handle | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._work: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to serve browsers, now or as soon as it can be done."""
        self._work = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Take no more browsers, and let those go that are there."""
        if self._work is not None:
            self._work.cancel()
            await asyncio.gather(self._work, return_exceptions=True)
        self._forget_timers()
        if self._serving is not None:
            await self._serving.stop()

    def view(self) -> ConsoleView:
        """Return where it is served, or why it is not."""
        return self._view

    def heard(self, effect: Effect) -> None:
        """Take in what the node does; what cannot wait is on the screens in this turn."""
        cannot_wait = self._picture.heard(effect, self._backend.clock.now())
        loop = asyncio.get_running_loop()
        if cannot_wait and self._soon is None:
            self._soon = loop.call_soon(self.refresh)
        elif not cannot_wait and self._timer is None:
            self._timer = loop.call_later(FRAME_S, self.refresh)

    def refresh(self) -> None:
        """Show what has changed, if there is anybody to show it to."""
        self._forget_timers()
        if self._serving is not None:
            self._picture.refresh(self._backend.clock.now())

    def _forget_timers(self) -> None:
        for handle in (self._soon, self._timer):
            if handle is not None:
                handle.cancel()
        self._soon = self._timer = None

    async def _run(self) -> None:
        while self._serving is None:
            try:
                await self._serve()
            except Mistake as mistake:
                self._say_not_served(mistake.code, mistake.phrase)
            except Exception as error:  # noqa: BLE001
                # A fault of ours at the screen: it is said, and keeps nobody from the line.
                self._say_not_served("failed", f"{type(error).__name__}: {error}")
            if self._serving is None:
                await asyncio.sleep(self._again_s)
        while True:
            self.refresh()
            await asyncio.sleep(LOOK_S)

    async def _serve(self) -> None:
        if self._page is None:
            # Once, and beside the loop: to compress it takes most of a second.
            self._page = await asyncio.to_thread(Page)
        self._serving = await Serving.begin(
            self._backend,
            self._settings,
            self._home,
            self._files,
            self._picture,
            self._page,
            self.refresh,
        )
        self.refresh()
        self._view = ConsoleView(address=self._serving.address)
        self._served(self._serving.address)
        _log.info("console", address=self._serving.address)

    def _say_not_served(self, code: str, phrase: str) -> None:
        """Say why it is not served; in the log once, however often it is tried."""
        view = ConsoleView(code=code, phrase=phrase)
        if view != self._view:
            self._view = view
            _log.error("console_not_served", code=code, phrase=phrase, again_s=self._again_s)
