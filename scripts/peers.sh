#!/usr/bin/env bash
# Make sure that what the conflict benchmark is measured beside is here: PostgreSQL 15 with PostGIS.
# They are only installed: the benchmark starts a server of its own, and stops it.
set -euo pipefail
export PATH="$PATH:/usr/sbin:/usr/local/sbin"
missing=()
[ -x /usr/lib/postgresql/15/bin/initdb ] || missing+=(postgresql-15)
[ -e /usr/share/postgresql/15/extension/postgis.control ] || missing+=(postgresql-15-postgis-3)
[ "${#missing[@]}" = 0 ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "clearline: installing ${missing[*]} by apt-get" >&2
  # A package must not start a service of its own here: the benchmark starts its own.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    trap 'rm -f "$policy"' EXIT
  fi
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    "${missing[@]}" >/dev/null
else
  echo "clearline: the benchmark's peers need ${missing[*]}." >&2
  echo "Debian: sudo apt-get install ${missing[*]}" >&2
  exit 1
fi
