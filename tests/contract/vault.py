"""The simulated key vault behind the real SDK, and a credential that always has a token."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import RequestsTransport

from adapters.azure.secrets import vault_client
from sandbox.vault import VAULT_URL, VaultSimulator, vault_session
from sandbox.web import Request, Response


class SignedIn:
    """A credential that always has a token."""

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """A token that is good for ever."""
        return AccessToken("token", 2**40)


class Vault(VaultSimulator):
    """``refusal`` is the status that every call gets instead of an answer."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime(2026, 1, 15, tzinfo=UTC)) -> None:
        super().__init__(now)
        self.refusal = 0

    def __call__(self, request: Request) -> Response:
        """Answers as the vault does, unless a refusal is wanted of a caller that is signed in."""
        if self.refusal and "authorization" in request.headers:
            return Response.of_json({"error": {"code": "Forbidden", "message": "Caller is not authorized"}}, self.refusal)
        return super().__call__(request)

    def client(self) -> Any:
        """The SDK's client of this vault."""
        return vault_client(VAULT_URL, SignedIn(), transport=RequestsTransport(session=vault_session(self), session_owner=False))
