"""Autotask's records as agreements and lines, and the first day that is not invoiced."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from adapters.psa.autotask.reading import Labels, companies, contract, described, labels, line, marked, product, with_next_invoice
from adapters.psa.autotask.settings import AutotaskSettings, NextInvoice
from adapters.psa.autotask.units import Holding, UnitRow
from sync_core.model.agreements import Agreement, AgreementStatus

SETTINGS = AutotaskSettings("psa one", "https://webservices.autotask.net", "UTC", "user", "a", "b", billing_cycles={"halbes jahr": 6})
NAMES = Labels({"21": "Monthly", "22": "Halbes Jahr", "23": "Weekly"}, {"12": "Managed Services"}, {"0": "Inactive", "5": "Active"})
TODAY, APRIL, MARCH = date(2026, 3, 17), date(2026, 4, 1), date(2026, 3, 1)
RECORD: dict[str, Any] = {
    "id": 7,
    "companyID": 250,
    "contractName": "Cloud",
    "contractPeriodType": 21,
    "contractCategory": 12,
    "status": 5,
    "startDate": "2026-01-01T00:00:00Z",
    "endDate": "2027-12-31T00:00:00Z",
}


def head(**members: Any) -> Agreement:
    return contract({**RECORD, **members}, NAMES, SETTINGS, TODAY, "EUR")


def month(number: int, posted: bool, units: int = 5, first: date | None = None) -> UnitRow:
    """A row of a month of 2026, or of the rest of it."""
    begins = date(2026, number, 1)
    last = date(2026, number, {1: 31, 2: 28, 3: 31, 4: 30}[number])
    return UnitRow(number, "7", "1", first or begins, last, units, last if posted else None)


def opens(*rows: UnitRow, rule: NextInvoice = NextInvoice.POSTED, **members: Any) -> date | None:
    return with_next_invoice(head(**members), rows, TODAY, rule).next_invoice


def test_a_contract_is_an_agreement_with_its_picklists_by_label() -> None:
    agreement = head()
    assert (agreement.agreement_id, agreement.company_id, agreement.type_name, agreement.currency) == ("7", "250", "Managed Services", "EUR")
    assert (agreement.status, agreement.period_months, agreement.end) == (AgreementStatus.ACTIVE, 1, date(2027, 12, 31))


@pytest.mark.parametrize(("period", "months"), [(22, 6), (23, 0), (99, 0)])
def test_a_cycle_of_ones_own_may_be_named_and_an_unknown_one_is_shown(period: int, months: int) -> None:
    agreement = head(contractPeriodType=period)
    assert agreement.period_months == months
    assert agreement.cycle


def test_a_status_is_known_by_its_label_and_an_end_that_is_past_is_over() -> None:
    assert head(status=0).status is AgreementStatus.INACTIVE
    assert head(endDate="2026-03-16T00:00:00Z").status is AgreementStatus.EXPIRED
    assert labels({"status": {"1": "Aktiv"}}).active == "1"


def test_billing_in_advance_leaves_the_next_period_open() -> None:
    assert opens() == APRIL


def test_billing_in_arrears_leaves_the_present_period_open() -> None:
    assert opens(month(3, posted=False)) == MARCH


def test_a_period_posted_ahead_moves_the_open_one() -> None:
    assert opens(month(4, posted=True)) == date(2026, 5, 1)


def test_a_period_that_is_posted_in_part_counts_as_invoiced() -> None:
    """A line that was added in the middle of a posted month is still open, the others are not."""
    assert opens(month(3, posted=True), month(3, posted=False, first=date(2026, 3, 10))) == APRIL


def test_rows_without_units_are_nothing_to_post() -> None:
    assert opens(month(1, posted=False, units=0)) == APRIL


def test_a_contract_that_begins_later_is_open_from_its_start() -> None:
    assert opens(startDate="2026-05-15T00:00:00Z") == date(2026, 5, 15)


def test_of_a_contract_that_nobody_posts_nothing_is_said() -> None:
    old = replace(month(1, posted=False), first=date(2025, 11, 1), last=date(2025, 11, 30))
    assert opens(old, startDate="2025-01-01T00:00:00Z") is None


def test_by_the_calendar_the_present_period_always_counts_as_invoiced() -> None:
    assert opens(month(3, posted=False), rule=NextInvoice.CALENDAR) == APRIL


def test_a_cycle_that_is_not_known_has_no_next_invoice() -> None:
    assert opens(contractPeriodType=23) is None


LINE: dict[str, Any] = {"id": 3, "contractID": 7, "serviceID": 17, "unitPrice": 12.5, "internalDescription": None, "invoiceDescription": "Premium"}


def test_a_contract_service_is_a_line_with_what_it_holds() -> None:
    found = line(LINE, Holding(5), {"17": "M365-BP"})
    assert (found.line_id, found.product_id, found.product, found.quantity) == ("3", "17", "M365-BP", Decimal(5))
    assert (found.unit_price, found.text, found.marker, found.starts, found.ends) == (Decimal("12.5"), "Premium", "", None, None)


def test_our_own_line_carries_marker_and_start_in_its_internal_description() -> None:
    text = described("M365-a-0123456789", APRIL)
    assert marked(text) == ("M365-a-0123456789", APRIL)
    assert line({**LINE, "internalDescription": text}, Holding(5), {"17": "M365-BP"}).starts == APRIL


def test_our_own_line_that_was_ended_before_it_began_keeps_that_day_in_later_months() -> None:
    """Rows without units go on for ever, so the first one that is looked at moves with time."""
    ours = {**LINE, "internalDescription": described("M365-a-0123456789", APRIL)}
    assert line(ours, Holding(0, ends=date(2026, 8, 31)), {"17": "M365-BP"}).ends == date(2026, 3, 31)


def test_the_longest_marker_fits_into_the_internal_description() -> None:
    assert len(described("x" * 50, APRIL)) <= 100


@pytest.mark.parametrize("text", ["of somebody else", "from 2026-04-01", "x from 2026-13-01", "x from soon"])
def test_a_description_of_somebody_else_is_a_marker_without_a_start(text: str) -> None:
    assert marked(f" {text} ") == (text, None)


@pytest.mark.parametrize("wrong", [{"serviceID": None}, {"serviceID": 18}, {"unitPrice": "much"}, {"id": None}])
def test_a_line_that_cannot_be_read_whole_is_an_error(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        line({**LINE, **wrong}, Holding(5), {"17": "M365-BP"})


def test_a_service_is_known_by_its_name() -> None:
    found = product({"id": 17, "name": "M365-BP", "description": None, "unitPrice": 22, "isActive": False})
    assert (found.product_id, found.identifier, found.name, found.price, found.active) == ("17", "M365-BP", "M365-BP", Decimal(22), False)


def test_companies_get_the_domains_of_all_addresses_and_nothing_else_of_a_contact() -> None:
    contacts = [{"companyID": 1, "emailAddress": "a@Contoso.example", "emailAddress2": None, "emailAddress3": "b@mail.contoso.example"}]
    found = companies([{"id": 1, "companyName": "Contoso", "webAddress": "www.contoso.example"}, {"id": 2, "companyName": "Fabrikam"}], contacts)
    assert [company.domains for company in found] == [{"contoso.example", "mail.contoso.example"}, frozenset()]
