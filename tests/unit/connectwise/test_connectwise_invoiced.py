"""When an invoice's total speaks against the next invoice date, and the many cases in which it must not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from adapters.psa.connectwise.invoiced import Invoice, contradiction
from sync_core.model.agreements import Agreement, AgreementLines, AgreementStatus, Line

JANUARY, FEBRUARY, MARCH, APRIL, MAY = (date(2026, month, 1) for month in range(1, 6))
MADE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
BEFORE = "2026-03-01T08:00:00Z"
HEAD = Agreement("cw", "1", "1", "Cloud", "", AgreementStatus.ACTIVE, JANUARY, None, 1, JANUARY, APRIL, prorates=True, currency="USD")


def line(number: int, units: int, starts: date, ends: date | None = None, edited: str = BEFORE) -> Line:
    """A line at 31.00 a unit."""
    return Line(str(number), "1", "P", Decimal(units), Decimal(31), starts=starts, ends=ends, edited_at=edited)


MAIN = line(1, 10, JANUARY)


def against(total: str, *lines: Line, opens: date = APRIL, dated: date = MARCH, made: datetime | None = MADE) -> str:
    """What an invoice says against an agreement with these lines."""
    return contradiction(Invoice(dated, Decimal(total), made), AgreementLines(replace(HEAD, next_invoice=opens), lines))


@pytest.mark.parametrize("dated", [MARCH, date(2026, 3, 28), APRIL, date(2026, 4, 9)], ids=str)
def test_an_invoice_of_an_open_period_only_speaks_against_it_on_whatever_day_it_is_dated(dated: date) -> None:
    why = against("403.00", MAIN, line(2, 3, APRIL), dated=dated)
    assert f"dated {dated}" in why
    assert "from 2026-04-01 to 2026-04-30; by its next invoice date nothing from 2026-04-01 on is invoiced" in why


def test_an_invoice_of_an_earlier_period_speaks_against_it_where_it_is_older_than_the_one_that_should_be_there() -> None:
    lines = (MAIN, line(2, 3, MARCH))
    assert "no invoice of 2026-03-01 to 2026-03-31 is seen" in against("310.00", *lines, dated=FEBRUARY)
    assert against("310.00", *lines, dated=MARCH) == ""


def test_an_invoice_of_the_last_invoiced_period_says_the_same() -> None:
    assert against("403.00", MAIN, line(2, 3, MARCH, date(2026, 3, 31))) == ""


def test_periods_that_cost_the_same_on_both_sides_tell_nothing() -> None:
    assert against("310.00", MAIN) == ""


def test_a_total_that_no_period_comes_to_tells_nothing() -> None:
    assert against("402.99", MAIN, line(2, 3, APRIL)) == ""


def test_an_invoice_of_nothing_tells_nothing() -> None:
    assert against("0", line(2, 3, FEBRUARY, date(2026, 2, 28))) == ""


def test_a_period_that_costs_nothing_needs_no_invoice() -> None:
    assert against("310.00", line(1, 10, JANUARY, date(2026, 2, 28)), dated=FEBRUARY) == ""


def test_days_that_were_billed_late_are_no_earlier_period() -> None:
    """April's invoice shows 10 units, and the 2 of 15 days in March that March's invoice came too early for."""
    late = line(2, 2, date(2026, 3, 17), date(2026, 3, 31))
    assert against("340.00", MAIN, late, opens=MAY, dated=MARCH) == ""


@pytest.mark.parametrize("edited", ["2026-03-02T09:05:00Z", "", "yesterday", "2026-03-01T08:00:00"])
def test_a_line_that_was_changed_since_or_does_not_say_when_tells_nothing(edited: str) -> None:
    assert against("403.00", MAIN, line(2, 3, APRIL, edited=edited)) == ""


def test_lines_that_the_invoice_run_itself_stamped_are_not_edited() -> None:
    stamped = (MADE + timedelta(seconds=20)).isoformat()
    assert against("403.00", MAIN, line(2, 3, APRIL, edited=stamped)) != ""


def test_an_invoice_that_does_not_say_when_it_was_made_tells_nothing() -> None:
    assert against("403.00", MAIN, line(2, 3, APRIL), made=None) == ""


def test_with_many_lines_that_may_have_been_billed_late_a_total_tells_nothing() -> None:
    young = [line(number, 1, date(2026, 2, 10), date(2026, 2, 20)) for number in range(3, 11)]  # and the line of 10
    assert against("403.00", MAIN, line(2, 3, APRIL), *young[:-1]) != ""
    assert against("403.00", MAIN, line(2, 3, APRIL), *young) == ""
