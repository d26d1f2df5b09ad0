"""A bundle proves itself, and every damage to it is found and named."""

import zipfile
from io import BytesIO

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from record_world import (
    AUTHOR,
    AUTHORS,
    KEYS,
    LINK,
    ORIGIN,
    START,
    TERMS,
    contents,
    entry,
    feed_contents,
    feeds,
    id_of,
    receipt,
    signed,
)

from clearline.record import (
    FeedContents,
    ForkEvidence,
    Frontier,
    canonical,
    fingerprint,
    leaf_hash,
    pack,
    sign,
    verify_bundle,
)
from clearline.record.bundle import README

SAID = feeds()
RAW = pack(contents(SAID))
change = msgspec.structs.replace


def codes(raw, **more):
    return {fault.code for fault in verify_bundle(raw, **more).faults}


def notes(raw):
    return {note.code for note in verify_bundle(raw).notes}


def rebuilt(raw, edit):
    """Return a bundle after `edit` changed the dict of its files."""
    with zipfile.ZipFile(BytesIO(raw)) as opened:
        files = {name: opened.read(name) for name in opened.namelist()}
    edit(files)
    target = BytesIO()
    with zipfile.ZipFile(target, "w") as made:
        for name, data in files.items():
            made.writestr(name, data)
    return target.getvalue()


def with_feed(party, **changes):
    made = contents(SAID)
    return pack(
        change(
            made,
            feeds=[change(f, **changes) if f.party == party else f for f in made.feeds],
        )
    )


def said_with(party, *more):
    return SAID | {party: [*SAID[party], *more]}


def test_a_whole_record_verifies_with_its_counts():
    report = verify_bundle(RAW)
    assert report.faults == ()
    assert (report.entries, report.feeds, report.receipts) == (7 + 6, 2, 6)
    assert report.parties == ("blue", "red")
    assert report.fingerprints == {party: fingerprint(keys) for party, keys in KEYS.items()}
    assert [(t.hash, t.by) for t in report.terms] == [
        (canonical.sha256_hex(TERMS), ("blue", "red"))
    ]


def test_the_same_contents_give_the_same_bytes():
    made = contents(SAID)
    assert pack(made) == pack(made)


def test_a_record_rezipped_by_hand_verifies_as_well():
    assert codes(rebuilt(RAW, lambda files: None)) == set()


def test_fingerprints_from_elsewhere_are_held_against_the_keys():
    pins = [fingerprint(keys) for keys in KEYS.values()]
    assert codes(RAW, pins=pins) == set()
    assert codes(RAW, pins=[pins[0].upper().replace(" ", "")]) == set()
    assert codes(RAW, pins=["0" * 64]) == {"pin"}
    assert "not_pinned" in notes(RAW)


def test_progress_is_told_and_ends_at_the_total():
    told = []
    verify_bundle(RAW, lambda done, total: told.append((done, total)))
    assert told[-1] == (7 + 6 + 6, 7 + 6 + 6)


def test_an_empty_record_verifies_with_notes():
    empty = [
        FeedContents(party=p, checkpoint=b"", entries=[], receipts=[]) for p in ("blue", "red")
    ]
    raw = pack(contents(SAID, feeds=empty, terms=[]))
    report = verify_bundle(raw)
    assert report.faults == ()
    assert {"silent", "no_terms"} <= notes(raw)
    assert (report.entries, report.feeds, report.receipts) == (0, 0, 0)


def test_a_record_without_receipts_verifies_with_a_note():
    raw = with_feed("blue", receipts=[])
    assert codes(raw) == set()
    assert "no_receipt" in notes(raw)


def test_terms_that_one_side_alone_agreed_to_are_noted():
    raw = pack(contents(SAID | {"red": [entry(1, "notice.noted", {}, "red")]}))
    assert codes(raw) == set()
    assert {"half_agreed", "no_terms"} <= notes(raw)


def test_an_entry_left_out_or_changed_is_a_fault_of_the_root():
    for said in (SAID["blue"][:-1], [*SAID["blue"][:-1], entry(60, "a.b", {})]):
        assert "root" in codes(with_feed("blue", entries=said, receipts=[]))


def test_a_head_signed_by_another_is_a_fault_of_the_author():
    head = signed(SAID["blue"], "blue").checkpoint
    assert codes(with_feed("blue", checkpoint=sign(head, AUTHOR["red"]))) == {"author"}
    assert "unreadable" in codes(with_feed("blue", checkpoint=b""))


def test_a_receipt_for_other_entries_is_a_fault():
    other = receipt([*SAID["blue"][:-1], entry(60, "a.b", {})], "blue")
    assert codes(with_feed("blue", receipts=[other])) == {"receipt_root"}


