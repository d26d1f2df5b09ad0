"""The tables of phrases, as the reference shows them: made from the phrases, never by hand.

It decides one sample of each phrase, and the layout of `docs/reference/phrasebook.md`. It
writes no file; a test compares what it returns with the page.
"""

from __future__ import annotations

from clearline.basis.instants import HOUR_MS, MINUTE_MS, Instant
from clearline.phrasebook.coded import coded
from clearline.phrasebook.phrase import (
    Affirm,
    AnchorQuery,
    CallByVoice,
    Clear,
    Correction,
    DelayRequest,
    Distress,
    FreeText,
    LineTest,
    LocationQuery,
    Nature,
    Negative,
    NoPresence,
    Phrase,
    Presence,
    SayAgain,
    Standby,
    Stop,
    Unable,
    WrongPlace,
    code,
    critical,
    slots,
)
from clearline.phrasebook.render import languages, native_name, render, status
from clearline.space import Position

__all__ = ["SAMPLES", "language_tables", "phrase_table"]

_PLACE = Position(lat_e7=352_560_000, lon_e7=401_500_000)
_ELSEWHERE = Position(lat_e7=352_043_200, lon_e7=401_760_000)
_ENTRY = "019ab1c2-7d40-7a3b-8c15-2f6e90d4b7a1"
_BEGINS = Instant.parse("2026-11-23T14:00:00.000Z")

SAMPLES: tuple[Phrase, ...] = (
    Stop(place=_PLACE, radius_cm=50_000, reference=_ENTRY),
    Clear(place=_PLACE, radius_cm=50_000),
    DelayRequest(reference=_ENTRY, delay_ms=90 * MINUTE_MS),
    LocationQuery(place=_PLACE, radius_cm=200_000),
    Presence(place=_PLACE, radius_cm=200_000, begins=_BEGINS, ends=_BEGINS.after(6 * HOUR_MS)),
    NoPresence(place=_PLACE, radius_cm=200_000, begins=_BEGINS, ends=_BEGINS.after(6 * HOUR_MS)),
    Distress(place=_PLACE, nature=Nature.CONVOY, persons=22),
    LineTest(),
    SayAgain(which=_ENTRY),
    Correction(of=_ENTRY),
    WrongPlace(reference=_ENTRY, place=_ELSEWHERE),
    AnchorQuery(
        reference=_ENTRY,
        place=_PLACE,
        anchor="airfield",
        anchored=_ELSEWHERE,
        apart_cm=620_000,
    ),
    Standby(reference=_ENTRY, wait_ms=2 * MINUTE_MS),
    Unable(reference=_ENTRY),
    Affirm(reference=_ENTRY),
    Negative(reference=_ENTRY),
    CallByVoice(path="desk-line-2"),
    FreeText(text="Our interpreter is here from 1500.", language="en"),
)
"""One of every phrase, in the order of the phrasebook."""

_HEAD = "| code | slots (critical in bold) | as signed | English |\n|---|---|---|---|\n"


def phrase_table() -> str:
    """Return the table of every phrase in Markdown, one row each, ending in a line break."""
    return _HEAD + "".join(_row(phrase) for phrase in SAMPLES)


def language_tables() -> str:
    """Return a section for every language but English: each sample, as that language says it."""
    return "\n".join(_section(language) for language in languages() if language != "en")


def _row(phrase: Phrase) -> str:
    """Return the row of one sample."""
    names = [f"**{name}**" if name in critical(phrase) else name for name in slots(phrase)]
    cells = (
        f"`{code(phrase)}`",
        ", ".join(names) or "none",
        f"`{coded(phrase)}`",
        render(phrase, "en"),
    )
    return f"| {' | '.join(cells)} |\n"


def _section(language: str) -> str:
    """Return one language's section: its heading, who vouches for it, and its table."""
    rows = "".join(f"| `{code(each)}` | {render(each, language)} |\n" for each in SAMPLES)
    title = f"### {native_name(language)} (`{language}`): {status(language)}"
    return f"{title}\n\n| code | as it is read |\n|---|---|\n{rows}"
