"""Dated units at Autotask where a calendar is awkward: short months, leap days, and days on which the clocks change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from sandbox.autotask import AutotaskSimulator, Ledger
from sandbox.autotask.access import Access
from sandbox.autotask.records import Reading
from sandbox.autotask.units import period_at
from sandbox.web import serve
from tests.conformance.test_autotask_nights import PRODUCT, Nights
from tests.pipeline.night import Night

ONE_DAY = timedelta(days=1)
MONTHLY, YEARLY = 21, 24
CALENDARS = {
    "the last day of a short month": (date(2026, 1, 31), MONTHLY, date(2026, 4, 29), "UTC"),
    "a period that begins on the last day of a short month": (date(2026, 1, 31), MONTHLY, date(2026, 4, 30), "UTC"),
    "the end of February": (date(2026, 1, 30), MONTHLY, date(2027, 2, 28), "UTC"),
    "the day before a leap day": (date(2026, 1, 31), MONTHLY, date(2028, 2, 28), "UTC"),
    "a leap day on which a period begins": (date(2026, 1, 31), MONTHLY, date(2028, 2, 29), "UTC"),
    "a leap day within a year": (date(2024, 3, 1), YEARLY, date(2028, 2, 29), "UTC"),
    "years that begin on a leap day": (date(2024, 2, 29), YEARLY, date(2027, 2, 27), "UTC"),
    "the clocks go back": (date(2026, 1, 1), MONTHLY, date(2026, 10, 25), "Europe/London"),
    "the clocks go forward": (date(2026, 1, 1), MONTHLY, date(2027, 3, 28), "Europe/London"),
    "still the day before in the west": (date(2026, 1, 1), MONTHLY, date(2026, 11, 1), "America/New_York"),
    "the clocks change in the far east": (date(2026, 1, 1), MONTHLY, date(2026, 9, 27), "Pacific/Auckland"),
}
"""The contract's start and period type, the date of the first night (02:00 UTC), and the site's zone."""


@contextmanager
def nights_on(name: str, reading: Reading, converts: bool) -> Iterator[tuple[Nights, date]]:
    """The nights of a contract with ten units of which the present period is not posted, and the business date of the first."""
    start, period_type, first, zone = CALENDARS[name]
    night = Night(customers=0)
    night.clock.advance((datetime(first.year, first.month, first.day, 2, tzinfo=night.clock.now().tzinfo) - night.clock.now()).total_seconds())
    night.time_zone, now = zone, night.clock.now().astimezone(ZoneInfo(zone))
    ledger = Ledger(now=night.clock.now, reading=reading)
    offset = now.utcoffset() or timedelta()
    ledger.site_offset = int(offset.total_seconds() // 3600) if converts else 0
    ledger.service(PRODUCT, price="20.60")
    contract = ledger.contract(ledger.company("Contoso Ltd"), "Cloud", start, period_type=period_type)
    ledger.post(period_at(contract, now.date())[0] - ONE_DAY)
    simulator = AutotaskSimulator(ledger, Access())
    with serve(simulator) as server:
        nights = Nights(server.url, simulator, night, contract)
        nights.time_zone = zone
        nights.connect()
        nights.take_over(10)
        yield nights, now.date()


def two_nights(nights: Nights, seats: int) -> None:
    """What is bought is written once."""
    nights.night.buy(seats)
    nights.run()
    nights.run()
    [write] = nights.ledger.writes
    assert write.body["unitChange"] == seats - 10


@pytest.mark.parametrize("converts", [True, False])
@pytest.mark.parametrize("reading", Reading)
@pytest.mark.parametrize("name", CALENDARS)
def test_added_units_that_prorate_count_from_the_day_they_were_seen(name: str, reading: Reading, converts: bool) -> None:
    with nights_on(name, reading, converts) as (nights, today):
        nights.prorate()
        two_nights(nights, 12)
        assert (nights.units(today - ONE_DAY), nights.units(today)) == ([10], [12])


@pytest.mark.parametrize("reading", Reading)
@pytest.mark.parametrize("name", CALENDARS)
def test_added_units_that_do_not_prorate_count_from_the_first_day_of_the_open_period(name: str, reading: Reading) -> None:
    with nights_on(name, reading, converts=True) as (nights, today):
        two_nights(nights, 12)
        first, _ = period_at(nights.contract, today)
        assert (nights.units(first - ONE_DAY), nights.units(first)) == ([10], [12])


@pytest.mark.parametrize("reading", Reading)
@pytest.mark.parametrize("name", CALENDARS)
def test_units_that_go_are_billed_to_the_last_day_of_the_period_in_which_they_went(name: str, reading: Reading) -> None:
    """On the first day of a period that is open they are gone with the one before."""
    with nights_on(name, reading, converts=True) as (nights, today):
        nights.prorate()
        nights.night.buy(8)
        nights.run()
        first, last = period_at(nights.contract, today)
        gone = first if today == first else last + ONE_DAY
        while nights.ledger.today <= last:  # what went is written once its time is over, so that it may come back until then
            nights.night.clock.advance(timedelta(days=max((last - nights.ledger.today).days, 1)).total_seconds())
            nights.run()
        nights.run()
        assert (nights.units(gone - ONE_DAY), nights.units(gone)) == ([10], [8])
        assert len(nights.ledger.writes) == 1
