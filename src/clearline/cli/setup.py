"""Verbs that make a node, a party and a link: init, party, link, serve.

A link begins by hand, because the terms hold the keys that all else is checked with: two
people carry cards and one document, and read two fingerprints to each other.
"""

from __future__ import annotations

import sys
import uuid
from pathlib import Path
from typing import Any

import click
import msgspec
from msgspec.structs import replace

from clearline import gateways
from clearline.basis.faults import Mistake
from clearline.basis.ids import derive
from clearline.basis.instants import HOUR_MS, MINUTE_MS, dec_hook, enc_hook
from clearline.cli.common import (
    Session,
    acting_officer,
    confirm,
    errors,
    pick_link,
    plain,
    run,
    verb,
    whole,
    write,
)
from clearline.cli.heights import show as show_heights
from clearline.cli.heights import worst_case
from clearline.cli.serving import serve_forever
from clearline.core.events import Agree, Announce, OpenLink, Propose, Settle
from clearline.core.terms import (
    DEFAULT_MINIMA,
    Activity,
    Limits,
    Party,
    Pulse,
    ReleaseField,
    ReleaseRules,
    Terms,
    TestSchedule,
    check_terms,
    default_ladders,
    hash_of,
)
from clearline.gateways.shape import MAX_FILE_BYTES
from clearline.node import words
from clearline.node.clock import SystemClock
from clearline.node.settings import load
from clearline.record import fingerprint
from clearline.space import Anchor, Grid, Minima, Polygon
from clearline.transports.local import LocalClient
from clearline.wiring import Home

__all__ = ["init", "link", "party", "serve"]

CARRY_MAGIC = b"clearline-carry/1\n"
RECEIPT_MAGIC = b"clearline-receipt/1\n"


@click.command()
@click.argument("name")
@click.option("--title", help="The party's name as people say it.")
@click.option("--listen", default="127.0.0.1:7443", show_default=True, help="Host and port.")
@click.option("--url", "urls", multiple=True, help="Base address for the card; may be repeated.")
@click.option("--contact", "contacts", multiple=True, help="A line of the contact card. No names.")
@click.option("--language", "languages", multiple=True, help="Spoken on watch; the first is shown.")
@click.pass_obj
@verb
def init(
    session: Session,
    name: str,
    title: str | None,
    listen: str,
    urls: tuple[str, ...],
    contacts: tuple[str, ...],
    languages: tuple[str, ...],
) -> None:
    """Make a node for the party NAME: its keys, certificate, settings and journal's place."""
    home = Home(session.home)
    card = home.create(
        party=name,
        title=title or name,
        listen=listen,
        urls=urls or (f"https://{listen}",),
        contact=contacts,
        languages=languages or ("en",),
        now=SystemClock().now(),
    )
    mark = fingerprint(card.keys)
    text = (
        f"Node of [bold]{plain(card.title)}[/] made in {plain(str(session.home))}\n"
        f"fingerprint {mark}\n"
        "next: `clearline serve` in one terminal; `clearline party --out card.json` and carry it."
    )
    session.show({"party": name, "home": str(session.home), "fingerprint": mark}, text)


@click.command()
@click.option("--out", "target", type=click.Path(path_type=Path), help="Write the card to a file.")
@click.pass_obj
@verb
def party(session: Session, target: Path | None) -> None:
    """Show this party's card: what the counterpart needs to write terms with it."""
    card = Home(session.home).card()
    raw = msgspec.json.format(msgspec.json.encode(card, enc_hook=enc_hook))
    if target is not None:
        write(target, raw + b"\n")
    mark = fingerprint(card.keys)
    named = f"[bold]{plain(card.title)}[/] ({card.party})"
    text = f"{named}\nfingerprint {mark}\nurls {plain(', '.join(card.urls))}"
    if target is not None:
        text += f"\ncard written to {plain(str(target))}"
    session.show({"card": msgspec.to_builtins(card), "fingerprint": mark}, text)


@click.command()
@click.pass_obj
@verb
def serve(session: Session) -> None:
    """Run the node until it is told to stop. Ends with 70 if the LINE is NOT SAFE."""
    code = serve_forever(session.home)
    if code:
        sys.exit(code)


@click.group()
def link() -> None:
    """Begin, show, amend, carry and settle links."""


