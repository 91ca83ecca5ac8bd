"""Reading a customer: what comes back, what a failed part does, and that nobody gets another customer's numbers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
import requests

from adapters.microsoft.tokens import Token, TokenCache, TokenKey
from sandbox.microsoft.catalog import BUSINESS_BASIC, BUSINESS_PREMIUM, EXTRA_FILE_STORAGE
from sync_core.counting import usage_needs
from sync_core.errors import RetryLater, SkipCustomer, StopRun, Throttled
from sync_core.model.custom_licences import Attribute
from sync_core.model.customers import SignIn
from sync_core.model.licences import AppliesTo, Source, SubscriptionStatus
from sync_core.ports import UsageNeeds
from tests.microsoft.conftest import World


def people(*attributes: Attribute) -> UsageNeeds:
    """The users with these attributes."""
    return UsageNeeds(frozenset({Source.USERS}), frozenset(attributes))


def requests_to(url: str) -> list[dict[str, Any]]:
    """What a simulated host was asked."""
    asked: list[dict[str, Any]] = requests.get(f"{url}/_sandbox/requests", timeout=10).json()
    return asked


@pytest.mark.parametrize("sign_in", SignIn)
def test_a_customer_is_read_in_one_token_request_and_one_batch(world: World, sign_in: SignIn) -> None:
    snapshot = world.adapter().read_usage(world.customer("contoso.example", sign_in))
    (sku,) = snapshot.skus
    assert (sku.name, sku.units.enabled, sku.assigned, sku.applies_to) == ("Microsoft 365 Business Premium", 25, 22, AppliesTo.USER)
    (subscription,) = snapshot.subscriptions
    assert (subscription.seats, subscription.status, subscription.owner_tenant_id) == (25, SubscriptionStatus.ENABLED, world.partner.tenant_id)
    assert (snapshot.users, snapshot.failed, snapshot.read_at) == ((), {}, world.clock.now())
    assert [request["path"] for request in requests_to(world.graph_url)] == ["/v1.0/$batch"]
    assert [request["method"] for request in requests_to(world.login_url) if snapshot.tenant_id in request["path"]] == ["POST"]


def test_people_to_be_named_are_read_in_the_same_batch(world: World) -> None:
    """Once for all of a customer's lines, and with nothing of them that no line shows."""
    snapshot = world.adapter().read_usage(world.customer("contoso.example"), usage_needs((), (), with_names=True))
    assert [request["path"] for request in requests_to(world.graph_url)] == ["/v1.0/$batch"]
    assert snapshot.read == {Source.USERS} and all(user.display_name and user.attributes.keys() == {"domain"} for user in snapshot.users)
    assert sum(snapshot.skus[0].sku_id in user.sku_ids for user in snapshot.users) == 22


def test_a_second_read_within_the_tokens_life_asks_for_no_token(world: World) -> None:
    adapter = world.adapter()
    adapter.read_usage(world.customer("contoso.example"))
    before = len(requests_to(world.login_url))
    adapter.read_usage(world.customer("contoso.example"))
    assert len(requests_to(world.login_url)) == before


def test_users_come_with_the_attributes_that_were_asked_for(world: World) -> None:
    world.tenant("contoso.example").conditions.empty_pages = 2
    users = world.adapter().read_usage(world.customer("contoso.example"), people(Attribute.DEPARTMENT, Attribute.CITY)).users
    assert len(users) == 22
    assert users[0].attributes == {"domain": "contoso.example", "department": "Sales", "city": ""}
    assert users[0].sku_ids == {BUSINESS_PREMIUM.sku_id}


def test_more_users_than_a_page_holds_are_all_read(world: World) -> None:
    world.tenant("contoso.example").hire(1200)
    assert len(world.adapter().read_usage(world.customer("contoso.example"), people(Attribute.DEPARTMENT)).users) == 1222


def test_a_sku_for_the_whole_company_says_so(world: World) -> None:
    world.tenant("contoso.example").buy(EXTRA_FILE_STORAGE, 2)
    skus = world.adapter().read_usage(world.customer("contoso.example")).skus
    assert {sku.sku_id: sku.applies_to for sku in skus}[EXTRA_FILE_STORAGE.sku_id] is AppliesTo.COMPANY


def test_only_the_part_that_was_throttled_is_asked_again(world: World) -> None:
    world.tenant("contoso.example").conditions.refuse("/subscribedSkus", retry_after="2.128")
    snapshot = world.adapter().read_usage(world.customer("contoso.example"))
    assert snapshot.failed == {} and len(snapshot.skus) == 1
    assert [len(request.get("parts", ())) for request in requests_to(world.graph_url)] == [3, 1]


@pytest.mark.parametrize(("path", "source"), [("/subscribedSkus", Source.SKUS), ("/directory/subscriptions", Source.SUBSCRIPTIONS)])
def test_a_part_that_stays_away_is_marked_in_the_snapshot(world: World, path: str, source: Source) -> None:
    world.tenant("contoso.example").conditions.refuse(path, status=403, times=0)
    snapshot = world.adapter().read_usage(world.customer("contoso.example"))
    assert list(snapshot.failed) == [source] and "Directory Readers" in snapshot.failed[source]


