"""Speech: what a telephone says, as files of 8 kHz, mono, 16 bits.

What the party has recorded is used first: a folder a language, a file a piece (`4.wav`,
`press.wav`). The rest is spoken by espeak-ng, in a process of its own, with a limit on the
text and on the time; text reaches it on its standard input and never through a shell. Digits
are spoken one by one. Pieces are kept, so that fifty telephones are told by the work of one.

If nothing can speak, a telephone rings all the same and hears a bell: the text is on every
screen. The bell never tells the code, for whoever has heard a bell alone has heard no call.
"""

from __future__ import annotations

import asyncio
import math
import re
import secrets
import shutil
import tempfile
import wave
from array import array
from collections import OrderedDict
from contextlib import suppress
from hashlib import sha256
from itertools import chain
from pathlib import Path

import structlog
from msgspec import Struct

from clearline.channels.phone.words import VOICES, WORDS, Words
from clearline.node.ports import Page

__all__ = ["MAX_TEXT", "Sound", "Speech", "Spoken"]

RATE = 8_000
MAX_TEXT = 1_500
"""Characters of a message that are spoken; the rest is on the screens."""
SPEAK_S = 10.0
AT_ONCE = 2
"""Programs that speak at once."""
MAX_PIECES = 500
MAX_RECORDING_S = 60
SPEED_WPM = "140"
BELL_HZ = (880, 660)
BELL_S = 0.4
GAP_S = 0.35


class Sound(Struct, frozen=True):
    """A file to play, and how long it is."""

    path: Path
    length_s: float


class Spoken(Struct, frozen=True, kw_only=True):
    """All that one page says; None where nothing can say it."""

    message: Sound | None
    wrong: Sound | None
    enough: Sound | None
    noted: Sound | None
    stay: Sound | None


