"""Who is behind an item: the people whose names a line may show."""

from __future__ import annotations

from dataclasses import replace

from sync_core.counting import people_by_item
from sync_core.model.billing import BillingProfile, Names
from sync_core.model.configuration import AgreementBy, AgreementChoice, Configuration, ConfiguredLink, CustomerConfiguration
from sync_core.model.custom_licences import Counts, CustomLicence, Part, Split, part_id
from sync_core.model.customers import Customer
from sync_core.model.licences import Source, UsageSnapshot
from tests.unit.billing.world import CUSTOMER, PARTNER, SKU
from tests.unit.counting.people import licence, mailbox, usage, user, where

PROFILE = BillingProfile("p", "P", names=Names.UPN)
PEOPLE = (user(1, texts={"city": "Ulm"}), user(2), user(3, licensed=False))


def ids(held: UsageSnapshot, item_id: str, *licences: CustomLicence, splits: tuple[Split, ...] = (), names: bool = True) -> list[str] | None:
    """The ids of the people behind an item."""
    links = (ConfiguredLink("k", item_id, PROFILE, "cw", "250", AgreementChoice(AgreementBy.ID, "7")),)
    item = CustomerConfiguration(Customer(CUSTOMER, "Contoso"), links, custom_licences=licences, splits=splits, names=names)
    people = people_by_item(held, Configuration(PARTNER, (), (item,)), item).get(item_id)
    return None if people is None else [each.user_id for each in people]


def test_a_sku_has_the_people_whom_it_is_assigned_to() -> None:
    assert ids(usage(*PEOPLE), SKU) == ["u1", "u2"]


def test_a_custom_licence_has_the_people_whom_it_counts() -> None:
    rule = licence(include=(where(licensed=False),))
    assert ids(usage(*PEOPLE), rule.item_id, rule) == ["u3"]


def test_mailboxes_have_their_users_as_far_as_there_are_any() -> None:
    rule = licence(Counts.MAILBOXES)
    assert ids(usage(*PEOPLE, mailboxes=(mailbox(1), mailbox(9))), rule.item_id, rule) == ["u1"]


def test_a_sum_has_the_people_of_all_it_adds_up_each_once() -> None:
    everybody = licence()
    total = CustomLicence("total", "All", Counts.SUM, sum_of=(SKU, everybody.item_id))
    assert ids(usage(*PEOPLE), total.item_id, everybody, total) == ["u1", "u2", "u3"]


def test_a_part_has_the_people_it_takes_and_the_remainder_the_others() -> None:
    split = Split(SKU, (Part("ulm", (where(city="Ulm"),)),), "rest")
    found = [ids(usage(*PEOPLE), part_id(SKU, part), splits=(split,)) for part in ("ulm", "rest")]
    assert found == [["u1"], ["u2"]]


def test_nobody_is_known_where_the_customer_is_private() -> None:
    assert ids(usage(*PEOPLE), SKU, names=False) is None


def test_people_who_were_not_read_whole_are_not_known() -> None:
    held = usage(*PEOPLE)
    rule = licence(include=(where(mfa_registered=True),))
    assert ids(replace(held, read=held.read - {Source.USERS}), SKU) is None
    assert ids(replace(held, read=held.read - {Source.MFA}), rule.item_id, rule) is None
