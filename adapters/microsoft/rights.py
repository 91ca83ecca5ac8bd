"""Which permissions and roles the app needs for what is switched on, and no more. Pure.

Sources: the least permission on each method's page of Microsoft Graph's reference; the roles under GDAP that are marked as not
verified in docs/security.md are the ones of that table.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sync_core.access import DIRECTORY_READERS, GLOBAL_READER
from sync_core.model.licences import Source

GRAPH_ID = "00000003-0000-0000-c000-000000000000"
PARTNER_CENTER_ID = "fa3d9a0c-3fb0-42cc-9193-47c7ecd2edbd"
"""Application ids of Microsoft Graph and of the Partner Center API, the same in every tenant."""

REPORTS_READER = "4a5d8f65-41da-4de4-8968-e035b65339cf"
INTUNE_ADMINISTRATOR = "3a2c62db-5318-420d-8d74-23affee5d9d5"
CLOUD_APPLICATION_ADMINISTRATOR = "158c047a-c907-4556-b7ef-446551a6b5f7"
PRIVILEGED_ROLE_ADMINISTRATOR = "e8611ab8-c189-46e8-94e1-60213ab1f814"
GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
ROLE_NAMES: Mapping[str, str] = {
    DIRECTORY_READERS: "Directory Readers",
    GLOBAL_READER: "Global Reader",
    REPORTS_READER: "Reports Reader",
    INTUNE_ADMINISTRATOR: "Intune Administrator",
    CLOUD_APPLICATION_ADMINISTRATOR: "Cloud Application Administrator",
    PRIVILEGED_ROLE_ADMINISTRATOR: "Privileged Role Administrator",
    GLOBAL_ADMINISTRATOR: "Global Administrator",
}
"""Entra's role templates by id (Microsoft Entra, "built-in roles")."""
CONSENTING = frozenset({CLOUD_APPLICATION_ADMINISTRATOR, PRIVILEGED_ROLE_ADMINISTRATOR, GLOBAL_ADMINISTRATOR})
"""One of these in a customer lets the service account consent for it; it is needed only then."""

_ALWAYS = frozenset({"LicenseAssignment.Read.All", "Organization.Read.All"})
_MORE: Mapping[Source, frozenset[str]] = {
    Source.USERS: frozenset({"User.Read.All"}),
    Source.SIGN_INS: frozenset({"User.Read.All", "AuditLog.Read.All"}),
    Source.GROUPS: frozenset({"GroupMember.Read.All"}),
    Source.DEVICES: frozenset({"Device.Read.All"}),
    Source.INTUNE: frozenset({"DeviceManagementManagedDevices.Read.All"}),
    Source.MFA: frozenset({"AuditLog.Read.All"}),
    Source.MAILBOXES: frozenset({"Reports.Read.All"}),
}
AT_PARTNER = frozenset({"Directory.Read.All", "DelegatedAdminRelationship.Read.All"})
"""Besides those of the customers: who the customers are, the app registration, and who is signed in."""
MAIL = "Mail.Send"


@dataclass(frozen=True)
class RoleNeed:
    """A role that the service account needs in a customer; one of ``any_of`` is enough. ``why`` says for what."""

    any_of: frozenset[str]
    why: str

    @property
    def name(self) -> str:
        """The least of them by its name."""
        return ROLE_NAMES[next(role for role in ROLE_NAMES if role in self.any_of)]


def customer_permissions(sources: Collection[Source]) -> frozenset[str]:
    """What the app is consented to in a customer, on behalf of the service account."""
    return _ALWAYS.union(*(_MORE.get(source, frozenset()) for source in sources))


def partner_permissions(sources: Collection[Source]) -> frozenset[str]:
    """What it is granted in the partner's own tenant, on behalf of the service account."""
    return customer_permissions(sources) | AT_PARTNER


def needed_roles(sources: Collection[Source]) -> tuple[RoleNeed, ...]:
    """The roles of the service account's groups in every customer's GDAP relationship."""
    needs = [RoleNeed(frozenset({DIRECTORY_READERS, GLOBAL_READER}), "licences, subscriptions and users")]
    if {Source.MAILBOXES, Source.MFA, Source.SIGN_INS} & set(sources):
        needs.append(RoleNeed(frozenset({REPORTS_READER}), "mailboxes, registrations for MFA and last sign-ins"))
    if Source.INTUNE in sources:
        needs.append(RoleNeed(frozenset({GLOBAL_READER, INTUNE_ADMINISTRATOR}), "devices in Intune"))
    return tuple(needs)
