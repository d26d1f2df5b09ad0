"""Two real nodes and a telephone: it rings for a FLASH, and keys the code that it hears."""

from __future__ import annotations

from pathlib import Path

from tests.channels.handset import FIRST_DIGIT_HZ, PRESS_HZ, STEP_HZ
from tests.channels.telephones import exchange, handset, recorded
from tests.line.station import Station, join, until
from tests.line.test_paging import STOP, officer, pages, plan

TABLE = """
[phone]
driver = "{driver}"
host = "127.0.0.1"
port = {port}
account = "line@127.0.0.1"
lines = 4
{more}
"""


def with_telephone(station: Station, table: str) -> None:
    """Write the settings of the node's telephone; it must not be running."""
    path = station.home / "clearline.toml"
    head, _, rest = path.read_text().partition("[phone]\n")
    path.write_text(head + rest.partition("\n\n")[2] + table)


def record(folder: Path) -> None:
    """Record the pieces of a page as tones, so that what is keyed is what was heard."""
    for name in ("opening", "flash"):
        recorded(folder / "en" / f"{name}.wav", 0.2, 8_000)
    recorded(folder / "en" / "press.wav", 0.4, 8_000, PRESS_HZ)
    for digit in range(10):
        tone_hz = FIRST_DIGIT_HZ + STEP_HZ * digit
        recorded(folder / "en" / f"{digit}.wav", 0.4, 8_000, tone_hz)


def test_the_code_that_is_spoken_is_keyed_and_acknowledges_on_both_sides(station, folder: Path):
    record(folder / "voice")
    north, south = station("north").init().serve(), station("south").init()
    with handset(folder, hears=0) as (port, authority):
        voice = folder / "voice"
        more = f'authority_file = "{authority}"\nrecordings = "{voice}"\ntext = "summons"'
        table = TABLE.format(driver="baresip-python", port=port, more=more)
        with_telephone(south, table)
        south.serve()
        join(north, south, folder)
        plan(south, "duty-desk", officer("Capt. Y", "phone:sip:handset@127.0.0.1"))
        north.run(*STOP)
        for each in (north, south):
            (call,) = until(
                lambda s=each: [c for c in s.calls() if c["acknowledged"]], "the acknowledgement"
            )
            assert call["acknowledged"].startswith("duty-desk ")
        until(lambda: pages(south)[-1][1] == "acknowledged", "the page to be known")
        works = south.json("channels", "test")
        assert [(each["name"], each["works"]) for each in works] == [("phone", True)]


def test_a_machine_that_answers_is_known_as_one_and_the_ladder_goes_on(station, folder: Path):
    north, south = station("north").init().serve(), station("south").init()
    with exchange(folder) as port:
        table = TABLE.format(driver="baresip", port=port, more='security = "none"\ntalk_s = 2')
        with_telephone(south, table)
        south.serve()
        join(north, south, folder)
        plan(south, "duty-desk", officer("Capt. Y", "phone:sip:silent@127.0.0.1"))
        plan(south, "deputy", officer("Col. Z", "phone:sip:rings@127.0.0.1"))
        north.run(*STOP)
        until(lambda: ("phone", "failed", "no_code") in pages(south), "the machine to be known")
        until(lambda: ("phone", "handed", "none") in pages(south), "the deputy's to ring")
        (call,) = south.calls()
        assert not call["acknowledged"]
