"""The pages of the protocol, held to the code: what they leave out or misstate fails here."""

from __future__ import annotations

import ast
import importlib
import inspect
import itertools
import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from clearline.basis.faults import Reason
from clearline.core import (
    agreeing,
    calling,
    calls,
    conflicts,
    declaring,
    manning,
    nearby,
    notices,
    release,
    reporting,
    roster,
    terms,
    testcalls,
    testing,
)
from clearline.core.stages import (
    CALLED_SAYS,
    CALLED_SIDE_ONLY,
    CALLING_SAYS,
    CALLING_SIDE_ONLY,
    CLOSED_BY,
    CROSSED,
    SHOWN,
    CallState,
    Stage,
)
from clearline.core.step import BODIES, NEEDS_TERMS
from clearline.phrasebook import PHRASES
from clearline.record import canonical, entry, keys, mirror, note, proof
from clearline.space import altitude, anchor, heights, outline, volume
from clearline.space.text import rangebearing
from clearline.transports import bounds as transport
from clearline.voice import bounds as voice

FOLDER = Path(__file__).parents[2] / "protocol"
PAGES = {
    name: (FOLDER / name).read_text("utf-8")
    for name in (
        "README.md",
        "5-entries.md",
        "6-geometry.md",
        "7-terms.md",
        "8-notices-and-conflicts.md",
        "9-calls.md",
        "10-limits.md",
        "11-voice.md",
    )
}
WHOLE = "\n".join(PAGES.values())
SECTIONS = re.split(r"^#{2,3} ", WHOLE, flags=re.MULTILINE)


def section(name: str) -> str:
    """Return the one section whose heading ends in the name, in backticks."""
    found = [s for s in SECTIONS if f"`{name}`" in s.split("\n")[0]]
    assert len(found) == 1, (name, [s.split("\n")[0] for s in found])
    return found[0]


def row(text: str, field: str) -> list[str]:
    """Return the cells of the row of a field."""
    rows = [line for line in text.splitlines() if line.startswith(f"| `{field}` |")]
    assert len(rows) == 1, (field, rows)
    return [cell.strip() for cell in rows[0].strip("|").split("|")]


@pytest.mark.parametrize("kind", BODIES)
def test_every_kind_has_a_section_with_what_re_names_and_what_is_refused(kind):
    text = section(kind)

    assert "`re`" in text
    fields = BODIES[kind].__struct_fields__
    assert all(f"| `{field}` |" in text for field in fields)
    assert fields or "The body is `{}`." in text


@pytest.mark.parametrize("kind", BODIES)
def test_every_kind_is_in_the_table_of_kinds(kind):
    assert f"\n| `{kind}` |" in PAGES["5-entries.md"].split("## 5.3")[1].split("## 5.4")[0]


def test_the_table_of_kinds_has_no_kind_that_the_code_lacks():
    table = PAGES["5-entries.md"].split("## 5.3")[1].split("## 5.4")[0]

    assert set(re.findall(r"^\| `([a-z._]+)` \|", table, re.MULTILINE)) == set(BODIES)


def test_the_kinds_that_need_terms_are_named():
    text = " ".join(PAGES["5-entries.md"].split())

    first, second, third = NEEDS_TERMS
    assert f"kinds that begin with `{first}`, `{second}` or `{third}`" in text


def test_every_reason_is_explained_and_none_besides():
    table = PAGES["5-entries.md"].split("## 5.4")[1].split("## 5.5")[0]

    assert re.findall(r"^\| `([a-z_]+)` \|", table, re.MULTILINE) == [each.value for each in Reason]


def test_every_reason_named_on_a_page_exists():
    for found in re.findall(r"[Rr]efused with `([a-z_]+)`", WHOLE):
        assert found in {each.value for each in Reason}


ROOMS = (agreeing, calling, calls, conflicts, declaring, manning, notices, reporting, roster)


def test_a_reason_that_the_code_never_gives_is_said_to_be_kept():
    given = set()
    for room in (*ROOMS, terms, testing, importlib.import_module("clearline.core.step"), entry):
        given |= set(re.findall(r"Reason\.([A-Z_]+)", inspect.getsource(room)))
    given |= set(re.findall(r"Reason\.([A-Z_]+)", inspect.getsource(canonical)))

    assert Reason.OUTSIDE_AREA.name not in given
    assert set(Reason.__members__) - given == {"OUTSIDE_AREA"}
    assert "| `outside_area` | kept for a later version." in PAGES["5-entries.md"]


