"""The verb that takes areas out: active notices into a file of any format that is written."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import msgspec

from clearline import gateways
from clearline.basis.faults import Mistake
from clearline.basis.instants import dec_hook
from clearline.cli.common import Session, errors, pick_link, plain, run, verb, write
from clearline.gateways.noticed import SIDES, areas_of
from clearline.node.notice_views import NoticeView
from clearline.transports.local import LocalClient

__all__ = ["export"]


@click.command()
@click.option(
    "--out",
    "out_path",
    required=True,
    type=click.Path(allow_dash=True, path_type=Path),
    help="The file to write; - for standard output, which needs --format.",
)
@click.option(
    "--format",
    "name",
    type=click.Choice(gateways.written()),
    help="Default: by the ending of --out.",
)
@click.option("--link", "counterpart", help="Notices of this link alone, by the counterpart.")
@click.option(
    "--side", type=click.Choice(SIDES), default="both", show_default=True, help="Whose notices."
)
@click.option(
    "--with-labels",
    is_flag=True,
    help="Also our own labels, which never left; the file is marked as ours alone.",
)
@click.option("--exercise", is_flag=True, help="Mark all of it as an exercise.")
@click.pass_obj
@verb
def export(
    session: Session, out_path: Path, name: str | None, counterpart: str | None, side: str,
    *, with_labels: bool, exercise: bool,
) -> None:  # fmt: skip
    """Write the active notices, as both sides hold them, into a file.

    What the format cannot carry is said on standard error.
    """
    chosen = name or gateways.named_by(out_path.name)

    async def work(node: LocalClient) -> tuple[gateways.Area, ...]:
        link = None if counterpart is None else (await pick_link(node, counterpart))["id"]
        shown = msgspec.convert(await node.ask("notices"), list[NoticeView], dec_hook=dec_hook)
        return areas_of(shown, side=side, link=link, labels=with_labels, exercise=exercise)

    areas = run(work, session)
    written = gateways.write(chosen, areas)
    to_output = str(out_path) == "-"
    if to_output and session.json:
        raise Mistake("bad_request", "A file on standard output and --json exclude each other.")
    if to_output:
        sys.stdout.buffer.write(written.raw)
        sys.stdout.buffer.flush()
    else:
        write(out_path, written.raw)
    for what in written.lost:
        errors.print(plain(f"not carried: {what}"), soft_wrap=True)
    if not to_output:
        done = {"file": str(out_path), "format": chosen, "notices": len(areas),
                "bytes": len(written.raw), "lost": written.lost}  # fmt: skip
        text = f"{len(areas):,} notices as {chosen}: {plain(str(out_path))}"
        session.show(done, text)
