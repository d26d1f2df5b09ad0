"""Run every benchmark, one after the other, each in a process of its own; keep the figures.

python -m bench [NAME ...]     writes bench/results/NAME.json as measured
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from bench import table

NAMES = (
    "flash", "link", "restart", "verify", "drill", "memory", "console",
    "ladder", "phone", "voice", "study", "roster",
    "day", "conflict", "screen", "preview", "declare", "bulk", "recheck", "tracks",
)  # fmt: skip
MORE = {"conflict": ("--peers", "1", "--plot", "1")}
"""What the kept figures of a benchmark are measured with, beside its defaults."""
RESULTS = Path(__file__).parent / "results"


def main() -> int:
    """Run the benchmarks named on the command line, or all; return 1 if one did not finish."""
    RESULTS.mkdir(exist_ok=True)
    failed = 0
    for name in sys.argv[1:] or NAMES:
        print(f"bench.{name} ...", flush=True)
        done = subprocess.run(
            [sys.executable, "-m", f"bench.{name}", "--json", *MORE.get(name, ())],
            capture_output=True,
            check=False,
        )
        if done.returncode != 0:
            print(done.stderr.decode(), file=sys.stderr)
            failed += 1
            continue
        found = json.loads(done.stdout.splitlines()[-1])
        (RESULTS / f"{name}.json").write_text(json.dumps(found, indent=2) + "\n")
        print(json.dumps({k: v for k, v in found.items() if k != "machine"}), flush=True)
    table.write()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
