"""Ways: the settings of the channels beside the desk, and how their secrets are read.

A channel that is set up wrongly is refused here, in one sentence, before anything is sent.
What crosses a network crosses it by TLS: in the clear it may go to this machine alone. A
secret is never a setting: it is a file of its owner's alone, read when it is used, so that
it can be changed while the node runs.
"""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from clearline.node.ports import ChannelError, PageCause

__all__ = [
    "Apprise",
    "Host",
    "Mail",
    "Mqtt",
    "Paging",
    "Phone",
    "Text",
    "Xmpp",
    "is_loopback",
    "read_password",
    "read_secret",
]

MAX_SECRET_BYTES = 64 * 1024
"""Of a file of secrets: five hundred services and their keys."""

Host = Annotated[str, Meta(pattern=r"^(|\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]{1,253})\Z")]
Port = Annotated[int, Meta(ge=1, le=65_535)]
Text = Annotated[str, Meta(pattern=r"^(summons|full)\Z")]
"""How much leaves by a channel: `summons`, that a call waits; `full`, what it says too."""
Word = Annotated[str, Meta(max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f]*\Z")]


class Paging(Struct, kw_only=True, forbid_unknown_fields=True):
    """Table `[paging]`: what holds for all channels."""

    check_every_s: Annotated[int, Meta(ge=5, le=86_400)] = 300
    """Each channel is tried so often, without disturbing anybody; a failing one more often."""
    at_once: Annotated[int, Meta(ge=1, le=1_000)] = 64
    """Pages that may wait for one channel to take them over; a FLASH waits behind none."""


class Mail(Struct, kw_only=True, forbid_unknown_fields=True):
    """Table `[mail]`: mail, through one server."""

    host: Host = ""
    """The server that takes mail over; empty for no mail."""
    port: Port = 587
    security: Annotated[str, Meta(pattern=r"^(starttls|tls|none)\Z")] = "starttls"
    """`starttls` or `tls`; `none` is for loopback only."""
    authority_file: str = ""
    """PEM file of the authority that vouches for the server; empty: the system's."""
    user: Word = ""
    """Name to sign in with; empty: none."""
    password_file: str = ""
    """File of its password, for its owner alone."""
    sender: Annotated[str, Meta(pattern=r"^(|[^\s@<>]{1,64}@[A-Za-z0-9.-]{1,253})\Z")] = ""
    """The address that pages come from."""
    text: Text = "summons"
    """How much leaves: `summons`, that a call waits; `full`, what it says too."""
    timeout_s: Annotated[int, Meta(ge=1, le=120)] = 15
    """How long the server has to take one page over."""
    connections: Annotated[int, Meta(ge=1, le=16)] = 4
    """Kept to the server at most; a FLASH may open as many more."""

    def __post_init__(self) -> None:
        """Refuse what would send pages in the clear, or from nobody."""
        _check_clear("mail", self.host, clear=self.security == "none")
        if self.host and not self.sender:
            raise ValueError("mail needs `sender`, the address that pages come from")


class Mqtt(Struct, kw_only=True, forbid_unknown_fields=True):
    """Table `[mqtt]`: lamps, buzzers and pagers, through one broker."""

    host: Host = ""
    """The broker; empty for none."""
    port: Port = 8883
    security: Annotated[str, Meta(pattern=r"^(tls|none)\Z")] = "tls"
    """`tls`; `none` is for loopback only."""
    authority_file: str = ""
    """PEM file of the authority that vouches for the broker; empty: the system's."""
    user: Word = ""
    """Name to sign in with; empty: none."""
    password_file: str = ""
    """File of its password, for its owner alone."""
    devices_file: str = ""
    """TOML file of `name = "key"`, for its owner alone: the devices that may sign a reply."""
    prefix: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,40}(/[A-Za-z0-9_-]{1,40}){0,4}\Z")] = (
        "clearline"
    )
    """What all of its topics begin with."""
    text: Text = "summons"
    """How much leaves: `summons`, that a call waits; `full`, what it says too."""
    timeout_s: Annotated[int, Meta(ge=1, le=120)] = 10
    """How long the broker has to take one page over."""
    reply_s: Annotated[int, Meta(ge=1, le=86_400)] = 3_600
    """How long a device's reply to a page is listened for, unless the call is answered first."""

    def __post_init__(self) -> None:
        """Refuse what would send pages in the clear."""
        _check_clear("mqtt", self.host, clear=self.security == "none")


class Xmpp(Struct, kw_only=True, forbid_unknown_fields=True):
    """Table `[xmpp]`: chat, through one server. By TLS alone, on loopback too."""

    host: Host = ""
    """The chat server; empty for none."""
    port: Port = 5222
    security: Annotated[str, Meta(pattern=r"^(starttls|tls)\Z")] = "starttls"
    """`starttls` or `tls`."""
    authority_file: str = ""
    """PEM file of the authority that vouches for the server; empty: the system's."""
    account: Annotated[str, Meta(pattern=r"^(|[^\s@/<>\"'&:]{1,200}@[A-Za-z0-9.-]{1,253})\Z")] = ""
    """The account that pages come from: `name@domain`; the certificate must be the domain's."""
    password_file: str = ""
    """File of its password, for its owner alone."""
    text: Text = "summons"
    """How much leaves: `summons`, that a call waits; `full`, what it says too."""
    timeout_s: Annotated[int, Meta(ge=1, le=120)] = 10
    """How long the server has to take one page over."""

    def __post_init__(self) -> None:
        """Refuse what would send pages from nobody."""
        if self.host and not (self.account and self.password_file):
            raise ValueError("xmpp needs `account` and `password_file`")


