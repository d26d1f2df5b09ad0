#!/usr/bin/env bash
# Make sure that the other ends of the channels are here for the tests: a telephone (SIPp), a
# softphone (baresip), a broker (mosquitto), a chat server (prosody) and a voice (espeak-ng).
# They are only installed: each test starts what it needs, on loopback, and stops it.
set -euo pipefail
export PATH="$PATH:/usr/sbin:/usr/local/sbin"
missing=()
need() { command -v "$1" >/dev/null 2>&1 || missing+=("$2"); }
need sipp sip-tester
need baresip baresip
need mosquitto mosquitto
need prosody prosody
need espeak-ng espeak-ng
[ "${#missing[@]}" = 0 ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "clearline: installing ${missing[*]} by apt-get" >&2
  # A package must not start a service of its own here: the tests start theirs.
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
  echo "clearline: the tests need ${missing[*]}." >&2
  echo "Debian: sudo apt-get install ${missing[*]}" >&2
  exit 1
fi
