"""Every published bundle is found to have exactly the faults that are published with it."""

import base64
import json

import pytest
from bundle_vectors import FOLDER, edited, unpacked

from clearline.record import verify_bundle

FILES = unpacked()
VECTORS = json.loads((FOLDER / "bundles.json").read_text())


def archive_of(vector):
    if "archive" in vector:
        return base64.b64decode(vector["archive"])
    files = vector["files"].items()
    return edited(FILES, {n: None if raw is None else base64.b64decode(raw) for n, raw in files})


@pytest.mark.parametrize("vector", VECTORS, ids=[each["what"] for each in VECTORS])
def test_bundles_show_what_is_published(vector):
    report = verify_bundle(archive_of(vector))
    found = sorted([fault.code, fault.where] for fault in report.faults)
    assert found == vector["faults"]
    counted = (report.entries, report.feeds, report.receipts)
    assert counted == (vector["entries"], vector["feeds"], vector["receipts"])
    if report.is_verified:
        notes = sorted([note.code, note.where] for note in report.notes)
        assert [each for each in notes if each[0] != "not_pinned"] == vector["notes"]


def test_every_fault_of_a_record_has_a_vector():
    page = (FOLDER.parents[1] / "2-bundle.md").read_text()
    table = page.split("| fault |")[1].split("| note |")[0]
    cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    listed = {code for cell in cells for code in cell.split("`")[1::2]} - {"entry_<reason>"}
    published = {code for vector in VECTORS for code, _ in vector["faults"]}
    assert len(listed) > 20
    # A pin is given beside a bundle; more than a thousand faults would be a long vector.
    assert listed - published == {"pin", "too_many"}
