"""Peers: what else could find a notice's conflicts, asked the same and timed beside ours.

    with PostGis() as peer:
        peer.load(volumes)                       # ids are the volumes' places in the list
        ids, seconds = peer.query(volume, minima)

Each is a private PostgreSQL of its own, on a socket in a folder of its own, run by a user who is
not root; gone afterwards. What is fair: warm, in memory, ANALYZEd, prepared statements, nothing
written to disk for safety's sake, and only the database's own answer is timed, not what it
takes to turn a volume into its parameters.

`PostGis` is the best index that a planner of such a database would make: one GiST index of
three columns, place, time and altitude; then `ST_DWithin` on `geography`. Geography and not
geometry, since only it measures on the ellipsoid, over the antimeridian and at the poles, so
that it can be asked for the same answers. Its place is the core's box in space, grown by the
radius; its edges are great circles of a sphere, a metre aside of geodesics at 100 km.

`CellArray` is the index of the discovery services of ASTM F3548 (InterUSS DSS): the S2 cells of
level 13 that an outline touches, as an array with a GIN index, and conditions of time and
altitude. It measures nothing, so it finds more than there is: `query` returns what it found.
"""

from __future__ import annotations

import os
import pwd
import shutil
import struct
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import psycopg

from bench.cells import cells_of
from clearline.space import Band, Datum, Minima, Outline, Polygon, Volume, positions, radius_cm
from clearline.space.outline import Circle

__all__ = ["CellArray", "Peer", "PostGis", "installed"]

_BINARIES = Path("/usr/lib/postgresql/15/bin")
_SETTINGS = {
    "listen_addresses": "''",
    "shared_buffers": "2GB",
    "work_mem": "256MB",
    "maintenance_work_mem": "1GB",
    "effective_cache_size": "8GB",
    "random_page_cost": "1.0",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "8GB",
    "autovacuum": "off",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
}
_Y2000_MS = 946_684_800_000
_LOWER_INCLUDED, _UPPER_INCLUDED, _LOWER_OPEN, _UPPER_OPEN = 2, 4, 8, 16
_SCALES = (
    frozenset({Datum.SURFACE, Datum.HEIGHT, Datum.DEPTH}),
    frozenset({Datum.AMSL}),
    frozenset({Datum.FL}),
)
"""Altitudes of one scale can be compared (6.3.1 of the protocol); of two, never."""
_APART_CM = 1_000_000_000
"""So far apart the scales are laid on one axis, so that one range stands for a band."""

_Limits = tuple[int | None, int | None]


def installed() -> bool:
    """Return whether PostgreSQL 15 and PostGIS are here; `scripts/peers.sh` installs them."""
    control = Path("/usr/share/postgresql/15/extension/postgis.control")
    return (_BINARIES / "initdb").exists() and control.exists()


