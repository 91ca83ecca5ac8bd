"""The newest invoice against the next invoice date: the real ConnectWise adapter against the simulator's own books.

Beside the line of 10 at 31.00 there is one of 3 at 31.00 that is not ours and does not run through all months, so that an invoice's total
tells of which month it is.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from sync_core.model.agreements import Ability
from sync_core.model.people import Who
from sync_core.model.plans import Change, ChangeKind, ChangeResult, Decision, Verdict
from sync_core.pipeline.decisions import ALL, decide
from tests.pipeline.night import Night, agreement, tenant
from tests.pipeline.test_invoice_orders import APRIL, MARCH, Office, office

FEBRUARY, MAY = date(2026, 2, 1), date(2026, 5, 1)


def beside(made: Office, **dates: date) -> int:
    """Another line of the agreement, of a product that no link bills; its id."""
    contract = made.ledger.agreements[1]
    return made.ledger.addition(contract, made.ledger.product("BACKUP", price="31.00"), 3, **dates).id


def march_is_invoiced(made: Office) -> int:
    """March's invoice, of 13 units; February's would have been one of 10. The id of the line that makes the difference."""
    line_id = beside(made, effective=MARCH)
    made.ledger.send_invoice(1)
    return line_id


def set_next_invoice(made: Office, day: date) -> None:
    """A person changes the next invoice date of the agreement."""
    made.ledger.change_agreement(1, next_invoice=day)


def approve(night: Night) -> None:
    decide(night.context, tenant(1), ALL, Decision.APPROVED, Who("a person"), "looked at the invoices")
    night.work()


def change_of(night: Night) -> Change:
    """The only change of one night more that writes."""
    run = night.run()
    [change] = [change for change in night.report(run).changes if change.kind is not ChangeKind.ADOPT]
    return change


def written(made: Office) -> list[str]:
    return [write.method for write in made.ledger.writes]


def test_a_rise_in_a_month_whose_invoice_is_there_waits_where_the_next_invoice_date_was_set_back() -> None:
    with office(MARCH) as made:
        march_is_invoiced(made)
        set_next_invoice(made, MARCH)
        change = change_of(made.night)
        assert (change.result, change.verdict, written(made)) == (ChangeResult.WAITING, Verdict.NEEDS_APPROVAL, [])
        why = change.reasons[-1]
        assert "The newest invoice of agreement 1, dated 2026-03-01, comes to just what its lines come to from 2026-03-01 to 2026-03-31;" in why
        assert "by its next invoice date nothing from 2026-03-01 on is invoiced. If that period is invoiced, correct the next invoice date" in why


def test_a_rise_waits_where_the_invoice_of_a_month_that_counts_as_invoiced_is_missing() -> None:
    with office(FEBRUARY) as made:
        march_is_invoiced(made)  # February's it is: that of March was never made
        set_next_invoice(made, APRIL)
        change = change_of(made.night)
        assert (change.result, written(made)) == (ChangeResult.WAITING, [])
        assert "dated 2026-02-01, comes to just what its lines come to from 2026-02-01 to 2026-02-28;" in change.reasons[-1]
        assert "all before 2026-04-01 is invoiced, and no invoice of 2026-03-01 to 2026-03-31 is seen." in change.reasons[-1]


def test_a_rise_that_waited_for_its_month_waits_for_a_person_where_the_next_month_was_never_invoiced() -> None:
    with office(MARCH) as made:
        beside(made, effective=date(2026, 1, 1), invoiced_through=date(2026, 2, 28), cancelled=date(2026, 3, 31))
        assert made.run() == [ChangeResult.APPLIED]
        made.ledger.send_invoice(1)
        set_next_invoice(made, MAY)
        made.move_to(date(2026, 4, 3))
        change = change_of(made.night)
        assert (change.kind, change.result, written(made)) == (ChangeKind.SET_QUANTITY, ChangeResult.WAITING, ["POST"])
        assert "no invoice of 2026-04-01 to 2026-04-30 is seen" in change.reasons[-1]


def test_with_a_person_s_word_the_next_invoice_date_counts() -> None:
    with office(MARCH) as made:
        march_is_invoiced(made)
        set_next_invoice(made, MARCH)
        assert made.run() == [ChangeResult.WAITING]
        approve(made.night)
        assert written(made) == ["POST"]


def test_once_the_next_invoice_date_is_right_the_rise_is_planned_anew_and_billed_as_owed() -> None:
    """10 and 3 for March, 2 for 15 of its days, and 12 and 3 for April."""
    with office(MARCH) as made:
        march_is_invoiced(made)
        set_next_invoice(made, MARCH)
        assert made.run() == [ChangeResult.WAITING]
        set_next_invoice(made, APRIL)
        made.night.next_day()
        assert made.run() == [ChangeResult.APPLIED]
        made.ledger.send_invoice(1)
        assert made.billed == {MARCH: Decimal("433.00"), APRIL: Decimal("465.00")}


def test_an_invoice_that_says_the_same_changes_nothing() -> None:
    with office(MARCH) as made:
        march_is_invoiced(made)
        assert made.run() == [ChangeResult.APPLIED]
        assert written(made) == ["POST", "PATCH"]


def test_months_that_cost_the_same_tell_nothing() -> None:
    with office(MARCH) as made:
        made.ledger.send_invoice(1)
        set_next_invoice(made, MARCH)
        assert made.run() == [ChangeResult.APPLIED]


def test_an_invoice_that_people_edited_tells_nothing() -> None:
    with office(MARCH) as made:
        march_is_invoiced(made)
        invoice = made.ledger.invoices[1]
        made.ledger.invoices.put(replace(invoice, lines=(*invoice.lines, replace(invoice.lines[0], amount=Decimal("80.00")))))
        set_next_invoice(made, MARCH)
        assert made.run() == [ChangeResult.APPLIED]


def test_lines_that_were_changed_since_the_invoice_tell_nothing() -> None:
    with office(MARCH) as made:
        line_id = march_is_invoiced(made)
        set_next_invoice(made, MARCH)
        made.night.clock.advance(3600)
        made.ledger.edit_as_person(line_id, "bookkeeper", invoice_description="Backup, as agreed")
        assert made.run() == [ChangeResult.APPLIED]


def test_no_invoice_tells_nothing() -> None:
    with office(APRIL) as made:
        beside(made, effective=MARCH)
        assert made.run() == [ChangeResult.APPLIED]


def test_a_connection_may_leave_invoices_alone() -> None:
    with office(MARCH, compare_invoices="never") as made:
        march_is_invoiced(made)
        set_next_invoice(made, MARCH)
        assert made.run() == [ChangeResult.APPLIED]


def asked(night: Night) -> int:
    """How often a night asks for invoices."""
    calls: list[str] = []
    night.watch(lambda call, done: calls.append(call) if not done else None)
    night.run()
    night.watch(None)
    return calls.count("psa.invoices_against")


@pytest.mark.parametrize(("seats", "prorate", "times"), [(10, True, 0), (8, True, 0), (12, False, 0), (12, True, 1)])
def test_invoices_are_asked_for_only_where_a_rise_prorates_and_once_an_agreement(seats: int, prorate: bool, times: int) -> None:
    with office(APRIL) as made:
        made.night.buy(seats)
        (customer,) = made.night.configuration.customers
        (link,) = customer.links
        made.night.configure(replace(customer, links=(replace(link, profile=replace(link.profile, prorate=prorate)),)))
        assert asked(made.night) == times


def test_on_an_agreement_that_does_not_prorate_no_invoice_is_asked_for() -> None:
    with office(APRIL) as made:
        made.ledger.change_agreement(1, prorate=False)
        assert asked(made.night) == 0


def test_whatever_a_psa_has_against_it_waits_even_of_a_customer_whose_small_changes_pass() -> None:
    night = Night()
    night.psa.add_agreement(replace(agreement("a1", "c1"), prorates=True, abilities=frozenset({Ability.SELF_ENDING_LINES})))
    (customer,) = night.configuration.customers
    night.configure(replace(customer, links=(replace(customer.links[0], profile=replace(customer.links[0].profile, prorate=True)),)))
    night.psa.against["a1"] = "The invoices say otherwise."
    run = night.run()
    [change] = [each for each in night.report(run).changes if each.kind is not ChangeKind.ADOPT]
    assert (change.result, change.reasons[-1], night.psa.writes) == (ChangeResult.WAITING, "The invoices say otherwise.", [])
