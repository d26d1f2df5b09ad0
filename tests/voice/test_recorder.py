"""The recorder: what is on the disk plays at any moment, keeps time, and ends at a page."""

from __future__ import annotations

import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clearline.voice.recorder import FRAME, RATE, Recorder
from clearline.voice.recording import recover
from tests.voice.sound import LOUD, channels, tones


def said(hertz: int, seconds: float) -> np.ndarray:
    return (LOUD * np.sin(2 * np.pi * hertz * np.arange(int(seconds * RATE)) / RATE)).astype("<i2")


def filled(path: Path, seconds: int = 4) -> Recorder:
    """Return a recorder that has heard 1,000 Hz here and 1,500 Hz there for so long."""
    made = Recorder(path, "a test")
    for second in range(seconds):
        made.ours(said(1_000, 1))
        made.theirs(said(1_500, 1))
        made.write(second + 1.2)
    return made


def test_each_side_has_its_channel_and_the_hash_is_that_of_the_file(tmp_path: Path):
    path = tmp_path / "a.opus.part"
    done = filled(path).close()
    assert tones(path) == ({1_000}, {1_500})
    assert done.sha256 == sha256(path.read_bytes()).hexdigest()
    assert (done.file, done.bytes, done.cut) == ("a.opus", path.stat().st_size, False)
    assert done.duration_ms == 4_000
    assert abs(len(channels(path)[0]) - 4 * RATE) <= FRAME


def test_who_is_late_or_silent_has_silence_and_both_keep_the_time(tmp_path: Path):
    path = tmp_path / "a.opus.part"
    made = Recorder(path, "a test")
    made.ours(said(1_000, 1))
    made.write(2.2)
    made.theirs(said(1_500, 1))
    made.write(3.2)
    made.close()
    ours, theirs = channels(path)
    for side, first, then in ((ours, 1, 0), (theirs, 0, 1)):
        loud = [np.abs(side[n * RATE + 5_000 : (n + 1) * RATE - 5_000]).max() > LOUD / 2
                for n in (0, 2)]  # fmt: skip
        assert loud == [bool(first), bool(then)]


def test_what_one_side_says_changes_no_sample_of_the_others_channel(tmp_path: Path):
    """Who said what is never a question: in stereo the two would be coded together."""
    right = []
    for name, volume in (("silent.opus.part", 0), ("loud.opus.part", 1)):
        made = Recorder(tmp_path / name, "a test")
        for turn in range(8):  # Ours in bursts of a third of a second, as a late machine has them.
            made.ours(said(1_000, 0.35) * volume)
            made.theirs(said(1_500, 0.5) * (turn % 3 > 0))
            made.write(0.5 * (turn + 1) + 0.2)
        made.close()
        right.append(channels(tmp_path / name)[1])
    assert np.abs(right[0]).max() > LOUD / 2
    assert np.array_equal(*right)


def test_any_player_knows_left_and_right(tmp_path: Path):
    """RFC 7845 section 5.1.1: family 1, two streams, none coupled; others do not open elsewhere."""
    path = tmp_path / "a.opus.part"
    filled(path, seconds=1).close()
    raw = path.read_bytes()
    head = raw[raw.index(b"OpusHead") :]
    assert head[18:23] == bytes([1, 2, 0, 0, 1])


@given(st.integers(min_value=0, max_value=3_000))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_wherever_it_was_torn_off_what_is_left_is_whole_pages_and_plays(torn: int):
    raw = _whole()
    path = Path("/tmp") / f"clearline-torn-{torn}.opus.part"
    path.write_bytes(raw[: len(raw) - torn])
    try:
        found = recover(path)
        assert found.cut
        assert found.bytes == path.stat().st_size <= len(raw) - torn
        assert found.sha256 == sha256(path.read_bytes()).hexdigest()
        played_ms = len(channels(path)[0]) * 1_000 // RATE
        assert 0 <= found.duration_ms - played_ms <= 20, (found, played_ms)
        assert played_ms >= 3_000
    finally:
        path.unlink()


_kept: list[bytes] = []


def _whole() -> bytes:
    if not _kept:
        path = Path("/tmp") / "clearline-whole.opus.part"
        path.unlink(missing_ok=True)
        filled(path).close()
        _kept.append(path.read_bytes())
        path.unlink()
    return _kept[0]


FULL = """
import resource, sys
from pathlib import Path
from tests.voice.test_recorder import filled
resource.setrlimit(resource.RLIMIT_FSIZE, (12_000, 12_000))
try:
    filled(Path(sys.argv[1]), 60)
except OSError as error:
    print(error.strerror)
"""


def test_a_disk_that_is_full_is_an_error_of_the_disks_and_leaves_whole_pages(tmp_path: Path):
    path = tmp_path / "a.opus.part"
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(path)], capture_output=True, text=True, check=True
    )
    assert "large" in done.stdout
    size = path.stat().st_size
    assert 10_000 < size <= 12_000
    assert recover(path).bytes == size
    assert tones(path) == ({1_000}, {1_500})


def test_a_recording_is_its_owners_alone_and_never_over_another(tmp_path: Path):
    path = tmp_path / "a.opus.part"
    filled(path, 1).close()
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        Recorder(path, "again")


def test_what_ends_for_want_of_room_says_that_it_was_cut(tmp_path: Path):
    made = filled(tmp_path / "a.opus.part", 2)
    done = made.close(cut=True)
    assert done.cut
    assert done.sha256 == sha256((tmp_path / "a.opus.part").read_bytes()).hexdigest()
