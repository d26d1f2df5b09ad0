"""Each parser is fuzzed for a moment, and every input that once broke one is tried again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.__main__ import fuzz, why_not
from tests.fuzz.parser import ROOT
from tests.fuzz.table import PARSERS

KEPT = sorted((ROOT / "tests" / "fuzz" / "kept").glob("*/*"))
LONGEST_SEED = 20_000
MOST_RUNS = 10_000


@pytest.mark.parametrize("path", KEPT, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_once_broke_a_parser_no_longer_does(path: Path):
    PARSERS[path.parent.name].check(path.read_bytes())


@pytest.mark.parametrize("name", PARSERS)
def test_every_parser_holds_for_what_its_fuzzing_begins_from(name: str):
    parser = PARSERS[name]
    seeds = [seed for seed in parser.seeds() if len(seed) <= LONGEST_SEED]
    assert seeds
    for seed in seeds[:: 1 + len(seeds) // 60]:
        parser.check(seed)


@pytest.mark.long
@pytest.mark.skipif(why_not() is not None, reason=str(why_not()))
def test_a_moment_of_fuzzing_each_parser_finds_nothing(tmp_path: Path):
    found = dict(fuzz(list(PARSERS), 1, tmp_path, most_runs=MOST_RUNS))
    assert found.keys() == PARSERS.keys()
    said = {name: each.said[-2_000:] for name, each in found.items() if each.failed}
    assert not said, "\n".join(said.values())
    assert [name for name, each in found.items() if not each.runs] == []


def test_every_parser_is_on_the_page():
    page = (ROOT / "docs/how-to/fuzz.md").read_text(encoding="utf-8")
    assert [name for name in PARSERS if f"`{name}`" not in page] == []
