"""Undo of added units that are billed by their days, and of prices: the real ConnectWise adapter against the simulator's own books and invoices."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from sandbox.memory.psa import Mishap
from sync_core.model.agreements import Ability
from sync_core.model.billing import LineChoice, PriceRange
from sync_core.model.people import Who
from sync_core.model.plans import Change, ChangeKind, ChangeResult, Decision
from sync_core.pipeline.customers import load_record
from sync_core.pipeline.decisions import ALL, decide
from tests.pipeline.night import OTHER_SKU, PRODUCTS, Night, agreement, tenant
from tests.pipeline.test_invoice_orders import APRIL, MARCH, Office, office
from tests.pipeline.test_undo import ask_for, undo, words, written

MAY, JUNE = date(2026, 5, 1), date(2026, 6, 1)


def done(changes: tuple[Change, ...]) -> list[ChangeKind]:
    """The kinds of an undo's changes, all of which were written."""
    assert {change.result for change in changes} == {ChangeResult.APPLIED}
    return [change.kind for change in changes]


def rejected_nights(made: Office) -> None:
    """The nights and invoices until June; the nights find what was undone, and leave it."""
    for day in (date(2026, 3, 18), date(2026, 4, 2), date(2026, 4, 3)):
        made.move_to(day)
        assert set(made.run()) <= {ChangeResult.REJECTED}
        if day.day == 2:
            made.invoice_up_to(day)
    while made.ledger.agreements[1].next_invoice < JUNE:
        made.ledger.send_invoice(1)


def test_added_units_of_an_invoiced_month_are_undone_with_their_days() -> None:
    """The line of 2 from 17 to 31 March never bills, and the main line is back at 10 before April is invoiced."""
    with office(APRIL) as made:
        assert made.run() == [ChangeResult.APPLIED]
        assert done(undo(made.night)) == [ChangeKind.END, ChangeKind.SET_QUANTITY]
        rejected_nights(made)
        assert made.billed == {MARCH: Decimal(0), APRIL: Decimal(310), MAY: Decimal(310)}


def test_added_units_of_a_month_that_is_not_invoiced_are_undone_with_what_was_due() -> None:
    with office(MARCH) as made:
        assert made.run() == [ChangeResult.APPLIED]
        assert load_record(made.night.store, tenant(1)).bindings["k"].due
        assert done(undo(made.night)) == [ChangeKind.END]
        binding = load_record(made.night.store, tenant(1)).bindings["k"]
        assert (binding.due, binding.self_ending, binding.quantity) == ((), (), Decimal(10))
        rejected_nights(made)
        assert made.billed == {MARCH: Decimal(310), APRIL: Decimal(310), MAY: Decimal(310)}


@pytest.mark.parametrize("next_invoice", [APRIL, MARCH], ids=["March is invoiced", "March is not invoiced"])
def test_only_the_second_of_two_rises_is_undone_and_the_first_stays_billed(next_invoice: date) -> None:
    """10 → 12 on 17 March and 12 → 13 on 20 March: 2 x 31.00 x 15/31 stay, and from April on 12 are billed."""
    with office(next_invoice) as made:
        made.run()
        made.move_to(date(2026, 3, 20))
        made.night.buy(13)
        assert made.run() == [ChangeResult.APPLIED]
        undo(made.night)
        made.night.buy(12)
        for day in (date(2026, 3, 21), date(2026, 4, 2), date(2026, 4, 3)):
            made.move_to(day)
            if ChangeResult.WAITING in made.run():
                decide(made.night.context, tenant(1), ALL, Decision.APPROVED, Who("a person"), "as it was before")
                made.night.work()
            if day.day == 2:
                made.invoice_up_to(day)
        made.ledger.send_invoice(1)
        march = Decimal("30.00") + (310 if next_invoice == MARCH else 0)
        assert (made.billed[MARCH], made.billed[MAY]) == (march, Decimal(372))


def test_what_an_undo_takes_off_is_shown_with_its_money() -> None:
    with office(APRIL) as made:
        made.run()
        days, main = ask_for(made.night)
        assert (days.prorated, days.money, days.before, days.after) == (Decimal("-30.00"), Decimal(0), Decimal(2), Decimal(0))
        assert (main.money, main.before, main.after, main.effective) == (Decimal("-62.00"), Decimal(12), Decimal(10), APRIL)
        assert "ends on 2026-03-16 and is billed for no day" in " ".join(days.reasons)


