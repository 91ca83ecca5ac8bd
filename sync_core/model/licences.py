"""What Microsoft holds of one customer at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from sync_core.model.terms import Term


class Source(StrEnum):
    """The parts a usage snapshot is read from; each may fail alone."""

    SKUS = "skus"
    SUBSCRIPTIONS = "subscriptions"
    USERS = "users"
    GROUPS = "groups"
    SIGN_INS = "sign-ins"
    MFA = "mfa registrations"
    MAILBOXES = "mailboxes"
    DEVICES = "devices"
    INTUNE = "intune devices"
    TERMS = "terms"
    """What Partner Center says of the subscriptions' terms. Without it they are unknown, and nothing else is."""


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
    commerce_id: str = ""
    """The id by which Partner Center knows it."""


@dataclass(slots=True)
class User:
    """A user with what was asked for. ``attributes`` are texts by the names of ``custom_licences.Attribute``; empty ones are there and empty.

    Its members are final and it is not frozen, because a frozen one takes three times as long to make, and a customer may have 100,000.
    ``plan_ids`` are those of the service plans asked for that one of the user's licences has switched on, as they were asked for.
    """

    user_id: Final[str]
    sku_ids: Final[frozenset[str]] = frozenset()
    attributes: Final[Mapping[str, str]] = field(default_factory=dict)
    user_principal_name: Final[str] = ""
    display_name: Final[str] = ""
    enabled: Final[bool] = True
    guest: Final[bool] = False
    plan_ids: Final[frozenset[str]] = frozenset()
    last_sign_in: Final[datetime | None] = None
    """The latest of all kinds of sign-in, ``None`` for never."""


class MailboxKind(StrEnum):
    """What a mailbox is for, as far as the report says."""

    USER = "user"
    SHARED = "shared"
    OTHER = "other"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A mailbox as the usage report has it, some two days old. The name is a hash where the tenant conceals names in reports."""

    user_principal_name: str
    kind: MailboxKind = MailboxKind.UNKNOWN
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Device:
    """A device in Entra (``device_id``: its object id) or in Intune. ``None`` is what Microsoft does not say."""

    device_id: str
    name: str = ""
    operating_system: str = ""
    enabled: bool = True
    managed: bool | None = None
    compliant: bool | None = None
    last_seen: datetime | None = None
    user_principal_name: str = ""
    """The device's user; Intune only."""


@dataclass(frozen=True)
class UsageSnapshot:
    """All that was read of one customer at one moment. ``failed`` names the sources that could not be read, with the reason.

    ``read`` names the sources besides SKUs and subscriptions that were read whole. Of the groups that were asked for, those in
    ``groups`` were read: by group id the ids of all their members, nested ones included.
    """

    tenant_id: str
    read_at: datetime
    skus: tuple[Sku, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()
    users: tuple[User, ...] = ()
    failed: Mapping[Source, str] = field(default_factory=dict)
    read: frozenset[Source] = frozenset()
    groups: Mapping[str, frozenset[str]] = field(default_factory=dict)
    mfa_registered: frozenset[str] = frozenset()
    """Ids of the users who are registered for multi-factor authentication."""
    mailboxes: tuple[Mailbox, ...] = ()
    names_concealed: bool = False
    """Whether the tenant conceals names in reports, so that no mailbox can be told to be anybody's."""
    devices: tuple[Device, ...] = ()
    intune_devices: tuple[Device, ...] = ()
    terms: Mapping[str, Term] = field(default_factory=dict)
    """By commerce id the terms that Partner Center names."""
