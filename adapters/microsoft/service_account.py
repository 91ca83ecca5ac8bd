"""Who is signed in for the app, and which of the partner's GDAP roles reach them in each customer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adapters.microsoft.discovery import MICROSOFT_LED, delegations
from adapters.microsoft.graph import Graph
from adapters.microsoft.reading import Row, rows_of
from adapters.microsoft.rights import GLOBAL_ADMINISTRATOR, ROLE_NAMES, RoleNeed

ADMIN_AGENTS = "AdminAgents"
"""The group of Partner Center whose members may administer customers (Partner Center, "Manage user accounts")."""
_RELATIONSHIPS = "/tenantRelationships/delegatedAdminRelationships"
_ACTIVE = f"{_RELATIONSHIPS}?$filter=status%20eq%20'active'&$top=300"


@dataclass(frozen=True)
class ServiceAccount:
    """The signed-in person. ``groups`` are names by id; ``roles`` are role templates in the partner's own tenant."""

    user_id: str
    guest: bool
    enabled: bool
    groups: Mapping[str, str]
    roles: frozenset[str]

    @property
    def agent(self) -> bool:
        """Whether Partner Center lets it act for customers."""
        return ADMIN_AGENTS in self.groups.values()

    @property
    def administrator(self) -> bool:
        """Whether it is a Global Administrator of the partner: far more than the app needs."""
        return GLOBAL_ADMINISTRATOR in self.roles


def signed_in(graph: Graph) -> ServiceAccount:
    """Reads the person that a token of the partner's tenant belongs to; raises ``SyncError``."""
    me = graph.get("/me")
    rows = graph.rows("/me/transitiveMemberOf?$select=id,displayName,roleTemplateId&$top=999")
    groups = {str(row["id"]): str(row.get("displayName") or "") for row in rows if not row.get("roleTemplateId")}
    roles = frozenset(str(row["roleTemplateId"]).lower() for row in rows if row.get("roleTemplateId"))
    guest = str(me.get("userType") or "Member") == "Guest" or "#ext#" in str(me.get("userPrincipalName") or "").lower()
    return ServiceAccount(str(me["id"]), guest, me.get("accountEnabled") is not False, groups, roles)


@dataclass(frozen=True)
class Granted:
    """One active relationship: what the customer granted, and what of it is assigned to which groups. ``pending`` is not in force yet."""

    tenant_id: str
    name: str
    title: str
    role_ids: frozenset[str]
    assigned: Mapping[str, frozenset[str]]
    pending: frozenset[str] = frozenset()


def granted(graph: Graph) -> tuple[Granted, ...]:
    """Every active relationship with its assignments, twenty of these in a request; raises ``SyncError`` rather than answer with a part."""
    rows = [row for row in graph.rows(_ACTIVE) if not str(row.get("displayName") or "").startswith(MICROSOFT_LED)]
    parts = graph.batch({str(row["id"]): f"{_RELATIONSHIPS}/{row['id']}/accessAssignments" for row in rows})
    found = []
    for row, delegation in zip(rows, delegations(rows), strict=True):
        part = parts[str(row["id"])]
        if not part.ok:
            raise graph.part_error("accessAssignments", part)
        assignments = [*rows_of(part.body), *graph.further_rows(part.body)]
        in_force = _by_group(one for one in assignments if one.get("status") == "active")
        waiting = frozenset(role for roles in _by_group(one for one in assignments if one.get("status") == "pending").values() for role in roles)
        found.append(Granted(delegation.tenant_id, delegation.name, delegation.title, delegation.role_ids, in_force, waiting))
    return tuple(found)


def missing_role(need: RoleNeed, ours: Sequence[Granted], account: ServiceAccount) -> tuple[str, str]:
    """Why a customer's relationships do not give the account a role, and what to do; two empty texts when they do. Pure."""
    reaching = {role for one in ours for group, roles in one.assigned.items() if group in account.groups for role in roles & one.role_ids}
    if need.any_of & reaching:
        return "", ""
    if not ours:
        return "There is no active GDAP relationship", f"Ask the customer for a relationship with the role {need.name}."
    holding = next((one for one in ours if need.any_of & one.role_ids), None)
    if holding is None:
        fix = f"Ask the customer for a new relationship with {need.name}: roles cannot be added to one that is there."
        return f"No relationship holds {need.name} ({need.why})", fix
    role = next(name for name in (ROLE_NAMES[each] for each in ROLE_NAMES if each in need.any_of & holding.role_ids))
    if need.any_of & holding.pending:
        return f"{role} is being assigned to a group", "Wait some minutes, then check again."
    groups = [group for group, roles in holding.assigned.items() if roles & need.any_of]
    if groups:
        return f"{role} is assigned to a group that the service account is not in", f"Put the service account into the group {groups[0]}."
    fix = f"Assign {role} of “{holding.title}” to a security group that the service account is in (Partner Center, Admin relationships)."
    return f"{role} is granted, and assigned to no group", fix


def _by_group(assignments: Iterator[Row]) -> dict[str, frozenset[str]]:
    roles: dict[str, frozenset[str]] = {}
    for one in assignments:
        container: Mapping[str, Any] = one.get("accessContainer") or {}
        given = (one.get("accessDetails") or {}).get("unifiedRoles") or ()
        group = str(container.get("accessContainerId") or "")
        roles[group] = roles.get(group, frozenset()) | {str(role["roleDefinitionId"]).lower() for role in given}
    return roles
