"""Signing in, by real ceremonies with a key made of software: who gets in, and every refusal."""

from __future__ import annotations

import json
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clearline.basis.instants import MINUTE_MS
from clearline.web.passkeys import CHALLENGE_LIVES_MS
from clearline.web.people import CODE_LIVES_MS, MAX_PASSKEYS, MAX_WRONG_CODES
from clearline.web.roles import MAY, Role
from clearline.web.tries import MAX_TRIES, WITHIN_MS, Tries
from tests.web.door import NOW, PORT, PRESENT, Browser, Door, b64, unb64


@pytest.fixture
def door(tmp_path: Path) -> Door:
    return Door(tmp_path)


def who(browser: Browser) -> Any:
    return browser.get("/api/v1/session").body


def access(door: Door) -> list[str]:
    return [f"{each.name}: {each.what}" for each in door.people.access(100)]


def test_a_code_enrols_a_passkey_and_the_passkey_signs_in(door: Door) -> None:
    browser = door.enrolled("Maj. A", Role.SUPERVISOR)
    assert who(browser)["officer"] == "Maj. A"
    assert browser.post("sign-out", {}).status == 204
    assert browser.cookies == {}
    assert browser.get("/api/v1/session").status == 401
    assert browser.sign_in().body["role"] == "supervisor"
    assert who(browser)["may"] == sorted(MAY[Role.SUPERVISOR])
    assert not who(browser)["demo"]
    assert access(door) == [
        "Maj. A: signed in",
        "Maj. A: signed out",
        "Maj. A: signed in",
        "Maj. A: enrolled a passkey",
        "Maj. A: invited as supervisor by owner",
    ]


def test_the_browser_is_asked_for_a_key_that_verifies_its_user_and_needs_no_name(
    door: Door,
) -> None:
    made = Browser(door).post("enrol/begin", {"code": door.invite("Maj. A")}).body["options"]
    assert made["authenticatorSelection"]["userVerification"] == "required"
    assert made["authenticatorSelection"]["residentKey"] == "required"
    assert made["rp"]["id"] == "localhost"
    asked = Browser(door).post("sign-in/begin", {}).body["options"]
    assert asked["userVerification"] == "required"
    assert asked["allowCredentials"] == []
    assert made["challenge"] != asked["challenge"]


@pytest.mark.parametrize("late", [False, True], ids=["used", "old"])
def test_a_code_that_was_used_or_is_too_old_enrols_nobody(door: Door, late: bool) -> None:
    code = door.invite("Maj. A")
    if late:
        door.clock.turn(CODE_LIVES_MS)
    else:
        assert Browser(door).enrol(code).status == 200
    refused = Browser(door).enrol(code)
    assert (refused.status, refused.body["code"]) == (403, "bad_code")


def test_a_code_that_ran_out_during_the_ceremony_enrols_nobody(door: Door) -> None:
    code = door.invite("Maj. A")
    door.clock.turn(CODE_LIVES_MS - MINUTE_MS)
    browser = Browser(door)
    begun = browser.post("enrol/begin", {"code": code})
    door.clock.turn(MINUTE_MS)
    made = browser.key.make(begun.body["options"])
    assert browser.finish("enrol/finish", begun, made, code=code).body["code"] == "bad_code"
    assert door.people.all() == ()


def test_wrong_codes_are_limited_and_a_right_one_enrols_all_the_same(door: Door) -> None:
    code = door.invite("Maj. A")
    for _ in range(MAX_WRONG_CODES):
        wrong = Browser(door).post("enrol/begin", {"code": "0000-0000-0000-0000"})
        assert wrong.body["code"] == "bad_code"
    refused = Browser(door).post("enrol/begin", {"code": "0000-0000-0000-0000"})
    assert (refused.status, refused.body["code"]) == (429, "too_many_codes")
    assert Browser(door).enrol(code).status == 200, "nobody can keep others from enrolling"