class Peer(ABC):
    """A private database with one table of volumes."""

    name: str
    cpu_s = 0.0
    """The processor's time of the last query, the server's alone: it says more under load."""
    table: str
    index: str
    question: str

    def __enter__(self) -> Self:
        """Start the server."""
        self._folder = Path(tempfile.mkdtemp(prefix="clp-"))
        as_user: dict[str, Any] = {}
        if os.geteuid() == 0:
            owner = next(u for u in pwd.getpwall() if u.pw_name in {"postgres", "nobody"})
            os.chown(self._folder, owner.pw_uid, owner.pw_gid)
            as_user = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
        data = self._folder / "data"
        environment = {"LC_ALL": "C", "PATH": "/usr/bin:/bin", "TZ": "UTC"}
        common: dict[str, Any] = {"cwd": self._folder, "env": environment, **as_user}
        subprocess.run(
            [_BINARIES / "initdb", "-D", data, "-U", "bench", "-A", "trust", "-E", "UTF8", "-N"],
            check=True, stdout=subprocess.DEVNULL, **common,
        )  # fmt: skip
        with (data / "postgresql.conf").open("a") as conf:
            conf.writelines(f"{name} = {value}\n" for name, value in _SETTINGS.items())
        log = (self._folder / "log.txt").open("wb")
        self._server = subprocess.Popen(
            [_BINARIES / "postgres", "-D", data, "-k", self._folder],
            stdout=log, stderr=log, **common,
        )  # fmt: skip
        log.close()
        self._db = self._connect()
        # Each question is planned once, and by the index: what a planner guesses would cost more.
        self._db.execute("SET plan_cache_mode = force_generic_plan")
        self._db.execute("SET enable_seqscan = off")
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the server and forget what it held."""
        self._db.close()
        self._server.terminate()
        self._server.wait(60)
        shutil.rmtree(self._folder)

    def _connect(self) -> psycopg.Connection[Any]:
        deadline = time.monotonic() + 60
        while True:
            try:
                return psycopg.connect(
                    host=str(self._folder), user="bench", dbname="postgres", autocommit=True
                )
            except psycopg.OperationalError:
                if self._server.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError((self._folder / "log.txt").read_text()) from None
                time.sleep(0.05)

    def load(self, volumes: Sequence[Volume]) -> float:
        """Put the volumes in, under their places in the list; return the seconds it took."""
        began = time.perf_counter()
        self._db.execute("DROP TABLE IF EXISTS volumes")
        self._db.execute(self.table)
        with (
            self._db.cursor() as cursor,
            cursor.copy("COPY volumes FROM STDIN (FORMAT binary)") as copy,
        ):
            copy.write(b"PGCOPY\n\xff\r\n\0" + bytes(8))
            for number, volume in enumerate(volumes):
                fields = [struct.pack("!i", number), *self.place(volume), *_rest(volume)]
                copy.write(struct.pack("!h", len(fields)) + b"".join(map(_sized, fields)))
            copy.write(struct.pack("!h", -1))
        self._db.execute(self.index)
        self._db.execute("VACUUM (ANALYZE, FREEZE) volumes")
        return time.perf_counter() - began

    def query(self, volume: Volume, minima: Minima) -> tuple[set[int], float]:
        """Return the ids found, and the seconds until the last of them was here."""
        if minima.worst is not None:
            raise ValueError("heights of different data cannot be compared by a peer")
        asked = self.where(volume, minima) | _asked(volume, minima)
        spent, began = self._spent_s(), time.perf_counter()
        with self._db.cursor(binary=True) as cursor:
            cursor.execute(self.question, asked, prepare=True)
            rows = cursor.fetchall()
        seconds = time.perf_counter() - began
        self.cpu_s = self._spent_s() - spent
        return {row[0] for row in rows}, seconds

    def _spent_s(self) -> float:
        """Return the processor's time that the server has spent on our questions so far."""
        spent = Path(f"/proc/{self._db.info.backend_pid}/schedstat").read_text()
        return int(spent.split()[0]) / 1e9

    def plan(self, volume: Volume, minima: Minima) -> str:
        """Return how the database goes about a query."""
        asked = self.where(volume, minima) | _asked(volume, minima)
        rows = self._db.execute("EXPLAIN (ANALYZE, BUFFERS) " + self.question, asked).fetchall()
        return "\n".join(row[0] for row in rows)

    @abstractmethod
    def place(self, volume: Volume) -> list[bytes]:
        """Return the columns of a volume's place, as they are copied."""

    @abstractmethod
    def where(self, volume: Volume, minima: Minima) -> dict[str, Any]:
        """Return the parameters of a query's place."""


_WHEN_AND_HOW_HIGH = """
    during tstzrange NOT NULL, height int8range NOT NULL,
    ground int8range NOT NULL, sea int8range NOT NULL, level int8range NOT NULL
"""
_MEETS = """
    during && %(during)s::tstzrange AND height && %(height)s::int8multirange
    AND ground && %(ground)s::int8range AND sea && %(sea)s::int8range
    AND level && %(level)s::int8range
"""


class PostGis(Peer):
    """A GiST index of place, time and altitude, and `ST_DWithin` on the ellipsoid."""

    name = "postgis"
    table = f"""
        CREATE EXTENSION IF NOT EXISTS postgis;
        CREATE TABLE volumes (
            id int4 NOT NULL, core geography NOT NULL, radius_m float8 NOT NULL,
            {_WHEN_AND_HOW_HIGH}
        )
    """
    # What it indexes is the box in space of the core, grown by the radius.
    index = "CREATE INDEX ON volumes USING gist (_st_expand(core, radius_m), during, height)"
    question = f"""
        SELECT id FROM volumes
        WHERE _st_expand(core, radius_m) && _st_expand(%(core)s::geography, %(reach_m)s::float8)
          AND {_MEETS}
          AND st_dwithin(core, %(core)s::geography, radius_m + %(reach_m)s::float8)
    """

    def place(self, volume: Volume) -> list[bytes]:
        """Return core and radius."""
        outline = volume.outline
        return [_ewkb(outline), struct.pack("!d", radius_cm(outline) / 100)]

    def where(self, volume: Volume, minima: Minima) -> dict[str, Any]:
        """Return the core, and how near to it another core may not come but for its radius."""
        # The rule asks for less than the minimum; `st_dwithin` for no more than it is given.
        least_m = max(0.0, minima.horizontal_cm / 100 - 1e-6)
        return {
            "core": _ewkb(volume.outline),
            "reach_m": radius_cm(volume.outline) / 100 + least_m,
        }


