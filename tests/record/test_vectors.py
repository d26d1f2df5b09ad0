"""Every published vector, replayed: what anyone else's implementation must do as well."""

import base64
import json
from pathlib import Path

import pytest

from clearline.basis.faults import Refusal
from clearline.record import (
    Admitted,
    AuthorKey,
    AuthorVerifier,
    Fork,
    Frontier,
    MirrorKey,
    MirrorVerifier,
    PublicKeys,
    WrongSize,
    admit,
    canonical,
    check_keys,
    decode,
    fingerprint,
    leaf_hash,
    open_cosignatures,
    open_signed,
    parse_append,
    public_keys,
    verify_bundle,
    verify_consistency,
    verify_inclusion,
    verify_proof,
)
from clearline.record.checkpoint import parse_checkpoint
from clearline.record.note import parse_note

FOLDER = Path(__file__).parents[2] / "protocol" / "vectors" / "record"
un = base64.b64decode


def vectors(name):
    found = json.loads((FOLDER / f"{name}.json").read_text())
    return [pytest.param(each, id=each.get("what", "")) for each in found]


KEYS = {
    each["party"]: PublicKeys(**{role: tuple(pair) for role, pair in each["keys"].items()})
    for each in json.loads((FOLDER / "keys.json").read_text())
}
AUTHORS = {party: AuthorVerifier.of(keys.author, party) for party, keys in KEYS.items()}
MIRRORS = {party: MirrorVerifier.of(keys.mirror, party) for party, keys in KEYS.items()}


def holds(vector, found):
    """Assert that what was found is what the vector says."""
    assert isinstance(found, Refusal) != vector["accepted"]
    if isinstance(found, Refusal):
        assert found.reason.value == vector["reason"]


@pytest.mark.parametrize("vector", vectors("keys"))
def test_the_seeds_make_the_keys_and_the_keys_the_fingerprint(vector):
    party, seeds = vector["party"], vector["seeds"]
    author = AuthorKey.from_seeds(party, *map(un, seeds["author"]))
    mirror = MirrorKey.from_seeds(party, *map(un, seeds["mirror"]))
    assert public_keys(author, mirror) == KEYS[party]
    assert check_keys(KEYS[party], party) is None
    assert fingerprint(KEYS[party]) == vector["fingerprint"]


@pytest.mark.parametrize("vector", vectors("canonical"))
def test_canonical_json_is_as_published(vector):
    found = canonical.fault_of(un(vector["base64"]))
    assert (found is None) == vector["accepted"]
    if found is not None:
        assert found.reason.value == vector["reason"]


@pytest.mark.parametrize("vector", vectors("entries"))
def test_entries_are_as_published(vector):
    raw = un(vector["base64"])
    holds(vector, decode(raw))
    if "leaf_hash" in vector:
        assert leaf_hash(raw).hex() == vector["leaf_hash"]


@pytest.mark.parametrize("vector", vectors("tree"))
def test_roots_and_proofs_are_as_published(vector):
    hashes = [leaf_hash(un(leaf)) for leaf in vector["leaves"]]
    size, root = len(hashes), un(vector["root"])
    frontier = Frontier()
    frontier.extend(hashes)
    assert frontier.root() == root
    for each in vector["inclusion"]:
        proof = [un(node) for node in each["proof"]]
        assert verify_inclusion(hashes[each["index"]], each["index"], size, proof, root)
    for each in vector["consistency"]:
        proof = [un(node) for node in each["proof"]]
        assert verify_consistency(each["old"], size, un(each["old_root"]), root, proof)


@pytest.mark.parametrize("vector", vectors("notes"))
def test_notes_are_as_published(vector):
    found = parse_note(un(vector["base64"]))
    holds(vector, found)
    if not isinstance(found, Refusal):
        assert (found.text, len(found.signatures)) == (vector["text"], vector["signatures"])


@pytest.mark.parametrize("vector", vectors("checkpoints"))
def test_checkpoints_are_as_published(vector):
    raw = un(vector["base64"])
    found = open_signed(raw, vector["origin"], AUTHORS[vector["party"]])
    holds(vector, found)
    if not isinstance(found, Refusal):
        assert found.size == vector["size"]


@pytest.mark.parametrize("vector", vectors("cosignatures"))
def test_cosignatures_are_as_published(vector):
    checkpoint = parse_checkpoint(vector["checkpoint"])
    found = open_cosignatures(un(vector["base64"]), checkpoint, MIRRORS[vector["mirror"]])
    holds(vector, found)
    if not isinstance(found, Refusal):
        assert int(found.at) == vector["seconds"] * 1000


OUTCOMES = {"admitted": Admitted, "wrong_size": WrongSize, "fork": Fork, "refused": Refusal}


@pytest.mark.parametrize("vector", vectors("appends"))
def test_appends_are_as_published(vector):
    author = AUTHORS[vector["party"]]
    frontier = Frontier()
    frontier.extend(leaf_hash(un(each)) for each in vector["mirror_holds"])
    last = open_signed(un(vector["mirror_checkpoint"]), vector["origin"], author)
    found = parse_append(un(vector["base64"]))
    if not isinstance(found, Refusal):
        found = admit(frontier, last, found, vector["origin"], author)
    assert isinstance(found, OUTCOMES[vector["outcome"]])
    if isinstance(found, WrongSize):
        assert found.size == vector["size"]
    if isinstance(found, Refusal):
        assert found.reason.value == vector["reason"]


@pytest.mark.parametrize("vector", vectors("proofs"))
def test_proofs_are_as_published(vector):
    author, mirror = AUTHORS[vector["author"]], MIRRORS[vector["mirror"]]
    found = verify_proof(un(vector["base64"]), vector["origin"], author, mirror)
    holds(vector, found)
    if not isinstance(found, Refusal):
        assert (found.entry, found.index) == (un(vector["entry"]), vector["index"])


def test_the_published_bundle_verifies():
    report = verify_bundle((FOLDER / "record.bundle").read_bytes())
    assert report.is_verified
    assert (report.entries, report.feeds, report.receipts) == (13, 2, 6)
