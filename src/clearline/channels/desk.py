"""The desk: what is shown and rung in this node's own operations room.

Every demand and every line goes to the log, and each ringing starts the desk's program, if
the settings name one, with the ring as JSON on its standard input. An effect performed
twice is performed once: its id is remembered.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence

import msgspec
import structlog

from clearline.basis.instants import enc_hook
from clearline.channels.program import Program
from clearline.core.effects import Alert, Append, Effect, Hush, Release, Ring, Tell
from clearline.core.terms import Precedence

__all__ = ["Desk"]

MAX_REMEMBERED = 10_000

_encode = msgspec.json.Encoder(enc_hook=enc_hook).encode


class Desk:
    """A bell that logs, and runs a program."""

    def __init__(self, command: Sequence[str], pass_on: Callable[[Effect], None]) -> None:
        self._pass_on = pass_on
        self._done: OrderedDict[str, None] = OrderedDict()
        self._program = Program(command, "desk")
        self._log = structlog.stdlib.get_logger("desk")

    def perform(self, effect: Effect) -> None:
        """Perform one effect, once."""
        if effect.id in self._done:
            return
        self._done[effect.id] = None
        if len(self._done) > MAX_REMEMBERED:
            self._done.popitem(last=False)
        match effect:
            case Ring():
                mark = {"drill": True} if effect.drill else {}
                self._log.warning(
                    "ring",
                    **mark,
                    demand=effect.demand.value,
                    precedence=effect.precedence.value,
                    what=effect.what,
                    echelon=effect.echelon,
                    rung=effect.rung,
                    coded=list(effect.coded),
                )
                self._program.tell(_encode(effect), urgent=effect.precedence is Precedence.FLASH)
            case Alert():
                self._log.warning(effect.code, link=effect.link, about=effect.about, **effect.args)
            case Tell():
                self._log.info(effect.code, link=effect.link, about=effect.about, **effect.args)
            case Hush():
                self._log.info("hush", what=effect.what)
            case Append() | Release():
                self._log.debug("released", kind=effect.kind, link=effect.link, entry=effect.id)
        self._pass_on(effect)
