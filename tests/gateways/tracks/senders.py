"""Receivers for tests: real servers on loopback that send what they are given, and can be cut."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading


class Sender:
    """A receiver's server over TCP; what it has sent, every new connection is sent as well."""

    def __init__(self, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port: int = self._listener.getsockname()[1]
        self._tls = tls
        self._ends: list[socket.socket] = []
        self._changed = threading.Condition()
        self.accepted = 0
        self.heard = b""
        """Whatever was written to us: there should be nothing."""
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                end, _ = self._listener.accept()
                if self._tls is not None:
                    try:
                        end = self._tls.wrap_socket(end, server_side=True)
                    except (ssl.SSLError, OSError):
                        continue
                with self._changed:
                    self._ends.append(end)
                    self.accepted += 1
                    self._changed.notify_all()
                threading.Thread(target=self._listen, args=(end,), daemon=True).start()

    def _listen(self, end: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError):
            while raw := end.recv(65_536):
                self.heard += raw

    def awaited(self, connections: int = 1, limit_s: float = 20.0) -> Sender:
        """Return when so many connections have been accepted in all."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.accepted >= connections, limit_s)
        return self

    def send(self, raw: bytes) -> None:
        for end in list(self._ends):
            with contextlib.suppress(OSError):
                end.sendall(raw)

    def cut(self) -> None:
        """End every connection; new ones are taken."""
        for end in self._ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._ends.clear()

    def end(self) -> None:
        """Be gone."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