def test_a_receipt_beyond_the_feed_is_a_fault():
    more = receipt([*SAID["blue"], entry(60, "a.b", {})], "blue")
    assert codes(with_feed("blue", receipts=[more])) == {"receipt_beyond"}


def test_a_receipt_of_another_or_for_another_feed_is_a_fault():
    mine = receipt(SAID["red"], "red")
    assert {"receipts", "mirror"} <= codes(with_feed("blue", receipts=[mine]))


def test_an_entry_that_is_none_is_a_fault_though_it_is_signed():
    said = said_with("blue", b'{"v": 1}')
    assert codes(pack(contents(said))) == {"entry_not_canonical"}


def test_an_id_used_twice_and_a_reference_to_nothing_are_faults():
    twice = entry(3, "notice.revised", {}, "blue")
    assert codes(pack(contents(said_with("blue", twice)))) == {"duplicate"}
    lost = entry(80, "notice.revised", {}, "blue", (id_of(entry(99, "a.b", {})),))
    assert codes(pack(contents(said_with("blue", lost)))) == {"reference"}


def test_a_clock_that_moved_back_is_noted_and_no_fault():
    raw = pack(contents(said_with("red", entry(1, "notice.noted", {}, "red"))))
    assert codes(raw) == set()
    assert "clock" in notes(raw)


def test_agreed_terms_that_are_missing_or_changed_are_faults():
    assert "terms_missing" in codes(pack(contents(SAID, terms=[])))
    name = f"terms/{canonical.sha256_hex(TERMS)}.json"
    raw = rebuilt(RAW, lambda files: files.update({name: TERMS.replace(b"1000", b"1001")}))
    assert {"terms_hash", "terms_missing"} <= codes(raw)


def test_terms_with_other_keys_link_or_shape_are_faults():
    for terms, code in (
        (TERMS.replace(b"clearline/red/mirror", b"clearline/red/mirrof"), "terms_keys"),
        (TERMS.replace(LINK.encode(), LINK.replace("7", "8", 1).encode()), "terms_link"),
        (b'{"a":1}', "terms_shape"),
    ):
        digest = canonical.sha256_hex(terms)
        said = said_with("red", entry(70, "terms.agreed", {"hash": digest}, "red"))
        assert code in codes(pack(contents(said, terms=[TERMS, terms])))


def test_a_terms_entry_with_another_body_is_a_fault():
    said = said_with("red", entry(70, "terms.agreed", {"hash": "x"}, "red"))
    assert codes(pack(contents(said))) == {"terms_body"}


def test_keys_exchanged_in_the_bundle_are_a_fault():
    keys = KEYS | {"red": change(KEYS["red"], author=KEYS["blue"].author)}
    assert codes(pack(contents(SAID, keys=keys))) == {"keys"}


def fork(conclusive):
    said = SAID["blue"]
    if conclusive:
        other = [*said[:-1], entry(60, "a.b", {})]
        return ForkEvidence(
            first=signed(said, "blue").raw, second=signed(other, "blue").raw, peaks=(), entries=()
        )
    frontier = Frontier()
    frontier.extend(map(leaf_hash, said[:3]))
    return ForkEvidence(
        first=signed(said[:3], "blue").raw,
        second=signed(said, "blue").raw,
        peaks=frontier.peaks,
        entries=tuple(reversed(said[3:])),
    )


def test_evidence_of_a_fork_is_a_fault_and_says_how_much_it_proves():
    assert codes(pack(contents(SAID, forks=[("blue", fork(conclusive=True))]))) == {"fork"}
    assert codes(pack(contents(SAID, forks=[("blue", fork(conclusive=False))]))) == {"fork_claimed"}
    assert codes(pack(contents(SAID, forks=[("red", fork(conclusive=True))]))) == {"fork_unproven"}
    assert codes(pack(contents(SAID, forks=[("grey", fork(conclusive=True))]))) == {"fork_unproven"}


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("manifest.json", b"{}", "malformed"),
        ("manifest.json", b"", "malformed"),
        ("keys.json", b"{}", "parties"),
        ("feeds/blue/receipts", b"x", "receipts"),
        ("feeds/blue/receipts", b"\n" * 7, "receipts"),
        ("feeds/blue/tile/entries/000.p/7", b"\x00", "bundle"),
        ("feeds/blue/tile/entries/000.p/7", b"", "size"),
        ("feeds/blue/extra", b"", "unexpected_file"),
        ("terms/x.json", b"{}", "terms_hash"),
        ("forks/0.json", b"{}", "malformed"),
    ],
)
def test_a_file_that_is_not_what_it_should_be_is_a_fault(name, data, code):
    assert code in codes(rebuilt(RAW, lambda files: files.update({name: data})))


