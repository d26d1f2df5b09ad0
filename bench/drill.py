"""The acceptance drill over many nights, timed: `python -m bench.drill --json`.

Writes nothing unless `--out` names a file.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from clearline import drills

NAME = "deir-ez-zor-2016"


def main() -> int:
    """Run the drill and print what it came to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nights", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    report = drills.run(NAME, asked.seed, asked.nights, asked.workers)
    said = report.to_json()
    del said["criteria"]  # Each is there by its name.
    result = said | {
        "answered_by": report.answered_by,
        "workers": asked.workers,
        "wall_s": round(report.wall_s, 2),
        "nights_per_s": round(asked.nights / report.wall_s, 1),
        "times_under_historic_at_p99": round(report.historic_s / report.reach.p99, 1),
    }
    text = json.dumps(result, indent=None if asked.json else 2)
    print(text)
    if asked.out is not None:
        asked.out.write_text(text + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
