"""A simulated Azure Key Vault: secrets with their versions and attributes, and who may do what to each.

Shapes follow the REST reference of Azure Key Vault ("Get Secret", "Set Secret"), as the SDK sends and reads them. The SDK speaks
only https, so this application is not served on a port: ``vault_session`` carries the SDK's requests to it inside the process.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
from requests.adapters import BaseAdapter

from sandbox.web import Application, Request, Response, Router

VAULT_URL = "https://contoso-sync.vault.azure.net"
LONGEST_VALUE = 25_000
"""Characters of a value; the service takes 25 KB."""
_API_VERSION = re.compile(r"7\.\d|20\d\d-\d\d-\d\d")
_ATTRIBUTES = frozenset({"enabled", "exp", "nbf"})
_CHALLENGE = 'Bearer authorization="https://login.microsoftonline.com/common", resource="https://vault.azure.net"'


@dataclass(frozen=True)
class SecretVersion:
    """One version of a secret. ``ends`` is its expiry date in seconds of the epoch: it is shown, and nothing stops at it."""

    number: int
    value: str
    created: int
    ends: int | None = None


class VaultSimulator:
    """The application. ``reads`` and ``writes`` name the secrets that the caller has a role on; ``None`` means all of them."""

    def __init__(self, now: Callable[[], datetime], secrets: Mapping[str, str] | None = None) -> None:
        self._now = now
        self.versions: dict[str, list[SecretVersion]] = {}
        self.reads: Collection[str] | None = None
        self.writes: Collection[str] | None = None
        self.requests: list[str] = []
        self._router = Router(lambda request, **_: _error(404, "NotFound", "There is no such path."))
        self._router.route("GET", "/secrets/{name}")(self._get)
        self._router.route("GET", "/secrets/{name}/")(self._get)
        self._router.route("PUT", "/secrets/{name}")(self._set)
        for name, value in (secrets or {}).items():
            self.store(name, value)

    def __call__(self, request: Request) -> Response:
        if not request.headers.get("authorization", "").startswith("Bearer "):
            return Response.of_json({}, 401, {"WWW-Authenticate": _CHALLENGE})
        if not _API_VERSION.fullmatch(request.query.get("api-version", "")):
            return _error(400, "BadParameter", "The api-version is missing or not supported.")
        self.requests.append(f"{request.method} {request.path.split('/')[2]}")
        return self._router(request)

    def store(self, name: str, value: str, ends: int | None = None) -> SecretVersion:
        """A new version, as an operator stores it in the portal."""
        versions = self.versions.setdefault(name, [])
        versions.append(SecretVersion(len(versions) + 1, value, int(self._now().timestamp()), ends))
        return versions[-1]

    @property
    def values(self) -> dict[str, str]:
        """The newest value of each secret."""
        return {name: versions[-1].value for name, versions in self.versions.items()}

    def _get(self, request: Request, name: str) -> Response:
        if self.reads is not None and name not in self.reads:
            return _forbidden("getSecret")
        if name not in self.versions:
            return _error(404, "SecretNotFound", f"A secret with (name/id) {name} was not found in this key vault.")
        return self._shown(name, self.versions[name][-1])

    def _set(self, request: Request, name: str) -> Response:
        if self.writes is not None and name not in self.writes:
            return _forbidden("setSecret")
        body = request.json()
        attributes = body.get("attributes") or {}
        fault = _fault(body, attributes)
        return _error(400, "BadParameter", fault) if fault else self._shown(name, self.store(name, body["value"], attributes.get("exp")))

    def _shown(self, name: str, version: SecretVersion) -> Response:
        attributes = {"enabled": True, "created": version.created, "updated": version.created, "recoveryLevel": "Recoverable"}
        attributes |= {} if version.ends is None else {"exp": version.ends}
        return Response.of_json({"value": version.value, "id": f"{VAULT_URL}/secrets/{name}/{version.number:032x}", "attributes": attributes})


def vault_session(vault: Application) -> requests.Session:
    """A session of the SDK's HTTP library whose requests all go to the simulated vault."""
    session = requests.Session()
    session.mount("https://", _InProcess(vault))
    return session


class _InProcess(BaseAdapter):
    def __init__(self, application: Application) -> None:
        super().__init__()
        self._application = application

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        address = urlsplit(str(request.url))
        body = request.body or b""
        headers = {name.lower(): value for name, value in request.headers.items()}
        content = body.encode() if isinstance(body, str) else bytes(body)
        answer = self._application(Request(str(request.method), address.path, dict(parse_qsl(address.query)), headers, content))
        response = requests.Response()
        response.status_code, response.url, response.request = answer.status, str(request.url), request
        response.headers.update(answer.headers)
        response.raw = _Body(answer.body)
        return response

    def close(self) -> None:
        """Nothing is open."""


class _Body:
    """As much of a urllib3 response as the SDK reads."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.enforce_content_length = True

    def stream(self, size: int, decode_content: bool = True) -> Any:
        yield self._content

    def release_conn(self) -> None:
        """There is no connection."""

    def close(self) -> None:
        """There is no connection."""


def _fault(body: Any, attributes: Any) -> str:
    """What Key Vault objects to in the body of a new version; empty when nothing."""
    if not isinstance(body, dict) or not isinstance(body.get("value"), str) or len(body["value"]) > LONGEST_VALUE:
        return f"The value is missing, or longer than {LONGEST_VALUE} characters."
    unknown = (body.keys() - {"value", "attributes", "contentType", "tags"}) | (attributes.keys() - _ATTRIBUTES)
    return f"Unknown members: {json.dumps(sorted(unknown))}." if unknown else ""


def _forbidden(action: str) -> Response:
    message = f"Caller is not authorized to perform action on resource. Action: 'Microsoft.KeyVault/vaults/secrets/{action}/action'."
    return Response.of_json({"error": {"code": "Forbidden", "message": message, "innererror": {"code": "ForbiddenByRbac"}}}, 403)


def _error(status: int, code: str, message: str) -> Response:
    return Response.of_json({"error": {"code": code, "message": message}}, status)
