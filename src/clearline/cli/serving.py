"""The process of a running node: its log, its signals, its exit code.

Everything else that a node is, `wiring` puts together.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys
from pathlib import Path
from typing import Any

import structlog
import uvloop

from clearline.basis.faults import Broken, Mistake
from clearline.node.settings import Log, load
from clearline.space import self_test
from clearline.wiring import OWNER_ALONE, SHUTDOWN_S, STDERR, Home, RunningNode

__all__ = ["EXIT_NOT_SAFE", "calm_collector", "serve_forever", "set_up_log"]

EXIT_NOT_SAFE = 70


def serve_forever(path: Path) -> int:
    """Run the node in `path` until SIGINT or SIGTERM; return the process's exit code."""
    os.umask(OWNER_ALONE)
    home = Home(path)
    set_up_log(load(path).log)
    return uvloop.run(_serve(home))


async def _serve(home: Home) -> int:
    try:
        self_test()
        node = RunningNode(home)
    except Broken as broken:
        STDERR.write(f"LINE NOT SAFE: {broken}\n")
        return EXIT_NOT_SAFE
    running = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        running.add_signal_handler(number, node.ended.set)
    try:
        await node.start()
        calm_collector()
    except OSError as error:
        raise Mistake("cannot_listen", f"{node.settings.node.listen}: {error}") from error
    await node.ended.wait()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(node.stop(), SHUTDOWN_S)
    return EXIT_NOT_SAFE if node.runtime.unsafe else 0


def set_up_log(log: Log) -> None:
    """Write the log to standard error, from this level up, for people or for machines."""
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if log.format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[log.level.upper()]
        ),
        logger_factory=structlog.PrintLoggerFactory(STDERR),
        cache_logger_on_first_use=True,
    )


def calm_collector() -> None:
    """Keep Python's cycle collector from walking ten thousand notices in the middle of a FLASH.

    What was replayed stays. What comes is almost never cyclic: it is looked at while it is young,
    for 3 ms at a time, and what has grown older once in two and a half million.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 250, 1_000)
