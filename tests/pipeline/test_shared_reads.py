"""What a run reads once for all: by one worker, whichever it is, however many processes there are, and by another one when it dies."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from sandbox.memory.psa import Keeping
from sync_core.errors import Throttled
from sync_core.history.forget import Forgetting
from sync_core.history.retention import clean_up
from sync_core.model.agreements import AgreementStatus
from sync_core.model.people import Who
from sync_core.model.plans import ChangeResult
from sync_core.model.runs import CustomerState, Run
from sync_core.pipeline.messages import SYNC_CUSTOMER
from sync_core.pipeline.resync import resync
from sync_core.pipeline.shared import CLAIM
from sync_core.pipeline.shared_lines import FRESH, is_lines
from tests.pipeline.faults import Killed
from tests.pipeline.night import Night, agreement, tenant

CUSTOMERS = 40
TOGETHER = pytest.mark.parametrize("keeping", [Keeping.WHOLE_AGREEMENTS, Keeping.DATED_DELTAS])
"""The kinds whose lines can be read together."""


def settled(customers: int = CUSTOMERS, keeping: Keeping = Keeping.DATED_DELTAS) -> Night:
    """A partner whose lines are as they should be, on the morning before a night in which nothing is counted yet."""
    night = Night(customers, keeping=keeping)
    night.run()
    night.next_day()
    night.psa.line_reads = night.psa.bulk_reads = 0
    return night


def read_by_many(night: Night, run: Run) -> None:
    """Each message is handled by a process of its own, which remembers nothing."""
    while night.queue.waiting(SYNC_CUSTOMER):
        night.clock.move_to(night.queue.next_visible() or night.clock.now())
        night.context = night.another_process()
        night.take()
    night.work()
    assert {night.customer(run, number).state for number in range(1, 4)} == {CustomerState.DONE}


@TOGETHER
def test_lines_are_read_once_for_all_processes(keeping: Keeping) -> None:
    night = settled(keeping=keeping)
    read_by_many(night, night.start())
    assert (night.psa.bulk_reads, night.psa.line_reads) == (1, 0)


def test_more_agreements_than_are_read_at_once_are_read_in_parts() -> None:
    night = settled()
    night.psa.together = 15
    read_by_many(night, night.start())
    assert (night.psa.bulk_reads, night.psa.line_reads) == (3, 0)


def test_a_psa_that_reads_one_agreement_at_a_time_is_read_so() -> None:
    night = settled(customers=5, keeping=Keeping.LINES)
    read_by_many(night, night.start())
    assert (night.psa.bulk_reads, night.psa.line_reads) == (0, 5)


def test_one_customer_on_demand_reads_nobody_elses_lines_or_agreements() -> None:
    night = settled()
    calls: list[str] = []
    night.watch(lambda call, done: calls.append(call) if done else None)
    resync(night.context, tenant(7))
    night.work()
    assert (night.psa.bulk_reads, night.psa.line_reads) == (0, 1)
    assert "psa.read_headers" not in calls


@TOGETHER
def test_a_customer_that_changed_is_written_by_lines_that_were_read_anew(keeping: Keeping) -> None:
    """Somebody edits the line after it was read for all, and before our write: what the plan rests on is not there any more."""
    night = settled(keeping=keeping)
    night.buy(15)
    run = night.start()
    while night.queue.waiting(SYNC_CUSTOMER):
        night.take()
    night.psa.edit(night.psa.lines("a1")[0].line_id, quantity=Decimal(99))
    night.work()
    (change,) = night.report(run).changes
    assert (change.result, night.quantities()) == (ChangeResult.HELD, [99])


@pytest.mark.parametrize("keeping", list(Keeping))
def test_the_head_that_was_planned_with_makes_the_writes_and_is_read_anew_right_before_them(keeping: Keeping) -> None:
    night = settled(customers=3, keeping=keeping)
    night.buy(15)
    night.start()
    while night.queue.waiting(SYNC_CUSTOMER):
        night.take()
    calls: list[str] = []
    night.watch(lambda call, done: calls.append(call) if done and call.startswith("psa.") else None)
    night.work()
    assert calls == ["psa.steps_for", "psa.read_headers", "psa.read_lines", "psa.execute", "psa.probe"]
    assert night.quantities() == [15]


def test_an_agreement_that_ended_after_the_run_read_its_head_is_not_written_to() -> None:
    night = settled(customers=3)
    night.buy(15)
    run = night.start()
    while night.queue.waiting(SYNC_CUSTOMER):
        night.take()
    night.psa.add_agreement(replace(agreement("a1", "c1"), status=AgreementStatus.CANCELLED))
    written = len(night.psa.writes)
    night.work()
    (change,) = night.report(run).changes
    assert (change.result, "status was active" in change.result_reason) == (ChangeResult.HELD, True)
    assert len(night.psa.writes) == written


@TOGETHER
def test_what_is_not_written_yet_is_never_taken_for_written(keeping: Keeping) -> None:
    night = settled(keeping=keeping)
    night.buy(15)
    night.run()
    assert night.quantities() == [15]
    night.next_day()
    written = len(night.psa.writes)
    night.run()
    assert (night.quantities(), len(night.psa.writes)) == ([15], written)


def test_lines_that_were_left_for_others_are_taken_away_when_the_run_is_over() -> None:
    """They may name people, and nobody needs them any more."""
    night = settled()
    night.buy(15)
    run = night.start()
    while night.queue.waiting(SYNC_CUSTOMER):
        night.take()
    assert left(night, run)
    night.work()
    assert not left(night, run)


def left(night: Night, run: Run) -> list[str]:
    return [name for name in night.blobs.names(f"runs/{run.run_id}/") if is_lines(name)]


def test_lines_that_a_dead_process_left_are_taken_away_within_days_and_when_somebody_is_forgotten() -> None:
    night = settled()
    run = night.start()
    night.take()
    assert left(night, run)
    Forgetting(night.context, tenant(1), "anna@contoso.example").forget(Who("a clerk"))
    assert not left(night, run)
    night.context = night.another_process()
    night.take()
    assert left(night, run)
    night.clock.advance(3 * 24 * 3600)
    clean_up(night.context)
    assert not left(night, run)


def test_lines_that_were_read_long_ago_are_read_by_themselves() -> None:
    night = settled(customers=3)
    night.settings = replace(night.settings, reading_minutes=600)
    night.context = night.another_process()
    run = night.start()
    night.take()
    night.clock.advance(FRESH.total_seconds() + 1)
    read_by_many(night, run)
    assert (night.psa.bulk_reads, night.psa.line_reads) == (1, 2)


def test_a_reading_for_all_that_is_throttled_is_tried_again_and_fails_nobody() -> None:
    night = settled()
    night.watch(Throttle("psa.read_together", times=2))
    read_by_many(night, night.start())
    assert (night.psa.bulk_reads, night.psa.line_reads) == (1, 0)


class Throttle:
    """Refuses the first calls of one kind."""

    def __init__(self, call: str, times: int) -> None:
        self.call, self.left = call, times

    def __call__(self, call: str, done: bool) -> None:
        """See ``Tap``."""
        if call == self.call and not done and self.left:
            self.left -= 1
            raise Throttled("The PSA asks us to slow down", delay=30)


class DeathIn:
    """Kills the first process that makes a call, before it or after it."""

    def __init__(self, call: str, after: bool) -> None:
        self.call, self.after, self.happened = call, after, False
        self.put_back = 0

    def __call__(self, call: str, done: bool) -> None:
        """See ``Tap``."""
        self.put_back += call == f"queue.send {SYNC_CUSTOMER}" and done
        if call == self.call and done is self.after and not self.happened:
            self.happened = True
            raise Killed(call)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("call", ["psa.read_headers", "psa.read_together"])
def test_a_reader_that_dies_is_replaced_soon_by_exactly_one(call: str, after: bool) -> None:
    night = settled()
    death = DeathIn(call, after)
    run = night.start()
    began = night.clock.now()
    night.watch(death)
    read_by_many(night, run)
    assert death.happened
    assert night.psa.bulk_reads == (2 if call == "psa.read_together" and after else 1)
    assert night.psa.line_reads == 0
    ended = night.reload(run).finished
    assert ended is not None
    assert ended - began < CLAIM + timedelta(minutes=11)  # the dead one's own message is visible again after ten minutes
    assert death.put_back < CUSTOMERS


def test_while_one_reads_the_others_wait_some_seconds_and_read_nothing() -> None:
    """Two thousand customers are put back no more often than two dozen, as each look waits for ten seconds."""
    night = settled()
    death = DeathIn("psa.read_together", after=False)
    night.start()
    night.watch(death)
    night.take()
    began = night.clock.now()
    while not night.psa.bulk_reads:
        night.clock.move_to(night.queue.next_visible() or night.clock.now())
        night.context = night.another_process()
        night.take()
    assert night.clock.now() - began <= CLAIM + timedelta(seconds=10)
    assert death.put_back <= 13
