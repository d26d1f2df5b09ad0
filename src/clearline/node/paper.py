"""Paper: a reliability report as a PDF, for a file and for people who have no console.

The same report makes the same bytes: it is dated by its month's end. It is in English and in
the fonts that every reader has, which know the Latin letters alone; who is called otherwise
stands there by the name that the terms have for machines.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from clearline.basis.instants import EPOCH, SECOND_MS
from clearline.node.reliability import Reliability, Row, says

if TYPE_CHECKING:
    from fpdf import FPDF

__all__ = ["paper"]

FONT = "Helvetica"
WIDTHS_MM = (44, 18, 16, 30, 20, 20, 20)
HEADS = ("", "answered", "unclear", "works, at 95 %", "half in", "9 of 10 in", "longest")
SIDES = {
    "ours": "We called; a human there answered",
    "theirs": "They called; a human here answered",
}
KINDS = {"all": "all tests", "path": "path", "rung": "rung", "channel": "channel"}
FOOT = (
    "A test is answered if a human answered in time, and by the way that was tried. Unclear: "
    "answered by hand while that way was tried; counted neither for it nor against it. A path is "
    "counted by what it carried. Limits are exact (Clopper-Pearson): where few tests were made "
    "they are wide, and no failure in a few tests is no proof that there will be none. Times are "
    "by this side's clock. The signed record, not this page, is the proof."
)


def paper(report: Reliability, *, compress: bool = True) -> bytes:
    """Return a report as a PDF. It takes a while: call it away from the line's thread."""
    from fpdf import FPDF  # noqa: PLC0415 - it costs a fifth of a second, and few need it

    pdf = FPDF(format="A4")
    pdf.set_compression(compress)
    pdf.set_creation_date(EPOCH + timedelta(milliseconds=int(report.end)))
    pdf.set_title(f"Reliability {report.us} x {report.counterpart}, {report.month}")
    pdf.set_auto_page_break(auto=True, margin=18)
    pdf.add_page()
    _head(pdf, report)
    for side, title in SIDES.items():
        _side(pdf, report, side, title)
    _never(pdf, report)
    _misses(pdf, report)
    pdf.ln(4)
    _text(pdf, FOOT, size=8)
    return bytes(pdf.output())


def _head(pdf: FPDF, report: Reliability) -> None:
    _text(pdf, f"How reliable the line was: {report.month}", size=16, bold=True)
    title = _latin(report.title, "")
    them = f"{report.counterpart} ({title})" if title else report.counterpart
    _text(pdf, f"{report.us} with {them}")
    _text(pdf, f"Link {report.link}, from {report.start} until {report.end}", size=8)
    if not report.over:
        _text(pdf, "The month is not over: this is what is known so far.", bold=True)


def _side(pdf: FPDF, report: Reliability, side: str, title: str) -> None:
    rows = [row for row in report.rows if row.side == side]
    pdf.ln(4)
    _text(pdf, title, size=12, bold=True)
    if not rows or (not rows[0].tests and len(rows) == 1):
        _text(pdf, "No tests in this month.")
        return
    _line(pdf, HEADS, bold=True)
    for row in rows:
        _line(pdf, _cells(row))
        _text(pdf, says(row), size=8)
    for each in report.causes:
        if each.side == side:
            _text(pdf, f"Missed, cause {each.cause.replace('_', ' ').upper()}: {each.tests}")


def _cells(row: Row) -> tuple[str, ...]:
    name = KINDS[row.what] + (f" {_latin(row.name, '?')}" if row.name else "")
    limits = f"{row.low_permille / 10:.1f} to {row.high_permille / 10:.1f} %"
    times = (_seconds(each) for each in (row.p50_ms, row.p90_ms, row.longest_ms))
    return (name, f"{row.answered} of {row.tests}", str(row.unclear), limits, *times)


def _never(pdf: FPDF, report: Reliability) -> None:
    if report.never:
        pdf.ln(4)
        _text(pdf, "Never tested in this month", size=12, bold=True)
        for each in report.never:
            _text(pdf, f"rung {_latin(each, '?')}")


def _misses(pdf: FPDF, report: Reliability) -> None:
    if not report.misses:
        return
    pdf.ln(4)
    _text(pdf, "Each test that was missed, or answered too late", size=12, bold=True)
    for each in report.misses:
        why = "answered late" if each.late else f"missed, cause {each.cause}"
        _text(pdf, f"{each.at}  {each.side}  ...{each.id[-6:]}  {why}", size=8)


def _line(pdf: FPDF, cells: tuple[str, ...], *, bold: bool = False) -> None:
    pdf.set_font(FONT, "B" if bold else "", 8)
    if pdf.will_page_break(10):
        pdf.add_page()
    for width, cell in zip(WIDTHS_MM, cells, strict=True):
        while len(cell) > 1 and pdf.get_string_width(cell) > width - 2:
            cell = cell[:-2] + "."  # noqa: PLW2901 - an address is long, and its beginning names it
        pdf.cell(width, 5, cell, border="T")
    pdf.ln(5)


def _text(pdf: FPDF, text: str, *, size: int = 10, bold: bool = False) -> None:
    pdf.set_font(FONT, "B" if bold else "", size)
    pdf.multi_cell(0, size * 0.5, text, new_x="LMARGIN", new_y="NEXT", align="L")


def _seconds(span_ms: int | None) -> str:
    return "-" if span_ms is None else f"{span_ms / SECOND_MS:.1f} s"


def _latin(text: str, otherwise: str) -> str:
    """Return a text that the fonts can show; `otherwise` if they cannot."""
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return otherwise
    return text if text.isprintable() else otherwise
