"""Signing in: who is at this browser, and may they do what they ask.

A session is a cookie that no script can read and no other site can send, bound to the
browser that began it. Whatever changes anything must also come from our own page: its
origin, its content type and a header that only a script of this origin can set.

A good passkey is always let in: failures are counted so that they neither fill the log nor
keep the node busy, never to lock a desk out.

The demo's session is for loopback only, and every screen says that it is one.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Annotated, Any

from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from clearline.basis.faults import Mistake
from clearline.basis.instants import Instant
from clearline.node.settings import Console, NodeSettings
from clearline.web.endpoint import Asked, Empty, Endpoint, encode
from clearline.web.passkeys import Ceremony, Passkeys
from clearline.web.people import (
    LONGEST_MS,
    MAX_ACCESS_PAGE,
    Access,
    People,
    Person,
    Session,
)
from clearline.web.roles import MAY, Role, may
from clearline.web.tries import Tries

__all__ = ["SignIn"]

OWN_HEADER = "x-clearline"
FORWARDED = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
"""What a proxy adds: whoever is behind one is not on this machine, whatever the peer says."""
FIRST_ACCESS = 200
"""Lines of who came and went that are given where nobody says how many."""
MAX_REFUSED = 1_000
"""What was refused to whom, kept so that each is written down once a session."""


class EnrolBegin(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A one-time code from `clearline console invite`."""

    code: Annotated[str, Meta(max_length=60)]