class CellArray(Peer):
    """S2 cells of level 13 in an array with a GIN index."""

    name = "cell array"
    table = f"""
        CREATE TABLE volumes (id int4 NOT NULL, cells int8[] NOT NULL, {_WHEN_AND_HOW_HIGH})
    """
    index = "CREATE INDEX ON volumes USING gin (cells) WITH (fastupdate = off)"
    question = f"SELECT id FROM volumes WHERE cells && %(cells)s::int8[] AND {_MEETS}"

    def place(self, volume: Volume) -> list[bytes]:
        """Return the cells that the outline touches."""
        return [_array(cells_of(volume.outline, 0.0))]

    def where(self, volume: Volume, minima: Minima) -> dict[str, Any]:
        """Return the cells that the outline touches if it is grown by the minimum."""
        return {"cells": cells_of(volume.outline, minima.horizontal_cm / 100).tolist()}


def _sized(field: bytes) -> bytes:
    return struct.pack("!i", len(field)) + field


def _array(cells: Any) -> bytes:
    """Return cells as PostgreSQL sends an array of int8."""
    items = np.empty(len(cells), dtype=[("size", ">i4"), ("value", ">i8")])
    items["size"], items["value"] = 8, cells
    return struct.pack("!iiiii", 1, 0, 20, len(cells), 1) + items.tobytes()


def _ewkb(outline: Outline) -> bytes:
    """Return an outline's core as PostGIS reads it: point, line or polygon of WGS 84."""
    if isinstance(outline, Circle):
        centre = outline.centre
        return struct.pack("<BIIdd", 1, 1 | 0x20000000, 4326, centre.lon_deg, centre.lat_deg)
    if not isinstance(outline, Polygon):
        return struct.pack("<BII", 1, 2 | 0x20000000, 4326) + _coordinates(positions(outline))
    rings = (outline.exterior, *outline.holes)
    head = struct.pack("<BIII", 1, 3 | 0x20000000, 4326, len(rings))
    return head + b"".join(_coordinates((*ring, ring[0])) for ring in rings)


def _coordinates(points: Sequence[Any]) -> bytes:
    flat = [number for p in points for number in (p.lon_deg, p.lat_deg)]
    return struct.pack(f"<I{len(flat)}d", len(points), *flat)


def _rest(volume: Volume) -> list[bytes]:
    """Return time and altitudes as they are copied."""
    window = tuple((int(at) - _Y2000_MS) * 1_000 for at in (volume.window.start, volume.window.end))
    scales = _limits(volume.band)
    return [_range(window), _range(_axis(scales)), *map(_range, scales)]


def _range(limits: _Limits) -> bytes:
    """Return a range with both limits in it; None is no limit."""
    lower, upper = limits
    flags = _LOWER_OPEN if lower is None else _LOWER_INCLUDED
    flags |= _UPPER_OPEN if upper is None else _UPPER_INCLUDED
    known = (struct.pack("!iq", 8, limit) for limit in limits if limit is not None)
    return bytes([flags]) + b"".join(known)


def _limits(band: Band) -> list[_Limits]:
    """Return a band's limits in cm on each scale; None where they are of another."""
    found: list[_Limits] = []
    for scale in _SCALES:
        ends = (
            (-a.value_cm if a.datum is Datum.DEPTH else a.value_cm) if a.datum in scale else None
            for a in (band.lower, band.upper)
        )
        lower, upper = ends
        found.append((lower, upper))
    return found


def _axis(scales: list[_Limits]) -> _Limits:
    """Return the range that stands for a band on one axis: all of it if it is of two scales."""
    for number, (lower, upper) in enumerate(scales):
        if lower is not None and upper is not None:
            return lower + number * _APART_CM, upper + number * _APART_CM
    return None, None


def _asked(volume: Volume, minima: Minima) -> dict[str, Any]:
    """Return the parameters of a query's time and altitudes, grown by the minima."""
    spare_ms, spare_cm = max(0, minima.time_ms - 1), max(0, minima.vertical_cm - 1)
    start, end = int(volume.window.start) - spare_ms, int(volume.window.end) + spare_ms
    grown = [
        (None if low is None else low - spare_cm, None if up is None else up + spare_cm)
        for low, up in _limits(volume.band)
    ]
    axis = ",".join(
        _written(
            (number * _APART_CM + (low if low is not None else -_APART_CM // 2 + 1),
             number * _APART_CM + (up if up is not None else _APART_CM // 2 - 1))
        )
        for number, (low, up) in enumerate(grown)
    )  # fmt: skip
    stamps = (f"{_stamp(at)}" for at in (start, end))
    return {
        "during": "[" + ",".join(stamps) + "]",
        "height": "{" + axis + "}",
        "ground": _written(grown[0]),
        "sea": _written(grown[1]),
        "level": _written(grown[2]),
    }


def _written(limits: _Limits) -> str:
    lower, upper = ("" if limit is None else str(limit) for limit in limits)
    return f"[{lower},{upper}]"


def _stamp(at_ms: int) -> str:
    whole, rest = divmod(at_ms, 1_000)
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(whole)) + f".{rest:03}+00"


def peers() -> Iterable[type[Peer]]:
    """Return every peer."""
    return PostGis, CellArray
