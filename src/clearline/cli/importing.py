"""The verb `import`: many areas from files, declared one after the other, with a way to go on.

Every area becomes an ordinary declaration: the node checks, releases, compares and journals
each by itself, and refuses by itself what it refuses. Whatever was answered is durable. The
command says before it starts what the terms allow, and declares the first while it still reads
the rest, if as many as the files can have at most are allowed; when it is stopped, exactly what was
declared, what was not and how to go on; at the end, by line, what was refused and by whom.

How far it is stands in a small file in the node's home, under the hash of what is imported,
so that `--resume` goes on with the same files and options and with nothing else.
"""

from __future__ import annotations

import asyncio
import hashlib
import signal
import sys
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import Any

import click
import msgspec
from msgspec import Struct

from clearline.basis.faults import Mistake
from clearline.basis.instants import Instant, dec_hook
from clearline.basis.steps import finish
from clearline.cli.areas import Item, Items, Refused
from clearline.cli.common import (
    CANNOT,
    DOES_NOT_HOLD,
    INTERRUPTED,
    NAME,
    Session,
    acting_officer,
    errors,
    out,
    pick_link,
    plain,
    run,
    verb,
    whole,
    write,
)
from clearline.cli.progress import SAVE_EVERY, Kept, Progressed, bar, read_kept
from clearline.core.declaring import releasing
from clearline.core.events import Declare
from clearline.core.terms import Terms
from clearline.gateways.shape import MAX_FILE_BYTES
from clearline.node import beside, words
from clearline.node.clock import SystemClock
from clearline.space import Volume, Window, parse_band
from clearline.transports.local import LocalClient

__all__ = ["import_", "window_of"]

MAX_VOLUMES = 100_000
"""Areas of one import, all its files together."""
GROUP, GROUPS = 32, 4
"""Declarations of one request to the node, and requests that it has not answered."""
UNDER_WAY = GROUP * GROUPS
"""Declarations that the node has been given and has not answered."""
MAX_TOLD = 20
"""Refused areas that are told at a terminal; `--report` and `--json` have all of them."""
NICENESS = 5
"""The node itself comes first when both want the machine."""
BUSY_S = 0.2
"""How long to wait before declarations that the node had no room for are given to it again."""
INTERRUPT = "interrupted"
_STOPS = frozenset(
    {"no_watch", "no_terms", "no_such_link", "unknown_activity", "too_many_notices",
     "line_not_safe", "node_gone", "not_running"}
)  # fmt: skip
"""What would be said of every further declaration as well: the import ends there."""


class Notice(Struct, frozen=True, kw_only=True):
    """What becomes one declaration: one area, or several that follow each other."""

    items: tuple[Item, ...]

    @property
    def volumes(self) -> tuple[Volume, ...]:
        """Return where and when."""
        return tuple(item.volume for item in self.items)

    @property
    def label(self) -> str:
        """Return our own name for it."""
        first = self.items[0].name
        more = len(self.items) - 1
        return f"{first[:48]} and {more} more" if more else first[:60]

    def refused(self, by: str, code: str, phrase: str) -> list[Refused]:
        """Return its areas as refused, each by its own line."""
        return [
            Refused(file=i.file, item=i.item, line=i.line, column=i.column, by=by, code=code,
                    phrase=phrase)
            for i in self.items
        ]  # fmt: skip


@click.command("import")
@click.argument("files", nargs=-1, required=True,
                type=click.Path(exists=True, dir_okay=False, path_type=Path))  # fmt: skip
@click.option("--link", "names", multiple=True, help="Counterpart; may be repeated.")
@click.option("--activity", type=NAME, default="flight", show_default=True,
              help="From the terms' list.")  # fmt: skip
@click.option("--together", type=click.IntRange(1, 32), default=1, show_default=True,
              help="Areas in one notice, as many as the terms allow.")  # fmt: skip
