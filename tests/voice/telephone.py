"""A telephone at north's, whose officer keys the code that they hear and stays on the line."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.channels.telephones import handset
from tests.line.consoles import Line
from tests.line.station import until
from tests.line.test_paging import officer, plan
from tests.line.test_telephone import TABLE, record, with_telephone

TELEPHONE = 2_000
"""The tone that it says."""
WHO = "Capt. Y"


class Telephone:
    """The handset, as far as what it says of itself goes."""

    def __init__(self, log: Path) -> None:
        self._log = log

    def until(self, what: str) -> None:
        """Return once it has said a line that is `what`."""
        until(
            lambda: re.search(rf"^{what}$", self._log.read_text(), re.M), f"the telephone: {what}"
        )

    async def until_it(self, what: str) -> None:
        await asyncio.to_thread(self.until, what)


@contextmanager
def telephone_of_north(line: Line) -> Iterator[Telephone]:
    """Give north an officer who has a telephone alone."""
    folder, north = line.folder, line.north.station
    record(folder / "voice")
    with handset(folder, hears=0, says_hz=TELEPHONE) as (port, authority):
        voice = folder / "voice"
        more = f'authority_file = "{authority}"\nrecordings = "{voice}"\ntext = "summons"'
        north.stop()
        with_telephone(north, TABLE.format(driver="baresip-python", port=port, more=more))
        north.serve()
        plan(north, "duty-desk", officer(WHO, "phone:sip:handset@127.0.0.1"))
        yield Telephone(folder / "handset.log")
