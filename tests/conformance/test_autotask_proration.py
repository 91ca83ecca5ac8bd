"""Nights under a profile that prorates, at Autotask: what the contract bills in the end, whatever happens on the way there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from sandbox.autotask.records import Reading
from sandbox.faults import Effect, Fault
from sync_core.model.plans import ChangeKind, ChangeResult
from tests.conformance.test_autotask_nights import APRIL, MAY, Nights, made_nights
from tests.pipeline.scenes import approve
from tests.pipeline.test_undo import ask_for, undo, words, written

TODAY = date(2026, 3, 17)
WHOLE, TWO_FOR_15_DAYS = Decimal("206.00"), Decimal("19.94")
"""10 units at 20.60, and 2 for 15 of the 31 days of March."""


@pytest.fixture(params=Reading)
def nights(request: pytest.FixtureRequest) -> Iterator[Nights]:
    """A line of 10 units that is taken over, under a profile that prorates, and twelve seats; what is posted is for the test to say."""
    with made_nights(request.param, posted=date(2026, 2, 28)) as made:
        made.take_over(10)
        made.prorate()
        yield made


def test_added_units_of_a_month_that_is_not_posted_are_billed_by_their_days_with_it(nights: Nights) -> None:
    nights.run()
    nights.run()
    assert [write.body["unitChange"] for write in nights.ledger.writes] == [2]
    assert nights.ledger.invoice_preview(1).total == WHOLE + TWO_FOR_15_DAYS
    nights.ledger.post(TODAY)
    assert nights.ledger.invoice_preview(1).total == Decimal("247.20")


def test_added_units_of_a_posted_month_wait_for_a_persons_word_and_count_from_the_next(nights: Nights) -> None:
    nights.ledger.post(TODAY)
    nights.run()
    assert nights.ledger.writes == []
    approve(nights.night)
    nights.run()
    assert (nights.units(TODAY), nights.units(APRIL)) == ([10], [12])


def test_where_posted_months_are_charged_added_units_are_billed_by_their_days_with_the_next_posting(nights: Nights) -> None:
    nights.ledger.post(TODAY)
    nights.ledger.charges_posted_periods = True
    nights.connect(posted_periods="charged")
    nights.run()
    nights.run()
    assert [write.body["unitChange"] for write in nights.ledger.writes] == [2]
    assert nights.ledger.invoice_preview(1).total == Decimal("247.20") + TWO_FOR_15_DAYS


def test_where_posted_months_are_thought_to_be_charged_and_are_not_nothing_is_written_and_autotasks_word_is_told(nights: Nights) -> None:
    nights.ledger.post(TODAY)
    nights.connect(posted_periods="charged")
    run = nights.run()
    assert nights.ledger.writes == []
    assert "already approved and posted" in " ".join(change.result_reason for change in nights.night.report(run).changes)


@pytest.mark.parametrize("effect", [Effect.DROP_AFTER, Effect.DROP_BEFORE])
def test_a_lost_answer_neither_loses_nor_doubles_days(nights: Nights, effect: Effect) -> None:
    nights.lose(effect, r"/ServiceAdjustments$")
    nights.run()
    nights.run()
    assert nights.ledger.invoice_preview(1).total == WHOLE + TWO_FOR_15_DAYS


def test_units_that_go_and_come_back_within_a_month_cost_nothing_more(nights: Nights) -> None:
    for seats in (10, 8, 10, 10):
        nights.night.buy(seats)
        nights.run()
    assert (nights.ledger.writes, nights.ledger.invoice_preview(1).total) == ([], WHOLE)


def test_units_that_went_are_gone_with_the_next_month(nights: Nights) -> None:
    nights.night.buy(8)
    nights.run()
    nights.night.clock.advance(timedelta(days=14).total_seconds())
    nights.run()
    assert (nights.units(date(2026, 3, 31)), nights.units(APRIL)) == ([10], [8])


def lowered_and_raised(nights: Nights) -> None:
    """In posted March: 12 in the first night, 11 in the second, so that April holds 11 already."""
    nights.ledger.post(TODAY)
    nights.ledger.charges_posted_periods = True
    nights.connect(posted_periods="charged")
    nights.run()
    nights.night.buy(11)
    nights.run()
    nights.night.buy(13)


def test_units_that_rise_after_they_were_lowered_for_the_next_month_are_written_for_both(nights: Nights) -> None:
    lowered_and_raised(nights)
    nights.run()
    assert [(write.body["unitChange"], write.body["effectiveDate"][:10]) for write in nights.ledger.writes] == [
        (2, "2026-03-17"),
        (-1, "2026-04-01"),
        (1, "2026-03-19"),
        (1, "2026-04-01"),
    ]
    assert (nights.units(TODAY + timedelta(days=2)), nights.units(APRIL)) == ([13], [13])


def test_where_only_the_first_of_two_days_was_written_the_next_night_writes_the_second(nights: Nights) -> None:
    lowered_and_raised(nights)
    refusal = Fault(Effect.ANSWER, "POST", "/ServiceAdjustments$", status=500, body='{"errors": ["Not today."]}', skip=1)
    nights.simulator.faults.add(refusal)
    assert nights.results(nights.run()) == [ChangeResult.HALF_DONE]
    nights.run()
    assert (nights.units(TODAY + timedelta(days=2)), nights.units(APRIL)) == ([13], [13])


def test_a_new_line_of_a_month_that_is_not_posted_begins_on_its_day(nights: Nights) -> None:
    nights.night.configure(nights.customer())
    nights.prorate()
    nights.ledger.change_contract(1, posted_through=None)
    for line in nights.ledger.lines_of(1):
        nights.ledger.put_line(replace(line, service_id=nights.ledger.service("Backup").id))
    nights.run()
    assert nights.units(TODAY) == [10, 12]
    assert [charge.first for charge in nights.ledger.invoice_preview(1, TODAY).charges if charge.line_id == 2] == [TODAY]


def test_a_person_who_changed_the_line_on_the_same_day_is_not_in_the_way(nights: Nights) -> None:
    """Autotask takes one adjustment of a service on a day; ours waits for the next one, and for a word about the edit."""
    nights.run()
    nights.night.buy(14)
    nights.ledger.adjust(1, -1, TODAY + timedelta(days=1))
    assert "one change of a line on a day" in " ".join(nights.night.report(nights.run()).changes[0].reasons)
    nights.run()
    approve(nights.night)
    nights.run()
    assert nights.units(APRIL) == [14]


def test_prorated_days_are_undone_in_words_and_whole_periods_by_an_opposing_adjustment(nights: Nights) -> None:
    nights.run()
    [name] = written(nights.night)
    assert "by -2 units from 2026-03-18 on" in words(ask_for(nights.night, name))


def test_an_adjustment_from_the_next_month_on_is_undone_by_an_opposing_one(nights: Nights) -> None:
    nights.ledger.post(TODAY)
    nights.run()
    approve(nights.night)
    nights.run()
    [name] = written(nights.night, ChangeKind.SET_QUANTITY)
    undo(nights.night, name)
    assert [write.body["unitChange"] for write in nights.ledger.writes] == [2, -2]
    assert (nights.units(APRIL), nights.units(MAY)) == ([10], [10])
