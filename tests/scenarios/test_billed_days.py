"""Half a year of one agreement, by seed: counts move and invoices are made at any time, and every period bills what its days come to."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from random import Random

import pytest

from sync_core.billing.periods import period_of
from tests.scenarios.billed import Billed
from tests.scenarios.story import QUIET, AnyBooks, beginning, carried_out, happens

PRICE = Decimal(31)
LAST, SETTLED = date(2025, 9, 30), date(2025, 12, 31)
ROUNDING = Decimal("0.10")
"""Each self-ending line is rounded to a cent by itself."""


class HalfYear:
    """One seed's agreement. ``counts`` holds what was counted on each day; before the first of them it is what the line held."""

    def __init__(self, seed: int, profile: str, *, falls: bool, quantities: str = "") -> None:
        self.chance, self.falls = Random(seed), falls
        self.ahead = 0 if quantities else -35  # what dated quantities cost in periods that were invoiced after theirs, nobody knows
        cycle, invoiced = self.chance.choice([("monthly", "2024-12-31"), ("monthly", "2025-03-31"), ("quarterly", "2025-03-31")])
        line = self.chance.choice(["", "line            10 x 31.00\n"])
        self.world, self.books = beginning(
            f"agreement       {cycle}, prorates, invoiced to {invoiced}\nprofile         {profile}\ncredits         written\n{line}{quantities}"
        )
        self.begun = self.count = int(self.books.lines[0].quantity) if line else 0
        self.invoiced_before = self.books.head.next_invoice or LAST
        self.counts: dict[date, int] = {}
        self.billed: list[Billed] = []

    def play(self) -> AnyBooks:
        """Every night to the end, each of them twice, and then the invoices that are still missing."""
        day = date(2025, 3, self.chance.randint(1, 28))
        while day <= LAST:
            self._events(day)
            self._night(day)
            day += timedelta(1)
        while self.books.head.next_invoice and self.books.head.next_invoice <= SETTLED:
            self.billed += self.books.send_invoice()
            self._night(day)
            day += timedelta(1)
        return self.books

    def _events(self, day: date) -> None:
        late = (day - (self.books.head.next_invoice or day)).days
        if (self.chance.random() < 0.06 and late > self.ahead) or (late > 50 and self.chance.random() < 0.3):
            self.billed += self.books.send_invoice()
        if self.chance.random() < 0.04 and day < date(2025, 8, 20):
            down = self.falls and self.chance.random() < 0.5
            self.count = max(1, self.count - self.chance.randint(1, 3)) if down else self.count + self.chance.randint(1, 3)
            self.world = happens(self.world, f"bought {self.count}")

    def _night(self, day: date) -> None:
        self.counts[day], self.books.today = self.count, day
        self.world, _ = carried_out(self.world, self.books)
        assert carried_out(self.world, self.books)[1] == QUIET, f"the second run of {day} wants more"

    def counted(self, day: date) -> int:
        """What was counted on a day."""
        return self.begun if day < min(self.counts) else self.counts.get(day, self.count)

    def periods(self) -> list[tuple[date, Decimal, Decimal, Decimal]]:
        """By its first day what a period billed, what its days come to, and what the most units that may count in it do."""
        billed: dict[date, Decimal] = {}
        for line in self.billed:
            first = period_of(self.books.head, line.first).first
            billed[first] = billed.get(first, Decimal(0)) + line.amount
        return [(first, amount, *self._owed(first)) for first, amount in sorted(billed.items())]

    def _owed(self, first: date) -> tuple[Decimal, Decimal]:
        last = period_of(self.books.head, first).last
        days = [first + timedelta(number) for number in range((last - first).days + 1)]
        known = PRICE * self.begun if first < self.invoiced_before else Decimal(0)  # invoiced before the story, and not in these books
        owed = sum((PRICE * self.counted(day) / len(days) for day in days), Decimal(0))
        most = PRICE * max(self.counted(first + timedelta(number)) for number in range(-95, len(days)))
        return owed - known, most - known


SEEDS = pytest.mark.parametrize("seed", range(12))
WAYS = pytest.mark.parametrize("quantities", ["", "quantities      dated, posted periods charged\n"], ids=["self-ending-lines", "dated-quantities"])


@SEEDS
@WAYS
def test_units_that_only_rise_are_billed_for_exactly_their_days(seed: int, quantities: str) -> None:
    half_year = HalfYear(seed, "prorate", falls=False, quantities=quantities)
    half_year.play()
    assert [first for first, billed, owed, _ in half_year.periods() if abs(billed - owed) > ROUNDING] == []


@SEEDS
@WAYS
def test_with_credits_units_that_rise_and_fall_are_billed_for_exactly_their_days(seed: int, quantities: str) -> None:
    half_year = HalfYear(seed, "prorate, credits", falls=True, quantities=quantities)
    half_year.play()
    assert [first for first, billed, owed, _ in half_year.periods() if abs(billed - owed) > ROUNDING] == []


@SEEDS
@WAYS
def test_without_credits_no_day_is_given_away_and_no_unit_that_was_never_there_is_billed(seed: int, quantities: str) -> None:
    half_year = HalfYear(seed, "prorate", falls=True, quantities=quantities)
    half_year.play()
    assert [first for first, billed, owed, most in half_year.periods() if not owed - ROUNDING <= billed <= most + ROUNDING] == []
