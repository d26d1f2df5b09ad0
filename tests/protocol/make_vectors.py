"""Writes protocol/vectors, all but `phrases` and `record`: run it after a change, read the diff.

Everything comes from fixed seeds, so a second run writes the same bytes.

    python -m tests.protocol.make_vectors
"""

from __future__ import annotations

import json
from pathlib import Path

from clearline.core.terms import hash_of
from clearline.record import canonical
from tests.protocol import (
    entry_vectors,
    height_vectors,
    rule_vectors,
    script_vectors,
    space_vectors,
)
from tests.protocol.world import Json, example_terms, terms_of

FOLDER = Path(__file__).parents[2] / "protocol" / "vectors"


def example() -> Json:
    """Return the example document with its canonical text and its hash."""
    document = example_terms()
    text = canonical.encode(document).decode()
    return {
        "note": "the example of 7-terms.md; the hash is the SHA-256 of the text",
        "document": document,
        "text": text,
        "hash": hash_of(terms_of(document)),
    }


def made() -> dict[str, Json | list[Json]]:
    """Return every file by its path."""
    return {
        "entries/bodies": entry_vectors.bodies(),
        "entries/whole": entry_vectors.wholes(),
        "entries/scripts": script_vectors.id_rules() + script_vectors.small_kinds(),
        "terms/example": example(),
        "terms/documents": entry_vectors.documents(),
        "terms/amendments": entry_vectors.amendments(),
        "terms/named": script_vectors.DOCUMENTS,
        "terms/scripts": script_vectors.terms_scripts(),
        "notices/scripts": script_vectors.notice_scripts(),
        "notices/lead": rule_vectors.leads(),
        "conflicts/pairs": space_vectors.pairs(),
        "conflicts/certainty": height_vectors.certainties(),
        "conflicts/scripts": script_vectors.conflict_scripts() + height_vectors.scripts(),
        "calls/table": rule_vectors.call_table(),
        "calls/scripts": script_vectors.call_scripts(),
        "tests/scripts": script_vectors.test_scripts(),
        "tests/slots": rule_vectors.test_slots(),
        "geometry/outlines": space_vectors.outlines(),
        "geometry/bands": space_vectors.bands(),
        "geometry/heights": height_vectors.heights(),
        "geometry/pressure": height_vectors.pressures(),
        "geometry/places": space_vectors.places(),
        "geometry/rounding": space_vectors.rounding(),
        "rules/ids": rule_vectors.ids(),
        "rules/instants": rule_vectors.instants(),
        "rules/ladder": rule_vectors.ladders(),
        "rules/link-state": rule_vectors.link_states(),
    }


def shown(vectors: Json | list[Json]) -> str:
    """Return a file: one vector a line, so that a change shows as one."""
    if isinstance(vectors, dict):
        return json.dumps(vectors, indent=1) + "\n"
    lines = ",\n".join(" " + json.dumps(each) for each in vectors)
    return f"[\n{lines}\n]\n"


def main() -> None:
    """Write every file."""
    for path, vectors in made().items():
        file = FOLDER / f"{path}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(shown(vectors))


if __name__ == "__main__":
    main()
