"""What a condition asks of a person or a device, and the words that say so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sync_core.model.custom_licences import DAYS, FLAGS, Attribute, Condition, Conditions, CustomLicence
from sync_core.model.licences import Device, UsageSnapshot, User

PersonTest = Callable[[User], bool]
DeviceTest = Callable[[Device], bool]

_TRUE = "true"


def folded(text: str) -> str:
    """A text as it is compared."""
    return text.strip().casefold()


def person_test(condition: Condition, snapshot: UsageSnapshot) -> PersonTest:
    """The test of a person, on anything but a text; raises ``ValueError`` for an attribute that people do not have."""
    attribute, values = condition.attribute, frozenset(value.casefold() for value in condition.values)
    if attribute is Attribute.GROUP:
        members = frozenset().union(*(snapshot.groups.get(group, frozenset()) for group in values))
        return lambda user: user.user_id in members
    wanted = _TRUE in values
    if attribute in DAYS:
        return _person_since(condition, _begins(condition, snapshot))
    tests: dict[Attribute, PersonTest] = {
        Attribute.ENABLED: lambda user: user.enabled is wanted,
        Attribute.LICENSED: lambda user: bool(user.sku_ids) is wanted,
        Attribute.SKU: lambda user: not values.isdisjoint(user.sku_ids),
        Attribute.ALL_SKUS: lambda user: values <= user.sku_ids,
        Attribute.SERVICE_PLAN: lambda user: not values.isdisjoint(user.plan_ids),
        Attribute.ALL_SERVICE_PLANS: lambda user: values <= user.plan_ids,
        Attribute.MFA_REGISTERED: lambda user: (user.user_id in snapshot.mfa_registered) is wanted,
    }
    if attribute not in tests:
        raise ValueError(f"people have no {attribute}")
    return tests[attribute]


def _person_since(condition: Condition, begins: datetime) -> PersonTest:
    """Whether somebody signed in from then on, or did not: never is no time within any."""
    if condition.attribute is Attribute.SIGNED_IN_WITHIN_DAYS:
        return lambda user: user.last_sign_in is not None and user.last_sign_in >= begins
    if condition.attribute is Attribute.NOT_SIGNED_IN_FOR_DAYS:
        return lambda user: user.last_sign_in is None or user.last_sign_in < begins
    raise ValueError(f"people have no {condition.attribute}")


def device_test(condition: Condition, snapshot: UsageSnapshot) -> DeviceTest:
    """The test of a device; raises ``ValueError`` for an attribute that only people have."""
    values = frozenset(value.casefold() for value in condition.values)
    wanted = _TRUE in values
    members = frozenset().union(*(snapshot.groups.get(group, frozenset()) for group in values))
    begins = _begins(condition, snapshot) if condition.attribute in DAYS else snapshot.read_at
    tests: dict[Attribute, DeviceTest] = {
        Attribute.ENABLED: lambda device: device.enabled is wanted,
        Attribute.GROUP: lambda device: device.device_id in members,
        Attribute.OPERATING_SYSTEM: lambda device: device.operating_system.strip().casefold() in values,
        Attribute.MANAGED: lambda device: bool(device.managed) is wanted,
        Attribute.COMPLIANT: lambda device: bool(device.compliant) is wanted,
        Attribute.SEEN_WITHIN_DAYS: lambda device: device.last_seen is not None and device.last_seen >= begins,
        Attribute.NOT_SEEN_FOR_DAYS: lambda device: device.last_seen is None or device.last_seen < begins,
    }
    if condition.attribute not in tests:
        raise ValueError(f"devices have no {condition.attribute}")
    return tests[condition.attribute]


def words(condition: Condition) -> str:
    """The condition as people read it, such as ``department Sales or Support``."""
    name = condition.attribute.replace("_", " ")
    if condition.attribute in FLAGS:
        return name if _TRUE in condition.values else f"not {name}"
    if condition.attribute in DAYS:
        return f"{name.removesuffix(' days')} {condition.values[0]} days"
    every = condition.attribute in (Attribute.ALL_SKUS, Attribute.ALL_SERVICE_PLANS)
    return f"{name.removeprefix('all ')} {(' and ' if every else ' or ').join(condition.values)}"


def rule_words(licence: CustomLicence) -> str:
    """The rule as people read it, such as ``users with enabled and licensed, but not with city Ulm``."""
    if licence.sum_of:
        return f"sum of {' and '.join(licence.sum_of)}"
    included, excluded = (" or ".join(entry_words(entry) for entry in entries) for entries in (licence.include, licence.exclude))
    return ", ".join(
        filter(None, (f"{licence.counts} with {included}" if included else str(licence.counts), excluded and f"but not with {excluded}"))
    )


def entry_words(conditions: Conditions) -> str:
    """Conditions that hold together as people read them."""
    return " and ".join(map(words, conditions))


def _begins(condition: Condition, snapshot: UsageSnapshot) -> datetime:
    """Where the condition's days before the read begin."""
    return snapshot.read_at - timedelta(days=int(condition.values[0]))
