"""Waiting ends: throttled customers come back after the delay that was asked for, and in the end fail with a reason. So do poisoned ones."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sync_core.errors import RetryLater, Throttled
from sync_core.model.plans import ChangeResult
from sync_core.model.runs import CustomerState, RunState
from sync_core.pipeline.messages import APPLY_PLAN, SEND_NOTICES, SYNC_CUSTOMER
from sync_core.pipeline.poison import poison
from tests.pipeline.night import Night, tenant


def test_a_throttled_read_is_tried_again_after_the_delay_that_microsoft_asked_for() -> None:
    night = Night()
    night.microsoft.errors[tenant(1)] = [Throttled("Microsoft asks us to slow down", delay=300)]
    night.start()
    night.take()
    (message,) = night.queue.waiting(SYNC_CUSTOMER)
    assert message.visible - night.clock.now() == timedelta(seconds=300)
    night.work()
    assert night.quantities() == [12]


def test_a_psa_that_is_throttled_all_night_fails_the_customer_with_the_reason() -> None:
    night = Night(customers=2, wait_limit_minutes=60)
    run = night.start()
    while not night.queue.waiting(APPLY_PLAN):
        night.take()

    def always(call: str, done: bool) -> None:
        if call.startswith("psa.read_headers") and not done:
            raise Throttled("The PSA asks us to slow down", delay=120)

    night.watch(always)
    night.work()
    assert {night.customer(run, number).state for number in (1, 2)} == {CustomerState.FAILED}
    assert night.customer(run).reason == "The PSA asks us to slow down"
    assert night.psa.writes == []
    assert night.reload(run).state is RunState.TOLD


def test_waiting_without_a_named_delay_grows() -> None:
    night = Night(reading_minutes=600, wait_limit_minutes=600)
    night.microsoft.always[tenant(1)] = RetryLater("Microsoft does not answer", delay=0)
    night.start()
    waits = []
    for _ in range(6):
        night.clock.move_to(night.queue.next_visible() or night.clock.now())
        night.take()
        waits.append((night.queue.waiting(SYNC_CUSTOMER)[-1].visible - night.clock.now()).total_seconds())
    assert waits == [30, 60, 120, 240, 480, 900]


def test_a_poisoned_read_fails_its_customer_and_the_run_is_still_told() -> None:
    night = Night(customers=2)
    run = night.start()
    body = next(message.body for message in night.queue.waiting(SYNC_CUSTOMER) if tenant(1) in message.body)
    poison(night.context, SYNC_CUSTOMER, body)
    night.work()
    assert [night.customer(run, number).state for number in (1, 2)] == [CustomerState.FAILED, CustomerState.DONE]
    assert night.customer(run).code == "poison-message"
    assert len(night.mail.mails) == 1


def test_a_poisoned_copy_of_a_read_leaves_alone_a_customer_that_was_read() -> None:
    night = Night()
    run = night.start()
    body = night.queue.waiting(SYNC_CUSTOMER)[0].body
    night.take()
    poison(night.context, SYNC_CUSTOMER, body)
    night.work()
    assert (night.customer(run).state, night.quantities()) == (CustomerState.DONE, [12])


def test_a_poisoned_write_says_of_each_change_what_became_of_it() -> None:
    night = Night()
    run = night.start()
    while not night.psa.writes:
        night.watch(lambda call, done: _fail_after_a_write(night, call))
        night.take()
    poison(night.context, APPLY_PLAN, night.queue.waiting(APPLY_PLAN)[0].body)
    night.watch(None)
    night.work()
    changes = night.report(run).changes
    assert [change.result for change in changes] == [ChangeResult.APPLIED, ChangeResult.FAILED]
    assert "nobody knows yet" in changes[1].result_reason


def _fail_after_a_write(night: Night, call: str) -> None:
    if call == "psa.probe" and night.psa.writes:
        raise RetryLater("The PSA does not answer", delay=900)


def test_the_run_after_a_poisoned_write_finds_it_and_does_not_write_it_again() -> None:
    night = Night(seats=4, billed=0)
    night.start()
    night.watch(lambda call, done: _fail_after_a_write(night, call))
    while not night.psa.writes:
        night.take()
    poison(night.context, APPLY_PLAN, night.queue.waiting(APPLY_PLAN)[0].body)
    night.watch(None)
    night.work()
    night.next_day()
    night.run()
    assert night.quantities() == [4]


def test_a_poisoned_notice_closes_its_run() -> None:
    night = Night()
    run = night.start()
    while not night.queue.waiting(SEND_NOTICES):
        night.take()
    poison(night.context, SEND_NOTICES, night.queue.waiting(SEND_NOTICES)[0].body)
    night.work()
    assert night.reload(run).state is RunState.TOLD
    assert night.reload(run).notice.startswith("failed")


BAD = ("", "{", "[]", "null", "7", '{"run_id": 7}', '{"run_id": ""}', '{"run_id": "x", "version": 2}', '{"run_id": "a/b"}')


@pytest.mark.parametrize("queue", [SYNC_CUSTOMER, APPLY_PLAN, SEND_NOTICES])
@pytest.mark.parametrize("body", [*BAD, '{"run_id": "a", "tenant_id": "\\u0000"}'])
def test_a_bad_poison_body_never_fails(queue: str, body: str) -> None:
    poison(Night().context, queue, body)


def test_a_message_that_keeps_failing_ends_in_poison_and_not_for_ever() -> None:
    """A body that no stage can read is tried five times, then dropped."""
    night = Night()
    night.queue.send(SYNC_CUSTOMER, "not ours")
    night.drain()
    assert night.queue.waiting() == []
