"""Recorder: one side's recording of one voice session, Ogg Opus, playable at any moment.

Two channels: left is what was said at our desk, right is what came from the counterpart's.
Each is coded alone: what is on one is by no sample a matter of the other.
Each page is written whole when it is full (five a second), by one call to the system, and
the file is made durable once a second: what a kill leaves on the disk is a file that plays,
up to a fifth of a second before. What was written is never gone back to.

It decides what is written when one side is late or silent: silence, so that both channels
keep the time. It never decides whether people may talk: a disk that is full ends the
recording and nothing else.

Source: RFC 3533 (Ogg), RFC 7845 (Opus in Ogg).
"""

from __future__ import annotations

import fcntl
import os
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Any

import av
import numpy as np

from clearline.voice.bounds import MAX_RECORDING_BYTES
from clearline.voice.recording import PART, Recorded

__all__ = ["FRAME", "RATE", "Recorder", "Samples"]

RATE = 48_000
"""Samples a second: Opus has no other."""
FRAME = 960
"""Samples of 20 ms."""
FRAME_MS = 20
PAGE_US = "200000"
BIT_RATE = 40_000
"""Of both channels together."""
DISCRETE = "255"
"""RFC 7845 section 5.1.1.3: a stream for each channel. In stereo, Opus codes what the two have
in common, and who speaks is heard faintly where the other one should be alone."""
LEFT_AND_RIGHT = 1
"""Section 5.1.1.2: the same two streams, said to be left and right. Players refuse what has no
place in the room, as channels of family 255 have none."""
_FAMILY_AT = 18
"""Where the header of an Opus stream says to which family its channels belong."""
LAG_FRAMES = 10
"""The recording is written so far behind the talk: what comes late still has its place."""
MAX_HELD = RATE
"""Samples of one side that wait to be written; a second, then the oldest are dropped."""

Samples = np.ndarray[tuple[int], np.dtype[np.int16]]


class _Page:
    """The file as the muxer sees it: bytes go to the disk as they come, and into the hash."""

    def __init__(self, path: Path) -> None:
        # Only its owner reads what was said.
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        # Held until this process is gone: whoever finds the file afterwards waits for that.
        fcntl.flock(self._fd, fcntl.LOCK_EX)
        self.digest = sha256()
        self.size = 0
        self._over = False

    def write(self, raw: bytes) -> int:
        if self._over:  # The muxer has a trailer left, and nobody to tell that it is too late.
            return len(raw)
        if self.size + len(raw) > MAX_RECORDING_BYTES:
            raise OSError(27, f"a recording has at most {MAX_RECORDING_BYTES} bytes")
        done = 0
        while done < len(raw):
            try:
                done += os.write(self._fd, raw[done:])
            except OSError:
                # Half a page is none: what is kept ends where the last whole one does.
                os.ftruncate(self._fd, self.size)
                raise
        self.digest.update(raw)
        self.size += len(raw)
        return len(raw)

    def sync(self) -> None:
        os.fsync(self._fd)

    def close(self) -> None:
        self._over = True
        os.close(self._fd)


class Recorder:
    """One file that is being written. Whatever it raises is an OSError of the disk's."""

    def __init__(self, path: Path, title: str) -> None:
        """Begin the file; `path` ends with PART."""
        self._path = path
        self._page = _Page(path)
        self._held: list[Samples] = [_none(), _none()]
        self._frames = 0
        options = {"page_duration": PAGE_US, "flush_packets": "1"}
        try:
            self._container: Any = av.open(self._page, "w", format="ogg", options=options)
            self._container.metadata["title"] = title
            self._stream: Any = self._container.add_stream("libopus", rate=RATE)
            self._stream.bit_rate = BIT_RATE
            self._stream.codec_context.layout = "stereo"
            self._stream.codec_context.options = {
                "application": "voip",
                "complexity": "5",
                "mapping_family": DISCRETE,
            }
            self._stream.codec_context.open()
            head = bytearray(self._stream.codec_context.extradata)
            head[_FAMILY_AT] = LEFT_AND_RIGHT
            self._stream.codec_context.extradata = bytes(head)
        except BaseException:
            self._page.close()
            raise

    @property
    def duration_ms(self) -> int:
        """Return how much of the talk has been handed to the file."""
        return self._frames * FRAME_MS

    def ours(self, samples: Samples) -> None:
        """Take in what was said here."""
        self._hold(0, samples)

    def theirs(self, samples: Samples) -> None:
        """Take in what came from the other side."""
        self._hold(1, samples)

    def write(self, elapsed_s: float) -> None:
        """Write what belongs to the first `elapsed_s` of the talk, less the lag."""
        due = int(elapsed_s * 1_000) // FRAME_MS - LAG_FRAMES
        while self._frames < due:
            self._write_frame()

    def sync(self) -> None:
        """Make durable what was written. It may take long: not for the thread that talks."""
        self._page.sync()

    def close(self, *, cut: bool = False) -> Recorded:
        """End the file, and return what it came to. Does not raise: a full disk cuts it."""
        try:
            if not cut:
                while any(len(held) for held in self._held):
                    self._write_frame()
                for packet in self._stream.encode(None):
                    self._container.mux(packet)
                self._container.close()
                self._page.sync()
        except OSError:
            cut = True
        self._page.close()
        return Recorded(
            file=self._path.name.removesuffix(PART),
            sha256=self._page.digest.hexdigest(),
            bytes=self._page.size,
            duration_ms=self.duration_ms,
            cut=cut,
        )

    def _hold(self, side: int, samples: Samples) -> None:
        self._held[side] = np.concatenate((self._held[side], samples))[-MAX_HELD:]

    def _write_frame(self) -> None:
        both = np.zeros((1, FRAME * 2), np.int16)
        for side in (0, 1):
            now, self._held[side] = self._held[side][:FRAME], self._held[side][FRAME:]
            both[0, side : 2 * len(now) : 2] = now
        frame = av.AudioFrame.from_ndarray(both, format="s16", layout="stereo")
        frame.sample_rate = RATE
        frame.time_base = Fraction(1, RATE)
        frame.pts = self._frames * FRAME
        self._frames += 1
        for packet in self._stream.encode(frame):
            self._container.mux(packet)


def _none() -> Samples:
    return np.zeros(0, np.int16)
