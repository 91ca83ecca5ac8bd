"""A preview names everybody who is counted, and says of everybody else why not."""

from __future__ import annotations

from sync_core.counting import count_customer
from sync_core.counting.custom.preview import Preview, preview
from sync_core.model.billing import BillingProfile
from sync_core.model.configuration import AgreementBy, AgreementChoice, Configuration, ConfiguredLink, CustomerConfiguration
from sync_core.model.custom_licences import Counts, CustomLicence, Part, Split
from sync_core.model.customers import Customer
from sync_core.model.licences import MailboxKind, Source, UsageSnapshot
from tests.unit.billing.world import CUSTOMER, PARTNER, SKU
from tests.unit.counting.people import device, licence, mailbox, usage, user, where

BY_CITY = (Part("ulm", (where(city="Ulm"),)),)


def shown(held: UsageSnapshot, *licences: CustomLicence, split: Split | None = None) -> Preview:
    """The preview of the only item that is counted by a rule or divided."""
    billed = [*(each.item_id for each in licences), *(split.item_ids if split else ())]
    to = AgreementChoice(AgreementBy.ID, "7")
    links = tuple(ConfiguredLink(item_id, item_id, BillingProfile("p", "P"), "cw", "250", to) for item_id in billed)
    item = CustomerConfiguration(Customer(CUSTOMER, "Contoso"), links, splits=(split,) if split else ())
    configuration = Configuration(PARTNER, (), (item,), custom_licences=licences)
    (only,) = preview(held, count_customer(held, configuration, item), configuration, item)
    return only


def named(number: int) -> str:
    return f"Role {number} <Role.{number}@Contoso.example>"


def test_everybody_is_counted_or_left_out_with_the_reason() -> None:
    people = [user(each, display_name=f"Role {each}", enabled=each != 2, guest=each == 3) for each in (1, 2, 3)]
    people.append(user(4, display_name="Role 4", texts={"job_title": "Trainee"}))
    rule = licence(include=(where(enabled=True, licensed=True),), exclude=(where(job_title="trainee"),))
    seen = shown(usage(*people), rule)
    assert seen.rule == "users with enabled and licensed, but not with job title trainee"
    assert [each.name for each in seen.counted] == [named(1)]
    assert {each.name: each.why for each in seen.left_out} == {
        named(2): "does not meet: enabled",
        named(3): "a guest",
        named(4): "excluded: job title trainee",
    }
    assert len(seen.counted) == seen.item.purchased


def test_mailboxes_and_devices_are_named_too() -> None:
    boxes = (mailbox(1), mailbox(2, MailboxKind.SHARED), mailbox(3, deleted=True))
    seen = shown(usage(mailboxes=boxes), licence(Counts.USER_MAILBOXES))
    assert [each.why for each in seen.left_out] == ["the mailbox is of the kind shared", "the mailbox is deleted"]
    seen = shown(usage(devices=(device(1), device(2, "macOS"))), licence(Counts.DEVICES, include=(where(operating_system="Windows"),)))
    assert ([each.name for each in seen.counted], [each.why for each in seen.left_out]) == (
        ["PC-1 Windows"],
        ["does not meet: operating system Windows"],
    )


def test_a_divided_item_shows_who_belongs_where_and_who_lacks_the_attribute() -> None:
    people = [user(1, texts={"city": "Ulm"}), user(2, texts={"city": "Rome"}), user(3)]
    seen = shown(usage(*people), split=Split(SKU, BY_CITY, "rest"))
    assert [(each.part, each.why) for each in seen.counted] == [("ulm", ""), ("rest", ""), ("rest", "no city")]
    assert [part.purchased for part in seen.parts] == [1, 2]


def test_nobody_is_shown_where_a_question_stands_in_the_way() -> None:
    seen = shown(usage(failed={Source.USERS: "503"}), licence())
    assert (seen.counted, seen.left_out, seen.item.purchased) == ((), (), None)
