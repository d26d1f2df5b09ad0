"""The pages and the vectors: what another implementer reads is what the code does."""

import json
from pathlib import Path

import msgspec
import pytest

from clearline.basis.instants import dec_hook, enc_hook
from clearline.phrasebook import (
    PHRASES,
    Phrase,
    coded,
    direction,
    language_tables,
    languages,
    phrase_table,
    status,
)

ROOT = Path(__file__).parents[2]
VECTORS = ROOT / "protocol" / "vectors" / "phrases"
ACCEPTED = json.loads((VECTORS / "accepted.json").read_text("utf-8"))
REFUSED = json.loads((VECTORS / "refused.json").read_text("utf-8"))
VOUCHED = {
    "native": "vouched for",
    "awaiting a native reader": "machine-made, awaiting a native reader",
    "machine": "machine-made, awaiting a native reader",
}
DECODER = msgspec.json.Decoder(Phrase, dec_hook=dec_hook)


def test_the_reference_page_holds_the_table_that_the_catalogues_make():
    page = (ROOT / "docs" / "reference" / "phrasebook.md").read_text("utf-8")

    assert phrase_table() in page
    assert language_tables() in page


@pytest.mark.parametrize("language", languages())
def test_the_languages_page_says_who_vouches_for_the_phrases_and_for_the_page(language):
    page = (ROOT / "docs" / "reference" / "languages.md").read_text("utf-8")
    words = json.loads((ROOT / "console" / "words" / f"{language}.json").read_text("utf-8"))
    row = next(line for line in page.splitlines() if f"| `{language}` |" in line)

    _, runs, phrases, screen = (cell.strip() for cell in row.strip("|").split("|")[1:])
    assert runs == {"ltr": "left to right", "rtl": "right to left"}[direction(language)]
    assert phrases == VOUCHED[status(language)]
    assert screen == VOUCHED[words["_status"]]


@pytest.mark.parametrize("code", PHRASES)
def test_the_protocol_page_describes_every_slot_of_every_phrase(code):
    page = (ROOT / "protocol" / "4-phrases.md").read_text("utf-8")
    section = page.split(f"### {code}\n")[1].split("\n#")[0]

    for slot in PHRASES[code].__struct_fields__:
        critical = "yes" if slot in PHRASES[code].CRITICAL else "no"
        row = next(line for line in section.splitlines() if line.startswith(f"| `{slot}` |"))
        assert row.rstrip(" |").endswith(f"| {critical}")


@pytest.mark.parametrize("vector", ACCEPTED, ids=lambda vector: vector["why"])
def test_an_accepted_vector_decodes_and_gives_its_coded_line(vector):
    phrase = DECODER.decode(json.dumps(vector["phrase"]))

    assert coded(phrase) == vector["coded"]
    present = {name: value for name, value in vector["phrase"].items() if value is not None}
    assert json.loads(msgspec.json.encode(phrase, enc_hook=enc_hook)) == present


@pytest.mark.parametrize("vector", REFUSED, ids=lambda vector: vector["why"])
def test_a_refused_vector_is_refused(vector):
    with pytest.raises(msgspec.ValidationError):
        DECODER.decode(json.dumps(vector["phrase"]))


def test_the_vectors_have_every_phrase():
    assert {vector["phrase"]["phrase"] for vector in ACCEPTED} == set(PHRASES)
