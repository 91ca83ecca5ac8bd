"""Billing periods of an agreement: whole months from an anchor day, tiling the calendar without gaps. PSA dates throughout."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from sync_core.model.agreements import Agreement

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Period:
    """The days from ``first`` to ``last``, both included."""

    first: date
    last: date


def period_of(agreement: Agreement, day: date) -> Period:
    """The period that holds ``day``; raises ``ValueError`` for a cycle that is not in whole months.

    A period begins on the anchor's day of month, or on the month's last day where it has no such day.
    """
    length = agreement.period_months
    if length <= 0:
        raise ValueError(f"Agreement {agreement.agreement_id} has no period in whole months: {agreement.cycle}")
    number = ((day.year - agreement.anchor.year) * 12 + day.month - agreement.anchor.month) // length
    if _months_after(agreement.anchor, number * length) > day:
        number -= 1
    return Period(_months_after(agreement.anchor, number * length), _months_after(agreement.anchor, (number + 1) * length) - ONE_DAY)


def first_open_day(agreement: Agreement) -> date:
    """The start of the first period that is not yet invoiced: from here on a change can count. Raises ``ValueError`` if the PSA names none."""
    if agreement.next_invoice is None:
        raise ValueError(f"Agreement {agreement.agreement_id} has no next invoice")
    return max(agreement.next_invoice, agreement.start)


def last_billed_day(agreement: Agreement, on: date) -> date:
    """The day a line ends that is given up on ``on``: the end of that period, or of the invoiced time where that is later."""
    return max(period_of(agreement, on).last, first_open_day(agreement) - ONE_DAY)


def invoice_for(agreement: Agreement, day: date) -> date:
    """The date of the first invoice that shows a change counting from ``day``: that of its period, if it is still to come."""
    return max(period_of(agreement, day).first, first_open_day(agreement))


def price_of_days(agreement: Agreement, price: Decimal, first: date, last: date) -> Decimal:
    """``price``, net for a whole period, for the days from ``first`` to ``last``: by the days of each period, each rounded half up to cents.

    Unverified: that ConnectWise rounds so; integrators compute it by days, both ends included.
    """
    total = Decimal(0)
    while first <= last:
        period = period_of(agreement, first)
        total += price_in_period(price, period, first, last)
        first = period.last + ONE_DAY
    return total


def price_in_period(price: Decimal, period: Period, first: date, last: date) -> Decimal:
    """``price``, net for the whole period, for those days from ``first`` to ``last`` that lie in it; rounded half up to cents."""
    days, all_days = (min(last, period.last) - max(first, period.first)).days + 1, (period.last - period.first).days + 1
    return (price * days / all_days).quantize(Decimal("0.01"), ROUND_HALF_UP) if days > 0 else Decimal(0)


def _months_after(anchor: date, months: int) -> date:
    """Counted from the anchor itself, so that 31 January leads to 28 February and then to 31 March."""
    year, month = divmod(anchor.year * 12 + anchor.month - 1 + months, 12)
    return date(year, month + 1, min(anchor.day, calendar.monthrange(year, month + 1)[1]))
