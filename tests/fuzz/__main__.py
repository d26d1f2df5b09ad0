"""`python -m tests.fuzz [--seconds=N] [NAME ...]`: fuzz each parser, or those named.

Exit code: 0 if nothing was found, or the fuzzer is not there; 1 if something was found.
"""

from __future__ import annotations

import argparse
import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from tests.fuzz.parser import ROOT
from tests.fuzz.table import PARSERS

FOLDER = ROOT / ".fuzz"
_RUNS = re.compile(r"stat::number_of_executed_units:\s*(\d+)")
_DONE = re.compile(r"Done (\d+) runs")
_SO_FAR = re.compile(r"^#(\d+)\s", re.MULTILINE)
_REMAINS = ("crash-", "timeout-", "oom-", "leak-")


class Found(Struct, frozen=True, kw_only=True):
    """What became of one run."""

    runs: int
    crashes: tuple[Path, ...]
    """The inputs that were kept: whatever a run leaves, it was one of these that ended it."""
    failed: bool
    said: str


def why_not() -> str | None:
    """Return why there is no fuzzing here, or None if there is."""
    if importlib.util.find_spec("atheris") is None:
        return (
            f"atheris is not installed ({sys.platform}): it is for Linux; "
            "install the group `fuzz`. Nothing was fuzzed."
        )
    return None


def fuzz(
    names: Sequence[str], seconds: int, folder: Path = FOLDER, *, most_runs: int = -1
) -> Iterator[tuple[str, Found]]:
    """Fuzz parsers one after another; their inputs, and what was found, stay in the folder."""
    before = {name: _kept(folder / name) for name in names}
    command = [sys.executable, "-m", "tests.fuzz.one", str(seconds), str(most_runs), str(folder)]
    folder.mkdir(parents=True, exist_ok=True)
    ended = 0
    with (
        (folder / "fuzzer.txt").open("w+", encoding="utf-8") as told,
        subprocess.Popen(
            [*command, *names], cwd=ROOT, stdout=subprocess.PIPE, stderr=told, text=True
        ) as run,
    ):
        assert run.stdout is not None
        for line in run.stdout:
            name, code = line.split()
            ended += 1
            yield name, _found(folder / name, int(code), before[name])
        if ended < len(names):
            told.seek(0)
            raise RuntimeError(f"the fuzzer ended before {names[ended]}: {told.read()[-3_000:]}")


def _found(place: Path, code: int, before: set[Path]) -> Found:
    said = (place / "log.txt").read_text(encoding="utf-8", errors="replace")
    runs = _RUNS.findall(said) or _DONE.findall(said) or _SO_FAR.findall(said) or ["0"]
    return Found(
        runs=int(runs[-1]),
        crashes=tuple(sorted(_kept(place) - before)),
        failed=code != 0,
        said=said,
    )


def _kept(place: Path) -> set[Path]:
    return {path for path in place.glob("*-*") if path.name.startswith(_REMAINS)}


def main() -> int:
    """Run each parser in turn and say what was found."""
    asked = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    asked.add_argument("--seconds", type=int, default=10, help="for each parser; 10")
    asked.add_argument("names", nargs="*", metavar="NAME", help=", ".join(PARSERS))
    given = asked.parse_args()
    unknown = set(given.names) - set(PARSERS)
    if unknown:
        asked.error(f"no parser is called {', '.join(sorted(unknown))}")
    why = why_not()
    if why is not None:
        print(why)
        return 0
    failed = False
    for name, found in fuzz(given.names or list(PARSERS), given.seconds):
        failed |= found.failed
        print(f"{name:10} {found.runs:>10,} runs  {'FOUND' if found.failed else 'ok'}", flush=True)
        if found.failed:
            print(_indented(found))
    return 1 if failed else 0


def _indented(found: Found) -> str:
    lines = [line for line in found.said.splitlines() if "INFO:" not in line]
    start = next((at for at, line in enumerate(lines) if "Uncaught Python" in line), -25)
    kept = [f"kept: {path.relative_to(ROOT)}" for path in found.crashes]
    return "\n".join(f"    {line[:300]}" for line in [*lines[start:][:40], *kept])


if __name__ == "__main__":
    sys.exit(main())