def test_an_enrolment_begun_for_one_is_not_finished_for_another(door: Door) -> None:
    browser = Browser(door)
    begun = browser.post("enrol/begin", {"code": door.invite("Maj. A")})
    made = browser.key.make(begun.body["options"])
    other = door.invite("Col. B", Role.SUPERVISOR)
    refused = browser.finish("enrol/finish", begun, made, code=other)
    assert (refused.status, refused.body["code"]) == (403, "bad_passkey")
    assert door.people.all() == ()


def test_a_passkey_that_is_somebodys_already_is_refused_and_nothing_changes(door: Door) -> None:
    first = door.enrolled("Maj. A")
    thief = Browser(door)
    thief.key.id = first.key.id
    code = door.invite("Eve", Role.SUPERVISOR)
    refused = thief.enrol(code)
    assert (refused.status, refused.body["code"]) == (403, "bad_passkey")
    assert [each.name for each in door.people.all()] == ["Maj. A"]
    thief.key.id = b"a key of one's own"
    assert thief.enrol(code).status == 200, "a refused passkey does not use up the code"


def test_one_passkey_too_many_is_refused(door: Door) -> None:
    for _ in range(MAX_PASSKEYS):
        door.enrolled("Maj. A")
    refused = Browser(door).enrol(door.invite("Maj. A"))
    assert (refused.status, refused.body["code"]) == (422, "too_many_passkeys")


def spoil(browser: Browser, fault: str) -> None:
    """Make the key do one thing wrong from now on."""
    if fault == "not verified":
        browser.key.flags = PRESENT
    elif fault == "another origin":
        browser.key.origin = "http://localhost:9999"
    elif fault == "another domain":
        browser.key.domain = "evil.example"
    elif fault == "a counter that went back":
        browser.key.count = -1 if browser.key.count == 0 else 0
    elif fault == "another key":
        browser.key = Browser(browser.door).key
    elif fault == "another private key":
        known = browser.key.id
        browser.key = Browser(browser.door).key
        browser.key.id = known


SPOILT = {
    "not verified": "bad_passkey",
    "another origin": "bad_passkey",
    "another domain": "bad_passkey",
    "another private key": "bad_passkey",
    "a counter that went back": "bad_passkey",
    "another key": "unknown_passkey",
}


@pytest.mark.parametrize("fault", SPOILT)
def test_a_passkey_that_does_not_hold_signs_nobody_in(door: Door, fault: str) -> None:
    browser = door.enrolled("Maj. A")
    for _ in range(3):
        assert browser.sign_in().status == 200
    browser.cookies.clear()
    spoil(browser, fault)
    refused = browser.sign_in()
    assert (refused.status, refused.body["code"]) == (403, SPOILT[fault])
    assert browser.cookies == {}
    assert access(door)[0] == f": refused sign-in from 127.0.0.1: {SPOILT[fault]}"


@pytest.mark.parametrize("fault", ["not verified", "another origin", "another domain"])
def test_a_passkey_that_does_not_hold_is_not_enrolled(door: Door, fault: str) -> None:
    browser = Browser(door)
    spoil(browser, fault)
    refused = browser.enrol(door.invite("Maj. A"))
    assert (refused.status, refused.body["code"]) == (403, "bad_passkey")
    assert door.people.all() == ()


def test_a_ceremony_is_used_once_and_in_time(door: Door) -> None:
    browser = door.enrolled("Maj. A")
    begun = browser.post("sign-in/begin", {})
    signed = browser.key.sign(begun.body["options"])
    assert browser.finish("sign-in/finish", begun, signed).status == 200
    assert browser.finish("sign-in/finish", begun, signed).body["code"] == "ceremony_over"
    begun = browser.post("sign-in/begin", {})
    door.clock.turn(CHALLENGE_LIVES_MS + 1)
    signed = browser.key.sign(begun.body["options"])
    assert browser.finish("sign-in/finish", begun, signed).body["code"] == "ceremony_over"


