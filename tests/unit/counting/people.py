"""A tenant's people, mailboxes and devices for the tests of rules, and the few words that rules are written with."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sync_core.counting import count_customer, usage_needs
from sync_core.model.billing import BillingProfile, CountedItem
from sync_core.model.configuration import AgreementBy, AgreementChoice, Configuration, ConfiguredLink, CustomerConfiguration
from sync_core.model.custom_licences import TEXTS, Attribute, Condition, Counts, CustomLicence, Split, custom_id
from sync_core.model.customers import Customer
from sync_core.model.licences import Device, Mailbox, MailboxKind, Source, UsageSnapshot, User
from tests.unit.billing.world import CUSTOMER, PARTNER, SKU, snapshot, subscription

NOW = datetime(2025, 4, 17, 2, tzinfo=UTC)
SALES, NIGHT_SHIFT = "aaaaaaaa-0000-4000-8000-000000000001", "aaaaaaaa-0000-4000-8000-000000000002"
EVERYTHING = frozenset(Source)
NO_TEXTS = {text.value: "" for text in TEXTS}


def user(number: int, *, texts: dict[str, str] | None = None, days_ago: int | None = None, licensed: bool = True, **facts: Any) -> User:
    """An enabled, licensed member without any texts."""
    usual: dict[str, Any] = {"sku_ids": frozenset({SKU}) if licensed else frozenset(), "user_principal_name": f"Role.{number}@Contoso.example"}
    signed_in = None if days_ago is None else NOW - timedelta(days=days_ago)
    return User(f"u{number}", attributes=NO_TEXTS | {"domain": "Contoso.example"} | (texts or {}), last_sign_in=signed_in, **usual | facts)


def device(number: int, system: str = "Windows", days_ago: int = 1, **facts: Any) -> Device:
    """A device that was seen so many days ago."""
    return Device(f"d{number}", f"PC-{number}", system, last_seen=NOW - timedelta(days=days_ago), **facts)


def mailbox(number: int, kind: MailboxKind = MailboxKind.USER, **facts: Any) -> Mailbox:
    """The mailbox of the user with this number, written in another case."""
    return Mailbox(f"role.{number}@contoso.EXAMPLE", kind, **facts)


def usage(*users: User, **facts: Any) -> UsageSnapshot:
    """A snapshot in which everything was read, with a seat bought for each licensed user."""
    seats = sum(SKU in each.sku_ids for each in users)
    usual: dict[str, Any] = {"users": users, "read": EVERYTHING, "groups": {SALES: frozenset(), NIGHT_SHIFT: frozenset()}, "read_at": NOW}
    base = snapshot([subscription(facts.pop("bought", seats))], facts.pop("assigned", seats))
    return replace(base, **usual | facts)


def where(**attributes: Any) -> tuple[Condition, ...]:
    """Conditions as a configuration has them: ``where(department="Sales", enabled=True)``."""
    return tuple(Condition(Attribute(name), _values(value)) for name, value in attributes.items())


def _values(value: Any) -> tuple[str, ...]:
    if isinstance(value, tuple):
        return value
    return (str(value).lower() if isinstance(value, bool) else str(value),)


def licence(counts: Counts = Counts.USERS, **facts: Any) -> CustomLicence:
    """A rule without conditions."""
    return CustomLicence("rule", "The rule", counts, **facts)


def counted(held: UsageSnapshot, *licences: CustomLicence, splits: tuple[Split, ...] = (), sku: bool = False) -> dict[str, CountedItem]:
    """What a customer comes to whose links bill these, by item id."""
    billed = [*(each.item_id for each in licences), *([SKU] if sku else []), *(part for split in splits for part in split.item_ids)]
    agreement = AgreementChoice(AgreementBy.ID, "7")
    links = tuple(ConfiguredLink(item_id, item_id, BillingProfile("p", "P"), "cw", "250", agreement) for item_id in billed)
    item = CustomerConfiguration(Customer(CUSTOMER, "Contoso"), links, splits=splits)
    configuration = Configuration(PARTNER, (), (item,), custom_licences=licences)
    assert usage_needs(configuration.custom_licences_of(item), splits).sources <= EVERYTHING
    return {each.item_id: each for each in count_customer(held, configuration, item)}


def number(held: UsageSnapshot, rule: CustomLicence) -> int | None:
    """What one rule comes to."""
    return counted(held, rule)[custom_id("rule")].purchased