class Apprise(Struct, kw_only=True, forbid_unknown_fields=True):
    """Table `[apprise]`: everything else that Apprise speaks to, by TLS."""

    services_file: str = ""
    """TOML file of `name = "URL"`, for its owner alone; empty for none."""
    authority_file: str = ""
    """PEM file of the authority that vouches for the services; empty: public ones."""
    text: Text = "summons"
    """How much leaves: `summons`, that a call waits; `full`, what it says too."""
    timeout_s: Annotated[int, Meta(ge=1, le=120)] = 20
    """How long a service has to take one page over."""


class Phone(Struct, kw_only=True, forbid_unknown_fields=True):
    """Table `[phone]`: telephones, by SIP, through one exchange."""

    driver: Annotated[str, Meta(pattern=r"^(|baresip-python|baresip)\Z")] = ""
    """`baresip-python`, or `baresip` for Debian's program, by which nobody can stay on the line to
    talk; empty for no telephone."""
    host: Host = ""
    """The party's SIP exchange; every call goes through it."""
    port: Port = 5061
    security: Annotated[str, Meta(pattern=r"^(tls|none)\Z")] = "tls"
    """`tls`, with SRTP for what is said; `none` is for loopback only."""
    transport: Annotated[str, Meta(pattern=r"^(udp|tcp)\Z")] = "udp"
    """`udp` or `tcp`, where there is no TLS."""
    authority_file: str = ""
    """PEM file of the authority that vouches for the exchange; needed with TLS."""
    account: Annotated[
        str, Meta(pattern=r"^(|[A-Za-z0-9._+-]{1,64}@(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]{1,200}))\Z")
    ] = ""
    """Who calls: `user@domain`, as the exchange knows this node."""
    user: Annotated[str, Meta(pattern=r"^[A-Za-z0-9._+@-]{0,64}\Z")] = ""
    """The name that goes with the password, if it is not the account's."""
    password_file: str = ""
    """File of the account's password, for its owner alone; empty if there is none."""
    lines: Annotated[int, Meta(ge=0, le=500)] = 0
    """How many calls may be under way at once: as many as the exchange grants. Must be set."""
    sip_uri_template: Annotated[
        str,
        Meta(pattern=r"^(|sips?:[A-Za-z0-9._*+-]{0,20}\{number\}@[A-Za-z0-9.:;=\[\]-]{1,200})\Z"),
    ] = ""
    """The dial plan: what makes a SIP URI of a number, such as `sip:{number}@exchange.example`."""
    text: Text = "full"
    """What is spoken: `full`, what the call says; `summons`, that one waits."""
    ring_s: Annotated[int, Meta(ge=2, le=120)] = 30
    """Seconds that one call rings before it counts as not answered."""
    talk_s: Annotated[int, Meta(ge=2, le=600)] = 90
    """Seconds for which an answered call waits for the code."""
    redials: Annotated[int, Meta(ge=0, le=20)] = 5
    """How often a telephone that is busy or not answered is dialled again."""
    redial_pause_s: Annotated[int, Meta(ge=1, le=60)] = 5
    """Seconds between two calls to it."""
    recordings: str = ""
    """Folder with a folder per language of what the party has recorded; empty for none."""

    def __post_init__(self) -> None:
        """Refuse what would ring nobody, or say a call to a network in the clear."""
        if not self.driver:
            return
        if not self.host or not self.account:
            raise ValueError("a telephone needs `host` and `account`")
        if not self.lines:
            raise ValueError("a telephone needs `lines`: how many calls the exchange lets you hold")
        _check_clear("phone", self.host, clear=self.security == "none")
        if self.security == "tls" and not self.authority_file:
            raise ValueError("a telephone over TLS needs `authority_file`")
        if self.driver == "baresip" and not is_loopback(self.host):
            raise ValueError(
                f"{self.host} is not loopback: the driver baresip does not check the exchange's "
                "certificate; use baresip-python"
            )


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine itself, and nothing else by any reading."""
    bare = host.strip("[]")
    try:
        return ip_address(bare).is_loopback
    except ValueError:  # A name may begin with 127 and be anywhere.
        return bare.lower() == "localhost"


def read_secret(path: Path, what: str) -> bytes:
    """Return what a file of secrets holds.

    ChannelError with what to do, if it cannot be read or if others may read it.
    """
    try:
        with path.open("rb") as file:
            mode = path.stat().st_mode
            raw = file.read(MAX_SECRET_BYTES + 1)
    except OSError as error:
        phrase = f"{path}, {what}: {error.strerror}."
        raise ChannelError(PageCause.CREDENTIALS, phrase) from error
    if mode & 0o077:
        phrase = f"Others can read {path}, {what}: chmod 600."
        raise ChannelError(PageCause.CREDENTIALS, phrase)
    if len(raw) > MAX_SECRET_BYTES:
        phrase = f"{path}, {what}, has more than {MAX_SECRET_BYTES:,} bytes."
        raise ChannelError(PageCause.CREDENTIALS, phrase)
    return raw


def read_password(path: Path, of: str) -> str:
    """Return the password that a file holds, without the white space around it.

    ChannelError as of any secret; `of` says whose it is.
    """
    return read_secret(path, f"the password of {of}").decode("utf-8", "replace").strip()


def _check_clear(table: str, host: str, *, clear: bool) -> None:
    if host and clear and not is_loopback(host):
        raise ValueError(f"{host} is not loopback: {table} to a network needs TLS")
