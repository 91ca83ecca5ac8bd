"""Access tokens as the simulated Entra makes them and the simulated services read them: real claims, no signature."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

GRAPH = "https://graph.microsoft.com"
PARTNER_CENTER = "https://api.partnercenter.microsoft.com"
RESOURCES = (GRAPH, PARTNER_CENTER)
AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
OPERATOR_SCOPES = frozenset(
    {"Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All", "DelegatedPermissionGrant.ReadWrite.All", "Directory.AccessAsUser.All"}
)
"""What the Azure CLI may do at Graph for an administrator."""


@dataclass(frozen=True)
class AccessToken:
    """Who may do what, where, until when. ``permissions`` are scopes of a person's token and roles of an app's own; ``person`` is an object id."""

    tenant_id: str
    audience: str
    app_id: str
    permissions: frozenset[str]
    app_only: bool
    amr: tuple[str, ...]
    expires: datetime
    person: str = ""

    def encode(self, issued: datetime) -> str:
        """The token on the wire."""
        claims: dict[str, Any] = {
            "aud": self.audience,
            "iss": f"https://sts.windows.net/{self.tenant_id}/",
            "iat": int(issued.timestamp()),
            "nbf": int(issued.timestamp()),
            "exp": int(self.expires.timestamp()),
            "appid": self.app_id,
            "idtyp": "app" if self.app_only else "user",
            "tid": self.tenant_id,
            "ver": "1.0",
        }
        names = sorted(self.permissions)
        claims |= {"roles": names} if self.app_only else {"scp": " ".join(names), "amr": list(self.amr), "oid": self.person}
        return unsigned_jwt(claims)

    @classmethod
    def decode(cls, text: str) -> Self:
        """The token behind its wire form; raises ``ValueError`` when it is none."""
        claims = jwt_claims(text)
        try:
            app_only = claims["idtyp"] == "app"
            return cls(
                tenant_id=claims["tid"],
                audience=claims["aud"],
                app_id=claims["appid"],
                permissions=frozenset(claims.get("roles", []) if app_only else claims["scp"].split()),
                app_only=app_only,
                amr=tuple(claims.get("amr", ())),
                expires=datetime.fromtimestamp(claims["exp"], UTC),
                person=claims.get("oid", ""),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("a claim is missing or wrong") from error


def bearer(headers: Any) -> str:
    """The token of an ``Authorization: Bearer`` header, empty without one."""
    kind, _, token = str(headers.get("authorization", "")).partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def unsigned_jwt(claims: dict[str, Any]) -> str:
    """Claims as a JSON Web Token with an empty signature."""
    return f"{base64url_json({'typ': 'JWT', 'alg': 'none'})}.{base64url_json(claims)}."


def jwt_claims(text: str) -> dict[str, Any]:
    """The claims of a JSON Web Token, its signature unread; raises ``ValueError`` when it is not of that form."""
    parts = text.split(".")
    if len(parts) != 3:
        raise ValueError("a JSON Web Token has three parts")
    try:
        header, claims = (json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in parts[:2])
    except binascii.Error as error:
        raise ValueError("a part is not base64url") from error
    if not isinstance(header, dict) or "alg" not in header or not isinstance(claims, dict):
        raise ValueError("header and claims are objects, and the header names its algorithm")
    return claims


def base64url_json(value: Any) -> str:
    """JSON as base64url without padding."""
    return base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).rstrip(b"=").decode()
