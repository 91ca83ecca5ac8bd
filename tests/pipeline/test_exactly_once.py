"""Each change is written once, whatever becomes of the answer; where that cannot be known, a person is asked."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sandbox.memory.psa import Keeping, Mishap
from sync_core.errors import StopRun
from sync_core.model.plans import ChangeKind, ChangeResult
from sync_core.model.runs import CustomerState, Run
from sync_core.pipeline.control import StopSwitch, set_stop_switch
from tests.pipeline.night import OTHER_SKU, Night
from tests.pipeline.scenes import SCENES, check_next_day, check_psa, check_run


def results(night: Night, run: Run, number: int = 1) -> list[ChangeResult]:
    """What became of a customer's changes, adoptions left out."""
    return [change.result for change in night.report(run, number).changes if change.kind is not ChangeKind.ADOPT]


@pytest.mark.parametrize("mishap", [Mishap.LOSE_ANSWER, Mishap.LOSE_REQUEST, Mishap.THROTTLE])
@pytest.mark.parametrize("name", ["a line grows", "a line is added", "whole agreements", "dated deltas"])
def test_a_lost_answer_a_lost_request_and_a_throttled_one_come_to_one_write(name: str, mishap: Mishap) -> None:
    night = SCENES[name].ready()
    night.psa.fail_next_write(mishap)
    check_run(night, night.run())
    check_psa(night, SCENES[name].after)
    check_next_day(night)


@pytest.mark.parametrize("seconds", [1, 60, 119])
def test_an_add_that_is_done_after_the_client_gave_up_is_not_added_again(seconds: int) -> None:
    night = Night(seats=4, billed=0)
    night.psa.fail_next_write(Mishap.COMMIT_LATE)
    night.start()
    while not night.psa.late:
        night.take()
    night.clock.advance(seconds)
    night.psa.commit_late_writes()
    night.work()
    assert night.quantities() == [4]


def test_a_lost_create_is_sent_again_only_after_the_settle_time() -> None:
    night = Night(seats=4, billed=0)
    night.psa.fail_next_write(Mishap.LOSE_REQUEST)
    run = night.start()
    began = night.clock.now()
    night.work()
    assert night.quantities() == [4]
    assert (night.clock.now() - began).total_seconds() > night.psa.settle_seconds
    assert night.customer(run).state is CustomerState.DONE


def test_what_never_gets_through_ends_with_a_person_and_not_with_a_fifth_try() -> None:
    night = Night(seats=4, billed=0)
    for _ in range(10):
        night.psa.fail_next_write(Mishap.LOSE_REQUEST)
    run = night.run()
    assert night.customer(run).state is CustomerState.FAILED
    assert "4 attempts" in night.report(run).changes[0].result_reason


def test_a_rejected_write_fails_with_the_psas_own_words() -> None:
    night = Night()
    night.psa.fail_next_write(Mishap.REJECT)
    run = night.run()
    assert results(night, run) == [ChangeResult.FAILED]
    assert "must be something else" in night.customer(run).reason
    assert night.quantities() == [10]


def test_what_the_psa_cannot_tell_goes_to_a_person_and_is_not_sent_again() -> None:
    """A write of a whole agreement is lost, and meanwhile a person enters a part of it."""
    night = SCENES["whole agreements"].prepare(keeping=Keeping.DATED_DELTAS)
    night.psa.fail_next_write(Mishap.LOSE_REQUEST)
    run = night.start()
    while not night.queue.waiting("apply-plan") or not any(message.visible > night.clock.now() for message in night.queue.waiting("apply-plan")):
        night.take()
    night.psa.edit("1", quantity=Decimal(11))
    night.work()
    assert night.customer(run).state is CustomerState.FAILED
    assert night.quantities() == [11]


def test_a_persons_edit_between_plan_and_write_is_held_and_not_overwritten() -> None:
    night = Night()
    run = night.start()
    while not night.queue.waiting("apply-plan"):
        night.take()
    night.psa.edit("1", quantity=Decimal(11))
    night.work()
    assert night.quantities() == [11]
    assert [change.result for change in night.report(run).changes] == [ChangeResult.HELD, ChangeResult.HELD]
    assert "quantity was 10 when planned and is 11 now" in night.report(run).changes[1].result_reason


def test_a_line_that_goes_away_between_plan_and_write_is_not_taken_over() -> None:
    night = Night(seats=10)
    run = night.start()
    while not night.queue.waiting("apply-plan"):
        night.take()
    night.psa.edit("1", quantity=Decimal(7))
    night.work()
    assert [change.result for change in night.report(run).changes] == [ChangeResult.HELD]


def test_the_stop_switch_between_two_steps_stops_the_second_and_says_so() -> None:
    night = SCENES["two agreements"].ready()

    def stop_after_a_write(call: str, done: bool) -> None:
        if call == "psa.execute" and done:
            set_stop_switch(night.store, StopSwitch(True, "the price list is wrong", "a person", night.clock.now()))

    night.watch(stop_after_a_write)
    run = night.run()
    assert len(night.psa.writes) == 1
    assert results(night, run) == [ChangeResult.APPLIED, ChangeResult.HELD]
    assert night.report(run).changes[-1].result_reason == "Writing was stopped: the price list is wrong"
    assert night.customer(run).state is CustomerState.HELD


def test_what_was_stopped_is_planned_and_written_when_the_switch_is_off_again() -> None:
    night = Night()
    set_stop_switch(night.store, StopSwitch(True, "month end", "a person", night.clock.now()))
    night.run()
    assert night.psa.writes == []
    set_stop_switch(night.store, StopSwitch())
    night.next_day()
    night.run()
    assert night.quantities() == [12]


def test_a_psa_that_refuses_our_key_midway_fails_the_customer_and_stops_the_others() -> None:
    night = Night(customers=2)

    def refuse_after_a_write(call: str, done: bool) -> None:
        if call == "psa.probe" and done:
            night.psa.stopped = StopRun("ConnectWise refuses the key", fix="Make a new one")

    night.watch(refuse_after_a_write)
    run = night.run()
    assert len(night.psa.writes) == 1
    assert night.customer(run, 1).state is CustomerState.DONE
    assert night.customer(run, 2).state is CustomerState.FAILED
    assert night.reload(run).stopped.startswith("ConnectWise refuses the key")


def test_a_second_link_of_the_customer_is_not_hindered_by_the_first_ones_failure() -> None:
    night = SCENES["two agreements"].ready()
    night.psa.fail_next_write(Mishap.REJECT)
    run = night.run()
    assert sorted(results(night, run)) == [ChangeResult.APPLIED, ChangeResult.FAILED]
    assert OTHER_SKU in {change.item_id for change in night.report(run).changes if change.result is ChangeResult.APPLIED}
