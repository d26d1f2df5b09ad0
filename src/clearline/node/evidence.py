"""Evidence: the record of a link, gathered from the journal for a proof bundle.

It gathers and never judges: `record.verify` judges, for us and for anyone else.
"""

from __future__ import annotations

import msgspec

from clearline.basis.faults import Refusal
from clearline.basis.instants import Instant
from clearline.core.links import Link
from clearline.node.runtime import Runtime
from clearline.record import ForkEvidence, canonical
from clearline.record import decode as decode_entry
from clearline.record.bundle import Contents, FeedContents

__all__ = ["gather"]

_ROWS_AT_ONCE = 10_000


def gather(runtime: Runtime, link: str, now: Instant) -> Contents:
    """Return everything that a proof bundle of a link holds; Mistake if there is no such link."""
    held = runtime.state.link(link)
    runtime.flush()
    feeds = [_feed(runtime, held, party) for party in (held.us, held.them)]
    documents = {canonical.encode(terms) for terms in held.agreement.documents.values()}
    for feed in feeds:
        documents.update(_terms_in(feed))
    return Contents(
        link=link,
        exported_by=held.us,
        exported_at=now,
        keys={card.party: card.keys for card in held.terms.parties},
        terms=sorted(documents),
        feeds=feeds,
        forks=[
            (held.them, msgspec.msgpack.decode(kept.evidence, type=ForkEvidence))
            for kept in runtime.journal.forks(link)
        ],
    )


def _feed(runtime: Runtime, link: Link, party: str) -> FeedContents:
    size = link.own_size if party == link.us else link.their_size
    entries: list[bytes] = []
    for start in range(0, size, _ROWS_AT_ONCE):
        end = min(size, start + _ROWS_AT_ONCE)
        rows = runtime.journal.rows(link.id, party, start, end)
        entries.extend(row.raw for row in rows)
    if party == link.us:
        checkpoint = runtime.checkpoint(link.id)[1]
    else:
        head = runtime.journal.head(link.id, party)
        checkpoint = head.raw if head is not None else b""
    return FeedContents(
        party=party,
        checkpoint=checkpoint,
        entries=entries,
        receipts=[kept.receipt for kept in runtime.journal.receipts(link.id, party)],
    )


def _terms_in(feed: FeedContents) -> set[bytes]:
    """Return every terms document that a feed proposes, as canonical bytes."""
    found: set[bytes] = set()
    for raw in feed.entries:
        if b'"kind":"terms.proposed"' not in raw:
            continue
        entry = decode_entry(raw)
        if not isinstance(entry, Refusal) and entry.kind == "terms.proposed":
            body = msgspec.json.decode(entry.body, type=dict[str, msgspec.Raw])
            if "terms" in body:
                found.add(bytes(body["terms"]))
    return found
