"""Every parser that is fuzzed, by name."""

from __future__ import annotations

from tests.fuzz import areas, heard, recorded, running, typed
from tests.fuzz.parser import Parser

PARSERS: dict[str, Parser] = (
    recorded.PARSERS | running.PARSERS | typed.PARSERS | areas.PARSERS | heard.PARSERS
)
