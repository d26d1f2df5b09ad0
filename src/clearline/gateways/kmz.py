"""KMZ (OGC 07-147r2, annex C): a ZIP archive with one KML file that counts.

The archive is never unpacked: one entry is read, up to a limit, whatever its header claims.
"""

from __future__ import annotations

import zipfile
import zlib
from io import BytesIO

from msgspec.structs import replace

from clearline.basis.faults import Mistake
from clearline.gateways import kml
from clearline.gateways import shape as shapes
from clearline.gateways.format import Limits
from clearline.gateways.reading import Reading

__all__ = ["MAX_ENTRIES", "MAX_RATIO", "looks", "read"]

MAX_ENTRIES = 1_000
"""Files in an archive."""
MAX_RATIO = 200
"""How much larger a file may become than it is in the archive; text shrinks to a twentieth."""
_DIRECTORY_ENTRY = b"PK\x01\x02"
_SMALL_BYTES = 1_000_000
"""Up to here no ratio is asked for: so much is no bomb."""
_BAD = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)


def looks(raw: bytes) -> bool:
    """Return whether a file is a ZIP archive."""
    return raw.startswith(b"PK\x03\x04")


def read(raw: bytes, limits: Limits | None = None) -> Reading:
    """Return what the KML file in a KMZ archive gives. Raises Mistake for what is none.

    `limits` are of what is unpacked, where it may be less than any file.
    """
    shapes.check_size(raw)
    if raw.count(_DIRECTORY_ENTRY) > MAX_ENTRIES:
        raise Mistake("kmz", f"the archive has more than {MAX_ENTRIES:,} files")
    try:
        with zipfile.ZipFile(BytesIO(raw)) as archive:
            text, others = _document(archive)
    except (*_BAD, OSError, IndexError) as error:
        raise Mistake("file_unreadable", f"the file is no KMZ archive: {error}") from error
    if limits is not None:
        limits.check(text)
    reading = kml.read(text)
    if others:
        reading = replace(reading, lost=(*reading.lost, "other files of the archive"))
    return reading


def _document(archive: zipfile.ZipFile) -> tuple[bytes, int]:
    """Return the KML file that counts, and how many other files there are.

    "If a KMZ file contains more than one KML file at the root, the first is taken."
    """
    entries = archive.infolist()
    texts = [each for each in entries if each.filename.lower().endswith(".kml")]
    if not texts:
        raise Mistake("kmz", "the archive has no .kml file")
    first = next((each for each in texts if "/" not in each.filename), texts[0])
    if first.flag_bits & 1:
        raise Mistake("kmz", "the archive is locked with a password")
    most = max(_SMALL_BYTES, MAX_RATIO * first.compress_size)
    with archive.open(first) as opened:
        text = opened.read(min(most, shapes.MAX_FILE_BYTES) + 1)
    if len(text) > shapes.MAX_FILE_BYTES:
        raise Mistake("file_too_large", f"{first.filename} unpacks to too many bytes")
    if len(text) > most:
        raise Mistake(
            "zip_bomb", f"{first.filename} unpacks to more than {MAX_RATIO} times its size"
        )
    return text, len(entries) - 1
