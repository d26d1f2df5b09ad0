"""OpenAPI: the description of the API, made from the rows that are the API.

Version 3.1, whose schemas are JSON Schema 2020-12; `msgspec` makes these of the very types
that decode and encode. `docs/reference/openapi.json` is this description as committed, and
the page's own types are made from it.

Source: OpenAPI Specification 3.1.1.
"""

from __future__ import annotations

import re
from typing import Any, cast

import msgspec

from clearline import __version__
from clearline.basis.instants import Instant
from clearline.web.endpoint import Endpoint, Failure

__all__ = ["describe"]

_INSTANT = {
    "type": "string",
    "format": "date-time",
    "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$",
    "description": "RFC 3339 in UTC, with exactly three decimals.",
}
_FAILURES = {
    "401": "Nobody is signed in.",
    "403": "Not this role's, or not sent by our own page.",
    "404": "There is nothing of that id.",
    "409": "Somebody else was first.",
    "413": "Too large.",
    "422": "It cannot be done as it was asked; the code and phrase say why.",
    "429": "Too many failures: wait.",
    "500": "A fault of ours, which the log names.",
    "503": "LINE NOT SAFE, or too busy.",
}


def describe(endpoints: list[Endpoint], prefix: str) -> dict[str, Any]:
    """Return the description of these rows, as plain values."""
    types = [Failure]
    for row in endpoints:
        types += [each for each in (row.takes, row.query, row.gives) if each is not None]
    schemas, components = msgspec.json.schema_components(
        types, schema_hook=_schema, ref_template="#/components/schemas/{name}"
    )
    shapes = dict(zip([id(each) for each in types], schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for row in endpoints:
        paths.setdefault(f"{prefix}{row.path}", {})[row.method.lower()] = _operation(
            row, shapes, components
        )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Clearline console",
            "version": __version__,
            "description": "What the watch officer's console asks of its own node. It is not "
            "the protocol between nodes.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"session": []}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": _patterns(dict(sorted(components.items()))),
            "securitySchemes": {
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "clearline-PARTY-PORT",
                    "description": "Made by signing in with a passkey.",
                }
            },
        },
    }


def _operation(row: Endpoint, shapes: dict[int, Any], components: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": row.name,
        "summary": row.summary,
        "tags": [row.tag],
        "responses": {**_answer(row, shapes), **_failures(row)},
    }
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{([a-z_]+)(?::[a-z]+)?}", row.path)
    ]
    if row.query is not None:
        shape = components[shapes[id(row.query)]["$ref"].rpartition("/")[2]]
        required = shape.get("required", [])
        parameters += [
            {"name": name, "in": "query", "required": name in required, "schema": schema}
            for name, schema in shape["properties"].items()
        ]
    if row.method != "GET":
        parameters.append(
            {"name": "X-Clearline", "in": "header", "required": True, "schema": {"const": "1"}}
        )
    if parameters:
        operation["parameters"] = parameters
    if row.takes is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": shapes[id(row.takes)]}},
        }
    if row.needs is None:
        operation["security"] = []
    return operation


def _answer(row: Endpoint, shapes: dict[int, Any]) -> dict[str, Any]:
    if row.gives is None and row.media == "application/json":
        return {"204": {"description": "Done."}}
    schema = shapes[id(row.gives)] if row.gives is not None else {"type": "string"}
    return {"200": {"description": row.summary, "content": {row.media: {"schema": schema}}}}


def _failures(row: Endpoint) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Failure"}}}
    return {
        status: {"description": text, "content": content}
        for status, text in _FAILURES.items()
        if row.needs is not None or status not in ("401",)
    }


def _schema(kind: type) -> dict[str, Any]:
    if kind is Instant:
        return dict(_INSTANT)
    raise NotImplementedError(f"no schema for {kind.__name__}")


def _patterns(value: Any) -> Any:
    r"""Return schemas whose patterns are of ECMA 262, which has `$` where Python has `\Z`."""
    if isinstance(value, dict):
        known = cast("dict[str, Any]", value)
        return {
            key: _ecma(each) if key == "pattern" and isinstance(each, str) else _patterns(each)
            for key, each in known.items()
        }
    if isinstance(value, list):
        return [_patterns(each) for each in cast("list[Any]", value)]
    return value


def _ecma(pattern: str) -> str:
    return pattern.replace(r"\A", "^").replace(r"\Z", "$")
