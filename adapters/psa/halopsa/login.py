"""Halo's sign-in: OAuth 2.0 client credentials, with the token's address and tenant asked of the site itself.

``GET /api/authinfo`` names both and needs no sign-in. The secret is sent to the configured site only; where Halo names another
host for tokens, a person has to say so with ``auth_url``. Unverified: whether ``auth_url`` of that answer ends with ``/token``.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from adapters.addresses import same_origin
from adapters.http import Answer, Http
from adapters.psa.halopsa.refusals import refused
from adapters.psa.halopsa.settings import HaloPsaSettings
from adapters.psa.records import Record, text
from sync_core.errors import InvalidConfiguration, Rejected, RetryLater, StopRun, SyncError
from sync_core.ports import Clock, Secrets

RENEWED_EARLY = 60.0
"""Seconds before its end that a token is not used any more."""
DEFAULT_LIFE = 3600.0


@dataclass(frozen=True)
class Token:
    """An access token and the monotonic time until which it is used."""

    authorization: str
    until: float


@dataclass(frozen=True)
class Place:
    """Where tokens are had, and with which tenant; empty where the site has but one."""

    url: str
    tenant: str


class Login:
    """The token of one connection, kept in memory and asked for anew when it ends or is refused. Safe to share between threads."""

    def __init__(self, settings: HaloPsaSettings, secrets: Secrets, http: Http, clock: Clock) -> None:
        self._settings = settings
        self._secrets = secrets
        self._http = http
        self._clock = clock
        self._where = f"PSA connection {settings.name}, sign-in"
        self._place: Place | None = None
        self._token: Token | None = None
        self._lock = threading.Lock()

    def authorization(self) -> str:
        """The ``Authorization`` header; raises ``StopRun`` when Halo refuses the application, and ``RetryLater``."""
        with self._lock:
            if self._token is None or self._token.until <= self._clock.monotonic():
                self._token = self._new_token()
            return self._token.authorization

    def forget(self, authorization: str) -> None:
        """The token was refused: the next call takes a new one, and reads the secret anew, as it may have been changed."""
        with self._lock:
            if self._token and self._token.authorization == authorization:
                self._token = None

    def _new_token(self) -> Token:
        self._place = self._place or self._found()
        fields = {
            "grant_type": "client_credentials",
            "client_id": self._settings.client_id,
            "client_secret": self._secrets.get(self._settings.client_secret, fresh=True),  # once an hour, and it may have been changed
            "scope": self._settings.scope,
        }
        answer = self._ask(self._place, urlencode(fields).encode())
        body = _object(answer)
        if answer.status >= 400 or not text(body, "access_token"):
            raise self._refused(answer)
        life = body.get("expires_in", DEFAULT_LIFE)
        seconds = float(life) if isinstance(life, int | float) and not isinstance(life, bool) else DEFAULT_LIFE
        return Token(f"Bearer {text(body, 'access_token')}", self._clock.monotonic() + max(seconds - RENEWED_EARLY, 0.0))

    def _ask(self, place: Place, content: bytes) -> Answer:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        query = {"tenant": place.tenant} if place.tenant else None
        try:
            return self._http.read("POST", place.url, headers=headers, query=query, body=content)
        except RetryLater as error:
            if error.code != "http-500":
                raise
            fix = "Halo also answers so to a wrong tenant: check the setting 'tenant'"
            raise RetryLater(error.what, delay=error.delay, code="halopsa-token-500", where=self._where, fix=fix) from None

    def _refused(self, answer: Answer) -> SyncError:
        error = refused(answer, self._where)
        if isinstance(error, Rejected):
            return StopRun(error.what, code=error.code, where=error.where, why=error.why, fix="Check client id, client secret, scope and tenant")
        return error

    def _found(self) -> Place:
        """Where Halo says that tokens are had; what the settings say goes first."""
        settings = self._settings
        if settings.auth_url and settings.tenant:
            return Place(settings.auth_url, settings.tenant)
        answer = self._http.read("GET", f"{settings.url}/api/authinfo", headers={"Accept": "application/json"})
        info = _object(answer) if answer.ok else {}
        return Place(settings.auth_url or self._token_url(text(info, "auth_url")), settings.tenant or text(info, "tenant_id"))

    def _token_url(self, named: str) -> str:
        if not named:
            return f"{self._settings.url}/auth/token"
        try:
            url = same_origin(f"{self._settings.url}/", named).rstrip("/")
        except Rejected as error:
            fix = "If that host is right, write its token address into the setting 'auth_url'"
            raise InvalidConfiguration("Halo names another host for its sign-in", where=self._where, why=error.what, fix=fix) from None
        path = urlsplit(url).path.rstrip("/")
        return url if path.endswith("/token") else f"{url}/token" if path else f"{url}/auth/token"


def _object(answer: Answer) -> Record:
    """The body as a JSON object; an empty one when it is something else."""
    try:
        body: Any = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, Mapping) else {}
