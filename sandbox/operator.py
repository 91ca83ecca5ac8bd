"""Who sits at this machine: the person who is signed in to the Azure CLI in the partner's tenant, else the machine's own user, unverified."""

from __future__ import annotations

import base64
import getpass
import json
import shutil
from typing import Any

from sync_core.errors import Rejected
from sync_core.model.people import Role, Who

_SCOPE = "https://management.azure.com/.default"
_GRAPH = "https://graph.microsoft.com/.default"


def operator(partner_tenant_id: str = "") -> Who:
    """The person. They have every role: whoever may write to the storage could do all of it by hand.

    The name counts as verified only where the Azure CLI vouches for it in ``partner_tenant_id``.
    """
    claims = _claims_of_azure_cli() if partner_tenant_id and shutil.which("az") else {}
    person, name = claims.get("oid"), claims.get("upn") or claims.get("preferred_username")
    if person and name and str(claims.get("tid")).casefold() == partner_tenant_id.casefold():
        return Who(str(name), str(person), frozenset(Role))
    return Who(getpass.getuser(), roles=frozenset(Role))


def graph_token(tenant_id: str) -> str:
    """An access token for Microsoft Graph of the person who is signed in to the Azure CLI, for exactly this tenant; it is kept nowhere.

    Raises ``Rejected``, with the command to sign in, where nobody is, or in another tenant.
    """
    from azure.core.exceptions import ClientAuthenticationError
    from azure.identity import AzureCliCredential, CredentialUnavailableError

    fix = f"Install the Azure CLI and sign in: az login --tenant {tenant_id} --allow-no-subscriptions"
    try:
        return str(AzureCliCredential(tenant_id=tenant_id, process_timeout=30).get_token(_GRAPH).token)
    except (ClientAuthenticationError, CredentialUnavailableError, ValueError):
        raise Rejected("Nobody is signed in to the Azure CLI for the partner's tenant", code="no-operator", where="Azure CLI", fix=fix) from None


def _claims_of_azure_cli() -> dict[str, Any]:
    """What Microsoft's token says of the person; empty where nobody is signed in. The token is used for nothing else and kept nowhere."""
    from azure.core.exceptions import ClientAuthenticationError  # slow to import, and seldom needed
    from azure.identity import AzureCliCredential, CredentialUnavailableError

    try:
        token = AzureCliCredential(process_timeout=15).get_token(_SCOPE).token
        part = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ClientAuthenticationError, CredentialUnavailableError, ValueError, IndexError):
        return {}
    return claims if isinstance(claims, dict) else {}
