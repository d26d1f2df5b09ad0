"""An archive: named files in one ZIP, the same bytes for the same files, safe to open.

It decides whether bytes are such an archive and hands out its files one by one. It never
knows what they mean, and never writes one to a disk.

Source: PKWARE APPNOTE 6.3, of which only stored and deflated files are taken.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Iterable
from io import BytesIO

from clearline.basis.faults import Reason, Refusal
from clearline.record.note import refuse

__all__ = [
    "MAX_ARCHIVE_BYTES",
    "MAX_FILES",
    "MAX_FILE_BYTES",
    "MAX_RATIO",
    "MAX_UNPACKED_BYTES",
    "Archive",
    "open_archive",
    "write_archive",
]

MAX_ARCHIVE_BYTES = 1 << 30
"""The largest archive that is opened."""

MAX_FILES = 65_536
"""How many files an archive may hold: sixteen million entries, in bundles of 256."""

MAX_FILE_BYTES = 1 << 28
"""The largest single file, unpacked."""

MAX_UNPACKED_BYTES = 1 << 32
"""The most that all files together may unpack to."""

MAX_RATIO = 200
"""How many times its packed size an archive may unpack to; a record's own is below 30."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*)*", re.A)
_LOCAL, _CENTRAL = b"PK\x03\x04", b"PK\x01\x02"
_STAMP = (1980, 1, 1, 0, 0, 0)
_MODE = 0o100644 << 16
_SLACK_BYTES = 1 << 20
_ENCRYPTED = 0x1

# All that the library raises for a file that is not what it says; the fuzz test holds it.
_FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    LookupError,
    OverflowError,
)


class Archive:
    """An opened archive. Its files are unpacked, and their checksums checked, when read."""

    def __init__(self, opened: zipfile.ZipFile) -> None:
        self._zip = opened
        self.names = tuple(sorted(info.filename for info in opened.infolist()))

    def read(self, name: str) -> bytes | Refusal:
        """Return a file's bytes, or why they cannot be had."""
        try:
            return self._zip.read(name)
        except KeyError:
            return refuse(f"there is no {name}")
        except _FAULTS as error:
            return refuse(f"{name} cannot be unpacked: {error}")


def write_archive(files: Iterable[tuple[str, bytes]]) -> bytes:
    """Return the archive of `files`, in the order given.

    The bytes depend on names, contents and the zlib in use, and on nothing else.
    """
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as made:
        for name, raw in files:
            info = zipfile.ZipInfo(name, _STAMP)
            info.create_system = 3
            info.external_attr = _MODE
            info.compress_type = zipfile.ZIP_DEFLATED
            made.writestr(info, raw)
    return target.getvalue()


def open_archive(raw: bytes) -> Archive | Refusal:
    """Return the archive that `raw` is, or why it is none. Never raises.

    Every limit is checked against what the directory declares, before anything is
    unpacked; reading a file then never yields more than it declared.
    """
    if len(raw) > MAX_ARCHIVE_BYTES or raw.count(_CENTRAL) > MAX_FILES:
        return refuse("the archive is larger than any record", Reason.TOO_LARGE)
    if not raw.startswith(_LOCAL):
        return refuse("not a ZIP file")
    try:
        opened = zipfile.ZipFile(BytesIO(raw))
    except _FAULTS as error:
        return refuse(f"not a ZIP file: {error}")
    fault = _archive_fault(opened.infolist(), len(raw))
    return fault or Archive(opened)


def _archive_fault(infos: list[zipfile.ZipInfo], packed: int) -> Refusal | None:
    if len({info.filename for info in infos}) != len(infos):
        return refuse("two files of one name")
    for info in infos:
        fault = _file_fault(info)
        if fault:
            return refuse(f"{info.filename!r}: {fault}")
    unpacked = sum(info.file_size for info in infos)
    if unpacked > min(MAX_UNPACKED_BYTES, MAX_RATIO * packed + _SLACK_BYTES):
        return refuse("the archive unpacks to more than any record", Reason.TOO_LARGE)
    return None


def _file_fault(info: zipfile.ZipInfo) -> str | None:
    # A name is never used as a path here, but others will unpack the file by hand.
    if not _NAME.fullmatch(info.filename):
        return "not a name for a file of a record"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "neither stored nor deflated"
    if info.flag_bits & _ENCRYPTED:
        return "encrypted"
    if info.file_size > MAX_FILE_BYTES:
        return "larger than any file of a record"
    return None
