"""The money: which lines stand on the next invoice of a recurring one, and for how much."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from sandbox.halopsa.ledger import RowsMade
from sandbox.halopsa.records import Period
from tests.sandbox.halopsa_psa import Psa

APRIL = date(2026, 4, 1)


def total(psa: Psa, on: date = APRIL) -> Decimal:
    return psa.ledger.invoice_preview(psa.invoice.id, on).total


def test_an_invoice_costs_units_times_price() -> None:
    psa = Psa()
    psa.line(10)
    psa.line(2, unit_price=Decimal("1.25"), discount=Decimal(10))
    assert total(psa) == Decimal("102.25")


@pytest.mark.parametrize(
    ("fields", "billed"),
    [
        ({"ends": date(2026, 3, 31)}, False),
        ({"ends": date(2026, 4, 1)}, True),
        ({"starts": date(2026, 4, 30)}, True),
        ({"starts": date(2026, 5, 1)}, False),
        ({"inactive": True}, False),
    ],
)
def test_a_line_is_billed_whole_in_every_period_it_touches(fields: dict[str, date], billed: bool) -> None:
    psa = Psa()
    psa.line(10, **fields)
    assert total(psa) == (100 if billed else 0)


def test_the_end_day_may_be_the_first_one_not_billed() -> None:
    psa = Psa()
    psa.switches.end_day_billed = False
    psa.line(10, ends=APRIL)
    assert total(psa) == 0


def test_a_line_with_a_rule_costs_what_the_licences_count() -> None:
    psa = Psa()
    psa.line(0, licence_id=psa.ledger.licence(psa.client, "Business Premium", 7).id)
    assert total(psa) == 70


@pytest.mark.parametrize(("period", "dates"), [(Period.MONTHLY, [4, 5, 6]), (Period.QUARTERLY, [4])])
def test_a_run_makes_every_invoice_that_is_due_once(period: Period, dates: list[int]) -> None:
    psa = Psa(period=period)
    psa.line(10)
    made = psa.ledger.run_invoices(date(2026, 6, 1))
    assert [invoice.dated.month for invoice in made] == dates
    assert psa.ledger.run_invoices(date(2026, 6, 1)) == []


def test_a_disabled_or_ended_recurring_invoice_makes_none() -> None:
    psa = Psa(end=date(2026, 3, 31))
    psa.line(10)
    assert psa.ledger.run_invoices(APRIL) == []
    psa.ledger.change(psa.invoice.id, end=None, disabled=True)
    assert psa.ledger.run_invoices(APRIL) == []


def test_a_preview_is_what_the_run_makes() -> None:
    psa = Psa()
    psa.line(10)
    preview = psa.inspect("previews", on="2026-04-01")
    psa.ledger.run_invoices(APRIL)
    assert preview == [{**invoice, "id": 0} for invoice in psa.inspect("invoices")]
    assert (preview[0]["company"], preview[0]["agreement"], preview[0]["total"]) == ("Contoso Ltd", "Cloud", "100.00")


def test_periods_are_counted_from_the_start_so_that_the_last_day_of_a_month_comes_back() -> None:
    psa = Psa()
    late = psa.ledger.recurring_invoice(psa.client, "Late", date(2026, 1, 31), next_creation=date(2026, 2, 28))
    assert [psa.ledger.invoice_preview(late.id, day).first_day for day in (date(2026, 2, 28), date(2026, 3, 1))] == [
        date(2026, 2, 28),
        date(2026, 3, 31),
    ]


def with_a_row(psa: Psa, **members: Any) -> Any:
    """The first line sent with what makes a prorata row of two units at 4.84 each."""
    (first, *rest) = psa.shown()["lines"]
    making = {"createproratadate": "2026-03-17T00:00:00", "prorata_quantity": 2, "prorata_unit_price": 4.84, "prorata_next_invoice": True}
    return psa.save([{**first, **making, **members}, *rest])


def test_a_prorata_row_is_on_the_next_invoice_once() -> None:
    psa = Psa()
    psa.line(10)
    assert with_a_row(psa).status == 201
    assert (total(psa), total(psa, date(2026, 5, 1))) == (Decimal("109.68"), Decimal(100))
    (april,) = psa.ledger.run_invoices(APRIL)
    assert april.total == Decimal("109.68")
    assert total(psa, date(2026, 5, 1)) == 100
    assert psa.shown()["lines"][0]["prorata_data"][0]["isinvoiced"] is True


def test_the_same_prorata_members_twice_are_two_rows() -> None:
    psa = Psa()
    psa.line(10)
    for _ in range(2):
        with_a_row(psa)
    assert total(psa) == Decimal("119.36")


@pytest.mark.parametrize(("made", "shown", "billed"), [("shown", 1, "109.68"), ("unseen", 0, "109.68"), ("none", 0, "100")])
def test_what_becomes_of_prorata_members_is_a_switch(made: str, shown: int, billed: str) -> None:
    psa = Psa()
    psa.line(10)
    psa.switches.rows_made = RowsMade(made)
    with_a_row(psa)
    assert (len(psa.shown()["lines"][0]["prorata_data"]), total(psa)) == (shown, Decimal(billed))


@pytest.mark.parametrize("members", [{"prorata_quantity": "2"}, {"createproratadate": "soon"}, {"prorata_next_invoice": 1}])
def test_a_prorata_row_with_a_wrong_member_is_refused(members: dict[str, Any]) -> None:
    psa = Psa()
    psa.line(10)
    assert with_a_row(psa, **members).status == 400
