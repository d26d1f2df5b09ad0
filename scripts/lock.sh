#!/usr/bin/env bash
# Pin every dependency with its hashes. The lock names no host, so that a closed network's
# own mirror serves it as well as the public one does.
set -euo pipefail
cd "$(dirname "$0")/.."
uv=.uv/bin/uv
[ -x "$uv" ] || uv=$(command -v uv)
"$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
  --all-extras --group dev --group fuzz \
  --custom-compile-command "make lock" --output-file requirements.lock pyproject.toml