class EnrolFinish(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The code again, and what the browser made."""

    code: Annotated[str, Meta(max_length=60)]
    ceremony: Annotated[str, Meta(max_length=60)]
    credential: dict[str, Any]


class SignInFinish(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the browser signed."""

    ceremony: Annotated[str, Meta(max_length=60)]
    credential: dict[str, Any]


class SessionView(Struct, frozen=True, kw_only=True):
    """Who is signed in, and what that role may do."""

    officer: str
    title: str
    role: Role
    may: tuple[str, ...]
    demo: bool
    expires_at: Instant
    party: str
    party_title: str


class RevokeBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom to let in no more."""

    name: Annotated[str, Meta(min_length=1, max_length=60)]


class SignOutBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which session to end."""

    session: Annotated[str, Meta(max_length=60)]


class AccessQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which lines of who came and went."""

    before: Annotated[int, Meta(ge=0, le=2**53)] | None = None
    """The last line's number on the page before; None for the newest."""
    last: Annotated[int, Meta(ge=1, le=MAX_ACCESS_PAGE)] = FIRST_ACCESS


class PeopleView(Struct, frozen=True, kw_only=True):
    """Who may sign in, who is signed in, and who came and went."""

    people: tuple[Person, ...]
    sessions: tuple[Session, ...]
    access: tuple[Access, ...]


class SignIn:
    """Sessions, and the rows by which one gets one and gives it up."""

    def __init__(
        self, people: People, node: NodeSettings, console: Console, now: Callable[[], Instant]
    ) -> None:
        self._people = people
        self._node = node
        self._console = console
        self._now = now
        self._passkeys = Passkeys(node.title)
        self._origins: frozenset[str] = frozenset()
        self._cookie = ""
        self._secure = False
        self._tries = Tries()
        self._refused: dict[tuple[str, str], None] = {}

    def served_at(self, port: int) -> str:
        """Take in the port that was taken; return the address for people."""
        scheme = "https" if self._console.certificate else "http"
        local = (f"{scheme}://localhost:{port}", f"{scheme}://127.0.0.1:{port}")
        # As browsers write it: in small letters, and without the port that goes without saying.
        origin = self._console.origin.lower().removesuffix(":443") or local[0]
        self._passkeys.origin = origin
        self._origins = frozenset([origin] if self._console.origin else local)
        # TLS may end here or in front of here: what counts is what the browser speaks.
        self._secure = origin.startswith("https://")
        # Cookies are not kept apart by port: two consoles on one machine need two names.
        name = f"clearline-{self._node.party}-{port}"
        self._cookie = f"__Host-{name}" if self._secure else name
        return origin

    def require(self, request: Request, needs: str) -> Session:
        """Return the session; Mistake `signed_out`, `not_your_role` or `wrong_origin`.

        Another port of this machine is the same site to a browser, which sends it our cookie:
        its pages have nothing to ask here either. Source: W3C Fetch Metadata.
        """
        if request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
            raise Mistake("wrong_origin", "This was sent by another site.")
        session = self._session_of(request)
        if session is None:
            raise Mistake("signed_out", "Nobody is signed in at this browser.")
        if not may(session.role, needs):
            self._write_refused(session, needs)
            raise Mistake("not_your_role", f"This is not for a {session.role.value} to do.")
        if needs == "bundle":
            self._people.wrote(session.officer, f"exported {request.url.path}", self._now())
        return session

    def check_origin(self, request: Request) -> None:
        """Raise Mistake `wrong_origin` unless the request was sent by our own page."""
        headers = request.headers
        kind = headers.get("content-type", "").partition(";")[0].strip()
        if headers.get("origin") not in self._origins:
            raise Mistake("wrong_origin", "This was not sent by this console's own page.")
        if headers.get("sec-fetch-site", "same-origin") != "same-origin":
            raise Mistake("wrong_origin", "This was sent by another site.")
        if headers.get(OWN_HEADER) != "1" or kind != "application/json":
            raise Mistake("wrong_origin", "It needs X-Clearline: 1 and JSON as its content type.")

    def still(self, session: Session) -> bool:
        """Return whether a session still holds, and count it as used.

        While the file of people cannot be read, whoever sees goes on seeing, for as long as a
        session can last: a spoilt file lets nobody in, and puts no watch out.
        """
        now = self._now()
        try:
            return self._people.still(session, now)
        except Mistake:
            return now <= session.expires_at

    async def demo(self, request: Request) -> Response:
        """Sign this browser in for the demo, if the settings say so and it is on this machine."""
        if not self._is_demo(request):
            raise Mistake("no_such_path", "There is no demo here.")
        now = self._now()
        person = Person(
            name=self._console.demo_officer,
            title="demo",
            role=Role.SUPERVISOR,
            created=now,
            revoked=None,
            passkeys=0,
        )
        response = RedirectResponse("/", status_code=303)
        token = self._people.sign_in(person, _agent(request), now, demo=True)
        self._set(response, token)
        return response

    def endpoints(self) -> list[Endpoint]:
        """Return the rows."""
        return [
            Endpoint(
                method="POST", path="/enrol/begin", name="enrol_begin", needs=None, tag="sign-in",
                takes=EnrolBegin, gives=Ceremony, handler=self._enrol_begin,
                summary="Begin to enrol a passkey with a one-time code.",
            ),
            Endpoint(
                method="POST", path="/enrol/finish", name="enrol_finish", needs=None,
                tag="sign-in", takes=EnrolFinish, gives=SessionView, handler=self._enrol_finish,
                summary="Enrol it, and be signed in.",
            ),
            Endpoint(
                method="POST", path="/sign-in/begin", name="sign_in_begin", needs=None,
                tag="sign-in", takes=Empty, gives=Ceremony, handler=self._sign_in_begin,
                summary="Begin to sign in with a passkey.",
            ),
            Endpoint(
                method="POST", path="/sign-in/finish", name="sign_in_finish", needs=None,
                tag="sign-in", takes=SignInFinish, gives=SessionView,
                handler=self._sign_in_finish, summary="Sign in.",
            ),
            Endpoint(
                method="POST", path="/sign-out", name="sign_out", needs="picture", tag="sign-in",
                takes=Empty, handler=self._sign_out, summary="End this session.",
            ),
            Endpoint(
                method="GET", path="/session", name="session", needs="picture", tag="sign-in",
                gives=SessionView, handler=self._view, summary="Who is signed in here.",
            ),
            Endpoint(
                method="GET", path="/people", name="people", needs="people", tag="people",
                gives=PeopleView, handler=self._all, summary="Who may sign in, and who is.",
            ),
            Endpoint(
                method="GET", path="/access", name="access", needs="people", tag="people",
                query=AccessQuery, gives=tuple[Access, ...], handler=self._access,
                summary="Who came and went, newest first, a page at a time.",
            ),
            Endpoint(
                method="POST", path="/people/revoke", name="revoke", needs="people",
                tag="people", takes=RevokeBody, handler=self._revoke,
                summary="Let somebody in no more, and end their sessions at once.",
            ),
            Endpoint(
                method="POST", path="/people/sign-out", name="end_session", needs="people",
                tag="people", takes=SignOutBody, handler=self._end, summary="End a session.",
            ),
        ]  # fmt: skip

    async def _enrol_begin(self, asked: Asked) -> Ceremony:
        name, _, _ = self._people.redeem(asked.body.code, asked.now, use=False)
        return self._passkeys.begin_enrolment(name, asked.now)

    async def _enrol_finish(self, asked: Asked) -> Response:
        name, _, _ = self._people.redeem(asked.body.code, asked.now, use=False)
        body = asked.body
        with self._counted(asked, f"enrolment of {name}"):
            key = self._passkeys.finish_enrolment(body.ceremony, body.credential, name, asked.now)
            person = self._people.enrol(body.code, key, asked.now)
        return self._signed_in(asked, person)

    async def _sign_in_begin(self, asked: Asked) -> Ceremony:
        return self._passkeys.begin_sign_in(asked.now)

    async def _sign_in_finish(self, asked: Asked) -> Response:
        body = asked.body
        with self._counted(asked, "sign-in"):
            name = self._passkeys.finish_sign_in(
                body.ceremony, body.credential, self._people, asked.now
            )
        return self._signed_in(asked, self._people.person(name))

    @contextmanager
    def _counted(self, asked: Asked, what: str) -> Generator[None]:
        """Count what fails against the peer; beyond the limit, say and write no more of it."""
        peer = _peer(asked.request)
        try:
            yield
        except Mistake as mistake:
            if not self._tries.failed(peer, asked.now):
                raise Mistake("too_many_tries", "Too many failures: wait a minute.") from mistake
            self._people.wrote("", f"refused {what} from {peer}: {mistake.code}", asked.now)
            raise

    def _write_refused(self, session: Session, needs: str) -> None:
        key = (session.id, needs)
        if key not in self._refused:
            self._people.wrote(session.officer, f"refused {needs}", self._now())
            self._refused[key] = None
            if len(self._refused) > MAX_REFUSED:
                del self._refused[next(iter(self._refused))]

    def _signed_in(self, asked: Asked, person: Person) -> Response:
        agent = _agent(asked.request)
        token = self._people.sign_in(person, agent, asked.now)
        session = self._people.session(token, agent, asked.now)
        assert session is not None, person
        response = Response(encode(self._shown(session)), media_type="application/json")
        self._set(response, token)
        return response

    async def _sign_out(self, asked: Asked) -> Response:
        self._people.sign_out(asked.session.id, asked.now)
        self._people.wrote(asked.officer, "signed out", asked.now)
        response = Response(status_code=204)
        self._set(response, "")
        return response

    async def _view(self, asked: Asked) -> SessionView:
        return self._shown(asked.session)

    async def _all(self, asked: Asked) -> PeopleView:
        return PeopleView(
            people=self._people.all(),
            sessions=self._people.sessions(asked.now),
            access=self._people.access(FIRST_ACCESS),
        )

    async def _access(self, asked: Asked) -> tuple[Access, ...]:
        return self._people.access(asked.query.last, asked.query.before)

    async def _revoke(self, asked: Asked) -> None:
        self._people.revoke(asked.body.name, asked.officer, asked.now)

    async def _end(self, asked: Asked) -> None:
        whose = self._people.sign_out(asked.body.session, asked.now)
        what = f"ended session {asked.body.session} of {whose}"
        self._people.wrote(asked.officer, what, asked.now)

    def _shown(self, session: Session) -> SessionView:
        return SessionView(
            officer=session.officer,
            title=session.title,
            role=session.role,
            may=tuple(sorted(MAY[session.role])),
            demo=session.demo,
            expires_at=session.expires_at,
            party=self._node.party,
            party_title=self._node.title,
        )

    def _session_of(self, request: Request) -> Session | None:
        token = request.cookies.get(self._cookie, "")
        if not token:
            return None
        session = self._people.session(token, _agent(request), self._now())
        # A cookie of yesterday's demo is worth nothing once the setting is gone.
        return None if session and session.demo and not self._is_demo(request) else session

    def _is_demo(self, request: Request) -> bool:
        """Return whether there is a demo, and the browser that asks is on this machine.

        Its peer alone does not say so: a proxy here speaks for others, and another site may
        have given its own name this machine's address (so the name in `Host` must be ours).
        """
        peer = _peer(request)
        here = peer == "::1" or peer.startswith("127.")
        scheme = "https" if self._secure else "http"
        ours = f"{scheme}://{request.headers.get('host', '')}" in self._origins
        relayed = any(name in request.headers for name in FORWARDED)
        demo = bool(self._console.demo_officer) and self._console.is_loopback
        return demo and here and ours and not relayed

    def _set(self, response: Response, token: str) -> None:
        response.set_cookie(
            self._cookie,
            token,
            max_age=LONGEST_MS // 1_000 if token else 0,
            path="/",
            httponly=True,
            secure=self._secure,
            samesite="strict",
        )


def _agent(request: Request) -> str:
    return request.headers.get("user-agent", "")[:500]


def _peer(request: Request) -> str:
    return request.client.host if request.client else ""
