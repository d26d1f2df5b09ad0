"""Two real nodes, real servers: a FLASH reaches its officers by every way at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from clearline.basis.instants import DAY_MS, HOUR_MS
from clearline.core.events import AnswerTest, PlanDesk, PlanOfficers, SendTest
from clearline.core.watchbill import Method, Officer, Shift
from clearline.node.clock import SystemClock
from tests.channels.ends import PASSWORD, USER, Broker, Device, MailServer, certificate, secret
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


KEY = bytes(range(32))


@pytest.fixture
def broker(folder: Path, files: tuple[Path, Path]) -> Iterator[Broker]:
    made = Broker(folder, files).start()
    yield made
    made.kill()


@pytest.fixture
def device(broker: Broker) -> Iterator[Device]:
    made = Device(broker, "belt-1", KEY)
    yield made
    made.end()


def mqtt_table(broker: Broker, files: tuple[Path, Path], **other: Any) -> str:
    good = {
        "host": "localhost", "port": broker.port, "user": USER, "password_file": "mail.password",
        "authority_file": str(files[0]), "devices_file": "devices.toml", "text": "full",
    }  # fmt: skip
    lines = [f"{name} = {value!r}" for name, value in (good | other).items()]
    return "[mqtt]\n" + "\n".join(lines).replace("'", '"') + "\n"


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
    secret(station.home / "devices.toml", f'belt-1 = "{KEY.hex()}"\n')
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


def test_both_ways_are_paged_at_once_and_a_signed_reply_acknowledges_on_both_sides(
    line, server: MailServer, broker: Broker, device: Device, files
):
    north, south = line(mail_table(server, files), mqtt_table(broker, files))
    plan(south, "duty-desk", officer("Capt. Y", "mail:y@south.example", "mqtt:belt-1"))
    north.run(*STOP, "--drill")
    page = device.next()
    assert server.next()["Subject"].startswith("DRILL A FLASH call waits")
    assert page["text"][0] == "DRILL"
    assert "35.2560° N" in page["text"][2]
    device.reply(page, "delivered")
    device.reply(page, "acknowledged")
    for station in (north, south):
        (call,) = until(
            lambda s=station: [c for c in s.calls() if c["acknowledged"]], "the acknowledgement"
        )
        assert call["acknowledged"].startswith("duty-desk ")
    assert device.next()["end"] is True
    want = [("mail", "handed", "none"), ("mqtt", "acknowledged", "none")]
    until(lambda: sorted(pages(south)) == want, "both pages to be known")


def test_a_channel_that_fails_is_alarmed_before_it_is_needed_and_the_ladder_goes_on(
    line, server: MailServer, broker: Broker, device: Device, files
):
    north, south = line(mail_table(server, files, user="somebody"), mqtt_table(broker, files))
    until(lambda: "channel_failing" in south.said, "the alarm")
    works = {each["name"]: each["works"] for each in south.json("channels", "test")}
    assert works == {"mail": False, "mqtt": True}
    shown = south.run("channels", "show")
    assert "name and password" in shown.replace("\n", " ")
    assert PASSWORD not in shown + south.said
    plan(south, "duty-desk", officer("Capt. Y", "mail:y@south.example", "fax:1"))
    plan(south, "deputy", officer("Col. Z", "mqtt:belt-1"))
    north.run(*STOP)
    device.reply(device.next(), "acknowledged")
    (call,) = until(lambda: [c for c in north.calls() if c["acknowledged"]], "the answer")
    assert call["acknowledged"].startswith("deputy ")
    found = {each[0]: each[1:] for each in pages(south)}
    assert found["mail"] == ("failed", "credentials")
    assert found["fax"] == ("failed", "other")


def test_a_node_that_is_killed_pages_again_and_what_is_answered_stays_answered(
    line, server: MailServer, broker: Broker, device: Device, files
):
    north, south = line(mqtt_table(broker, files))
    plan(south, "duty-desk", officer("Capt. Y", "mqtt:belt-1"))
    plan(south, "deputy", officer("Col. Z", "mqtt:belt-1"))
    north.run(*STOP)
    device.next()
    south.kill()
    south.serve()
    page = device.next()
    device.reply(page, "acknowledged")
    until(lambda: [c for c in north.calls() if c["acknowledged"]], "the answer")
    until(lambda: south.calls()[0]["pages"][-1]["result"] == "acknowledged", "what came of it")
    south.stop()
    south.serve()
    (call,) = south.calls()
    assert call["acknowledged"]
    assert call["pages"][-1]["result"] == "acknowledged"


def test_a_test_call_pages_one_way_in_turn_and_a_signed_reply_answers_it(
    line, server: MailServer, broker: Broker, device: Device, files
):
    north, south = line(mail_table(server, files), mqtt_table(broker, files))
    plan(south, "duty-desk", officer("Capt. Y", "mqtt:belt-1", "mail:y@south.example"))
    link = north.link["id"]
    north.do(SendTest(by="Maj. N", link=link))
    until(lambda: south.ask("tests"), "the test that is the desk's own")
    south.do(AnswerTest(by="Capt. Y", test=south.ask("tests")[0]["id"]))
    north.do(SendTest(by="Maj. N", link=link))
    page = device.next()
    assert (page["demand"], page["text"][0]) == (
        "test",
        "Test call for duty-desk. Please answer it.",
    )
    assert server.taken.empty()
    device.reply(page, "acknowledged")
    until(lambda: north.ask("tests")[0]["outcome"] == "answered", "the test to be answered")
    north.do(SendTest(by="Maj. N", link=link))
    assert "Test call" in server.next()["Subject"], "the other way, the next time"
    assert device.next()["end"] is True
    assert device.came.empty()
