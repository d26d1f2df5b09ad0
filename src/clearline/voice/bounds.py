"""Bounds: what a counterpart, or a browser, may make voice cost, and what an SDP may hold.

Every limit has its name and its figure here, and the same in protocol/11-voice.md. An SDP is
looked at line by line before any library sees it: one section of audio, Opus, DTLS with
SHA-256, candidates that are addresses of this kind of socket and nothing to look up.

Source: protocol/11-voice.md; RFC 8866 (SDP), RFC 8839 (ICE in SDP), RFC 8122 (fingerprints).
"""

from __future__ import annotations

import re
from ipaddress import ip_address

from clearline.basis.faults import Mistake

__all__ = ["by_telephone", "checked_sdp", "with_telephone"]

MAX_SDP_BYTES = 8_192
"""A browser's offer of one section of audio has about 3,000."""
MAX_SDP_LINES = 200
MAX_CANDIDATES = 16
"""Of one SDP: each makes us send checks to an address that the other side chose."""
MAX_SESSIONS = 8
"""Of one node at once."""
MAX_SESSIONS_OF_LINK = 4
MAX_SESSION_MS = 4 * 3_600_000
"""Then it is ended; the officers may begin another."""
MAX_PACKETS_PER_S = 250
"""Media packets of one leg: Opus has 50 a second as it is used here, 100 at the most usual."""
FLOOD_S = 3
"""A leg that is over the limit for so many seconds on end is cut."""
CONNECT_S = 10.0
"""A leg that has not come about by then is lost."""
ALONE_S = 60.0
"""A session without an officer of ours at it is ended after so long."""
MAX_TELEPHONES = 4
"""Telephones of ours in one session at once."""
TELEPHONE_JOIN_S = 15.0
"""A telephone whose call is not handed over by then is lost: it is told first to stay."""
TELEPHONE_DEAF_S = 60.0
"""A telephone from which nothing has come for so long is gone, though nobody has hung up."""
MAX_TELEPHONE_PACKET_BYTES = 4_096
MAX_RECORDING_BYTES = 128 << 20
"""Four hours have about 60 MB. A recording that comes to this ends, and the talk goes on."""

_FINGERPRINT = re.compile(r"a=fingerprint:sha-256 [0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){31}", re.I)
_TELEPHONE = "i=telephone"
"""What RFC 8866, section 5.4, has for people to read about a section: how it is talked here."""
_PRINTED = re.compile(r"[\x20-\x7e]*")


def checked_sdp(sdp: str) -> str:
    """Return an SDP without the candidates that we would have to look up.

    Raises Mistake `bad_sdp` unless it is one section of audio with Opus over DTLS, whose
    candidates are addresses. A browser hides its addresses behind names of mDNS until it may
    use the microphone; those lines are left out: it finds us by ours.
    """
    if len(sdp.encode()) > MAX_SDP_BYTES:
        raise Mistake("bad_sdp", f"An SDP has at most {MAX_SDP_BYTES} bytes.")
    lines = sdp.replace("\r\n", "\n").rstrip("\n").split("\n")
    if len(lines) > MAX_SDP_LINES or not all(_PRINTED.fullmatch(line) for line in lines):
        raise Mistake("bad_sdp", f"An SDP is at most {MAX_SDP_LINES} lines of ASCII.")
    if lines[0] != "v=0":
        raise Mistake("bad_sdp", "An SDP begins with v=0.")
    sections = [line for line in lines if line.startswith("m=")]
    if len(sections) != 1 or not sections[0].startswith("m=audio "):
        raise Mistake("bad_sdp", "Voice is one section of audio, and nothing else.")
    prints = [line for line in lines if line.startswith("a=fingerprint:")]
    if not any(_FINGERPRINT.fullmatch(line) for line in prints):
        raise Mistake("bad_sdp", "There is no SHA-256 fingerprint of a certificate in it.")
    if not any(re.match(r"a=rtpmap:\d+ opus/48000/2", line, re.I) for line in lines):
        raise Mistake("bad_sdp", "Voice is Opus at 48,000 samples a second.")
    kept = [line for line in lines if not _is_named(line)]
    if sum(line.startswith("a=candidate:") for line in kept) > MAX_CANDIDATES:
        raise Mistake("bad_sdp", f"An SDP has at most {MAX_CANDIDATES} candidates.")
    return "\r\n".join(kept) + "\r\n"


def with_telephone(sdp: str) -> str:
    """Return an SDP of ours that says that somebody of ours talks by telephone."""
    return re.sub(r"^(m=audio [^\r\n]*)(\r?\n)", rf"\1\2{_TELEPHONE}\2", sdp, count=1, flags=re.M)


def by_telephone(sdp: str) -> bool:
    """Return whether an SDP says that somebody talks by telephone at its end."""
    return _TELEPHONE in sdp.splitlines()


def _is_named(line: str) -> bool:
    """Return whether a line is a candidate that is no UDP address of a host."""
    if not line.startswith("a=candidate:"):
        return False
    parts = line.removeprefix("a=candidate:").split()
    if len(parts) < 8 or parts[2].lower() != "udp" or parts[7] != "host":
        return True
    try:
        ip_address(parts[4])
    except ValueError:
        return True
    return False
