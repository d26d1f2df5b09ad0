"""A reader of the stream of a running node, that cuts its connections at random moments.

A browser takes an event when its empty line has come, and drops what it has of one when the
connection ends; the reader here does the same, on a socket of its own that it closes in the
middle of whatever it is being sent.
"""

from __future__ import annotations

import json
import random
import socket
from typing import Any

from clearline.web.picture import KINDS
from tests.web.conftest import Client

DEADLINE_S = 20.0

Shown = dict[str, dict[str, Any]]


def lists(whole: dict[str, Any]) -> Shown:
    return {kind: {item["id"]: item for item in whole[kind]} for kind in KINDS}


class Reader:
    """One console: it has the picture, applies each frame, and remembers each one's id."""

    def __init__(self, client: Client, chance: random.Random) -> None:
        self._client = client
        self._chance = chance
        whole = client.api("picture")
        self.shown = lists(whole)
        self.first = self.last = whole["seq"]
        self.ids: list[str] = []
        self.cuts = 0
        self.cut_within = 0

    def read(self, limit: int, goal: str = "") -> None:
        """Read so many bytes of a new connection, or until an event, and cut it."""
        host, _, port = self._client.base.removeprefix("http://").rpartition(":")
        cookie = "; ".join(f"{each.name}={each.value}" for each in self._client.jar)
        asked = (
            f"GET /api/v1/stream?since={self.first} HTTP/1.1\r\nHost: {host}:{port}\r\n"
            f"User-Agent: {self._client.agent}\r\nCookie: {cookie}\r\n"
        )
        if self.ids:
            asked += f"Last-Event-ID: {self.last}\r\n"
        with socket.create_connection((host, int(port)), timeout=DEADLINE_S) as line:
            line.sendall(f"{asked}\r\n".encode())
            self._take(line, limit, goal)
        self.cuts += 1

    def _take(self, line: socket.socket, limit: int, goal: str) -> None:
        raw = text = b""
        body = False
        while limit > 0 and self.last != goal:
            piece = line.recv(min(limit, self._chance.randint(1, 3_000)))
            assert piece, "the node ended the stream"
            limit -= len(piece)
            raw += piece
            if not body:
                head, body, raw = _head(raw)
                if not body:
                    raw = head
                    continue
            raw, more = _chunks(raw)
            text += more
            *events, text = text.split(b"\n\n")
            for event in events:
                self._event(event.decode())
                if self.last == goal:
                    # What follows in the same bytes is of after the picture that is waited for.
                    break
        self.cut_within += bool(raw or text)

    def _event(self, event: str) -> None:
        fields = dict(line.split(": ", 1) for line in event.splitlines())
        assert fields.get("event") != "reset", "the node had thrown away what was missed"
        if fields.get("event") != "frame":
            return
        frame = json.loads(fields["data"])
        for kind, items in frame["put"].items():
            self.shown[kind].update({item["id"]: item for item in items})
        for kind, gone in frame["gone"].items():
            for each in gone:
                del self.shown[kind][each]
        self.ids.append(fields["id"])
        self.last = fields["id"]


def _head(raw: bytes) -> tuple[bytes, bool, bytes]:
    head, end, rest = raw.partition(b"\r\n\r\n")
    if end:
        assert head.startswith(b"HTTP/1.1 200"), head
    return head, bool(end), rest


def _chunks(raw: bytes) -> tuple[bytes, bytes]:
    """Return what is left of the last, unfinished chunk, and what the whole ones hold."""
    found = b""
    while True:
        size, end, rest = raw.partition(b"\r\n")
        if not end or len(rest) < int(size, 16) + 2:
            return raw, found
        found += rest[: int(size, 16)]
        raw = rest[int(size, 16) + 2 :]
