"""Who the partner's customers are: GDAP relationships and reseller contracts, united by tenant id. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from adapters.microsoft.reading import Unreadable, moment
from adapters.redaction import shown
from sync_core.model.access import Delegation
from sync_core.ports import Relationship

_NEVER = ("", "PT0S", "P0D")
MICROSOFT_LED = "MLT_"
"""How the names of the relationships begin that Microsoft made itself while partners moved to GDAP; they grant next to nothing."""


def united(relationships: Iterable[Mapping[str, Any]], contracts: Iterable[Mapping[str, Any]]) -> tuple[Relationship, ...]:
    """One entry per customer, by tenant id.

    A customer may have several relationships: the roles of all count, and the last to end says until when. A customer
    with a contract only has no roles. The relationship's name of the customer is newer than the contract's.

    Raises:
        Unreadable: a row without a tenant id.
    """
    customers = {customer.tenant_id: customer for customer in map(_from_contract, contracts)}
    for row in relationships:
        if not str(row.get("displayName") or "").startswith(MICROSOFT_LED):
            found = _from_relationship(row)
            known = customers.get(found.tenant_id)
            customers[found.tenant_id] = _joined(known, found) if known else found
    return tuple(customers[tenant_id] for tenant_id in sorted(customers))


def delegations(rows: Iterable[Mapping[str, Any]]) -> tuple[Delegation, ...]:
    """Every relationship by itself. One extends itself where its ``autoExtendDuration`` is neither ``PT0S`` nor ``P0D``.

    Raises:
        Unreadable: a row without a tenant id.
    """
    return tuple(_delegation(row) for row in rows if not str(row.get("displayName") or "").startswith(MICROSOFT_LED))


def _delegation(row: Mapping[str, Any]) -> Delegation:
    found, extends = _from_relationship(row), str(row.get("autoExtendDuration") or "")
    title = shown(str(row.get("displayName") or ""))
    return Delegation(found.tenant_id, found.name, title, found.ends, extends not in _NEVER, found.role_ids)


def _joined(known: Relationship, found: Relationship) -> Relationship:
    ends = max((one.ends for one in (known, found) if one.ends), default=None)
    return replace(known, name=found.name or known.name, ends=ends, role_ids=known.role_ids | found.role_ids)


def _from_contract(row: Mapping[str, Any]) -> Relationship:
    return Relationship(_tenant_id(row.get("customerId")), shown(str(row.get("displayName") or "")))


def _from_relationship(row: Mapping[str, Any]) -> Relationship:
    customer, access = row.get("customer") or {}, row.get("accessDetails") or {}
    return Relationship(
        tenant_id=_tenant_id(customer.get("tenantId")),
        name=shown(str(customer.get("displayName") or "")),
        ends=moment(row.get("endDateTime")),
        role_ids=frozenset(str(role["roleDefinitionId"]).lower() for role in access.get("unifiedRoles") or () if role.get("roleDefinitionId")),
    )


def _tenant_id(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise Unreadable("a customer has no tenant id")
    return value.lower()
