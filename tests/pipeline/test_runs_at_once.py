"""Runs beside each other: a resync in the daily run, two resyncs at once, a second start of a slot, several workers on one plan."""

from __future__ import annotations

import pytest

from sync_core.errors import Rejected, RetryLater, SyncError
from sync_core.model.customers import Mode
from sync_core.model.plans import ChangeResult
from sync_core.model.runs import CustomerState, RunState
from sync_core.pipeline.messages import APPLY_PLAN, SYNC_CUSTOMER
from sync_core.pipeline.resync import resync, run_all_now
from sync_core.pipeline.start_run import start_daily_run
from tests.pipeline.baton import Worker, pause
from tests.pipeline.faults import Death
from tests.pipeline.night import Night, tenant
from tests.pipeline.scenes import check_next_day, check_runs


def test_a_resync_while_the_daily_run_waits_takes_the_customer_over() -> None:
    night = Night(customers=2)
    daily = night.start()
    night.take()
    again = resync(night.context, tenant(1)).run
    night.work()
    assert len(night.psa.writes) == 2
    assert "newer plan" in night.customer(daily, 1).reason
    assert night.customer(again, 1).state is CustomerState.DONE
    check_runs(night)
    check_next_day(night)


def test_a_resync_while_the_daily_run_writes_waits_until_it_has_written() -> None:
    night = Night()
    night.watch(lambda call, done: pause() if call == "psa.execute" and not done else None)
    night.start()
    night.take()
    writer = Worker(night.take)
    writer.turn()
    again = resync(night.context, tenant(1)).run
    night.take()
    assert night.customer(again).state is CustomerState.QUEUED
    writer.turn()
    night.work()
    assert night.quantities() == [12]
    assert night.report(again).changes == ()


def test_a_daily_run_over_a_waiting_plan_puts_a_new_one_in_its_place() -> None:
    night = Night(mode=Mode.APPROVE)
    first = night.run()
    night.next_day()
    night.buy(14)
    second = night.run()
    assert [change.after for change in night.report(second).changes] == [10, 14]
    assert night.customer(first).plan_id != night.customer(second).plan_id
    assert night.psa.writes == []


def test_a_second_resync_finds_the_first_one_under_way() -> None:
    night = Night()
    one, other = resync(night.context, tenant(1)), resync(night.context, tenant(1))
    assert (one.resumed, other.resumed) == (False, True)
    assert one.run.run_id == other.run.run_id
    night.work()
    assert len(night.psa.writes) == len(night.mail.mails) == 1


@pytest.mark.parametrize("turns", range(0, 16, 3))
def test_two_resyncs_asked_for_at_once_are_one_run(turns: int) -> None:
    """The first request is interrupted after some of its calls, and the second one goes first."""
    night = Night()
    night.watch(lambda call, done: None if done else pause())
    slow = Worker(lambda: resync(night.context, tenant(1)))
    for _ in range(turns):
        slow.turn()
    resync(night.context, tenant(1))
    slow.finish()
    assert slow.error is None or isinstance(slow.error, RetryLater)
    night.watch(None)
    night.work()
    assert len(night.psa.writes) == len(night.mail.mails) == 1
    check_runs(night)


def test_a_resync_lowers_the_mode_and_never_raises_it() -> None:
    night = Night(mode=Mode.APPROVE)
    run = resync(night.context, tenant(1), ceiling=Mode.OBSERVE).run
    night.work()
    assert {change.result for change in night.report(run).changes} == {ChangeResult.OBSERVED}
    night.clock.advance(60)
    run = resync(night.context, tenant(1), ceiling=Mode.AUTOMATIC).run
    night.work()
    assert {change.result for change in night.report(run).changes} == {ChangeResult.WAITING}


@pytest.mark.parametrize(("tenant_id", "code"), [("not-a-guid", "bad-tenant-id"), ("../runs", "bad-tenant-id"), (tenant(99), "unknown-customer")])
def test_a_resync_of_nobody_is_refused(tenant_id: str, code: str) -> None:
    with pytest.raises(Rejected) as refused:
        resync(Night().context, tenant_id)
    assert refused.value.code == code


def test_a_run_over_all_is_refused_while_one_is_open() -> None:
    night = Night()
    night.start()
    with pytest.raises(Rejected) as refused:
        run_all_now(night.context)
    assert refused.value.code == "run-open"
    night.work()
    assert not run_all_now(night.context).resumed


def test_a_second_start_of_a_slot_resumes_and_doubles_nothing() -> None:
    night = Night(customers=3)
    assert not start_daily_run(night.context).resumed
    assert start_daily_run(night.context).resumed
    night.work()
    night.clock.advance(600)
    assert start_daily_run(night.context).resumed
    night.work()
    assert len(night.psa.writes) == 3
    assert len(night.mail.mails) == 1


@pytest.mark.parametrize("died_at", [3, 60, 130, 250])
def test_a_start_that_died_while_queueing_many_customers_is_finished_by_the_second(died_at: int) -> None:
    night = Night(customers=250, seats=10)
    night.watch(Death(at=died_at))
    assert not night.alive(night.start)
    night.watch(None)
    run = night.start()
    assert {message.queue for message in night.queue.waiting()} == {SYNC_CUSTOMER}
    night.work()
    assert night.reload(run).state is RunState.TOLD
    assert len(night.mail.mails) == 1


def test_a_plan_applied_twice_at_once_is_written_once() -> None:
    """Every pair of places at which two copies of the message can stand is played."""
    for first_turns in range(0, 45, 2):
        night = Night(seats=4, billed=0)
        night.start()
        night.take()
        (message,) = night.queue.waiting(APPLY_PLAN)
        night.queue.send(APPLY_PLAN, message.body)
        night.watch(lambda call, done: None if done else pause())
        one, other = Worker(night.take), Worker(night.take)
        one.turns(first_turns)
        for worker in (other, one):
            worker.finish()
            assert worker.error is None or isinstance(worker.error, SyncError)
        night.watch(None)
        night.work()
        assert night.quantities() == [4]
        check_runs(night)
