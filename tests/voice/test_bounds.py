"""What an SDP may hold before any library sees it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearline.basis.faults import Mistake
from clearline.voice.bounds import (
    MAX_CANDIDATES,
    MAX_SDP_BYTES,
    by_telephone,
    checked_sdp,
    with_telephone,
)

HOST = "a=candidate:1 1 udp 2130706431 192.0.2.7 50000 typ host"
LINES = (
    "v=0",
    "o=- 1 2 IN IP4 127.0.0.1",
    "s=-",
    "t=0 0",
    "m=audio 9 UDP/TLS/RTP/SAVPF 111",
    "c=IN IP4 0.0.0.0",
    "a=rtpmap:111 opus/48000/2",
    "a=fingerprint:sha-256 " + ":".join(["AB"] * 32),
    "a=setup:actpass",
    HOST,
)


def sdp(*lines: str) -> str:
    return "\r\n".join(lines) + "\r\n"


def test_one_section_of_opus_with_addresses_passes_as_it_is():
    assert checked_sdp(sdp(*LINES)) == sdp(*LINES)


@pytest.mark.parametrize(
    "left_out",
    [
        "a=candidate:2 1 udp 2113937151 3f2a.local 50000 typ host generation 0",
        "a=candidate:2 1 udp 2113937151 node.example 50000 typ host",
        "a=candidate:2 1 tcp 1518280447 192.0.2.7 9 typ host tcptype active",
        "a=candidate:2 1 udp 1677729535 192.0.2.7 50000 typ srflx raddr 0.0.0.0 rport 0",
        "a=candidate:2 1 udp 1677729535 192.0.2.7 50000 typ relay",
        "a=candidate:short",
    ],
)
def test_what_would_have_to_be_looked_up_or_goes_by_others_is_left_out(left_out: str):
    assert checked_sdp(sdp(*LINES, left_out)) == sdp(*LINES)


@pytest.mark.parametrize(
    "lines",
    [
        LINES[1:],
        (*LINES, "m=video 9 UDP/TLS/RTP/SAVPF 96"),
        (*LINES, "m=audio 9 UDP/TLS/RTP/SAVPF 111"),
        tuple(line for line in LINES if not line.startswith("m=")),
        tuple(line for line in LINES if "opus" not in line),
        tuple(line.replace("sha-256", "sha-1") for line in LINES),
        (*LINES, *[HOST] * MAX_CANDIDATES),
        (*LINES, "a=x:" + "y" * MAX_SDP_BYTES),
        (*LINES, *["a=x"] * 200),
        (*LINES, "a=\x00"),
        (*LINES, "a=é"),
    ],
)
def test_anything_else_is_a_mistake_with_a_sentence(lines: tuple[str, ...]):
    with pytest.raises(Mistake) as refused:
        checked_sdp(sdp(*lines))
    assert refused.value.code == "bad_sdp"
    assert refused.value.phrase.endswith(".")


@given(st.text() | st.lists(st.sampled_from([*LINES, "m=audio", "a=candidate:", ""])).map(tuple))
def test_whatever_comes_is_passed_or_refused_and_nothing_else(given_: str | tuple[str, ...]):
    text = given_ if isinstance(given_, str) else sdp(*given_)
    try:
        passed = checked_sdp(text)
    except Mistake:
        return
    assert passed.count("m=audio") == 1


def test_an_sdp_says_that_somebody_talks_by_telephone_and_is_otherwise_as_it_was():
    plain = sdp(*LINES)
    said = with_telephone(plain)
    assert not by_telephone(plain)
    assert by_telephone(checked_sdp(said))
    assert said.replace("i=telephone\r\n", "") == plain
    lines = said.splitlines()
    assert lines[lines.index("i=telephone") - 1].startswith("m=audio ")
