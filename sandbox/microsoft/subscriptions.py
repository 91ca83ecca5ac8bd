"""One purchase of a SKU, its life, and the totals that Microsoft makes of a tenant's purchases."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sandbox.microsoft.catalog import Sku

GRACE = timedelta(days=30)
"""How long an expired subscription stays in warning."""
_TERM_MONTHS = {"P1M": 1, "P1Y": 12, "P3Y": 36}


class SubscriptionState(StrEnum):
    """The states that Graph documents for a company subscription; a seed may store any other text."""

    ENABLED = "Enabled"
    WARNING = "Warning"
    SUSPENDED = "Suspended"
    DELETED = "Deleted"
    LOCKED_OUT = "LockedOut"


UNIT_NAMES = {
    SubscriptionState.ENABLED: "enabled",
    SubscriptionState.WARNING: "warning",
    SubscriptionState.SUSPENDED: "suspended",
    SubscriptionState.LOCKED_OUT: "lockedOut",
}
"""Under which name of ``prepaidUnits`` the seats of a state are counted; those of a deleted subscription are not."""


@dataclass
class Subscription:
    """``seats`` of one SKU; ``owner_tenant_id`` is who sold them, ``None`` when Microsoft did. ``term`` is an ISO 8601 duration."""

    subscription_id: str
    commerce_id: str
    sku: Sku
    seats: int
    owner_tenant_id: str | None
    created: datetime
    term: str = "P1Y"
    trial: bool = False
    state: str = SubscriptionState.ENABLED
    billing_cycle: str = "monthly"
    """How it is paid, in Partner Center's words."""

    def next_lifecycle(self, now: datetime) -> datetime:
        """When the current term, trial or grace period ends."""
        if self.state != SubscriptionState.ENABLED:
            return now.replace(hour=0, minute=0, second=0, microsecond=0) + GRACE
        if self.trial:
            return self.created + GRACE
        months = _TERM_MONTHS[self.term]
        terms = 1
        while (end := _add_months(self.created, terms * months)) <= now:
            terms += 1
        return end


def prepaid_units(subscriptions: Iterable[Subscription]) -> dict[str, int]:
    """The seats per state, as ``subscribedSku.prepaidUnits`` shows them."""
    units = dict.fromkeys(UNIT_NAMES.values(), 0)
    for subscription in subscriptions:
        for state, name in UNIT_NAMES.items():
            units[name] += subscription.seats if subscription.state == state else 0
    return units


def capability_status(subscriptions: Iterable[Subscription]) -> str:
    """The best state of any purchase of a SKU: enabled when at least one is."""
    states = {subscription.state for subscription in subscriptions}
    return next((state.value for state in SubscriptionState if state in states), next(iter(sorted(states)), SubscriptionState.DELETED.value))


def _add_months(start: datetime, months: int) -> datetime:
    year, month = divmod(start.month - 1 + months, 12)
    last_day = monthrange(start.year + year, month + 1)[1]
    return start.replace(year=start.year + year, month=month + 1, day=min(start.day, last_day))
