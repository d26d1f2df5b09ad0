"""The fuzzing itself: `python -m tests.fuzz.one SECONDS RUNS FOLDER NAME...`.

Each parser is fuzzed for so many seconds, or runs if that is sooner (-1: as many as there is
time for). What is fuzzed is imported once, and each has a copy of this process, since importing
takes longer than a brief run. After each, its name and exit code are printed.

`python -m tests.fuzz.one NAME FILE...` checks files once, without the fuzzer.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from tests.fuzz.mutation import json_change
from tests.fuzz.parser import Parser

GRACE_S = 60
"""What reading the seeds and one slow input may take besides; then a run is ended."""


def main() -> None:
    """Fuzz, or check what was kept."""
    first, *rest = sys.argv[1:]
    if first.isdigit():
        _fuzz_each(int(first), int(rest[0]), Path(rest[1]), rest[2:])
        return
    from tests.fuzz.table import PARSERS  # noqa: PLC0415 - the fuzzer imports it its own way

    for each in rest:
        PARSERS[first].check(Path(each).read_bytes())
        print(f"{first}: {each} holds")


def _fuzz_each(seconds: int, runs: int, folder: Path, names: list[str]) -> None:
    import atheris  # noqa: PLC0415 - it is for Linux; kept inputs are checked anywhere

    with atheris.instrument_imports(include=["clearline"], enable_loader_override=False):
        from tests.fuzz.table import PARSERS  # noqa: PLC0415 - instrumented as it is imported
    for name in names:
        place = folder / name
        place.mkdir(parents=True, exist_ok=True)
        pid = os.fork()
        if pid == 0:
            _fuzz(PARSERS[name], seconds, runs, place)
            os._exit(0)
        print(name, _ended(pid, seconds + GRACE_S), flush=True)


def _ended(pid: int, within_s: int) -> int:
    """Return the exit code of a child, which is ended if it takes longer."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _fuzz(parser: Parser, seconds: int, runs: int, place: Path) -> None:
    """Fuzz one parser, in a process of its own; libFuzzer ends it, and says all in its log."""
    import atheris  # noqa: PLC0415 - as above

    log = os.open(place / "log.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)
    given = [seed for seed in parser.seeds() if len(seed) <= parser.max_bytes]

    def by_bytes(raw: bytes, most: int) -> bytes:
        # Looked up late: fuzzing puts another function in its place.
        return atheris.Mutate(raw, most)

    changes = {"custom_mutator": json_change(given, by_bytes)} if parser.is_json else {}
    options = [f"-max_total_time={seconds}", f"-runs={runs}", *_options(parser, given, place)]
    atheris.Setup([sys.argv[0], *options], parser.check, **changes)
    atheris.Fuzz()


def _options(parser: Parser, given: list[bytes], place: Path) -> list[str]:
    seeds, corpus, words = place / "seeds", place / "corpus", place / "words.txt"
    for each in (seeds, corpus):
        each.mkdir(exist_ok=True)
    for number, seed in enumerate(given):
        (seeds / f"{number:04d}").write_bytes(seed)
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in parser.words))
    return [
        f"-artifact_prefix={place}/",
        f"-max_len={parser.max_bytes}",
        "-timeout=10",
        "-rss_limit_mb=2048",
        "-print_final_stats=1",
        *([f"-dict={words}"] if parser.words else []),
        str(corpus),
        str(seeds),
    ]


def _escaped(word: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word.encode())


if __name__ == "__main__":
    main()
