"""Settings: one TOML file in the node's home, and the environment over it.

`CLEARLINE_NODE_LISTEN=0.0.0.0:7443` overrides `listen` in the table `[node]`; lists are
split at commas. Every setting is documented in docs/reference/settings.md, which
tests/test_house.py holds to this file. An unknown name is a mistake, never ignored.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct, field

from clearline.basis.faults import Mistake
from clearline.basis.ids import Name
from clearline.core.terms import ContactLine, Language, Title, Url
from clearline.node.tracks.receivers import MAX_RECEIVERS, Place, place_of
from clearline.node.ways import Apprise, Mail, Mqtt, Paging, Phone, Xmpp, is_loopback

__all__ = [
    "FILE",
    "Auditor",
    "Console",
    "Desk",
    "Log",
    "Metrics",
    "NodeSettings",
    "Settings",
    "TracksSettings",
    "Voice",
    "load",
    "show",
]

FILE = "clearline.toml"
PREFIX = "CLEARLINE_"
MAX_PORT = 65_535

Address = Annotated[str, Meta(pattern=r"^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):[0-9]{1,5}\Z")]


class NodeSettings(Struct, kw_only=True, forbid_unknown_fields=True):
    """Table `[node]`: who this node is and where it is reached."""

    party: Name
    """The party's short name; it is in the name of every feed and cannot change later."""
    title: Title
    """The party's name as people say it."""
    listen: Address = "127.0.0.1:7443"
    """Address and port on which counterparts reach this node; port 0 takes a free one."""
    urls: tuple[Url, ...] = ()
    """Base addresses to put on the party's card, best first."""
    contact: tuple[ContactLine, ...] = ()
    """Contact card: how people reach people if nothing else works. Posts, no names."""
    languages: tuple[Language, ...] = ("en",)
    """Languages that the watch may speak; the first is the one this node shows."""
    indexed_in_memory: Annotated[int, Meta(ge=0)] = 1_000_000
    """So many active notices of a side of a link are indexed in memory, and the rest on disk."""

    def __post_init__(self) -> None:
        """Refuse what a pattern cannot: msgspec makes a ValidationError of a ValueError."""
        if int(self.listen.rpartition(":")[2]) > MAX_PORT:
            raise ValueError(f"a port is at most {MAX_PORT}: {self.listen!r}")


class Log(Struct, kw_only=True, forbid_unknown_fields=True):
    """Table `[log]`: what goes to standard error."""

    level: Annotated[str, Meta(pattern=r"^(debug|info|warning|error)\Z")] = "info"
    """The least that is written: debug, info, warning or error."""
    format: Annotated[str, Meta(pattern=r"^(text|json)\Z")] = "text"
    """`text` for people, `json` for machines."""


class Metrics(Struct, kw_only=True, forbid_unknown_fields=True):
    """Table `[metrics]`: Prometheus."""

    listen: Annotated[str, Meta(pattern=r"^(|127\.[0-9.]+:[0-9]{1,5}|\[::1\]:[0-9]{1,5})\Z")] = ""
    """Loopback address and port for `/metrics`; empty for none."""


class Desk(Struct, kw_only=True, forbid_unknown_fields=True):
    """Table `[desk]`: how a desk of ours is rung."""

    command: tuple[str, ...] = ()
    """A program to run for each ringing, with the ring as JSON on its standard input."""


