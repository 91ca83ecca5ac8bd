"""A key vault that answers the real SDK inside the process: the SDK speaks only https, so there is no port to serve it on."""

import json
from typing import Any

import requests
from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import RequestsTransport
from requests.adapters import BaseAdapter

from adapters.azure.secrets import vault_client

URL = "https://contoso-sync.vault.azure.net"


class SignedIn:
    """A credential that always has a token."""

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """A token that is good for ever."""
        return AccessToken("token", 2**40)


class Vault(BaseAdapter):
    """Secrets by name. ``refusal`` is the status that every call gets instead of an answer; ``requests`` lists the calls."""

    def __init__(self) -> None:
        super().__init__()
        self.secrets: dict[str, str] = {}
        self.refusal = 0
        self.requests: list[str] = []

    def client(self) -> Any:
        """The SDK's client of this vault."""
        session = requests.Session()
        session.mount("https://", self)
        return vault_client(URL, SignedIn(), transport=RequestsTransport(session=session, session_owner=False))

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """Answers one request as Key Vault does: without a token, with the challenge that the SDK waits for."""
        if "Authorization" not in request.headers:
            challenge = 'Bearer authorization="https://login.microsoftonline.com/common", resource="https://vault.azure.net"'
            return self._answer(request, 401, {}, {"WWW-Authenticate": challenge})
        name = str(request.path_url).split("/")[2].partition("?")[0]
        self.requests.append(f"{request.method} {name}")
        if self.refusal:
            return self._answer(request, self.refusal, {"error": {"code": "Forbidden", "message": "Caller is not authorized"}})
        if request.method == "PUT":
            self.secrets[name] = json.loads(request.body or "{}")["value"]
        if name not in self.secrets:
            return self._answer(request, 404, {"error": {"code": "SecretNotFound", "message": f"A secret with the name {name} was not found"}})
        return self._answer(request, 200, {"value": self.secrets[name], "id": f"{URL}/secrets/{name}/1", "attributes": {}})

    def close(self) -> None:
        """Nothing is open."""

    @staticmethod
    def _answer(request: requests.PreparedRequest, status: int, body: Any, headers: Any = None) -> requests.Response:
        response = requests.Response()
        response.status_code = status
        response.url, response.request = str(request.url), request
        response.headers.update({"Content-Type": "application/json", **(headers or {})})
        response.raw = _Body(json.dumps(body).encode())
        return response


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
