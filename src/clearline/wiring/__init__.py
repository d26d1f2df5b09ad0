"""Wiring: one running node, put together. Only here is every shell known by name."""

from __future__ import annotations

from clearline.wiring.home import Home
from clearline.wiring.running import OWNER_ALONE, SHUTDOWN_S, RunningNode
from clearline.wiring.stderr import STDERR

__all__ = ["OWNER_ALONE", "SHUTDOWN_S", "STDERR", "Home", "RunningNode"]
