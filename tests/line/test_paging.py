"""Two real nodes, real servers: a FLASH reaches its officers by every way at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from clearline.basis.instants import DAY_MS, HOUR_MS
from clearline.core.events import PlanDesk, PlanOfficers
from clearline.core.watchbill import Method, Officer, Shift
from clearline.node.clock import SystemClock
from tests.channels.ends import PASSWORD, USER, MailServer, certificate, secret
from tests.line.station import Station, join, until

STOP = ("call", "flash", "STOP", "place=35.2560N 040.1500E", "radius=500m")


@pytest.fixture
def files(folder: Path) -> tuple[Path, Path]:
    return certificate(folder, "localhost", "127.0.0.1")


@pytest.fixture
def server(files: tuple[Path, Path]) -> Iterator[MailServer]:
    made = MailServer(files).start()
    yield made
    made.end()


def mail_table(server: MailServer, files: tuple[Path, Path], **other: Any) -> str:
    good = {
        "host": "127.0.0.1", "port": server.port, "sender": "line@south.example",
        "user": USER, "password_file": "mail.password", "authority_file": str(files[0]),
    }  # fmt: skip
    lines = [f"{name} = {value!r}" for name, value in (good | other).items()]
    return "[mail]\n" + "\n".join(lines).replace("'", '"') + "\n"


def with_channels(station: Station, *tables: str) -> None:
    """Write the settings of the node's channels; it must not be running."""
    secret(station.home / "mail.password", PASSWORD)
    path = station.home / "clearline.toml"
    kept = path.read_text()
    for name in ("paging", "mail", "mqtt", "apprise"):
        head, _, rest = kept.partition(f"[{name}]\n")
        kept = head + rest.partition("\n\n")[2]
    path.write_text(kept + "\n" + "\n".join(tables))


def plan(station: Station, echelon: str, *officers: Officer) -> None:
    """Plan officers at a desk, from now on for a day."""
    now = SystemClock().now()
    start = now.after(-HOUR_MS)
    shifts = tuple(Shift(start=start, end=now.after(DAY_MS), officer=o.name) for o in officers)
    known = (*(station.__dict__.setdefault("planned", ())), *officers)
    station.__dict__["planned"] = known
    station.do(PlanOfficers(by="Maj. S", officers=known))
    station.do(
        PlanDesk(by="Maj. S", echelon=echelon, start=start, end=now.after(DAY_MS), shifts=shifts)
    )


def officer(name: str, *methods: str, language: str = "en") -> Officer:
    made = [Method(channel=c, address=a) for c, _, a in (m.partition(":") for m in methods)]
    return Officer(name=name, languages=(language,), methods=tuple(made))


@pytest.fixture
def line(station: Callable[[str], Station], folder: Path) -> Callable[..., tuple[Station, Station]]:
    """Join two nodes, the second of which has channels."""

    def make(*tables: str) -> tuple[Station, Station]:
        north, south = station("north").init().serve(), station("south").init()
        with_channels(south, *tables)
        south.serve()
        join(north, south, folder)
        return north, south

    return make


def pages(station: Station) -> list[tuple[str, str, str]]:
    """Return what is known of the pages of the only call: channel, result, cause."""
    (call,) = station.calls()
    return [(each["channel"], each["result"], each["cause"]) for each in call["pages"]]


def test_a_flash_is_mailed_to_who_is_on_watch_and_says_only_that_it_waits(
    line, server: MailServer, files
):
    north, south = line(mail_table(server, files))
    plan(south, "duty-desk", officer("Capt. Y", "mail:y@south.example", language="ru"))
    north.run(*STOP)
    message = server.next()
    assert message["To"] == "y@south.example"
    assert "FLASH" in message["Subject"]
    assert "Подойдите к пульту" in message.get_content()
    assert "35.2560" not in message.as_string()
    assert "North" not in message.as_string()
    until(lambda: pages(south) == [("mail", "handed", "none")], "the page to be known")
