"""Billing periods of a contract, the unit rows that follow from adjustments, and what they cost. Pure.

Each period has one row for each service. An adjustment on the first day of a period that is not posted changes that row; one in the
middle makes a row of its own up to the period's end. What such a row carries is a switch (``Reading``).
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from sandbox.autotask.records import Adjustment, Charge, Contract, Line, Reading, UnitRow

ONE_DAY = timedelta(days=1)
FOREVER = date(9999, 1, 1)

Period = tuple[date, date]
"""The first and the last day."""


def period_at(contract: Contract, day: date) -> Period:
    """The billing period that holds ``day``, counted from the contract's start."""
    return _period_at(contract.start, contract.months, day)


@lru_cache(maxsize=4096)
def _period_at(start: date, months: int, day: date) -> Period:
    number = ((day.year - start.year) * 12 + day.month - start.month) // months
    if _after(start, number * months) > day:
        number -= 1
    return _after(start, number * months), _after(start, (number + 1) * months) - ONE_DAY


def periods(contract: Contract, first: date, last: date) -> Iterator[Period]:
    """The contract's periods that touch the days from ``first`` to ``last``."""
    day = max(first, contract.start)
    while day <= min(last, contract.end):
        period = period_at(contract, day)
        yield period
        day = period[1] + ONE_DAY


def unit_rows(contract: Contract, line: Line, reading: Reading, first: date = date.min, last: date = FOREVER) -> Iterator[UnitRow]:
    """The rows of a contract service that touch some days: one a period from its first units on, and those of adjustments."""
    begins = min((each.effective for each in line.adjustments), default=FOREVER)
    for period in periods(contract, max(first, begins), last):
        yield from (row for row in _rows_in(contract, line, reading, period) if row.first <= last and row.last >= first)


def charges(contract: Contract, line: Line, name: str, through: date) -> Iterator[Charge]:
    """What is billed when everything up to ``through`` is posted: whole periods, and the part of a period that an adjustment adds or takes."""
    begins = min((each.effective for each in line.adjustments), default=FOREVER)
    for period in periods(contract, begins, through):
        if _posted_on(contract, period) is None and (units := _at_start(contract, line, period)):
            yield _charge(line, name, units, period, period)
        for each in _inside(contract, line, period):
            if each.posted_on is None:
                yield _charge(line, name, each.units, (each.effective, period[1]), period)


def _rows_in(contract: Contract, line: Line, reading: Reading, period: Period) -> Iterator[UnitRow]:
    number = line.id * 1_000_000 + (period[0] - contract.start).days * 10
    base, posted = _at_start(contract, line, period), _posted_on(contract, period)
    inside = sorted(_inside(contract, line, period), key=lambda each: each.effective)
    if reading is Reading.DELTA or not inside:
        yield UnitRow(number, line, *period, base, posted)
        yield from (UnitRow(number + 1 + place, line, each.effective, period[1], each.units, each.posted_on) for place, each in enumerate(inside))
        return
    begins_later = inside[0].effective > period[0]
    if base or begins_later:
        yield UnitRow(number, line, period[0], period[1] if inside[0].extra else inside[0].effective - ONE_DAY, base, posted)
    ends = [*(each.effective - ONE_DAY for each in inside[1:]), period[1]]
    for place, (each, end) in enumerate(zip(inside, ends, strict=True)):
        base += each.units
        yield UnitRow(number + 1 + place, line, each.effective, end, base, each.posted_on)


def _at_start(contract: Contract, line: Line, period: Period) -> int:
    return sum(each.units for each in line.adjustments if each.effective <= period[0] and not (each.extra and each.effective == period[0]))


def _inside(contract: Contract, line: Line, period: Period) -> list[Adjustment]:
    within = [each for each in line.adjustments if period[0] <= each.effective <= period[1]]
    return [each for each in within if each.effective > period[0] or each.extra]


def _posted_on(contract: Contract, period: Period) -> date | None:
    """The date on which a period was posted; its last day where nobody kept that."""
    if contract.posted_through is None or contract.posted_through < period[1]:
        return None
    return next((on for through, on in contract.postings if through >= period[1]), period[1])


def _charge(line: Line, name: str, units: int, part: Period, period: Period) -> Charge:
    days, of = (part[1] - part[0]).days + 1, (period[1] - period[0]).days + 1
    amount = (line.unit_price * units * days / of).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return Charge(line.id, name, units, line.unit_price, amount, *part)


def _after(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
