"""Changes to JSON values: byte changes seldom leave JSON whole, and canonical JSON never."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable
from typing import Any

from tests.fuzz.parser import compact

_NUMBERS = (0, 1, -1, 59, 60, 90, 255, 256, 4096, 65_535, 2**31, 2**53 - 1, 2**53, 2**63, -(2**63))
_TEXTS = ("", "#0", "#1", "a", "A", " ", "\n", "é", "\u2028", "🙂", "\x7f", "-", "0", "x" * 300)
_MOST_CHANGES = 4

Change = Callable[[bytes, int, int], bytes]


def json_change(seeds: Iterable[bytes], otherwise: Callable[[bytes, int], bytes]) -> Change:
    """Return a change for JSON inputs: a part replaced, gone, doubled, moved or nudged.

    One time in five, and where the input is no JSON, `otherwise` changes its bytes.
    """
    parts: list[Any] = [*_NUMBERS, *_TEXTS, None, True, False, [], {}]
    for seed in seeds:
        parts += _parts(_read(seed))
    # The same part from many seeds would be drawn all the time.
    pool = list({compact(part): part for part in parts}.values())

    def change(raw: bytes, most: int, number: int) -> bytes:
        chance = random.Random(number)
        value = _read(raw)
        if value is None or chance.random() < 0.2:
            return otherwise(raw, most)
        for _ in range(chance.randint(1, _MOST_CHANGES)):
            value = _changed(value, pool, chance)
        made = compact(value)
        return made if len(made) <= most else otherwise(raw, most)

    return change


def _read(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


def _parts(value: Any) -> list[Any]:
    children = _children(value)
    return [value, *(part for child in children for part in _parts(child))]


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _changed(value: Any, pool: list[Any], chance: random.Random) -> Any:
    """Return the value with one change at a place somewhere in it."""
    if isinstance(value, dict) and value and chance.random() < 0.85:
        key = chance.choice(sorted(value))
        rest = {name: part for name, part in value.items() if name != key}
        draw = chance.random()
        if draw < 0.06:
            return rest
        if draw < 0.10:
            return rest | {_key(pool, chance): value[key]}
        if draw < 0.14:
            return value | {_key(pool, chance): chance.choice(pool)}
        return value | {key: _changed(value[key], pool, chance)}
    if isinstance(value, list) and value and chance.random() < 0.85:
        at = chance.randrange(len(value))
        draw = chance.random()
        if draw < 0.08:
            return value[:at] + value[at + 1 :]
        if draw < 0.16:
            return [*value[:at], value[at], *value[at:]]
        if draw < 0.22:
            return [*value[:at], chance.choice(pool), *value[at:]]
        if draw < 0.28:
            return [*value[at:], *value[:at]]
        return [*value[:at], _changed(value[at], pool, chance), *value[at + 1 :]]
    return _leaf(value, pool, chance)


def _leaf(value: Any, pool: list[Any], chance: random.Random) -> Any:
    if type(value) is int and chance.random() < 0.6:
        return chance.choice((value + 1, value - 1, -value, value * 2, value // 2, value + 10**6))
    if isinstance(value, str) and value and chance.random() < 0.3:
        at = chance.randrange(len(value))
        return value[:at] + chance.choice(_TEXTS) + value[at + chance.randint(0, 2) :]
    same = [part for part in pool if type(part) is type(value)]
    return chance.choice(same if same and chance.random() < 0.7 else pool)


def _key(pool: list[Any], chance: random.Random) -> str:
    keys = [key for part in pool if isinstance(part, dict) for key in part]
    return chance.choice(keys or ["a"])
