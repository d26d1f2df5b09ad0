"""Roles: what each may have done, and what each may see. One table, and nothing else.

A role is given when a person is enrolled. The console offers only what the role has, and
the node refuses the rest, whoever asks.

Roles part what is done, not what is seen: everybody has the whole picture and the whole
record of their own party, and only who may sign in, what left, drafts and templates are some
roles' alone (decision 0029).
"""

from __future__ import annotations

from enum import StrEnum

__all__ = ["MAY", "Role", "may"]


class Role(StrEnum):
    """What a person at the console is there for."""

    WATCH_OFFICER = "watch_officer"
    SUPERVISOR = "supervisor"
    LIAISON = "liaison"
    SECURITY_OFFICER = "security_officer"
    AUDITOR = "auditor"


_SEES = frozenset({"picture", "log", "about", "bundle", "terms"})
_DESK = frozenset({"check", "drafts", "templates"})
_WATCH = frozenset(
    {
        "declare",
        "revise",
        "withdraw",
        "note",
        "open-call",
        "acknowledge",
        "jump-to-rung",
        "stand-down",
        "say",
        "read-back",
        "dispose",
        "close",
        "take-watch",
        "leave-watch",
        "offer-watch",
        "accept-watch",
        "recall-watch",
        "confirm-presence",
        "send-test",
        "answer-test",
        "explain-test",
        "report-violation",
        "talk",
    }
)
_TERMS = frozenset({"propose", "agree", "announce"})

MAY: dict[Role, frozenset[str]] = {
    Role.WATCH_OFFICER: _SEES | _DESK | _WATCH,
    Role.SUPERVISOR: _SEES
    | _DESK
    | _WATCH
    | {
        "relieve-watch",
        "plan-officers",
        "plan-desk",
        "set-test-hours",
        "announce",
        "settle",
        "people",
    },
    Role.LIAISON: _SEES | _TERMS,
    Role.SECURITY_OFFICER: _SEES | {"released", "people", "settle"},
    Role.AUDITOR: _SEES | {"released"},
}
"""For each role, the commands and the views that it has, by their names in the API.

`open-link` is nobody's: a link begins at the command line, where keys are compared. Nor is
`hand-over`, which makes another officer the holder without an act of theirs: at a console
each signs in, one offers the watch and the other accepts it.
"""


def may(role: Role, what: str) -> bool:
    """Return whether a role has a command or a view."""
    return what in MAY[role]
