"""The partner's app registrations as Graph v1.0 shows them (Microsoft Graph, "application resource type")."""

from __future__ import annotations

from datetime import datetime

from sandbox.microsoft.applications import Application, Certificate, ClientSecret
from sandbox.microsoft.directory import FOUNDED
from sandbox.microsoft.graph_call import Call
from sandbox.microsoft.resources import Item, timestamp


def applications(call: Call) -> list[Item]:
    """The applications of the partner; a customer has registered none."""
    return [application_row(one) for one in call.directory.applications] if call.tenant is call.directory.partner else []


def application_row(application: Application) -> Item:
    """An application with everything that can be selected; the values of its secrets are never among it."""
    return {
        "id": application.object_id,
        "appId": application.application_id,
        "displayName": application.display_name,
        "createdDateTime": timestamp(FOUNDED),
        "signInAudience": application.audience,
        "isFallbackPublicClient": application.public,
        "requiredResourceAccess": application.required,
        "web": {"redirectUris": application.redirects},
        "appRoles": application.app_roles,
        "passwordCredentials": [secret_row(one) for one in application.secrets],
        "keyCredentials": [_certificate(one) for one in application.certificates],
    }


def secret_row(secret: ClientSecret) -> Item:
    """A client secret without its value."""
    return {**_credential(secret.key_id, secret.display_name, secret.starts, secret.ends), "hint": secret.value[:3], "secretText": None}


def _certificate(certificate: Certificate) -> Item:
    credential = _credential(certificate.key_id, certificate.display_name, certificate.starts, certificate.ends)
    return {**credential, "type": "AsymmetricX509Cert", "usage": "Verify", "key": None}


def _credential(key_id: str, display_name: str, starts: datetime, ends: datetime) -> Item:
    return {
        "customKeyIdentifier": None,
        "displayName": display_name,
        "keyId": key_id,
        "startDateTime": timestamp(starts),
        "endDateTime": timestamp(ends),
    }
