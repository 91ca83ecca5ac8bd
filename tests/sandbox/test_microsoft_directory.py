"""How a seed builds the world behind the simulated Microsoft, and how a test moves it."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import pytest

from sandbox.microsoft.catalog import BUSINESS_PREMIUM, COLUMNS, EXCHANGE_PLAN_1, EXTRA_FILE_STORAGE, VISIO_PLAN_2, names_csv
from sandbox.microsoft.subscriptions import capability_status, prepaid_units
from tests.sandbox.microsoft_caller import Caller, call, small_world


@pytest.fixture
def caller() -> Caller:
    return Caller()


def units(caller: Caller) -> dict[str, int]:
    return dict(caller.value(caller.contoso, "/subscribedSkus")[0]["prepaidUnits"])


def test_the_same_seed_makes_the_same_ids() -> None:
    assert small_world() == small_world()


def test_a_second_purchase_of_a_sku_adds_to_its_row(caller: Caller) -> None:
    second = caller.contoso.buy(BUSINESS_PREMIUM, 5, sold_by="11111111-2222-4333-8444-555555555555")
    row = caller.value(caller.contoso, "/subscribedSkus")[0]
    assert row["prepaidUnits"]["enabled"] == 30
    assert second.subscription_id in row["subscriptionIds"]


@pytest.mark.parametrize(
    ("move", "name", "status"),
    [("expire_to_warning", "warning", "Warning"), ("suspend", "suspended", "Suspended"), ("lock_out", "lockedOut", "LockedOut")],
)
def test_units_follow_the_subscription_through_its_states(caller: Caller, move: str, name: str, status: str) -> None:
    getattr(caller.contoso, move)(BUSINESS_PREMIUM)
    row = caller.value(caller.contoso, "/subscribedSkus")[0]
    assert (row["prepaidUnits"][name], row["prepaidUnits"]["enabled"], row["capabilityStatus"]) == (25, 0, status)
    caller.contoso.renew(BUSINESS_PREMIUM)
    assert units(caller)["enabled"] == 25


def test_without_a_sku_everything_expires(caller: Caller) -> None:
    caller.contoso.expire_to_warning()
    assert {row["status"] for row in caller.value(caller.contoso, "/directory/subscriptions")} == {"Warning"}


def test_a_deleted_subscription_leaves_an_empty_row(caller: Caller) -> None:
    caller.contoso.delete(BUSINESS_PREMIUM)
    row = caller.value(caller.contoso, "/subscribedSkus")[0]
    assert (set(row["prepaidUnits"].values()), row["capabilityStatus"], row["subscriptionIds"]) == ({0}, "Deleted", [])


def test_one_enabled_purchase_keeps_the_sku_enabled(caller: Caller) -> None:
    caller.contoso.expire_to_warning(BUSINESS_PREMIUM)
    caller.contoso.buy(BUSINESS_PREMIUM, 4)
    bought = [one for one in caller.contoso.subscriptions if one.sku == BUSINESS_PREMIUM]
    assert capability_status(bought) == "Enabled"
    assert prepaid_units(bought) == {"enabled": 4, "warning": 25, "suspended": 0, "lockedOut": 0}


def test_seats_and_assignments_move(caller: Caller) -> None:
    caller.contoso.set_seats(BUSINESS_PREMIUM, 30)
    caller.contoso.assign(BUSINESS_PREMIUM, 2)
    caller.contoso.unassign(EXCHANGE_PLAN_1, 1)
    rows = caller.value(caller.contoso, "/subscribedSkus")
    assert [(row["prepaidUnits"]["enabled"], row["consumedUnits"]) for row in rows[:2]] == [(30, 20), (5, 1)]


def test_what_cannot_be_is_refused(caller: Caller) -> None:
    with pytest.raises(ValueError, match="has 2 users without SPB, not 3"):
        caller.contoso.assign(BUSINESS_PREMIUM, 3)
    with pytest.raises(ValueError, match="has 2 users with EXCHANGESTANDARD, not 3"):
        caller.contoso.unassign(EXCHANGE_PLAN_1, 3)
    with pytest.raises(LookupError, match="no subscription of VISIOCLIENT"):
        caller.contoso.suspend(VISIO_PLAN_2)


@pytest.mark.parametrize(("term", "end"), [("P1M", "2026-03-31T12:00:00Z"), ("P1Y", "2026-08-31T12:00:00Z"), ("P3Y", "2028-08-31T12:00:00Z")])
def test_a_term_ends_when_the_running_one_does(caller: Caller, term: str, end: str) -> None:
    """On the same day of the month, or on the month's last when it has no such day."""
    caller.litware.buy(VISIO_PLAN_2, 1, term=term, since=datetime(2025, 8, 31, 12, tzinfo=UTC))
    assert caller.value(caller.litware, "/directory/subscriptions")[-1]["nextLifecycleDateTime"] == end


def test_a_trial_ends_after_thirty_days(caller: Caller) -> None:
    caller.litware.buy(VISIO_PLAN_2, 25, trial=True, since=datetime(2026, 2, 20, tzinfo=UTC))
    row = caller.value(caller.litware, "/directory/subscriptions")[-1]
    assert (row["isTrial"], row["nextLifecycleDateTime"]) == (True, "2026-03-22T00:00:00Z")


def test_a_sku_for_the_whole_company_says_so(caller: Caller) -> None:
    caller.litware.buy(EXTRA_FILE_STORAGE, 100)
    assert caller.value(caller.litware, "/subscribedSkus")[-1]["appliesTo"] == "Company"


def test_a_removed_customer_is_gone_everywhere(caller: Caller) -> None:
    litware = caller.litware
    caller.world.remove_customer(litware)
    assert caller.app_only(litware).status == 400
    assert len(caller.value(caller.world.partner, "/contracts")) == 1


def test_names_come_in_microsofts_own_format(caller: Caller) -> None:
    response = call(caller.microsoft.graph, "GET", "/sku-names.csv", {})
    assert response.body == names_csv()
    assert response.body.startswith(b"\xef\xbb\xbf" + ",".join(COLUMNS).encode() + b"\r\n")
    rows = list(csv.DictReader(io.StringIO(response.body.decode("utf-8-sig"))))
    names = {row["GUID"]: row["Product_Display_Name"] for row in rows}
    assert names[BUSINESS_PREMIUM.sku_id] == "Microsoft 365 Business Premium"
    assert sum(row["GUID"] == BUSINESS_PREMIUM.sku_id for row in rows) == len(BUSINESS_PREMIUM.plans)
