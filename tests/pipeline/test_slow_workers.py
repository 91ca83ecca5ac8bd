"""A worker that sleeps for hours in the middle of its work, at any of its calls, and then goes on as if nothing had happened."""

from __future__ import annotations

import pytest

from sync_core.errors import SyncError
from sync_core.model.plans import PlanState
from sync_core.pipeline.customers import load_live
from sync_core.pipeline.poison import poison
from sync_core.pipeline.resync import resync
from tests.pipeline.baton import Worker, pause
from tests.pipeline.faults import Killed
from tests.pipeline.night import Night, tenant
from tests.pipeline.scenes import SCENES, check_next_day, check_psa, check_runs

HOURS = 5


def sleep_at(night: Night, stage: str, call: int) -> bool:
    """Lets a worker of ``stage`` sleep before its n-th call while the customer is given up and read again; ``False`` if it has no such call."""
    night.start()
    while not night.queue.waiting(stage):
        night.take()
    night.watch(lambda call, done: None if done else pause())
    slow = Worker(night.take)
    slow.turns(call)
    if slow.done:
        return False
    slow.turn()
    for message in night.queue.waiting():
        night.queue.delete(message)
    night.watch(None)
    meanwhile(night)
    slow.finish()
    assert slow.error is None or isinstance(slow.error, SyncError)
    night.work()
    return True


def meanwhile(night: Night) -> None:
    """Hours pass, the sweep gives the customer up, and a resync does its work."""
    night.clock.advance(HOURS * 3600)
    night.work()
    resync(night.context, tenant(1))
    night.work()


@pytest.mark.parametrize("stage", ["sync-customer", "apply-plan"])
@pytest.mark.parametrize("name", ["a line grows", "a line is added", "two agreements", "dated deltas"])
def test_a_worker_that_wakes_up_hours_later_writes_nothing_beside_the_newer_plan(name: str, stage: str) -> None:
    call = 0
    while sleep_at(night := SCENES[name].ready(), stage, call):
        try:
            check_psa(night, SCENES[name].after)
            check_runs(night)
            check_next_day(night)
        except AssertionError as error:
            raise AssertionError(f"asleep before call {call}: {str(error)[:500]}") from error
        call += 1
    assert call > 10


def test_a_plan_that_was_given_up_before_it_was_begun_is_not_begun_any_more() -> None:
    """A worker looks at the customer and sleeps; meanwhile its message is given up; then it goes on."""
    call = 0
    while given_up_at(night := Night(), call):
        call += 1
    assert call > 10
    assert night.psa.writes


def given_up_at(night: Night, call: int) -> bool:
    """Lets a worker sleep before its n-th call while the customer is given up; ``False`` once the plan is begun by then."""
    night.start()
    night.take()
    (message,) = night.queue.waiting("apply-plan")
    night.watch(lambda call, done: None if done else pause())
    slow = Worker(night.take)
    slow.turns(call + 1)
    night.watch(None)
    begun = load_live(night.store, tenant(1)).value.state is not PlanState.LIVE
    if not begun:
        poison(night.context, "apply-plan", message.body)
    slow.finish()
    night.work()
    assert begun or night.psa.writes == []
    return not begun


def test_a_write_that_was_lost_is_not_repeated_once_its_customer_was_given_up() -> None:
    """A process dies before it sends; a second one looks for the write and sleeps; meanwhile the message is given up; then it goes on."""
    call = 0
    while given_up_after_a_death(night := Night(), call):
        assert night.psa.writes == [], f"asleep before call {call}"
        call += 1
    assert call > 10
    assert night.psa.writes


def given_up_after_a_death(night: Night, call: int) -> bool:
    """Lets the worker that looks for a lost write sleep before its n-th call; ``False`` once it has asked for the last time whether it may write."""
    night.start()
    night.take()
    (message,) = night.queue.waiting("apply-plan")
    night.watch(die_before_the_write)
    night.take()
    night.clock.advance(3600)  # the message comes back, and the write has settled
    calls: list[str] = []

    def wait(call: str, done: bool) -> None:
        if not done:
            calls.append(call)
            pause()

    night.watch(wait)
    slow = Worker(night.take)
    slow.turns(call + 1)
    night.watch(None)
    may_write = "store.get control" in calls and calls[-1] == "store.transact customers"
    if not may_write:
        poison(night.context, "apply-plan", message.body)
    slow.finish()
    return not may_write


def die_before_the_write(call: str, done: bool) -> None:
    """The process ends when the journal says *sending* and nothing was sent."""
    if call == "psa.execute" and not done:
        raise Killed(call)
