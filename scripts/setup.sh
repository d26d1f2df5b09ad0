#!/usr/bin/env bash
# Make the project's own environment in .venv. Nothing is installed outside this folder.
# Needs Python 3.11 or later and a network that reaches a package registry.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'clearline: %s\n' "$*" >&2; }

python=""
for candidate in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11; do
  if [ -n "$candidate" ] && command -v "$candidate" >/dev/null 2>&1 &&
    "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    python=$(command -v "$candidate")
    break
  fi
done
if [ -z "$python" ]; then
  say "Python 3.11 or later is needed and none was found."
  say "Debian: sudo apt-get install python3 python3-venv    macOS: brew install python@3.12"
  exit 1
fi

if [ ! -x .uv/bin/uv ]; then
  say "installing uv into .uv"
  if ! "$python" -m venv .uv 2>/dev/null; then
    rm -rf .uv
    if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
      say "installing python3-venv by apt-get"
      apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null
      "$python" -m venv .uv
    else
      say "this Python has no venv. Debian: sudo apt-get install python3-venv"
      exit 1
    fi
  fi
  .uv/bin/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9'
fi

export UV_PYTHON_DOWNLOADS=never UV_PYTHON="$python"
[ -x .venv/bin/python ] || .uv/bin/uv venv --quiet --seed .venv
say "installing the pinned packages into .venv"
.uv/bin/uv pip install --quiet --python .venv/bin/python --require-hashes -r requirements.lock
# The page is built here, with this environment's own Node if the machine has none, rather
# than in an environment that the builder would make for it.
CLEARLINE_NO_PAGE=1 .uv/bin/uv pip install --quiet --python .venv/bin/python --no-deps --editable .
if [ "${CLEARLINE_NO_PAGE:-}" = "" ]; then
  say "building the console's page"
  .venv/bin/python hatch_build.py || say "the console is not there until its page is built"
fi
# The independent implementation that our tree and notes are checked against runs on 3.11
# but declares 3.12: see docs/adr/0017.
if [ "${CLEARLINE_NO_DEV:-}" = "" ]; then
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps \
    --ignore-requires-python --require-hashes -r scripts/aics-tlog.txt
fi
say "ready: .venv/bin/clearline --help"
