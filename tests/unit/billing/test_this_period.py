"""What a change comes to in the billing period that holds the business date, worked by hand: 31.00 a month, 10 → 12 on 17 March."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from sync_core.billing import money_this_period
from sync_core.billing.changes import Case
from sync_core.billing.cutting_over import end_on
from sync_core.model.agreements import Ability, AgreementLines, Charge, Held
from sync_core.model.billing import BillingProfile, PriceRange
from sync_core.model.plans import Change, ChangeKind
from tests.unit.billing.world import World, agreement, line, link, ours, running, subscription

TODAY, MARCH, APRIL = date(2025, 3, 17), date(2025, 3, 1), date(2025, 4, 1)
BY_DAYS, WHOLE = BillingProfile("BP", "M365-BP", prorate=True), BillingProfile("BP", "M365-BP")
ABLE = frozenset({Ability.SELF_ENDING_LINES, Ability.PRICES})
DATED = frozenset({Ability.DATED_QUANTITIES, Ability.INVOICED_TIME})


def world(seats: int, profile: BillingProfile = BY_DAYS, opens: date = APRIL, **facts: Any) -> World:
    """A line of 10 at 31.00 on 17 March, under a monthly agreement that prorates."""
    home = agreement(**{"prorates": True, "abilities": ABLE, "next_invoice": opens, **facts})
    held = ours("101", 10, unit_price=Decimal("31.00"))
    return replace(running(seats, 10), today=TODAY, home=home, lines=(held,), links=(link(profile=profile),))


def now(changes: tuple[Change, ...]) -> Decimal | None:
    """What the only change comes to in March."""
    (change,) = changes
    return money_this_period(change)


@pytest.mark.parametrize("opens", [APRIL, MARCH], ids=["March is invoiced", "March is not invoiced"])
def test_added_units_cost_their_days_whether_the_period_is_invoiced_or_not(opens: date) -> None:
    """2 x 31.00 x 15/31."""
    assert now(world(12, opens=opens).plan()) == Decimal("30.00")


@pytest.mark.parametrize(("opens", "amount"), [(APRIL, 0), (MARCH, 62)])
def test_units_that_count_for_whole_periods_cost_nothing_in_one_that_is_invoiced_and_all_of_one_that_is_not(opens: date, amount: int) -> None:
    assert now(world(12, WHOLE, opens).plan()) == amount


def test_only_the_present_period_counts_where_invoices_are_behind() -> None:
    """From 1 February on, two more for whole months: 62.00 of it are March's."""
    (change,) = world(12, WHOLE, date(2025, 2, 1)).plan()
    assert (change.effective, money_this_period(change)) == (date(2025, 2, 1), Decimal(62))


def test_a_month_that_is_invoiced_ahead_is_not_the_present_one() -> None:
    """On lines of their own until the end of April: 30.00 for March, and 62.00 for April."""
    (change,) = world(12, opens=date(2025, 5, 1)).plan()
    assert (change.prorated, money_this_period(change)) == (Decimal("92.00"), Decimal("30.00"))


def test_a_quarter_is_one_period() -> None:
    """2 x 31.00 x 15/90 of the first quarter."""
    assert now(world(12, period_months=3).plan()) == Decimal("10.33")


def test_dated_quantities_cost_the_same_days() -> None:
    held = ours("101", 10, unit_price=Decimal("31.00"), held=(Held(date(2025, 1, 1), Decimal(10)),))
    assert now(replace(world(12, abilities=DATED), lines=(held,)).plan()) == Decimal("30.00")


def test_a_new_line_costs_its_days() -> None:
    """4 x 20.00 x 15/31."""
    added = replace(world(4), lines=(), bindings={}, rows=(subscription(4),)).plan()
    assert now(added) == Decimal("38.71")


def test_an_end_runs_to_the_end_of_the_period_and_takes_nothing_off_it() -> None:
    changes = [change for change in world(0, WHOLE).plan() if change.kind is ChangeKind.END]
    assert (changes[0].money, now(tuple(changes))) == (Decimal(-310), Decimal(0))


def test_an_end_on_a_chosen_day_takes_the_days_after_it_off() -> None:
    """10 x 31.00 x 11/31, from 21 March on."""
    present = world(10, opens=MARCH)
    held = AgreementLines(present.home, present.lines)
    ended = end_on(Case(present.inputs, present.links[0], held, Decimal(10), ""), present.lines[0], date(2025, 3, 20))
    assert money_this_period(ended) == Decimal("-110.00")


def test_a_new_price_costs_from_the_first_open_period_on() -> None:
    dearer = replace(WHOLE, prices=(PriceRange(Decimal("33.00")),))
    assert [now(world(10, dearer, opens).plan()) for opens in (APRIL, MARCH)] == [Decimal(0), Decimal("20.00")]


def test_a_line_that_is_not_charged_costs_nothing() -> None:
    free = line("101", 10, unit_price=Decimal("31.00"), charge=Charge.NO_CHARGE)
    present = world(12)
    bound = replace(present.bindings["k"], charge=Charge.NO_CHARGE, marker="")
    assert now(replace(present, lines=(free,), bindings={"k": bound}).plan()) == 0


def test_a_question_has_no_money() -> None:
    assert now(world(12, abilities=frozenset()).plan()) is None