@link.command("propose")
@click.argument("card", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--area",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The area that the terms cover: one polygon, GeoJSON or KML.",
)
@click.option("--out", "target", required=True, type=click.Path(path_type=Path))
@click.option(
    "--anchor", "anchors", multiple=True, help='A named place: "Harbour light=35.1N 36.2E".'
)
@click.option("--minima", help='Separation: "5 km, 300 m, 15 min".')
@click.option("--pressure", help='Sea level, and temperature: "980 to 1040 hPa, 10 %".')
@click.option("--terrain", help='Lowest and highest ground of the area: "-10 m to 2800 m".')
@click.option("--geoid", help='Its height there: "15 m to 30 m", or "grid" to look it up.')
@click.option("--grid", help='What notices are rounded to: "1 km, 150 m, 5 min".')
@click.option("--changes", type=click.Path(exists=True, path_type=Path), help="JSON merged in.")
@click.pass_obj
@verb
def propose(
    session: Session,
    card: Path,
    area: Path,
    target: Path,
    anchors: tuple[str, ...],
    minima: str | None,
    pressure: str | None,
    terrain: str | None,
    geoid: str | None,
    grid: str | None,
    changes: Path | None,
) -> None:
    """Write terms with the counterpart whose CARD this is, begin the link, and agree for us.

    The document goes to a file: carry it to the counterpart, who runs `link agree` on it.

    Pressure, terrain and geoid are the worst case by which levels of different data are
    compared. Pressure and geoid default to what holds anywhere; state what holds in the area.
    Terrain has no default: until it is stated, a height above the ground meets any flight level.
    """
    ours = Home(session.home).card()
    theirs = _decode(whole(card), Party, str(card))
    covered = _area(area)
    terms = Terms(
        link=derive(SystemClock().now(), 0, uuid.uuid4().bytes),
        version=1,
        parties=(ours, theirs),
        area=covered,
        minima=replace(minima_of(minima), heights=worst_case(pressure, terrain, geoid, covered)),
        ladders=default_ladders(),
        activities=(
            Activity(name="flight", lead_ms=2 * HOUR_MS),
            Activity(name="ground-movement", lead_ms=12 * HOUR_MS),
            Activity(name="convoy", lead_ms=24 * HOUR_MS),
            Activity(name="sea-passage", lead_ms=24 * HOUR_MS),
            Activity(name="exercise", lead_ms=72 * HOUR_MS),
            Activity(name="static-site", lead_ms=48 * HOUR_MS),
        ),
        release=ReleaseRules(
            # Free text is what a release rule cannot read: it is agreed to by name, or not at all.
            fields=tuple(each for each in ReleaseField if each is not ReleaseField.FREE_TEXT),
            grid=_grid(grid),
            call_grid=Grid(
                position_e7=1_000, length_cm=10_000, altitude_cm=3_048, time_ms=MINUTE_MS
            ),
        ),
        anchors=tuple(_anchor(text) for text in anchors),
        anchor_tolerance_cm=200_000,
        tests=TestSchedule(every_ms=HOUR_MS, patience_ms=5 * MINUTE_MS),
        violations=("not-notified", "outside-notice", "no-answer"),
        pulse=Pulse(),
        limits=Limits(),
    )
    if changes is not None:
        terms = _merged(terms, changes)
    check_terms(terms)
    if terms.minima.worst is None or isinstance(terms.minima.worst.terrain, msgspec.UnsetType):
        errors.print("No --terrain: heights above the ground will meet whatever is overhead.")
    event = OpenLink(by=acting_officer(), us=ours.party, terms=terms, agree=True)
    run(lambda node: node.do(event), session)
    try:
        write(target, _pretty(terms))
    except Mistake as mistake:
        phrase = f"{mistake.phrase} The link is begun: `clearline link show --document` prints it."
        raise Mistake(mistake.code, phrase) from mistake
    said = f"Terms written to {plain(str(target))}. Carry them to {plain(theirs.title)}."
    _tell_terms(session, terms, said)


@link.command("agree")
@click.argument("document", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="The fingerprints were compared; do not ask.")
@click.pass_obj
@verb
def agree(session: Session, document: Path, yes: bool) -> None:  # noqa: FBT001 - click's
    """Agree to terms that were carried here, or that the counterpart proposed as an amendment."""
    terms = _decode(whole(document), Terms, str(document))
    us = load(session.home).node.party
    terms.side(us)
    if not yes:
        for card in terms.parties:
            errors.print(f"{plain(card.title)}: fingerprint {fingerprint(card.keys)}")
        errors.print("Compare both with the counterpart by voice before you agree.")
        confirm("Do they match?")

    async def work(node: LocalClient) -> None:
        known = [each["id"] for each in (await node.ask("status"))["links"]]
        if terms.link in known:
            await node.do(Agree(by=acting_officer(), link=terms.link, hash=hash_of(terms)))
        else:
            await node.do(OpenLink(by=acting_officer(), us=us, terms=terms, agree=True))

    run(work, session)
    _tell_terms(session, terms, "Agreed. In force as soon as both feeds hold this hash.")


