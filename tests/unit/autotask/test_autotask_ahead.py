"""What is read ahead for a run: together, once, for minutes, and never in place of what is read by id."""

from __future__ import annotations

from datetime import date

import pytest

from adapters.psa.autotask.ahead import ALONE, FEWEST, FRESH_SECONDS, Ahead
from adapters.psa.autotask.books import Account
from sandbox.memory.clock import ManualClock
from sync_core.errors import Throttled
from sync_core.model.agreements import Agreement, AgreementStatus

TODAY, APRIL, MAY = date(2026, 3, 17), date(2026, 4, 1), date(2026, 5, 1)


def head(agreement_id: str, opens: date = APRIL) -> Agreement:
    start = date(2026, 1, 1)
    return Agreement("psa", agreement_id, "1", "Cloud", "", AgreementStatus.ACTIVE, start, None, 1, start, opens, True, "USD")


class Reading:
    """Read ahead with a clock that a test moves; what was loaded together is written down."""

    def __init__(self, *heads: Agreement) -> None:
        self.heads = heads
        self.loaded: list[list[str]] = []
        self.room = 10_000
        self.listed = 0
        self.clock = ManualClock()
        self.ahead = Ahead(self.clock, self._load, self._list)

    def take(self, asked: Agreement, on: date = APRIL) -> Account | None:
        return self.ahead.take(asked, on, TODAY)

    def _load(self, agreement_ids: list[str], on: date) -> list[Account]:
        if len(agreement_ids) > self.room:
            raise Throttled("No room", delay=20.0)
        self.loaded.append(agreement_ids)
        return [Account(each, (), on, on, ()) for each in agreement_ids]

    def _list(self) -> tuple[Agreement, ...]:
        self.listed += 1
        return self.heads


def run(*heads: Agreement) -> Reading:
    """A run over these contracts is announced."""
    reading = Reading(*heads)
    reading.ahead.expect(heads)
    return reading


ONE, TWO, LATER = head("1"), head("2"), head("3", MAY)


def test_the_first_contract_brings_the_others_of_its_day_along() -> None:
    reading = run(ONE, TWO, LATER)
    assert [bool(reading.take(each)) for each in (ONE, TWO)] == [True, True]
    assert reading.take(LATER, MAY)
    assert reading.loaded == [["1", "2"], ["3"]]


def test_in_arrears_the_day_is_the_business_date_for_all() -> None:
    reading = run(head("1", date(2026, 3, 1)), head("2", date(2026, 3, 1)))
    reading.take(reading.heads[0], TODAY)
    assert reading.loaded == [["1", "2"]]


def test_what_was_read_ahead_is_given_once_and_for_its_own_day_only() -> None:
    reading = run(ONE, TWO)
    assert reading.take(ONE)
    assert reading.take(ONE) is None
    assert reading.take(TWO, MAY) is None


def test_what_is_old_or_written_meanwhile_is_read_anew() -> None:
    reading = run(ONE, TWO, head("4"))
    reading.take(ONE)
    reading.ahead.forget("2")
    assert reading.take(TWO) is None
    reading.clock.advance(FRESH_SECONDS + 1)
    assert reading.take(head("4")) is None


def test_an_account_that_was_read_by_id_takes_the_place_of_the_older_one() -> None:
    reading = run(ONE, TWO)
    reading.take(ONE)
    newer = Account("2", (), date(2025, 1, 1), date(2027, 1, 1))
    reading.ahead.by_id([newer])
    assert reading.take(TWO) is newer


def test_a_process_that_reads_one_after_another_without_the_heads_asks_for_them() -> None:
    heads = [head(str(number)) for number in range(20)]
    reading = Reading(*heads)
    assert [bool(reading.take(each)) for each in heads] == [False] * ALONE + [True] * (20 - ALONE)
    assert (reading.listed, len(reading.loaded)) == (1, 1)


def test_single_contracts_over_a_day_are_no_run() -> None:
    reading = Reading(ONE)
    for number in range(20):
        reading.clock.advance(FRESH_SECONDS)
        assert reading.take(head(str(number))) is None
    assert reading.listed == 0


def test_a_reading_for_which_there_is_no_room_is_tried_again_with_fewer() -> None:
    reading = run(*(head(str(number)) for number in range(600)))
    reading.room = FEWEST
    for _ in range(5):
        with pytest.raises(Throttled):
            reading.take(reading.heads[0])
    assert reading.take(reading.heads[0])
    assert len(reading.loaded[0]) == FEWEST
