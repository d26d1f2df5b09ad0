"""KMZ: one file of an archive is read, up to a limit, whatever the archive claims."""

from __future__ import annotations

import io
import zipfile

import pytest

from clearline import gateways
from clearline.basis.faults import Mistake
from clearline.gateways import Limits, kmz
from tests.gateways.test_kml import AREA, document

KML = document(AREA)


def archive(*files: tuple[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as each:
        for name, raw in files:
            each.writestr(name, raw)
    return made.getvalue()


def test_the_first_kml_file_at_the_root_is_read_and_the_others_are_said():
    reading = kmz.read(archive(("files/a.kml", b"<kml/>"), ("doc.kml", KML), ("a.png", b"")))
    assert len(reading.shapes) == 1
    assert reading.lost == ("other files of the archive",)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "file_empty"),
        (b"PK\x03\x04", "file_unreadable"),
        (archive(("a.txt", KML)), "kmz"),
        (archive(("doc.kml", b"nothing")), "file_unreadable"),
        (archive(("doc.kml", b"<kml>" + b" " * 3_000_000 + b"</kml>")), "zip_bomb"),
        (archive(*((f"{n}.txt", b"") for n in range(kmz.MAX_ENTRIES)), ("a.kml", KML)), "kmz"),
        (archive(("doc.kml", KML)).replace(b"Placemark", b"placemark")[:-30], "file_unreadable"),
    ],
    ids=range(7),
)
def test_a_bad_archive_is_a_mistake(raw, code):
    with pytest.raises(Mistake) as caught:
        kmz.read(raw)
    assert caught.value.code == code


def test_a_file_whose_bytes_were_changed_is_not_read():
    raw = bytearray(archive(("doc.kml", KML)))
    raw[60] ^= 0xFF
    with pytest.raises(Mistake) as caught:
        kmz.read(bytes(raw))
    assert caught.value.code in {"file_unreadable", "kmz"}


def test_what_is_unpacked_has_the_limits_of_a_file_that_is_not_packed():
    raw = archive(("doc.kml", document(AREA + "<description/>" * 500)))
    assert len(raw) < 1_000 < 500 * len("<description/>")
    assert gateways.read("a.kmz", raw, Limits(file_bytes=100_000, tags=1_000)).shapes
    for limits, code in (
        (Limits(file_bytes=1_000, tags=1_000), "file_too_large"),
        (Limits(file_bytes=100_000, tags=500), "too_many_features"),
    ):
        with pytest.raises(Mistake) as caught:
            gateways.read("a.kmz", raw, limits)
        assert caught.value.code == code
