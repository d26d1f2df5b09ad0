"""How two nodes reach each other: HTTPS, both sides pinned, and nothing else.

A transport carries bytes between the runtime and a counterpart's node. It never reads
what is in them, but for the one thing that must not wait: whether a FLASH may be inside.
"""

from clearline.transports.bounds import Bounds
from clearline.transports.certificate import (
    PinnedContext,
    add_pin,
    client_context,
    der_base64,
    der_of,
    drop_pin,
    from_base64,
    make_certificate,
    server_context,
)
from clearline.transports.client import Client, Failure, Unreachable
from clearline.transports.https import Gate, Server

__all__ = [
    "Bounds",
    "Client",
    "Failure",
    "Gate",
    "PinnedContext",
    "Server",
    "Unreachable",
    "add_pin",
    "client_context",
    "der_base64",
    "der_of",
    "drop_pin",
    "from_base64",
    "make_certificate",
    "server_context",
]
