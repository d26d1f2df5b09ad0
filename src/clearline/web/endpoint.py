"""Endpoints: one row for each thing that the API does; routes and OpenAPI are made of them.

A row says who may ask, what is taken and what is given, as types. A body is decoded
strictly by its type before a handler sees it, and what a handler returns is encoded by the
type that is documented. So the description cannot drift from what is done.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from msgspec import Struct
from starlette.requests import Request

from clearline.basis.instants import Instant, enc_hook

__all__ = ["Asked", "Empty", "Endpoint", "Failure", "Handler", "encode"]

MAX_BODY_BYTES = 65_536
"""What a body may have where its row does not say otherwise."""

encode = msgspec.json.Encoder(enc_hook=enc_hook, order="deterministic").encode
"""How everything that a console is given is written."""


class Empty(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A body with nothing in it."""


class Failure(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why something was not done."""

    code: str
    """Stable; the reference lists them all."""
    phrase: str
    """A sentence in English; the page has one in the officer's language by the code."""
    field: str | None = None
    """Which field of what was sent is wrong."""
    at: int | None = None
    """The character of it that is wrong."""


class Asked(Struct, kw_only=True):
    """One request, as a handler sees it."""

    request: Request
    officer: str
    """Who asks; whatever is done is done in this name."""
    session: Any
    now: Instant
    body: Any = None
    """Of the type that the row takes."""
    query: Any = None
    """Of the type that the row's query has."""

    @property
    def path(self) -> dict[str, str]:
        """Return the parts of the path that the row names."""
        return self.request.path_params


Handler = Callable[[Asked], Awaitable[Any]]


class Endpoint(Struct, frozen=True, kw_only=True):
    """One row: a method on a path."""

    method: str
    path: str
    """Under `/api/v1`."""
    name: str
    """The operation's id, in snake_case."""
    summary: str
    needs: str | None
    """The view or command that the officer's role must have; None if anyone may ask."""
    handler: Handler
    takes: Any = None
    """Type of the body; None for none."""
    query: Any = None
    """Struct of the query; None for none."""
    gives: Any = None
    """Type of the answer; a `Response` made by the handler is passed on as it is."""
    media: str = "application/json"
    max_bytes: int = MAX_BODY_BYTES
    tag: str = "console"
