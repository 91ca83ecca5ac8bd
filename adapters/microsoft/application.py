"""The app registration of the partner: until when what it proves itself with is good."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from adapters.microsoft.reading import Row, moment, rows_of

CREDENTIALS = "appId,displayName,passwordCredentials,keyCredentials"


def own_path(application_id: str) -> str:
    """The path of the app registration with all its credentials, whose values Graph never shows."""
    return f"/applications?$filter=appId%20eq%20'{application_id}'&$select={CREDENTIALS}"


def secret_ends(body: Any, secret: str) -> datetime | None:
    """When (UTC) the client secret ends; ``None`` when the registration is not there or has none.

    Several secrets are normal while one is renewed. Which of them is ours shows by its first three characters
    (Microsoft Graph, "passwordCredential", ``hint``); where that is missing, the last to end counts.
    """
    rows = [credential for row in rows_of(body) for credential in row.get("passwordCredentials") or ()]
    ours = [credential for credential in rows if str(credential.get("hint") or "") == secret[:3]]
    return _last(ours or rows)


def certificate_ends(pem: str) -> datetime | None:
    """When (UTC) the certificate in this PEM text ends; ``None`` when none can be read. Nothing of the text is shown."""
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificate(pem.encode()).not_valid_after_utc.astimezone(UTC)
    except ValueError:
        return None


def _last(credentials: Iterable[Row]) -> datetime | None:
    ends = [moment(credential.get("endDateTime")) for credential in credentials]
    return max((end for end in ends if end), default=None)
