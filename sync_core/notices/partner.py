"""Findings about the partner itself: tenants that are no customers, customers that are gone, and access that is broken or ends."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from sync_core.access import step_of
from sync_core.model.access import AccessFinding
from sync_core.model.configuration import Configuration
from sync_core.model.notices import Finding, NoticeKind
from sync_core.ports import Relationship


def not_configured(relationships: Iterable[Relationship], configuration: Configuration) -> tuple[Finding, ...]:
    """Tenants with a relationship that the configuration does not name."""
    known = {item.customer.tenant_id for item in configuration.customers}
    return tuple(
        Finding(NoticeKind.NOT_CONFIGURED, "tenant", "Not configured, so nothing is billed", each.tenant_id, each.name)
        for each in relationships
        if each.tenant_id not in known
    )


def gone(relationships: Sequence[Relationship], configuration: Configuration) -> tuple[Finding, ...]:
    """Configured customers without an active relationship; an empty list says nothing of anybody."""
    related = {each.tenant_id for each in relationships}
    text = "There is no active relationship; its lines are billed on as they are"
    fix = "Renew it, or answer: python3 dev.py offboard CUSTOMER --on DATE ends its lines, --keep leaves them"
    missing = [item.customer for item in configuration.customers if related and item.customer.tenant_id not in related]
    return tuple(Finding(NoticeKind.GONE, "tenant", text, customer.tenant_id, customer.name, fix=fix) for customer in missing)


def of_access(access: Iterable[tuple[str, AccessFinding]]) -> tuple[Finding, ...]:
    """What the watch over access found, each with its customer's name. An end is told again when it comes nearer, not every day."""
    found = []
    for name, one in access:
        kind = NoticeKind.RELATIONSHIPS_ENDING if one.tenant_id else NoticeKind.SIGN_IN_ENDING
        key = one.code if one.tenant_id else f"{one.code}~{hashlib.sha256(one.fix.encode()).hexdigest()[:12]}"
        found.append(Finding(kind, key, one.what, one.tenant_id, name, fix=one.fix, state=_state(one)))
    return tuple(found)


def _state(one: AccessFinding) -> str:
    if one.days is None:
        return ""
    return "over" if one.days < 0 else f"{step_of(one.days)} days"
