"""What is remembered between two calls, and for how long."""

from __future__ import annotations

import pytest

from adapters.psa.halopsa.kept import MOST_WRITES, Kept, SentRecords
from sandbox.memory.clock import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def kept(clock: ManualClock) -> Kept[str]:
    return Kept(clock, seconds=60)


def test_a_value_holds_for_its_seconds_from_the_beginning_of_its_reading(kept: Kept[str], clock: ManualClock) -> None:
    began = kept.now()
    clock.advance(50)
    kept.put("a", "value", began)
    assert kept.get("a") == "value"
    clock.advance(10)
    assert kept.get("a") is None


def test_a_slow_read_does_not_bring_back_what_was_there_before_a_younger_one(kept: Kept[str], clock: ManualClock) -> None:
    slow = kept.now()
    clock.advance(1)
    kept.put("a", "young", kept.now())
    kept.put("a", "old", slow)
    assert kept.get("a") == "young"


def test_a_slow_read_does_not_bring_back_what_was_there_before_a_write(kept: Kept[str], clock: ManualClock) -> None:
    slow = kept.now()
    clock.advance(1)
    kept.forget("a")
    kept.put("a", "before the write", slow)
    assert kept.get("a") is None


def test_what_is_read_after_it_was_forgotten_is_kept(kept: Kept[str]) -> None:
    kept.forget("a")
    kept.put("a", "new", kept.now())
    assert kept.get("a") == "new"


def test_of_the_lines_sent_those_that_were_there_are_remembered_for_the_last_writes_only() -> None:
    sent = SentRecords()
    for number in range(MOST_WRITES + 1):
        sent.put(f"step {number}", [{"id": number}, {"_itemid": 1}])
    assert sent.get("step 0") is None
    assert sent.get("step 1") == [{"id": 1}]