def test_what_was_signed_for_one_ceremony_is_not_taken_in_another(door: Door) -> None:
    browser = door.enrolled("Maj. A")
    one, other = (browser.post("sign-in/begin", {}) for _ in range(2))
    signed = browser.key.sign(one.body["options"])
    assert browser.finish("sign-in/finish", other, signed).body["code"] == "bad_passkey"
    code = door.invite("Col. B")
    enrolling = browser.post("enrol/begin", {"code": code})
    signed = browser.key.sign(enrolling.body["options"])
    assert browser.finish("sign-in/finish", enrolling, signed).body["code"] == "bad_passkey"


def test_however_many_begin_a_ceremony_nobodys_is_forgotten(door: Door) -> None:
    browser = door.enrolled("Maj. A")
    begun = browser.post("sign-in/begin", {})
    challenges = {begun.body["options"]["challenge"]}
    for _ in range(2_000):
        more = door.signin._passkeys.begin_sign_in(NOW)
        challenges.add(more.options["challenge"])
    assert len(challenges) == 2_001, "and each is of its own"
    signed = browser.key.sign(begun.body["options"])
    assert browser.finish("sign-in/finish", begun, signed).status == 200


@pytest.mark.parametrize(
    "ceremony", ["", "x", "-", f"{2**48:x}-{'0' * 32}", f"0-{'0' * 32}", f"{'f' * 12}-{'0' * 32}"]
)
def test_a_ceremony_that_was_never_begun_here_signs_nobody_in(door: Door, ceremony: str) -> None:
    browser = door.enrolled("Maj. A")
    begun = browser.post("sign-in/begin", {})
    signed = browser.key.sign(begun.body["options"])
    answer = browser.post("sign-in/finish", {"ceremony": ceremony, "credential": signed})
    assert answer.body["code"] == "ceremony_over"
    until, _, _ = begun.body["ceremony"].partition("-")
    made_up = {"ceremony": f"{until}-{'0' * 32}", "credential": signed}
    assert browser.post("sign-in/finish", made_up).body["code"] == "bad_passkey"


def test_failures_are_limited_and_a_good_passkey_is_let_in_all_the_same(door: Door) -> None:
    officer = door.enrolled("Maj. A")
    stranger = Browser(door)
    for _ in range(MAX_TRIES):
        assert stranger.sign_in().body["code"] == "unknown_passkey"
    written = len(access(door))
    refused = stranger.sign_in()
    assert (refused.status, refused.body["code"]) == (429, "too_many_tries")
    assert len(access(door)) == written, "and the log is not filled"
    assert officer.sign_in().status == 200, "nobody can lock the watch out"
    assert Browser(door, peer="127.0.0.2").sign_in().body["code"] == "unknown_passkey"
    door.clock.turn(WITHIN_MS)
    assert stranger.sign_in().body["code"] == "unknown_passkey"


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 20_000)), max_size=200))
def test_no_address_fails_more_often_in_a_window_than_the_limit(
    steps: list[tuple[str, int]],
) -> None:
    tries, now = Tries(), NOW
    taken: list[tuple[str, int]] = []
    for peer, later in steps:
        now = now.after(later)
        lately = [at for one, at in taken if one == peer and int(now) - at < WITHIN_MS]
        within = tries.failed(peer, now)
        assert within == (len(lately) < MAX_TRIES)
        if within:
            taken.append((peer, int(now)))


