#!/usr/bin/env bash
# Make sure that what the conflict benchmark is measured beside is here: PostgreSQL 15 with PostGIS.
# They are only installed: the benchmark starts a server of its own, and stops it.
set -euo pipefail
export PATH="$PATH:/usr/sbin:/usr/local/sbin"
missing=()
[ -x /usr/lib/postgresql/15/bin/initdb ] || missing+=(postgresql-15)
[ -e /usr/share/postgresql/15/extension/postgis.control ] || missing+=(postgresql-15-postgis-3)
[ "${#missing[@]}" = 0 ] && exit 0
"$(dirname "$0")/apt.sh" "the benchmark's peers" "${missing[@]}"
