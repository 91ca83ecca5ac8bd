"""What is counted by a rule instead of being bought, how an item is divided into parts, and the ids that both go by."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

_CUSTOM = "custom:"
_PART = "@"


class Counts(StrEnum):
    """What a custom licence counts, before its conditions."""

    USERS = "users"
    """Accounts of the tenant's own people; guests are none of them."""
    GUESTS = "guests"
    USERS_AND_GUESTS = "users and guests"
    MAILBOXES = "mailboxes"
    USER_MAILBOXES = "user mailboxes"
    SHARED_MAILBOXES = "shared mailboxes"
    DEVICES = "devices"
    INTUNE_DEVICES = "intune devices"
    SUM = "sum"
    """Adds up what other items come to; a person who is in two of them counts in both."""


class Attribute(StrEnum):
    """What a condition looks at. Of a mailbox and of an Intune device, those of a person are its user's."""

    ENABLED = "enabled"
    LICENSED = "licensed"
    DOMAIN = "domain"
    DEPARTMENT = "department"
    OFFICE = "office"
    CITY = "city"
    STATE = "state"
    COUNTRY = "country"
    COMPANY = "company"
    JOB_TITLE = "job_title"
    EMPLOYEE_TYPE = "employee_type"
    GROUP = "group"
    SKU = "sku"
    ALL_SKUS = "all_skus"
    SERVICE_PLAN = "service_plan"
    ALL_SERVICE_PLANS = "all_service_plans"
    MFA_REGISTERED = "mfa_registered"
    SIGNED_IN_WITHIN_DAYS = "signed_in_within_days"
    NOT_SIGNED_IN_FOR_DAYS = "not_signed_in_for_days"
    OPERATING_SYSTEM = "operating_system"
    MANAGED = "managed"
    COMPLIANT = "compliant"
    SEEN_WITHIN_DAYS = "seen_within_days"
    NOT_SEEN_FOR_DAYS = "not_seen_for_days"


FLAGS = frozenset({Attribute.ENABLED, Attribute.LICENSED, Attribute.MFA_REGISTERED, Attribute.MANAGED, Attribute.COMPLIANT})
DAYS = frozenset({Attribute.SIGNED_IN_WITHIN_DAYS, Attribute.NOT_SIGNED_IN_FOR_DAYS, Attribute.SEEN_WITHIN_DAYS, Attribute.NOT_SEEN_FOR_DAYS})
TEXTS = frozenset(
    {
        Attribute.DOMAIN,
        Attribute.DEPARTMENT,
        Attribute.OFFICE,
        Attribute.CITY,
        Attribute.STATE,
        Attribute.COUNTRY,
        Attribute.COMPANY,
        Attribute.JOB_TITLE,
        Attribute.EMPLOYEE_TYPE,
    }
)
"""Texts of a person, compared without regard to case; they may be empty."""
_DEVICE_ONLY = frozenset(
    {Attribute.OPERATING_SYSTEM, Attribute.MANAGED, Attribute.COMPLIANT, Attribute.SEEN_WITHIN_DAYS, Attribute.NOT_SEEN_FOR_DAYS}
)


@dataclass(frozen=True)
class Condition:
    """Holds when the attribute has one of the values (for ``all_…``: all of them).

    ``values`` are texts: ``true`` or ``false`` of a flag, a number of days, lower-case ids of groups and SKUs, ids or names of
    service plans.
    """

    attribute: Attribute
    values: tuple[str, ...]


Conditions = tuple[Condition, ...]
"""Hold when all of them hold."""


@dataclass(frozen=True)
class CustomLicence:
    """An item counted by a rule: what ``counts`` says, meeting any of ``include`` (none given: all of it) and none of ``exclude``.

    ``name`` is short and makes the item's id; ``title`` is for people. ``sum_of`` are the ids of the items that a sum adds up.
    """

    name: str
    title: str
    counts: Counts
    include: tuple[Conditions, ...] = ()
    exclude: tuple[Conditions, ...] = ()
    sum_of: tuple[str, ...] = ()

    @property
    def item_id(self) -> str:
        """The id it goes by in links and counted items."""
        return custom_id(self.name)


@dataclass(frozen=True)
class Part:
    """One part of a divided item: what meets any of ``where`` and belongs to no part before it."""

    name: str
    where: tuple[Conditions, ...]


@dataclass(frozen=True)
class Split:
    """How an item of one customer is divided. Whatever fits no part, and every unit that nobody holds, is the remainder's."""

    item_id: str
    parts: tuple[Part, ...]
    remainder: str

    @property
    def item_ids(self) -> tuple[str, ...]:
        """The ids of the parts, the remainder's last."""
        return tuple(part_id(self.item_id, name) for name in (*(part.name for part in self.parts), self.remainder))


def of_device(attribute: Attribute, counts: Counts) -> bool:
    """Whether the attribute is the device's own where such things are counted, and not its user's."""
    return counts is Counts.DEVICES or attribute in _DEVICE_ONLY


def fits(attribute: Attribute, counts: Counts) -> bool:
    """Whether a condition on the attribute means anything for what is counted."""
    if counts is Counts.SUM:
        return False
    if counts is Counts.DEVICES:
        return attribute in _DEVICE_ONLY or attribute in (Attribute.ENABLED, Attribute.GROUP)
    return attribute not in _DEVICE_ONLY or (counts is Counts.INTUNE_DEVICES and attribute is not Attribute.MANAGED)


def custom_id(name: str) -> str:
    """The item id of the custom licence with this name."""
    return f"{_CUSTOM}{name}"


def custom_name(item_id: str) -> str:
    """The name of the custom licence that an item id, or that of a part, stands for; empty for a SKU."""
    return whole_id(item_id).removeprefix(_CUSTOM) if item_id.startswith(_CUSTOM) else ""


def part_id(item_id: str, part: str) -> str:
    """The item id of a part of an item."""
    return f"{item_id}{_PART}{part}"


def whole_id(item_id: str) -> str:
    """The id of the item that this is, or is a part of."""
    return item_id.partition(_PART)[0]


def part_name(item_id: str) -> str:
    """The name of the part; empty for a whole item."""
    return item_id.partition(_PART)[2]