@pytest.mark.parametrize(
    "name", ["README.txt", "manifest.json", "keys.json", "feeds/blue/receipts"]
)
def test_a_file_that_is_missing_is_a_fault(name):
    assert "unreadable" in codes(rebuilt(RAW, lambda files: files.pop(name)))


def test_other_instructions_are_noted():
    raw = rebuilt(RAW, lambda files: files.update({"README.txt": b"trust me"}))
    assert codes(raw) == set()
    assert "readme" in notes(raw)


def test_a_manifest_that_counts_otherwise_is_a_fault():
    for old, new, code in (
        (b'"size":7', b'"size":8', "size"),
        (b'"size":7', b'"size":6', "size"),
        (b'"size":7', b'"size":900719925474099', "unreadable"),
        (b'"receipts":3', b'"receipts":4', "receipt_count"),
        (b'"receipts":3', b'"receipts":-4', "malformed"),
        (b'"forks":0', b'"forks":1', "fork_count"),
        (b'"terms":1', b'"terms":2', "terms_count"),
        (b"@v1", b"@v2", "format"),
        (b'"exported_by":"blue"', b'"exported_by":"grey"', "parties"),
        (b'"party":"red"', b'"party":"blue"', "parties"),
    ):

        def edit(files, old=old, new=new):
            assert old in files["manifest.json"]
            files["manifest.json"] = files["manifest.json"].replace(old, new)

        found = codes(rebuilt(RAW, edit))
        assert code in found or (code == "size" and "unreadable" in found)


def test_faults_are_counted_up_to_a_limit_and_then_said_to_be_more():
    said = [b"{%d}" % n for n in range(1100)]
    report = verify_bundle(pack(contents(SAID | {"red": said})))
    assert len(report.faults) == 1000
    assert report.faults[-1].code == "too_many"


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_a_changed_byte_gives_a_fault_or_the_same_meaning(data):
    at = data.draw(st.integers(0, len(RAW) - 1))
    changed = RAW[:at] + bytes([RAW[at] ^ data.draw(st.integers(1, 255))]) + RAW[at + 1 :]
    report = verify_bundle(changed)
    if not report.faults:
        whole = verify_bundle(RAW)
        assert (report.entries, report.receipts, report.terms) == (
            whole.entries,
            whole.receipts,
            whole.terms,
        )
        assert report.fingerprints == whole.fingerprints


@settings(deadline=None)
@given(st.binary(max_size=300), st.integers(0, len(RAW)), st.integers(0, len(RAW)))
def test_any_bytes_are_reported_on_and_never_an_exception(junk, start, end):
    for raw in (junk, b"PK\x03\x04" + junk, RAW[:start] + junk + RAW[end:]):
        report = verify_bundle(raw)
        assert report.faults or report.entries == verify_bundle(RAW).entries


def bomb(name, data, count=1):
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        for number in range(count):
            made.writestr(f"{name}{number}", data)
    return target.getvalue()


def test_archives_beyond_the_limits_are_not_unpacked():
    assert codes(bomb("a", bytes(50_000_000), 2)) == {"archive"}
    assert codes(bomb("../a", b"")) == {"archive"}
    assert codes(bomb("/a", b"")) == {"archive"}
    assert codes(b"PK\x03\x04" + b"PK\x01\x02" * 70_000) == {"archive"}


def test_a_file_given_twice_is_refused():
    target = BytesIO()
    with zipfile.ZipFile(target, "w") as made:
        made.writestr("a", b"1")
        with pytest.warns(UserWarning, match="Duplicate"):
            made.writestr("a", b"2")
    assert codes(target.getvalue()) == {"archive"}


def test_the_instructions_in_the_bundle_compute_the_root(tmp_path, monkeypatch, capsys):
    said = [entry(n, "a.b", {}, "blue") for n in range(300)]
    raw = pack(contents(SAID | {"blue": said}))
    with zipfile.ZipFile(BytesIO(raw)) as opened:
        opened.extractall(tmp_path)
    lines = README.split("\n\n")
    code = next(part for part in lines if part.lstrip().startswith("import base64"))
    monkeypatch.chdir(tmp_path / "feeds" / "blue")
    exec("\n".join(line[5:] for line in code.splitlines()), {})
    assert capsys.readouterr().out.split() == signed(said, "blue").checkpoint.text().split()[1:]


def test_the_bundle_says_where_each_feed_starts():
    assert feed_contents(SAID["red"], "red").party == "red"
    assert ORIGIN["red"] == f"clearline/{LINK}/red"
    assert AUTHORS["red"].name == "clearline/red/author"
    assert verify_bundle(RAW).link == LINK
    assert START
