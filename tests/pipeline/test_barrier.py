"""Nothing is applied before the whole run was read and judged, once."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from random import Random

import pytest

from sync_core.errors import ANSWER_OF_ANOTHER_TENANT, SkipCustomer, StopRun, Throttled
from sync_core.model.configuration import GuardRails
from sync_core.model.runs import CustomerState, RunState
from sync_core.pipeline.messages import APPLY_PLAN, SEND_NOTICES, SYNC_CUSTOMER
from sync_core.pipeline.resync import resync
from sync_core.pipeline.runs import counters_for, load_customer, move
from sync_core.pipeline.sweep import sweep
from tests.pipeline.baton import Worker, pause
from tests.pipeline.night import Night, tenant

STRICT = GuardRails(run_customers_share=Decimal("0.3"), run_customers=5, run_money=Decimal(1_000_000))


def test_nothing_is_applied_before_all_are_read() -> None:
    night = Night(customers=3)
    night.start()
    for _ in range(2):
        night.take()
    assert not night.queue.waiting(APPLY_PLAN)
    night.take()
    assert len(night.queue.waiting(APPLY_PLAN)) == 3


def test_a_customer_that_cannot_be_read_in_time_does_not_hold_up_the_others() -> None:
    night = Night(customers=2, reading_minutes=30)
    night.microsoft.always[tenant(2)] = Throttled("Microsoft asks us to slow down", delay=600)
    run = night.run()
    assert night.customer(run, 1).state is CustomerState.DONE
    assert night.customer(run, 2).code == "not-read-in-time"
    assert [night.quantities(number) for number in (1, 2)] == [[12], [10]]


def test_a_customer_read_after_the_deadline_waits_for_the_next_run() -> None:
    """Its plan is stored by a worker that was slow, and never applied."""
    night = Night(customers=2, reading_minutes=30)
    night.watch(lambda call, done: pause() if call == "microsoft.read_usage" and done else None)
    run = night.start()
    slow = Worker(night.take)
    slow.turn()
    (held,) = (message for message in night.queue.waiting() if message.dequeue_count)
    held.visible += timedelta(hours=2)  # the host renews the lease of a message that is being handled
    night.clock.advance(31 * 60)
    night.take()
    night.alive(lambda: sweep(night.context))
    slow.finish()
    night.queue.delete(held)
    night.work()
    assert sorted(night.customer(run, number).state for number in (1, 2)) == [CustomerState.DONE, CustomerState.FAILED]
    assert len(night.psa.writes) == 1


def test_a_run_in_which_too_many_change_is_held_as_a_whole() -> None:
    night = Night(customers=6)
    night.configure(*night.configuration.customers, rails=STRICT)
    run = night.run()
    assert night.psa.writes == []
    assert "6 of 6 customers would change" in night.reload(run).held
    assert {night.customer(run, number).state for number in range(1, 7)} == {CustomerState.HELD}


def test_a_resync_is_judged_together_with_what_the_last_day_moved() -> None:
    """Two of ten change in the night; the second resync of the day would make it four."""
    night = Night(customers=10, seats=10)
    night.configure(*night.configuration.customers, rails=STRICT)
    for number in (1, 2):
        night.buy(12, number)
    night.run()
    held = []
    for number in (3, 4):
        night.clock.advance(3600)
        night.buy(12, number)
        run = resync(night.context, tenant(number)).run
        night.work()
        held.append(night.reload(run).held != "")
    assert held == [False, True]


def test_yesterdays_run_is_not_counted_however_late_it_started() -> None:
    night = Night(customers=10, seats=10)
    night.configure(*night.configuration.customers, rails=STRICT)
    night.clock.advance(300)
    for number in (1, 2, 3):
        night.buy(12, number)
    night.run()
    night.clock.advance(24 * 3600 - 290)
    for number in (4, 5, 6):
        night.buy(12, number)
    assert night.run().held == ""


def test_an_answer_of_another_tenant_stops_all_writes_of_the_run() -> None:
    night = Night(customers=3)
    night.microsoft.errors[tenant(2)] = [SkipCustomer("The answer belongs to another tenant", code=ANSWER_OF_ANOTHER_TENANT)]
    run = night.run()
    assert night.psa.writes == []
    assert [night.customer(run, number).state for number in (1, 2, 3)] == [CustomerState.HELD, CustomerState.FAILED, CustomerState.FAILED]
    assert run.state is RunState.TOLD


def test_a_partner_that_cannot_sign_in_is_told_once_and_writes_nothing() -> None:
    night = Night(customers=3)
    night.microsoft.always[tenant(1)] = StopRun("The refresh token has expired", fix="Sign in again")
    run = night.run()
    assert night.psa.writes == []
    assert "The refresh token has expired" in run.stopped
    assert len(night.mail.mails) == 1


def test_a_run_of_many_customers_is_released_once_and_told_once() -> None:
    night = Night(customers=250, seats=10, chance=Random(1), duplicates=0.1)
    night.buy(12, 250)
    night.run()
    assert counters_for(250) == 2
    assert [step.agreement_id for step in night.psa.writes] == ["a250"]
    assert len(night.mail.mails) == 1


@pytest.mark.parametrize("seed", range(40))
def test_exactly_one_worker_finds_that_it_was_the_last(seed: int) -> None:
    """Customers of one run end at once, two copies of each, in any order of their calls."""
    night, chance = Night(customers=5), Random(seed)
    run = night.start()
    night.watch(lambda call, done: None if done else pause())
    store = night.context.store
    last = []

    def end(number: int) -> None:
        customer = load_customer(store, run.run_id, tenant(number))
        if customer and not customer.value.state.final:
            moved = move(store, customer, night.clock.now(), state=CustomerState.DONE)
            last.append((moved.last_read, moved.last_ended))

    workers = [Worker(lambda number=number: end(number)) for number in (1, 2, 3, 4, 5) * 2]  # type: ignore[misc]  # binds the loop's name
    while waiting := [worker for worker in workers if not worker.done]:
        chance.choice(waiting).turn()
    assert sorted(last) == [(False, False)] * 4 + [(True, True)]
    assert night.reload(run).open == 0


def test_every_message_is_sent_once_where_nothing_goes_wrong() -> None:
    night = Night(customers=4)
    calls: list[str] = []
    night.watch(lambda call, done: None if done else calls.append(call))
    night.run()
    sent = [call for call in calls if call.startswith("queue.send")]
    assert {name: sent.count(f"queue.send {name}") for name in (SYNC_CUSTOMER, APPLY_PLAN, SEND_NOTICES)} == {
        SYNC_CUSTOMER: 4,
        APPLY_PLAN: 4,
        SEND_NOTICES: 1,
    }
