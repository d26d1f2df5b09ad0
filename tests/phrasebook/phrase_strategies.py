"""Hypothesis strategies: every valid phrase, the extremes included."""

from hypothesis import strategies as st

from clearline.basis.instants import Instant
from clearline.phrasebook import phrase as p
from clearline.space import Position

LATEST_MS = 253_402_300_799_999

places = st.builds(
    Position,
    lat_e7=st.integers(-900_000_000, 900_000_000),
    lon_e7=st.integers(-1_800_000_000, 1_800_000_000),
)
radii = st.integers(p.LEAST_RADIUS_CM, p.MOST_RADIUS_CM)
references = st.from_regex(
    r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", fullmatch=True
)
names = st.from_regex(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?", fullmatch=True)
texts = st.from_regex(p.TEXT_PATTERN, fullmatch=True).filter(
    lambda text: 0 < len(text) <= p.MOST_TEXT_CHARACTERS
)
tags = st.sampled_from(["en", "ru", "ar-SY", "zh-Hant", "es-419", "uzb"])


@st.composite
def windows(draw):
    begins = draw(st.integers(0, LATEST_MS - 1))
    span = draw(st.integers(1, min(p.MOST_WINDOW_MS, LATEST_MS - begins)))
    return {"begins": Instant(begins), "ends": Instant(begins + span)}


def whole_seconds(most_ms):
    return st.integers(1, most_ms // 1_000).map(lambda seconds: seconds * 1_000)


circles = st.fixed_dictionaries({"place": places, "radius_cm": radii})
optional = st.none() | references
abouts = st.sampled_from([p.Unable, p.Affirm, p.Negative])

phrases = st.one_of(
    st.builds(p.Stop, place=places, radius_cm=radii, reference=optional),
    st.builds(lambda circle, ref: p.Clear(**circle, reference=ref), circles, optional),
    st.builds(p.Clear, place=st.none(), radius_cm=st.none(), reference=references),
    st.builds(p.DelayRequest, reference=references, delay_ms=whole_seconds(p.MOST_DELAY_MS)),
    st.builds(p.LocationQuery, place=places, radius_cm=radii),
    st.builds(lambda c, w: p.Presence(**c, **w), circles, windows()),
    st.builds(lambda c, w: p.NoPresence(**c, **w), circles, windows()),
    st.builds(
        p.Distress,
        place=places,
        nature=st.sampled_from(p.Nature),
        persons=st.none() | st.integers(1, p.MOST_PERSONS),
    ),
    st.just(p.LineTest()),
    st.builds(p.SayAgain, which=references),
    st.builds(p.Correction, of=references),
    st.builds(p.WrongPlace, reference=references, place=places),
    st.builds(
        p.AnchorQuery,
        reference=references,
        place=places,
        anchor=names,
        anchored=places,
        apart_cm=st.integers(1, p.MOST_APART_CM),
    ),
    st.builds(p.Standby, reference=references, wait_ms=whole_seconds(p.MOST_WAIT_MS)),
    st.builds(lambda kind, ref: kind(reference=ref), abouts, references),
    st.builds(p.CallByVoice, path=names),
    st.builds(p.FreeText, text=texts, language=tags),
)
