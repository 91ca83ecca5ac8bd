"""How the partner's application proves who it is: client secret, certificate, or a managed identity as federated credential."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from sync_core.errors import RetryLater, StopRun
from sync_core.model.configuration import Credential, Partner
from sync_core.ports import Secrets

if TYPE_CHECKING:
    from azure.identity import ManagedIdentityCredential

FEDERATED_AUDIENCE = "api://AzureADTokenExchange/.default"


def client_credential(partner: Partner, secrets: Secrets, assertion: Callable[[str], str]) -> Any:
    """What MSAL takes as ``client_credential``. ``assertion`` gives a managed identity's token by its client id.

    The secret of a certificate holds private key and certificate, both in PEM form. The managed identity is user-assigned, and the
    app registration trusts it as federated credential.
    """
    match partner.credential:
        case Credential.SECRET:
            return secrets.get(partner.credential_secret)
        case Credential.CERTIFICATE:
            pem = secrets.get(partner.credential_secret)
            return {"private_key": pem, "public_certificate": pem}
        case Credential.MANAGED_IDENTITY:
            return {"client_assertion": lambda: assertion(partner.managed_identity_client_id)}


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
