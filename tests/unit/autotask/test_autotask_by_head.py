"""What was read with a contract's head: given once, for a minute, and not after a write."""

from __future__ import annotations

from datetime import date

from adapters.psa.autotask.books import Account
from adapters.psa.autotask.by_head import FRESH_SECONDS, ReadByHead
from sandbox.memory.clock import ManualClock

APRIL = date(2026, 4, 1)
READ = Account("1", (), date(2025, 1, 1), date(2027, 1, 1))


def test_what_was_read_with_a_head_is_given_once() -> None:
    kept = ReadByHead(ManualClock())
    kept.keep([READ])
    assert kept.take("1", APRIL) is READ
    assert kept.take("1", APRIL) is None


def test_a_day_that_was_not_read_and_another_contract_are_read_anew() -> None:
    kept = ReadByHead(ManualClock())
    kept.keep([READ])
    assert kept.take("2", APRIL) is None
    assert kept.take("1", date(2027, 1, 2)) is None


def test_what_is_old_or_written_meanwhile_is_read_anew() -> None:
    clock = ManualClock()
    kept = ReadByHead(clock)
    kept.keep([READ])
    kept.forget("1")
    assert kept.take("1", APRIL) is None
    kept.keep([READ])
    clock.advance(FRESH_SECONDS + 1)
    assert kept.take("1", APRIL) is None


def test_a_newer_reading_takes_the_place_of_an_older_one() -> None:
    kept = ReadByHead(ManualClock())
    newer = Account("1", (), date(2026, 1, 1), date(2027, 1, 1))
    kept.keep([READ])
    kept.keep([newer])
    assert kept.take("1", APRIL) is newer
