#!/usr/bin/env bash
# Make sure that there is a Chromium for the tests of the console.
set -euo pipefail
for candidate in chromium chromium-browser google-chrome; do
  command -v "$candidate" >/dev/null 2>&1 && exit 0
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "clearline: installing chromium by apt-get" >&2
  apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null
else
  echo "clearline: the tests need Chromium. Debian: sudo apt-get install chromium" >&2
  exit 1
fi
