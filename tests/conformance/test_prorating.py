"""What an adapter writes that says it can keep self-ending lines and prices of their own; the others are never asked to."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from sync_core.billing.periods import ONE_DAY
from sync_core.model.agreements import Ability, Line, SelfEnding, Shift, Terms
from sync_core.model.plans import Change, ChangeKind, Step
from sync_core.ports import Probe
from tests.conformance.subjects import APRIL, PRICE, Subject
from tests.conformance.test_writing import END_OF_MARCH, RISE, Case
from tests.conformance.whole import whole_agreement

BESIDE = SelfEnding(Decimal(2), RISE, END_OF_MARCH, "SYNC-7f3a-beside")
TERMS = Terms(unit_price=Decimal("9.25"), unit_cost=Decimal("7.00"), taxable=False, text="As agreed")


@pytest.fixture
def case(subject: Subject) -> Case:
    made = Case(subject)
    if Ability.SELF_ENDING_LINES not in made.agreement.abilities:
        pytest.skip("The adapter does not say that it can")
    return made


def prorated(case: Case, kind: ChangeKind = ChangeKind.SET_QUANTITY) -> Change:
    first = case.first
    facts: dict[str, Any] = {"line_id": first.line_id, "product": first.product, "product_id": first.product_id, "before": first.quantity}
    return case.change(kind, after=Decimal(3), effective=RISE, line_from=APRIL, self_ending=(BESIDE,), terms=TERMS, **facts)


def steps(case: Case, change: Change) -> list[Step]:
    return list(case.psa.steps_for(case.agreement, [change], "plan-1"))


def beside(case: Case) -> Line:
    return next(line for line in case.lines() if line.marker == BESIDE.marker)


def test_the_self_ending_line_goes_before_the_quantity_of_one_change(case: Case) -> None:
    first, second = steps(case, prorated(case))
    assert (first.marker, first.repeatable, second.line_id, second.repeatable) == (BESIDE.marker, False, case.first.line_id, True)
    assert {first.change_ids, second.change_ids} == {("change-1",)}
    assert first.step_id != second.step_id


def test_a_prorated_change_alone_leaves_the_main_line(case: Case) -> None:
    (step,) = steps(case, prorated(case, ChangeKind.PRORATE))
    case.send(step)
    assert case.line(case.first.line_id).quantity == case.first.quantity
    assert (beside(case).quantity, beside(case).starts, beside(case).ends) == (BESIDE.units, RISE, END_OF_MARCH)


def test_a_self_ending_line_has_the_price_it_is_given(case: Case) -> None:
    case.send(steps(case, prorated(case))[0])
    assert beside(case).unit_price == Decimal("9.25")


def test_a_new_line_goes_before_its_self_ending_one(case: Case) -> None:
    change = replace(prorated(case, ChangeKind.ADD), line_id="", before=None, marker="SYNC-7f3a-main")
    first, second = steps(case, change)
    assert (first.marker, second.marker) == ("SYNC-7f3a-main", BESIDE.marker)
    case.send(first)
    assert next(line for line in case.lines() if line.marker == "SYNC-7f3a-main").starts == APRIL


def test_a_self_ending_line_whose_answer_was_lost_is_found_done(case: Case) -> None:
    step = steps(case, prorated(case))[0]
    assert case.psa.probe(step).probe is Probe.NOT_DONE
    case.subject.lose_next_answer()
    case.send_without_answer(step)
    probed = case.psa.probe(step)
    assert (probed.probe, [line.marker for line in probed.lines]) == (Probe.DONE, [BESIDE.marker])


def test_a_price_is_set_by_a_change_of_its_own_and_moves_nothing_else(subject: Subject) -> None:
    case = Case(subject)
    (step,) = case.set_price()
    assert case.psa.probe(step).probe is Probe.NOT_DONE
    case.send(step)
    assert case.psa.probe(step).probe is Probe.DONE
    line = case.line(case.first.line_id)
    assert (line.unit_price, line.quantity, line.ends) == (Decimal("11.75"), case.first.quantity, case.first.ends)


def test_added_units_are_billed_by_their_days_once_and_whole_from_the_next_period_on(subject: Subject) -> None:
    """2 more at 10.50 from 17 to 31 March are 2 x 10.50 x 15/31 = 10.16, and 21.00 for April."""
    made, before = Case(subject), subject.bills()
    if before is None:
        pytest.skip("It makes no invoices")
    made.send_all(made.prorate())
    after = subject.bills()
    assert after is not None
    assert after - before == Decimal("10.16") + Decimal("21.00")


def billed_more(subject: Subject, after: str) -> Decimal:
    """By how much the coming invoice grows when the third line, of three units, is set to another number from April on."""
    made, before = Case(subject), subject.bills()
    if before is None:
        pytest.skip("It makes no invoices")
    line = made.third
    made.send_all(made.steps(ChangeKind.SET_QUANTITY, line_id=line.line_id, before=line.quantity, after=Decimal(after), effective=APRIL))
    billed = subject.bills()
    assert billed is not None
    return billed - before


def test_without_proration_added_units_are_billed_whole_from_the_next_invoice_on_and_for_no_day_before(subject: Subject) -> None:
    assert billed_more(subject, "5") == 2 * PRICE


def test_fewer_units_cost_less_from_the_next_invoice_on_and_nothing_is_credited(subject: Subject) -> None:
    assert billed_more(subject, "1") == -2 * PRICE


def dated(subject: Subject) -> Case:
    """A PSA with dated quantities."""
    made = Case(subject)
    if Ability.DATED_QUANTITIES not in made.agreement.abilities:
        pytest.skip("It has no dated quantities")
    return made


def quantity(case: Case, day: date) -> Decimal:
    return next(line.quantity for line in case.lines(day) if line.line_id == case.first.line_id)


def two_days(case: Case) -> list[Step]:
    """Two more from 17 March on, and one more again from April."""
    shifts = (Shift(RISE, Decimal(1), Decimal(3)), Shift(APRIL, Decimal(3), Decimal(4)))
    change = case.change(ChangeKind.SET_QUANTITY, line_id=case.first.line_id, before=Decimal(1), after=Decimal(4), effective=RISE, shifts=shifts)
    return steps(case, change)


def test_a_dated_quantity_changes_from_its_day_on_and_on_each_of_several_days(subject: Subject) -> None:
    case = dated(subject)
    first, second = two_days(case)
    assert (first.shifts_from, second.shifts_from, first.step_id == second.step_id) == (RISE, APRIL, False)
    for step in (first, second):
        assert case.psa.probe(step).probe is Probe.NOT_DONE
        case.send(step)
        assert case.psa.probe(step).probe is Probe.DONE
    assert [quantity(case, day) for day in (RISE - ONE_DAY, RISE, END_OF_MARCH, APRIL)] == [1, 3, 3, 4]


def test_a_line_that_is_read_alone_says_what_it_holds_on_all_days(subject: Subject) -> None:
    case = dated(subject)
    for step in two_days(case):
        case.send(step)
    read = whole_agreement(case.psa, subject.agreement_id, APRIL)
    line = read.line(case.first.line_id) if read else None
    assert line is not None
    assert [(each.first, each.units) for each in line.held][-2:] == [(RISE, Decimal(3)), (APRIL, Decimal(4))]


def test_a_dated_quantity_whose_answer_was_lost_is_found_done_on_its_own_day(subject: Subject) -> None:
    case = dated(subject)
    first, second = two_days(case)
    case.send(first)
    subject.lose_next_answer()
    case.send_without_answer(second)
    assert [case.psa.probe(step).probe for step in (first, second)] == [Probe.DONE, Probe.DONE]
