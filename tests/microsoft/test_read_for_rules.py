"""Reading what rules look at: in the fewest calls, whole or marked as missing, and nothing that no rule looks at."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from sandbox.microsoft.catalog import BUSINESS_PREMIUM, EXCHANGE_1
from sandbox.microsoft.directory import Tenant
from sync_core.model.custom_licences import Attribute
from sync_core.model.licences import MailboxKind, Source, UsageSnapshot
from sync_core.ports import UsageNeeds
from tests.microsoft.conftest import World
from tests.microsoft.test_read_usage import requests_to


@pytest.fixture
def contoso(world: World) -> Tenant:
    return world.tenant("contoso.example")


def read(
    world: World, *sources: Source, attributes: tuple[Attribute, ...] = (), groups: tuple[str, ...] = (), plans: tuple[str, ...] = ()
) -> UsageSnapshot:
    """Contoso with these sources."""
    needs = UsageNeeds(frozenset(sources), frozenset(attributes), frozenset(groups), frozenset(plans))
    return world.adapter().read_usage(world.customer("contoso.example"), needs)


def asked(world: World) -> list[str]:
    """What Graph was asked, a batch with the number of its parts."""
    calls = requests_to(world.graph_url)
    return [f"{call['path'].removeprefix('/v1.0')} {len(call['parts']) or ''}".rstrip() for call in calls]


def test_all_that_rules_look_at_comes_in_the_one_batch(world: World, contoso: Tenant) -> None:
    group = contoso.add_group("Sales", contoso.users[0])
    held = read(world, Source.USERS, Source.SIGN_INS, Source.GROUPS, Source.MFA, Source.DEVICES, Source.INTUNE, groups=(group.group_id,))
    assert asked(world) == ["/$batch 8"]
    assert held.failed == {} and held.read == {Source.USERS, Source.SIGN_INS, Source.GROUPS, Source.MFA, Source.DEVICES, Source.INTUNE}


def test_nothing_more_is_asked_than_before_when_no_rule_needs_it(world: World) -> None:
    held = read(world)
    assert asked(world) == ["/$batch 3"]
    assert (held.users, held.read) == ((), frozenset())


def test_users_come_with_what_was_asked_for_in_the_words_of_the_rules(world: World, contoso: Tenant) -> None:
    user = contoso.add_user("Guest of honour", "guest", enabled=False, officeLocation="Kiel", jobTitle=None)
    user.user_type, user.last_sign_in = "Guest", world.clock.now() - timedelta(days=3)
    held = read(world, Source.USERS, Source.SIGN_INS, attributes=(Attribute.ENABLED, Attribute.OFFICE, Attribute.JOB_TITLE))
    guest = held.users[-1]
    assert guest.attributes == {"domain": "contoso.example", "office": "Kiel", "job_title": ""}
    assert (guest.guest, guest.enabled, guest.last_sign_in, guest.sku_ids) == (True, False, user.last_sign_in, frozenset())
    assert held.users[0].last_sign_in is None


def test_people_who_are_alike_share_their_texts_and_their_licences(world: World, contoso: Tenant) -> None:
    """Of tens of thousands of users most have what others have; it takes no memory for each of them."""
    contoso.add_user("First", "first", department="Service")
    contoso.add_user("Second", "second", department="Service")
    first, second = read(world, Source.USERS, attributes=(Attribute.DEPARTMENT,)).users[-2:]
    assert first.attributes == {"domain": "contoso.example", "department": "Service"}
    assert first.attributes is second.attributes and first.sku_ids is second.sku_ids


@pytest.mark.parametrize(
    "odd", [{"assignedLicenses": None}, {"assignedLicenses": ["E3"]}, {"assignedLicenses": [{"skuId": None}]}, {"department": []}]
)
def test_a_user_who_cannot_be_read_fails_the_list_of_users_and_nothing_else(world: World, contoso: Tenant, odd: dict[str, Any]) -> None:
    """Left out, or taken for somebody without licences, it would be a smaller number."""
    contoso.users[3].attributes.update(odd)
    held = read(world, Source.USERS, attributes=(Attribute.DEPARTMENT,))
    assert held.users == () and list(held.failed) == [Source.USERS] and len(held.skus) == 1


def test_without_p1_the_users_are_read_once_more_without_their_sign_ins(world: World, contoso: Tenant) -> None:
    contoso.conditions.no_premium = True
    held = read(world, Source.USERS, Source.SIGN_INS, Source.MFA)
    assert len(held.users) == 22 and held.read == {Source.USERS}
    assert "no licence for this information" in held.failed[Source.SIGN_INS] and "no licence" in held.failed[Source.MFA]
    assert asked(world) == ["/$batch 5", "/users"]


def test_members_of_nested_groups_are_read_over_all_pages(world: World, contoso: Tenant) -> None:
    contoso.hire(1100)
    inner = contoso.add_group("Inner", *contoso.users)
    outer = contoso.add_group("Outer", inner)
    held = read(world, Source.GROUPS, groups=(outer.group_id,))
    assert {user.user_id for user in contoso.users} <= held.groups[outer.group_id]


def test_a_group_that_is_gone_leaves_the_others(world: World, contoso: Tenant) -> None:
    group, gone = contoso.add_group("Sales", contoso.users[0]).group_id, "aaaaaaaa-0000-4000-8000-000000000001"
    held = read(world, Source.GROUPS, groups=(group, gone))
    assert list(held.groups) == [group] and Source.GROUPS in held.failed


def test_more_groups_than_a_batch_holds_are_asked_for_in_two(world: World, contoso: Tenant) -> None:
    groups = tuple(contoso.add_group(f"Group {number}", contoso.users[number]).group_id for number in range(21))
    assert len(read(world, Source.GROUPS, groups=groups).groups) == 21
    assert asked(world) == ["/$batch 20", "/$batch 4"]


def test_devices_are_read_from_entra_and_from_intune(world: World, contoso: Tenant) -> None:
    contoso.add_device("macOS", world.clock.now(), enabled=False)
    contoso.enroll(world.clock.now(), user=contoso.users[0], compliance="noncompliant")
    held = read(world, Source.DEVICES, Source.INTUNE)
    ((device,), (enrolled,)) = held.devices, held.intune_devices
    assert (device.operating_system, device.enabled, device.managed, device.last_seen) == ("macOS", False, None, world.clock.now())
    assert (enrolled.user_principal_name, enrolled.compliant) == (contoso.users[0].user_principal_name, False)


def test_without_intune_its_devices_are_missing_and_not_zero(world: World, contoso: Tenant) -> None:
    contoso.conditions.no_intune = True
    held = read(world, Source.INTUNE)
    assert held.read == frozenset() and "no licence for this information" in held.failed[Source.INTUNE]


def test_a_service_plan_counts_where_it_is_switched_on(world: World, contoso: Tenant) -> None:
    held = read(world, Source.USERS, Source.SKUS, plans=("exchange_s_standard", EXCHANGE_1.plan_id, "no_such_plan"))
    assert held.users[0].plan_ids == {"exchange_s_standard", EXCHANGE_1.plan_id}
    contoso.users[0].attributes["assignedLicenses"] = [{"skuId": BUSINESS_PREMIUM.sku_id, "disabledPlans": [EXCHANGE_1.plan_id]}]
    assert read(world, Source.USERS, Source.SKUS, plans=("exchange_s_standard",)).users[0].plan_ids == frozenset()


def test_the_report_of_mailboxes_is_fetched_without_our_token(world: World, contoso: Tenant) -> None:
    """The address is on another host and good by itself; the simulated one refuses a token."""
    contoso.add_shared_mailbox("Reception", "reception")
    held = read(world, Source.MAILBOXES)
    assert len(held.mailboxes) == 23 and held.mailboxes[-1].kind is MailboxKind.SHARED
    assert (held.failed, held.names_concealed) == ({}, False)
    assert len(asked(world)) == 3


def test_concealed_names_and_missing_kinds_are_noticed(world: World, contoso: Tenant) -> None:
    contoso.conditions.concealed_names = contoso.conditions.no_mailbox_kinds = True
    held = read(world, Source.MAILBOXES)
    assert held.names_concealed and {mailbox.kind for mailbox in held.mailboxes} == {MailboxKind.UNKNOWN}


def test_a_report_that_stays_away_is_marked(world: World, contoso: Tenant) -> None:
    contoso.conditions.refuse("/reports/getMailbox", status=403, times=0)
    held = read(world, Source.MAILBOXES)
    assert list(held.failed) == [Source.MAILBOXES] and len(held.skus) == 1
