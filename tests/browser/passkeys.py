"""Passkeys: a browser that nobody is signed in at, with a security key in it, and enrolment."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, expect

from tests.browser.desk import Desk, open_desk
from tests.line.consoles import Line, Side


def with_key(page: Page, *, verifies: bool = True) -> None:
    """Put Chromium's own authenticator into a page: a key that verifies its user, or fails to."""
    key = page.context.new_cdp_session(page)
    key.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
        "hasUserVerification": True, "isUserVerified": verifies,
        "automaticPresenceSimulation": True,
    }  # fmt: skip
    key.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def stranger(browser: Browser, side: Side) -> Desk:
    """Return a desk that nobody is signed in at; whoever opens it closes its context."""
    made = open_desk(browser, side)
    with_key(made.page)
    made.page.goto(side.address)
    expect(made.at("sign-in-page")).to_be_visible()
    return made


def enrol(line: Line, desk: Desk, name: str, role: str) -> Desk:
    """Enrol somebody at North by a code, who is signed in then."""
    code = line.north.run("console", "invite", name, "--role", role)["code"]
    desk.at("code").fill(code)
    desk.at("enrol").click()
    expect(desk.at("map")).to_be_visible()
    return desk
