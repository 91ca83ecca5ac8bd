"""Suspended and locked-out seats are shown each night, and neither billed nor left out without a word."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from sync_core.model.billing import Basis
from sync_core.model.licences import Subscription, SubscriptionStatus
from sync_core.model.plans import ChangeKind, ChangeResult
from sync_core.pipeline.decisions import show_plan
from tests.pipeline.fakes import PARTNER
from tests.pipeline.night import SKU, Night, tenant

CANNOT_BE_USED = {SubscriptionStatus.SUSPENDED: "suspended", SubscriptionStatus.LOCKED_OUT: "locked out"}


def night(status: SubscriptionStatus, **profile: Any) -> Night:
    """A line of 10, ten seats of which four cannot be used any more, and nine users who hold one."""
    night = Night(seats=6, billed=10)
    rows = [Subscription(f"s-{each}", SKU, each, seats, owner_tenant_id=PARTNER) for each, seats in ((SubscriptionStatus.ENABLED, 6), (status, 4))]
    night.microsoft.held[tenant(1)] = tuple(rows)
    night.microsoft.assigned[tenant(1)] = 9
    (customer,) = night.configuration.customers
    night.configure(replace(customer, links=(replace(customer.links[0], profile=replace(customer.links[0].profile, **profile)),)))
    return night


@pytest.mark.parametrize("status", CANNOT_BE_USED)
def test_a_line_that_would_bill_them_no_more_is_lowered_with_a_persons_word_only(status: SubscriptionStatus) -> None:
    suspended = night(status)
    change = suspended.report(suspended.run()).changes[-1]
    assert (change.kind, change.after, change.result) == (ChangeKind.SET_QUANTITY, Decimal(6), ChangeResult.WAITING)
    assert any(note.endswith(f"4 {CANNOT_BE_USED[status]}, not billed") for note in notes(suspended))


@pytest.mark.parametrize("basis", [Basis.ASSIGNED, Basis.GREATER])
@pytest.mark.parametrize("status", CANNOT_BE_USED)
def test_a_line_that_goes_on_billing_those_that_are_assigned_says_so_each_night(status: SubscriptionStatus, basis: Basis) -> None:
    suspended = night(status, basis=basis, minimum=10)
    for _ in range(2):
        suspended.run()
        assert suspended.quantities() == [10]
        assert any("3 suspended or locked-out seats are assigned, and billed on agreement a1" in note for note in notes(suspended))
        suspended.next_day()


def notes(night: Night) -> tuple[str, ...]:
    """What the newest plan shows beside its changes."""
    return show_plan(night.context, tenant(1)).plan.notes
