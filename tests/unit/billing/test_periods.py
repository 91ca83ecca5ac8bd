"""Periods: anchored on any day, in whole months, without a gap."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_core.billing.periods import Period, first_open_day, invoice_for, last_billed_day, period_of
from tests.unit.billing.world import agreement

DAYS = st.dates(date(1990, 1, 1), date(2100, 1, 1))
MONTHS = st.sampled_from((1, 2, 3, 6, 12))


@pytest.mark.parametrize(
    ("anchor", "months", "day", "first", "last"),
    [
        ("2025-01-01", 1, "2025-04-17", "2025-04-01", "2025-04-30"),
        ("2025-01-01", 1, "2024-02-29", "2024-02-01", "2024-02-29"),
        ("2025-01-31", 1, "2025-02-28", "2025-02-28", "2025-03-30"),
        ("2025-01-31", 1, "2025-03-31", "2025-03-31", "2025-04-29"),
        ("2024-01-30", 1, "2024-02-29", "2024-02-29", "2024-03-29"),
        ("2025-02-15", 3, "2025-05-14", "2025-02-15", "2025-05-14"),
        ("2024-02-29", 12, "2025-03-01", "2025-02-28", "2026-02-27"),
        ("2025-07-01", 12, "2025-04-17", "2024-07-01", "2025-06-30"),
    ],
)
def test_the_period_that_holds_a_day(anchor: str, months: int, day: str, first: str, last: str) -> None:
    found = period_of(agreement(anchor=date.fromisoformat(anchor), period_months=months), date.fromisoformat(day))
    assert found == Period(date.fromisoformat(first), date.fromisoformat(last))


@given(DAYS, MONTHS, DAYS)
def test_periods_tile_the_calendar(anchor: date, months: int, day: date) -> None:
    """Every day lies in exactly one period, and the next begins the day after."""
    head = agreement(anchor=anchor, period_months=months)
    period = period_of(head, day)
    assert period.first <= day <= period.last
    assert period_of(head, period.first) == period_of(head, period.last) == period
    assert period_of(head, period.last + timedelta(days=1)).first == period.last + timedelta(days=1)


@given(DAYS, MONTHS)
def test_a_period_begins_on_the_anchor(anchor: date, months: int) -> None:
    assert period_of(agreement(anchor=anchor, period_months=months), anchor).first == anchor


def test_a_cycle_without_whole_months_has_no_period() -> None:
    with pytest.raises(ValueError, match="Weekly"):
        period_of(agreement(period_months=0, cycle="Weekly"), date(2025, 4, 17))


def test_changes_count_from_the_first_day_without_an_invoice() -> None:
    assert first_open_day(agreement(next_invoice=date(2025, 6, 1))) == date(2025, 6, 1)
    assert first_open_day(agreement(start=date(2025, 7, 1))) == date(2025, 7, 1)
    with pytest.raises(ValueError, match="no next invoice"):
        first_open_day(agreement(next_invoice=None))


def test_a_line_given_up_is_billed_to_the_end_of_its_period_or_of_what_is_invoiced() -> None:
    arrears = agreement(next_invoice=date(2025, 4, 1))
    ahead = agreement(next_invoice=date(2025, 6, 1))
    assert last_billed_day(arrears, date(2025, 4, 17)) == date(2025, 4, 30)
    assert last_billed_day(ahead, date(2025, 4, 17)) == date(2025, 5, 31)


def test_a_change_inside_an_open_period_is_on_that_periods_invoice() -> None:
    assert invoice_for(agreement(), date(2025, 6, 15)) == date(2025, 6, 1)
    assert invoice_for(agreement(), date(2025, 4, 20)) == date(2025, 5, 1)
