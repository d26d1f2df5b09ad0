"""State: a snapshot is all of it, or it is not read."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearline.core.state import State
from tests.core.counterpart import FLASH, Counterpart, notice_body
from tests.kit import declare


@pytest.fixture(scope="module")
def packed() -> bytes:
    line = Counterpart()
    line.node.do(declare(), line.now)
    line.says("notice.declared", notice_body(line.now))
    line.says("call.opened", FLASH)
    line.says("test.sent", {})
    return line.state.pack()


def test_what_is_unpacked_packs_to_the_same_bytes(packed):
    assert State.unpack(packed).pack() == packed


def test_an_empty_state_is_a_state():
    assert State.unpack(State().pack()).pack() == State().pack()


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_a_snapshot_cut_short_is_not_read(packed, data):
    end = data.draw(st.integers(0, len(packed) - 1))
    assert State.unpack(packed[:end]) is None


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=100))
def test_bytes_that_are_no_snapshot_are_not_read(raw):
    assert State.unpack(raw) is None


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_damaged_snapshot_never_raises(packed, data):
    at = data.draw(st.integers(0, len(packed) - 1))
    damaged = bytearray(packed)
    damaged[at] ^= 1 << data.draw(st.integers(0, 7))
    State.unpack(bytes(damaged))
