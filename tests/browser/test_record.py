"""The record verified in the browser, by a second implementation, against our own verifier."""

from __future__ import annotations

import json
import random
import zipfile
from pathlib import Path

from playwright.sync_api import expect

from clearline.record import verify_bundle
from tests.browser.desk import Desk
from tests.line.consoles import Line

BUNDLE = Path(__file__).parents[2] / "protocol/vectors/record/record.bundle"
TAMPERED = 24


def judged(desk: Desk, path: Path) -> bool:
    """Return whether the page says that a bundle is verified."""
    desk.at("verify-file").set_input_files(path)
    verdict = desk.at("verdict-record")
    expect(verdict).to_be_visible(timeout=30_000)
    return verdict.get_attribute("data-verified") == "true"


def test_the_whole_record_is_verified_in_sight(line: Line, north: Desk, south: Desk) -> None:
    south.declare(label="")
    south.closed()
    south.dial()
    north.press("Enter")
    north.at("dispose-received").click()
    north.at("verify").click()
    north.at("verify-now").click()
    verdict = north.at("verdict-record")
    expect(verdict).to_contain_text("RECORD VERIFIED")
    expect(verdict).to_contain_text("2 feeds")
    expect(verdict).to_contain_text("0 faults")
    expect(north.at("verify-panel")).to_contain_text("that was signed for")
    printed = json.dumps(north.side.run("link", "show"))
    shown = north.at("verify-panel").locator("dd").first.inner_text()
    assert shown.replace(" ", "") in printed.replace(" ", "")


def test_both_verifiers_judge_the_vectors_alike(line: Line, north: Desk) -> None:
    north.at("verify").click()
    assert verify_bundle(BUNDLE.read_bytes()).is_verified
    assert judged(north, BUNDLE)


def test_whatever_byte_is_changed_both_verifiers_say_so(
    line: Line, north: Desk, tmp_path: Path
) -> None:
    """One byte of one file inside, packed anew: so that the ZIP itself is whole."""
    chance = random.Random(17)
    north.at("verify").click()
    with zipfile.ZipFile(BUNDLE) as bundle:
        files = {name: bundle.read(name) for name in bundle.namelist()}
    names = [name for name in files if name != "README.txt"]
    for number in range(TAMPERED):
        name = names[number % len(names)]
        raw = bytearray(files[name])
        raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
        path = tmp_path / f"{number}.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
            for each, whole in files.items():
                made.writestr(each, bytes(raw) if each == name else whole)
        north.page.reload()
        north.at("verify").click()
        ours = verify_bundle(path.read_bytes()).is_verified
        assert judged(north, path) == ours, f"{name}: ours says {ours}"
        if name.startswith(("feeds/", "terms/", "keys")):
            assert not ours, name
