"""An element of an XML file, with the line and column where it stands.

What KML, CoT and AIXM share. Document types, entities and external references
are refused by `defusedxml`; what is refused besides has a limit with a name. Namespaces are
left out of names: files use several for one schema, and no two that are read here collide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from defusedxml import DefusedXmlException, ElementTree
from msgspec import Struct

from clearline.basis.faults import Mistake
from clearline.gateways.hint import Hint, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MAX_DEPTH", "MAX_RUN_BYTES", "MAX_TAGS", "Element", "parse"]

MAX_DEPTH = 100
"""How deep elements may be nested."""
MAX_RUN_BYTES = 512 * 1024
"""From one tag to the next: more than the longest list of coordinates that is read."""
MAX_TAGS = 2_500_000
"""Opening and closing: 100,000 shapes have about so many."""
_FED_BYTES = 64 * 1024
"""The parser lets no other thread run until it has read what it was given."""


class Element(Struct):
    """One element. Made by `parse` alone, and not changed afterwards."""

    tag: str
    """Without its namespace."""
    attributes: dict[str, str]
    """By name, without the namespace."""
    line: int
    column: int
    children: list[Element] = []
    whole: str = ""
    """Its text, before its first child and between its children."""

    @property
    def text(self) -> str:
        """Return its text without blanks around it."""
        return self.whole.strip()

    @property
    def spot(self) -> Spot:
        """Return where its tag begins."""
        return Spot(line=self.line, column=self.column)

    def spot_in(self, offset: int) -> Spot:
        """Return where the character at an offset of its text stands; its tag, if on that line."""
        head = self.whole[:offset]
        breaks = head.count("\n")
        if not breaks:
            return self.spot
        return Spot(line=self.line + breaks, column=len(head) - head.rfind("\n"))

    def all(self, *names: str) -> Iterator[Element]:
        """Yield itself and everything in it, at any depth, in order, that has one of the names."""
        waiting: list[Element] = [self]
        while waiting:
            each = waiting.pop()
            if not names or each.tag in names:
                yield each
            waiting.extend(reversed(each.children))

    def first(self, *names: str) -> Element | None:
        """Return the first element in it, at any depth, that has one of the names."""
        return next((each for each in self.all(*names) if each is not self), None)

    def child(self, name: str) -> Element | None:
        """Return the first element directly in it that has a name."""
        return next((each for each in self.children if each.tag == name), None)

    def words(self, *names: str) -> str | None:
        """Return the text of the first element in it that has one of the names."""
        found = self.first(*names)
        return None if found is None else found.text


class _Builder:
    """What the parser tells of each tag."""

    def __init__(self) -> None:
        self.where: Any = None
        """The expat parser, which knows where it is."""
        self.open: list[tuple[Element, list[str]]] = []
        self.root: Element | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if len(self.open) >= MAX_DEPTH:
            raise Mistake("too_deep", f"elements are nested more than {MAX_DEPTH} deep")
        made = Element(
            tag.rpartition("}")[2],
            {name.rpartition("}")[2]: value for name, value in attributes.items()},
            self.where.CurrentLineNumber,
            self.where.CurrentColumnNumber + 1,
        )
        if self.open:
            self.open[-1][0].children.append(made)
        else:
            self.root = made
        self.open.append((made, []))

    def data(self, text: str) -> None:
        if self.open:
            self.open[-1][1].append(text)

    def end(self, tag: str) -> None:
        del tag
        element, texts = self.open.pop()
        element.whole = "".join(texts)

    def close(self) -> Element | None:
        return self.root


def parse(raw: bytes) -> Element:
    """Return the root element of an XML file. Raises Mistake for what is none, or may not be."""
    _check_runs(raw)
    builder = _Builder()
    parser = cast("Any", ElementTree).DefusedXMLParser(target=builder, forbid_dtd=True)
    builder.where = parser.parser
    try:
        for start in range(0, len(raw), _FED_BYTES):
            parser.feed(raw[start : start + _FED_BYTES])
        root = parser.close()
    except DefusedXmlException as error:
        raise Mistake("xml_forbidden", "document types and entities are not read") from error
    except (SyntaxError, ValueError, LookupError, RecursionError) as error:
        raise Hint("file_unreadable", f"the file is not XML: {error}", spot=_spot(error)) from error
    assert root is not None
    return root


def _spot(error: Exception) -> Spot | None:
    """Return where the parser stopped."""
    place = getattr(error, "position", None)
    if not isinstance(place, tuple):
        return None
    line, column = cast("tuple[int, int]", place)
    return Spot(line=line, column=column + 1)


def _check_runs(raw: bytes) -> None:
    """Raise a Mistake if there are more tags than in anything that is read, or longer ones.

    A tag with a hundred thousand attributes is read in one piece, which takes a second; it is
    looked at with the text that follows it.
    """
    tags = raw.count(b"<")
    if tags > MAX_TAGS:
        raise Mistake("too_many_features", f"the file has {tags:,} tags; at most {MAX_TAGS:,}")
    at = 0
    while at + MAX_RUN_BYTES < len(raw):
        tag = raw.rfind(b"<", at + 1, at + MAX_RUN_BYTES)
        if tag < 0:
            raise Mistake(
                "file_unreadable",
                f"there are more than {MAX_RUN_BYTES:,} bytes from one tag to the next",
            )
        at = tag
