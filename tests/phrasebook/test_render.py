"""Rendering: never an exception, never less than was signed, never an unmarked fallback."""

import re
import subprocess
import sys

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phrase_strategies import phrases, places

from clearline.basis.faults import Broken
from clearline.basis.instants import Instant
from clearline.phrasebook import (
    SAMPLES,
    WORDS,
    CallByVoice,
    Direction,
    Status,
    code,
    direction,
    languages,
    native_name,
    render,
    say,
    say_length,
    say_place,
    say_slot,
    say_span,
    say_time,
    slots,
    status,
)
from clearline.space import Position

every_language = st.sampled_from(languages())
right_to_left = [each for each in languages() if direction(each) is Direction.RIGHT_TO_LEFT]


@given(phrases, every_language)
def test_every_valid_phrase_renders_with_no_placeholder_left(phrase, language):
    text = render(phrase, language)

    assert text
    if code(phrase) != "FREE TEXT":
        assert "{" not in text
        assert "none" not in text.replace(str(slots(phrase).get("anchor")), "").replace(
            str(slots(phrase).get("path")), ""
        )


@given(phrases, every_language)
def test_every_present_slot_is_written_in_full_in_the_sentence(phrase, language):
    text = render(phrase, language)

    for name, value in slots(phrase).items():
        if value is not None and name != "text":
            assert say_slot(name, value, language) in text


@given(places, every_language)
def test_the_neighbouring_place_reads_differently(place, language):
    neighbour = msgspec.structs.replace(
        place, lat_e7=place.lat_e7 + (-1 if place.lat_e7 > 0 else 1)
    )

    assert say_place(place, language) != say_place(neighbour, language)


@given(st.integers(0, 10**9), every_language)
def test_a_length_one_unit_longer_reads_differently(length_cm, language):
    assert say_length(length_cm, language) != say_length(length_cm + 1, language)


@given(st.integers(0, 10**9), st.integers(0, 10**9), every_language)
def test_no_two_lengths_or_spans_are_written_the_same(one, other, language):
    assert (say_length(one, language) == say_length(other, language)) == (one == other)
    assert (say_span(one, language) == say_span(other, language)) == (one == other)


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("key", sorted(WORDS))
def test_every_word_can_be_said_in_every_language(key, language):
    args = {name: 21 if name == "n" else f"<{name}>" for name in WORDS[key]}

    text = say(key, language, **args)

    assert "{" not in text
    assert all(f"<{name}>" in text for name in WORDS[key] if name not in {"n", "north", "east"})


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (1, "1 человек"),
        (3, "3 человека"),
        (5, "5 человек"),
        (21, "21 человек"),
        (22, "22 человека"),
    ],
)
def test_russian_counts_people_by_its_own_plurals(count, said):
    assert say("persons", "ru", n=count) == said


@pytest.mark.parametrize(
    ("language", "counts"),
    [
        ("uk", {1: "людина", 2: "людини", 5: "людей", 11: "людей", 21: "людина"}),
        ("ar", {1: "شخص", 3: "أشخاص", 10: "أشخاص", 11: "شخصًا", 100: "شخص", 103: "أشخاص"}),
        ("he", {1: "אדם", 2: "אנשים", 20: "אנשים"}),
        ("fr", {1: "personne", 2: "personnes"}),
        ("tr", {1: "kişi", 5: "kişi"}),
        ("zh", {1: "人", 5: "人"}),
    ],
)
def test_every_language_counts_people_by_its_own_plurals(language, counts):
    assert {n: say("persons", language, n=n) for n in counts} == {
        n: f"{n} {word}" for n, word in counts.items()
    }


def test_an_unknown_language_reads_english_and_says_so():
    text = render(SAMPLES[0], "sv-SE")

    assert text.startswith("[no text in “sv-SE”; English follows]")
    assert text.endswith(render(SAMPLES[0], "en"))


def test_a_language_tag_that_is_none_is_not_repeated_on_the_screen():
    assert "<b>" not in render(SAMPLES[0], "<b>")


def test_a_region_does_not_make_a_language_unknown():
    assert render(SAMPLES[0], "ru-RU") == render(SAMPLES[0], "ru")


