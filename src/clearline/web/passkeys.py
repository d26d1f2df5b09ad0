"""Passkeys: the two ceremonies of WebAuthn, around the `webauthn` library.

The key must verify its user (a PIN or a finger) and must be discoverable, so that signing
in asks for no name. A challenge is made for one ceremony, is kept in memory for five
minutes, and is used once.

Source: W3C Web Authentication Level 3.
"""

from __future__ import annotations

import json
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
MAX_CHALLENGES = 1_000
"""Ceremonies under way; the oldest gives way."""
ANYBODY = ""
"""Whom a ceremony of signing in is for; one of enrolling is for a person, by name."""


class Ceremony(Struct, frozen=True, kw_only=True):
    """What the browser needs to begin."""

    ceremony: str
    options: dict[str, Any]
    """As WebAuthn's JSON has it."""


class _UnderWay(Struct, frozen=True):
    challenge: bytes
    name: str
    until: Instant


class Passkeys:
    """Both ceremonies, for one origin."""

    def __init__(self, party_title: str) -> None:
        self._title = party_title
        self.origin = ""
        """What browsers call the console; set once it is known where it listens."""
        self._under_way: OrderedDict[str, _UnderWay] = OrderedDict()

    @property
    def domain(self) -> str:
        """Return the domain that passkeys are bound to."""
        return self.origin.partition("://")[2].partition(":")[0]

    def begin_enrolment(self, name: str, now: Instant) -> Ceremony:
        """Return what a browser needs to make a passkey for somebody."""
        options = webauthn.generate_registration_options(
            rp_id=self.domain,
            rp_name=f"Clearline · {self._title}",
            user_name=name,
            user_id=sha256(name.encode()).digest(),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
        )
        return self._begin(options.challenge, name, webauthn.options_to_json(options), now)

    def finish_enrolment(
        self, ceremony: str, credential: dict[str, Any], name: str, now: Instant
    ) -> Passkey:
        """Return the passkey that was made; Mistake `bad_passkey` or `ceremony_over`."""
        under_way = self._end(ceremony, name, now)
        try:
            done = webauthn.verify_registration_response(
                credential=credential,
                expected_challenge=under_way.challenge,
                expected_rp_id=self.domain,
                expected_origin=self.origin,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, KeyError, TypeError) as error:
            raise Mistake("bad_passkey", f"The passkey was not accepted: {error}"[:300]) from error
        return Passkey(
            id=done.credential_id,
            name=name,
            public=done.credential_public_key,
            count=done.sign_count,
        )

    def begin_sign_in(self, now: Instant) -> Ceremony:
        """Return what a browser needs to sign in with whichever passkey it has."""
        options = webauthn.generate_authentication_options(
            rp_id=self.domain, user_verification=UserVerificationRequirement.REQUIRED
        )
        return self._begin(options.challenge, ANYBODY, webauthn.options_to_json(options), now)

    def finish_sign_in(
        self, ceremony: str, credential: dict[str, Any], people: People, now: Instant
    ) -> str:
        """Return the name of whoever signed in; Mistake if the passkey does not hold."""
        under_way = self._end(ceremony, ANYBODY, now)
        try:
            known = people.passkey(base64url_to_bytes(str(credential["id"])))
            done = webauthn.verify_authentication_response(
                credential=credential,
                expected_challenge=under_way.challenge,
                expected_rp_id=self.domain,
                expected_origin=self.origin,
                credential_public_key=known.public,
                credential_current_sign_count=known.count,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, KeyError, TypeError) as error:
            raise Mistake("bad_passkey", f"The passkey was not accepted: {error}"[:300]) from error
        people.used(known.id, done.new_sign_count, now)
        return known.name

    def _begin(self, challenge: bytes, name: str, options: str, now: Instant) -> Ceremony:
        ceremony = secrets.token_hex(16)
        until = now.after(CHALLENGE_LIVES_MS)
        self._under_way[ceremony] = _UnderWay(challenge, name, until)
        while len(self._under_way) > MAX_CHALLENGES:
            self._under_way.popitem(last=False)
        return Ceremony(ceremony=ceremony, options=json.loads(options))

    def _end(self, ceremony: str, name: str, now: Instant) -> _UnderWay:
        found = self._under_way.pop(ceremony, None)
        if found is None or found.until < now:
            raise Mistake("ceremony_over", "This took too long, or was done already: begin again.")
        if found.name != name:
            raise Mistake("ceremony_over", "This was begun for something else: begin again.")
        return found
