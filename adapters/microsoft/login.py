"""Requests to Microsoft's sign-in host, made by MSAL over our own HTTP client.

MSAL insists on https and fetches a discovery document for every tenant. Both are settled here: what MSAL sends to the sign-in
host goes to the configured address (https, or plain http to this machine), and the discovery document is answered from the
endpoints that Microsoft documents for every tenant, so that signing in to a customer is one request. No certificate check is
turned off, and MSAL's look-up of unknown sign-in hosts is not needed, because the host is a setting and never found elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from adapters.addresses import require_safe
from adapters.http import Http
from sync_core.errors import RetryLater

PUBLIC_LOGIN_URL = "https://login.microsoftonline.com"

_FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}


@dataclass(frozen=True)
class _Answer:
    """The shape of an answer that MSAL asks its HTTP client for."""

    status_code: int
    text: str
    headers: Mapping[str, str]

    def raise_for_status(self) -> None:
        """MSAL calls this for statuses of 500 and above, which our client has already raised for."""


class LoginHttp:
    """MSAL's ``http_client``. ``login_url`` is the sign-in host's base address."""

    def __init__(self, http: Http, login_url: str = PUBLIC_LOGIN_URL) -> None:
        require_safe(login_url)
        self._http = http
        self._login_url = login_url.rstrip("/")

    def authority(self, tenant_id: str) -> str:
        """The authority MSAL is told; the public one stands in for an address on this machine, because it has to be https."""
        base = self._login_url if self._login_url.startswith("https:") else PUBLIC_LOGIN_URL
        return f"{base}/{tenant_id}"

    def address(self, url: str) -> str:
        """Where an address of MSAL's leads to: the same path and query at the configured host."""
        parts = urlsplit(url)
        return f"{self._login_url}{parts.path}" + (f"?{parts.query}" if parts.query else "")

    def get(self, url: str, **_: Any) -> _Answer:
        """Answers the discovery document of a tenant, the only thing that MSAL gets for these ways of signing in."""
        authority, found, _rest = url.partition("/v2.0/.well-known/openid-configuration")
        if not found:
            raise RetryLater("MSAL asked for an address that is not foreseen", delay=60.0, where=urlsplit(url).path)
        document = {
            "issuer": f"{authority}/v2.0",
            "authorization_endpoint": f"{authority}/oauth2/v2.0/authorize",
            "token_endpoint": f"{authority}/oauth2/v2.0/token",
            "device_authorization_endpoint": f"{authority}/oauth2/v2.0/devicecode",
        }
        return _Answer(200, json.dumps(document), {})

    def post(self, url: str, *, data: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None, **_: Any) -> _Answer:
        """Sends a token request. It may be repeated: a redeemed refresh token stays valid."""
        form = urlencode({name: value for name, value in (data or {}).items() if value is not None})
        answer = self._http.read("POST", self.address(url), headers={**(headers or {}), **_FORM}, body=form.encode())
        return _Answer(answer.status, answer.text, answer.headers)

    def close(self) -> None:
        """Nothing to close; part of the shape MSAL asks for."""
