"""Guard rails over several lines and over the whole run; those of one line are in the scenario files."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from sync_core.billing import judge, judge_run
from sync_core.model.configuration import GuardRails
from sync_core.model.licences import Source
from sync_core.model.plans import Verdict
from sync_core.model.runs import RunTotals
from tests.unit.billing.world import TODAY, World, running, words


def first_zeros(world: World) -> dict[str, date]:
    """The dates to keep for the next night."""
    return dict(judge(world.propose(), world.inputs).first_zeros)


def test_the_first_zero_is_kept_until_the_units_are_back() -> None:
    world = running(0, 3)
    assert first_zeros(world) == {"k": TODAY}
    assert first_zeros(replace(world, first_zeros={"k": date(2025, 4, 10)})) == {"k": date(2025, 4, 10)}
    assert first_zeros(replace(running(3, 3), first_zeros={"k": date(2025, 4, 10)})) == {}


def test_a_night_that_could_not_be_read_neither_begins_nor_forgets_a_zero() -> None:
    unread = replace(running(0, 3), failed={Source.SKUS: "503"})
    assert first_zeros(unread) == {}
    assert first_zeros(replace(unread, first_zeros={"k": date(2025, 4, 10)})) == {"k": date(2025, 4, 10)}


def test_two_reads_on_one_day_are_one() -> None:
    (change,) = replace(running(0, 3), first_zeros={"k": TODAY}).plan()
    assert change.verdict is Verdict.HELD


def test_the_customers_money_is_judged_over_all_its_lines() -> None:
    world = running(104, 100, rails=GuardRails(customer_money=Decimal(79)))
    (change,) = world.plan()
    assert change.verdict is Verdict.NEEDS_APPROVAL
    assert "add 80.00 and take off 0 USD a period, more than 79." in words([change])
    assert replace(world, rails=GuardRails(customer_money=Decimal(80))).plan()[0].verdict is Verdict.SAFE


def test_a_minimum_that_is_left_of_nothing_needs_approval() -> None:
    world = running(0, 7)
    held = replace(world.links[0], profile=replace(world.links[0].profile, minimum=5))
    assert "Nothing is counted any more" in words(replace(world, links=(held,)).plan())


@pytest.mark.parametrize(
    ("totals", "recent", "why"),
    [
        (RunTotals(10, 3, {"USD": Decimal(5000)}), RunTotals(), ""),
        (RunTotals(10, 4), RunTotals(), "4 of 10 customers would change within a day, more than 30%."),
        (RunTotals(10, 1), RunTotals(0, 3), "4 of 10 customers would change within a day, more than 30%."),
        (RunTotals(4, 4), RunTotals(), ""),
        (RunTotals(100, 1, {"EUR": Decimal(5001)}), RunTotals(), "5001 EUR a period would move within a day, more than 5000."),
        (
            RunTotals(100, 1, {"EUR": Decimal(3000)}),
            RunTotals(0, 1, {"EUR": Decimal(2001)}),
            "5001 EUR a period would move within a day, more than 5000.",
        ),
        (RunTotals(100, 1, {"EUR": Decimal(4000), "USD": Decimal(4000)}), RunTotals(), ""),
    ],
)
def test_a_run_is_held_by_its_share_of_customers_or_its_money(totals: RunTotals, recent: RunTotals, why: str) -> None:
    assert judge_run(totals, recent, GuardRails()) == why
