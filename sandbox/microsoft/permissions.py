"""What services offer to applications: permissions on behalf of people (scopes) and of the application itself (app roles).

Names are Microsoft's; the ids are the sandbox's own, so that a client has to look them up as the service principal tells them.
"""

from __future__ import annotations

from typing import Any

from sandbox.microsoft.directory import PARTNER_CENTER_ID, stable_id

GRAPH_ID = "00000003-0000-0000-c000-000000000000"
"""The application id of Microsoft Graph, the same in every tenant."""

GRAPH_SCOPES = (
    "Application.Read.All",
    "AuditLog.Read.All",
    "DelegatedAdminRelationship.Read.All",
    "Device.Read.All",
    "DeviceManagementManagedDevices.Read.All",
    "Directory.Read.All",
    "Domain.Read.All",
    "Group.Read.All",
    "GroupMember.Read.All",
    "LicenseAssignment.Read.All",
    "Mail.Send",
    "Organization.Read.All",
    "Reports.Read.All",
    "User.Read.All",
)
OFFERED = {GRAPH_ID: ("Microsoft Graph", GRAPH_SCOPES), PARTNER_CENTER_ID: ("Microsoft Partner Center", ("user_impersonation",))}


def scope_id(resource: str, name: str) -> str:
    """The id of a delegated permission."""
    return stable_id("scope", resource, name)


def role_id(resource: str, name: str) -> str:
    """The id of an application permission."""
    return stable_id("app role", resource, name)


def role_name(resource: str, wanted: str) -> str:
    """The application permission with this id; raises ``KeyError``."""
    return {role_id(resource, name): name for name in OFFERED[resource][1]}[wanted]


def scopes_row(resource: str) -> list[dict[str, Any]]:
    """``oauth2PermissionScopes`` of a service."""
    return [{"id": scope_id(resource, name), "value": name, "type": "Admin", "isEnabled": True} for name in OFFERED[resource][1]]


def roles_row(resource: str) -> list[dict[str, Any]]:
    """``appRoles`` of a service. Partner Center has none that we know of."""
    names = OFFERED[resource][1] if resource == GRAPH_ID else ()
    return [{"id": role_id(resource, name), "value": name, "allowedMemberTypes": ["Application"], "isEnabled": True} for name in names]


def everything() -> list[dict[str, Any]]:
    """``requiredResourceAccess`` of an application that asks for all that is offered."""
    graph = [{"id": row["id"], "type": "Scope"} for row in scopes_row(GRAPH_ID)]
    graph += [{"id": row["id"], "type": "Role"} for row in roles_row(GRAPH_ID)]
    partner_center = [{"id": row["id"], "type": "Scope"} for row in scopes_row(PARTNER_CENTER_ID)]
    return [{"resourceAppId": GRAPH_ID, "resourceAccess": graph}, {"resourceAppId": PARTNER_CENTER_ID, "resourceAccess": partner_center}]
