#!/usr/bin/env bash
# Install Debian packages for the tests or the benchmarks: apt.sh WHO PACKAGE...
# They are only installed, and start nothing: whoever needs a server starts one and stops it.
set -euo pipefail
who=$1
shift
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "clearline: installing $* by apt-get" >&2
  # A package must not start a service of its own here.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    trap 'rm -f "$policy"' EXIT
  fi
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
else
  echo "clearline: $who need $*." >&2
  echo "Debian: sudo apt-get install $*" >&2
  exit 1
fi
