"""Described: the API's description without a node, for documents and for the page's types.

`python -m clearline.web.described` writes it to standard output.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, cast

import msgspec

from clearline.web.api import Api, Backend
from clearline.web.app import PREFIX
from clearline.web.documents import Documents
from clearline.web.openapi import describe
from clearline.web.picture import Picture
from clearline.web.serving import every_endpoint
from clearline.web.signin import SignIn
from clearline.web.talks import Talks

__all__ = ["document"]


def document() -> bytes:
    """Return the OpenAPI document, as JSON that people can read."""
    # The rows need no node to be described: only their handlers would.
    none = cast("Any", None)
    api = Api(cast("Backend", none), cast("Picture", none), Path(), none, none, none)
    rows = every_endpoint(SignIn(none, _nobody(), none, none), Documents(none), Talks(none), api)
    raw = msgspec.json.encode(describe(rows, PREFIX), order="deterministic")
    return msgspec.json.format(raw, indent=1) + b"\n"


def _nobody() -> Any:
    """Return a party that is nobody's, as the rows of signing in want one."""
    return msgspec.defstruct("Nobody", [("title", str, ""), ("party", str, "")])()


if __name__ == "__main__":
    sys.stdout.buffer.write(document())
