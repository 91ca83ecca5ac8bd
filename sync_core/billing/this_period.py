"""What a change comes to in the billing period that holds its plan's business date, whichever invoice shows it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sync_core.billing.periods import ONE_DAY, Period, price_in_period
from sync_core.model.agreements import Charge
from sync_core.model.plans import Change, ChangeKind

_NO_MONEY = (ChangeKind.NONE, ChangeKind.SET_TEXT, ChangeKind.ADOPT, ChangeKind.HAND_BACK)
_NOTHING = Decimal(0)


def money_this_period(change: Change) -> Decimal | None:
    """Net, each part rounded half up to cents as invoices are; ``None`` for a change that moves no money, or whose period is not known."""
    if change.period_first is None or change.period_last is None or change.kind in _NO_MONEY:
        return None
    if change.shifts:
        return sum((_days(change, _unit(change) * each.units, each.first) for each in change.shifts), _NOTHING)
    beside = sum((_days(change, _unit(change) * each.units, each.first, each.last) for each in change.self_ending), _NOTHING)
    return beside + (_NOTHING if change.kind is ChangeKind.PRORATE else _of_line(change))


def _of_line(change: Change) -> Decimal:
    """What the line itself bills more: for the whole period, or for its days where the PSA bills them so."""
    first = change.line_from or change.effective
    if first is None or change.period_last is None:
        return _NOTHING
    first = first + ONE_DAY if change.kind is ChangeKind.END else first
    by_days = change.kind is ChangeKind.END or (change.prorated and not change.self_ending)
    if by_days:
        return _days(change, change.money, first)
    return change.money if first <= change.period_last else _NOTHING


def _days(change: Change, money: Decimal, first: date, last: date | None = None) -> Decimal:
    """``money``, for a whole period, for those of the days that lie in the present one."""
    assert change.period_first and change.period_last, "a change without a period comes to nothing"
    return price_in_period(money, Period(change.period_first, change.period_last), first, last or change.period_last)


def _unit(change: Change) -> Decimal:
    """What one more unit costs in a whole period: nothing on a line that is not charged."""
    return change.unit_price if change.rests_on.get("charge", change.terms.charge) == Charge.BILLABLE else _NOTHING
