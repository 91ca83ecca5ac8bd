"""ConnectWise's records as our model, and what is not guessed where they leave something open."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from adapters.psa.connectwise import reading
from adapters.psa.connectwise.settings import CancelledDate, ConnectWiseSettings, NextInvoiceDate
from sync_core.model.agreements import AgreementStatus, Charge

SETTINGS = ConnectWiseSettings("psa one", "https://psa.example", "contoso", "client", "public", "private")
AGREEMENT = {
    "id": 5,
    "name": "Cloud",
    "company": {"id": 250},
    "agreementStatus": "Active",
    "startDate": "2026-01-15T00:00:00Z",
    "billingCycle": {"id": 2, "name": "Monthly"},
    "invoicingCycle": "ContractYear",
    "periodType": "Current",
    "billStartDate": "2026-01-15T00:00:00Z",
    "nextInvoiceDate": "2026-04-15T00:00:00Z",
}
LINE = {"id": 9, "product": {"id": 3, "identifier": "M365-BP"}, "quantity": Decimal("2.50"), "billCustomer": "Billable"}


def next_invoice(settings: ConnectWiseSettings = SETTINGS, **members: Any) -> date | None:
    return reading.agreement({**AGREEMENT, **members}, settings).next_invoice


def test_an_invoice_for_the_current_period_leaves_that_period_open() -> None:
    assert next_invoice(periodType="Current") == date(2026, 4, 15)


def test_an_invoice_for_the_future_period_leaves_the_next_one_open() -> None:
    assert next_invoice(periodType="Future") == date(2026, 5, 15)


@pytest.mark.parametrize(
    "members",
    [
        {"periodType": "Both"},
        {"periodType": "SomethingNew"},
        {"nextInvoiceDate": None},
        {"nextInvoiceDate": "2026-04-01T00:00:00Z"},
        {"billingCycle": {"name": "Every full moon"}},
        {"startDate": None},
    ],
)
def test_what_connectwise_does_not_clearly_say_is_not_guessed(members: dict[str, Any]) -> None:
    """Without a next invoice nothing is planned on the agreement. The fourth case is a date inside of a period."""
    assert next_invoice(**members) is None


@pytest.mark.parametrize(("told", "day"), [(NextInvoiceDate.CONTAINING, date(2026, 3, 15)), (NextInvoiceDate.FOLLOWING, date(2026, 4, 15))])
def test_a_setting_says_what_an_invoice_dated_inside_of_a_period_covers(told: NextInvoiceDate, day: date) -> None:
    assert next_invoice(replace(SETTINGS, next_invoice_date=told), nextInvoiceDate="2026-04-01T00:00:00Z") == day


def test_periods_of_a_calendar_year_count_from_january() -> None:
    assert reading.agreement({**AGREEMENT, "invoicingCycle": "CalendarYear"}, SETTINGS).anchor == date(2026, 1, 1)


@pytest.mark.parametrize(("name", "months"), [("Monthly", 1), ("quarterly", 3), ("Semi-Annual", 6), ("Yearly", 12), ("Weekly", 0), ("Quartal", 3)])
def test_billing_cycles_are_known_by_their_names_and_by_the_names_in_the_settings(name: str, months: int) -> None:
    settings = replace(SETTINGS, billing_cycles={"quartal": 3})
    assert reading.agreement({**AGREEMENT, "billingCycle": {"name": name}}, settings).period_months == months


@pytest.mark.parametrize(
    ("members", "status"),
    [
        ({}, AgreementStatus.ACTIVE),
        ({"cancelledFlag": True}, AgreementStatus.CANCELLED),
        ({"agreementStatus": "Expired"}, AgreementStatus.EXPIRED),
        ({"agreementStatus": "Paused"}, AgreementStatus.INACTIVE),
        ({"agreementStatus": None}, AgreementStatus.INACTIVE),
    ],
)
def test_only_an_agreement_that_is_surely_active_counts_as_active(members: dict[str, Any], status: AgreementStatus) -> None:
    assert reading.agreement({**AGREEMENT, **members}, SETTINGS).status is status


def test_an_end_date_counts_unless_the_agreement_has_none() -> None:
    ended = {**AGREEMENT, "endDate": "2026-12-31T00:00:00Z"}
    assert reading.agreement(ended, SETTINGS).end == date(2026, 12, 31)
    assert reading.agreement({**ended, "noEndingDateFlag": True}, SETTINGS).end is None


def test_a_currency_that_is_not_named_is_the_settings() -> None:
    assert reading.agreement(AGREEMENT, replace(SETTINGS, currency="GBP")).currency == "GBP"


def test_quantities_are_exact() -> None:
    assert reading.line(LINE, CancelledDate.INCLUSIVE).quantity == Decimal("2.50")


def test_dates_are_never_moved_between_zones() -> None:
    line = reading.line({**LINE, "effectiveDate": "2026-03-01T00:00:00Z"}, CancelledDate.INCLUSIVE)
    assert line.starts == date(2026, 3, 1)


@pytest.mark.parametrize(("told", "ends"), [(CancelledDate.INCLUSIVE, date(2026, 3, 31)), (CancelledDate.EXCLUSIVE, date(2026, 3, 30))])
def test_a_setting_says_whether_the_cancelled_date_is_billed(told: CancelledDate, ends: date) -> None:
    assert reading.line({**LINE, "cancelledDate": "2026-03-31T00:00:00Z"}, told).ends == ends


def test_a_line_that_ends_on_its_first_day_without_units_was_over_before_it_began() -> None:
    members = {"quantity": 0, "effectiveDate": "2026-04-01T00:00:00Z", "cancelledDate": "2026-04-01T00:00:00Z"}
    assert reading.line({**LINE, **members}, CancelledDate.INCLUSIVE).ends == date(2026, 3, 31)


@pytest.mark.parametrize(("name", "charge"), [("Billable", Charge.BILLABLE), ("DoNotBill", Charge.DO_NOT_BILL), ("NoCharge", Charge.NO_CHARGE)])
def test_the_charge_is_read(name: str, charge: Charge) -> None:
    assert reading.line({**LINE, "billCustomer": name}, CancelledDate.INCLUSIVE).charge is charge


@pytest.mark.parametrize(
    "members", [{"quantity": None}, {"quantity": "many"}, {"quantity": True}, {"product": None}, {"billCustomer": "Perhaps"}, {"cancelledDate": "x"}]
)
def test_a_line_that_cannot_be_read_whole_is_an_error(members: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        reading.line({**LINE, **members}, CancelledDate.INCLUSIVE)


def test_domains_come_from_websites_and_mail_addresses_in_any_form() -> None:
    companies = [{"id": 1, "website": "WWW.Contoso.example/home"}, {"id": 2, "website": "http://[broken"}, {"id": 3, "website": "n/a"}]
    items = [{"communicationType": "Email", "value": "Billing@Mail.Contoso.example "}, {"communicationType": "Phone", "value": "1@2"}]
    contacts: list[dict[str, Any]] = [{"company": {"id": 1}, "communicationItems": items}, {"company": None}]
    found = {company.company_id: company.domains for company in reading.companies(companies, contacts)}
    assert found == {"1": {"contoso.example", "mail.contoso.example"}, "2": frozenset(), "3": frozenset()}
