"""What the simulated Graph answers, and what it refuses as the real one does."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sandbox.microsoft.catalog import BUSINESS_PREMIUM, EXCHANGE_PLAN_1
from sandbox.microsoft.directory import REPORTS_READER, Tenant
from sandbox.microsoft.tokens import GRAPH, PARTNER_CENTER, AccessToken
from sandbox.web import Response
from tests.sandbox.microsoft_caller import Caller, call

READABLE = ["/subscribedSkus", "/directory/subscriptions", "/organization", "/users", "/domains"]
RELATIONSHIPS = "/tenantRelationships/delegatedAdminRelationships"


@pytest.fixture
def caller() -> Caller:
    return Caller()


def refusal(response: Response) -> tuple[int, str]:
    return response.status, response.json()["error"]["code"]


def pages(caller: Caller, tenant: Tenant, url: str) -> list[list[dict[str, Any]]]:
    found = []
    while url:
        body = caller.get(tenant, url).json()
        found.append(body["value"])
        url = body.get("@odata.nextLink", "")
    return found


def test_the_tenant_is_the_tokens(caller: Caller) -> None:
    assert caller.value(caller.contoso, "/organization")[0]["id"] == caller.contoso.tenant_id
    assert caller.value(caller.litware, "/organization")[0]["id"] == caller.litware.tenant_id


def test_a_sku_counts_its_subscriptions_and_its_holders(caller: Caller) -> None:
    row = caller.value(caller.contoso, "/subscribedSkus")[0]
    assert (row["skuPartNumber"], row["consumedUnits"], row["capabilityStatus"]) == ("SPB", 18, "Enabled")
    assert row["prepaidUnits"] == {"enabled": 25, "warning": 0, "suspended": 0, "lockedOut": 0}
    assert row["subscriptionIds"] == [caller.contoso.subscriptions[0].subscription_id]


def test_a_subscription_tells_who_sold_it(caller: Caller) -> None:
    rows = caller.value(caller.contoso, "/directory/subscriptions")
    assert [row["ownerTenantId"] for row in rows] == [caller.world.partner.tenant_id, caller.world.partner.tenant_id, None]
    assert [row["totalLicenses"] for row in rows] == [25, 5, 10_000]


def test_select_leaves_out_the_rest(caller: Caller) -> None:
    assert set(caller.value(caller.contoso, "/subscribedSkus?$select=skuId,consumedUnits")[0]) == {"skuId", "consumedUnits"}


def test_users_show_their_licences_only_when_selected(caller: Caller) -> None:
    assert "assignedLicenses" not in caller.value(caller.contoso, "/users")[0]
    user = caller.value(caller.contoso, "/users?$select=id,assignedLicenses,department")[-1]
    assert user["assignedLicenses"] == [{"skuId": EXCHANGE_PLAN_1.sku_id, "disabledPlans": []}]
    assert user["department"] == "Reception"


def test_a_next_link_leads_through_all_users_once(caller: Caller) -> None:
    found = pages(caller, caller.contoso, "/users?$select=id&$top=7")
    assert [len(page) for page in found] == [7, 7, 6]
    assert [user["id"] for page in found for user in page] == [user.user_id for user in caller.contoso.users]


def test_users_come_by_the_hundred_unless_asked(caller: Caller) -> None:
    caller.contoso.hire(100)
    assert [len(page) for page in pages(caller, caller.contoso, "/users")] == [100, 20]
    assert [len(page) for page in pages(caller, caller.contoso, "/users?$top=999")] == [120]


def test_a_next_link_stays_on_the_host_that_was_asked(caller: Caller) -> None:
    at_loopback = caller.get(caller.contoso, "/users?$top=1", host="127.0.0.1:8080").json()["@odata.nextLink"]
    assert at_loopback.startswith("http://127.0.0.1:8080/v1.0/users?$top=1&$skiptoken=")
    assert caller.get(caller.contoso, "/users?$top=1").json()["@odata.nextLink"].startswith("https://graph.microsoft.com/v1.0/users?")


def test_empty_pages_come_before_the_first_user(caller: Caller) -> None:
    caller.contoso.conditions.empty_pages = 2
    assert [len(page) for page in pages(caller, caller.contoso, "/users")] == [0, 0, 20]


def test_a_count_is_given_only_with_the_consistency_header(caller: Caller) -> None:
    assert "@odata.count" not in caller.get(caller.contoso, "/users?$count=true").json()
    assert caller.get(caller.contoso, "/users?$count=true", ConsistencyLevel="eventual").json()["@odata.count"] == 20


@pytest.mark.parametrize(
    ("url", "status", "code"),
    [
        ("/subscribedSkus?$filter=consumedUnits eq 1", 400, "Request_UnsupportedQuery"),
        ("/subscribedSkus?$top=5", 400, "Request_UnsupportedQuery"),
        ("/subscribedSkus?$select=seats", 400, "BadRequest"),
        ("/subscribedSkus?$selct=skuId", 400, "BadRequest"),
        ("/users?$top=1000", 400, "Request_UnsupportedQuery"),
        ("/users?$top=0", 400, "Request_UnsupportedQuery"),
        ("/users?$top=many", 400, "BadRequest"),
        ("/users?$skip=10", 400, "Request_UnsupportedQuery"),
        ("/users?$skiptoken=bm9uZQ", 400, "Directory_ExpiredPageToken"),
        ("/users?$filter=accountEnabled eq true", 501, "NotImplemented"),
        ("/licences", 400, "BadRequest"),
        ("/v1.0/users", 400, "BadRequest"),
    ],
)
def test_a_wrong_query_is_refused(caller: Caller, url: str, status: int, code: str) -> None:
    assert refusal(caller.graph(caller.contoso, "GET", url, None)) == (status, code)


def test_another_version_or_method_is_refused(caller: Caller) -> None:
    headers = {"authorization": f"Bearer {caller.token(caller.contoso)}"}
    assert refusal(call(caller.microsoft.graph, "GET", "/beta/users", headers)) == (400, "BadRequest")
    assert caller.post(caller.contoso, "/subscribedSkus", {}).status == 405


def test_an_error_carries_the_callers_request_id(caller: Caller) -> None:
    response = caller.get(caller.contoso, "/licences", client_request_id="mine")
    error = response.json()["error"]
    assert set(error) == {"code", "message", "innerError"}
    assert set(error["innerError"]) == {"date", "request-id", "client-request-id"}
    assert error["innerError"]["client-request-id"] == response.headers["client-request-id"] == "mine"


@pytest.mark.parametrize("text", ["", "abc", "a.b.c"])
def test_a_text_that_is_no_token_is_refused(caller: Caller, text: str) -> None:
    response = call(caller.microsoft.graph, "GET", "/v1.0/users", {"authorization": f"Bearer {text}"})
    assert refusal(response) == (401, "InvalidAuthenticationToken")


@pytest.mark.parametrize("wrong", [{"audience": PARTNER_CENTER}, {"tenant_id": "unknown"}])
def test_a_token_for_something_else_is_refused(caller: Caller, wrong: dict[str, Any]) -> None:
    token = replace(AccessToken.decode(caller.token(caller.contoso)), **wrong).encode(caller.clock())
    response = call(caller.microsoft.graph, "GET", "/v1.0/users", {"authorization": f"Bearer {token}"})
    assert refusal(response) == (401, "InvalidAuthenticationToken")


def test_a_token_ends_after_its_hour(caller: Caller) -> None:
    headers = {"authorization": f"Bearer {caller.token(caller.contoso)}"}
    caller.clock.advance(seconds=3598)
    assert call(caller.microsoft.graph, "GET", "/v1.0/users", headers).status == 200
    caller.clock.advance(seconds=1)
    assert call(caller.microsoft.graph, "GET", "/v1.0/users", headers).status == 401


def test_a_permission_that_was_not_granted_is_missed(caller: Caller) -> None:
    caller.contoso.permissions = frozenset({"User.Read.All"})
    assert caller.get(caller.contoso, "/users").status == 200
    assert refusal(caller.get(caller.contoso, "/subscribedSkus")) == (403, "Authorization_RequestDenied")


def test_a_person_needs_a_reading_role_in_the_customer(caller: Caller) -> None:
    caller.world.relationships[0].roles = (REPORTS_READER,)
    token = caller.redeem(caller.contoso, resource=GRAPH).json()["access_token"]
    response = call(caller.microsoft.graph, "GET", "/v1.0/users", {"authorization": f"Bearer {token}"})
    assert refusal(response) == (403, "Authorization_RequestDenied")


@pytest.mark.parametrize("url", ["/contracts", RELATIONSHIPS])
def test_the_partners_lists_are_read_only_in_the_partners_tenant(caller: Caller, url: str) -> None:
    assert len(caller.value(caller.world.partner, url)) == 2
    assert refusal(caller.get(caller.contoso, url)) == (403, "Authorization_RequestDenied")


def test_relationships_are_filtered_by_status_and_paged(caller: Caller) -> None:
    caller.world.relate(caller.litware, "MLT_transition", ends=caller.clock() + timedelta(days=30))
    caller.world.end_relationships(caller.contoso)
    found = pages(caller, caller.world.partner, f"{RELATIONSHIPS}?$filter=status eq 'active'&$top=1")
    assert [page[0]["customer"]["displayName"] for page in found] == ["Litware", "Litware"]
    assert caller.get(caller.world.partner, f"{RELATIONSHIPS}?$top=301").status == 400


def test_a_contract_keeps_the_name_of_the_day_it_was_made(caller: Caller) -> None:
    caller.contoso.display_name = "Contoso Group"
    assert caller.value(caller.world.partner, "/contracts")[0]["displayName"] == "Contoso"


def test_an_override_contradicts_what_was_bought_and_assigned(caller: Caller) -> None:
    caller.contoso.override(BUSINESS_PREMIUM, consumedUnits=40, skuPartNumber=None, capabilityStatus="Quarantined")
    row = caller.value(caller.contoso, "/subscribedSkus")[0]
    assert (row["consumedUnits"], row["skuPartNumber"], row["capabilityStatus"]) == (40, None, "Quarantined")


def test_a_subscription_may_be_in_a_state_that_nobody_documented(caller: Caller) -> None:
    caller.contoso.subscriptions[0].state = "Paused"
    assert caller.value(caller.contoso, "/directory/subscriptions")[0]["status"] == "Paused"
    row = caller.value(caller.contoso, "/subscribedSkus")[0]
    assert (row["capabilityStatus"], row["prepaidUnits"]["enabled"]) == ("Paused", 0)


@pytest.mark.parametrize("url", READABLE)
def test_members_that_nobody_has_heard_of_are_added_on_demand(caller: Caller, url: str) -> None:
    caller.contoso.conditions.unknown_members = True
    assert all("futureMember" in item for item in caller.value(caller.contoso, url))


def test_an_answer_of_another_tenant_can_be_had(caller: Caller) -> None:
    caller.contoso.conditions.answers_as = caller.litware.tenant_id
    assert caller.value(caller.contoso, "/organization")[0]["id"] == caller.litware.tenant_id
    assert caller.value(caller.contoso, "/subscribedSkus")[0]["prepaidUnits"]["enabled"] == 3


@pytest.mark.parametrize("retry_after", ["2", "2.128", "Mon, 02 Mar 2026 01:00:30 GMT", None])
def test_a_tenant_is_throttled_as_often_as_wanted(caller: Caller, retry_after: str | None) -> None:
    caller.contoso.conditions.refuse(times=2, retry_after=retry_after)
    answers = [caller.get(caller.contoso, "/users") for _ in range(3)]
    assert [answer.status for answer in answers] == [429, 429, 200]
    assert answers[0].headers.get("Retry-After") == retry_after
    assert answers[0].json()["error"]["innerError"]["status"] == "429"
    assert caller.get(caller.litware, "/users").status == 200


def test_the_budget_of_resource_units_refills_with_time(caller: Caller) -> None:
    caller.microsoft.throttling.enabled, caller.microsoft.throttling.units = True, 6
    answers = [caller.get(caller.contoso, "/subscribedSkus") for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert answers[1].headers["x-ms-throttle-limit-percentage"] == "1.0"
    assert answers[2].headers["x-ms-throttle-information"] == "ResourceUnitLimitExceeded"
    assert caller.get(caller.litware, "/subscribedSkus").status == 200
    caller.clock.advance(seconds=int(answers[2].headers["Retry-After"]))
    assert caller.get(caller.contoso, "/subscribedSkus").status == 200


@pytest.mark.parametrize(("url", "units"), [("/subscribedSkus", 3), ("/subscribedSkus?$select=skuId", 2), ("/users?$select=id&$top=5", 1)])
def test_asking_for_less_costs_less(caller: Caller, url: str, units: int) -> None:
    assert caller.get(caller.contoso, url).headers["x-ms-resource-unit"] == str(units)


def test_the_same_seed_and_calls_give_the_same_bytes() -> None:
    def day(seed: int) -> list[tuple[bytes, dict[str, str]]]:
        caller = Caller(seed=seed)
        answers = [caller.batch(caller.contoso, *READABLE) for _ in range(3)]
        return [(answer.body, dict(answer.headers)) for answer in answers]

    assert day(7) == day(7) != day(8)
