"""People: who may sit at the console, their passkeys, their sessions, and who did what when.

They are kept in one file beside the journal (`web.file`), of this node alone: nothing in it
is of the record, and nothing of it ever leaves. What is kept of a code or a session is a
hash. The command line may write it while the node runs.
"""

from __future__ import annotations

import secrets
from hashlib import sha256
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from clearline.basis.faults import Mistake
from clearline.basis.instants import DAY_MS, HOUR_MS, MINUTE_MS, Instant
from clearline.web.file import File
from clearline.web.roles import Role

__all__ = [
    "CODE_LIVES_MS",
    "IDLE_MS",
    "LONGEST_MS",
    "Access",
    "Passkey",
    "People",
    "Person",
    "PersonName",
    "Session",
]

PersonName = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=60,
        pattern=r"^(?!\s)(?![Nn][Oo][Dd][Ee]\Z)"
        r"[^\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]+(?<!\s)\Z",
    ),
]
"""Who it was, in the journal and on every screen, for as long as the record is kept.

So nothing in it is unseen or turns other text around, no two that look the same differ by a
space at an end, and nobody is called as the node is, where it acts by itself.
"""
CODE_LIVES_MS = 15 * MINUTE_MS
"""An enrolment code works once, and for so long."""
MAX_WRONG_CODES = 20
"""Wrong codes, from anyone, in the time that a code lives, that are counted one by one."""
LONGEST_MS = 12 * HOUR_MS
"""A session ends so long after it began, whatever happens in it: a watch and its handover."""
IDLE_MS = 30 * MINUTE_MS
"""A session that nothing has used for so long ends. An open console uses it each minute."""
USED_EVERY_MS = MINUTE_MS
MAX_PEOPLE = 1_000
MAX_PASSKEYS = 16
"""Passkeys of one person."""
MAX_DOCUMENTS = 100
"""Drafts of one person, and templates of the party."""
MAX_DOCUMENT_BYTES = 65_536
MAX_SESSIONS = 64
"""Sessions of one person at once; the oldest ends."""
ACCESS_KEPT_MS = 400 * DAY_MS
MAX_ACCESS = 100_000
"""Lines of who came and went; the oldest give way."""
MAX_ACCESS_OF_ONE = 10_000
"""Lines of one name, and of all strangers together: nobody can push out what others did."""
MAX_ACCESS_PAGE = 1_000
PATIENCE_S = 0.02
"""So long the node waits for whoever else writes the file: heartbeats and rings wait with it."""
MARK_AGAIN_MS = 1_000
"""So long it does not try again to mark a session as used, after it could not."""
SHARED = ""
"""Whose the templates are: everyone's."""


class Person(Struct, frozen=True, kw_only=True):
    """Somebody who may sign in."""

    name: str
    title: str
    role: Role
    created: Instant
    revoked: Instant | None
    passkeys: int


class Passkey(Struct, frozen=True, kw_only=True):
    """A key that a person has enrolled, as it is checked."""

    id: bytes
    name: str
    public: bytes
    count: int


class Session(Struct, frozen=True, kw_only=True):
    """Somebody who is signed in."""

    id: str
    """Names the session without being it."""
    officer: str
    """Goes into every command, and so into the journal."""
    title: str
    role: Role
    demo: bool
    created: Instant
    used: Instant

    @property
    def expires_at(self) -> Instant:
        """Return when it ends, if it is used until then."""
        return self.created.after(LONGEST_MS)


class Access(Struct, frozen=True, kw_only=True):
    """One line of who came and went."""

    number: int
    """Its place: a later line has a higher one."""
    at: Instant
    name: str
    what: str


