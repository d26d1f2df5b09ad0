"""Lint: what is wrong with a catalogue, found before it is shipped.

It decides that a catalogue is complete and safe to format: every phrase and word there and
no other, placeholders equal to the slots, every plural with all its language's categories
and its number in each branch, every pattern one that ICU accepts. It never judges whether
a translation is right; only a native reader can (`Status`).

Source: ICU User Guide, Formatting Messages; plural categories from Unicode CLDR.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from icu4py.messageformat import MessageFormat

from clearline.phrasebook.catalogue import WORDS, Catalogue
from clearline.phrasebook.languages import CATALOGUES
from clearline.phrasebook.pattern import Argument, arguments
from clearline.phrasebook.phrase import PHRASES

__all__ = ["lint"]


def lint(catalogues: Iterable[Catalogue] = CATALOGUES) -> tuple[str, ...]:
    """Return every fault of `catalogues`, one sentence each; () if there is none."""
    return tuple(fault for catalogue in catalogues for fault in _faults(catalogue))


def _faults(catalogue: Catalogue) -> Iterator[str]:
    """Yield the faults of one catalogue."""
    slots = {code: kind.__struct_fields__ for code, kind in PHRASES.items()}
    for what, expected, patterns in (
        ("phrase", slots, catalogue.phrases),
        ("word", WORDS, catalogue.words),
    ):
        for key in sorted(expected.keys() - patterns.keys()):
            yield f"{catalogue.language}: {what} {key} is missing"
        for key in sorted(patterns.keys() - expected.keys()):
            yield f"{catalogue.language}: {what} {key} is not one of ours"
        for key in sorted(expected.keys() & patterns.keys()):
            for fault in _pattern_faults(catalogue, patterns[key], expected[key]):
                yield f"{catalogue.language}: {what} {key}: {fault}"


def _pattern_faults(catalogue: Catalogue, pattern: str, expected: tuple[str, ...]) -> Iterator[str]:
    """Yield the faults of one pattern, which must have exactly the placeholders `expected`."""
    if not pattern.strip():
        yield "is empty"
    if "'" in pattern:
        # In ICU an apostrophe may quote what follows it; the typographic one never does.
        yield "has an ASCII apostrophe; write ’"
        return
    try:
        MessageFormat(pattern, catalogue.language)
        found = arguments(pattern)
    except ValueError as error:
        yield f"cannot be parsed: {error}"
        return
    names = {argument.name for argument in found}
    for name in sorted(set(expected) - names):
        yield f"does not use {{{name}}}"
    for name in sorted(names - set(expected)):
        yield f"has {{{name}}}, which is no slot of it"
    for argument in found:
        yield from _argument_faults(argument, catalogue.plurals)


def _argument_faults(argument: Argument, plurals: tuple[str, ...]) -> Iterator[str]:
    """Yield the faults of one plural, or of one select."""
    keywords = [branch.keyword for branch in argument.branches]
    if argument.kind in {"select", "plural"} and len(set(keywords)) != len(keywords):
        yield f"{{{argument.name}}} has a branch twice"
    if argument.kind != "plural":
        return
    for category in plurals:
        if category not in keywords:
            yield f"plural {{{argument.name}}} has no branch {category}"
    for branch in argument.branches:
        if not branch.counts:
            yield f"plural {{{argument.name}}} has no # in branch {branch.keyword}"
        if not branch.keyword.startswith("=") and branch.keyword not in plurals:
            yield f"plural {{{argument.name}}} has a branch {branch.keyword} the language lacks"