def test_days_that_an_invoice_shows_are_not_undone_and_the_correcting_line_is_named() -> None:
    """April's invoice shows 30.00 for March and 62.00 more for April."""
    with office(APRIL) as made:
        made.run()
        made.ledger.send_invoice(1)
        assert "M365-BP, -2 units from 2026-03-17 to 2026-04-30, -92.00 USD in all." in words(ask_for(made.night))


def test_days_of_a_month_that_was_invoiced_since_cost_no_more_than_themselves() -> None:
    """March's invoice shows 30.00; that the line rises afterwards is another change."""
    with office(MARCH) as made:
        made.run()
        made.ledger.send_invoice(1)
        assert "-2 units from 2026-03-17 to 2026-03-31, -30.00 USD in all." in words(ask_for(made.night))


def test_days_that_a_person_changed_since_are_not_undone() -> None:
    with office(APRIL) as made:
        made.run()
        beside = made.ledger.additions_of(1)[1]
        made.ledger.additions.put(replace(beside, quantity=Decimal(1)))
        assert "for the days from 2026-03-17 to 2026-03-31, was edited since" in words(ask_for(made.night))


def test_an_undo_of_days_is_not_undone_itself() -> None:
    with office(MARCH) as made:
        made.run()
        [taken_off] = undo(made.night)
        assert "which is not brought back" in words(ask_for(made.night, taken_off.change_id))


def test_a_new_line_in_an_invoiced_month_is_undone_with_its_days() -> None:
    with office(APRIL) as made:
        began = fresh_line(made)
        assert began == [ChangeResult.APPLIED]
        assert done(undo(made.night)) == [ChangeKind.END, ChangeKind.END]
        rejected_nights(made)
        assert made.billed == {MARCH: Decimal(0), APRIL: Decimal(310), MAY: Decimal(310)}


def fresh_line(made: Office) -> list[ChangeResult]:
    """A night in which another SKU gets a line beside the one that is there; that one stays at 10."""
    made.ledger.product(PRODUCTS[OTHER_SKU].identifier, price="20.00")
    (customer,) = made.night.configuration.customers
    (link,) = customer.links
    other = replace(link, key="o", item_id=OTHER_SKU, profile=replace(link.profile, product=PRODUCTS[OTHER_SKU].identifier))
    other = replace(other, choice=LineChoice.NONE, adopt_line_id="")
    made.night.microsoft.bought[tenant(1)] |= {OTHER_SKU: 4}
    made.night.buy(10)
    made.night.configure(replace(customer, links=(link, other)))
    return made.run()


def test_a_price_is_set_back_and_the_next_plan_asks_about_it_again() -> None:
    with office(APRIL) as made:
        made.night.buy(10)
        (customer,) = made.night.configuration.customers
        dearer = replace(customer.links[0].profile, prices=(PriceRange(Decimal("33.00")),))
        made.night.configure(replace(customer, links=(replace(customer.links[0], profile=dearer),)))
        made.run()
        decide(made.night.context, tenant(1), ALL, Decision.APPROVED, Who("a person"), "the new list")
        made.night.work()
        assert made.ledger.additions_of(1)[0].unit_price == Decimal("33.00")
        [back] = undo(made.night, *written(made.night, ChangeKind.SET_PRICE))
        assert (back.kind, back.money, back.result) == (ChangeKind.SET_PRICE, Decimal("-20.00"), ChangeResult.APPLIED)
        assert made.ledger.additions_of(1)[0].unit_price == Decimal("31.00")
        made.night.next_day()
        assert made.run() == [ChangeResult.WAITING]


@pytest.mark.parametrize("mishap", [Mishap.LOSE_ANSWER, Mishap.LOSE_REQUEST, Mishap.COMMIT_LATE])
def test_days_whose_taking_off_is_not_answered_are_taken_off_once(mishap: Mishap) -> None:
    night = Night()
    night.psa.add_agreement(replace(agreement("a1", "c1"), prorates=True, abilities=frozenset({Ability.SELF_ENDING_LINES})))
    (customer,) = night.configuration.customers
    night.configure(replace(customer, links=(replace(customer.links[0], profile=replace(customer.links[0].profile, prorate=True)),)))
    night.run()
    ask_for(night, *written(night))
    night.clock.advance(1)
    night.psa.fail_next_write(mishap)
    decide(night.context, tenant(1), ALL, Decision.APPROVED, Who("a person"), "a mistake")
    night.work()
    main, beside = night.psa.lines("a1")
    assert (int(main.quantity), beside.starts, beside.ends) == (10, date(2026, 3, 17), date(2026, 3, 16))
    assert [step.describes.split()[0] for step in night.psa.writes] == ["add", "set", "end", "set"]