@link.command("amend")
@click.argument("document", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_obj
@verb
def amend(session: Session, document: Path) -> None:
    """Propose the terms in DOCUMENT in place of those in force.

    Begin with `clearline link show --document`, edit it, and raise its version.
    """
    terms = _decode(whole(document), Terms, str(document))
    run(lambda node: node.do(Propose(by=acting_officer(), terms=terms)), session)
    _tell_terms(session, terms, "Proposed, and agreed to by us. In force when they agree.")


@link.command("show")
@click.argument("name", required=False)
@click.option("--document", is_flag=True, help="Print the terms document alone, to be edited.")
@click.pass_obj
@verb
def show(session: Session, name: str | None, document: bool) -> None:  # noqa: FBT001 - click's
    """Show a link: its terms, keys and state."""

    async def work(node: LocalClient) -> Any:
        found = await pick_link(node, name)
        return found, await node.ask("terms", link=found["id"])

    found, terms = run(work, session)
    if document:
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(terms["document"])) + b"\n")
        return
    force = "in force" if found["in_force"] else "NOT in force"
    lines = [
        f"link {found['id']} with [bold]{plain(found['title'])}[/]: {found['state'].upper()}",
        f"terms version {found['terms_version']}, {force}",
        f"hash {found['terms_hash']}",
        *show_heights(msgspec.convert(terms["document"]["minima"], Minima).worst),
        *(f"fingerprint of {who}: {mark}" for who, mark in terms["fingerprints"].items()),
        *(f"contact: {plain(line)}" for line in found["contact"]),
        *(f"[yellow]waiting for agreement[/]: {digest}" for digest in found["waiting"]),
    ]
    session.show(found | {"terms": terms}, "\n".join(lines))


@link.command("announce")
@click.argument("status", type=click.Choice(["in_force", "suspended"]))
@click.option("--link", "name")
@click.pass_obj
@verb
def announce(session: Session, status: str, name: str | None) -> None:
    """Announce the political state of a link. It changes nothing that the link carries."""

    async def work(node: LocalClient) -> Any:
        found = await pick_link(node, name)
        return await node.do(Announce(by=acting_officer(), link=found["id"], status=status))

    done = run(work, session)
    session.show(done, f"Announced: {status}. The line itself stays open.")


@link.command("settle")
@click.argument("name", required=False)
@click.option("--yes", is_flag=True, help="The evidence was looked at; do not ask.")
@click.pass_obj
@verb
def settle(session: Session, name: str | None, yes: bool) -> None:  # noqa: FBT001 - click's
    """Let a DISPUTED link carry entries again. The evidence of the fork is kept for ever."""
    if not yes:
        confirm("Have you looked at the evidence in `clearline bundle`?")

    async def work(node: LocalClient) -> Any:
        found = await pick_link(node, name)
        return await node.do(Settle(by=acting_officer(), link=found["id"]))

    session.show(run(work, session), "The link carries entries again.")


@link.command("export")
@click.argument("name", required=False)
@click.option("--out", "target", required=True, type=click.Path(path_type=Path))
@click.option(
    "--from",
    "start",
    type=click.IntRange(0),
    help="First entry; default: the first without receipt.",
)
@click.pass_obj
@verb
def export(session: Session, name: str | None, target: Path, start: int | None) -> None:
    """Write our feed to a file, to be carried by hand when no network reaches the counterpart."""

    async def work(node: LocalClient) -> Any:
        found = await pick_link(node, name)
        first = found["stored_by_them"] if start is None else start
        return found, await node.ask("carry", link=found["id"], start=first)

    found, carried = run(work, session)
    bodies = [bytes.fromhex(body) for body in carried]
    head = CARRY_MAGIC + found["id"].encode() + b"\n"
    write(target, head + b"".join(b"%d\n" % len(body) + body for body in bodies))
    size = target.stat().st_size
    counted = f"{found['own_size']} entries' feed, {len(bodies)} parts, {size:,} bytes"
    text = f"{counted}: {plain(str(target))}"
    session.show({"file": str(target), "parts": len(bodies), "bytes": size}, text)


