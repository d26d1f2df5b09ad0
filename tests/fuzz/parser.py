"""One parser as the fuzzer sees it: what it is fed, what it begins from, how it is changed."""

from __future__ import annotations

import ast
import base64
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from msgspec import Struct

ROOT = Path(__file__).resolve().parents[2]
VECTORS = ROOT / "protocol" / "vectors"
TESTS = ROOT / "tests"


class Parser(Struct, frozen=True, kw_only=True):
    """A parser, and what must hold of it."""

    check: Callable[[bytes], None]
    """Parses its input; raises for whatever may not be. What it expects, it catches."""
    seeds: Callable[[], Iterable[bytes]]
    words: tuple[str, ...] = ()
    """Words of its language, for the fuzzer's dictionary."""
    is_json: bool = False
    """Whether to change inputs as JSON values as well, and not only as bytes."""
    max_bytes: int = 4096


def vectors(name: str) -> Any:
    """Return a file of vectors."""
    return json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))


def binary(name: str) -> list[bytes]:
    """Return the `base64` of every case in a file of vectors."""
    return [base64.b64decode(case["base64"]) for case in vectors(name)]


def literals(*names: str, longest: int = 2_000) -> list[bytes]:
    """Return every text in the test files named, as seeds for what people type."""
    found: set[str] = set()
    for name in names:
        tree = ast.parse((TESTS / name).read_text(encoding="utf-8"))
        found |= {
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
    return [
        text.encode(errors="surrogatepass")
        for text in sorted(found)
        if text and len(text) <= longest
    ]


def compact(value: Any) -> bytes:
    """Return a JSON value spelt canonically, if it is in the canonical subset."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode(
        errors="replace"
    )
