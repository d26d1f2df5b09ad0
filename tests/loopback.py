"""Ports of loopback for servers of tests."""

from __future__ import annotations

import secrets
import socket

import psutil

LOWEST, HIGHEST = 12_000, 32_000
"""Below what systems give out by themselves (Linux: from 32,768): so a server that is down, and is
to have its port again, cannot lose it to somebody's connection, nor be taken for itself."""
KINDS = (socket.SOCK_STREAM, socket.SOCK_DGRAM)
TRIES = 1_000


def free_port(count: int = 1) -> int:
    """Return the first of `count` ports in a row that nobody has, neither for TCP nor for UDP."""
    for _ in range(TRIES):
        first = LOWEST + secrets.randbelow(HIGHEST - LOWEST)
        ports = range(first, first + count)
        if all(_is_free(port, kind) for port in ports for kind in KINDS):
            return first
    raise AssertionError(f"no {count} ports in a row are free")


def _is_free(port: int, kind: socket.SocketKind) -> bool:
    """Return whether nobody has a port, for TCP or for UDP."""
    with socket.socket(socket.AF_INET, kind) as sock:
        try:
            sock.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def holds(pid: int, port: int, transport: str) -> bool:
    """Return whether a process has a port, for "udp" or "tcp".

    Without trying the port, which would take it from the process that is about to have it.
    """
    try:
        held = psutil.Process(pid).net_connections(transport)
    except psutil.Error:
        return False
    return any(each.laddr and each.laddr.port == port for each in held)
