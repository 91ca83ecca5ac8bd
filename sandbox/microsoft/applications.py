"""App registrations of the partner: what they prove themselves with and what they ask for (Microsoft Graph, "application resource type")."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass
class ClientSecret:
    """One ``passwordCredential``. Graph shows ``value`` once, when it is made, and ever after its first three characters."""

    key_id: str
    value: str
    starts: datetime
    ends: datetime
    display_name: str = ""


@dataclass
class Certificate:
    """One ``keyCredential``: the public half of a certificate."""

    key_id: str
    starts: datetime
    ends: datetime
    display_name: str = ""


@dataclass
class Application:
    """One app registration. ``required`` is its ``requiredResourceAccess`` (``None``: all that is offered), ``public`` whether it allows
    public client flows."""

    application_id: str
    object_id: str
    display_name: str
    audience: str = "AzureADMultipleOrgs"
    required: list[dict[str, Any]] | None = None
    redirects: list[str] = field(default_factory=list)
    public: bool = False
    secrets: list[ClientSecret] = field(default_factory=list)
    certificates: list[Certificate] = field(default_factory=list)
    app_roles: list[dict[str, Any]] = field(default_factory=list)
    visible_from: datetime | None = None
    """When the whole directory knows of it; ``None``: it always did."""

    def visible(self, now: datetime) -> bool:
        """Whether the directory knows of it yet."""
        return self.visible_from is None or self.visible_from <= now

    def secret(self, value: str) -> ClientSecret | None:
        """The secret with this value, ended ones included."""
        return next((secret for secret in self.secrets if secret.value == value), None)
