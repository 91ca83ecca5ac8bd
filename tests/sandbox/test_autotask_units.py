"""What adjustments do to the rows of units, what is refused, and what is billed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from sandbox.autotask.records import Reading
from tests.sandbox.autotask_psa import APRIL, JANUARY, MARCH_17, MARCH_31, Psa, errors, named

SINCE_MARCH = (named("endDate", "gte", "2026-03-01T00:00:00"), named("startDate", "lte", "2026-04-30T12:00:00"))
MARCH, IN_APRIL = ("2026-03-01", "2026-03-31"), ("2026-04-01", "2026-04-30")


def test_every_period_has_a_row_and_posted_ones_say_so() -> None:
    assert Psa().rows(*SINCE_MARCH) == [(*MARCH, 10, True), (*IN_APRIL, 10, False)]


@pytest.mark.parametrize("reading", Reading)
def test_an_adjustment_on_the_first_day_of_a_period_changes_its_row(reading: Reading) -> None:
    psa = Psa(reading=reading)
    assert psa.adjust(2).json() == {"itemId": 1}
    assert psa.rows(*SINCE_MARCH) == [(*MARCH, 10, True), (*IN_APRIL, 12, False)]


@pytest.mark.parametrize(
    ("reading", "rows"),
    [
        (Reading.DELTA, [("2026-04-01", "2026-04-30", 10), ("2026-04-11", "2026-04-30", 2)]),
        (Reading.TOTAL, [("2026-04-01", "2026-04-10", 10), ("2026-04-11", "2026-04-30", 12)]),
    ],
)
def test_an_adjustment_within_a_period_makes_a_row_and_the_next_period_has_all_units(reading: Reading, rows: list[Any]) -> None:
    psa = Psa(reading=reading)
    psa.adjust(2, "2026-04-11T12:00:00")
    assert [row[:3] for row in psa.rows(named("startDate", "gte", "2026-04-01T00:00:00"), named("startDate", "lte", "2026-04-30T00:00:00"))] == rows
    assert psa.rows(named("startDate", "eq", "2026-05-01T00:00:00"))[0][2] == 12


@pytest.mark.parametrize("reading", Reading)
def test_the_money_is_the_same_whatever_the_rows_carry(reading: Reading) -> None:
    """31.00 a unit: ten units for April, and two more for 20 of its 30 days."""
    psa = Psa(reading=reading)
    psa.adjust(2, "2026-04-11T12:00:00")
    assert [charge.amount for charge in psa.ledger.invoice_preview(1).charges] == [Decimal("310.00"), Decimal("41.33")]


def test_only_the_day_of_an_effective_date_counts_and_midnight_may_be_the_day_before() -> None:
    psa = Psa(charges_posted_periods=True)
    psa.adjust(2, "2026-04-01T00:00:00")
    assert psa.line.adjustments[-1].effective == MARCH_31


def test_a_posted_period_is_closed_unless_it_is_charged_extra() -> None:
    assert "already approved and posted" in errors(Psa().adjust(2, "2026-03-17T12:00:00"))
    psa = Psa(charges_posted_periods=True)
    psa.adjust(2, "2026-03-17T12:00:00")
    assert ("2026-03-17", "2026-03-31", 2, False) in psa.rows(*SINCE_MARCH)
    assert psa.ledger.invoice_preview(1).total == Decimal("30.00") + Decimal("372.00")


@pytest.mark.parametrize(
    ("members", "text"),
    [
        ({"units": 0}, "unitChange"),
        ({"units": -11}, "below 0"),
        ({"units": 2, "effective": "2025-12-31T12:00:00"}, "between the contract's start and end"),
        ({"units": 2, "effective": "soon"}, "not a date"),
        ({"units": 2, "effective": None}, "effectiveDate: is required"),
        ({"units": 1.5}, "whole number"),
        ({"units": 2, "contractServiceID": 99}, "no matching records"),
        ({"units": 2, "marker": "x"}, "Unable to find marker in the ContractServiceAdjustment Entity."),
    ],
)
def test_a_wrong_adjustment_changes_nothing_and_names_the_field(members: dict[str, Any], text: str) -> None:
    psa = Psa()
    assert text in errors(psa.adjust(**members))
    assert psa.ledger.writes == []


def test_a_second_adjustment_on_a_day_within_a_period_is_a_duplicate_and_on_its_first_day_is_not() -> None:
    psa = Psa()
    assert [psa.adjust(1).status for _ in range(2)] == [200, 200]
    psa.adjust(1, "2026-04-11T12:00:00")
    assert "duplicate data into contract_service_period" in errors(psa.adjust(1, "2026-04-11T12:00:00"))
    strict = Psa(one_adjustment_a_day=True)
    strict.adjust(1)
    assert "duplicate" in errors(strict.adjust(1))


def test_an_adjustment_without_the_services_id_makes_a_service_and_is_recorded_as_forbidden() -> None:
    psa = Psa(units=0)
    body = {"contractID": 1, "serviceID": 1, "unitChange": 3, "effectiveDate": "2026-04-01T12:00:00"}
    psa.call("POST", "/ContractServiceAdjustments", body)
    assert psa.line.units_on(APRIL) == 3
    assert psa.ledger.writes[0].forbidden


def test_a_new_service_has_no_units_and_takes_price_and_text_from_the_catalogue() -> None:
    psa = Psa(units=0)
    assert psa.add(internalDescription="M365-a-1 from 2026-04-01").json() == {"itemId": 1}
    assert (psa.line.unit_price, psa.line.invoice_description, psa.line.units_on(APRIL)) == (Decimal(31), "M365-BP", 0)
    assert psa.rows() == []


@pytest.mark.parametrize(
    ("members", "text"),
    [
        ({"serviceID": 9}, "serviceID"),
        ({"contractID": 2}, "contractID"),
        ({"internalDescription": "x" * 101}, "longer than 100"),
        ({"invoiceDescription": "x" * 1001}, "longer than 1000"),
        ({"units": 3}, "Unable to find units"),
    ],
)
def test_a_wrong_service_is_refused_by_field(members: dict[str, Any], text: str) -> None:
    assert text in errors(Psa().add(**members))


def test_whether_a_contract_takes_a_service_twice_and_what_it_begins_with_are_switches() -> None:
    assert Psa().add().status == 200
    assert "already on the contract" in errors(Psa(repeat_services=False).add())
    psa = Psa(initial_units=1, units=0)
    psa.add()
    assert psa.line.units_on(APRIL) == 1


def test_of_a_service_only_the_invoice_text_and_the_price_can_be_changed() -> None:
    psa = Psa()
    assert psa.call("PATCH", "/Contracts/1/Services", {"id": 1, "invoiceDescription": "Premium"}).status == 200
    assert psa.line.invoice_description == "Premium"
    assert "internalDescription: the field is read-only" in errors(psa.call("PATCH", "/Contracts/1/Services", {"id": 1, "internalDescription": "x"}))


def test_posting_bills_what_was_open_and_nothing_twice() -> None:
    psa = Psa()
    psa.adjust(2, "2026-04-16T12:00:00")
    (april,) = psa.ledger.post(APRIL)
    assert april.total == Decimal("341.00")
    assert psa.ledger.post(APRIL) == []
    (may,) = psa.ledger.post(date(2026, 5, 1))
    assert (may.first, may.total) == (date(2026, 5, 1), Decimal("372.00"))


def test_a_contract_that_begins_within_a_month_has_periods_of_its_own() -> None:
    psa = Psa()
    later = psa.ledger.contract(psa.company, "Later", MARCH_17, date(2026, 6, 30))
    psa.ledger.line(later, psa.service, 1)
    rows = psa.rows(named("contractID", "eq", later.id))
    assert [row[0] for row in rows] == ["2026-03-17", "2026-04-17", "2026-05-17", "2026-06-17"]
    assert psa.contract.start == JANUARY