garbage = st.one_of(
    st.none(), st.integers(), st.text(max_size=20), st.binary(max_size=300).map(b64),
    st.lists(st.text(max_size=3), max_size=2), st.dictionaries(st.text(max_size=3), st.text()),
)  # fmt: skip


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_no_answer_of_a_browser_however_spoilt_breaks_anything(door: Door, data: Any) -> None:
    """Either the ceremony holds, or it is refused in words; it is never our fault."""
    door.clock.turn(CODE_LIVES_MS)
    browser = Browser(door)
    browser.key.id = b"the only key"
    enrolling = data.draw(st.booleans())
    if enrolling:
        browser.key.id = secrets.token_bytes(16)
        code = door.invite("Maj. Garbage")
        begun = browser.post("enrol/begin", {"code": code})
        answer, more = browser.key.make(begun.body["options"]), {"code": code}
    else:
        if any(each.name == "Maj. A" for each in door.people.all()):
            door.people.revoke("Maj. A", "Chief", door.clock.now)
        assert browser.enrol(door.invite("Maj. A")).status == 200
        begun = browser.post("sign-in/begin", {})
        answer, more = browser.key.sign(begun.body["options"]), {}
    part = answer if data.draw(st.booleans()) else answer["response"]
    name = data.draw(st.sampled_from(sorted(part)))
    if isinstance(part[name], str) and data.draw(st.booleans()):
        raw = bytearray(part[name].encode() if part is answer else unb64(part[name]))
        # A signature is now and then a byte longer: what is drawn must not depend on it.
        for at, byte in data.draw(st.lists(st.tuples(st.integers(0, 999), st.integers(0, 255)))):
            raw[at % len(raw)] = byte
        cut = data.draw(st.none() | st.integers(0, 999))
        part[name] = b64(bytes(raw if cut is None else raw[: cut % len(raw)]))
    else:
        part[name] = data.draw(garbage)
    path = "enrol/finish" if enrolling else "sign-in/finish"
    done = browser.finish(path, begun, answer, **more)
    assert done.status in (200, 403, 422, 429), done.raw
    if done.status != 200:
        assert done.body["phrase"]


BODIES = {
    "enrol/begin": [{}, {"code": 5}, {"code": "x" * 61}, {"code": "x", "more": 1}, [], "x"],
    "enrol/finish": [{"code": "x"}, {"code": "x", "ceremony": "x", "credential": []}],
    "sign-in/begin": [{"name": "Maj. A"}, [], None],
    "sign-in/finish": [{}, {"ceremony": "x" * 61, "credential": {}}],
}


@pytest.mark.parametrize("path", BODIES)
def test_a_body_that_is_not_what_is_asked_for_is_refused(door: Door, path: str) -> None:
    browser = Browser(door)
    for body in BODIES[path]:
        refused = browser.post(path, body)
        assert (refused.status, refused.body["code"]) == (422, "bad_request"), body
    large = browser.post(path, {"code": "x" * 70_000})
    assert (large.status, large.body["code"]) == (413, "too_large")


