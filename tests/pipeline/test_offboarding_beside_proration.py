"""Offboarding while an increase is on two lines for some weeks: the units that were counted last are billed to the last day, and no longer."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from sync_core.model.agreements import Ability
from sync_core.model.cutovers import CutoverLine, LineState
from sync_core.pipeline.cutover.offboarding import start_offboarding
from tests.pipeline.moving import lines_in, worked
from tests.pipeline.night import Night, agreement, tenant

END_OF_MARCH, END_OF_APRIL = date(2026, 3, 31), date(2026, 4, 30)


def after_an_increase() -> Night:
    """A customer whose 10 units became 12 within March, which is not invoiced yet, with two more on a line that ends by itself."""
    night = Night(0)
    item = night.add_customer(1, seats=10)
    head = agreement("a1", "c1")
    night.psa.add_agreement(replace(head, prorates=True, next_invoice=date(2026, 3, 1), abilities=frozenset({Ability.SELF_ENDING_LINES})))
    night.configure(replace(item, links=tuple(replace(link, profile=replace(link.profile, prorate=True)) for link in item.links)))
    night.run()
    night.buy(12)
    night.next_day()
    night.run()
    assert [(int(line.quantity), line.ends) for line in night.psa.lines("a1")] == [(10, None), (2, END_OF_MARCH)]
    return night


def shown(night: Night, last: date) -> CutoverLine:
    """What an offboarding shows of the customer's main line."""
    night.clock.advance(60)
    started = start_offboarding(night.context, tenant(1), "Customer 1", last, "a clerk")
    [line] = lines_in(night, worked(night, started.cutover_id))
    return line


def test_a_line_that_is_due_to_hold_more_ends_on_a_day_before_that_or_once_it_holds_it() -> None:
    night = after_an_increase()
    assert shown(night, END_OF_MARCH).state is LineState.CHOSEN
    refused = shown(night, END_OF_APRIL)
    assert refused.state is LineState.REFUSED
    assert "It is to hold 12 units from 2026-04-01" in refused.why and "Choose 2026-03-31" in refused.why


def test_a_line_is_not_ended_before_the_lines_beside_it_are_over() -> None:
    night = after_an_increase()
    refused = shown(night, date(2026, 3, 20))
    assert refused.state is LineState.REFUSED
    assert "The line 2 beside it bills 2 more units until 2026-03-31" in refused.why
