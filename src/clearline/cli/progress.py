"""Progress of a long verb: how far it is, on the screen and in a small file to go on from."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from msgspec import Struct
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from clearline.basis.faults import Mistake
from clearline.basis.instants import Instant, dec_hook, enc_hook
from clearline.cli.areas import Refused
from clearline.cli.common import write
from clearline.cli.session import errors

__all__ = ["SAVE_EVERY", "Kept", "Progressed", "bar", "read_kept"]

SAVE_EVERY = 500
"""Notices that may have been answered since the file was written."""
SHOW_EVERY = 50
MAX_KEPT = 1_000
"""Refused areas that a progress file has one by one."""


class Kept(Struct, kw_only=True):
    """The progress file: which notices of an import the node has answered."""

    began: Instant
    """When the first run began: what was given as `+3h` counts from then."""
    upto: int = 0
    """All before this one."""
    beyond: list[int] = []
    """And these."""
    running: bool = False
    """Whether the import that wrote it had not ended when it did: more may have been answered."""
    refused: list[Refused] = []
    """The first MAX_KEPT that the node refused."""
    refused_in_all: int = 0


class Progressed:
    """How far an import is, in memory and in its file."""

    def __init__(self, path: Path, kept: Kept) -> None:
        self.path = path
        self.kept = kept
        self.declared = 0
        self.conflicts = 0
        self._beyond = set(kept.beyond)
        self._unsaved = SAVE_EVERY

    def __contains__(self, number: int) -> bool:
        return number < self.kept.upto or number in self._beyond

    def __len__(self) -> int:
        return self.kept.upto + len(self._beyond)

    def answered(self, number: int) -> None:
        """Count one notice as answered, and keep that, at the latest with the next few hundred."""
        self._beyond.add(number)
        self._unsaved += 1
        while self.kept.upto in self._beyond:
            self._beyond.discard(self.kept.upto)
            self.kept.upto += 1
        if self._unsaved >= SAVE_EVERY:
            self.save(running=True)

    def refuse(self, refused: list[Refused]) -> None:
        """Keep what the node refused, for the report of the run that ends it."""
        self.kept.refused_in_all += len(refused)
        self.kept.refused += refused[: MAX_KEPT - len(self.kept.refused)]

    def save(self, *, running: bool) -> None:
        """Put the file in place of the one before, whole."""
        self._unsaved = 0
        self.kept.beyond, self.kept.running = sorted(self._beyond), running
        self.path.parent.mkdir(mode=0o700, exist_ok=True)
        beside = self.path.with_suffix(".new")
        write(beside, msgspec.json.encode(self.kept, enc_hook=enc_hook))
        beside.replace(self.path)


def read_kept(path: Path) -> Kept | None:
    """Return what a progress file has; None if there is none, Mistake if it is something else."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Kept, dec_hook=dec_hook)
    except FileNotFoundError:
        return None
    except (msgspec.MsgspecError, ValueError) as error:
        raise Mistake("not_progress", f"{path} is no progress file: remove it.") from error


class _Rate(ProgressColumn):
    """How many a second."""

    def render(self, task: Task) -> Text:
        """Return the rate of the last while."""
        return Text(f"{task.speed or 0:,.0f} a second")


@contextmanager
def bar(what: str, total: int) -> Generator[Callable[[], None]]:
    """Show how far it is, how fast, and how long it still takes; on standard error alone."""
    columns = (
        TextColumn(what), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(
        *columns, console=errors, transient=True, disable=not errors.is_terminal
    ) as shown:
        task = shown.add_task(what, total=total)
        done = 0

        def advance() -> None:
            nonlocal done
            done += 1
            if done % SHOW_EVERY == 0 or done == total:
                shown.update(task, completed=done)

        yield advance
