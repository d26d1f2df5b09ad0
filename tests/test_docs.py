"""The pages: every link leads somewhere, every command exists, no word is said that is banned."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from clearline.cli.app import root

HERE = Path(__file__).resolve().parents[1]
FOLDERS = ("docs", "protocol", "changes", "bench", "examples", "src")
PAGES = sorted(
    [*HERE.glob("*.md"), *(page for folder in FOLDERS for page in (HERE / folder).rglob("*.md"))]
)
DECISIONS = sorted((HERE / "docs/adr").glob("[0-9]*.md"))

_LINK = re.compile(r"\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`[^`\n]*`")
_BANNED = re.compile(
    r"(?<!\.)(?<!request's )\b(targets?|targeted|targeting|assets?|enem(?:y|ies)|hostiles?"
    r"|strike packages?|kill box(?:es)?)\b",
    re.IGNORECASE,
)
"""`network-online.target` is a name of systemd's, and a request's target one of RFC 9112's."""
SAYS_THE_BAN = {
    "GLOSSARY.md",
    "protocol/README.md",
    "protocol/4-phrases.md",
    "src/clearline/phrasebook/phrase.py",
}
"""What says that these words, or fields for them, are not here."""

_HOST = re.compile(
    r"pypi\.org|pythonhosted|registry\.npmjs|npmjs\.org|crates\.io|(?:index-url|extra-index)",
    re.IGNORECASE,
)
_MACHINE = re.compile(r"(?<![\w.])/(?:work|root|tmp|home|Users|mnt)/[\w.-]+")

_OPTION = r'(?:\s+--\w+(?:[ =](?:"[^"]*"|\S+)))*'
_COMMAND = re.compile(
    r"(?:^|[`\s(|])(?<!-u )clearline" + _OPTION + r"\s+([a-z][a-z-]+(?: [a-z][a-z-]+)?)"
)


def _id(page: Path) -> str:
    return str(page.relative_to(HERE))


def _prose(page: Path) -> str:
    return page.read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=_id)
def test_every_relative_link_of_a_page_leads_to_a_file(page: Path) -> None:
    dead = []
    for link in _LINK.findall(_SPAN.sub("", _FENCE.sub("", _prose(page)))):
        where = link.partition("#")[0]
        if not where or "://" in where or where.startswith("mailto:"):
            continue
        if not (page.parent / where).exists():
            dead.append(link)
    assert not dead, f"{_id(page)} links to what is not there: {dead}"


@pytest.mark.parametrize("page", PAGES, ids=_id)
def test_no_page_says_a_banned_word(page: Path) -> None:
    if _id(page) in SAYS_THE_BAN:
        return
    said = [found.group() for found in _BANNED.finditer(_prose(page))]
    assert not said, f"{_id(page)} says {said}: see GLOSSARY.md"


@pytest.mark.parametrize("page", PAGES, ids=_id)
def test_no_page_names_a_registrys_host_or_a_path_of_one_machine(page: Path) -> None:
    text = _prose(page)
    assert not _HOST.search(text), f"{_id(page)} names a registry"
    assert not _MACHINE.search(text), f"{_id(page)} names {_MACHINE.search(text)}"


def _sentences(path: Path) -> Iterator[tuple[int, str]]:
    """Yield what a person may read of a source file: docstrings and texts of several words."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield node.lineno, node.value


@pytest.mark.parametrize("path", sorted((HERE / "src").rglob("*.py")), ids=_id)
def test_no_text_in_the_source_says_a_banned_word_or_names_a_host(path: Path) -> None:
    for line, text in _sentences(path):
        banned = None if _id(path) in SAYS_THE_BAN else _BANNED.search(text)
        found = banned or _HOST.search(text) or _MACHINE.search(text)
        assert not found, f"{_id(path)}:{line} says {found.group()!r}"


@pytest.mark.parametrize("page", DECISIONS, ids=_id)
def test_a_decision_has_its_title_and_four_sections_in_order(page: Path) -> None:
    text = _prose(page)
    assert text.startswith(f"# {page.name[:4]}. ")
    heads = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert heads == ["Context", "Decision", "Consequences", "Considered"]
    assert len(text.splitlines()) <= 60, "a decision is one page"


def test_decisions_are_numbered_without_a_gap_and_all_indexed() -> None:
    assert [page.name[:4] for page in DECISIONS] == [
        f"{n:04}" for n in range(1, len(DECISIONS) + 1)
    ]
    index = _prose(HERE / "docs/adr/README.md")
    assert [page.name for page in DECISIONS if page.name not in index] == []


def test_every_page_of_the_documentation_is_in_its_index() -> None:
    index = _prose(HERE / "docs/README.md")
    pages = [p.relative_to(HERE / "docs") for p in (HERE / "docs").rglob("*.md")]
    missing = [str(p) for p in pages if p.parts[0] != "adr" and p.name != "README.md"]
    missing = [each for each in missing if f"({each})" not in index]
    assert not missing, f"docs/README.md does not name {missing}"


def _commands(text: str) -> Iterator[list[str]]:
    for found in _COMMAND.finditer(text):
        yield found.group(1).split()


@pytest.mark.parametrize("page", PAGES, ids=_id)
def test_every_verb_that_a_page_types_exists(page: Path) -> None:
    for words in _commands(_code(_prose(page))):
        verb = root.commands.get(words[0])
        assert verb is not None, f"{_id(page)}: there is no `clearline {words[0]}`"
        if isinstance(verb, click.Group) and len(words) > 1:
            assert words[1] in verb.commands, f"{_id(page)}: no `clearline {' '.join(words)}`"


def _code(text: str) -> str:
    """Return what a page shows as code: spans, fences, and lines indented by four."""
    spans = re.findall(r"`([^`\n]*clearline [^`\n]*)`", text)
    lines = [line.strip() for line in text.splitlines() if line.startswith("    ")]
    fences = [line for fence in _FENCE.findall(text) for line in fence.splitlines()]
    return "\n".join([*spans, *lines, *fences])
