"""The record verified in the browser, by a second implementation, against our own verifier."""

from __future__ import annotations

import base64
import json
import random
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from clearline.record import verify_bundle
from clearline.record.archive import MAX_ARCHIVE_BYTES
from tests.browser.desk import Desk
from tests.line.consoles import Line

VECTORS = Path(__file__).parents[2] / "protocol/vectors/record"
BUNDLE = VECTORS / "record.bundle"
TAMPERED = 48
WORKER = re.compile(r"/assets/worker-[^/]*\.js$")
PUBLISHED = {each["what"]: each for each in json.loads((VECTORS / "bundles.json").read_text())}

Found = list[tuple[str, str]]
"""Each fault: its code, and its place."""


def ours(path: Path) -> tuple[bool, Found]:
    """Return what our own verifier says of a bundle."""
    report = verify_bundle(path.read_bytes())
    return report.is_verified, sorted((fault.code, fault.where) for fault in report.faults)


def judged(desk: Desk, path: Path) -> tuple[bool, Found]:
    """Return what the page says of a bundle."""
    desk.at("verify-file").set_input_files(path)
    verdict = desk.at("verdict-record")
    expect(verdict).to_be_visible(timeout=30_000)
    rows = desk.at("verify-faults").locator("li").all()
    found = [
        (each.locator("strong").inner_text(), each.locator(".where").inner_text()) for each in rows
    ]
    return verdict.get_attribute("data-verified") == "true", sorted(found)


