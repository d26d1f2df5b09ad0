"""Areas: the rows by which files of areas come in and go out, in every format there is.

A file that comes in is read and nothing else: what is right in it is shown, and what is wrong
beside it. A file that goes out carries what the screen shows already. Both are done beside the
node's thread, one at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any, Protocol

from msgspec import Meta, Struct

from clearline.basis.faults import Mistake
from clearline.node.notice_views import NoticeView, notices
from clearline.node.runtime import Runtime
from clearline.space import Polygon
from clearline.web.checks import read_file
from clearline.web.drafts import FileDraft, FileRead
from clearline.web.endpoint import Asked, Endpoint

__all__ = ["MAX_EXPORTED", "AreaFiles", "ExportQuery", "Exported", "FileFormat", "rows"]

MAX_EXPORTED = 2_000
"""Notices of one export; more are taken out at the command line, where nothing waits for it."""
MAX_FILE_BYTES = 7 << 20
"""Of a request that holds a file: five million bytes in base64."""


class FileFormat(Struct, frozen=True, kw_only=True):
    """A format of areas."""

    name: str
    title: str
    endings: tuple[str, ...]
    reads: bool
    writes: bool


class ExportQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which notices, in which format."""

    format: str
    side: Annotated[str, Meta(pattern=r"^(both|ours|theirs)\Z")] = "both"
    link: str | None = None
    labels: bool = False
    """Whether our own labels go with them: the file is then marked as ours alone."""
    exercise: bool = False


class Exported(Struct, frozen=True, kw_only=True):
    """A file of areas."""

    name: str
    """What to call it."""
    media: str
    raw: bytes
    """In base64."""
    notices: int
    lost: tuple[str, ...]
    """What the format does not carry, as whole phrases."""


class HasRuntime(Protocol):
    """Where the node's runtime is."""

    @property
    def runtime(self) -> Runtime:
        """Return it."""
        ...


class AreaFiles(Protocol):
    """The gateways, as `wiring` hands them in."""

    def read(self, name: str, raw: bytes, agreed: Sequence[Polygon]) -> Any:
        """Return the reading of a file, held against agreed areas. Raises Mistake if it is none."""
        ...

    def formats(self) -> tuple[FileFormat, ...]:
        """Return every format."""
        ...

    def write(self, asked: ExportQuery, shown: Sequence[NoticeView]) -> Exported:
        """Return notices as a file. Raises Mistake."""
        ...


def rows(backend: HasRuntime, files: AreaFiles, aside: asyncio.Lock) -> list[Endpoint]:
    """Return the rows of files. `aside` is held by whoever uses a thread beside the loop."""

    async def check_file(asked: Asked) -> FileRead:
        links = backend.runtime.state.links.values()
        agreed = [link.terms.area for link in links if link.agreement.in_force]

        def read(name: str, raw: bytes) -> Any:
            return files.read(name, raw, agreed)

        # Five megabytes take most of a second to read, and nothing of the node is touched.
        async with aside:
            return await asyncio.to_thread(read_file, asked.body, read)

    async def formats(asked: Asked) -> list[FileFormat]:
        del asked
        return list(files.formats())

    async def export(asked: Asked) -> Exported:
        shown = notices(backend.runtime, ended=False)
        if len(shown) > MAX_EXPORTED:
            raise Mistake(
                "too_many_to_export",
                f"{len(shown):,} notices are active; up to {MAX_EXPORTED:,} are taken out here, "
                "and any number by `clearline export`.",
            )
        async with aside:
            return await asyncio.to_thread(files.write, asked.query, shown)

    return [
        Endpoint(
            method="POST", path="/check/file", name="check_file", needs="check",
            takes=FileDraft, gives=FileRead, handler=check_file, max_bytes=MAX_FILE_BYTES,
            summary="The shapes in a file, and what of it was refused and why.", tag="checks",
        ),
        Endpoint(
            method="GET", path="/formats", name="formats", needs="picture", tag="checks",
            gives=list[FileFormat], handler=formats, summary="Every format of files of areas.",
        ),
        Endpoint(
            method="GET", path="/export", name="export", needs="picture", query=ExportQuery,
            gives=Exported, handler=export, tag="record",
            summary="The active notices as a file, and what of them it does not carry.",
        ),
    ]  # fmt: skip
