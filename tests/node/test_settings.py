"""Settings: what is written is read again, what is unknown is a mistake, and each has its page."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearline.basis.faults import Mistake
from clearline.node.settings import FILE, Console, NodeSettings, Settings, load, show
from clearline.node.ways import Phone

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


TLS = 'certificate = "a.pem"\ncertificate_key = "a.key"\n'
ORIGIN = 'origin = "https://line.north.example"\n'


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ('listen = "8443"\n', "listen"),
        ('listen = "127.0.0.1:65536"\n', "65535"),
        ('listen = "10.0.0.4:8443"\n', "needs a certificate"),
        ('listen = "[::]:8443"\n' + ORIGIN, "needs a certificate"),
        ('listen = "10.0.0.4:8443"\n' + TLS, "needs `origin`"),
        ('listen = "127.0.0.1:0"\ncertificate = "a.pem"\n', "go together"),
        ('listen = "127.0.0.1:0"\ncertificate_key = "a.key"\n', "go together"),
        ('listen = "127.evil.example:8443"\n', "not loopback"),
        ('listen = "127.0.0.1.example:8443"\n', "not loopback"),
        ('listen = "127.0.0.1:0"\ndemo_officer = "Maj.\\u001b[2J"\n', "demo_officer"),
        ('origin = "http://line.north.example"\n', "origin"),
        ('origin = "https://line.north.example/"\n', "origin"),
        ('origin = "https://10.0.0.4:8443"\n', "bound to a name"),
        ('origin = "https://10.0.0.4."\n', "bound to a name"),
        ('demo_officer = "Maj. D"\n', "loopback only"),
        ('listen = "127.0.0.1:0"\ndemo_officer = "Maj. D"\n' + ORIGIN, "loopback only"),
        ('listen = "10.0.0.4:1"\ndemo_officer = "Maj. D"\n' + TLS + ORIGIN, "loopback only"),
        ('listen = "127.0.0.1:0"\ndemo_officer = "%s"\n' % ("x" * 61), "demo_officer"),
    ],
)
def test_a_console_that_would_be_open_to_a_network_is_refused_in_words(
    tmp_path: Path, table: str, says: str
):
    with pytest.raises(Mistake, match=re.escape(says)) as caught:
        read(tmp_path, f"{GOOD}[console]\n{table}")
    assert caught.value.code == "bad_settings"


@pytest.mark.parametrize(
    "table",
    [
        "",
        'listen = "127.0.0.1:8443"\n',
        'listen = "LOCALHOST:8443"\n',
        'listen = "127.8.9.10:8443"\n',
        'listen = "[::1]:8443"\ndemo_officer = "Maj. D"\n',
        'listen = "localhost:0"\n' + ORIGIN,
        'listen = "10.0.0.4:8443"\n' + TLS + ORIGIN,
    ],
)
def test_a_console_for_this_machine_or_behind_tls_is_taken(tmp_path: Path, table: str):
    assert isinstance(read(tmp_path, f"{GOOD}[console]\n{table}").console, Console)


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


PHONE = {"driver": "baresip-python", "account": "line@north.example", "lines": 4}
ABROAD = {**PHONE, "host": "exchange.example", "authority_file": "ca.pem"}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"driver": "baresip-python"}, "needs `host` and `account`"),
        ({**ABROAD, "lines": 0}, "needs `lines`"),
        ({**ABROAD, "security": "none"}, "is not loopback"),
        ({**ABROAD, "host": "127.exchange.example", "security": "none"}, "is not loopback"),
        ({**ABROAD, "authority_file": ""}, "needs `authority_file`"),
        ({**ABROAD, "driver": "baresip"}, "does not check the exchange's certificate"),
        ({**ABROAD, "port": 70_000}, "port"),
        ({**ABROAD, "sip_uri_template": "sip:@exchange.example"}, "regex"),
    ],
)
def test_a_telephone_on_a_network_is_encrypted_and_its_lines_are_counted(asked, said):
    with pytest.raises(msgspec.ValidationError, match=said):
        msgspec.convert(asked, Phone)


@pytest.mark.parametrize(
    "asked",
    [
        {},
        ABROAD,
        {**PHONE, "host": "127.9.9.9", "security": "none"},
        {**PHONE, "host": "[::1]", "security": "none", "driver": "baresip"},
        {**ABROAD, "sip_uri_template": "sip:9{number}@exchange.example:5061;user=phone"},
    ],
)
def test_a_telephone_may_be_set_so(asked):
    assert msgspec.convert(asked, Phone).driver == asked.get("driver", "")
