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
"$(dirname "$0")/apt.sh" "the tests" "${missing[@]}"