def test_a_word_that_is_not_there_or_lacks_its_arguments_is_our_fault():
    with pytest.raises(Broken):
        say("no such word", "en")
    with pytest.raises(Broken):
        say("span.days", "en")


def test_free_text_is_marked_untranslated_and_isolated():
    text = render(SAMPLES[-1], "en")

    assert "NOT TRANSLATED" in text
    assert text.endswith(f"\u2068{SAMPLES[-1].text}\u2069")


def test_free_text_with_icu_syntax_is_shown_as_typed():
    typed = "{n, plural, other {#}} '{' }"

    assert typed in render(msgspec.structs.replace(SAMPLES[-1], text=typed), "ru")


@pytest.mark.parametrize("sample", [SAMPLES[1], SAMPLES[14]], ids=code)
@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "not consent"),
        ("ru", "не является согласием"),
        ("uk", "не є згодою"),
        ("ar", "ليس هذا موافقة"),
        ("tr", "onay değildir"),
        ("he", "אינה הסכמה"),
        ("fr", "Ceci ne vaut"),
        ("zh", "不是对任何"),
    ],
)
def test_what_could_read_as_consent_says_that_it_is_not(sample, language, said):
    assert said in render(sample, language)


def test_every_language_but_english_says_that_no_native_reader_has_read_it():
    assert {each: status(each) for each in languages() if each != "en"} == dict.fromkeys(
        languages()[1:], Status.AWAITING
    )


def test_screens_list_the_languages_in_our_order_by_the_names_their_readers_use():
    assert [native_name(each) for each in languages()] == [
        "English",
        "Русский",
        "Українська",
        "العربية",
        "Türkçe",
        "עברית",
        "Français",
        "中文",
    ]
    assert right_to_left == ["ar", "he"]


@given(phrases, every_language)
def test_every_digit_is_western_in_every_language(phrase, language):
    ours = render(phrase, language)
    typed = str(slots(phrase).get("text", ""))

    assert not [sign for sign in ours.replace(typed, "") if sign.isdigit() and not sign.isascii()]


def test_digits_are_western_even_where_the_region_has_others():
    assert say_length(1_234_500, "ar-EG") == "\u206612.345 km\u2069"
    assert say("persons", "ar-EG", n=22).startswith("22 ")


@given(phrases, st.sampled_from(right_to_left))
def test_nothing_that_runs_left_to_right_stands_open_in_a_text_that_does_not(phrase, language):
    text = render(phrase, language)
    around = re.sub("[\u2066\u2068][^\u2066-\u2069]*\u2069", "", text)

    assert not re.search("[A-Za-z\u2066-\u2069]", around)
    # A bare number keeps the order of its digits; anything that joins two would not.
    assert all(re.fullmatch(r"\d+([.,]\d+)*", run) for run in re.findall(r"[\d.,:/+-]*\d", around))


@pytest.mark.parametrize("language", right_to_left)
def test_a_name_that_begins_with_a_digit_is_not_turned_round(language):
    assert "\u20662-desk\u2069" in render(CallByVoice(path="2-desk"), language)


def test_thousands_of_a_length_are_not_grouped_as_their_sign_is_a_decimal_elsewhere():
    assert say_length(123_456_700, "tr") == "1234,567 km"
    assert say_length(123_456_700, "en") == "1234.567 km"


def test_quantities_are_written_as_the_language_writes_them():
    assert say_length(1_234_500, "en") == "12.345 km"
    assert say_length(1_234_500, "ru") == "12,345 км"
    assert say_span(3_725_000, "en") == "1 hour 2 minutes 5 seconds"
    assert (
        say_time(Instant.parse("2026-11-23T14:25:07.120Z"), "ru") == "23.11.2026 14:25:07.120 UTC"
    )
    assert say_place(Position(lat_e7=-1, lon_e7=-1_800_000_000), "en") == "0.0000001° S 180.0000° W"


def test_a_time_reads_the_same_whatever_the_zone_of_the_process():
    program = (
        "from clearline.phrasebook import SAMPLES, render;"
        "import sys; sys.stdout.buffer.write(render(SAMPLES[4], 'en').encode())"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program], env={"TZ": "Asia/Tokyo"}, capture_output=True, check=True
    )

    assert shown.stdout.decode() == render(SAMPLES[4], "en")
