"""A line with consoles, and a client that speaks to one as a browser does."""

from __future__ import annotations

import json
import shutil
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import pytest

from tests.line.consoles import Line, Side


class Answer:
    """What came back."""

    def __init__(self, status: int, raw: bytes, headers: dict[str, str]) -> None:
        self.status = status
        self.raw = raw
        self.headers = headers

    @property
    def body(self) -> Any:
        return json.loads(self.raw)


class Client:
    """One browser's worth of cookies at one console."""

    def __init__(self, side: Side, *, agent: str = "test") -> None:
        self.side = side
        self.base = side.address
        self.agent = agent
        self.jar = CookieJar()
        self._open = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))

    def signed_in(self) -> Client:
        assert self.get("/demo").status == 200
        return self

    def get(self, path: str, **headers: str) -> Answer:
        return self._ask("GET", path, None, headers)

    def api(self, path: str) -> Any:
        answer = self.get(f"/api/v1/{path}")
        assert answer.status == 200, answer.raw
        return answer.body

    def post(self, path: str, body: Any, method: str = "POST", **headers: str) -> Answer:
        own = {"Origin": self.base, "Content-Type": "application/json", "X-Clearline": "1"}
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._ask(method, f"/api/v1/{path}", json.dumps(body).encode(), own | given)

    def stream(self, since: str = "", last: str = "") -> Any:
        """Open the stream; the caller closes it."""
        headers = {"User-Agent": self.agent} | ({"Last-Event-ID": last} if last else {})
        url = f"{self.base}/api/v1/stream?since={since}"
        return self._open.open(urllib.request.Request(url, headers=headers), timeout=20)

    def _ask(self, method: str, path: str, raw: bytes | None, headers: dict[str, str]) -> Answer:
        request = urllib.request.Request(
            self.base + path, data=raw, method=method, headers={"User-Agent": self.agent} | headers
        )
        try:
            with self._open.open(request, timeout=30) as answer:
                return Answer(answer.status, answer.read(), dict(answer.headers))
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.read(), dict(error.headers))


@pytest.fixture(scope="module")
def line() -> Iterator[Line]:
    folder = Path(tempfile.mkdtemp(prefix="cl", dir="/tmp"))
    made = Line(folder)
    yield made
    made.end()
    for side in (made.north, made.south):
        assert "Traceback" not in side.station.said, side.station.said
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def north(line: Line) -> Client:
    return Client(line.north).signed_in()


@pytest.fixture
def south(line: Line) -> Client:
    return Client(line.south).signed_in()


@pytest.fixture
def stranger(line: Line) -> Callable[..., Client]:
    return lambda **more: Client(line.north, **more)
