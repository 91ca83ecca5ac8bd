"""Whole nights, from the timer to the mail."""

from sync_core.model.customers import Mode
from sync_core.model.plans import ChangeKind, ChangeResult
from sync_core.model.runs import CustomerState, RunState
from tests.pipeline.night import Night


def test_a_line_follows_what_was_bought() -> None:
    night = Night(seats=12, billed=10)
    run = night.run()
    assert night.quantities() == [12]
    assert night.customer(run).state is CustomerState.DONE
    assert run.state is RunState.TOLD


def test_the_second_day_writes_nothing() -> None:
    night = Night(customers=3)
    night.run()
    written = len(night.psa.writes)
    night.next_day()
    run = night.run()
    assert len(night.psa.writes) == written == 3
    assert [night.report(run, number).changes for number in (1, 2, 3)] == [(), (), ()]


def test_one_digest_goes_out_a_run() -> None:
    night = Night(customers=3)
    night.run()
    assert [mail.recipients for mail in night.mail.mails] == [("billing@msp.example",)]


def test_the_adopted_line_and_its_new_quantity_stand_in_the_plan_together() -> None:
    night = Night(seats=12, billed=10)
    changes = night.report(night.run()).changes
    assert [(change.kind, change.result) for change in changes] == [
        (ChangeKind.ADOPT, ChangeResult.APPLIED),
        (ChangeKind.SET_QUANTITY, ChangeResult.APPLIED),
    ]


def test_a_new_line_carries_our_marker_and_is_not_added_again() -> None:
    night = Night(seats=4, billed=0)
    night.run()
    night.next_day()
    night.run()
    assert [line.marker[:11] for line in night.psa.lines("a1")] == ["M365-test1-"]


def test_an_observed_customer_gets_a_plan_and_keeps_its_lines() -> None:
    night = Night(mode=Mode.OBSERVE)
    run = night.run()
    assert night.quantities() == [10]
    assert ChangeResult.OBSERVED in {change.result for change in night.report(run).changes}