FOREIGN: list[dict[str, str]] = [
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": ""},
    {"origin": f"https://localhost:{PORT}"},
    {"origin": f"http://localhost:{PORT + 1}"},
    {"origin": f"http://localhost:{PORT}.evil.example"},
    {"content_type": "text/plain"},
    {"content_type": "application/x-www-form-urlencoded"},
    {"content_type": ""},
    {"x_clearline": "0"},
    {"x_clearline": ""},
    {"sec_fetch_site": "cross-site"},
    {"sec_fetch_site": "same-site"},
    {"sec_fetch_site": "none"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_what_changes_anything_must_come_from_our_own_page(
    door: Door, headers: dict[str, str]
) -> None:
    browser = door.enrolled("Maj. A", Role.SUPERVISOR)
    for row in door.rows:
        if row.method == "POST":
            refused = browser.post(row.path.removeprefix("/"), {}, **headers)
            assert (refused.status, refused.body["code"]) == (403, "wrong_origin"), row.path
    assert browser.get("/api/v1/session").status == 200, "and nobody was signed out"


def test_a_request_that_names_no_origin_at_all_is_refused_whatever_its_method(door: Door) -> None:
    browser = door.enrolled("Maj. A", Role.SUPERVISOR)
    for row in door.rows:
        if row.method != "GET":
            refused = browser.ask(row.method, f"/api/v1{row.path}", b"{}", {})
            assert (refused.status, refused.body["code"]) == (403, "wrong_origin"), row.path


def test_a_console_with_a_name_of_its_own_takes_that_origin_alone(tmp_path: Path) -> None:
    door = Door(tmp_path, origin="https://Line.North.example:443")
    assert door.origin == "https://line.north.example"
    assert door.enrolled("Maj. A").sign_in().status == 200
    local = Browser(door).post("sign-in/begin", {}, origin=f"http://localhost:{PORT}")
    assert local.body["code"] == "wrong_origin"


def test_people_are_listed_and_revoked_by_whoever_may_and_by_nobody_else(door: Door) -> None:
    chief = door.enrolled("Sec. Chief", Role.SECURITY_OFFICER)
    officer = door.enrolled("Maj. A")
    for row in door.rows:
        if row.needs == "people":
            refused = (
                officer.get(f"/api/v1{row.path}")
                if row.method == "GET"
                else officer.post(row.path.removeprefix("/"), {"name": "Sec. Chief"})
            )
            assert (refused.status, refused.body["code"]) == (403, "not_your_role")
    seen = chief.get("/api/v1/people").body
    assert [each["name"] for each in seen["people"]] == ["Maj. A", "Sec. Chief"]
    assert {each["officer"] for each in seen["sessions"]} == {"Maj. A", "Sec. Chief"}
    assert "Maj. A: refused people" in access(door)
    assert access(door).count("Maj. A: refused people") == 1, "once a session"
    raw = json.dumps(seen)
    assert all(token not in raw for token in officer.cookies.values())
    assert chief.post("people/revoke", {"name": "Maj. A"}).status == 204
    assert officer.get("/api/v1/session").body["code"] == "signed_out"
    officer.cookies.clear()
    assert officer.sign_in().body["code"] == "unknown_passkey"
    assert access(door)[1] == "Maj. A: revoked by Sec. Chief"
    nobody = chief.post("people/revoke", {"name": "Nobody"})
    assert (nobody.status, nobody.body["code"]) == (404, "no_such_person")


def test_a_session_is_ended_by_its_id_and_no_other_with_it(door: Door) -> None:
    chief, officer = door.enrolled("Chief", Role.SUPERVISOR), door.enrolled("Maj. A")
    sessions = chief.get("/api/v1/people").body["sessions"]
    (wanted,) = (each["id"] for each in sessions if each["officer"] == "Maj. A")
    assert chief.post("people/sign-out", {"session": wanted}).status == 204
    assert officer.get("/api/v1/session").status == 401
    assert chief.get("/api/v1/session").status == 200
    assert access(door)[0] == f"Chief: ended session {wanted} of Maj. A"


def test_an_export_is_written_down_with_who_asked_for_it(door: Door) -> None:
    auditor = door.enrolled("Aud. Itor", Role.AUDITOR)
    officer = door.enrolled("Maj. A", Role.LIAISON)
    for browser in (auditor, officer):
        with pytest.raises(AttributeError):  # Behind this door there is no node to answer.
            browser.get("/api/v1/links/abc/bundle")
    assert access(door)[0] == "Maj. A: exported /api/v1/links/abc/bundle"
    assert "Aud. Itor: exported /api/v1/links/abc/bundle" in access(door)


def test_the_demo_signs_in_on_this_machine_and_says_that_it_is_one(tmp_path: Path) -> None:
    browser = Browser(Door(tmp_path, demo_officer="Maj. Demo"))
    answer = browser.get("/demo")
    assert answer.status == 303
    assert dict(answer.headers)["location"] == "/"
    assert who(browser)["demo"]
    assert who(browser)["officer"] == "Maj. Demo"
    assert access(browser.door)[0] == "Maj. Demo: signed in (demo)"


ELSEWHERE: dict[str, tuple[str, dict[str, str]]] = {
    "another machine": ("10.0.0.9", {}),
    "another machine by IPv6": ("2001:db8::1", {}),
    "no peer at all": ("", {}),
    "a name of another site that leads here": ("127.0.0.1", {"host": f"evil.example:{PORT}"}),
    "another port": ("127.0.0.1", {"host": "localhost"}),
    "a proxy": ("127.0.0.1", {"x-forwarded-for": "10.0.0.9"}),
    "a proxy by the standard": ("127.0.0.1", {"forwarded": "for=10.0.0.9"}),
    "a proxy that says so": ("127.0.0.1", {"via": "1.1 proxy"}),
}


@pytest.mark.parametrize("where", ELSEWHERE)
def test_there_is_no_demo_for_whoever_is_not_on_this_machine(tmp_path: Path, where: str) -> None:
    door = Door(tmp_path, demo_officer="Maj. Demo")
    peer, headers = ELSEWHERE[where]
    refused = Browser(door, peer=peer).get("/demo", **headers)
    assert (refused.status, refused.cookie) == (404, "")
    stolen = Browser(door, peer=peer)
    here = Browser(door)
    here.get("/demo")
    stolen.cookies = here.cookies
    assert stolen.get("/api/v1/session", **headers).status == 401
    assert here.get("/api/v1/session").status == 200


def test_there_is_no_demo_without_the_setting_and_none_is_left_over(tmp_path: Path) -> None:
    browser = Browser(Door(tmp_path, demo_officer="Maj. Demo"))
    browser.get("/demo")
    browser.door.people.close()
    browser.door = Door(tmp_path)
    assert browser.get("/demo").status == 404
    assert browser.get("/api/v1/session").body["code"] == "signed_out"


def test_drafts_are_ones_own_and_named_without_slashes(door: Door) -> None:
    officer, other = door.enrolled("Maj. A"), door.enrolled("Maj. B")
    own = {"origin": door.origin, "content-type": "application/json", "x-clearline": "1"}
    for kind in ("drafts", "templates"):
        kept = officer.ask("PUT", f"/api/v1/{kind}/ferry", b'{"a":1}', own)
        assert kept.status == 204
    assert officer.get("/api/v1/drafts").body == [{"name": "ferry", "body": {"a": 1}}]
    assert other.get("/api/v1/drafts").body == []
    assert other.get("/api/v1/templates").body == [{"name": "ferry", "body": {"a": 1}}]
    assert officer.ask("PUT", "/api/v1/drafts/x", b"not JSON", own).body["code"] == "bad_request"
    assert officer.ask("PUT", "/api/v1/drafts/" + "x" * 81, b"{}", own).body["code"] == "bad_name"
    assert officer.ask("PUT", "/api/v1/drafts/x", b'"%s"' % (b"x" * 70_000), own).status == 413
    assert door.enrolled("Aud", Role.AUDITOR).get("/api/v1/drafts").status == 403


@pytest.mark.parametrize("raw", [b'"\xff\xfe"', b'{"a":"\xc3"}', b'"\xed\xa0\x80"'])
def test_what_is_not_utf8_is_not_kept_for_everybody_to_stumble_over(door: Door, raw: bytes) -> None:
    officer = door.enrolled("Maj. A")
    own = {"origin": door.origin, "content-type": "application/json", "x-clearline": "1"}
    refused = officer.ask("PUT", "/api/v1/templates/spoilt", raw, own)
    assert (refused.status, refused.body["code"]) == (422, "bad_request")
    assert officer.get("/api/v1/templates").body == []


def test_what_fails_by_a_fault_of_ours_tells_nobody_how(door: Door) -> None:
    officer = door.enrolled("Maj. A")  # There is no picture behind this door: that is the fault.
    app = door.app

    async def as_served(scope: Any, receive: Any, send: Any) -> None:
        with suppress(AttributeError):  # The server has it in its log, after the answer.
            await app(scope, receive, send)

    door.app = as_served
    answer = officer.get("/api/v1/picture")
    assert answer.status == 500
    assert answer.body == {"code": "failed", "phrase": "This failed: the node's log says why."}
    assert "require-trusted-types-for" in dict(answer.headers)["content-security-policy"]
