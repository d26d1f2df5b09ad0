#!/usr/bin/env bash
# Fetch the real flights that `python -m bench.day` screens: the samples of the package
# `traffic` (MIT), as files alone. None of its code is run and none of its dependencies needed.
set -euo pipefail
cd "$(dirname "$0")/.."
into=.venv/samples
[ -d "$into/traffic/data/samples/collections" ] && exit 0
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps \
  --require-hashes --no-compile --target "$into" -r scripts/samples.txt
