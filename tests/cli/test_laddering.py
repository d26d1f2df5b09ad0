"""`clearline ladder`: what it prints, what it writes, and what bad input gets."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from clearline.cli.app import root
from clearline.sim import posts
from clearline.sim.keys import stub_keys
from clearline.sim.scene import PARTIES, terms_of

LADDER = """
[[rung]]
echelon = "duty-desk"
patience_s = 20
[[rung]]
echelon = "deputy"
patience_s = 30
[[flash.rung]]
echelon = "duty-desk"
patience_s = 15
[[flash.rung]]
echelon = "contact-card"
patience_s = 30
"""
ROSTER = """
[[officer]]
name = "Maj A"
languages = ["en", "ru"]
channels = ["desk", "phone"]
[[officer]]
name = "Cpt B"
[[desk]]
echelon = "duty-desk"
shift = [
  { officer = "Maj A", start = 2026-12-01T00:00:00Z, end = 2026-12-01T12:00:00Z },
  { officer = "Cpt B", start = 2026-12-01T14:00:00+02:00, end = 2026-12-02T00:00:00Z },
]
[[desk]]
echelon = "contact-card"
channels = ["phone"]
"""


def run(*line: str | Path) -> Result:
    return CliRunner().invoke(root, ["--home", "/nonexistent", "ladder", *map(str, line)])


@pytest.fixture
def ladder(tmp_path: Path) -> Path:
    file = tmp_path / "ladder.toml"
    file.write_text(LADDER)
    return file


@pytest.fixture
def roster(tmp_path: Path) -> Path:
    file = tmp_path / "roster.toml"
    file.write_text(ROSTER)
    return file


def fault(*line: str | Path) -> tuple[str, str]:
    """Return the code and the sentence of a study that cannot be run."""
    done = run("study", *line, "--json")
    assert done.exit_code == 3, done.output
    error = json.loads(done.stdout)["error"]
    assert error["phrase"].endswith(".")
    return error["code"], error["phrase"]


def study(*line: str | Path) -> dict:
    done = run("study", *line, "--json", "--workers", "1")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_the_table_has_every_figure_with_its_interval_the_loads_and_the_advice(ladder: Path):
    done = run("study", ladder, "--nights", "600", "--compare", ladder)
    assert done.exit_code == 0, done.output
    for said in (
        "time to a human, p50", "p99", "p99.9", "too few nights", "last rung reached",
        "nobody in a day", "alarms per watch", "what to change", "duty-desk A1", "assumed [R]",
        "chance explains",
    ):  # fmt: skip
        assert said in done.stdout, said
    assert "\ufffd" not in done.output


def test_the_json_has_the_figures_the_trials_and_every_source(ladder: Path, roster: Path):
    found = study(ladder, "--roster", roster, "--nights", "600")
    assert list(found) == [
        "confidence", "precedence", "seed", "nights", "ladders", "differences", "trials", "advice",
        "assumptions",
    ]  # fmt: skip
    (figures,) = found["ladders"]
    assert figures["p50"]["low_s"] <= figures["p50"]["value_s"] <= figures["p50"]["high_s"]
    assert figures["p999"]["said"] == "too few nights"
    assert [rung["patience_ms"] for rung in figures["ladder"]["rungs"]] == [15_000, 30_000]
    assert {each["who"] for each in figures["load"]} == {
        "Maj A", "Cpt B", "contact-card #1",
    }  # fmt: skip
    assert found["assumptions"]["post"]["deputy"]["source"].startswith("[R]")
    assert found["trials"]


def test_each_precedence_has_its_own_ladder_or_the_common_one(ladder: Path):
    found = study(ladder, "--nights", "10", "--precedence", "routine", "--no-advice")
    rungs = found["ladders"][0]["ladder"]["rungs"]
    assert [rung["echelon"] for rung in rungs] == ["duty-desk", "deputy"]
    assert found["advice"] == ""


def test_the_same_seed_prints_the_same_whatever_the_workers(ladder: Path):
    line = ("study", ladder, "--nights", "600", "--seed", "5", "--json")
    assert run(*line, "--workers", "1").stdout == run(*line, "--workers", "2").stdout


def test_the_ladder_of_a_terms_document_is_studied(tmp_path: Path):
    public = tuple(stub_keys(party).public for party in PARTIES)
    document = tmp_path / "terms.json"
    document.write_bytes(msgspec.json.encode(terms_of((public[0], public[1]))))
    rungs = study("--terms", document, "--nights", "10")["ladders"][0]["ladder"]["rungs"]
    assert [rung["patience_ms"] for rung in rungs] == [20_000, 30_000, 30_000, 30_000]
    document.write_text("{}")
    assert fault("--terms", document)[0] == "bad_document"


def test_without_a_ladder_the_running_node_is_asked(ladder: Path):
    assert run("study").exit_code == 4
    assert run("study", "--link", "south").exit_code == 4
    assert run("study", ladder, "--link", "south").exit_code == 2


def test_what_is_drawn_is_the_same_file_for_the_same_study(ladder: Path, tmp_path: Path):
    pytest.importorskip("matplotlib")
    drawn: list[bytes] = []
    for name in ("one.svg", "two.svg"):
        done = run("study", ladder, "--nights", "600", "--plot", tmp_path / name, "--no-advice")
        assert done.exit_code == 0, done.output
        drawn.append((tmp_path / name).read_bytes())
    assert drawn[0] == drawn[1]
    assert b"<svg" in drawn[0]
    assert len(drawn[0]) > 10_000


def test_a_plot_that_cannot_be_written_is_said_before_the_nights_are_run(
    ladder: Path, tmp_path: Path
):
    pytest.importorskip("matplotlib")
    code, said = fault(ladder, "--nights", "200000", "--plot", tmp_path / "no" / "x.svg")
    assert code == "cannot_write"
    assert "x.svg" in said
    code, said = fault(ladder, "--nights", "200000", "--plot", tmp_path / "x.docx")
    assert (code, ".svg" in said) == ("cannot_plot", True)
    assert not (tmp_path / "x.docx").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no rungs"),
        ("[[rung]", "no ladder"),
        ('[[rung]]\nechelon = "duty-desk"\npatience_s = -5', "rung 1 waits -5 s"),
        ('[[rung]]\nechelon = "duty-desk"\npatience_s = 0.2', "1 s to a day"),
        ('[[rung]]\nechelon = "duty-desk"\npatience_s = nan', "1 s to a day"),
        ('[[rung]]\nechelon = "duty-desk"\npatience_s = inf', "1 s to a day"),
        ('[[rung]]\nechelon = "Duty Desk"\npatience_s = 5', "an echelon is"),
        ('[[rung]]\nechelon = "duty-desk"', "patience_s"),
        ('[[rung]]\nechelon = "duty-desk"\npatience_s = 5\nroom = 3', "room"),
        ('[[rung]]\nechelon = "duty-desk"\npatience_s = 5\n' * 13, "12"),
    ],
)
def test_a_ladder_that_cannot_be_is_said(tmp_path: Path, text: str, said: str):
    file = tmp_path / "bad.toml"
    file.write_text(text)
    code, phrase = fault(file)
    assert code == "bad_ladder"
    assert said in phrase


@pytest.mark.parametrize(
    ("old", "new", "code", "said"),
    [
        ("T12:00:00Z", "T11:00:00Z", "first_rung_empty", "from 2026-12-01T11:00:00.000Z"),
        ("T12:00:00Z", "T12:00:00", "unknown_zone", "no offset"),
        ('officer = "Maj A"', 'officer = "Maj Z"', "unknown_officer", "Maj Z"),
        ("12-02T00:00:00Z", "11-02T00:00:00Z", "bad_roster", "before it starts"),
        ('"contact-card"', '"flag-officer"', "unknown_echelon", "rings contact-card"),
        ('echelon = "contact-card"', 'echelon = "duty-desk"', "bad_roster", "two desks"),
        ('channels = ["phone"]', 'channels = ["pigeon"]', "unknown_channel", "pigeon"),
        ('name = "Cpt B"', 'name = "Cpt B"\nrank = 3', "bad_roster", "rank"),
        ("[[officer]]", "[[officer", "bad_roster", "no roster"),
        ('name = "Cpt B"', 'name = "Maj A"', "bad_roster", "two officers"),
    ],
)
def test_a_roster_that_cannot_be_is_said(
    ladder: Path, roster: Path, old: str, new: str, code: str, said: str
):
    assert old in ROSTER
    roster.write_text(ROSTER.replace(old, new, 1))
    found, phrase = fault(ladder, "--roster", roster)
    assert found == code, phrase
    assert said in phrase


def test_a_roster_without_shifts_says_when_it_is(ladder: Path, roster: Path):
    rooms = '[[desk]]\nechelon = "duty-desk"\nchannels = ["phone"]\n'
    roster.write_text(rooms)
    assert "say its start" in fault(ladder, "--roster", roster)[1]
    span = "start = 2026-12-01T00:00:00Z\nend = 2026-12-02T00:00:00Z\n"
    roster.write_text(span + rooms + '[[desk]]\nechelon = "contact-card"\nchannels = ["phone"]\n')
    assert study(ladder, "--roster", roster, "--nights", "10")["nights"] == 10


def test_a_roster_in_json_is_the_roster_in_toml(tmp_path: Path):
    table = tomllib.loads(ROSTER)
    text = msgspec.json.encode(table)
    one, two = posts.read(ROSTER.encode(), "r.toml"), posts.read(text, "r.json")
    assert one.watchbill.desks == two.watchbill.desks
    assert (one.start, one.end) == (two.start, two.end)


def test_an_echelon_of_which_nothing_is_assumed_is_said(tmp_path: Path):
    file = tmp_path / "ladder.toml"
    file.write_text('[[rung]]\nechelon = "harbour-master"\npatience_s = 5')
    code, phrase = fault(file)
    assert (code, "[post.harbour-master]" in phrase) == ("unknown_echelon", True)


def test_numbers_out_of_range_and_files_that_are_not_there_are_said(ladder: Path):
    assert fault(ladder, "--nights", "0")[0] == "nights_range"
    assert fault(ladder, "--nights", "200001")[0] == "nights_range"
    assert study(ladder, "--seed", "-7", "--nights", "400")["seed"] == -7
    assert run("study", "/nonexistent.toml").exit_code == 2
    assert run("study", ladder, "--precedence", "loud").exit_code == 2


def test_the_assumptions_are_printed_as_they_can_be_given_back(ladder: Path, tmp_path: Path):
    printed = run("assumptions")
    assert printed.exit_code == 0
    mine = tmp_path / "mine.toml"
    mine.write_text(printed.stdout)
    usual = study(ladder, "--nights", "50")
    assert study(ladder, "--nights", "50", "--assumptions", mine) == usual
    mine.write_text(printed.stdout.replace("away = 0.15", "away = 0.85", 1))
    worse = study(ladder, "--nights", "50", "--assumptions", mine)
    assert worse["ladders"][0]["p50"]["value_s"] > usual["ladders"][0]["p50"]["value_s"]
    assert json.loads(run("assumptions", "--json").stdout)["line"]["median_ms"] == 120


def test_ctrl_c_ends_a_study_with_130_and_no_traceback(ladder: Path):
    line = [sys.executable, "-m", "clearline.cli", "ladder", "study", str(ladder)]
    begun = subprocess.Popen(
        [*line, "--nights", "200000", "--workers", "2"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        env={**os.environ, "FORCE_COLOR": "1", "TERM": "xterm"},
    )  # fmt: skip
    assert begun.stderr is not None
    shown = b""
    while b"250/200000" not in shown:
        more = os.read(begun.stderr.fileno(), 4_096)
        assert more, shown
        shown += more
    # As a terminal does it: to every process of the group.
    os.killpg(begun.pid, signal.SIGINT)
    said, errors = begun.communicate(timeout=60)
    assert begun.returncode == 130, errors
    assert b"interrupted" in errors
    assert b"Traceback" not in shown + errors
    assert said == b""