class People:
    """The file, and everything that is asked of it.

    Whatever writes raises Mistake `busy` if another process has been writing it for longer
    than `patience_s`; and whatever asks raises Mistake `people_unusable` if the file is spoilt
    or its disk full. In both cases nothing has changed.
    """

    def __init__(self, path: Path, patience_s: float = PATIENCE_S) -> None:
        self._db = File.open(path, patience_s)
        self._mark_after = Instant(0)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def invite(self, name: str, title: str, role: Role, now: Instant, *, by: str) -> str:
        """Return a one-time code with which `name` enrols a passkey; it is never shown again."""
        self._db.execute("DELETE FROM codes WHERE expires <= ?", (int(now),))
        if len(self.all()) >= MAX_PEOPLE:
            raise Mistake("too_many_people", f"A node has at most {MAX_PEOPLE} people.")
        code = "-".join(f"{secrets.randbelow(10_000):04d}" for _ in range(4))
        row = (_hash(code), name, title, role.value, int(now.after(CODE_LIVES_MS)))
        self._db.execute("INSERT INTO codes VALUES (?, ?, ?, ?, ?, NULL)", row)
        self.wrote(name, f"invited as {role.value} by {by}", now)
        return code

    def redeem(self, code: str, now: Instant, *, use: bool) -> tuple[str, str, Role]:
        """Return name, title and role of a code; with `use`, it never works again.

        Mistake `bad_code` if it is wrong, used or too old: which of these is not told.
        """
        found = self._db.execute(
            "SELECT name, title, role FROM codes WHERE hash = ? AND used IS NULL AND expires > ?",
            (_hash(code.strip()), int(now)),
        ).fetchone()
        if found is None:
            self._count_wrong(now)
            raise Mistake("bad_code", "This code is wrong, used or too old: ask for another one.")
        if use:
            self._db.execute(
                "UPDATE codes SET used = ? WHERE hash = ?", (int(now), _hash(code.strip()))
            )
        return found[0], found[1], Role(found[2])

    def _count_wrong(self, now: Instant) -> None:
        """Count a wrong code; beyond the limit, Mistake `too_many_codes`, and nothing is written.

        A right one is taken all the same: nobody finds one among 10^16 in a quarter of an hour,
        and whoever can reach the console must not be able to keep others from enrolling.
        """
        since = int(now) - CODE_LIVES_MS
        (wrong,) = self._db.execute("SELECT count(*) FROM wrong WHERE at > ?", (since,)).fetchone()
        if wrong >= MAX_WRONG_CODES:
            raise Mistake("too_many_codes", "Too many wrong codes: wait a quarter of an hour.")
        self._db.execute("DELETE FROM wrong WHERE at <= ?", (since,))
        self._db.execute("INSERT INTO wrong VALUES (?)", (int(now),))

    def enrol(self, code: str, key: Passkey, now: Instant) -> Person:
        """Take in the passkey of whoever has the code; return who that is.

        A new role ends the sessions that were begun with the old one. Mistake if the code or
        the passkey is not taken; then nothing has changed.
        """
        self.redeem(code, now, use=False)  # Outside, so that a wrong one stays counted.
        with self._db.transaction():
            name, title, role = self.redeem(code, now, use=True)
            if self._db.execute("SELECT 1 FROM passkeys WHERE id = ?", (key.id,)).fetchone():
                raise Mistake("bad_passkey", "This passkey is enrolled already: use another one.")
            (kept,) = self._db.execute(
                "SELECT count(*) FROM passkeys WHERE name = ?", (name,)
            ).fetchone()
            if kept >= MAX_PASSKEYS:
                raise Mistake("too_many_passkeys", f"{name} has {MAX_PASSKEYS} passkeys already.")
            self._db.execute(
                "INSERT INTO people VALUES (?, ?, ?, ?, NULL) ON CONFLICT (name) DO UPDATE "
                "SET title = excluded.title, role = excluded.role, revoked = NULL",
                (name, title, role.value, int(now)),
            )
            self._db.execute(
                "UPDATE sessions SET ended = ? "
                "WHERE name = ? AND role != ? AND ended IS NULL AND NOT demo",
                (int(now), name, role.value),
            )
            self._db.execute(
                "INSERT INTO passkeys VALUES (?, ?, ?, ?, ?, NULL)",
                (key.id, name, key.public, key.count, int(now)),
            )
            self.wrote(name, "enrolled a passkey", now)
        return self.person(name)

    def passkey(self, credential: bytes) -> Passkey:
        """Return a passkey of somebody who may sign in; Mistake `unknown_passkey` if none is."""
        found = self._db.execute(
            "SELECT k.id, k.name, k.public, k.count FROM passkeys k JOIN people p USING (name) "
            "WHERE k.id = ? AND p.revoked IS NULL",
            (credential,),
        ).fetchone()
        if found is None:
            raise Mistake("unknown_passkey", "This passkey is not enrolled here, or was revoked.")
        return Passkey(id=found[0], name=found[1], public=found[2], count=found[3])

    def used(self, credential: bytes, count: int, now: Instant) -> None:
        """Remember a passkey's counter after it was used."""
        self._db.execute(
            "UPDATE passkeys SET count = ?, used = ? WHERE id = ?", (count, int(now), credential)
        )

    def sign_in(self, person: Person, agent: str, now: Instant, *, demo: bool = False) -> str:
        """Begin a session; return its token, which is kept nowhere but in the browser.

        Beyond MAX_SESSIONS of one person, the oldest ends.
        """
        over = int(now) - LONGEST_MS
        self._db.execute("DELETE FROM sessions WHERE created < ?", (over,))
        self._db.execute(
            "UPDATE sessions SET ended = ? WHERE ended IS NULL AND rowid IN (SELECT rowid "
            "FROM sessions WHERE name = ? AND ended IS NULL ORDER BY rowid DESC LIMIT -1 OFFSET ?)",
            (int(now), person.name, MAX_SESSIONS - 1),
        )
        token = secrets.token_urlsafe(32)
        row = (
            _hash(token), secrets.token_hex(8), person.name, person.title, person.role.value,
            int(demo), _hash(agent), int(now), int(now),
        )  # fmt: skip
        self._db.execute("INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)", row)
        self.wrote(person.name, "signed in (demo)" if demo else "signed in", now)
        return token

    def session(self, token: str, agent: str, now: Instant) -> Session | None:
        """Return the session of a token, used by the browser that began it; None if it is over."""
        return self._session("hash = ? AND agent = ?", (_hash(token), _hash(agent)), now)

    def still(self, session: Session, now: Instant) -> bool:
        """Return whether a session still holds, and count it as used."""
        return self._session("id = ?", (session.id,), now) is not None

    def sessions(self, now: Instant) -> tuple[Session, ...]:
        """Return every session that still holds, the newest first."""
        rows = self._db.execute(
            "SELECT id FROM sessions WHERE ended IS NULL ORDER BY created DESC"
        ).fetchall()
        found = (self._session("id = ?", row, now, use=False) for row in rows)
        return tuple(each for each in found if each is not None)

    def sign_out(self, session: str, now: Instant) -> str:
        """End one session by its id; return whose it was. Mistake `no_such_session`."""
        ended = self._db.execute(
            "UPDATE sessions SET ended = ? WHERE id = ? AND ended IS NULL RETURNING name",
            (int(now), session),
        ).fetchall()
        if not ended:
            raise Mistake("no_such_session", f"There is no session {session!r}.")
        return ended[0][0]

    def revoke(self, name: str, by: str, now: Instant) -> None:
        """Let somebody in no more: passkeys, sessions and codes not yet used end at once."""
        with self._db.transaction():
            dropped = self._db.execute(
                "DELETE FROM codes WHERE name = ? AND used IS NULL AND expires > ?",
                (name, int(now)),
            ).rowcount
            if not dropped:
                self.person(name)  # Somebody who was only invited is known by the code alone.
            self._db.execute("UPDATE people SET revoked = ? WHERE name = ?", (int(now), name))
            self._db.execute("DELETE FROM passkeys WHERE name = ?", (name,))
            self._db.execute(
                "UPDATE sessions SET ended = ? WHERE name = ? AND ended IS NULL", (int(now), name)
            )
            self.wrote(name, f"revoked by {by}", now)

    def person(self, name: str) -> Person:
        """Return somebody by name; Mistake `no_such_person`."""
        found = next((each for each in self.all() if each.name == name), None)
        if found is None:
            raise Mistake("no_such_person", f"Nobody here is called {name!r}.")
        return found

    def all(self) -> tuple[Person, ...]:
        """Return everybody who is or was let in, by name."""
        rows = self._db.execute(
            "SELECT name, title, role, created, revoked, "
            "(SELECT count(*) FROM passkeys k WHERE k.name = p.name) FROM people p ORDER BY name"
        ).fetchall()
        return tuple(
            Person(
                name=row[0],
                title=row[1],
                role=Role(row[2]),
                created=Instant(row[3]),
                revoked=None if row[4] is None else Instant(row[4]),
                passkeys=row[5],
            )
            for row in rows
        )

    def wrote(self, name: str, what: str, now: Instant) -> None:
        """Write down who did what at the console, besides commands, which the journal has."""
        self._db.execute("INSERT INTO access VALUES (?, ?, ?)", (int(now), name, what[:200]))
        self._db.execute(
            "DELETE FROM access WHERE at < ? OR rowid <= (SELECT max(rowid) FROM access) - ?",
            (int(now) - ACCESS_KEPT_MS, MAX_ACCESS),
        )
        self._db.execute(
            "DELETE FROM access WHERE name = ? AND rowid <= "
            "(SELECT rowid FROM access WHERE name = ? ORDER BY rowid DESC LIMIT 1 OFFSET ?)",
            (name, name, MAX_ACCESS_OF_ONE),
        )

    def access(self, last: int, before: int | None = None) -> tuple[Access, ...]:
        """Return the last lines of who came and went before line `before`, newest first."""
        rows = self._db.execute(
            "SELECT rowid, at, name, what FROM access WHERE ? IS NULL OR rowid < ? "
            "ORDER BY rowid DESC LIMIT ?",
            (before, before, min(max(last, 1), MAX_ACCESS_PAGE)),
        )
        return tuple(
            Access(number=number, at=Instant(at), name=name, what=what)
            for number, at, name, what in rows
        )

    def documents(self, owner: str, kind: str) -> dict[str, bytes]:
        """Return the drafts of a person, or the party's templates, by name, newest first."""
        rows = self._db.execute(
            "SELECT name, body FROM documents WHERE owner = ? AND kind = ? ORDER BY at DESC",
            (owner, kind),
        )
        return dict(rows.fetchall())

    def keep(self, owner: str, kind: str, name: str, body: bytes, now: Instant) -> None:
        """Keep a draft or a template. Mistake if it is too large, or there are too many."""
        if len(body) > MAX_DOCUMENT_BYTES:
            raise Mistake("too_large", f"A draft has at most {MAX_DOCUMENT_BYTES} bytes.")
        (others,) = self._db.execute(
            "SELECT count(*) FROM documents WHERE owner = ? AND kind = ? AND name != ?",
            (owner, kind, name),
        ).fetchone()
        if others >= MAX_DOCUMENTS:
            raise Mistake("too_many_drafts", f"There are {MAX_DOCUMENTS} already: delete some.")
        self._db.execute(
            "INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?, ?)",
            (owner, kind, name, int(now), body),
        )

    def drop(self, owner: str, kind: str, name: str) -> None:
        """Forget a draft or a template, if it is there."""
        self._db.execute(
            "DELETE FROM documents WHERE owner = ? AND kind = ? AND name = ?", (owner, kind, name)
        )

    def _session(
        self, where: str, args: tuple[object, ...], now: Instant, *, use: bool = True
    ) -> Session | None:
        # `where` is one of the constants above.
        row = self._db.execute(
            "SELECT s.id, s.name, s.title, s.role, s.demo, s.created, s.used FROM sessions s "  # noqa: S608
            f"LEFT JOIN people p USING (name) WHERE {where} AND ended IS NULL "
            "AND (s.demo OR p.revoked IS NULL)",
            args,
        ).fetchone()
        if row is None:
            return None
        created, used = Instant(row[5]), Instant(row[6])
        if now.since(created) > LONGEST_MS or now.since(used) > IDLE_MS:
            return None
        if use and now.since(used) > USED_EVERY_MS and self._mark(row[0], now):
            used = now
        return Session(
            id=row[0], officer=row[1], title=row[2], role=Role(row[3]), demo=bool(row[4]),
            created=created, used=used,
        )  # fmt: skip

    def _mark(self, session: str, now: Instant) -> bool:
        """Return whether a session could be marked as used; nobody is signed out if it could not.

        A mark comes again with the next use. Every console asks each second: they must not
        all wait, each second, for a file that is being written.
        """
        if now < self._mark_after:
            return False
        try:
            self._db.execute("UPDATE sessions SET used = ? WHERE id = ?", (int(now), session))
        except Mistake:
            self._mark_after = now.after(MARK_AGAIN_MS)
            return False
        return True


def _hash(text: str) -> bytes:
    return sha256(text.encode()).digest()