# The call table


OF_NO_STATE = {"call.recorded"}
"""What may be said of a call whenever: 11-voice.md."""
CALL_KINDS = [kind for kind in BODIES if kind.startswith("call.") and kind not in OF_NO_STATE]


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("calling", [True, False])
def test_the_tables_of_stages_are_those_that_the_code_steps_by(stage, calling):
    text = PAGES["9-calls.md"].split("## 9.2")[1].split("```mermaid")[0]
    text = text.split("And what the calling side says:")[calling]
    table, never = (CALLING_SAYS, CALLED_SIDE_ONLY) if calling else (CALLED_SAYS, CALLING_SIDE_ONLY)
    lines = [line for line in text.splitlines() if line.startswith("|")]
    head = next(line for line in lines if line.startswith("| stage | `"))
    kinds = re.findall(r"`([a-z._]+)`", head)
    line = [line for line in lines if line.startswith(f"| {stage.value} |")][-1]
    cells = [cell.strip() for cell in line.strip("|").split("|")][1:]

    assert sorted(kinds) == sorted(set(CALL_KINDS) - never - {"call.opened"})
    shown = {kind: cell for kind, cell in zip(kinds, cells, strict=True) if cell != "-"}
    told = {
        kind: after.value + ("*" if (stage, kind) in CROSSED else "")
        for kind, after in table[stage].items()
    }
    if stage in CLOSED_BY[calling]:
        told["call.closed"] = "`duplicate`"
    assert shown == told


@pytest.mark.parametrize("stage", Stage)
def test_what_people_are_shown_of_a_stage_and_who_has_closed_it_are_as_the_page_says(stage):
    text = PAGES["9-calls.md"].split("## 9.2")[1].split("What the called side says")[0]
    line = next(line for line in text.splitlines() if line.startswith(f"| {stage.value} |"))
    _, rings, closed, shown = (cell.strip() for cell in line.strip("|").split("|"))

    assert shown == SHOWN[stage].value
    assert (rings == "yes") == (SHOWN[stage] is CallState.RINGING)
    assert closed.startswith("the calling side") == (stage in CLOSED_BY[True])
    assert closed.startswith("the called side") == (stage in CLOSED_BY[False])


def test_the_diagram_has_every_change_of_stage_and_no_other():
    text = PAGES["9-calls.md"].split("```mermaid")[1].split("```")[0]

    found = set(re.findall(r"^    ([a-z_]+) --> ([a-z_]+): ([a-z._]+)$", text, re.MULTILINE))
    assert found == {
        (stage.value, after.value, kind)
        for table in (CALLED_SAYS, CALLING_SAYS)
        for stage, ways in table.items()
        for kind, after in ways.items()
        if after is not stage
    }


def test_what_only_the_called_side_says_is_marked_so():
    table = PAGES["5-entries.md"].split("## 5.3")[1].split("## 5.4")[0]

    marked = set(re.findall(r"^\| `(call\.[a-z_]+)` \|[^|]*\| called side \|", table, re.MULTILINE))
    assert marked == CALLED_SIDE_ONLY