def packed(path: Path, files: dict[str, bytes | None]) -> Path:
    """Write the published record with some files changed, or taken out."""
    with zipfile.ZipFile(BUNDLE) as bundle:
        whole: dict[str, bytes | None] = {name: bundle.read(name) for name in bundle.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, raw in (whole | files).items():
            if raw is not None:
                made.writestr(name, raw)
    return path


def published(path: Path, what: str) -> Path:
    """Write one of the published bundles."""
    vector: dict[str, Any] = PUBLISHED[what]
    if "archive" in vector:
        path.write_bytes(base64.b64decode(vector["archive"]))
        return path
    files = vector["files"].items()
    return packed(path, {n: None if raw is None else base64.b64decode(raw) for n, raw in files})


def test_the_whole_record_is_verified_in_sight(line: Line, north: Desk, south: Desk) -> None:
    south.declare(label="")
    south.closed()
    south.dial()
    expect(north.at("acknowledge")).to_be_focused()
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
    expect(north.at("verify-notes")).to_contain_text("not_pinned")


@pytest.mark.parametrize(
    "what",
    [
        "as published",
        "two roots of one size",
        "entries that do not lead there",
        "evidence against the other",
        "no ZIP",
        "nothing",
        "a record cut in half",
        "a name given twice",
        "unpacks to too much",
        "a head without ML-DSA-44",
        "a receipt for other entries",
        "terms with other keys",
        "the keys of another",
        "an entry with white space",
        "a reference to nothing",
    ],
)
def test_both_verifiers_find_the_same_in_what_is_published(
    line: Line, north: Desk, tmp_path: Path, what: str
) -> None:
    north.at("verify").click()
    path = published(tmp_path / "record.zip", what)
    assert judged(north, path) == ours(path)
    assert ours(path)[1] == sorted((code, where) for code, where in PUBLISHED[what]["faults"])


def test_a_record_that_was_cut_short_is_one_for_neither(
    line: Line, north: Desk, tmp_path: Path
) -> None:
    north.at("verify").click()
    raw = BUNDLE.read_bytes()
    for number, length in enumerate((len(raw) - 1, len(raw) // 2, 100, 4)):
        path = tmp_path / f"{number}.zip"
        path.write_bytes(raw[:length])
        assert judged(north, path) == ours(path) == (False, [("archive", "")])


def test_whatever_byte_is_changed_both_verifiers_find_the_same(
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
        path = packed(tmp_path / f"{number}.zip", {name: bytes(raw)})
        assert judged(north, path) == ours(path), name
        if name.startswith(("feeds/", "terms/", "keys")):
            assert not ours(path)[0], name


def test_what_is_shown_is_of_the_file_that_was_given_last(
    line: Line, north: Desk, tmp_path: Path
) -> None:
    """The same name and the same file, again: a browser tells of neither by itself."""
    north.at("verify").click()
    path = packed(tmp_path / "record.zip", {})
    assert judged(north, path)[0]
    packed(path, {"feeds/blue/extra": b""})
    assert judged(north, path) == (False, [("unexpected_file", "feeds/blue/extra")])
    assert judged(north, BUNDLE)[0]


def test_a_file_that_is_too_large_is_refused_with_words(
    line: Line, north: Desk, tmp_path: Path
) -> None:
    path = tmp_path / "huge.zip"
    with path.open("wb") as file:
        file.truncate(MAX_ARCHIVE_BYTES + 1)  # A hole: nothing is written.
    north.at("verify").click()
    north.at("verify-file").set_input_files(path)
    expect(north.at("verify-fault")).to_contain_text("The file has 1025 MiB")
    expect(north.at("verdict-record")).to_have_count(0)
    expect(north.at("verify-now")).to_be_enabled()


def test_a_check_that_dies_says_so_and_shows_nothing_of_the_record(line: Line, north: Desk) -> None:
    def lost(route: Route) -> None:
        route.abort()

    def throws(route: Route) -> None:
        route.fulfill(content_type="text/javascript", body="throw new Error('out of memory');")

    def breaks(route: Route) -> None:
        body = "onmessage = () => { throw new Error('out of memory'); };"
        route.fulfill(content_type="text/javascript", body=body)

    north.at("verify").click()
    for end in (lost, throws, breaks):
        north.page.route(WORKER, end)
        north.at("verify-file").set_input_files(BUNDLE)
        expect(north.at("verify-fault")).to_contain_text("The check broke off before its end")
        if end is not lost:
            expect(north.at("verify-fault")).to_contain_text("out of memory")
        expect(north.at("verdict-record")).to_have_count(0)
        expect(north.at("verify-now")).to_be_enabled()
        north.page.unroute(WORKER)
        assert judged(north, BUNDLE)[0]
        expect(north.at("verify-fault")).to_have_count(0)
    north.errors = [each for each in north.errors if "out of memory" not in each]


def test_a_check_that_is_not_heard_is_told_of_and_can_be_cancelled(line: Line, north: Desk) -> None:
    """By the page's clock, which the test moves on, as half a minute would."""
    north.page.clock.install()
    north.at("verify").click()
    silent = "onmessage = () => undefined;"
    north.page.route(
        WORKER, lambda route: route.fulfill(content_type="text/javascript", body=silent)
    )
    north.at("verify-file").set_input_files(BUNDLE)
    expect(north.at("verify-cancel")).to_be_visible()
    expect(north.at("verify-fault")).to_have_count(0)
    north.page.clock.fast_forward(31_000)
    expect(north.at("verify-fault")).to_contain_text("Nothing has been heard from the check")
    # By key, since what has just been said moves the button while the pointer is under way.
    north.at("verify-cancel").press("Enter")
    expect(north.at("verify-cancel")).to_have_count(0)
    expect(north.at("verify-now")).to_be_enabled()


def test_a_record_that_does_not_come_can_be_cancelled_or_is_told_of(
    line: Line, north: Desk
) -> None:
    def hold(_: Route) -> None:
        """Answer nothing."""

    def busy(route: Route) -> None:
        failure = {"code": "busy", "phrase": "The node is busy."}
        route.fulfill(status=503, content_type="application/json", body=json.dumps(failure))

    def lose(route: Route) -> None:
        route.abort()

    north.page.route("**/bundle", hold)
    north.at("verify").click()
    with north.page.expect_request("**/bundle"):
        north.at("verify-now").click()
    north.at("verify-cancel").click()
    expect(north.at("verify-now")).to_be_enabled()
    expect(north.at("verify-fault")).to_have_count(0)
    for answer, words in ((busy, "The node is busy"), (lose, "The node did not answer")):
        north.page.unroute("**/bundle")
        north.page.route("**/bundle", answer)
        north.at("verify-now").click()
        expect(north.at("verify-fault")).to_contain_text(words)
        expect(north.at("verify-now")).to_be_enabled()