class Auditor(Struct, kw_only=True, forbid_unknown_fields=True):
    """Table `[auditor]`: how the process beside the node alarms."""

    command: tuple[str, ...] = ()
    """A program to run for each alarm, with it as JSON on its standard input."""
    page: tuple[Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{0,38}=.{1,300}\Z")], ...] = ()
    """Whom to page for each alarm, each `CHANNEL=ADDRESS`: `mail=duty@north.example`."""
    language: Language = "en"
    """What pages are in, where a channel speaks."""


class Console(Struct, kw_only=True, forbid_unknown_fields=True):
    """Table `[console]`: the watch officer's screen, in a browser."""

    listen: Annotated[str, Meta(pattern=r"^(|(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):[0-9]{1,5})\Z")] = (
        ""
    )
    """Address and port for browsers; port 0 takes a free one; empty for no console."""
    origin: Annotated[str, Meta(pattern=r"^(|https://[A-Za-z0-9.-]{1,200}(:[0-9]{1,5})?)\Z")] = ""
    """What browsers call it, if it is not `http://localhost:PORT`; passkeys are bound to it."""
    certificate: str = ""
    """PEM file of the certificate that browsers see; without one only loopback is served."""
    certificate_key: str = ""
    """PEM file of its private key."""
    demo_officer: Annotated[str, Meta(max_length=60, pattern=r"^[^\x00-\x1f\x7f-\x9f]*\Z")] = ""
    """Signs every browser on this machine in under this name, for a demo. Loopback only."""

    def __post_init__(self) -> None:
        """Refuse what would show a watch to a network in the clear, or sign a stranger in."""
        if int(self.listen.rpartition(":")[2] or 0) > MAX_PORT:
            raise ValueError(f"a port is at most {MAX_PORT}: {self.listen!r}")
        if bool(self.certificate) != bool(self.certificate_key):
            raise ValueError("a certificate and its key go together")
        if self.listen and not self.is_loopback and not self.certificate:
            raise ValueError(
                f"{self.listen} is not loopback: a console on a network needs a certificate and "
                "its key"
            )
        if self.listen and not self.is_loopback and not self.origin:
            raise ValueError(
                f"{self.listen} is not loopback: a console on a network needs `origin`, the name "
                "that browsers call it"
            )
        # A host whose last label is a number is an address in figures (WHATWG URL, 3.5).
        host = self.origin.removeprefix("https://").partition(":")[0]
        if host.rstrip(".").rpartition(".")[2].isdigit():
            raise ValueError(f"{self.origin} is an address: passkeys are bound to a name")
        if self.demo_officer and (self.origin or not self.is_loopback):
            raise ValueError("a demo session is for loopback only, and not behind an `origin`")

    @property
    def is_loopback(self) -> bool:
        """Return whether only this machine can reach it."""
        return is_loopback(self.listen.rpartition(":")[0])


class RosterSettings(Struct, kw_only=True, forbid_unknown_fields=True):
    """Table `[roster]`: who will be on watch."""

    subscribe: tuple[
        Annotated[str, Meta(pattern=r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?=/.+\Z", max_length=500)],
        ...,
    ] = ()
    """Calendars kept elsewhere, as `duty-desk=/srv/rota/duty.ics`; read again when they change."""
    zone: Annotated[str, Meta(max_length=60)] = ""
    """Time zone of calendars' times that have none, such as Europe/Berlin; empty: refused."""
    horizon_days: Annotated[int, Meta(ge=7, le=1_100)] = 400
    """How far ahead calendars are worked out."""

    @property
    def subscriptions(self) -> dict[str, Path]:
        """Return the file that each subscribed desk's calendar is in."""
        pairs = (each.partition("=") for each in self.subscribe)
        return {echelon: Path(path) for echelon, _, path in pairs}


class Voice(Struct, kw_only=True, forbid_unknown_fields=True):
    """Table `[voice]`: where the voice of a call comes in and goes out."""

    addresses: tuple[str, ...] = ()
    """Addresses in figures that media is bound to; none: those of the node and its console."""
    ports: Annotated[str, Meta(pattern=r"^(|[0-9]{1,5}-[0-9]{1,5})\Z")] = ""
    """UDP ports to take, first and last, for a firewall; empty for any that is free."""

    def __post_init__(self) -> None:
        """Refuse what cannot be bound to."""
        for address in self.addresses:
            if ip_address(address).is_unspecified:
                raise ValueError(
                    f"{address} is every address: leave `addresses` empty, or name them"
                )
        first, _, last = self.ports.partition("-")
        if self.ports and not 0 < int(first) <= int(last) <= MAX_PORT:
            raise ValueError(f"no ports are {self.ports!r}")


class TracksSettings(Struct, kw_only=True, forbid_unknown_fields=True):
    """Table `[tracks]`: our own receivers. What they see never leaves the node."""

    receivers: Annotated[tuple[str, ...], Meta(max_length=MAX_RECEIVERS)] = ()
    """Where tracks come in, each `NAME=FORMAT://HOST:PORT`, as `roof=beast://127.0.0.1:30005`."""
    ahead_s: Annotated[int, Meta(ge=30, le=3_600)] = 300
    """How far ahead a track's course is followed into notices of theirs."""
    authority_file: str = ""
    """PEM file of the authority that vouches for TAK servers; empty: the system's."""
    certificate_file: str = ""
    """PEM file of the certificate that we show a TAK server; empty for none."""
    key_file: str = ""
    """PEM file of its private key, if it is not in the same file."""

    def __post_init__(self) -> None:
        """Refuse what names no receiver."""
        names = [place.name for place in self.places]
        if len(set(names)) < len(names):
            raise ValueError("two receivers have one name")

    @property
    def places(self) -> tuple[Place, ...]:
        """Return every receiver, read."""
        return tuple(place_of(each) for each in self.receivers)


class Settings(Struct, kw_only=True, forbid_unknown_fields=True):
    """All settings of one node."""

    node: NodeSettings
    log: Log = field(default_factory=Log)
    metrics: Metrics = field(default_factory=Metrics)
    desk: Desk = field(default_factory=Desk)
    auditor: Auditor = field(default_factory=Auditor)
    console: Console = field(default_factory=Console)
    paging: Paging = field(default_factory=Paging)
    mail: Mail = field(default_factory=Mail)
    mqtt: Mqtt = field(default_factory=Mqtt)
    xmpp: Xmpp = field(default_factory=Xmpp)
    apprise: Apprise = field(default_factory=Apprise)
    phone: Phone = field(default_factory=Phone)
    roster: RosterSettings = field(default_factory=RosterSettings)
    voice: Voice = field(default_factory=Voice)
    tracks: TracksSettings = field(default_factory=TracksSettings)

    @property
    def media(self) -> tuple[str, ...]:
        """Return the addresses that media is bound to; none for each that the machine has."""
        if self.voice.addresses:
            return self.voice.addresses
        found: list[str] = []
        for listen in (self.node.listen, self.console.listen):
            host = listen.rpartition(":")[0].strip("[]")
            if not host:
                continue
            try:
                address = ip_address("127.0.0.1" if host == "localhost" else host)
            except ValueError:  # A name: whatever address it has is one of the machine's.
                return ()
            if address.is_unspecified:
                return ()
            found.append(str(address))
        return tuple(dict.fromkeys(found))


def load(home: Path, environment: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of the node in `home`; Mistake with the name of what is wrong."""
    path = home / FILE
    try:
        raw: Any = msgspec.toml.decode(path.read_bytes())
    except FileNotFoundError:
        raise Mistake(
            "no_node", f"There is no node in {home}: `clearline --home {home} init NAME` makes one."
        ) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Mistake("bad_settings", f"{path} is not TOML: {error}") from error
    except OSError as error:
        raise Mistake("cannot_read", f"{path}: {error.strerror}.") from error
    _override(raw, os.environ if environment is None else environment)
    try:
        return msgspec.convert(raw, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise Mistake("bad_settings", f"{path}: {error}") from error


def show(settings: Settings) -> str:
    """Return the settings as the TOML file that makes them."""
    lines: list[str] = []
    for table, values in msgspec.to_builtins(settings).items():
        lines += [f"[{table}]", *(f"{name} = {_toml(value)}" for name, value in values.items()), ""]
    return "\n".join(lines)


def _override(raw: dict[str, Any], environment: Mapping[str, str]) -> None:
    tables = {each.name: each.type for each in msgspec.structs.fields(Settings)}
    for name, text in environment.items():
        table, _, key = name.removeprefix(PREFIX).lower().partition("_")
        if not name.startswith(PREFIX) or table not in tables or not key:
            continue
        known = {each.name: each.type for each in msgspec.structs.fields(tables[table])}
        if key not in known:
            raise Mistake("bad_settings", f"{name}: there is no setting {key!r} in [{table}].")
        is_list = "tuple" in str(known[key])
        value = [part for part in text.split(",") if part] if is_list else text
        if not isinstance(raw.setdefault(table, {}), dict):
            raise Mistake("bad_settings", f"{table} must be a table: [{table}].")
        raw[table][key] = value


def _toml(value: Any) -> str:
    # A JSON string and a JSON list of strings are spelt the same in TOML, but for DEL, which
    # JSON lets stand and TOML does not.
    return msgspec.json.encode(value).decode().replace("\x7f", "\\u007f")
