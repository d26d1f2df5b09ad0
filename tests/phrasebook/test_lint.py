"""Lint: our catalogues have no fault, and a planted fault of each sort is found."""

from decimal import Decimal

import msgspec
import pytest
from icu4py.messageformat import MessageFormat

from clearline.phrasebook import lint
from clearline.phrasebook.languages import CATALOGUES
from clearline.phrasebook.pattern import arguments

ENGLISH, RUSSIAN, *_OTHERS = CATALOGUES


def with_word(catalogue, key, pattern):
    return msgspec.structs.replace(catalogue, words=catalogue.words | {key: pattern})


def without(table, key):
    return {name: pattern for name, pattern in table.items() if name != key}


def test_our_own_catalogues_have_no_fault():
    assert lint() == ()


@pytest.mark.parametrize("catalogue", CATALOGUES, ids=lambda each: each.language)
def test_the_plural_categories_of_a_catalogue_are_those_that_icu_chooses(catalogue):
    keywords = ("zero", "one", "two", "few", "many", "other")
    pattern = "{n, plural, " + " ".join(f"{each} {{{each}}}" for each in keywords) + "}"
    choose = MessageFormat(pattern, catalogue.language)

    counts = [*range(1_000), 1_000_000, Decimal("1.5")]
    assert {choose.format({"n": n}) for n in counts} == set(catalogue.plurals)


def test_a_missing_phrase_and_a_missing_word_are_found():
    planted = msgspec.structs.replace(
        ENGLISH, phrases=without(ENGLISH.phrases, "STOP"), words=without(ENGLISH.words, "unknown")
    )

    assert lint([planted]) == ("en: phrase STOP is missing", "en: word unknown is missing")


def test_a_key_too_many_is_found():
    assert lint([with_word(ENGLISH, "extra", "Extra")]) == ("en: word extra is not one of ours",)


@pytest.mark.parametrize(
    ("catalogue", "pattern", "fault"),
    [
        (ENGLISH, "people", "does not use {n}"),
        (ENGLISH, "{n, number} of {all}", "has {all}, which is no slot of it"),
        (ENGLISH, "{n, plural, one {one person} other {# persons}}", "has no # in branch one"),
        (ENGLISH, "{n, plural, =0 {nobody} one {#} other {#}}", "has no # in branch =0"),
        (ENGLISH, "{n, plural, other {# persons}}", "has no branch one"),
        (ENGLISH, "{n, plural, one {#} few {#} other {#}}", "a branch few the language lacks"),
        (ENGLISH, "{n, plural, one {#} one {#} other {#}}", "cannot be parsed|a branch twice"),
        (RUSSIAN, "{n, plural, one {#} few {#} other {#}}", "has no branch many"),
        (RUSSIAN, "{n, plural, one {#} many {#} other {#}}", "has no branch few"),
        (ENGLISH, "{n", "cannot be parsed"),
        (ENGLISH, "{n} }", "cannot be parsed"),
        (ENGLISH, "{n, select, one {#}}", "cannot be parsed"),
        (ENGLISH, "{n, date}", "cannot be parsed"),
        (ENGLISH, "{n} isn't", "has an ASCII apostrophe"),
        (ENGLISH, " ", "is empty"),
    ],
)
def test_a_planted_fault_of_a_pattern_is_found(catalogue, pattern, fault):
    found = lint([with_word(catalogue, "persons", pattern)])

    assert any(part in line for line in found for part in fault.split("|"))


def test_a_hash_in_a_nested_branch_does_not_count_for_the_outer_one():
    pattern = "{n, plural, one {{n, select, a {#} other {}}} other {#}}"

    assert any("no # in branch one" in f for f in lint([with_word(ENGLISH, "persons", pattern)]))


def test_placeholders_are_found_inside_branches():
    names = {found.name for found in arguments("{a, select, x {{b}} other {{c, number} }}")}

    assert names == {"a", "b", "c"}


def test_a_pattern_nested_without_end_is_refused():
    pattern = "{a, select, other {" * 20 + "}}" * 20

    with pytest.raises(ValueError, match="nested deeper"):
        arguments(pattern)
