"""Passkeys: the two ceremonies of WebAuthn, around the `webauthn` library.

The key must verify its user (a PIN or a finger) and must be discoverable, so that signing
in asks for no name. A challenge is made for one ceremony, holds for five minutes, and signs
in once.

What is begun is not kept: a challenge is a keyed digest of what the ceremony is for, and is
made again when it ends. So there is no number of ceremonies that anybody could begin to have
somebody else's forgotten.

Source: W3C Web Authentication Level 3.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
from collections import OrderedDict
from hashlib import sha256
from typing import Any

import webauthn
from msgspec import Struct
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from clearline.basis.faults import Mistake
from clearline.basis.instants import MINUTE_MS, Instant
from clearline.web.people import Passkey, People

__all__ = ["Ceremony", "Passkeys"]

CHALLENGE_LIVES_MS = 5 * MINUTE_MS
MAX_DONE = 10_000
"""Ceremonies that ended well and are remembered until they are too old; the oldest gives way."""
CEREMONY = re.compile(r"^([0-9a-f]{1,12})-[0-9a-f]{32}\Z")
"""When it is over, in ms since 1970, and what makes it one of its own."""
ANYBODY = ""
"""Whom a ceremony of signing in is for; one of enrolling is for a person, by name."""


class Ceremony(Struct, frozen=True, kw_only=True):
    """What the browser needs to begin."""

    ceremony: str
    options: dict[str, Any]
    """As WebAuthn's JSON has it."""


class Passkeys:
    """Both ceremonies, for one origin."""

    def __init__(self, party_title: str) -> None:
        self._title = party_title
        self.origin = ""
        """What browsers call the console; set once it is known where it listens."""
        self._key = secrets.token_bytes(32)
        self._done: OrderedDict[str, Instant] = OrderedDict()
        """Ceremonies that ended well, with when each would have been too old."""

    @property
    def domain(self) -> str:
        """Return the domain that passkeys are bound to."""
        return self.origin.partition("://")[2].partition(":")[0]

    def begin_enrolment(self, name: str, now: Instant) -> Ceremony:
        """Return what a browser needs to make a passkey for somebody."""
        ceremony = _new(now)
        options = webauthn.generate_registration_options(
            challenge=self._challenge(ceremony, name),
            rp_id=self.domain,
            rp_name=f"Clearline · {self._title}",
            user_name=name,
            user_id=sha256(name.encode()).digest(),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
        )
        return Ceremony(ceremony=ceremony, options=json.loads(webauthn.options_to_json(options)))

    def finish_enrolment(
        self, ceremony: str, credential: dict[str, Any], name: str, now: Instant
    ) -> Passkey:
        """Return the passkey that was made; Mistake `bad_passkey` or `ceremony_over`."""
        until = self._in_time(ceremony, now)
        try:
            done = webauthn.verify_registration_response(
                credential=credential,
                expected_challenge=self._challenge(ceremony, name),
                expected_rp_id=self.domain,
                expected_origin=self.origin,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, KeyError, TypeError) as error:
            raise Mistake("bad_passkey", f"The passkey was not accepted: {error}"[:300]) from error
        self._end(ceremony, until, now)
        return Passkey(
            id=done.credential_id,
            name=name,
            public=done.credential_public_key,
            count=done.sign_count,
        )

    def begin_sign_in(self, now: Instant) -> Ceremony:
        """Return what a browser needs to sign in with whichever passkey it has."""
        ceremony = _new(now)
        options = webauthn.generate_authentication_options(
            challenge=self._challenge(ceremony, ANYBODY),
            rp_id=self.domain,
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return Ceremony(ceremony=ceremony, options=json.loads(webauthn.options_to_json(options)))

    def finish_sign_in(
        self, ceremony: str, credential: dict[str, Any], people: People, now: Instant
    ) -> str:
        """Return the name of whoever signed in; Mistake if the passkey does not hold."""
        until = self._in_time(ceremony, now)
        try:
            known = people.passkey(base64url_to_bytes(str(credential["id"])))
            done = webauthn.verify_authentication_response(
                credential=credential,
                expected_challenge=self._challenge(ceremony, ANYBODY),
                expected_rp_id=self.domain,
                expected_origin=self.origin,
                credential_public_key=known.public,
                credential_current_sign_count=known.count,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, KeyError, TypeError) as error:
            raise Mistake("bad_passkey", f"The passkey was not accepted: {error}"[:300]) from error
        self._end(ceremony, until, now)
        people.used(known.id, done.new_sign_count, now)
        return known.name

    def _challenge(self, ceremony: str, name: str) -> bytes:
        """Return what has to be signed in this ceremony, for this person, at this node's run."""
        return hmac.digest(self._key, f"{ceremony}\0{name}".encode(), "sha256")

    def _in_time(self, ceremony: str, now: Instant) -> Instant:
        """Return when a ceremony is over; Mistake `ceremony_over` if it is."""
        shaped = CEREMONY.match(ceremony)
        until = Instant(int(shaped[1], 16)) if shaped else Instant(0)
        if not now <= until <= now.after(CHALLENGE_LIVES_MS) or ceremony in self._done:
            raise Mistake("ceremony_over", "This took too long, or was done already: begin again.")
        return until

    def _end(self, ceremony: str, until: Instant, now: Instant) -> None:
        """Let a ceremony that has ended well never do so again."""
        self._done[ceremony] = until
        while next(iter(self._done.values())) < now or len(self._done) > MAX_DONE:
            self._done.popitem(last=False)


def _new(now: Instant) -> str:
    return f"{int(now.after(CHALLENGE_LIVES_MS)):x}-{secrets.token_hex(16)}"
