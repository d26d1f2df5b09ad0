"""clearline-verify: whether a proof bundle holds, offline, without either party's node.

It reads one file and prints what it shows. It never writes, never connects, and imports
the record alone, so that a court's own engineer can read all of it.

Source: protocol/2-bundle.md, "Verify".
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from clearline.record.archive import MAX_ARCHIVE_BYTES
from clearline.record.audit import Fault, Report, verify

__all__ = ["main"]

VERIFIED, FAULTS, UNREADABLE = 0, 1, 2
"""Exit codes; 2 is also argparse's own for a wrong command line."""

_SHOWN_FAULTS = 50


def main(argv: Sequence[str] | None = None) -> int:
    """Verify the file named on the command line; return the exit code.

    0: verified. 1: read, and something does not hold. 2: wrong usage, or not readable.
    """
    try:
        asked = _parser().parse_args(argv)
    except SystemExit as stop:
        return int(stop.code or 0)
    try:
        raw = _read(asked.file)
    except OSError as error:
        print(f"clearline-verify: {error}", file=sys.stderr)
        return UNREADABLE
    report = verify(raw, _progress if sys.stderr.isatty() else None, asked.pin)
    if sys.stderr.isatty():
        print("\r\x1b[K", end="", file=sys.stderr)
    print(_json(report) if asked.json else _text(report))
    return VERIFIED if report.is_verified else FAULTS


def summary(report: Report) -> str:
    """Return the last line of a readable report: the verdict and the counts."""
    verdict = "record verified" if report.is_verified else "record NOT verified"
    return (
        f"{verdict}: {report.entries} entries, {report.feeds} feeds, "
        f"{report.receipts} receipts, {len(report.faults)} faults"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="clearline-verify",
        description="Verify the record in a proof bundle, offline.",
        epilog="Exit codes: 0 verified, 1 faults, 2 wrong usage or unreadable file.",
    )
    parser.add_argument("file", metavar="FILE", help="the proof bundle")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument(
        "--pin",
        metavar="FINGERPRINT",
        action="append",
        default=[],
        help="a party's fingerprint, known from elsewhere; give one for each party",
    )
    return parser


def _read(name: str) -> bytes:
    with Path(name).open("rb") as file:
        # One byte more than the limit is enough for the audit to say that it is too large.
        return file.read(MAX_ARCHIVE_BYTES + 1)


def _progress(done: int, total: int) -> None:
    print(f"\r{done:,} of {total:,}", end="", file=sys.stderr, flush=True)


def _json(report: Report) -> str:
    shown = msgspec.to_builtins(report) | {"verified": report.is_verified}
    return msgspec.json.format(msgspec.json.encode(shown)).decode()


def _text(report: Report) -> str:
    lines = [f"link {_plain(report.link)}"]
    for party in report.parties:
        lines += [f"party {party}", f"  fingerprint {report.fingerprints[party]}"]
    for terms in report.terms:
        lines.append(f"terms {terms.hash}, agreed by {' and '.join(terms.by)}")
    lines += _listed("note", report.notes) + _listed("FAULT", report.faults)
    return "\n".join([*lines, summary(report)])


def _listed(word: str, found: Sequence[Fault]) -> list[str]:
    lines = [f"{word} {one.code} {_plain(one.where)}: {_plain(one.text)}" for one in found]
    rest = len(lines) - _SHOWN_FAULTS
    return lines if rest <= 0 else [*lines[:_SHOWN_FAULTS], f"{word} ... and {rest} more"]


def _plain(text: str) -> str:
    """Return a text from the file so that it cannot steer the terminal that shows it."""
    return text.encode("ascii", "backslashreplace").decode() if text.isprintable() else repr(text)


if __name__ == "__main__":
    sys.exit(main())