@click.option("--band", help="Of areas whose file says none: SFC-FL180.")
@click.option("--from", "start", help="Of areas whose file says none: +3h, 1430Z or RFC 3339.")
@click.option("--to", "end", help="The same.")
@click.option("--dry-run", is_flag=True, help="Check and release everything; declare nothing.")
@click.option("--resume", is_flag=True, help="Go on where the same import was stopped.")
@click.option("--again", is_flag=True, help="Declare all of it again, though it was already.")
@click.option("--report", type=click.Path(dir_okay=False, path_type=Path),
              help="Write every refused area, a line each, into this file.")  # fmt: skip
@click.pass_obj
@verb
def import_(session: Session, files: tuple[Path, ...], **asked: Any) -> None:
    """Declare every area of FILES, up to a hundred thousand, and say how to go on if it stops."""
    if asked["resume"] and asked["again"]:
        raise Mistake("resume_or_again", "Go on with --resume, or begin anew with --again.")
    beside.give_way(NICENESS)
    raws = [(path, whole(path, MAX_FILE_BYTES)) for path in files]
    now = SystemClock().now()
    ended = run(lambda node: _Import(session, node, raws, asked, now).go(), session)
    _end(session, ended, asked["report"])


class Ended(Struct, kw_only=True):
    """What came of an import."""

    areas: int
    notices: int
    declared: int
    """Notices that this run declared."""
    before: int
    """Notices that earlier runs had an answer to."""
    left: int
    """Notices that were not declared and can be, with `--resume`."""
    conflicts: int
    seconds: float
    stopped: str
    """Why it ended early; empty if it did not."""
    resume: str
    """The command that goes on; empty if nothing is left."""
    refused: list[Refused]
    refused_in_all: int
    dry_run: bool


