"""When a kind is told, day by day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from sync_core.model.configuration import Notices
from sync_core.model.notices import Frequency, NoticeKind, Route, Silence, Weekday
from sync_core.notices import Clock, due_kinds, not_told, wound

MONDAY = date(2026, 3, 16)
KIND = NoticeKind.APPLIED


def notices(frequency: Frequency, weekday: Weekday = Weekday.MONDAY) -> Notices:
    """Notices of which one kind has a frequency."""
    return Notices(("a@contoso.example",), routes={KIND: Route(frequency=frequency, weekday=weekday)})


def told_on(wanted: Notices, days: list[int], whole: bool = True) -> list[int]:
    """On which of the days with a run, counted from a Monday, the kind is told."""
    clock, told = Clock(), []
    for number, day in enumerate(days):
        today = MONDAY + timedelta(days=day)
        due = due_kinds(clock, wanted, f"run-{number}", whole, today)
        clock = wound(clock, wanted, due, f"run-{number}", today)
        told += [day] if KIND in due else []
    return told


@pytest.mark.parametrize(
    ("weekday", "days", "told"),
    [
        (Weekday.MONDAY, [0, 1, 2, 7, 8, 14], [0, 7, 14]),
        (Weekday.WEDNESDAY, [0, 1, 2, 3, 9], [2, 9]),
        (Weekday.WEDNESDAY, [0, 3, 4, 9, 16], [3, 9, 16]),
        (Weekday.SUNDAY, [0, 5, 8, 13], [8, 13]),
    ],
)
def test_a_weekly_kind_is_told_with_the_first_run_on_or_after_its_day(weekday: Weekday, days: list[int], told: list[int]) -> None:
    assert told_on(notices(Frequency.WEEKLY, weekday), days) == told


def test_a_daily_kind_is_told_with_each_days_first_run_over_all_customers() -> None:
    assert told_on(notices(Frequency.DAILY), [0, 0, 1, 1]) == [0, 1]
    assert told_on(notices(Frequency.DAILY), [0, 1], whole=False) == []


def test_a_run_that_begins_anew_tells_what_it_told() -> None:
    wanted = notices(Frequency.DAILY)
    clock = wound(Clock(), wanted, {KIND}, "one", MONDAY)
    assert KIND in due_kinds(clock, wanted, "one", True, MONDAY)
    assert KIND not in due_kinds(clock, wanted, "two", True, MONDAY)
    assert wound(clock, wanted, {KIND}, "one", MONDAY) == clock


def test_what_a_run_did_not_tell_is_told_by_the_next_together_with_what_came_before() -> None:
    wanted = notices(Frequency.DAILY)
    clock = wound(Clock(), wanted, (), "resync", MONDAY)
    clock = wound(clock, wanted, {KIND}, "lost", MONDAY)
    assert clock.kinds[KIND].telling == ("resync",)
    clock = not_told(clock, {KIND}, "lost")
    assert not_told(clock, {KIND}, "lost") == clock
    assert KIND in due_kinds(clock, wanted, "next", True, MONDAY)
    assert wound(clock, wanted, {KIND}, "next", MONDAY).kinds[KIND].telling == ("resync", "lost")


def test_a_kind_that_is_off_is_never_due() -> None:
    silent = Notices(("a@contoso.example",), silence=Silence(frozenset({KIND})))
    assert KIND not in due_kinds(Clock(), silent, "run", True, MONDAY)
