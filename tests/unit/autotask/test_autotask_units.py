"""Units on a day out of dated rows, whichever of the two readings holds, and finding out which."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.psa.autotask.units import Holding, Reading, Unclear, UnitRow, detected, holding, unit_row, units_on
from sandbox.autotask.records import Adjustment, Contract, Line
from sandbox.autotask.records import Reading as Kept
from sandbox.autotask.units import unit_rows
from sync_core.model.agreements import Agreement, AgreementStatus

START, END = date(2026, 1, 1), date(2026, 12, 31)
HEAD = Agreement("psa", "1", "1", "Cloud", "", AgreementStatus.ACTIVE, START, END, 1, START, None, True, "USD")
MARCH_10, MARCH_31, APRIL = date(2026, 3, 10), date(2026, 3, 31), date(2026, 4, 1)


def row(first: date, last: date, units: int, row_id: int = 1, line: str = "1") -> UnitRow:
    return UnitRow(row_id, "1", line, first, last, units, None)


MARCH = row(date(2026, 3, 1), MARCH_31, 10)
CHANGED = row(MARCH_10, MARCH_31, 2, 2)


def test_both_readings_agree_where_one_row_covers_the_day() -> None:
    assert {units_on([MARCH], MARCH_10, reading) for reading in (None, *Reading)} == {10}


def test_an_adjustment_within_a_period_is_added_or_taken_for_the_new_number() -> None:
    rows = [MARCH, CHANGED]
    assert [units_on(rows, MARCH_10, reading) for reading in (Reading.DELTA, Reading.TOTAL)] == [12, 2]
    assert units_on(rows, date(2026, 3, 9), None) == 10


def test_a_number_that_depends_on_the_reading_is_not_guessed() -> None:
    with pytest.raises(Unclear, match="12 units if they carry differences, 2 if totals"):
        units_on([MARCH, CHANGED], MARCH_10, None)


def test_a_line_that_is_over_tells_its_last_day_and_what_it_held() -> None:
    rows = [MARCH, row(APRIL, date(2026, 4, 30), 0, 2)]
    assert holding(rows, date(2026, 4, 5), None) == Holding(10, ends=MARCH_31)


def test_a_line_that_begins_later_has_what_it_begins_with() -> None:
    rows = [row(date(2026, 5, 1), date(2026, 5, 31), 4), row(date(2026, 6, 1), date(2026, 6, 30), 9, 2)]
    assert holding(rows, APRIL, None) == Holding(4, begins=date(2026, 5, 1))


def test_a_line_that_was_never_given_units_neither_begins_nor_ends() -> None:
    assert holding([], APRIL, None) == Holding(0)


def test_a_line_whose_units_were_all_taken_back_was_over_before_it_began() -> None:
    assert holding([row(APRIL, date(2026, 4, 30), 0)], APRIL, None) == Holding(0, ends=MARCH_31)


def april(units: int, line: str) -> UnitRow:
    return row(APRIL, date(2026, 4, 30), units, 3, line)


def changed_line(line: str, after: int) -> list[UnitRow]:
    """March with a change in its middle, and the single row of April."""
    return [row(date(2026, 3, 1), MARCH_31, 10, 1, line), row(MARCH_10, MARCH_31, 2, 2, line), april(after, line)]


@pytest.mark.parametrize(("after", "reading"), [(12, Reading.DELTA), (2, Reading.TOTAL), (7, None)])
def test_the_period_after_a_change_shows_what_the_changes_row_carried(after: int, reading: Reading | None) -> None:
    assert detected([HEAD], [*changed_line("1", after), *changed_line("2", after)]) is reading


def test_one_line_alone_is_no_evidence_and_contradicting_lines_are_none() -> None:
    assert detected([HEAD], changed_line("1", 12)) is None
    assert detected([HEAD], [*changed_line("1", 12), *changed_line("2", 12), *changed_line("3", 2)]) is None


@pytest.mark.parametrize("wrong", [{"startDate": None}, {"units": None}, {"units": 1.5}, {"contractServiceID": None}])
def test_a_row_that_cannot_be_read_whole_is_an_error(wrong: dict[str, object]) -> None:
    whole = {
        "id": 1,
        "contractID": 1,
        "contractServiceID": 2,
        "startDate": "2026-03-01T00:00:00Z",
        "endDate": "2026-03-31T00:00:00Z",
        "units": Decimal(3),
    }
    assert unit_row(whole).units == 3
    with pytest.raises(ValueError, match=next(iter(wrong))):
        unit_row({**whole, **wrong})


@given(
    changes=st.lists(st.tuples(st.dates(START, END), st.integers(1, 9)), min_size=1, max_size=6, unique_by=lambda change: change[0]),
    kept=st.sampled_from(Kept),
    on=st.dates(START, END),
)
def test_whatever_was_changed_when_the_units_of_every_day_are_read_right(changes: list[tuple[date, int]], kept: Kept, on: date) -> None:
    """The simulator keeps adjustments and makes rows of either kind; reading these gives the adjustments' sum back."""
    line = Line(1, 1, 1, Decimal(1), adjustments=tuple(Adjustment(day, units) for day, units in changes))
    made = unit_rows(Contract(1, 1, "Cloud", START, END), line, kept)
    rows = [UnitRow(each.id, "1", "1", each.first, each.last, each.units, each.posted_on) for each in made]
    assert units_on(rows, on, Reading(kept.value)) == line.units_on(on)


@given(day=st.dates(date(2026, 1, 2), date(2026, 10, 31)), kept=st.sampled_from(Kept))
def test_the_reading_of_any_tenant_with_two_changes_within_a_period_is_found(day: date, kept: Kept) -> None:
    day = day if day.day > 1 else day + timedelta(days=1)
    contract, rows = Contract(1, 1, "Cloud", START, END), []
    for number in (1, 2):
        line = Line(number, 1, 1, Decimal(1), adjustments=(Adjustment(START, 10), Adjustment(day, 3)))
        rows += [UnitRow(each.id, "1", str(number), each.first, each.last, each.units, each.posted_on) for each in unit_rows(contract, line, kept)]
    assert detected([HEAD], rows) is Reading(kept.value)
