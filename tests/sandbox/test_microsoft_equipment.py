"""Groups, devices, sign-ins and reports of the simulated Graph: paged, licensed and refused as Graph does it."""

from __future__ import annotations

import csv
import io

import pytest

from sandbox.web import Response
from tests.sandbox.microsoft_caller import Caller, call

REPORT = "/reports/getMailboxUsageDetail(period='D7')"


@pytest.fixture
def caller() -> Caller:
    return Caller()


def ids(caller: Caller, path: str) -> set[str]:
    return {item["id"] for item in caller.value(caller.contoso, path)}


def test_members_of_groups_inside_a_group_are_its_members_even_in_a_circle(caller: Caller) -> None:
    contoso = caller.contoso
    device = contoso.add_device()
    inner = contoso.add_group("Inner", *contoso.users[:3], device)
    outer = contoso.add_group("Outer", contoso.users[2], contoso.users[5], inner)
    inner.member_ids.append(outer.group_id)
    people = {user.user_id for user in (*contoso.users[:3], contoso.users[5])}
    assert ids(caller, f"/groups/{outer.group_id}/transitiveMembers?$select=id") == people | {device.device_id, inner.group_id}


def test_members_carry_their_type_and_only_an_advanced_query_may_cast(caller: Caller) -> None:
    group = caller.contoso.add_group("Sales", caller.contoso.users[0], caller.contoso.add_device())
    path = f"/groups/{group.group_id}/transitiveMembers"
    types = {item["@odata.type"] for item in caller.value(caller.contoso, path)}
    assert types == {"#microsoft.graph.user", "#microsoft.graph.device"}
    cast = f"{path}/microsoft.graph.user?$select=id&$count=true"
    assert caller.get(caller.contoso, cast).status == 400
    answer = caller.get(caller.contoso, cast, ConsistencyLevel="eventual").json()
    assert (answer["@odata.count"], [item["id"] for item in answer["value"]]) == (1, [caller.contoso.users[0].user_id])


def test_the_pages_of_a_group_lead_on_within_the_group(caller: Caller) -> None:
    group = caller.contoso.add_group("All", *caller.contoso.users)
    first = caller.get(caller.contoso, f"/groups/{group.group_id}/transitiveMembers?$select=id&$top=15").json()
    second = caller.get(caller.contoso, first["@odata.nextLink"]).json()
    assert (len(first["value"]), len(second["value"])) == (15, 5)


def test_a_group_of_nobody_knows_where_is_not_found(caller: Caller) -> None:
    assert caller.get(caller.contoso, "/groups/aaaaaaaa-0000-4000-8000-000000000001/transitiveMembers").status == 404


@pytest.mark.parametrize("path", ["/users?$select=id,signInActivity", "/reports/authenticationMethods/userRegistrationDetails"])
def test_sign_ins_and_registrations_take_entra_p1(caller: Caller, path: str) -> None:
    assert caller.get(caller.contoso, path).status == 200
    caller.contoso.conditions.no_premium = True
    answer = caller.get(caller.contoso, path)
    assert (answer.status, answer.json()["error"]["code"]) == (403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant")


def test_with_sign_ins_a_page_of_users_is_never_larger_than_500(caller: Caller) -> None:
    caller.contoso.hire(600)
    caller.contoso.users[0].last_sign_in = caller.clock.time
    items = caller.value(caller.contoso, "/users?$select=id,signInActivity&$top=999")
    assert (len(items), "signInActivity" in items[0], "signInActivity" in items[1]) == (500, True, False)


def test_without_intune_its_devices_are_refused_as_not_applicable(caller: Caller) -> None:
    caller.contoso.conditions.no_intune = True
    answer = caller.get(caller.contoso, "/deviceManagement/managedDevices")
    assert (answer.status, answer.json()["error"]["message"]) == (400, "Request not applicable to target tenant.")


def fetched(caller: Caller, **headers: str) -> Response:
    """The report behind the redirect."""
    redirect = caller.get(caller.contoso, REPORT)
    assert redirect.status == 302
    return call(caller.microsoft.graph, "GET", redirect.headers["Location"], headers)


def rows(report: Response) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(report.body.decode("utf-8-sig"))))


def test_a_report_lies_elsewhere_and_is_fetched_without_a_token(caller: Caller) -> None:
    caller.contoso.add_shared_mailbox("Reception", "reception")
    report = fetched(caller)
    assert report.body.startswith(b"\xef\xbb\xbf")
    found = {row["User Principal Name"]: row["Recipient Type"] for row in rows(report)}
    assert found["reception@contoso.example"] == "Shared" and list(found.values()).count("User") == 20
    assert fetched(caller, authorization="Bearer x").status == 400


def test_a_reports_address_is_good_for_minutes_only(caller: Caller) -> None:
    redirect = caller.get(caller.contoso, REPORT)
    caller.clock.advance(minutes=6)
    assert call(caller.microsoft.graph, "GET", redirect.headers["Location"], {}).status == 404


def test_names_may_be_concealed_and_the_kinds_of_mailboxes_missing(caller: Caller) -> None:
    caller.contoso.conditions.concealed_names = caller.contoso.conditions.no_mailbox_kinds = True
    found = rows(fetched(caller))
    assert len(found) == 20
    assert all("@" not in row["User Principal Name"] and "Recipient Type" not in row for row in found)


def test_a_period_that_is_not_offered_is_refused(caller: Caller) -> None:
    assert caller.get(caller.contoso, REPORT.replace("D7", "D8")).status == 400
