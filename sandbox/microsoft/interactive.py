"""Signing in by a person: with a code on another device, or in the browser with an authorization code and PKCE.

Microsoft Learn, "OAuth 2.0 device authorization grant" and "authorization code flow". The person is played: ``Person`` says who
it is and how they behave.
"""

from __future__ import annotations

import random
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from urllib.parse import urlencode

from sandbox.microsoft.applications import Application
from sandbox.microsoft.sign_in_errors import SignInError, SignInRefused
from sandbox.web import Request, Response

DEVICE_CODE_SECONDS = 900
INTERVAL = 5
CODE_LIFE = timedelta(minutes=10)


@dataclass
class Person:
    """Who sits at the browser when somebody has to sign in. ``user_id`` empty: the service account.

    ``looks_after`` is how often a waiting client is told to wait before the person has signed in; ``None``: they never do.
    """

    user_id: str = ""
    amr: tuple[str, ...] = ("pwd", "mfa")
    declines: bool = False
    refused: int = 0
    """The AADSTS code that they meet, 0 for none."""
    looks_after: int | None = 1


@dataclass(frozen=True)
class SignedIn:
    """A person who has signed in to one tenant for one application. ``public``: the application did not prove itself on the way."""

    tenant_id: str
    application_id: str
    scope: str
    user_id: str
    amr: tuple[str, ...]
    nonce: str = ""
    public: bool = False


@dataclass
class _Waiting:
    """A device code that somebody polls for."""

    asked: SignedIn
    expires: datetime
    polls: int = 0
    next_poll: datetime | None = None


@dataclass
class _Code:
    signed_in: SignedIn
    expires: datetime
    redirect: str
    challenge: str


@dataclass
class Interactive:
    """The codes that were given out. ``person`` decides what becomes of them."""

    now: Callable[[], datetime]
    chance: random.Random
    account: Callable[[], str]
    """The user id of the service account."""
    person: Person = field(default_factory=Person)
    _devices: dict[str, _Waiting] = field(default_factory=dict)
    _codes: dict[str, _Code] = field(default_factory=dict)

    def device_code(self, tenant_id: str, application: Application, form: dict[str, str], verify_at: str) -> Response:
        """The codes for a device; the person is sent to another one with the short one."""
        scope = _needed(form, "scope")
        device_code, user_code = f"{self.chance.getrandbits(256):064x}", f"{self.chance.getrandbits(45):09X}"[:9]
        asked = SignedIn(tenant_id, application.application_id, scope, "", ())
        self._devices[device_code] = _Waiting(asked, self.now() + timedelta(seconds=DEVICE_CODE_SECONDS))
        message = f"To sign in, use a web browser to open the page {verify_at} and enter the code {user_code} to authenticate."
        return Response.of_json(
            {
                "user_code": user_code,
                "device_code": device_code,
                "verification_uri": verify_at,
                "expires_in": DEVICE_CODE_SECONDS,
                "interval": INTERVAL,
                "message": message,
            }
        )

    def poll(self, tenant_id: str, application: Application, form: dict[str, str]) -> SignedIn:
        """What a poll comes to; raises ``SignInRefused`` while nothing is decided, and when it went wrong."""
        waiting = self._devices.get(_needed(form, "device_code"))
        if waiting is None or waiting.asked.tenant_id != tenant_id or waiting.asked.application_id != application.application_id:
            raise SignInRefused(SignInError.BAD_VERIFICATION_CODE)
        if self.now() >= waiting.expires:
            raise SignInRefused(SignInError.EXPIRED_CODE)
        if waiting.next_poll is not None and self.now() < waiting.next_poll:
            raise SignInRefused(SignInError.SLOW_DOWN)
        waiting.polls, waiting.next_poll = waiting.polls + 1, self.now() + timedelta(seconds=INTERVAL)
        if self.person.looks_after is None or waiting.polls <= self.person.looks_after:
            raise SignInRefused(SignInError.AUTHORIZATION_PENDING)
        self._meet()
        del self._devices[form["device_code"]]
        return self._signed_in(waiting.asked, "client_secret" not in form and "client_assertion" not in form)

    def authorize(self, tenant_id: str, application: Application, request: Request) -> Response:
        """The person signs in and is sent back with a code, or with the error."""
        query = request.query
        redirect = query.get("redirect_uri", "")
        if redirect not in application.redirects:
            raise SignInRefused(SignInError.BAD_REDIRECT)
        if query.get("response_type") != "code" or query.get("code_challenge_method") != "S256" or not query.get("code_challenge"):
            raise SignInRefused(SignInError.PARAMETER_MISSING, "The request must contain: 'response_type=code' and a code_challenge.")
        back = {"state": query.get("state", "")}
        try:
            self._meet()
        except SignInRefused as refusal:
            error = "access_denied" if refusal.code == SignInError.DECLINED else "interaction_required"
            return _sent_to(redirect, {"error": error, "error_description": f"AADSTS{refusal.code}: {refusal.detail}", **back})
        code = f"{self.chance.getrandbits(256):064x}"
        asked = SignedIn(tenant_id, application.application_id, query.get("scope", ""), "", (), query.get("nonce", ""))
        self._codes[code] = _Code(self._signed_in(asked, False), self.now() + CODE_LIFE, redirect, query["code_challenge"])
        return _sent_to(redirect, {"code": code, **back})

    def exchange(self, tenant_id: str, application: Application, form: dict[str, str]) -> SignedIn:
        """The person behind an authorization code, which works once, for the client that began."""
        found = self._codes.pop(_needed(form, "code"), None)
        verifier = _needed(form, "code_verifier")
        if (
            found is None
            or self.now() >= found.expires
            or (tenant_id, application.application_id)
            != (
                found.signed_in.tenant_id,
                found.signed_in.application_id,
            )
        ):
            raise SignInRefused(SignInError.REFRESH_TOKEN_EXPIRED)
        challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        if challenge != found.challenge or form.get("redirect_uri") != found.redirect:
            raise SignInRefused(SignInError.BAD_VERIFIER)
        return found.signed_in

    def _meet(self) -> None:
        if self.person.declines:
            raise SignInRefused(SignInError.DECLINED)
        if self.person.refused:
            raise SignInRefused(self.person.refused)

    def _signed_in(self, asked: SignedIn, public: bool) -> SignedIn:
        user_id = self.person.user_id or self.account()
        return SignedIn(asked.tenant_id, asked.application_id, asked.scope, user_id, self.person.amr, asked.nonce, public)


def _needed(form: dict[str, str], name: str) -> str:
    value = form.get(name, "")
    if not value:
        raise SignInRefused(SignInError.PARAMETER_MISSING, f"The request body must contain the following parameter: '{name}'.")
    return value


def _sent_to(redirect: str, query: dict[str, str]) -> Response:
    return Response(302, b"", {"Location": f"{redirect}?{urlencode(query)}"})
