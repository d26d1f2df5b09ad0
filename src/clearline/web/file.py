"""The file of people: `console.db`, a small SQLite database in the node's home.

It decides what is the file's fault, or its disk's: that is a Mistake, said in words, and
changes nothing. What `people` asks of it is ours to get right, and ends as any fault of ours.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from clearline.basis.faults import Mistake

__all__ = ["FILE", "File"]

FILE = "console.db"
"""Its name in the node's home."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS people (name TEXT PRIMARY KEY, title TEXT NOT NULL, role TEXT NOT NULL,
  created INTEGER NOT NULL, revoked INTEGER) STRICT;
CREATE TABLE IF NOT EXISTS passkeys (id BLOB PRIMARY KEY, name TEXT NOT NULL REFERENCES people,
  public BLOB NOT NULL, count INTEGER NOT NULL, created INTEGER NOT NULL, used INTEGER) STRICT;
CREATE TABLE IF NOT EXISTS codes (hash BLOB PRIMARY KEY, name TEXT NOT NULL, title TEXT NOT NULL,
  role TEXT NOT NULL, expires INTEGER NOT NULL, used INTEGER) STRICT;
CREATE TABLE IF NOT EXISTS wrong (at INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS sessions (hash BLOB PRIMARY KEY, id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL, title TEXT NOT NULL, role TEXT NOT NULL, demo INTEGER NOT NULL,
  agent BLOB NOT NULL, created INTEGER NOT NULL, used INTEGER NOT NULL, ended INTEGER) STRICT;
CREATE TABLE IF NOT EXISTS access (at INTEGER NOT NULL, name TEXT NOT NULL, what TEXT NOT NULL)
  STRICT;
CREATE INDEX IF NOT EXISTS access_of ON access (name);
CREATE TABLE IF NOT EXISTS documents (owner TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL,
  at INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (owner, kind, name)) STRICT;
"""

_UNUSABLE = frozenset(
    {
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_READONLY,
    }
)
"""What is the disk's fault, or the file's; all else is ours."""


class File(sqlite3.Connection):
    """The file, open. Mistake `busy` if somebody else has been writing it for too long.

    Mistake `people_unusable` if it is spoilt, or its disk full.
    """

    @classmethod
    def open(cls, path: Path, patience_s: float) -> File:
        """Open the file, or make it, for its owner alone; others' writing is waited for so long."""
        try:
            made = sqlite3.connect(
                path,
                isolation_level=None,
                timeout=patience_s,
                check_same_thread=False,
                factory=cls,
            )
        except sqlite3.DatabaseError as error:
            raise _trouble(error) from error
        try:
            made.execute("PRAGMA journal_mode=WAL")
            made.execute("PRAGMA synchronous=FULL")
            made.executescript(_SCHEMA)
            path.chmod(0o600)
        except sqlite3.DatabaseError as error:
            made.close()  # It is opened again and again for as long as it is spoilt.
            raise _trouble(error) from error
        return made

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        """Do one statement."""
        try:
            return super().execute(sql, parameters)
        except sqlite3.DatabaseError as error:
            raise _trouble(error) from error

    @contextmanager
    def transaction(self) -> Generator[None]:
        """Have all that is done within done whole, or not at all."""
        self.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.execute("COMMIT")
        except BaseException:
            if self.in_transaction:  # A full disk may have ended it already.
                self.execute("ROLLBACK")
            raise


def _trouble(error: sqlite3.DatabaseError) -> Exception:
    """Return the Mistake that an error of the file is; the error itself if it is ours."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # What Python finds itself has none.
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return Mistake("busy", "The file of people is being written: try again.")
    if code in _UNUSABLE:
        return Mistake(
            "people_unusable",
            f"The file of people, {FILE}, cannot be used: {error}. Signing in has to wait "
            "until it can be; the command line does everything that a watch needs.",
        )
    return error