class Speech:
    """The voice of one node."""

    def __init__(self, recordings: Path | None, program: str = "espeak-ng") -> None:
        self._recordings = recordings
        self._program = program
        self._folder = Path(tempfile.mkdtemp(prefix="clearline-speech-"))
        self._pieces: OrderedDict[tuple[str, str, str], asyncio.Task[bytes]] = OrderedDict()
        self._room = asyncio.Semaphore(AT_ONCE)
        self._log = structlog.stdlib.get_logger("phone")

    @property
    def bell(self) -> Sound:
        """Return what is heard while nothing else can be."""
        return self._written(_BELL)

    async def close(self) -> None:
        """Stop speaking, and delete every file."""
        for task in self._pieces.values():
            task.cancel()
        await asyncio.gather(*self._pieces.values(), return_exceptions=True)
        shutil.rmtree(self._folder, ignore_errors=True)

    def fault(self) -> str | None:
        """Return why nothing but what was recorded can be said; None if all can."""
        if shutil.which(self._program):
            return None
        return f"{self._program} is not installed: a telephone rings, and only a bell is heard."

    async def of(self, page: Page) -> Spoken:
        """Return what a page says, in its language; never raises for what cannot be said."""
        language = page.language
        words = WORDS.get(language) or WORDS["en"]
        message, wrong, enough, noted, stay = await asyncio.gather(
            self._message(page, words),
            self._piece(language, "wrong", words.wrong),
            self._piece(language, "enough", words.enough),
            self._piece(language, "noted", words.noted),
            self._piece(language, "stay", words.stay),
        )
        return Spoken(
            message=self._sound(message, secrets.token_hex(16)),
            wrong=self._sound(wrong),
            enough=self._sound(enough),
            noted=self._sound(noted),
            stay=self._sound(stay),
        )

    def forget(self, spoken: Spoken) -> None:
        """Delete what one page alone has said; sentences that all say are kept."""
        if spoken.message:
            spoken.message.path.unlink(missing_ok=True)

    async def _message(self, page: Page, words: Words) -> bytes:
        language = page.language
        text = spelt(" ".join(_ending(line) for line in page.text)[:MAX_TEXT])
        wanted = [
            *([self._piece(language, "drill", words.drill)] if page.drill else []),
            self._piece(language, "opening", words.opening),
            self._piece(language, page.precedence.value, words.precedence[page.precedence]),
            self._piece(language, "", text),
            self._piece(language, "press", words.press),
            *(self._piece(language, digit, digit) for digit in page.code),
        ]
        pieces = await asyncio.gather(*wanted)
        # A code without the text that it acknowledges is not told.
        if not all(pieces):
            return b""
        gap = bytes(2 * int(GAP_S * RATE))
        return gap.join(pieces) + gap

    def _sound(self, samples: bytes, name: str = "") -> Sound | None:
        if not samples:
            return None
        sound = self._written(samples, name)
        return sound if sound.path.exists() else None

    def _written(self, samples: bytes, name: str = "") -> Sound:
        """Return a file of what is said; it is not there if it cannot be written."""
        path = self._here() / f"{name or sha256(samples).hexdigest()}.wav"
        if not path.exists():
            try:
                with path.open("wb") as raw, wave.open(raw, "wb") as file:
                    file.setnchannels(1)
                    file.setsampwidth(2)
                    file.setframerate(RATE)
                    file.writeframes(samples)
            except OSError as error:
                path.unlink(missing_ok=True)
                self._log.error("phone_cannot_say", piece=name, error=str(error))
        return Sound(path, len(samples) / 2 / RATE)

    def _here(self) -> Path:
        """Return the folder; another if a machine that clears what is old has taken it."""
        if not self._folder.is_dir():
            with suppress(OSError):
                self._folder = Path(tempfile.mkdtemp(prefix="clearline-speech-"))
        return self._folder

    async def _piece(self, language: str, name: str, text: str) -> bytes:
        key = (language, name, text)
        task = self._pieces.get(key)
        if task is None:
            task = self._pieces[key] = asyncio.create_task(self._made(language, name, text))
            if len(self._pieces) > MAX_PIECES:
                self._pieces.popitem(last=False)
        self._pieces.move_to_end(key)
        samples = await asyncio.shield(task)
        if not samples:  # It may be possible the next time.
            self._pieces.pop(key, None)
        return samples

    async def _made(self, language: str, name: str, text: str) -> bytes:
        recorded = self._recorded(language, name)
        if recorded is not None:
            try:
                return await asyncio.to_thread(_samples, recorded)
            except (OSError, ValueError) as error:
                # A recording that cannot be used is spoken instead: the code must be heard.
                self._log.error("phone_recording_unusable", file=str(recorded), error=str(error))
        try:
            return await self._spoken(language, text)
        except (OSError, TimeoutError, ValueError) as error:
            self._log.error("phone_cannot_say", piece=name, language=language, error=str(error))
            return b""

    def _recorded(self, language: str, name: str) -> Path | None:
        if self._recordings is None or not name:
            return None
        path = self._recordings / language / f"{name}.wav"
        return path if path.is_file() else None

    async def _spoken(self, language: str, text: str) -> bytes:
        async with self._room:
            with tempfile.NamedTemporaryFile(dir=self._here(), suffix=".wav") as file:
                process = await asyncio.create_subprocess_exec(
                    self._program, "-v", VOICES.get(language, language), "-s", SPEED_WPM,
                    "-w", file.name, "--stdin", stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
                )  # fmt: skip
                try:
                    await asyncio.wait_for(process.communicate(text.encode()), SPEAK_S)
                finally:
                    if process.returncode is None:
                        process.kill()
                        await process.wait()
                if process.returncode:
                    raise ValueError(f"{self._program} ended with {process.returncode}")
                return await asyncio.to_thread(_samples, Path(file.name))


def spelt(text: str) -> str:
    """Return a text with its digits apart, so that each is spoken by itself."""
    return re.sub(r"(?<=\d)(?=\d)", " ", text)


def _ending(line: str) -> str:
    line = line.strip()
    return line if line.endswith((".", "!", "?", "。", "؟")) else f"{line}."


def _samples(path: Path) -> bytes:
    """Return a recording at 8 kHz, mono, 16 bits, whatever it was made in."""
    import av  # noqa: PLC0415 - large, and a node without telephones has no use for it
    from av.error import FFmpegError  # noqa: PLC0415

    made = bytearray()
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    try:
        with av.open(str(path)) as file:
            if not file.streams.audio:
                raise ValueError(f"{path}: there is no sound in it")
            for frame in chain(file.decode(audio=0), (None,)):
                for each in resampler.resample(frame):
                    made += bytes(each.planes[0])[: each.samples * 2]
                if len(made) > 2 * RATE * MAX_RECORDING_S:
                    break
    except FFmpegError as error:
        raise ValueError(f"{path}: {error}") from error
    return bytes(made)


def _bell() -> bytes:
    tones = array("h")
    for _ in range(2):
        for hertz in BELL_HZ:
            tones.extend(
                int(9_000 * math.sin(2 * math.pi * hertz * at / RATE))
                for at in range(int(BELL_S * RATE))
            )
    return tones.tobytes()


_BELL = _bell()
