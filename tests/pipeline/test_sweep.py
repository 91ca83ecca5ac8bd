"""The sweep finds what was lost on the way: messages, customers that are stuck, runs that were never stored."""

from __future__ import annotations

import pytest

from sync_core.model.runs import RunState
from sync_core.pipeline.resync import resync
from sync_core.pipeline.runs import RUNS, change_run, load_run, open_runs
from sync_core.pipeline.sweep import sweep
from sync_core.ports import Row
from sync_core.rows import upsert
from tests.pipeline.night import Night, tenant
from tests.pipeline.scenes import SCENES, check_next_day, check_psa, check_run


@pytest.mark.parametrize("name", ["a line grows", "two customers on one agreement"])
def test_every_lost_message_is_found_again(name: str) -> None:
    """Each message of the night is lost once, one a night."""
    for lost in range(10):
        night = SCENES[name].ready()
        run = night.start()
        for number in range(40):
            if number == lost and (message := night.queue.receive()):
                night.queue.delete(message)
            night.take()
        night.work()
        check_run(night, night.reload(run))
        check_psa(night, SCENES[name].after)
        check_next_day(night)


def test_all_messages_of_a_night_lost_at_once_are_found_again() -> None:
    night = Night(customers=3)
    run = night.start()
    for message in night.queue.waiting():
        night.queue.delete(message)
    night.work()
    check_run(night, night.reload(run))


def test_a_lost_message_is_sent_again_once_in_a_quarter_of_an_hour() -> None:
    night = Night(reading_minutes=600)
    night.start()
    for message in night.queue.waiting():
        night.queue.delete(message)
    for _ in range(24):
        night.clock.advance(300)
        sweep(night.context)
    assert len(night.queue.waiting()) == 8


def test_a_customer_that_is_never_written_fails_in_the_end() -> None:
    night = Night(wait_limit_minutes=30)
    run = night.start()
    night.take()
    for message in night.queue.waiting():
        night.queue.delete(message)
    for _ in range(20):
        night.clock.advance(300)
        sweep(night.context)
        for message in night.queue.waiting("apply-plan"):
            night.queue.delete(message)
    night.work()
    assert night.customer(run).code == "not-applied-in-time"
    assert night.reload(run).state is RunState.TOLD


def test_an_open_marker_without_a_run_is_taken_away_after_an_hour() -> None:
    night = Night()
    night.store.transact(RUNS, [upsert(Row("open", "daily-lost", {"since": night.clock.now()}))])
    sweep(night.context)
    assert list(open_runs(night.store)) == ["daily-lost"]
    night.clock.advance(3700)
    sweep(night.context)
    assert list(open_runs(night.store)) == []


def test_a_sweep_of_a_healthy_night_changes_nothing() -> None:
    night = Night(customers=2)
    night.start()
    night.take()
    before = len(night.queue.waiting())
    sweep(night.context)
    assert len(night.queue.waiting()) == before


def test_a_run_that_cannot_be_taken_further_does_not_keep_the_sweep_from_the_others() -> None:
    """The configuration of one run is gone."""
    night = Night()
    broken, run = night.start(), resync(night.context, tenant(1)).run
    for message in night.queue.waiting():
        night.queue.delete(message)
    stored = load_run(night.store, broken.run_id)
    assert stored is not None
    change_run(night.store, stored, configuration=99, state=RunState.STARTING)
    night.clock.advance(900)
    night.context = night.another_process()
    sweep(night.context)
    night.drain()
    assert night.reload(run).state is RunState.TOLD
