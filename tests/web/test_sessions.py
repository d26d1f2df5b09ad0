"""Sessions: bound to a browser, short, and over at once when they are revoked."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from clearline.basis.instants import MINUTE_MS
from clearline.web.people import (
    IDLE_MS,
    LONGEST_MS,
    MAX_ACCESS,
    MAX_ACCESS_OF_ONE,
    MAX_SESSIONS,
    People,
    Session,
)
from clearline.web.roles import Role
from tests.web.door import NOW, PORT, Browser, Door


@pytest.fixture
def door(tmp_path: Path) -> Door:
    return Door(tmp_path)


def session_of(browser: Browser) -> Session:
    token = next(iter(browser.cookies.values()))
    found = browser.door.people.session(token, browser.agent, browser.door.clock.now)
    assert found is not None
    return found


def is_in(browser: Browser) -> bool:
    return browser.get("/api/v1/session").status == 200


def test_the_cookie_is_for_no_script_and_no_other_site_and_has_the_port_in_its_name(
    door: Door,
) -> None:
    name, *parts = door.enrolled("Maj. A").sign_in().cookie.split("; ")
    assert name.startswith(f"clearline-north-{PORT}=")
    assert set(parts) == {"HttpOnly", "SameSite=strict", "Path=/", f"Max-Age={LONGEST_MS // 1000}"}


@pytest.mark.parametrize(
    "settings",
    [
        {"certificate": "a.pem", "certificate_key": "a.key"},
        {"origin": "https://line.north.example"},
    ],
    ids=["TLS here", "TLS in front"],
)
def test_over_tls_the_cookie_is_secure_and_of_this_host_alone(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    browser = Door(tmp_path, **settings).enrolled("Maj. A")
    for answer in (browser.sign_in(), browser.post("sign-out", {})):
        name, *parts = answer.cookie.split("; ")
        assert name.startswith("__Host-clearline-north-")
        # A browser heeds a `__Host-` cookie only if it is so, and so too when it is deleted.
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=strict"} <= set(parts)
    assert browser.cookies == {}


def test_a_session_is_no_use_to_another_browser(door: Door) -> None:
    browser = door.enrolled("Maj. A")
    thief = Browser(door, agent="another")
    thief.cookies = browser.cookies
    assert not is_in(thief)
    assert is_in(browser)


def test_a_cookie_that_is_none_of_ours_signs_nobody_in(door: Door) -> None:
    browser = door.enrolled("Maj. A")
    ((name, token),) = browser.cookies.items()
    for wrong in ("", "x", token[:-1], token + "x", session_of(browser).id):
        browser.cookies = {name: wrong}
        assert not is_in(browser), wrong
    browser.cookies = {"clearline-south-8443": token}
    assert not is_in(browser)


def test_a_session_that_is_not_used_is_over_after_half_an_hour(door: Door) -> None:
    browser = door.enrolled("Maj. A")
    door.clock.turn(IDLE_MS)
    assert is_in(browser)
    door.clock.turn(IDLE_MS + 1)
    assert not is_in(browser)


def test_an_open_stream_is_use_so_that_nobody_is_signed_out_in_an_incident(door: Door) -> None:
    browser = door.enrolled("Maj. A")
    session = session_of(browser)
    while door.clock.now.since(NOW) < LONGEST_MS:
        assert door.signin.still(session)
        door.clock.turn(IDLE_MS)
    assert is_in(browser)
    door.clock.turn(1)
    assert not door.signin.still(session), "but for no longer than twelve hours"
    assert not is_in(browser)


def test_looking_at_who_is_signed_in_is_not_their_use(door: Door) -> None:
    browser, chief = door.enrolled("Maj. A"), door.enrolled("Chief", Role.SUPERVISOR)
    for _ in range(4):
        door.clock.turn(IDLE_MS // 2)
        chief.get("/api/v1/people")
    assert not is_in(browser)
    assert [each.officer for each in door.people.sessions(door.clock.now)] == ["Chief"]


def test_revoking_ends_sessions_and_streams_in_that_moment(door: Door) -> None:
    one, other = door.enrolled("Maj. A"), door.enrolled("Maj. A")
    streams = [session_of(each) for each in (one, other)]
    door.people.revoke("Maj. A", "Chief", door.clock.now)
    assert not any(door.signin.still(each) for each in streams)
    assert not is_in(one)
    assert not is_in(other)


def test_revoking_by_the_command_line_holds_in_the_running_node(door: Door, tmp_path: Path) -> None:
    browser = door.enrolled("Maj. A")
    beside = People(tmp_path / "console.db")
    beside.revoke("Maj. A", "owner", door.clock.now)
    beside.close()
    assert not is_in(browser)


def test_somebody_revoked_does_not_come_back_by_a_code_that_was_still_out(door: Door) -> None:
    door.enrolled("Maj. A")
    code = door.invite("Maj. A")
    begun = Browser(door)
    ceremony = begun.post("enrol/begin", {"code": code})
    door.people.revoke("Maj. A", "Chief", door.clock.now)
    assert Browser(door).enrol(code).body["code"] == "bad_code"
    made = begun.key.make(ceremony.body["options"])
    late = begun.finish("enrol/finish", ceremony, made, code=code)
    assert late.body["code"] == "bad_code", "nor by a ceremony that was under way"
    assert door.people.person("Maj. A").revoked is not None


def test_an_invitation_is_taken_back_before_it_is_used(door: Door) -> None:
    code = door.invite("Maj. Mistaken")
    door.people.revoke("Maj. Mistaken", "owner", door.clock.now)
    assert Browser(door).enrol(code).body["code"] == "bad_code"
    assert door.people.all() == ()


def test_a_new_role_ends_what_was_begun_with_the_old_one(door: Door) -> None:
    old = door.enrolled("Maj. A", Role.SUPERVISOR)
    stream = session_of(old)
    new = door.enrolled("Maj. A", Role.AUDITOR)
    assert not is_in(old)
    assert not door.signin.still(stream)
    assert new.get("/api/v1/session").body["role"] == "auditor"
    old.cookies.clear()
    assert old.sign_in().body["role"] == "auditor", "the old passkey has the new role"


def test_a_second_key_for_the_same_role_ends_nothing(door: Door) -> None:
    first = door.enrolled("Maj. A")
    second = door.enrolled("Maj. A")
    assert is_in(first)
    assert is_in(second)


def test_a_person_has_so_many_sessions_and_the_oldest_gives_way(door: Door) -> None:
    other = door.enrolled("Maj. B")
    first = door.enrolled("Maj. A")
    second = Browser(door)
    second.key = first.key
    assert second.sign_in().status == 200
    person = door.people.person("Maj. A")
    for _ in range(MAX_SESSIONS - 1):
        door.people.sign_in(person, "b", door.clock.now)
    assert not is_in(first)
    assert is_in(second)
    assert is_in(other)


def test_sessions_that_are_over_are_forgotten(door: Door, tmp_path: Path) -> None:
    door.enrolled("Maj. A")
    person = door.people.person("Maj. A")
    for _ in range(4 * LONGEST_MS // IDLE_MS):
        door.people.sign_in(person, "b", door.clock.now)
        door.clock.turn(IDLE_MS)
    with closing(sqlite3.connect(tmp_path / "console.db")) as file:
        (kept,) = file.execute("SELECT count(*) FROM sessions").fetchone()
    assert kept <= LONGEST_MS // IDLE_MS + 1


def test_the_log_of_who_came_and_went_has_an_end(door: Door, tmp_path: Path) -> None:
    lines = [(int(NOW), f"Maj. {n % 100}", f"line {n}") for n in range(MAX_ACCESS)]
    with closing(sqlite3.connect(tmp_path / "console.db")) as file, file:
        file.executemany("INSERT INTO access VALUES (?, ?, ?)", lines)
    door.people.wrote("Maj. A", "one more", NOW)
    with closing(sqlite3.connect(tmp_path / "console.db")) as file:
        kept = file.execute("SELECT count(*), min(rowid) FROM access").fetchone()
    assert kept == (MAX_ACCESS, 2), "the oldest gave way"
    assert door.people.access(1)[0].what == "one more"


@pytest.mark.parametrize("who", ["", "Maj. Flood"], ids=["strangers", "an officer"])
def test_nobody_pushes_out_of_the_log_what_others_did(door: Door, tmp_path: Path, who: str) -> None:
    door.enrolled("Maj. A")
    before = len(door.people.access(100))
    lines = [(int(NOW), who, f"line {n}") for n in range(MAX_ACCESS_OF_ONE + 500)]
    with closing(sqlite3.connect(tmp_path / "console.db")) as file, file:
        file.executemany("INSERT INTO access VALUES (?, ?, ?)", lines)
    door.people.wrote(who, "one more", NOW)
    with closing(sqlite3.connect(tmp_path / "console.db")) as file:
        kept = dict(file.execute("SELECT name, count(*) FROM access GROUP BY name").fetchall())
    assert kept == {"Maj. A": before, who: MAX_ACCESS_OF_ONE}


def test_the_log_of_who_came_and_went_is_read_to_its_beginning(door: Door) -> None:
    chief = door.enrolled("Chief", Role.SUPERVISOR)
    for n in range(7):
        door.people.wrote("Maj. A", f"line {n}", NOW)
    seen: list[str] = []
    before = ""
    while True:
        page = chief.get("/api/v1/access", query=f"last=3{before}").body
        if not page:
            break
        seen += [each["what"] for each in page]
        before = f"&before={page[-1]['number']}"
    assert seen[:7] == [f"line {n}" for n in reversed(range(7))]
    assert seen[-1] == "invited as supervisor by owner"
    assert door.enrolled("Maj. A").get("/api/v1/access").status == 403


def test_whoever_keeps_or_drops_a_template_is_written_down(door: Door) -> None:
    officer = door.enrolled("Maj. A")
    own = {"origin": door.origin, "content-type": "application/json", "x-clearline": "1"}
    assert officer.ask("PUT", "/api/v1/drafts/mine", b"{}", own).status == 204
    assert officer.ask("PUT", "/api/v1/templates/ferry", b"{}", own).status == 204
    assert officer.ask("DELETE", "/api/v1/templates/ferry", b"{}", own).status == 204
    said = [f"{each.name}: {each.what}" for each in door.people.access(2)]
    assert said == ["Maj. A: dropped template ferry", "Maj. A: kept template ferry"]


def test_a_session_that_is_not_there_is_not_ended_and_whose_it_was_is_written_down(
    door: Door,
) -> None:
    chief, officer = door.enrolled("Chief", Role.SUPERVISOR), door.enrolled("Maj. A")
    refused = chief.post("people/sign-out", {"session": "none of these"})
    assert (refused.status, refused.body["code"]) == (404, "no_such_session")
    wanted = session_of(officer).id
    assert chief.post("people/sign-out", {"session": wanted}).status == 204
    assert door.people.access(1)[0].what == f"ended session {wanted} of Maj. A"
    assert not is_in(officer)


def test_another_writer_of_the_file_neither_holds_the_node_up_nor_signs_anybody_out(
    door: Door, tmp_path: Path
) -> None:
    browser = door.enrolled("Maj. A")
    stream = session_of(browser)
    door.clock.turn(2 * MINUTE_MS)
    with closing(sqlite3.connect(tmp_path / "console.db", isolation_level=None)) as beside:
        beside.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        for _ in range(64):
            assert door.signin.still(stream)
        assert is_in(browser)
        assert time.monotonic() - began < 1, "one wait, not one for every console"
        busy = browser.post("sign-out", {})
        assert (busy.status, busy.body["code"]) == (503, "busy")
        beside.execute("ROLLBACK")
    door.clock.turn(IDLE_MS - 2 * MINUTE_MS)
    assert is_in(browser), "and is marked as used once that can be written"
    door.clock.turn(IDLE_MS)
    assert is_in(browser)
    assert browser.post("sign-out", {}).status == 204
