"""Billing periods: equal numbers of calendar months, counted from an anchor day."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Self

from sandbox.connectwise.records import Agreement, InvoicingCycle


@dataclass(frozen=True)
class Period:
    """The days ``first_day`` to ``last_day``, both inclusive."""

    first_day: date
    last_day: date

    @property
    def days(self) -> int:
        """How many days the period has."""
        return (self.last_day - self.first_day).days + 1

    def overlap(self, first_day: date, last_day: date | None) -> Self | None:
        """The part of the period within the given days (None is open-ended), or None when there is none."""
        start, end = max(self.first_day, first_day), min(self.last_day, last_day or self.last_day)
        return type(self)(start, end) if start <= end else None


def add_months(day: date, months: int) -> date:
    """The same day of the month ``months`` later, or that month's last day where it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def anchor(agreement: Agreement) -> date:
    """The day that periods are counted from: the bill start, or 1 January of its year when the agreement invoices by calendar year."""
    start = agreement.first_day
    return date(start.year, 1, 1) if agreement.invoicing_cycle is InvoicingCycle.CALENDAR_YEAR else start


def period_at(agreement: Agreement, day: date) -> Period:
    """The billing period that holds ``day``.

    Every period is counted from the anchor itself, so an agreement anchored on the 31st starts on 28 or 29 February and
    on 31 March again.
    """
    return _period_at(anchor(agreement), agreement.cycle.months, day)


@lru_cache(maxsize=4096)
def _period_at(origin: date, months: int, day: date) -> Period:
    number = ((day.year - origin.year) * 12 + day.month - origin.month) // months
    if add_months(origin, number * months) > day:
        number -= 1
    following = add_months(origin, (number + 1) * months)
    return Period(add_months(origin, number * months), following - timedelta(days=1))


def period_after(agreement: Agreement, period: Period) -> Period:
    """The billing period that follows ``period``."""
    return period_at(agreement, period.last_day + timedelta(days=1))
