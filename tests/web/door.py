"""The console's door, in this process: the real application and file, a clock that is turned
by hand, a browser whose address and headers are given, and a security key made of software."""

from __future__ import annotations

import asyncio
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any, cast

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from clearline.basis.instants import Instant
from clearline.node.settings import Console, NodeSettings
from clearline.web.api import Api
from clearline.web.app import application
from clearline.web.documents import Documents
from clearline.web.page import Page
from clearline.web.people import People
from clearline.web.roles import Role
from clearline.web.serving import every_endpoint
from clearline.web.signin import SignIn
from clearline.web.talks import Talks

NOW = Instant.parse("2026-11-23T12:00:00.000Z")
PORT = 8443
PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


class Clock:
    """A clock that stands until it is turned."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> Instant:
        return self.now

    def turn(self, span_ms: int) -> None:
        self.now = self.now.after(span_ms)


class Door:
    """One console, as far as its door: nothing behind it is reached by these tests."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.clock = Clock()
        self.people = People(folder / "console.db")
        console = Console(**({"listen": f"127.0.0.1:{PORT}"} | settings))
        node = NodeSettings(party="north", title="North HQ")
        self.signin = SignIn(self.people, node, console, self.clock)
        self.origin = self.signin.served_at(PORT)
        none = cast("Any", None)
        api = Api(none, none, folder / "layers", none, self.signin.still, none)
        self.rows = every_endpoint(self.signin, Documents(self.people), Talks(none), api)
        self.app = application(self.signin, self.rows, Page(folder), self.clock)

    def invite(self, name: str, role: Role = Role.WATCH_OFFICER) -> str:
        return self.people.invite(name, "", role, self.clock.now, by="owner")

    def enrolled(self, name: str, role: Role = Role.WATCH_OFFICER) -> Browser:
        """Return a browser at which somebody has just enrolled, and so is signed in."""
        made = Browser(self)
        answer = made.enrol(self.invite(name, role))
        assert answer.status == 200, answer.raw
        return made


class Answer:
    """What came back."""

    def __init__(self, status: int, headers: list[tuple[str, str]], raw: bytes) -> None:
        self.status = status
        self.headers = headers
        self.raw = raw

    @property
    def body(self) -> Any:
        return json.loads(self.raw)

    @property
    def cookie(self) -> str:
        return next((value for name, value in self.headers if name == "set-cookie"), "")


class Browser:
    """One browser: its cookies, its name for itself, and the key that is in it."""

    def __init__(self, door: Door, *, agent: str = "one", peer: str = "127.0.0.1") -> None:
        self.door = door
        self.agent = agent
        self.peer = peer
        self.cookies: dict[str, str] = {}
        self.key = Key(door.origin)

    def get(self, path: str, *, query: str = "", **headers: str) -> Answer:
        return self.ask("GET", path, b"", headers, query=query)

    def post(self, path: str, body: Any, **headers: str) -> Answer:
        own = {"origin": self.door.origin, "content-type": "application/json", "x-clearline": "1"}
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask("POST", f"/api/v1/{path}", json.dumps(body).encode(), own | given)

    def enrol(self, code: str) -> Answer:
        begun = self.post("enrol/begin", {"code": code})
        if begun.status != 200:
            return begun
        made = self.key.make(begun.body["options"])
        return self.finish("enrol/finish", begun, made, code=code)

    def sign_in(self) -> Answer:
        begun = self.post("sign-in/begin", {})
        assert begun.status == 200, begun.raw
        return self.finish("sign-in/finish", begun, self.key.sign(begun.body["options"]))

    def finish(self, path: str, begun: Answer, credential: dict[str, Any], **more: str) -> Answer:
        return self.post(
            path, {"ceremony": begun.body["ceremony"], "credential": credential} | more
        )

    def ask(
        self, method: str, path: str, raw: bytes, headers: dict[str, str], *, query: str = ""
    ) -> Answer:
        named = {"host": f"localhost:{PORT}", "user-agent": self.agent} | headers
        if self.cookies:
            named["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method,
            "scheme": "http", "path": path, "raw_path": path.encode(),
            "query_string": query.encode(), "root_path": "",
            "client": (self.peer, 50_000), "server": ("127.0.0.1", PORT),
            "headers": [(k.lower().encode(), v.encode()) for k, v in named.items()],
        }  # fmt: skip
        answer = asyncio.run(_call(self.door.app, scope, raw))
        for name, morsel in SimpleCookie(answer.cookie).items():
            self.cookies[name] = morsel.value
            if not morsel.value or morsel["max-age"] == "0":
                del self.cookies[name]
        return answer


class Key:
    """A security key: one P-256 key pair, that verifies its user and counts.

    Source: W3C Web Authentication Level 3, 6.1 (authenticator data) and 8.7 (attestation none).
    """

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.domain = origin.partition("://")[2].partition(":")[0]
        self.flags = PRESENT | VERIFIED
        self.count = 0
        self.id = secrets.token_bytes(16)
        self._private = ec.generate_private_key(ec.SECP256R1())

    def make(self, options: dict[str, Any]) -> dict[str, Any]:
        """Return what a browser answers with when a passkey has been made."""
        point = self._private.public_key().public_numbers()
        public = {
            1: 2,
            3: -7,
            -1: 1,
            -2: point.x.to_bytes(32, "big"),
            -3: point.y.to_bytes(32, "big"),
        }
        known = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cbor2.dumps(public)
        data = self._data(self.flags | ATTESTED) + known
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._credential(
            {
                "clientDataJSON": b64(self._client("webauthn.create", options)),
                "attestationObject": b64(attestation),
            }
        )

    def sign(self, options: dict[str, Any]) -> dict[str, Any]:
        """Return what a browser answers with when the passkey has signed."""
        self.count += 1
        data, client = self._data(self.flags), self._client("webauthn.get", options)
        signed = self._private.sign(data + sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._credential(
            {
                "clientDataJSON": b64(client),
                "authenticatorData": b64(data),
                "signature": b64(signed),
            }
        )

    def _data(self, flags: int) -> bytes:
        return (
            sha256(self.domain.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")
        )

    def _client(self, kind: str, options: dict[str, Any]) -> bytes:
        return json.dumps(
            {"type": kind, "challenge": options["challenge"], "origin": self.origin}
        ).encode()

    def _credential(self, response: dict[str, str]) -> dict[str, Any]:
        return {"id": b64(self.id), "rawId": b64(self.id), "type": "public-key",
                "response": response, "clientExtensionResults": {}}  # fmt: skip


def b64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


async def _call(app: Any, scope: dict[str, Any], raw: bytes) -> Answer:
    said: list[dict[str, Any]] = []
    given = iter([{"type": "http.request", "body": raw, "more_body": False}])

    async def receive() -> dict[str, Any]:
        return next(given, {"type": "http.disconnect"})

    async def send(message: dict[str, Any]) -> None:
        said.append(message)

    await app(scope, receive, send)
    headers = [(name.decode(), value.decode()) for name, value in said[0]["headers"]]
    return Answer(said[0]["status"], headers, b"".join(each.get("body", b"") for each in said[1:]))