def test_a_long_throttling_of_everything_is_for_the_queue_to_wait(world: World) -> None:
    world.tenant("contoso.example").conditions.refuse(retry_after="120", times=0)
    with pytest.raises(Throttled) as caught:
        world.adapter().read_usage(world.customer("contoso.example"))
    assert caught.value.delay == 120


def test_users_that_cannot_be_read_leave_the_counts_usable(world: World) -> None:
    world.tenant("contoso.example").conditions.refuse("/users", status=403, times=0)
    snapshot = world.adapter().read_usage(world.customer("contoso.example"), people(Attribute.DEPARTMENT))
    assert list(snapshot.failed) == [Source.USERS] and len(snapshot.skus) == 1


def test_no_count_is_used_when_the_organization_is_missing(world: World) -> None:
    world.tenant("contoso.example").conditions.refuse("/organization", status=503, times=0, retry_after=None)
    with pytest.raises(RetryLater):
        world.adapter().read_usage(world.customer("contoso.example"))


def test_a_missing_number_fails_the_source_rather_than_lose_a_sku(world: World) -> None:
    world.tenant("contoso.example").override(BUSINESS_PREMIUM, consumedUnits=None)
    snapshot = world.adapter().read_usage(world.customer("contoso.example"))
    assert snapshot.skus == () and "consumedUnits" in snapshot.failed[Source.SKUS]


def test_odd_but_harmless_values_are_taken(world: World) -> None:
    contoso = world.tenant("contoso.example")
    contoso.conditions.unknown_members = True
    contoso.override(BUSINESS_PREMIUM, skuPartNumber=None, appliesTo="Device", consumedUnits=40)
    (sku,) = world.adapter().read_usage(world.customer("contoso.example")).skus
    assert (sku.part_number, sku.applies_to, sku.assigned) == ("", AppliesTo.COMPANY, 40)


@pytest.mark.parametrize(("code", "expected"), [(53003, "blocked-by-conditional-access"), (50020, "no-gdap-access"), (90099, "consent-missing")])
def test_a_customer_that_refuses_the_sign_in_is_skipped_with_the_fix(world: World, code: int, expected: str) -> None:
    world.tenant("contoso.example").conditions.sign_in_error = code
    with pytest.raises(SkipCustomer) as caught:
        world.adapter().read_usage(world.customer("contoso.example"))
    assert caught.value.code == expected and caught.value.fix


def test_a_revoked_sign_in_stops_the_run(world: World) -> None:
    world.simulator.revoke_sessions()
    with pytest.raises(StopRun, match="Sign in once more") as caught:
        world.adapter().read_usage(world.customer("contoso.example"))
    assert caught.value.code == "sign-in-expired"


def test_a_token_of_another_tenant_is_never_used(world: World) -> None:
    world.tenant("contoso.example").conditions.token_of = world.tenant("tailspin.example").tenant_id
    with pytest.raises(SkipCustomer) as caught:
        world.adapter().read_usage(world.customer("contoso.example"))
    assert caught.value.code == "answer-of-another-tenant" and requests_to(world.graph_url) == []


def test_an_answer_of_another_tenant_is_never_used(world: World) -> None:
    world.tenant("contoso.example").conditions.answers_as = world.tenant("tailspin.example").tenant_id
    with pytest.raises(SkipCustomer) as caught:
        world.adapter().read_usage(world.customer("contoso.example"))
    assert caught.value.code == "answer-of-another-tenant"


class MixedUpCache(TokenCache):
    """Answers every third question with the token of whoever was stored last."""

    def __init__(self) -> None:
        super().__init__()
        self._newest: Token | None = None
        self._asked = 0

    def get(self, key: TokenKey, now: datetime) -> Token | None:
        self._asked += 1
        return self._newest if self._asked % 3 == 0 else super().get(key, now)

    def put(self, key: TokenKey, token: Token) -> None:
        self._newest = token
        super().put(key, token)


def test_fifty_customers_in_parallel_over_a_mixed_up_cache_never_get_each_others_counts(world: World) -> None:
    """Customer n has n seats, so a mix-up that got through would show as a wrong number."""
    for seats in range(1, 51):
        world.simulator.directory.add_customer(f"Customer {seats}", f"customer{seats}.example").buy(BUSINESS_BASIC, seats)
    adapter = world.adapter(world.sign_ins(cache=MixedUpCache()))

    def seats_read(seats: int) -> int | str:
        try:
            return adapter.read_usage(world.customer(f"customer{seats}.example")).skus[0].units.enabled
        except SkipCustomer as error:
            return error.code

    with ThreadPoolExecutor(8) as pool:
        read = list(pool.map(seats_read, range(1, 51)))
    assert "answer-of-another-tenant" in read
    assert all(found in (seats, "answer-of-another-tenant") for seats, found in enumerate(read, start=1))
