"""English: the catalogue that others are read against, and the one fallen back to.

It decides what Clearline says to an English reader. Sentences are short and active, no
phrase orders anything but STOP, and none can be read as consent.
"""

from __future__ import annotations

from clearline.phrasebook.catalogue import Catalogue, Direction, Status

__all__ = ["CATALOGUE"]

_ABOUT = "{reference, select, none {} other { Concerns {reference}.}}"

_PHRASES = {
    "STOP": "STOP. Our people are at {place}. Stop what you do within {radius_cm} of it." + _ABOUT,
    "CLEAR": (
        "CLEAR. The danger we spoke of has passed for us"
        "{place, select, none {} other { within {radius_cm} of {place}}}."
        + _ABOUT
        + " This is not consent to anything."
    ),
    "DELAY REQUEST": (
        "DELAY REQUEST. We ask that what {reference} says begin later, by {delay_ms}. "
        "Until you answer, nothing has changed."
    ),
    "LOCATION QUERY": "LOCATION QUERY. Do you operate within {radius_cm} of {place}?",
    "PRESENCE": (
        "PRESENCE. We state that we operate within {radius_cm} of {place}, from {begins} to {ends}."
    ),
    "NO PRESENCE": (
        "NO PRESENCE. We state that we do not operate within {radius_cm} of {place}, "
        "from {begins} to {ends}."
    ),
    "DISTRESS": "DISTRESS at {place}: {nature}, {persons}. Do not endanger them.",
    "TEST": "TEST. This is a test of the line and nothing else.",
    "SAY AGAIN": "SAY AGAIN. We did not understand {which}. Say it again, in full.",
    "CORRECTION": ("CORRECTION. We take back {of}, which we said. What follows replaces it."),
    "WRONG PLACE": "WRONG PLACE. The place in our {reference} is wrong. The right one is {place}.",
    "ANCHOR QUERY": (
        "ANCHOR QUERY. Your {reference} gives the place {place}, but by its reference point "
        "{anchor} it is {anchored}: {apart_cm} apart. Which do you mean?"
    ),
    "STANDBY": "STANDBY. We have read {reference} and will answer within {wait_ms}.",
    "UNABLE": "UNABLE. We cannot do what {reference} asks.",
    "AFFIRM": "AFFIRM. Yes, to your question in {reference}. This is not consent to any operation.",
    "NEGATIVE": "NEGATIVE. No, to your question in {reference}.",
    "CALL BY VOICE": "CALL BY VOICE. Speak to us on the path {path} of the contact card.",
    "FREE TEXT": "FREE TEXT, NOT TRANSLATED, written in “{language}”: {text}",
}

_WORDS = {
    "unknown": "unknown",
    "nature.down_aircraft": "aircraft down",
    "nature.vessel": "vessel",
    "nature.convoy": "convoy",
    "nature.medical": "medical emergency",
    "nature.fire": "fire",
    "nature.stranded": "people stranded",
    "persons.unknown": "number of persons not known",
    "position": "{lat}° {north, select, N {N} other {S}} {lon}° {east, select, E {E} other {W}}",
    "length.m": "{n} m",
    "length.km": "{n} km",
    "span.days": "{n, plural, one {# day} other {# days}}",
    "span.hours": "{n, plural, one {# hour} other {# hours}}",
    "span.minutes": "{n, plural, one {# minute} other {# minutes}}",
    "span.seconds": "{n, plural, one {# second} other {# seconds}}",
    "time": "{year}-{month}-{day} {hour}:{minute}:{second} UTC",
    "reference": "entry …{id}",
    "persons": "{n, plural, one {# person} other {# persons}}",
    "page.drill": "DRILL",
    "page.call": "{precedence} call from {party}, for {desk}.",
    "page.waits": "A {precedence} call waits at {desk}. Go to the console and answer it.",
    "page.test": "Test call for {desk}. Please answer it.",
    "page.presence": "Are you there? Please confirm that the watch at {desk} is kept.",
    "page.code": "To acknowledge it, give the code {code}.",
    "fallback": "[no text in “{language}”; English follows] {text}",
}

CATALOGUE = Catalogue(
    language="en",
    native_name="English",
    direction=Direction.LEFT_TO_RIGHT,
    status=Status.NATIVE,
    plurals=("one", "other"),
    phrases=_PHRASES,
    words=_WORDS,
)
"""English."""