class _Import:
    """One run of the verb, against the running node."""

    def __init__(
        self,
        session: Session,
        node: LocalClient,
        raws: Sequence[tuple[Path, bytes]],
        asked: dict[str, Any],
        now: Instant,
    ) -> None:
        self._session = session
        self._node = node
        self._raws = raws
        self._asked = asked
        self._now = now
        self._notices: list[Notice] = []
        """As far as they have been read."""
        self._refused: list[Refused] = []
        """By the node."""
        self._count = 0
        self._stopped = ""

    async def go(self) -> Ended:
        """Import; return what came of it."""
        links = [await pick_link(self._node, name) for name in (self._asked["names"] or (None,))]
        ids = tuple(link["id"] for link in links)
        if len(set(ids)) != len(ids):
            raise Mistake("link_twice", "A link is named twice.")
        progress = self._progress(ids)
        self._begin(progress.kept.began)
        terms = [await self._terms(each) for each in ids]
        waiting = await self._check_all(links, terms, progress)
        before = len(progress)
        began = asyncio.get_running_loop().time()
        if self._asked["dry_run"]:
            self._try_out(terms, progress)
        else:
            self._say_start(waiting, progress)
            await self._declare(waiting, ids, progress)
        seconds = asyncio.get_running_loop().time() - began
        self._read_all()
        return self._ended(progress, before=before, seconds=seconds)

    def _begin(self, began: Instant) -> None:
        """Begin to read the files. Times count from `began`."""
        band, window = (
            self._asked["band"],
            window_of(self._asked["start"], self._asked["end"], began),
        )
        self._items = Items(self._raws, parse_band(band) if band else None, window)
        self._reading = self._read()

    def _read(self) -> Iterator[int]:
        """Yield the number of each notice as it is read; it is kept among the others."""
        items, together = iter(self._items), self._asked["together"]
        while volumes := tuple(islice(items, together)):
            self._notices.append(Notice(items=volumes))
            yield len(self._notices) - 1

    def _read_all(self) -> None:
        """Read what is left to be read, so that it is counted and what is refused of it is told."""
        for _ in self._reading:
            pass

    async def _check_all(self, links: list[Any], terms: list[Terms], progress: Progressed) -> int:
        """Return how many notices there are to declare, at most, having seen that they fit.

        If as many as there can be do not fit, or it is a dry run, all is read first and counted.
        """
        if self._items.most <= MAX_VOLUMES and not self._asked["dry_run"]:
            waiting = -(-self._items.most // self._asked["together"]) - len(progress)
            try:
                self._check_room(links, terms, waiting)
            except Mistake as mistake:
                if mistake.code != "too_many_notices":
                    raise
            else:
                return waiting
        self._read_all()
        count = sum(len(each.items) for each in self._notices)
        if count > MAX_VOLUMES:
            phrase = f"{count:,} areas; one import has at most {MAX_VOLUMES:,}."
            raise Mistake("too_many_features", phrase)
        waiting = sum(number not in progress for number in range(len(self._notices)))
        self._check_room(links, terms, waiting)
        return waiting

    def _progress(self, links: tuple[str, ...]) -> Progressed:
        """Return the progress of this import: none yet, or where it was stopped."""
        digest = hashlib.sha256()
        for _, raw in self._raws:
            digest.update(len(raw).to_bytes(8, "big") + raw)
        names = ("activity", "together", "band", "start", "end")
        digest.update(repr([links, *(self._asked[name] for name in names)]).encode())
        path = self._session.home / "imports" / f"{digest.hexdigest()[:32]}.json"
        kept = read_kept(path)
        if kept is None or self._asked["dry_run"] or self._asked["again"]:
            return Progressed(path, Kept(began=self._now))
        if not self._asked["resume"]:
            done = f"{kept.upto + len(kept.beyond):,} notices of this import were declared already"
            raise Mistake(
                "imported_before",
                f"{done}: go on with --resume, or declare all of it again with --again.",
            )
        if kept.running:
            errors.print(
                "[yellow]The import before was killed, or its node went.[/] What was not noted of"
                f" what the node took in, {UNDER_WAY + SAVE_EVERY} notices at most, comes again.",
                soft_wrap=True,
            )
        self._refused, self._count = list(kept.refused), kept.refused_in_all
        return Progressed(path, kept)

    async def _terms(self, link: str) -> Terms:
        view = await self._node.ask("terms", link=link)
        if not view["in_force"]:
            raise Mistake("no_terms", "No terms are in force on this link: both sides agree first.")
        return msgspec.convert(view["document"], Terms, dec_hook=dec_hook)

    def _check_room(self, links: list[Any], terms: list[Terms], waiting: int) -> None:
        """Raise Mistake, before anything is declared, if the terms have no room for all of it."""
        for link, agreed in zip(links, terms, strict=True):
            limits, name = agreed.limits, link["counterpart"]
            most = limits.volumes_per_notice
            if self._asked["together"] > most:
                phrase = f"With {name}, a notice has at most {most} volumes: --together {most}."
                raise Mistake("too_many_volumes", phrase)
            if agreed.activity(self._asked["activity"]) is None:
                known = ", ".join(each.name for each in agreed.activities)
                raise Mistake("unknown_activity", f"The terms know these activities: {known}.")
            room = limits.active_notices - link["active_ours"]
            for allowed, what in (
                (room, f"{room:,} more may be active: {limits.active_notices:,} in all"),
                (limits.notices_per_hour, f"{limits.notices_per_hour:,} an hour are admitted"),
            ):
                if waiting > allowed:
                    raise Mistake("too_many_notices", self._too_many(name, waiting, what, most))

    def _too_many(self, name: str, waiting: int, what: str, most: int) -> str:
        together = self._asked["together"]
        way = f" Put several areas into one (--together {most})," if together < most else " Import"
        return (
            f"{waiting:,} notices to {name}, of which {what}.{way} fewer areas, or amend the terms."
        )

    def _say_start(self, waiting: int, progress: Progressed) -> None:
        done = f", {len(progress):,} are already" if len(progress) else ""
        if not self._items.over:
            most = f"Up to {self._items.most:,} areas: {waiting:,} notices to declare"
            errors.print(f"{most}, while they are read{done}.")
            return
        refused = self._items.refused_in_all + self._count
        told = f"; {refused:,} areas refused in the files" if refused else ""
        areas = sum(len(each.items) for each in self._notices)
        errors.print(f"{areas:,} areas: {waiting:,} notices to declare{done}{told}.")

    def _try_out(self, terms: list[Terms], progress: Progressed) -> None:
        """Do to each notice what the node would before it says it, and nothing after."""
        activity = self._asked["activity"]
        with bar("checking", len(self._notices)) as advance:
            for notice in self._notices:
                try:
                    for each in terms:
                        steps = releasing(notice.volumes, activity, None, each, self._now, {})
                        finish(steps)
                    progress.declared += 1
                except Mistake as mistake:
                    self._refuse(notice, mistake, progress)
                advance()

    def _refuse(self, notice: Notice, mistake: Mistake, progress: Progressed) -> None:
        refused = notice.refused("node", mistake.code, mistake.phrase)
        self._refused += refused
        self._count += len(refused)
        progress.refuse(refused)

    async def _declare(self, waiting: int, links: tuple[str, ...], progress: Progressed) -> None:
        """Declare everything, so many at once, until it is done or somebody stops it."""
        read = chain(range(len(self._notices)), self._reading)
        numbers = (number for number in read if number not in progress)
        with bar("declaring", waiting) as advance, self._stoppable():
            async with asyncio.TaskGroup() as group:
                for _ in range(GROUPS):
                    group.create_task(self._work(numbers, links, progress, advance))
        # What a node that is gone had under way may be done: as if we had been killed ourselves.
        progress.save(running=self._stopped.startswith("node_gone"))

    @contextmanager
    def _stoppable(self) -> Generator[None]:
        """Let Ctrl-C end it in order: what is under way is answered first. Again: at once."""
        loop = asyncio.get_running_loop()

        def interrupted() -> None:
            # The next one finds nobody who would have it wait.
            loop.remove_signal_handler(signal.SIGINT)
            self._stopped = self._stopped or INTERRUPT

        loop.add_signal_handler(signal.SIGINT, interrupted)
        try:
            yield
        finally:
            loop.remove_signal_handler(signal.SIGINT)

    async def _work(
        self,
        numbers: Iterator[int],
        links: tuple[str, ...],
        progress: Progressed,
        advance: Callable[[], None],
    ) -> None:
        try:
            while not self._stopped and (group := list(islice(numbers, GROUP))):
                given = {number: self._event(self._notices[number], links) for number in group}
                async for number, done in self._give(given):
                    self._answered(number, done, progress)
                    advance()
        except Mistake as mistake:
            self._stop(mistake)

    def _event(self, notice: Notice, links: tuple[str, ...]) -> Declare:
        return Declare(
            by=acting_officer(),
            links=links,
            activity=self._asked["activity"],
            volumes=notice.volumes,
            label=notice.label,
        )

    async def _give(self, given: dict[int, Declare]) -> AsyncIterator[tuple[int, Any]]:
        """Yield what became of each declaration; those that there was no room for go again."""
        while given:
            try:
                done: list[Any] = await self._node.do_all(tuple(given.values()))
            except Mistake as mistake:
                if mistake.code in _STOPS:
                    raise
                if len(given) > 1:
                    # Something in one of them: each by itself, and the others are declared.
                    for number, event in given.items():
                        async for each in self._give({number: event}):
                            yield each
                    return
                done: list[Any] = [mistake]
            busy: dict[int, Declare] = {}
            for (number, event), each in zip(given.items(), done, strict=True):
                if isinstance(each, Mistake) and each.code == "busy":
                    busy[number] = event
                else:
                    yield number, each
            given = busy
            if given:
                await asyncio.sleep(BUSY_S)

    def _answered(self, number: int, done: Any, progress: Progressed) -> None:
        if not isinstance(done, Mistake):
            progress.declared += 1
            kinds = [entry["kind"] for entry in done["entries"]]
            progress.conflicts += kinds.count("conflict.found")
        elif done.code in _STOPS:
            self._stop(done)
            return
        else:
            self._refuse(self._notices[number], done, progress)
        progress.answered(number)

    def _stop(self, mistake: Mistake) -> None:
        self._stopped = self._stopped or f"{mistake.code}: {mistake.phrase}"

    def _ended(self, progress: Progressed, *, before: int, seconds: float) -> Ended:
        dry = self._asked["dry_run"]
        left = 0 if dry else len(self._notices) - len(progress)
        refused = [*self._items.refused, *self._refused]
        return Ended(
            areas=sum(len(each.items) for each in self._notices),
            notices=len(self._notices),
            declared=0 if dry else progress.declared,
            before=before,
            left=left,
            conflicts=progress.conflicts,
            seconds=round(seconds, 3),
            stopped=self._stopped,
            resume=_resume_line() if left else "",
            refused=refused,
            refused_in_all=self._items.refused_in_all + self._count,
            dry_run=dry,
        )


def _end(session: Session, ended: Ended, report: Path | None) -> None:
    """Say what came of it, and exit by it: stopped by hand, or by the node, or all refused."""
    if report is not None:
        write(report, "".join(f"{each.line_of()}\n" for each in ended.refused).encode())
    session.show(ended, lambda: _told(ended, report))
    if ended.stopped:
        sys.exit(INTERRUPTED if ended.stopped == INTERRUPT else CANNOT)
    if ended.refused_in_all and not (ended.declared or ended.before or ended.dry_run):
        sys.exit(DOES_NOT_HOLD)


def _told(ended: Ended, report: Path | None) -> None:
    for each in ended.refused[:MAX_TOLD]:
        out.print(f"refused: {plain(each.line_of())}", soft_wrap=True)
    more = ended.refused_in_all - min(MAX_TOLD, len(ended.refused))
    if more > 0:
        where = f" ({report})" if report else " (--report FILE has them by line)"
        out.print(f"... and {more:,} more refused{where}", highlight=False)
    if ended.dry_run:
        fit = ended.areas - sum(each.by == "node" for each in ended.refused)
        out.print(f"{fit:,} of {ended.areas:,} areas would leave as they are or cut to the area; "
                  f"{ended.refused_in_all:,} refused. Nothing was declared.")  # fmt: skip
        return
    rate = ended.declared / ended.seconds if ended.seconds else 0
    out.print(f"[bold]{ended.declared:,} notices declared[/] in {ended.seconds:,.1f} s "
              f"({rate:,.0f} a second); {ended.refused_in_all:,} areas refused")  # fmt: skip
    if ended.conflicts:
        out.print(f"[bold red]▲ {ended.conflicts:,} CONFLICTS[/]: `clearline conflicts`")
    if ended.stopped:
        out.print(
            f"[bold yellow]Stopped[/] ({plain(ended.stopped)}): {ended.left:,} notices were NOT "
            "declared. Everything counted above was, durably.",
            soft_wrap=True,
        )
        out.print(f"Go on with: {plain(ended.resume)}", soft_wrap=True)


def _resume_line() -> str:
    """Return the command line that was typed, with --resume, and without --again."""
    import shlex  # noqa: PLC0415 - once, at the end

    words_ = [each for each in sys.argv[1:] if each not in ("--resume", "--again")]
    return shlex.join(["clearline", *words_, "--resume"])


def window_of(start: str | None, end: str | None, now: Instant) -> Window | None:
    """Return the window that both options give; None if neither is given."""
    if start is None and end is None:
        return None
    if start is None or end is None:
        raise Mistake("half_window", "Give both --from and --to.")
    return Window(start=words.instant(start, now), end=words.instant(end, now))
