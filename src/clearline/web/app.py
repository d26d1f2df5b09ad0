"""The console's application: the page, the API, the session, and nothing else.

Every request passes here once: who asks, may they, is the body what it must be; then the
row's handler; then the answer, with the headers that hold the browser to this node. Errors
have one shape (`Failure`), whoever's they are.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import msgspec
import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from clearline.basis.faults import Broken, Mistake
from clearline.basis.instants import Instant, dec_hook
from clearline.web.endpoint import Asked, Endpoint, Failure, encode
from clearline.web.openapi import describe
from clearline.web.page import HEADERS, Page

__all__ = ["PREFIX", "Guard", "application"]

PREFIX = "/api/v1"
CONFLICTS = frozenset(
    {"out_of_order", "watch_held", "watch_not_held", "test_over", "duplicate", "not_your_watch"}
)
"""Mistakes of two officers who act at once: 409, so that a client can tell."""
_STATUS = {
    "signed_out": 401,
    "not_your_role": 403,
    "wrong_origin": 403,
    "too_large": 413,
    "too_many_consoles": 503,
    "busy": 503,
    "people_unusable": 503,
    "bad_passkey": 403,
    "unknown_passkey": 403,
    "bad_code": 403,
    "too_many_codes": 429,
    "too_many_tries": 429,
}

_log = structlog.get_logger("clearline.web")


class Guard(Protocol):
    """Who is asking, and whether they may."""

    def require(self, request: Request, needs: str) -> Any:
        """Return the session; raises Mistake `signed_out` or `not_your_role`."""
        ...

    def check_origin(self, request: Request) -> None:
        """Raise Mistake `wrong_origin` unless the request was sent by our own page."""
        ...

    async def demo(self, request: Request) -> Response:
        """Sign this browser in for the demo, where there is one."""
        ...


def application(
    guard: Guard, endpoints: list[Endpoint], page: Page, now: Callable[[], Instant]
) -> ASGIApp:
    """Return the application."""
    document = encode(describe(endpoints, PREFIX))

    async def openapi(_: Request) -> Response:
        return Response(document, media_type="application/json")

    routes = [
        Route(f"{PREFIX}/openapi.json", openapi, methods=["GET"]),
        Route("/demo", guard.demo, methods=["GET"]),
        *(_route(each, guard, now) for each in endpoints),
        Route(f"{PREFIX}/{{rest:path}}", _nothing, methods=list(_METHODS)),
        Route("/", page.serve, methods=["GET"]),
        Route("/{name:path}", page.serve, methods=["GET"]),
    ]
    app = Starlette(
        routes=routes,
        exception_handlers={
            Mistake: _mistaken,
            Broken: _broken,
            BufferError: _busy,
            HTTPException: _http,
            ClientDisconnect: _gone,
            Exception: _failed,
        },
    )
    return _Headers(app)


_METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH")


def _route(row: Endpoint, guard: Guard, now: Callable[[], Instant]) -> Route:
    decoder = msgspec.json.Decoder(row.takes, dec_hook=dec_hook) if row.takes is not None else None

    async def answer(request: Request) -> Response:
        if row.method != "GET":
            guard.check_origin(request)
        session = guard.require(request, row.needs) if row.needs is not None else None
        asked = Asked(
            request=request,
            officer=session.officer if session is not None else "",
            session=session,
            now=now(),
            body=await _body(request, row, decoder),
            query=_query(request, row),
        )
        given = await row.handler(asked)
        if isinstance(given, Response):
            return given
        if given is None:
            return Response(status_code=204)
        return Response(encode(given), media_type="application/json")

    route = Route(f"{PREFIX}{row.path}", answer, methods=[row.method], name=row.name)
    route.methods = {row.method}  # Not HEAD beside GET: a stream without a body never ends.
    return route


async def _body(request: Request, row: Endpoint, decoder: Any) -> Any:
    if decoder is None:
        return None
    raw = bytearray()
    async for piece in request.stream():
        raw += piece
        if len(raw) > row.max_bytes:
            raise Mistake("too_large", f"This takes at most {row.max_bytes} bytes.")
    try:
        return decoder.decode(bytes(raw))
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise Mistake("bad_request", str(error)[:500]) from error


def _query(request: Request, row: Endpoint) -> Any:
    if row.query is None:
        return None
    try:
        return msgspec.convert(dict(request.query_params), row.query, strict=False)
    except (msgspec.ValidationError, ValueError) as error:
        raise Mistake("bad_request", str(error)[:500]) from error


def _failure(status: int, failure: Failure) -> Response:
    return Response(encode(failure), status_code=status, media_type="application/json")


async def _mistaken(_: Request, error: Exception) -> Response:
    assert isinstance(error, Mistake), error
    status = 409 if error.code in CONFLICTS else _STATUS.get(error.code, 422)
    if error.code.startswith("no_such"):
        status = 404
    field = getattr(error, "field", None)
    return _failure(status, Failure(code=error.code, phrase=error.phrase, at=error.at, field=field))


async def _broken(_: Request, error: Exception) -> Response:
    return _failure(503, Failure(code="line_not_safe", phrase=str(error)))


async def _busy(_: Request, error: Exception) -> Response:
    return _failure(503, Failure(code="busy", phrase=f"{error}: try again in a moment."))


async def _http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException), error
    code = {404: "no_such_path", 405: "wrong_method"}.get(error.status_code, "bad_request")
    response = _failure(error.status_code, Failure(code=code, phrase=str(error.detail)))
    response.headers.update(error.headers or {})
    return response


async def _gone(_: Request, error: Exception) -> Response:
    # Whoever asked has gone in the middle of their own request: nobody reads this.
    del error
    return Response(status_code=400)


async def _failed(_: Request, error: Exception) -> Response:
    # A view that fails must not take the console with it. What concerns the record never
    # ends here: the loop says LINE NOT SAFE of itself. What went wrong is for the log: it
    # may name files, and whoever asked may be a stranger.
    _log.error("request_failed", error=f"{type(error).__name__}: {error}")
    return _failure(500, Failure(code="failed", phrase="This failed: the node's log says why."))


async def _nothing(_: Request) -> Response:
    return _failure(404, Failure(code="no_such_path", phrase="The API has no such path."))


class _Headers:
    """Puts the security headers on every answer, whoever made it."""

    def __init__(self, app: Callable[[Scope, Receive, Send], Awaitable[None]]) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name.lower() for name, _ in message["headers"]}
                extra = [
                    (name.lower().encode(), value.encode())
                    for name, value in HEADERS.items()
                    if name.lower().encode() not in present
                ]
                if b"cache-control" not in present:
                    extra.append((b"cache-control", b"no-store"))
                message = {**message, "headers": [*message["headers"], *extra]}
            await send(message)

        await self._app(scope, receive, sent)
