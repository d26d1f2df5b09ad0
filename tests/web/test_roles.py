"""Each role has what it needs and no more; each command is somebody's, or said not to be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clearline.web.api import COMMANDS
from clearline.web.described import document
from clearline.web.roles import MAY, Role, may
from tests.web.door import Door

NOBODYS = {"open-link", "hand-over"}
"""A link begins at the command line, where keys are compared; so is a watch handed over by one
officer alone, at one terminal."""


def test_every_command_is_some_roles_or_said_to_be_nobodys() -> None:
    given = frozenset().union(*MAY.values())
    assert set(COMMANDS) - given == NOBODYS


def test_every_view_of_the_api_is_some_roles() -> None:
    given = frozenset().union(*MAY.values())
    operations = json.loads(document())["paths"].values()
    assert operations
    assert {"picture", "log", "about", "bundle", "terms", "released", "people", "check"} <= given


@pytest.mark.parametrize("role", [Role.AUDITOR])
def test_an_auditor_has_no_command(role: Role) -> None:
    assert not MAY[role] & set(COMMANDS)
    assert may(role, "log")
    assert may(role, "released")


def test_a_security_officer_sees_what_left_and_speaks_for_nobody() -> None:
    assert may(Role.SECURITY_OFFICER, "released")
    assert may(Role.SECURITY_OFFICER, "people")
    assert MAY[Role.SECURITY_OFFICER] & set(COMMANDS) == {"settle"}


def test_a_liaison_speaks_of_terms_and_holds_no_watch() -> None:
    assert MAY[Role.LIAISON] & set(COMMANDS) == {"propose", "agree", "announce"}


def test_only_a_supervisor_relieves_a_watch() -> None:
    assert [role for role in Role if may(role, "relieve-watch")] == [Role.SUPERVISOR]
    assert not may(Role.WATCH_OFFICER, "released")
    assert not may(Role.WATCH_OFFICER, "people")


def test_every_row_of_the_api_is_some_roles_or_open_on_purpose(tmp_path: Path) -> None:
    rows = Door(tmp_path).rows
    given = frozenset().union(*MAY.values())
    assert {row.needs for row in rows} - given - {None} == NOBODYS
    assert may(Role.WATCH_OFFICER, "offer-watch")
    assert may(Role.WATCH_OFFICER, "accept-watch")
    assert {row.path for row in rows if row.needs is None} == {
        "/enrol/begin", "/enrol/finish", "/sign-in/begin", "/sign-in/finish",
    }  # fmt: skip
    assert given <= {row.needs for row in rows}, "nothing is given that is not there"


@pytest.mark.parametrize("role", list(Role))
def test_each_role_has_every_command_of_its_own_and_no_other_refused_by_the_node(
    tmp_path: Path, role: Role
) -> None:
    """A body that no command takes: whoever may is told so, whoever may not never gets there."""
    browser = Door(tmp_path).enrolled("Maj. A", role)
    for name in COMMANDS:
        answer = browser.post(f"commands/{name}", ["no", "command"])
        expected = (422, "bad_request") if may(role, name) else (403, "not_your_role")
        assert (answer.status, answer.body["code"]) == expected, name
