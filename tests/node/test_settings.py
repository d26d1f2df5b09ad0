"""Settings: what is written is read again, what is unknown is a mistake, and each has its page."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearline.basis.faults import Mistake
from clearline.node.settings import FILE, NodeSettings, Settings, load, show

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "settings.md"
GOOD = '[node]\nparty = "north"\ntitle = "North"\n'


def read(folder: Path, text: str, **environment: str) -> Settings:
    (folder / FILE).write_text(text)
    return load(folder, environment)


@given(
    title=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=80),
    contact=st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=3, max_size=120)),
)
def test_what_is_shown_is_read_again(tmp_path_factory, title: str, contact: list[str]):
    made = Settings(node=NodeSettings(party="north", title=title, contact=tuple(contact)))
    folder = tmp_path_factory.mktemp("home")
    assert read(folder, show(made)) == made


def test_the_environment_goes_over_the_file(tmp_path: Path):
    found = read(tmp_path, GOOD, CLEARLINE_NODE_LANGUAGES="ru,en", CLEARLINE_LOG_LEVEL="error",
                 CLEARLINE_HOME="/else", CLEARLINE_NO_DEV="1")  # fmt: skip
    assert found.node.languages == ("ru", "en")
    assert found.log.level == "error"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not TOML",
        "node = 5\n",
        GOOD + "colour = 1\n",
        GOOD + "[paint]\ncolour = 1\n",
        GOOD + 'listen = "127.0.0.1:65536"\n',
        GOOD + 'listen = "7443"\n',
        GOOD + '[metrics]\nlisten = "0.0.0.0:9000"\n',
        GOOD + '[log]\nlevel = "loud"\n',
        GOOD.replace("north", "No Name"),
    ],
)
def test_what_is_wrong_is_a_mistake_that_names_it(tmp_path: Path, text: str):
    with pytest.raises(Mistake) as caught:
        read(tmp_path, text)
    assert caught.value.code == "bad_settings"


def test_an_override_of_a_table_that_is_none_is_a_mistake(tmp_path: Path):
    with pytest.raises(Mistake, match="table"):
        read(tmp_path, "node = 5\n", CLEARLINE_NODE_TITLE="x")
    with pytest.raises(Mistake, match="colour"):
        read(tmp_path, GOOD, CLEARLINE_NODE_COLOUR="x")


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path):
    with pytest.raises(Mistake) as none:
        load(tmp_path, {})
    assert none.value.code == "no_node"
    (tmp_path / FILE).mkdir()
    with pytest.raises(Mistake) as folder:
        load(tmp_path, {})
    assert folder.value.code == "cannot_read"


def test_each_setting_is_on_its_page_with_its_default_and_no_other_is():
    tables = re.split(r"^## `\[(\w+)\]`$", PAGE.read_text(), flags=re.M)[1:]
    documented = {
        (table, name): default
        for table, text in zip(tables[::2], tables[1::2], strict=True)
        for name, default in re.findall(r"^\| `(\w+)` \| `?(.*?)`? \|", text, re.M)
    }
    known = {
        (table.name, each.name): (
            "required" if each.required else msgspec.json.encode(each.default).decode()
        )
        for table in msgspec.structs.fields(Settings)
        for each in msgspec.structs.fields(table.type)
    }
    assert documented == known