@link.command("import")
@click.argument("source", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--receipt", type=click.Path(path_type=Path), help="Where to write the receipt.")
@click.pass_obj
@verb
def import_(session: Session, source: Path, receipt: Path | None) -> None:
    """Take in a feed, or a receipt, that was carried here by hand."""
    raw = source.read_bytes()
    if raw.startswith(RECEIPT_MAGIC):
        link_id, _, note = raw[len(RECEIPT_MAGIC) :].partition(b"\n")
        size = run(
            lambda node: node.ask(
                "receipt", link=link_id.decode("ascii", "replace"), note=note.hex()
            ),
            session,
        )
        session.show({"stored_by_them": size}, f"Receipt taken in: they store {size} entries.")
        return
    link_id, bodies = _carried(raw, source)

    async def work(node: LocalClient) -> Any:
        return [await node.ask("admit", link=link_id, body=body.hex()) for body in bodies]

    notes = run(work, session)
    if receipt is not None:
        write(receipt, RECEIPT_MAGIC + link_id.encode() + b"\n" + bytes.fromhex(notes[-1]))
    where = f" Carry {plain(str(receipt))} back: it is their receipt." if receipt else ""
    session.show({"parts": len(bodies)}, f"{len(bodies)} parts taken in and stored.{where}")


def _carried(raw: bytes, source: Path) -> tuple[str, list[bytes]]:
    if not raw.startswith(CARRY_MAGIC):
        raise Mistake("not_carried", f"{source} is neither a carried feed nor a receipt.")
    link_id, _, rest = raw[len(CARRY_MAGIC) :].partition(b"\n")
    bodies: list[bytes] = []
    while rest:
        count, _, rest = rest.partition(b"\n")
        if not count.isdigit() or len(count) > 8 or int(count) > len(rest):
            raise Mistake("torn", f"{source} is cut short or damaged: export it again.")
        bodies.append(rest[: int(count)])
        rest = rest[int(count) :]
    if not bodies:
        raise Mistake("torn", f"{source} is cut short or damaged: export it again.")
    return link_id.decode("ascii", "replace"), bodies


def _tell_terms(session: Session, terms: Terms, said: str) -> None:
    marks = {card.party: fingerprint(card.keys) for card in terms.parties}
    digest = hash_of(terms)
    lines = [said, f"link {terms.link}", f"hash {digest}"]
    lines += [f"fingerprint of {who}: {mark}" for who, mark in marks.items()]
    session.show({"link": terms.link, "hash": digest, "fingerprints": marks}, "\n".join(lines))


def _decode(raw: bytes, kind: Any, name: str) -> Any:
    try:
        return msgspec.json.decode(raw, type=kind, dec_hook=dec_hook)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise Mistake("bad_document", f"{name}: {error}") from error


def _pretty(terms: Terms) -> bytes:
    return msgspec.json.format(msgspec.json.encode(terms, enc_hook=enc_hook)) + b"\n"


def _merged(terms: Terms, changes: Path) -> Terms:
    """Return the terms with the JSON in a file laid over them, key by key."""
    base = msgspec.to_builtins(terms)
    try:
        over = msgspec.json.decode(whole(changes), type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise Mistake("bad_document", f"{changes}: {error}") from error
    for key, value in over.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            base[key] = {**base[key], **value}
        else:
            base[key] = value
    return _decode(msgspec.json.encode(base), Terms, str(changes))


def _area(path: Path) -> Polygon:
    reading = gateways.read(path.name, whole(path, MAX_FILE_BYTES))
    for fault in reading.faults:
        raise Mistake(fault.code, f"{path}: {fault.item}: {fault.phrase}")
    if len(reading.shapes) != 1 or not isinstance(reading.shapes[0].outline, Polygon):
        raise Mistake("bad_area", f"{path} must hold exactly one polygon.")
    # Points follow the edges as the map draws them; an agreed area has no margin.
    return replace(reading.shapes[0].outline, margin_cm=0)


def _anchor(text: str) -> Anchor:
    name, _, where = text.partition("=")
    if not where:
        raise Mistake("bad_anchor", f"{text!r}: write NAME=POSITION.")
    return Anchor(name=name.strip(), position=words.position(where, {}))


def minima_of(text: str | None) -> Minima:
    if text is None:
        return DEFAULT_MINIMA
    across, up, time = _three(text, "5 km, 300 m, 15 min")
    return Minima(
        horizontal_cm=words.length_cm(across),
        vertical_cm=words.length_cm(up),
        time_ms=words.span_ms(time),
    )


def _grid(text: str | None) -> Grid:
    across, up, time = _three(text or "1 km, 500 ft, 5 min", "1 km, 150 m, 5 min")
    across_cm = words.length_cm(across)
    return Grid(
        position_e7=_step_e7(across_cm),
        length_cm=across_cm,
        altitude_cm=words.length_cm(up),
        time_ms=words.span_ms(time),
    )


def _step_e7(across_cm: int) -> int:
    """Return the coarsest step of a decimal series that is not longer than a length."""
    steps = (1_000_000, 500_000, 200_000, 100_000, 50_000, 20_000, 10_000, 5_000, 2_000, 1_000, 100)
    # A ten-millionth of a degree of latitude is 1.11 cm.
    return next((step for step in steps if step * 1.112 <= across_cm * 1.12), 100)


def _three(text: str, example: str) -> tuple[str, str, str]:
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != 3:
        raise Mistake("three_parts", f"{text!r}: write three parts, such as {example!r}.")
    return parts[0], parts[1], parts[2]
