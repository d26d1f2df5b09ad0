"""Paper: the same report makes the same bytes, and they say what the report says."""

from __future__ import annotations

import re

from msgspec.structs import replace

from clearline.node.paper import paper
from tests.node.test_reliability import Month, report


def month() -> Month:
    made = Month()
    for _ in range(3):
        made.answer(made.test())
    made.missed()
    return made


def shown(pdf: bytes) -> str:
    """Return the text that a PDF without compression shows, in its order."""
    parts = re.findall(rb"\(((?:\\.|[^()\\])*)\) Tj", pdf)
    return " ".join(re.sub(rb"\\(.)", rb"\1", each).decode("latin-1") for each in parts)


def test_the_same_report_makes_the_same_bytes():
    made = month()
    found = report(made.pair.south, made.now)
    assert paper(found) == paper(found)
    assert paper(found).startswith(b"%PDF-")
    assert paper(found) != paper(replace(found, month="2026-12"))


def test_it_says_what_the_report_says_and_what_is_not_proven():
    made = month()
    text = shown(paper(report(made.pair.south, made.now), compress=False))
    assert "How reliable the line was: 2026-11" in text
    assert "The month is not over" in text
    assert "3 of 4" in text
    assert "at 95 % it may fail more often than it works" in text
    assert "cause UNKNOWN: 1" in text
    assert "no failure in a few tests is no proof" in text


def test_a_month_without_tests_says_so():
    made = month()
    text = shown(paper(report(made.pair.south, made.now, "2026-01"), compress=False))
    assert text.count("No tests in this month.") == 2


def test_a_title_that_the_fonts_do_not_know_gives_way_to_the_party_s_name():
    made = month()
    found = replace(report(made.pair.south, made.now), title="Штаб \x1b")
    assert "south with north" in shown(paper(found, compress=False))


def test_a_long_month_goes_on_over_several_sheets():
    made = month()
    found = report(made.pair.south, made.now)
    many = replace(found, misses=found.misses * 300)
    pdf = paper(many, compress=False)
    assert pdf.count(b"/Type /Page\n") > 3
    assert shown(pdf).count("missed, cause unknown") == 300
