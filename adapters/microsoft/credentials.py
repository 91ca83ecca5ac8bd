"""How the partner's application proves who it is: client secret, certificate, or a managed identity as federated credential."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from sync_core.errors import RetryLater, StopRun
from sync_core.model.customers import SignIn
from sync_core.ports import Secrets

if TYPE_CHECKING:
    from azure.identity import ManagedIdentityCredential

FEDERATED_AUDIENCE = "api://AzureADTokenExchange/.default"


@dataclass(frozen=True)
class ClientSecret:
    """The name of the secret that holds a client secret of the app registration."""

    secret: str


@dataclass(frozen=True)
class Certificate:
    """The name of the secret that holds private key and certificate, both in PEM form."""

    secret: str


@dataclass(frozen=True)
class ManagedIdentity:
    """Client id of the user-assigned managed identity that the app registration trusts as federated credential."""

    client_id: str


Credential = ClientSecret | Certificate | ManagedIdentity


@dataclass(frozen=True)
class PartnerSignIn:
    """The partner's tenant and its multi-tenant app registration. ``refresh_token_secret`` is empty when nobody is signed in as a person."""

    tenant_id: str
    application_id: str
    credential: Credential
    refresh_token_secret: str = ""

    @property
    def own(self) -> SignIn:
        """How to sign in to the partner's own tenant."""
        return SignIn.DELEGATED if self.refresh_token_secret else SignIn.APPLICATION


def client_credential(credential: Credential, secrets: Secrets, assertion: Callable[[str], str]) -> Any:
    """What MSAL takes as ``client_credential``. ``assertion`` gives a managed identity's token by client id."""
    match credential:
        case ClientSecret(secret):
            return secrets.get(secret)
        case Certificate(secret):
            pem = secrets.get(secret)
            return {"private_key": pem, "public_certificate": pem}
        case ManagedIdentity(client_id):
            return {"client_assertion": lambda: assertion(client_id)}


@cache
def _managed_identity(client_id: str) -> ManagedIdentityCredential:
    """One credential for each identity, because it caches its token."""
    from azure.identity import ManagedIdentityCredential

    return ManagedIdentityCredential(client_id=client_id)


def managed_identity_assertion(client_id: str) -> str:
    """The managed identity's token for Microsoft Entra's token exchange.

    Raises:
        StopRun: this machine has no such identity.
        RetryLater: the identity endpoint does not answer properly.
    """
    from azure.core.exceptions import AzureError, ClientAuthenticationError

    try:
        return str(_managed_identity(client_id).get_token(FEDERATED_AUDIENCE).token)
    except ClientAuthenticationError:
        # The cause is left off: its text may quote the identity endpoint's answer.
        raise StopRun(
            "The managed identity cannot be used to sign in",
            code="bad-app-credential",
            where="Microsoft sign-in",
            fix="Assign the user-assigned managed identity to the function app, and add it to the app registration as federated credential.",
        ) from None
    except AzureError:
        raise RetryLater("The managed identity endpoint does not answer", delay=30.0, code="sign-in-busy", where="Microsoft sign-in") from None
