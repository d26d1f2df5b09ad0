"""The other ends of the channels, and one page, for every test of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.channels.ends import Broker, ChatServer, MailServer, WebServer, certificate


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for `localhost` and 127.0.0.1, and its key."""
    return certificate(tmp_path_factory.mktemp("tls"), "localhost", "127.0.0.1")


@pytest.fixture
def server(files: tuple[Path, Path]) -> Iterator[MailServer]:
    """A mail server that requires TLS and a name."""
    made = MailServer(files).start()
    yield made
    made.end()


@pytest.fixture
def broker(files: tuple[Path, Path], tmp_path: Path) -> Iterator[Broker]:
    """A broker that requires TLS and a name."""
    made = Broker(tmp_path, files).start()
    yield made
    made.kill()


@pytest.fixture
def chat(files: tuple[Path, Path], tmp_path: Path) -> Iterator[ChatServer]:
    """A chat server that requires TLS."""
    made = ChatServer(tmp_path, files).start()
    yield made
    made.kill()


@pytest.fixture
def web(files: tuple[Path, Path]) -> Iterator[WebServer]:
    """A service of one's own, by HTTPS."""
    made = WebServer(files)
    yield made
    made.end()
