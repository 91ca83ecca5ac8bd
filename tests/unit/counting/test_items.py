"""Counting: what we sold is billed, everything else is shown, and what does not add up is no number."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sync_core.counting import absent, count
from sync_core.model.billing import CountedItem
from sync_core.model.configuration import DIRECT, Partner
from sync_core.model.licences import AppliesTo, PrepaidUnits, Source, Subscription, SubscriptionStatus, UsageSnapshot
from tests.unit.billing.world import NAME, PARTNER, SKU, SOMEBODY_ELSE, US, snapshot, subscription

STATUS = SubscriptionStatus


def counted(*rows: Subscription, partner: Partner = PARTNER, assigned: int = 0) -> CountedItem:
    """The one item of a snapshot with these rows."""
    (item,) = count(snapshot(rows, assigned), partner, frozenset(), {SKU: NAME})
    return item


def test_seats_that_we_sold_are_purchased() -> None:
    assert counted(subscription(10), subscription(2)).purchased == 12


@pytest.mark.parametrize(
    ("row", "note"),
    [
        (subscription(25, is_trial=True), "25 trial, not billed"),
        (subscription(4, owner=SOMEBODY_ELSE), "4 sold by somebody else, not billed"),
        (subscription(3, STATUS.SUSPENDED), "3 suspended, not billed"),
        (subscription(2, STATUS.LOCKED_OUT), "2 locked out, not billed"),
    ],
)
def test_what_is_not_billed_is_noted(row: Subscription, note: str) -> None:
    item = counted(subscription(10), row)
    assert (item.purchased, item.notes) == (10, (note,))


def test_units_in_their_grace_period_are_kept_apart() -> None:
    item = counted(subscription(7, STATUS.WARNING), subscription(3))
    assert (item.purchased, item.warning, item.notes) == (3, 7, ("7 expired and in their grace period",))


def test_deleted_subscriptions_are_gone() -> None:
    item = counted(subscription(9, STATUS.DELETED))
    assert (item.purchased, item.notes) == (0, ())


def test_the_indirect_provider_sells_for_us_when_configured() -> None:
    assert counted(subscription(5, owner=SOMEBODY_ELSE), partner=replace(PARTNER, sold_by=frozenset({SOMEBODY_ELSE}))).purchased == 5


def test_a_subscription_without_a_seller_is_ours_only_with_direct() -> None:
    row = subscription(5, owner=None)
    assert counted(row, partner=replace(PARTNER, sold_by=frozenset({US, DIRECT}))).purchased == 5
    assert counted(row).purchased is None
    assert "names no seller" in counted(row).questions[0]


@pytest.mark.parametrize(
    "row", [subscription(5, owner=None, is_trial=True), subscription(5, STATUS.SUSPENDED, owner=None), subscription(0, owner=None)]
)
def test_an_unknown_seller_does_not_matter_where_nothing_would_be_billed(row: Subscription) -> None:
    assert counted(subscription(10), row).purchased == 10


def test_rows_that_do_not_add_up_are_contradictory_but_assigned_stays_known() -> None:
    wrong = snapshot([subscription(10)], assigned=8)
    wrong = replace(wrong, skus=(replace(wrong.skus[0], units=PrepaidUnits(enabled=11)),))
    (item,) = count(wrong, PARTNER, frozenset(), {SKU: NAME})
    assert (item.purchased, item.assigned) == (None, 8)
    assert item.questions == (f"Contradictory: the subscriptions of {NAME} come to 10 seats in state Enabled, the SKU's own total says 11.",)


def test_a_subscription_whose_sku_is_not_listed_is_contradictory() -> None:
    (item,) = count(replace(snapshot([subscription(10)]), skus=()), PARTNER, frozenset(), {})
    assert (item.purchased, item.name) == (None, SKU)


def test_a_state_that_is_new_to_us_is_neither_billed_nor_left_out() -> None:
    assert "does not know" in counted(subscription(5, STATUS.UNKNOWN)).questions[0]


@pytest.mark.parametrize(("source", "purchased", "assigned"), [(Source.SKUS, None, None), (Source.SUBSCRIPTIONS, None, 8)])
def test_a_failed_source_leaves_its_numbers_open_and_is_named(source: Source, purchased: int | None, assigned: int | None) -> None:
    (item,) = count(snapshot([subscription(10)], 8, {source: "503 Service Unavailable"}), PARTNER, frozenset(), {})
    assert (item.purchased, item.assigned) == (purchased, assigned)
    assert "could not be read: 503" in item.questions[0]


def test_a_sku_that_is_gone_counts_zero_only_if_both_lists_were_read() -> None:
    assert absent(SKU, NAME, {}).purchased == 0
    assert absent(SKU, NAME, {Source.SUBSCRIPTIONS: "503"}).purchased is None


def test_a_company_wide_sku_and_an_exclusion_are_facts_of_the_item() -> None:
    usage = snapshot([subscription(1)])
    usage = replace(usage, skus=(replace(usage.skus[0], applies_to=AppliesTo.COMPANY),))
    (item,) = count(usage, PARTNER, frozenset({SKU}), {})
    assert (item.company_wide, item.excluded) == (True, True)


def test_items_come_in_the_order_of_their_ids_and_names_come_from_configuration_first() -> None:
    usage: UsageSnapshot = snapshot([subscription(1, sku_id="b"), subscription(1, sku_id="a")])
    assert [(item.item_id, item.name) for item in count(usage, PARTNER, frozenset(), {"a": "Alpha"})] == [("a", "Alpha"), ("b", NAME)]
