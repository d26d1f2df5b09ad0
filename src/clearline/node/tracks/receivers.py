"""Receivers: how the settings name a place where tracks come in.

`roof=beast://127.0.0.1:30005`: a name, what it speaks, how it is reached. Nothing is ever sent to
one; of UDP we only hear.
"""

from __future__ import annotations

import re
from enum import StrEnum
from ipaddress import ip_address

from msgspec import Struct

__all__ = ["MAX_RECEIVERS", "Carrier", "Format", "Place", "place_of"]

MAX_RECEIVERS = 16
MAX_PORT = 65_535
_SPELLING = re.compile(
    r"(?P<name>[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?)="
    r"(?P<format>beast|sbs|ais|tak)(\+(?P<carrier>tcp|udp|tls))?://"
    r"(?P<host>\[[0-9A-Fa-f:]+\]|[A-Za-z0-9.-]{1,253}):(?P<port>[0-9]{1,5})"
)


class Format(StrEnum):
    """What a receiver speaks."""

    BEAST = "beast"
    SBS = "sbs"
    AIS = "ais"
    TAK = "tak"


class Carrier(StrEnum):
    """How it is reached."""

    TCP = "tcp"
    UDP = "udp"
    TLS = "tls"


_CARRIERS = {
    Format.BEAST: {Carrier.TCP},
    Format.SBS: {Carrier.TCP},
    Format.AIS: {Carrier.TCP, Carrier.UDP},
    Format.TAK: {Carrier.TCP, Carrier.UDP, Carrier.TLS},
}


class Place(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One receiver, as the settings have it."""

    name: str
    format: Format
    carrier: Carrier
    host: str
    port: int

    @property
    def is_group(self) -> bool:
        """Return whether its address is one of a group, which has to be joined."""
        try:
            return ip_address(self.host).is_multicast
        except ValueError:
            return False


def place_of(text: str) -> Place:
    """Return the receiver that a setting names. ValueError with a sentence if it names none."""
    found = _SPELLING.fullmatch(text)
    if found is None:
        raise ValueError(
            f"{text!r} is no receiver: write NAME=FORMAT://HOST:PORT, as in "
            "roof=beast://127.0.0.1:30005; the formats are beast, sbs, ais, ais+udp, tak, "
            "tak+tls and tak+udp"
        )
    kind, carrier = Format(found["format"]), Carrier(found["carrier"] or "tcp")
    if carrier not in _CARRIERS[kind]:
        raise ValueError(f"{text!r}: {kind} does not come over {carrier}")
    port = int(found["port"])
    if not 0 < port <= MAX_PORT:
        raise ValueError(f"{text!r}: a port is 1 to {MAX_PORT}")
    return Place(
        name=found["name"], format=kind, carrier=carrier, host=found["host"].strip("[]"), port=port
    )
