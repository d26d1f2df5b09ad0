"""Signing in with a real passkey ceremony: Chromium's own authenticator, and the node's checks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from clearline.web.page import Page
from tests.browser.desk import Desk, open_desk
from tests.browser.passkeys import enrol, stranger
from tests.line.consoles import Line


@pytest.fixture
def desk(line: Line, browser: Browser) -> Iterator[Desk]:
    """A browser that nobody is signed in at, with a security key in it."""
    made = stranger(browser, line.north)
    yield made
    made.page.context.close()


def test_somebody_enrols_with_a_code_signs_out_and_signs_in_with_one_key(
    line: Line, desk: Desk
) -> None:
    enrol(line, desk, "Capt. Key", "watch_officer")
    expect(desk.page.get_by_role("banner", name="This node")).to_contain_text("Capt. Key")
    expect(desk.page.get_by_role("banner", name="This node")).not_to_contain_text("DEMO")
    desk.page.get_by_title("Sign out").click()
    expect(desk.at("sign-in")).to_be_focused()
    desk.press("Enter")
    expect(desk.at("map")).to_be_visible()
    people: list[dict[str, Any]] = line.north.run("console", "people")
    assert [(each["name"], each["passkeys"]) for each in people if each["name"] == "Capt. Key"] == [
        ("Capt. Key", 1)
    ]


def test_a_wrong_code_is_said_beside_the_field_and_stays_there(line: Line, desk: Desk) -> None:
    desk.at("code").fill("1234-5678-9012-3456")
    desk.at("enrol").click()
    expect(desk.at("enrol-fault")).to_contain_text("wrong, used or too old")
    expect(desk.at("code")).to_have_value("1234-5678-9012-3456")


def test_a_passkey_that_is_not_enrolled_is_refused(line: Line, desk: Desk) -> None:
    enrol(line, desk, "Capt. Gone", "watch_officer")
    line.north.run("console", "revoke", "Capt. Gone")
    expect(desk.at("sign-in-page")).to_be_visible()
    desk.at("sign-in").click()
    expect(desk.at("sign-in-fault")).to_contain_text("not enrolled here, or was revoked")


def test_an_auditor_sees_the_record_and_can_do_nothing(line: Line, desk: Desk) -> None:
    enrol(line, desk, "Aud. Itor", "auditor")
    expect(desk.at("call-flash")).to_be_disabled()
    expect(desk.at("declare")).to_be_disabled()
    desk.press("F9", "n")
    expect(desk.at("log-panel")).to_be_visible()  # Where an auditor begins, and where they stay.
    expect(desk.at("dial")).to_have_count(0)
    expect(desk.at("declare-form")).to_have_count(0)
    expect(desk.at("log-count")).to_be_visible()
    desk.page.get_by_role("tab", name="What left").click()
    expect(desk.at("log-panel")).to_contain_text("watch.status")
    refused = desk.page.evaluate(
        """async () => (await fetch('/api/v1/commands/take-watch', {method: 'POST',
          headers: {'Content-Type': 'application/json', 'X-Clearline': '1'},
          body: JSON.stringify({echelon: 'deputy', languages: ['en']})})).status"""
    )
    assert refused == 403


def test_a_security_officer_ends_a_session_and_it_is_over_at_once(
    line: Line, desk: Desk, browser: Browser
) -> None:
    other = open_desk(browser, line.north).open()
    enrol(line, desk, "Sec. Officer", "security_officer")
    desk.at("people").click()
    panel = desk.at("people-panel")
    expect(panel).to_contain_text("DEMO SESSION")
    panel.get_by_role("row", name="Maj. North").last.get_by_role("button", name="End").click()
    expect(other.at("sign-in-page")).to_be_visible()
    other.page.context.close()


def test_a_page_that_is_not_built_is_said_plainly(tmp_path: Path) -> None:
    assert not Page(tmp_path).built
