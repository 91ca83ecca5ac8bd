"""Custom licences: a rule counts the right people, mailboxes and devices, once each, or says why it cannot."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from sync_core.counting import quantity_for, usage_needs
from sync_core.model.billing import Basis, BillingProfile
from sync_core.model.custom_licences import Attribute, Counts, CustomLicence
from sync_core.model.licences import MailboxKind, Source
from sync_core.ports import UsageNeeds
from tests.unit.billing.world import SKU
from tests.unit.counting.people import NIGHT_SHIFT, NO_TEXTS, SALES, counted, device, licence, mailbox, number, usage, user, where

OTHER = "4b9405b0-7788-4568-add1-99614e613b69"


@pytest.mark.parametrize(("counts", "expected"), [(Counts.USERS, 2), (Counts.GUESTS, 1), (Counts.USERS_AND_GUESTS, 3)])
def test_guests_are_counted_apart(counts: Counts, expected: int) -> None:
    assert number(usage(user(1), user(2, enabled=False), user(3, guest=True)), licence(counts)) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"enabled": True}, 2),
        ({"licensed": False}, 1),
        ({"department": "sales"}, 1),
        ({"department": ("Sales", "SUPPORT")}, 2),
        ({"domain": "contoso.example"}, 3),
        ({"group": SALES}, 1),
        ({"group": (SALES, NIGHT_SHIFT)}, 2),
        ({"sku": (SKU, OTHER)}, 2),
        ({"all_skus": (SKU, OTHER)}, 1),
        ({"service_plan": "exchange_s_standard"}, 1),
        ({"all_service_plans": ("exchange_s_standard", "teams1")}, 0),
        ({"mfa_registered": True}, 1),
        ({"signed_in_within_days": 30}, 1),
        ({"not_signed_in_for_days": 30}, 2),
    ],
)
def test_a_condition_picks_its_people(condition: dict[str, Any], expected: int) -> None:
    """Never having signed in is not having signed in for any number of days; letter case does not matter."""
    held = usage(
        user(1, texts={"department": "Sales "}, days_ago=29, plan_ids=frozenset({"exchange_s_standard"})),
        user(2, texts={"department": "Support"}, days_ago=31, sku_ids=frozenset({SKU, OTHER})),
        user(3, licensed=False, enabled=False),
        groups={SALES: frozenset({"u1"}), NIGHT_SHIFT: frozenset({"u3", "d9"})},
        mfa_registered=frozenset({"u2"}),
    )
    assert number(held, licence(include=(where(**condition),))) == expected


def test_one_entry_wants_all_its_conditions_and_any_entry_will_do() -> None:
    held = usage(user(1, texts={"city": "Ulm"}), user(2, texts={"city": "Ulm"}, enabled=False), user(3, texts={"city": "Bern"}))
    assert number(held, licence(include=(where(city="Ulm", enabled=True),))) == 1
    assert number(held, licence(include=(where(city="Ulm", enabled=True), where(city="Bern")))) == 2


def test_an_exclusion_goes_before_every_inclusion() -> None:
    held = usage(user(1), user(2, texts={"job_title": "Trainee"}), user(3, enabled=False))
    assert number(held, licence(include=(where(licensed=True),), exclude=(where(job_title="trainee"), where(enabled=False)))) == 1


def test_one_person_is_counted_once_however_often_it_fits() -> None:
    held = usage(user(1, texts={"city": "Ulm"}), groups={SALES: frozenset({"u1"}), NIGHT_SHIFT: frozenset({"u1"})})
    assert number(held, licence(include=(where(group=(SALES, NIGHT_SHIFT)), where(city="Ulm")))) == 1


def test_a_count_is_the_same_on_every_basis_and_says_that_it_was_counted() -> None:
    item = counted(usage(user(1), user(2)), licence())["custom:rule"]
    for basis in Basis:
        units = quantity_for(item, BillingProfile("p", "P", basis=basis, included=1))
        assert (units.value, units.explanation) == (1, "2 counted, 1 included")


@pytest.mark.parametrize(("counts", "expected"), [(Counts.MAILBOXES, 3), (Counts.USER_MAILBOXES, 1), (Counts.SHARED_MAILBOXES, 1)])
def test_mailboxes_are_told_apart_by_their_kind_and_deleted_ones_are_gone(counts: Counts, expected: int) -> None:
    kinds = [mailbox(1), mailbox(2, MailboxKind.SHARED), mailbox(3, MailboxKind.OTHER), mailbox(4, deleted=True)]
    assert number(usage(mailboxes=tuple(kinds)), licence(counts)) == expected


def test_conditions_on_a_mailbox_are_those_on_its_user() -> None:
    held = usage(user(1), user(2, enabled=False, licensed=False), mailboxes=(mailbox(1), mailbox(2), mailbox(3)))
    assert number(held, licence(Counts.MAILBOXES, exclude=(where(enabled=False, licensed=False),))) == 2
    assert number(held, licence(Counts.MAILBOXES, include=(where(enabled=True),))) == 1


def test_concealed_names_stand_in_the_way_only_where_people_are_looked_at() -> None:
    held = usage(mailboxes=(mailbox(1), mailbox(2)), names_concealed=True)
    assert number(held, licence(Counts.MAILBOXES)) == 2
    item = counted(held, licence(Counts.MAILBOXES, include=(where(enabled=True),)))["custom:rule"]
    assert item.purchased is None and "conceals names" in item.questions[0]


def test_a_report_without_kinds_cannot_tell_shared_mailboxes() -> None:
    item = counted(usage(mailboxes=(mailbox(1, MailboxKind.UNKNOWN),)), licence(Counts.SHARED_MAILBOXES))["custom:rule"]
    assert item.purchased is None and "does not say which ones are shared" in item.questions[0]


def test_devices_are_counted_by_what_they_are() -> None:
    held = usage(devices=(device(1), device(2, "macOS"), device(3, days_ago=90), device(4, enabled=False)), groups={SALES: frozenset({"d2"})})
    assert number(held, licence(Counts.DEVICES, include=(where(enabled=True, seen_within_days=30),))) == 2
    assert number(held, licence(Counts.DEVICES, include=(where(operating_system="macos"), where(not_seen_for_days=30)))) == 2
    assert number(held, licence(Counts.DEVICES, include=(where(group=SALES),))) == 1


def test_an_intune_device_may_be_told_by_its_user() -> None:
    held = usage(
        user(1, texts={"department": "Sales"}),
        intune_devices=(device(1, user_principal_name="role.1@contoso.example"), device(2)),
    )
    assert number(held, licence(Counts.INTUNE_DEVICES, include=(where(department="Sales", operating_system="Windows"),))) == 1


def test_a_sum_adds_up_items_of_both_kinds_and_is_open_while_one_of_them_is() -> None:
    total = CustomLicence("all", "All", Counts.SUM, sum_of=(SKU, "custom:rule"))
    whole = counted(usage(user(1), user(2), bought=5), licence(include=(where(enabled=True),)), total)["custom:all"]
    assert (whole.purchased, whole.assigned, whole.by_rule) == (7, 4, False)
    broken = counted(usage(user(1), read=frozenset()), licence(), total)["custom:all"]
    assert (broken.purchased, broken.questions) == (None, ("The list of users could not be read: this read did not ask for it",))


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        (Source.USERS, licence()),
        (Source.SIGN_INS, licence(include=(where(signed_in_within_days=30),))),
        (Source.MFA, licence(exclude=(where(mfa_registered=False),))),
        (Source.SKUS, licence(include=(where(service_plan="teams1"),))),
        (Source.MAILBOXES, licence(Counts.MAILBOXES)),
        (Source.USERS, licence(Counts.MAILBOXES, include=(where(enabled=True),))),
        (Source.DEVICES, licence(Counts.DEVICES)),
        (Source.INTUNE, licence(Counts.INTUNE_DEVICES)),
        (Source.USERS, licence(Counts.INTUNE_DEVICES, include=(where(city="Ulm"),))),
    ],
)
def test_what_could_not_be_read_is_a_question_and_never_a_smaller_number(source: Source, rule: CustomLicence) -> None:
    held = usage(user(1), failed={source: "not licensed"})
    item = counted(held, rule)["custom:rule"]
    assert item.purchased is None and item.assigned is None and item.held
    assert any("not licensed" in question for question in item.questions)


def test_a_group_that_is_gone_concerns_only_the_rules_that_name_it() -> None:
    held = usage(user(1), groups={SALES: frozenset({"u1"})}, failed={Source.GROUPS: "it was deleted"})
    assert number(held, licence(include=(where(group=SALES),))) == 1
    item = counted(held, licence(include=(where(group=(SALES, NIGHT_SHIFT)),)))["custom:rule"]
    assert item.questions == (f"The members of group {NIGHT_SHIFT} could not be read: it was deleted",)


def test_only_what_the_rules_look_at_is_to_be_read() -> None:
    assert usage_needs([], []) == UsageNeeds()
    assert usage_needs([licence(Counts.MAILBOXES)], []).sources == {Source.MAILBOXES}
    assert usage_needs([licence(Counts.INTUNE_DEVICES, include=(where(seen_within_days=30),))], []).sources == {Source.INTUNE}
    needs = usage_needs([licence(include=(where(department="Sales", group=SALES, service_plan="teams1"),))], [])
    assert needs.sources == {Source.USERS, Source.GROUPS, Source.SKUS}
    assert (needs.attributes, needs.groups, needs.service_plans) == (frozenset({Attribute.DEPARTMENT}), frozenset({SALES}), frozenset({"teams1"}))


def test_each_distinct_condition_is_looked_at_once_a_person() -> None:
    """Thirty rules over the same two texts read each text once, not sixty times."""
    looked: Counter[str] = Counter()

    class Watched(dict[str, str]):
        def __getitem__(self, name: str) -> str:
            looked[name] += 1
            return super().__getitem__(name)

    watched = replace(user(1), attributes=Watched(user(1).attributes))
    conditions = (where(city="Ulm"), where(city="Bern"), where(department="Sales"))
    rules = [CustomLicence(f"rule{each}", "", Counts.USERS, include=conditions[: each % 3 + 1], exclude=conditions[each % 3 :]) for each in range(30)]
    counted(usage(watched), *rules)
    assert looked == {"city": 1, "department": 1}


class Watched(dict[str, str]):
    """Texts that count how often they are looked at."""

    looks = 0

    def __getitem__(self, name: str) -> str:
        Watched.looks += 1
        return super().__getitem__(name)


def looks(*rules: CustomLicence) -> int:
    """How often the texts of ten people are looked at for these rules."""
    people = [replace(user(number), attributes=Watched(NO_TEXTS | {"department": "Sales", "city": "Ulm"})) for number in range(10)]
    Watched.looks = 0
    counted(usage(*people), *rules)
    return Watched.looks


def test_each_distinct_condition_is_looked_at_once_for_each_person_however_many_rules_share_it() -> None:
    entries = [where(department="Sales", city="Ulm"), where(department="Service"), where(city=("Kiel", "Ulm"), department="Sales")]
    rules = [CustomLicence(f"rule-{number}", "", Counts.USERS, (entries[number % 3],), (entries[(number + 1) % 3],)) for number in range(30)]
    assert looks(*rules) == looks(*rules[:3]) == 10 * len(["department", "city"])
