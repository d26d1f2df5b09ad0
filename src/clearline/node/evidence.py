"""Evidence: the record of a link, gathered from the journal for a proof bundle.

It gathers and never judges: `record.verify` judges, for us and for anyone else.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from clearline.basis.faults import Refusal
from clearline.basis.instants import Instant
from clearline.basis.steps import Steps, finish
from clearline.core.links import Link
from clearline.node.runtime import Runtime
from clearline.record import ForkEvidence, canonical
from clearline.record import decode as decode_entry
from clearline.record.bundle import Contents, FeedContents

__all__ = ["gather", "gathering"]

_ROWS_AT_ONCE = 1_000
_ROW_US = 4
"""About how long it takes to read a row, in µs."""


def gather(runtime: Runtime, link: str, now: Instant) -> Contents:
    """Return everything that a proof bundle of a link holds; Mistake if there is no such link."""
    return finish(gathering(runtime, link, now))


def gathering(runtime: Runtime, link: str, now: Instant) -> Steps[Contents]:
    """Do `gather` in steps: heads and receipts are of the first, and feeds only grow."""
    held = runtime.state.link(link)
    runtime.flush()
    exported_by = held.us
    keys = {card.party: card.keys for card in held.terms.parties}
    documents = {canonical.encode(terms) for terms in held.agreement.documents.values()}
    forks = [
        (held.them, msgspec.msgpack.decode(kept.evidence, type=ForkEvidence))
        for kept in runtime.journal.forks(link)
    ]
    parts = [
        (_feed(runtime, held, party), size)
        for party, size in ((held.us, held.own_size), (held.them, held.their_size))
    ]
    yield _ROW_US * sum(len(feed.receipts) for feed, _ in parts)
    feeds: list[FeedContents] = []
    for feed, size in parts:
        entries: list[bytes] = []
        for start in range(0, size, _ROWS_AT_ONCE):
            end = min(size, start + _ROWS_AT_ONCE)
            entries += [row.raw for row in runtime.journal.rows(link, feed.party, start, end)]
            documents.update(_terms_in(entries[start:end]))
            yield _ROW_US * (end - start)
        feeds.append(replace(feed, entries=entries))
    return Contents(
        link=link,
        exported_by=exported_by,
        exported_at=now,
        keys=keys,
        terms=sorted(documents),
        feeds=feeds,
        forks=forks,
    )


def _feed(runtime: Runtime, link: Link, party: str) -> FeedContents:
    """Return what is signed of a feed as it stands, without its entries."""
    if party == link.us:
        checkpoint = runtime.checkpoint(link.id)[1]
    else:
        head = runtime.journal.head(link.id, party)
        checkpoint = head.raw if head is not None else b""
    return FeedContents(
        party=party,
        checkpoint=checkpoint,
        entries=[],
        receipts=[kept.receipt for kept in runtime.journal.receipts(link.id, party)],
    )


def _terms_in(entries: list[bytes]) -> set[bytes]:
    """Return every terms document that entries propose, as canonical bytes."""
    found: set[bytes] = set()
    for raw in entries:
        if b'"kind":"terms.proposed"' not in raw:
            continue
        entry = decode_entry(raw)
        if not isinstance(entry, Refusal) and entry.kind == "terms.proposed":
            body = msgspec.json.decode(entry.body, type=dict[str, msgspec.Raw])
            if "terms" in body:
                found.add(bytes(body["terms"]))
    return found
