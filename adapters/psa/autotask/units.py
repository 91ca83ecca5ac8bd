"""How many units of a service a contract has on a day, out of Autotask's dated unit rows. Pure.

Every billing period has one row for each service. An adjustment in the middle of a period makes a further row up to the period's
end, and it is not documented whether that row carries the difference (``DELTA``) or the new number (``TOTAL``). Where a single
row covers the day, both readings give the same number, and that is so on the first day of a period, on which our changes count.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from adapters.psa.records import Record, amount, day, identifier
from sync_core.billing.periods import period_of
from sync_core.model.agreements import Agreement, Held

ONE_DAY = timedelta(days=1)
FIELDS = ("id", "contractID", "contractServiceID", "startDate", "endDate", "units", "approveAndPostDate")
EVIDENCE = 2
"""How many periods must show the same reading before it is believed."""


class Reading(StrEnum):
    """What a row carries that an adjustment made in the middle of a period."""

    DELTA = "delta"
    TOTAL = "total"


class Unclear(ValueError):
    """The two readings give different numbers, and nobody knows which one holds."""


@dataclass(frozen=True)
class UnitRow:
    """A row of contract service units: ``units`` for the days ``first`` to ``last``, approved and posted on the date ``posted_on``."""

    row_id: int
    contract_id: str
    line_id: str
    first: date
    last: date
    units: int
    posted_on: date | None

    @property
    def posted(self) -> bool:
        """Whether it was approved and posted."""
        return self.posted_on is not None

    def covers(self, on: date) -> bool:
        """Whether the row is about this day."""
        return self.first <= on <= self.last


@dataclass(frozen=True)
class Holding:
    """What a line holds on a day: for one that begins later what it begins with, for one that is over what it held last.

    One whose rows were all brought to nothing was over before it began. One without rows was never given units, and is not over.
    """

    units: int
    begins: date | None = None
    ends: date | None = None


def unit_row(record: Record) -> UnitRow:
    """A row; raises ``ValueError`` when it cannot be read whole."""
    first, last = day(record, "startDate"), day(record, "endDate")
    if first is None or last is None:
        raise ValueError("startDate or endDate is missing")
    units = amount(record, "units")
    if units != int(units):
        raise ValueError("units is no whole number")
    posted_on = day(record, "approveAndPostDate")
    names = identifier(record, "contractID"), identifier(record, "contractServiceID")
    return UnitRow(int(amount(record, "id")), *names, first, last, int(units), posted_on)


def units_on(rows: Iterable[UnitRow], on: date, reading: Reading | None) -> int:
    """The units on a day, out of the rows of one line; raises ``Unclear`` when the reading is not known and matters."""
    covering = [row for row in rows if row.covers(on)]
    total, latest = sum(row.units for row in covering), _latest(covering)
    if reading is None and total != latest:
        raise Unclear(f"{len(covering)} rows cover {on}: {total} units if they carry differences, {latest} if totals")
    return latest if reading is Reading.TOTAL else total


def holding(rows: Sequence[UnitRow], on: date, reading: Reading | None) -> Holding:
    """What one line holds on a day; raises ``Unclear``."""
    if units := units_on(rows, on, reading):
        return Holding(units)
    edges = sorted({row.first for row in rows} | {row.last + ONE_DAY for row in rows})
    for edge in (edge for edge in edges if edge > on):
        if units := units_on(rows, edge, reading):
            return Holding(units, begins=edge)
    past = [edge for edge in edges if edge <= on]
    for place in range(len(past) - 2, -1, -1):
        if units := units_on(rows, past[place], reading):
            return Holding(units, ends=past[place + 1] - ONE_DAY)
    return Holding(0, ends=min(row.first for row in rows) - ONE_DAY if rows else None)


def levels(rows: Sequence[UnitRow], last: date, reading: Reading | None) -> tuple[Held, ...]:
    """What one line holds from each day on which that changes, out of its rows up to ``last``; raises ``Unclear``."""
    found: list[Held] = []
    edges = {row.first for row in rows} | {row.last + ONE_DAY for row in rows}
    for edge in sorted(edge for edge in edges if edge <= last):
        units = Decimal(units_on(rows, edge, reading))
        if units != (found[-1].units if found else 0):
            found.append(Held(edge, units))
    return tuple(found)


def detected(heads: Iterable[Agreement], rows: Iterable[UnitRow]) -> Reading | None:
    """The reading that the rows themselves show; ``None`` when too few do, or when they contradict each other."""
    by_contract = {head.agreement_id: head for head in heads if head.period_months}
    found = [shown for line in by_line(rows).values() for shown in _evidence(line, by_contract.get(line[0].contract_id))]
    return found[0] if len(found) >= EVIDENCE and len(set(found)) == 1 else None


def by_line(rows: Iterable[UnitRow]) -> dict[str, list[UnitRow]]:
    """The rows of each line."""
    lines: dict[str, list[UnitRow]] = defaultdict(list)
    for row in rows:
        lines[row.line_id].append(row)
    return lines


def _evidence(rows: Iterable[UnitRow], head: Agreement | None) -> Iterator[Reading]:
    """The readings that periods with an adjustment show, each by the single row of the period after it, which carries all units."""
    if head is None:
        return
    periods: dict[date, list[UnitRow]] = defaultdict(list)
    for row in rows:
        periods[period_of(head, row.first).first].append(row)
    for first in sorted(periods):
        following = periods.get(period_of(head, first).last + ONE_DAY, [])
        if len(periods[first]) > 1 and len(following) == 1:
            total, latest, after = sum(row.units for row in periods[first]), _latest(periods[first]), following[0].units
            if total != latest and after in (total, latest):
                yield Reading.DELTA if after == total else Reading.TOTAL


def _latest(rows: Iterable[UnitRow]) -> int:
    last = max(rows, key=lambda row: (row.first, row.row_id), default=None)
    return last.units if last else 0