def test_the_worked_ladder_is_the_default_flash_ladder():
    patience = [rung.patience_ms // 1_000 for rung in terms.default_ladders().flash.rungs]
    first, second, third, last = patience

    assert f"{first}, {second}, {third} and {last} seconds" in PAGES["9-calls.md"]
    for elapsed in itertools.accumulate(patience):
        assert f"| 12:{elapsed // 60:02d}:{elapsed % 60:02d} |" in PAGES["9-calls.md"]


# Fields, with their limits


def structs() -> dict[str, type]:
    """Return every struct that a body is made of, but phrases, which have a page of their own."""
    found: dict[str, type] = {}
    rest: list[Any] = [msgspec.inspect.type_info(body) for body in BODIES.values()]
    while rest:
        info = rest.pop()
        if isinstance(info, msgspec.inspect.StructType):
            if info.cls in PHRASES.values() or info.cls.__name__ in found:
                continue
            found[info.cls.__name__] = info.cls
            rest += [field.type for field in info.fields]
        for name in ("types", "item_types"):
            rest += getattr(info, name, ())
        if (item := getattr(info, "item_type", None)) is not None:
            rest.append(item)
    return found


HEADINGS = {body.__name__: kind for kind, body in BODIES.items()}


def bounds(info: Any) -> list[int]:
    """Return the limits that a field's own type has, and its items'."""
    names = ("ge", "le", "lt", "min_length", "max_length")
    own = [value for name in names if (value := getattr(info, name, None)) is not None]
    for inner in getattr(info, "types", ()):
        own += bounds(inner)
    item = getattr(info, "item_type", None)
    if item is not None and not isinstance(item, msgspec.inspect.StructType):
        own += bounds(item)
    for inner in getattr(info, "item_types", ()):
        own += bounds(inner)
    return own


def choices(info: Any) -> list[str]:
    if isinstance(info, msgspec.inspect.EnumType):
        return [each.value for each in info.cls]
    return [word for inner in getattr(info, "types", ()) for word in choices(inner)]


@pytest.mark.parametrize("name", structs())
def test_every_field_of_every_struct_is_described_with_its_limits(name):
    info: Any = msgspec.inspect.type_info(structs()[name])
    text = section(HEADINGS.get(name, name))
    seen = re.findall(r"^\| `([a-z_0-9]+)` \|.*\| (?:yes|no\b[^|]*) \|", text, re.MULTILINE)

    assert sorted(seen) == sorted(field.encode_name for field in info.fields)
    for field in info.fields:
        cells = row(text, field.encode_name)
        assert cells[2].startswith("yes" if field.required else "no"), (field.name, cells)
        said = " ".join(cells[1:4])
        for bound in bounds(field.type):
            assert re.search(rf"(?<![\d,]){bound:,}(?!\d|,\d)", said), (field.name, bound, said)
        if isinstance(field.default, int) and not isinstance(field.default, bool):
            assert f"default {field.default:,}" in said
        if (words := choices(field.type)) and "reason" not in said:
            assert all(f"`{word}`" in said for word in words), (field.name, words)


def test_every_release_field_is_explained():
    text = section("ReleaseRules")

    assert all(f"| `{each.value}` |" in text for each in terms.ReleaseField)


# Limits


# The package lends these two names to functions.
SPACE_ROOMS = tuple(importlib.import_module(f"clearline.space.{n}") for n in ("clip", "separation"))
LIMITS = re.compile(r"^(MAX|MIN|TOLERANCE|CLIP_TOLERANCE|GRACE)_[A-Z_0-9]+$")
WHERE = (
    *ROOMS,
    nearby,
    release,
    terms,
    testing,
    testcalls,
    altitude,
    anchor,
    heights,
    *SPACE_ROOMS,
    outline,
    volume,
    rangebearing,
    canonical,
    entry,
    keys,
    mirror,
    note,
    proof,
)
LOCAL = {
    "MAX_LINKS": "how many links a node keeps is its own affair",
    "MAX_NAMED": "how many unread items a sentence names is a screen's affair",
    "MAX_OPEN_ITEMS": "what an officer reads before taking a watch is a party's own affair",
    "MAX_NOTED": "how many dispositions of a notice are shown is a screen's affair",
    "MAX_REACH_M": "how far a plane is used is a matter of method",
    "MAX_NAME_BYTES": "of a key name; stated in 1-feeds.md by the name's own form",
}


def own_names(module: Any) -> set[str]:
    """Return the names that a module assigns itself, not those that it imports."""
    tree = ast.parse(inspect.getsource(module))
    return {
        target.id
        for line in tree.body
        if isinstance(line, ast.Assign)
        for target in line.targets
        if isinstance(target, ast.Name)
    }


def constants() -> dict[str, int]:
    """Return every limit that is a constant of the code, with its value."""
    found: dict[str, int] = {}
    for module in WHERE:
        for name in own_names(module):
            if LIMITS.match(name) and name not in LOCAL:
                assert name not in found, name
                found[name] = int(getattr(module, name))
        if "RETAINED_MS" in own_names(module):
            found[f"{module.__name__.rpartition('.')[2]}.RETAINED_MS"] = module.RETAINED_MS
    return found


@pytest.mark.parametrize(("name", "value"), sorted(constants().items()))
def test_every_limit_of_the_code_is_stated_with_its_value(name, value):
    lines = [line for line in PAGES["10-limits.md"].splitlines() if line.startswith(f"| `{name}`")]

    assert len(lines) == 1
    stated = lines[0].split("|")[2]
    assert re.search(rf"(?<![\d,]){value:,}(?!\d|,\d)", stated), (value, stated)


@pytest.mark.parametrize(
    ("row_of", "value"),
    [
        ("body of an append", transport.MAX_BODY),
        ("body of a receipt", transport.MAX_RECEIPT_BYTES),
        ("body of `not-safe`", transport.MAX_WORD_BYTES),
        ("request line and header fields", transport.MAX_HEAD_BYTES),
        ("appends at once on one link", transport.MAX_CONCURRENT),
        ("appends on one link", transport.REQUESTS_PER_S),
        ("appends on one link", transport.BYTES_PER_S),
        ("appends on one link", transport.ENTRIES_PER_S),
        ("checkpoints, tiles, receipts and `not-safe` on one link", transport.READS_PER_S),
        ("requests about voice on one link", transport.VOICES_PER_S),
        ("requests about voice on one link", transport.MAX_VOICE_BYTES),
        ("connections of one certificate", transport.MAX_PEER_CONNECTIONS),
        ("connections in all", transport.MAX_CONNECTIONS),
        ("handshakes under way", transport.MAX_HANDSHAKES),
    ],
)
def test_every_limit_of_the_transport_is_stated_with_its_value(row_of, value):
    page = (FOLDER / "3-transport.md").read_text("utf-8").split("## Limits")[1]
    lines = [line for line in page.splitlines() if line.startswith(f"| {row_of} |")]

    assert len(lines) == 1
    assert re.search(rf"(?<![\d,]){value:,}(?!\d|,\d)", lines[0]), (value, lines[0])


@pytest.mark.parametrize(
    ("row_of", "values"),
    [
        ("body of a request", (transport.MAX_VOICE_BYTES,)),
        ("an SDP", (voice.MAX_SDP_BYTES, voice.MAX_SDP_LINES, voice.MAX_CANDIDATES)),
        ("requests on one link", (transport.VOICES_PER_S,)),
        ("talks at once", (voice.MAX_SESSIONS_OF_LINK, voice.MAX_SESSIONS)),
        ("a media connection that does not come about", (int(voice.CONNECT_S),)),
        ("media packets of one connection", (voice.MAX_PACKETS_PER_S, voice.FLOOD_S)),
        ("a talk without an officer of one's own", (int(voice.ALONE_S),)),
        ("a talk", (voice.MAX_SESSION_MS // 3_600_000,)),
        ("a recording", (voice.MAX_RECORDING_BYTES >> 20,)),
    ],
)
def test_every_limit_of_voice_is_stated_with_its_value(row_of, values):
    page = PAGES["11-voice.md"].split("## 11.4 Limits")[1].split("## 11.5")[0]
    lines = [line for line in page.splitlines() if line.startswith(f"| {row_of} |")]

    assert len(lines) == 1
    for value in values:
        assert re.search(rf"(?<![\d,]){value:,}(?!\d|,\d)", lines[0]), (value, lines[0])


def test_no_limit_is_stated_that_the_code_lacks():
    stated = re.findall(r"^\| `([A-Za-z_.0-9]+)`", PAGES["10-limits.md"], re.MULTILINE)

    assert set(stated) == set(constants())


# The folder


def test_the_readme_leads_to_every_page_and_every_folder_of_vectors():
    readme = PAGES["README.md"]

    for page in FOLDER.glob("[0-9]*.md"):
        assert f"({page.name})" in readme
    for folder in (FOLDER / "vectors").iterdir():
        assert f"| `{folder.name}` |" in readme


def test_every_file_of_vectors_that_a_page_names_exists():
    for path in re.findall(r"`vectors/([a-z/-]+\.json)`", WHOLE):
        assert (FOLDER / "vectors" / path).is_file(), path


def test_the_readme_names_every_standard():
    readme = PAGES["README.md"]
    standards = "RFC 6962,RFC 9162,RFC 8785,RFC 9562,RFC 3339,FIPS 204,signed-note,tlog-checkpoint"
    for name in f"{standards},tlog-tiles,tlog-cosignature,tlog-witness,tlog-proof".split(","):
        assert name in readme


def test_the_example_terms_are_small_enough_for_an_entry():
    example = json.loads((FOLDER / "vectors" / "terms" / "example.json").read_text())

    assert len(example["text"]) + 200 < entry.MAX_ENTRY_BYTES


def test_no_page_has_a_word_that_the_line_never_uses():
    for name, text in PAGES.items():
        for word in ("enemy", "hostile", "strike package", "kill box", "asset"):
            assert word not in text.lower(), (name, word)
