"""The five roles at the page: each sees and may do its own, and the node refuses it the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, expect

from clearline.web.api import COMMANDS
from tests.browser.desk import Desk
from tests.browser.passkeys import enrol, stranger
from tests.line.consoles import Line

REFUSED = """async (names) => {
  const found = {};
  for (const name of names) {
    const answer = await fetch(`/api/v1/commands/${name}`, { method: 'POST', body: '["no command"]',
      headers: { 'Content-Type': 'application/json', 'X-Clearline': '1' } });
    found[name] = [answer.status, (await answer.json()).code];
  }
  return found;
}"""
SEEN = "async (path) => (await fetch(`/api/v1/${path}`)).status"
TERMS = {"propose", "agree", "announce"}
PLANS = {"plan-officers", "plan-desk", "set-test-hours"}


@dataclass(frozen=True)
class Own:
    """What one role has."""

    watch: bool = False
    """Call, declare, answer, hold a watch."""
    relieves: bool = False
    people: bool = False
    left: bool = False
    """What left the node."""
    commands: frozenset[str] = frozenset()
    """Commands besides those of a watch."""


OWN = {
    "watch_officer": Own(watch=True),
    "supervisor": Own(
        watch=True, relieves=True, people=True,
        commands=frozenset({"relieve-watch", "announce", "settle"} | PLANS),
    ),
    "liaison": Own(commands=frozenset(TERMS)),
    "security_officer": Own(people=True, left=True, commands=frozenset({"settle"})),
    "auditor": Own(left=True),
}  # fmt: skip
NOBODYS = {"open-link", "hand-over"}
"""What is done at the command line alone."""
WATCH = set(COMMANDS) - TERMS - NOBODYS - PLANS - {"relieve-watch", "settle"}


@pytest.fixture
def seated(line: Line, browser: Browser) -> Iterator[Callable[[str], Desk]]:
    """Seat somebody of a role at a desk, by a passkey of their own."""
    made: list[Desk] = []

    def seat(role: str) -> Desk:
        made.append(stranger(browser, line.north))
        return enrol(line, made[-1], f"The {role}", role)

    yield seat
    for desk in made:
        desk.page.context.close()
        assert not desk.errors, desk.errors


def enabled(desk: Desk, test: str, *, whether: bool) -> None:
    assert desk.at(test).first.is_enabled() == whether, test


@pytest.mark.parametrize("role", OWN)
def test_a_role_is_offered_its_own_at_the_page_and_refused_the_rest_by_the_node(
    line: Line, south: Desk, seated: Callable[[str], Desk], role: str
) -> None:
    own, desk = OWN[role], seated(role)
    expect(desk.page.get_by_role("banner", name="This node")).to_contain_text(f"The {role}")
    for test in ("call-flash", "call-routine", "drill", "declare", "hand-over"):
        enabled(desk, test, whether=own.watch)
    assert (desk.at("people").count() == 1) == own.people

    desk.press("w")
    expect(desk.at("watch-panel")).to_be_visible()
    assert (desk.at("take").count() > 0) == own.watch
    assert (desk.at("send-test").count() > 0) == own.watch
    assert (desk.at("relieve").count() > 0) == own.relieves
    desk.press("l")
    expect(desk.at("log-count")).to_be_visible()
    assert (desk.page.get_by_role("tab", name="What left").count() == 1) == own.left

    done = desk.page.evaluate(REFUSED, sorted(COMMANDS))
    may = {name for name, answer in done.items() if answer != [403, "not_your_role"]}
    assert may == own.commands | (WATCH if own.watch else set())
    assert all(done[name] == [422, "bad_request"] for name in may), done
    link = line.north.ask("status")["links"][0]["id"]
    views = {"people": own.people, f"released?link={link}": own.left, "picture": True}
    seen = {path: desk.page.evaluate(SEEN, path) for path in views}
    assert seen == {path: 200 if whether else 403 for path, whether in views.items()}
    desk.closed()


@pytest.mark.parametrize("role", [role for role, own in OWN.items() if not own.watch])
def test_a_role_that_answers_no_calls_sees_one_ring_and_leaves_it_ringing(
    line: Line, south: Desk, seated: Callable[[str], Desk], role: str
) -> None:
    desk = seated(role)
    south.dial()
    expect(desk.at("incoming")).to_contain_text("FLASH")
    expect(desk.at("acknowledge")).to_be_disabled()
    desk.press("Enter", "F4", "F9", "n")
    for opened in ("dial", "declare-form", "call-panel"):
        expect(desk.at(opened)).to_have_count(0)
    expect(south.at("call-state")).to_have_text("ringing")
    (call,) = [each for each in line.north.ask("calls") if each["state"] != "closed"]
    assert call["acknowledged"] is None


@pytest.mark.parametrize("role", [role for role, own in OWN.items() if own.watch])
def test_a_role_that_answers_calls_answers_in_its_own_name(
    line: Line, south: Desk, seated: Callable[[str], Desk], role: str
) -> None:
    desk = seated(role)
    south.dial()
    expect(desk.at("acknowledge")).to_be_focused()
    desk.press("Enter")
    expect(south.at("call-panel")).to_have_attribute("data-state", "acknowledged")
