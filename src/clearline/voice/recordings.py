"""Recordings: where they lie, and how the record is told of each.

A recording is called whole only once the record was told of it by its hash, or would not be. Until
then its name says that it is a part, and a node that starts again finds it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import msgspec
import structlog

from clearline.basis.faults import Broken
from clearline.core import events
from clearline.node.loop import Loop
from clearline.voice.recording import PART, SUFFIX, Recorded, recover

__all__ = ["Recordings"]

_log = structlog.get_logger("voice")


class Recordings:
    """The folder of one node's recordings."""

    def __init__(self, loop: Loop, folder: Path, is_written: Callable[[str], bool]) -> None:
        """Keep them in `folder`, which is made when it is first needed.

        `is_written` says of a name, without its suffixes, whether a talk still writes it.
        """
        self._loop = loop
        self._folder = folder
        self._is_written = is_written
        self._recovering = asyncio.Lock()

    def begin(self, name: str) -> Path:
        """Return where a recording is to be written."""
        with contextlib.suppress(OSError):  # Whoever writes says so when they cannot.
            self._folder.mkdir(mode=0o700, exist_ok=True)
        return self._folder / f"{name}{SUFFIX}{PART}"

    async def keep(self, call: str, recorded: Recorded) -> None:
        """Have a recording in the record, by its hash, and only then call it whole."""
        try:
            outcome = await self._loop.submit(
                events.Recorded(
                    call=call,
                    sha256=recorded.sha256,
                    duration_ms=recorded.duration_ms,
                    bytes=recorded.bytes,
                    cut=recorded.cut,
                )
            )
        except Broken:
            return  # The node records nothing any more; the file waits for its next start.
        if outcome.mistake is not None:
            # The call is no longer in sight, or has this one already: the file stays.
            _log.warning("recording_not_said", file=recorded.file, code=outcome.mistake.code)
        whole = self._folder / recorded.file
        with contextlib.suppress(OSError):
            os.replace(f"{whole}{PART}", whole)
        _log.info("recorded", **msgspec.structs.asdict(recorded))

    def drop(self, recorded: Recorded) -> None:
        """Forget a recording of a talk that never was."""
        (self._folder / f"{recorded.file}{PART}").unlink(missing_ok=True)

    async def recover(self) -> None:
        """Close what nobody writes any more, and have it told of."""
        async with self._recovering:
            for path in sorted(self._folder.glob(f"*{SUFFIX}{PART}")):
                await self._recover(path)

    async def _recover(self, path: Path) -> None:
        name = path.name.removesuffix(SUFFIX + PART)
        if self._is_written(name):
            return
        try:
            recorded = await asyncio.to_thread(recover, path)
        except OSError as error:
            _log.error("recording_not_read", file=path.name, error=str(error))
            return
        await self.keep(name.rpartition("-")[0], recorded)
