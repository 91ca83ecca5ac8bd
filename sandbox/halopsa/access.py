"""Who may call the simulated PSA: the API application, its tokens, and switches for what goes wrong at the door."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from sandbox.halopsa.errors import Refused
from sandbox.web import Request, Response

TOKEN_FIELDS = frozenset({"grant_type", "client_id", "client_secret", "scope"})


class Door(StrEnum):
    """What any caller meets, whatever its credentials."""

    OPEN = "open"
    UNAUTHORIZED = "401"
    FORBIDDEN = "403"


@dataclass
class Access:
    """The API application of a site with a tenant, and the tokens it was given.

    ``auth_url`` is what discovery names instead of the site's own address. ``denied`` holds (method, path pattern) pairs that
    the application's agent has no right to. ``lifetime`` is how many seconds a token holds.
    """

    client_id: str = "00000000-0000-4000-8000-00000000ha10"
    client_secret: str = "halo-secret-of-the-sandbox"
    tenant: str = "contoso"
    auth_url: str = ""
    door: Door = Door.OPEN
    lifetime: int = 3600
    denied: list[tuple[str, str]] = field(default_factory=list)
    tokens: dict[str, datetime] = field(default_factory=dict)
    """When each token ends, UTC."""
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def revoke(self) -> None:
        """No token holds any more."""
        self.tokens.clear()

    def info(self, request: Request) -> Response:
        """Discovery, without credentials."""
        site = f"http://{request.headers.get('host', 'localhost')}"
        return Response.of_json({"auth_url": self.auth_url or f"{site}/auth", "tenant_id": self.tenant, "client_id": "", "whitelabel_name": ""})

    def token(self, request: Request, now: Callable[[], datetime]) -> Response:
        """Gives a token. A wrong tenant is answered with 500, as integrators report."""
        fields = request.form()
        if request.query.get("tenant", "") != self.tenant:
            raise Refused(500, "An error occurred while processing your request.")
        if fields.keys() != TOKEN_FIELDS or fields["grant_type"] != "client_credentials":
            return Response.of_json({"error": "invalid_request", "error_description": "The token request has wrong fields."}, 400)
        if self.door is Door.UNAUTHORIZED or (fields["client_id"], fields["client_secret"]) != (self.client_id, self.client_secret):
            return Response.of_json({"error": "invalid_client", "error_description": "The client credentials are invalid."}, 401)
        token = f"sandbox-token-{next(self._numbers)}"
        self.tokens[token] = now() + timedelta(seconds=self.lifetime)
        return Response.of_json({"access_token": token, "token_type": "Bearer", "expires_in": self.lifetime, "scope": fields["scope"]})

    def check(self, request: Request, now: datetime) -> None:
        """Raises ``Refused`` unless the request carries a token that holds, and the right to do what it asks."""
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if self.door is Door.UNAUTHORIZED or token not in self.tokens or self.tokens[token] <= now:
            raise Refused(401, "Authorization has been denied for this request.")
        if self.door is Door.FORBIDDEN or any(method == request.method and re.search(pattern, request.path) for method, pattern in self.denied):
            raise Refused(403, "The agent of this application has no permission for the request.")
        if request.body and not request.headers.get("content-type", "").startswith("application/json"):
            raise Refused(415, "The body must be application/json.")
