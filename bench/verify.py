"""Verify: a proof bundle of 100,000 entries, checked offline in a process of its own.

The peer is `aics-tlog`, an independent implementation: it makes the tree of the same
entries and checks the same head, in the same run. It does none of the rest (schema, ids,
references, 2,000 hybrid receipts), so the ratio is an upper bound of what the rest costs.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import aics_tlog
from msgspec import Raw

from bench import common
from clearline.basis.ids import derive
from clearline.basis.instants import Instant
from clearline.record import (
    Checkpoint,
    Entry,
    Frontier,
    Receipt,
    canonical,
    cosign,
    encode,
    leaf_hash,
    origin_of,
    public_keys,
    sign,
)
from clearline.record.bundle import Contents, FeedContents, pack
from tests.kit import LINK, RealKeys, terms


def _contents(entries: int, receipts: int) -> Contents:
    parties = ("north", "south")
    keys = {party: RealKeys(party) for party in parties}
    feeds = []
    document = canonical.encode(terms())
    digest = canonical.sha256_hex(document)
    for party, other in (parties, parties[::-1]):
        frontier = Frontier()
        rows: list[bytes] = []
        signed: list[Receipt] = []
        count = entries // 2
        every = max(1, count // (receipts // 2))
        for index in range(count):
            raw = _entry(party, index, document, digest)
            rows.append(raw)
            frontier.append(leaf_hash(raw))
            if index % every == 0 or index == count - 1:
                head = Checkpoint(
                    origin=origin_of(LINK, party), size=frontier.size, root=frontier.root()
                )
                at = Instant(1_764_000_000_000 + index * 1_000)
                signed.append(
                    Receipt(
                        origin=head.origin,
                        size=head.size,
                        root=head.root,
                        at=at,
                        lines=cosign(head, keys[other].mirror, at),
                    )
                )
        head = Checkpoint(origin=origin_of(LINK, party), size=frontier.size, root=frontier.root())
        feeds.append(
            FeedContents(
                party=party,
                checkpoint=sign(head, keys[party].author),
                entries=rows,
                receipts=signed,
            )
        )
    return Contents(
        link=LINK,
        exported_by="north",
        exported_at=Instant(1_765_000_000_000),
        keys={party: public_keys(keys[party].author, keys[party].mirror) for party in parties},
        terms=[document],
        feeds=feeds,
    )


def _entry(party: str, index: int, document: bytes, digest: str) -> bytes:
    """Return an entry of the size of a notice: about 600 bytes."""
    at = Instant(1_764_000_000_000 + index * 1_000)
    if index == 0 and party == "north":
        kind, body = "terms.proposed", Raw(b'{"terms":' + document + b"}")
    elif index <= 1:
        kind, body = "terms.agreed", Raw(canonical.encode({"hash": digest}))
    else:
        kind = "notice.declared"
        points = [{"lat_e7": 350_000_000 + index + n, "lon_e7": 400_000_000 - n} for n in range(7)]
        outline = {"shape": "polygon", "exterior": points, "holes": [], "margin_cm": 0}
        body = Raw(canonical.encode({"activity": "flight", "late": False, "volumes": [outline]}))
    name = derive(at, 0, party, index)
    return encode(Entry(at=at, body=body, id=name, kind=kind, re=(), v=1))


def measure(asked: argparse.Namespace) -> dict[str, Any]:
    """Return the figures."""
    contents = _contents(asked.entries, asked.receipts)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bundle.zip"
        path.write_bytes(pack(contents))
        times = []
        for _ in range(asked.rounds):
            began = time.perf_counter()
            done = subprocess.run(
                [sys.executable, "-m", "clearline.verifier", str(path), "--json"],
                capture_output=True,
                check=True,
            )
            times.append(time.perf_counter() - began)
        report = json.loads(done.stdout)
        size_mb = round(path.stat().st_size / 1e6, 1)
    began = time.perf_counter()
    for feed in contents.feeds:
        tree = aics_tlog.MerkleTree(list(feed.entries))
        assert tree.root() is not None
    peer_s = time.perf_counter() - began
    return {
        "benchmark": "verify",
        "entries": report["entries"],
        "receipts": report["receipts"],
        "verified": report["verified"],
        "faults": len(report["faults"]),
        "bundle_mb": size_mb,
        "seconds": [round(each, 2) for each in times],
        "worst_s": round(max(times), 2),
        "peer": "aics-tlog 0.2.1, tree alone",
        "peer_s": round(peer_s, 2),
        "ratio_to_peer": round(max(times) / peer_s, 2),
        "goal_s": 5,
    }


if __name__ == "__main__":
    common.main(measure, __doc__, entries=100_000, receipts=2_000, rounds=3)
