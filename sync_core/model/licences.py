"""What Microsoft holds of one customer at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Source(StrEnum):
    """The parts a usage snapshot is read from; each may fail alone."""

    SKUS = "skus"
    SUBSCRIPTIONS = "subscriptions"
    USERS = "users"


class SubscriptionStatus(StrEnum):
    """States of a subscription as Microsoft Graph names them; a new one is kept as ``UNKNOWN``."""

    ENABLED = "Enabled"
    WARNING = "Warning"
    SUSPENDED = "Suspended"
    DELETED = "Deleted"
    LOCKED_OUT = "LockedOut"
    UNKNOWN = "Unknown"


class AppliesTo(StrEnum):
    """Whether a SKU is assigned to users or holds for the whole company."""

    USER = "User"
    COMPANY = "Company"


@dataclass(frozen=True)
class PrepaidUnits:
    """A SKU's units by state, in seats. ``warning`` has expired and still works; ``suspended`` cannot be assigned."""

    enabled: int = 0
    warning: int = 0
    suspended: int = 0
    locked_out: int = 0


@dataclass(frozen=True)
class Sku:
    """A licence product the customer holds. ``sku_id`` (lower-case GUID) is the key, the names are for people."""

    sku_id: str
    part_number: str
    name: str
    units: PrepaidUnits
    assigned: int
    """``consumedUnits``: seats assigned, disabled users included; may exceed the enabled units."""
    applies_to: AppliesTo = AppliesTo.USER


@dataclass(frozen=True)
class Subscription:
    """One purchase of a SKU. ``owner_tenant_id`` is the tenant that sold it, ``None`` where Microsoft names none."""

    subscription_id: str
    sku_id: str
    status: SubscriptionStatus
    seats: int
    is_trial: bool = False
    owner_tenant_id: str | None = None
    created: datetime | None = None
    next_lifecycle: datetime | None = None


@dataclass(frozen=True)
class User:
    """A user with the attributes that were asked for (Graph names; absent ones were not asked for)."""

    user_id: str
    sku_ids: frozenset[str] = frozenset()
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class UsageSnapshot:
    """All that was read of one customer at one moment. ``failed`` names the sources that could not be read, with the reason."""

    tenant_id: str
    read_at: datetime
    skus: tuple[Sku, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()
    users: tuple[User, ...] = ()
    failed: Mapping[Source, str] = field(default_factory=dict)
