"""The MSP's money: what an invoice shows, which period it covers and when the next one is due."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.connectwise.periods import Period, period_after, period_at
from sandbox.connectwise.records import Agreement, BillCustomer, BillingCycle, Invoice, InvoicingCycle, PeriodType, Stamp
from tests.sandbox.connectwise_psa import AGREEMENTS, LINES, Psa

MARCH_17, MARCH_31, APRIL_1 = date(2026, 3, 17), date(2026, 3, 31), date(2026, 4, 1)


def anchored(start: date, cycle: BillingCycle = BillingCycle.MONTHLY, **fields: Any) -> Agreement:
    """An agreement whose periods are counted from ``start``."""
    at = Psa().time
    return Agreement(1, "Cloud", 1, 1, start, start, Stamp(at, "setup", at, "setup"), cycle=cycle, **fields)


def preview(psa: Psa, on: date = APRIL_1) -> Invoice:
    return psa.ledger.invoice_preview(1, on)


def amounts(invoice: Invoice) -> list[str]:
    return [str(line.amount) for line in invoice.lines]


@pytest.mark.parametrize(
    ("start", "cycle", "day", "first_day", "last_day"),
    [
        (date(2026, 1, 1), BillingCycle.MONTHLY, date(2026, 3, 17), date(2026, 3, 1), date(2026, 3, 31)),
        (date(2026, 1, 15), BillingCycle.MONTHLY, date(2026, 3, 14), date(2026, 2, 15), date(2026, 3, 14)),
        (date(2026, 1, 31), BillingCycle.MONTHLY, date(2026, 2, 28), date(2026, 2, 28), date(2026, 3, 30)),
        (date(2026, 1, 31), BillingCycle.MONTHLY, date(2026, 3, 31), date(2026, 3, 31), date(2026, 4, 29)),
        (date(2024, 1, 30), BillingCycle.MONTHLY, date(2024, 2, 29), date(2024, 2, 29), date(2024, 3, 29)),
        (date(2025, 11, 30), BillingCycle.QUARTERLY, date(2026, 3, 1), date(2026, 2, 28), date(2026, 5, 29)),
        (date(2024, 2, 29), BillingCycle.YEARLY, date(2025, 3, 1), date(2025, 2, 28), date(2026, 2, 27)),
        (date(2024, 2, 29), BillingCycle.YEARLY, date(2028, 2, 29), date(2028, 2, 29), date(2029, 2, 27)),
    ],
)
def test_a_period_is_counted_from_the_day_the_agreement_is_anchored_on(
    start: date, cycle: BillingCycle, day: date, first_day: date, last_day: date
) -> None:
    assert period_at(anchored(start, cycle), day) == Period(first_day, last_day)


def test_the_bill_start_anchors_the_periods_where_it_differs_from_the_start() -> None:
    assert period_at(anchored(date(2026, 1, 10), bill_start=date(2026, 2, 1)), MARCH_17).first_day == date(2026, 3, 1)


def test_an_agreement_by_calendar_year_follows_the_quarters_of_the_calendar() -> None:
    agreement = anchored(date(2026, 2, 10), BillingCycle.QUARTERLY, invoicing_cycle=InvoicingCycle.CALENDAR_YEAR)
    assert period_at(agreement, MARCH_17) == Period(date(2026, 1, 1), MARCH_31)


@given(st.dates(date(2020, 1, 1), date(2024, 12, 31)), st.sampled_from(BillingCycle), st.dates(date(2020, 1, 1), date(2030, 12, 31)))
def test_periods_hold_their_day_and_follow_each_other_without_gap(start: date, cycle: BillingCycle, day: date) -> None:
    agreement = anchored(start, cycle)
    period = period_at(agreement, day)
    assert period.first_day <= day <= period.last_day
    assert (period_after(agreement, period).first_day - period.last_day).days == 1


@pytest.mark.parametrize(
    ("period_type", "first_day", "last_day"),
    [
        (PeriodType.CURRENT, date(2026, 4, 1), date(2026, 4, 30)),
        (PeriodType.UNDEFINED, date(2026, 4, 1), date(2026, 4, 30)),
        (PeriodType.FUTURE, date(2026, 5, 1), date(2026, 5, 31)),
    ],
)
def test_the_period_type_says_which_period_the_invoice_of_april_covers(period_type: PeriodType, first_day: date, last_day: date) -> None:
    invoice = preview(Psa(period_type=period_type))
    assert (invoice.dated, invoice.first_day, invoice.last_day) == (APRIL_1, first_day, last_day)


def test_both_covers_two_periods_first_and_then_one_ahead() -> None:
    psa = Psa(period_type=PeriodType.BOTH, next_invoice=date(2026, 1, 1))
    psa.line(1, invoiced_through=None)
    covered = [(invoice.first_day, invoice.last_day) for invoice in psa.ledger.run_invoices(date(2026, 2, 1))]
    assert covered == [(date(2026, 1, 1), date(2026, 2, 28)), (date(2026, 3, 1), MARCH_31)]


def test_a_line_shows_what_the_customer_reads() -> None:
    psa = Psa(currency="EUR")
    psa.line(10, serial_number="M365:1")
    invoice = preview(psa)
    (line,) = invoice.lines
    assert (line.product, line.description, line.serial_number) == ("M365-BP", "Business Premium", "M365:1")
    assert (line.quantity, line.unit_price) == (Decimal(10), Decimal(10))
    assert (line.first_day, line.last_day, invoice.total, invoice.currency) == (APRIL_1, date(2026, 4, 30), Decimal("100.00"), "EUR")


def test_included_units_are_not_charged() -> None:
    psa = Psa()
    psa.line(10, less_included=Decimal(4))
    assert amounts(preview(psa)) == ["60.00"]


@pytest.mark.parametrize(("bill_customer", "expected"), [(BillCustomer.NO_CHARGE, ["0.00"]), (BillCustomer.DO_NOT_BILL, [])])
def test_no_charge_is_shown_for_nothing_and_do_not_bill_is_not_shown(bill_customer: BillCustomer, expected: list[str]) -> None:
    psa = Psa()
    psa.line(10, bill_customer=bill_customer)
    assert amounts(preview(psa)) == expected


def test_a_changed_quantity_is_billed_for_whole_periods_from_the_next_invoice() -> None:
    """A bare PATCH neither charges nor credits the period that is already invoiced."""
    psa = Psa(prorate=True)
    line = psa.line(10)
    psa.patch(line.id, quantity=12)
    assert amounts(preview(psa)) == ["120.00"]


def test_without_proration_a_line_of_the_middle_of_the_month_costs_whole_months_from_the_next_invoice() -> None:
    psa = Psa()
    psa.post(quantity=2)
    assert amounts(preview(psa)) == ["20.00"]


def test_with_proration_the_next_invoice_also_bills_the_rest_of_the_invoiced_month() -> None:
    psa = Psa(prorate=True)
    psa.post(quantity=2)
    invoice = preview(psa)
    assert amounts(invoice) == ["9.68", "20.00"]
    assert (invoice.lines[0].first_day, invoice.lines[0].last_day) == (MARCH_17, MARCH_31)


def test_an_increase_with_a_line_that_ends_itself_bills_the_stub_once() -> None:
    """10 become 12 on 17 March: the April invoice shows 12 and 2 for 15 of 31 days, the May invoice 12."""
    psa = Psa(prorate=True)
    psa.patch(psa.line(10).id, quantity=12)
    psa.post(quantity=2, effectiveDate="2026-03-17T00:00:00Z", cancelledDate="2026-03-31T00:00:00Z")
    invoices = psa.ledger.run_invoices(date(2026, 5, 1))
    assert [amounts(invoice) for invoice in invoices] == [["120.00", "9.68"], ["120.00"]]


def test_without_proration_a_line_inside_an_invoiced_period_is_a_one_time_fee() -> None:
    psa = Psa()
    psa.post(effectiveDate="2026-03-17T00:00:00Z", cancelledDate="2026-03-31T00:00:00Z")
    assert [amounts(invoice) for invoice in psa.ledger.run_invoices(date(2026, 5, 1))] == [["10.00"], []]


def test_a_line_that_ends_with_the_period_is_not_on_the_next_invoice() -> None:
    psa = Psa()
    psa.line(10, cancelled=MARCH_31)
    assert amounts(preview(psa)) == []


def test_the_cancelled_day_is_itself_billed() -> None:
    psa = Psa(prorate=True)
    psa.line(10, cancelled=date(2026, 4, 15))
    assert amounts(preview(psa)) == ["50.00"]


def test_a_switch_turns_the_cancelled_day_into_the_first_unbilled_one() -> None:
    """Which of the two the vendor does is unverified."""
    psa = Psa(prorate=True)
    psa.ledger.cancelled_day_billed = False
    psa.line(10, cancelled=date(2026, 4, 16))
    assert amounts(preview(psa)) == ["50.00"]


def test_a_line_ended_inside_an_invoiced_period_gives_no_credit() -> None:
    psa = Psa(prorate=True)
    psa.line(10, cancelled=date(2026, 3, 20))
    assert preview(psa).total == 0


def test_prorated_amounts_are_rounded_half_up() -> None:
    psa = Psa(prorate=True)
    psa.line(1, unit_price=Decimal("0.01"), cancelled=date(2026, 4, 15))
    assert amounts(preview(psa)) == ["0.01"]


def test_nothing_is_billed_beyond_the_end_of_the_agreement() -> None:
    psa = Psa(prorate=True)
    psa.line(10)
    psa.ledger.cancel_agreement(1, on=date(2026, 4, 15))
    assert amounts(preview(psa)) == ["50.00"]
    assert amounts(preview(psa, date(2026, 5, 1))) == []


def test_a_line_dated_before_the_agreement_is_billed_from_its_start() -> None:
    psa = Psa(prorate=True, next_invoice=date(2026, 1, 1))
    psa.line(1, effective=date(2025, 12, 1))
    assert amounts(preview(psa, date(2026, 1, 1))) == ["10.00"]


def test_an_agreement_cancelled_without_a_date_is_not_billed_at_all() -> None:
    psa = Psa()
    psa.line(10)
    psa.ledger.change_agreement(1, cancelled=True)
    assert (amounts(preview(psa)), psa.ledger.run_invoices(APRIL_1), psa.inspect("previews")) == ([], [], [])


def test_a_later_preview_takes_the_invoices_before_it_as_sent() -> None:
    psa = Psa(prorate=True)
    psa.post(quantity=2)
    later = preview(psa, date(2026, 4, 2))
    assert (later.dated, amounts(later)) == (date(2026, 5, 1), ["20.00"])


def test_lines_stand_in_the_order_of_their_sequence_numbers() -> None:
    psa = Psa()
    psa.line(1, sequence_number=Decimal(2))
    psa.line(2, sequence_number=Decimal(1))
    assert amounts(preview(psa)) == ["20.00", "10.00"]


def test_an_invoice_run_sends_what_a_preview_showed_and_moves_the_agreement_on() -> None:
    psa = Psa()
    psa.line(10)
    shown = preview(psa)
    (sent,) = psa.ledger.run_invoices(APRIL_1)
    assert (sent.lines, sent.total) == (shown.lines, shown.total)
    assert psa.get(f"{AGREEMENTS}/1")["nextInvoiceDate"] == "2026-05-01T00:00:00Z"


def test_an_invoice_run_sends_nothing_twice() -> None:
    psa = Psa()
    psa.line(10)
    assert [len(psa.ledger.run_invoices(APRIL_1)) for _ in range(2)] == [1, 0]


def test_an_invoice_run_sends_nothing_for_an_agreement_that_ended() -> None:
    psa = Psa()
    psa.ledger.change_agreement(1, end=MARCH_31)
    assert psa.ledger.run_invoices(date(2026, 6, 1)) == []


def test_an_invoice_run_moves_the_last_updated_time_of_every_line() -> None:
    psa = Psa()
    line = psa.line(10)
    psa.time = psa.time.replace(month=4, day=1)
    psa.ledger.run_invoices(APRIL_1)
    assert psa.get(f"{LINES}/{line.id}")["_info"]["lastUpdated"] == "2026-04-01T09:30:00Z"


def test_sent_invoices_are_listed_by_the_agreement_they_apply_to() -> None:
    psa = Psa()
    psa.line(10)
    psa.ledger.run_invoices(APRIL_1)
    (invoice,) = psa.get("/finance/invoices", conditions='applyToType = "Agreement" and applyToId = 1')
    assert (invoice["date"], invoice["total"]) == ("2026-04-01T00:00:00Z", 100)


def test_an_invoice_through_the_api_is_sent_and_recorded_as_forbidden() -> None:
    psa = Psa()
    assert psa.call("POST", f"{AGREEMENTS}/1/invoice").status == 201
    assert [write["forbidden"] for write in psa.inspect("writes")] == [True]


def test_previews_and_invoices_can_be_inspected() -> None:
    psa = Psa()
    psa.line(10)
    psa.ledger.run_invoices(APRIL_1)
    assert [(invoice["dated"], invoice["total"]) for invoice in psa.inspect("invoices")] == [("2026-04-01", "100.00")]
    assert [(invoice["dated"], invoice["total"]) for invoice in psa.inspect("previews", on="2026-05-01")] == [("2026-05-01", "100.00")]
