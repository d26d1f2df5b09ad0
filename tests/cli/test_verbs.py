"""Every verb: its help, its `--json`, its exit codes, and its page in the reference."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from clearline.cli.app import root

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
SOURCE = Path(__file__).parents[2] / "src" / "clearline"
ASKING = [
    ["status"], ["notices"], ["conflicts"], ["calls"], ["log"], ["follow"], ["ack"], ["close"],
    ["withdraw", "abcdef"], ["readback"], ["dispose", "abcdef", "received"],
    ["say", "abcd", "TEST"],
    ["call", "flash", "TEST"], ["declare", "--circle", "35N 40E", "--radius", "1 km"],
    ["revise", "abcdef"], ["export", "--out", "x.kml"],
    ["watch", "take"], ["watch", "leave"], ["watch", "hand-over", "B"],
    ["watch", "offer"], ["watch", "offer", "B"], ["watch", "accept"], ["watch", "recall"],
    ["watch", "confirm"], ["watch", "relieve"],
    ["test", "send"], ["test", "answer"], ["test", "explain", "abcd", "power"],
    ["test", "explain"], ["test", "list"], ["test", "hours"], ["test", "hours", "always"],
    ["test", "report"],
    ["screen"], ["import", __file__],
    ["violation", "not-notified", "--at", "35N 40E"], ["bundle", "--out", "x"],
    ["link", "show"], ["link", "export", "--out", "x"], ["link", "announce", "suspended"],
    ["link", "settle", "--yes"], ["drill", "start", "gaza-2024"], ["drill", "stop"],
    ["tracks", "show"], ["tracks", "belong", "X", "abcdef"],
]  # fmt: skip
"""Verbs that need the running node, each with the least that it takes."""


def verbs(command: click.Command = root, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the path of every verb and group below the root."""
    if path:
        yield path
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from verbs(found, (*path, name))


def command_at(path: tuple[str, ...]) -> click.Command:
    found: click.Command = root
    for name in path:
        assert isinstance(found, click.Group)
        found = found.get_command(click.Context(found), name) or found
    return found


def run(*line: str, home: Path | None = None):
    return CliRunner().invoke(root, ["--home", str(home or "/nonexistent"), *line])


def process(*line: str, **more) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "clearline.cli", *line],
        capture_output=True, text=True, timeout=60, check=False, **more,
    )  # fmt: skip


@pytest.mark.parametrize("path", list(verbs()), ids=" ".join)
def test_each_verb_says_what_it_is_for(path: tuple[str, ...]):
    shown = run(*path, "--help")
    assert shown.exit_code == 0
    assert re.search(r"\n  [A-Z][^\n]*[.,:]", shown.output), shown.output


@pytest.mark.parametrize("path", list(verbs()), ids=" ".join)
def test_each_verb_has_its_page_with_every_option_and_an_example(path: tuple[str, ...]):
    page = (REFERENCE / "command-line.md").read_text()
    name = " ".join(path)
    section = re.search(rf"^#+ `{re.escape(name)}`\n(.*?)(?=^#+ |\Z)", page, re.M | re.S)
    assert section, f"`{name}` has no section"
    command = command_at(path)
    if isinstance(command, click.Group):
        return
    assert f"clearline {name}" in section[1], f"`{name}` has no example"
    for parameter in command.params:
        if isinstance(parameter, click.Option) and parameter.name != "as_json":
            assert f"`{parameter.opts[0]}" in section[1], f"`{name}` lacks {parameter.opts[0]}"


def test_the_page_has_no_verb_that_is_not_there():
    page = (REFERENCE / "command-line.md").read_text()
    known = {" ".join(path) for path in verbs()}
    assert set(re.findall(r"^#+ `([a-z -]+)`$", page, re.M)) == known


@pytest.mark.parametrize("line", ASKING, ids=" ".join)
def test_each_verb_ends_with_4_where_no_node_runs_and_says_so_in_json_too(line: list[str]):
    shown = run(*line)
    assert shown.exit_code == 4, shown.output
    assert "clearline serve" in shown.stderr
    fault = run(*line, "--json")
    assert fault.exit_code == 4
    assert json.loads(fault.stdout)["error"]["code"] == "not_running"


@pytest.mark.parametrize(
    "line",
    [
        ["nonsense"], ["call"], ["call", "loud", "STOP"], ["call", "flash"], ["log", "--last", "x"],
        ["log", "--last", "0"], ["declare", "--activity", "No Name"], ["ack", "--desk", "A B"],
        ["verify", "/nonexistent"], ["link", "export", "--from", "-1", "--out", "x"],
        ["bundle"], ["link", "announce", "maybe"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_a_wrong_command_line_ends_with_2_and_its_usage(line: list[str]):
    shown = run(*line)
    assert shown.exit_code == 2
    assert "Usage:" in shown.stderr


def test_what_cannot_be_done_ends_with_3_and_a_sentence(tmp_path: Path):
    home = tmp_path / "home"
    assert run("party", home=home).exit_code == 3
    assert run("init", "Not A Name", home=home).exit_code == 3
    done = run("init", "north", "--title", "[/] \x1b[2J", home=home)
    assert done.exit_code == 0
    assert "\x1b" not in done.output
    assert "[/] <001B>[2J" in run("party", home=home).output
    assert run("init", "north", home=home).exit_code == 3
    unwritable = run("party", "--out", "/nonexistent/card", "--json", home=home)
    assert json.loads(unwritable.stdout)["error"]["code"] == "cannot_write"


def test_a_home_that_cannot_be_made_is_said(tmp_path: Path):
    (tmp_path / "file").write_text("")
    done = run("init", "north", home=tmp_path / "file" / "home")
    assert done.exit_code == 3
    assert done.stderr.startswith("cannot_open: ")


def test_what_is_not_text_is_said(tmp_path: Path):
    done = process("--home", str(tmp_path / "h"), "init", "north", "--title", "\udcff")
    assert done.returncode == 3
    assert "Traceback" not in done.stderr


def test_a_terminal_of_another_encoding_is_no_fault(tmp_path: Path):
    env = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = process("--home", str(tmp_path / "h"), "init", "north", "--title", "Норд", env=env)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("line", ["init --help", "drill list", "drill list --json"])
def test_a_reader_that_leaves_is_no_fault(line: str):
    words = (
        f"{sys.executable} -m clearline.cli {line} | head -c 1 >/dev/null; echo ${{PIPESTATUS[0]}}"
    )
    done = subprocess.run(["bash", "-c", words], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_script_is_made(shell: str):
    done = process(env={**os.environ, "_CLEARLINE_COMPLETE": f"{shell}_source"})
    assert done.returncode == 0, done.stderr
    assert "_CLEARLINE_COMPLETE" in done.stdout


def mistakes() -> set[str]:
    """Return every code of a Mistake that the sources spell."""
    found: set[str] = set()
    for path in SOURCE.rglob("*.py"):
        found |= set(re.findall(r"Mistake\(\s*\"([a-z_]+)\"", path.read_text()))
    return found


def test_the_page_of_errors_has_every_code_of_a_mistake():
    page = (REFERENCE / "errors.md").read_text()
    documented = set(re.findall(r"^\| `([a-z_]+)` \|", page, re.M))
    assert mistakes() - documented == set()


def test_the_page_of_errors_has_every_exit_code():
    page = (REFERENCE / "errors.md").read_text()
    assert re.findall(r"^\| ([0-9]+) \|", page, re.M) == ["0", "1", "2", "3", "4", "70", "130"]
