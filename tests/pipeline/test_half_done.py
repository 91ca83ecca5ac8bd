"""A change that needs two writes, and of which only the first is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sandbox.memory.psa import MemoryPsa, Mishap
from sync_core.model.agreements import Agreement
from sync_core.model.plans import Change, ChangeKind, ChangeResult, Step
from sync_core.model.runs import CustomerState
from tests.pipeline.night import Night
from tests.pipeline.scenes import check_next_day, check_run


class TwoStepPsa(MemoryPsa):
    """A PSA that takes a quantity in two writes: half of the way, and the whole."""

    def steps_for(self, agreement: Agreement, changes: Sequence[Change], plan_id: str) -> Sequence[Step]:
        """See ``Psa.steps_for``."""
        return [step for change in changes for step in self._two(agreement, change, plan_id)]

    def _two(self, agreement: Agreement, change: Change, plan_id: str) -> list[Step]:
        if change.kind is not ChangeKind.SET_QUANTITY or change.before is None or change.after is None:
            return list(super().steps_for(agreement, [change], plan_id))
        halfway = replace(change, after=(change.before + change.after) / 2)
        steps = [*super().steps_for(agreement, [halfway], plan_id), *super().steps_for(agreement, [change], plan_id)]
        return [replace(step, step_id=f"{step.step_id}-{number}") for number, step in enumerate(steps)]


def night_with_two_steps() -> Night:
    """A line of 10 that is to become 12 by way of 11."""
    night = Night(0)
    night.psa = TwoStepPsa(night.clock)
    night.adapters.psas["memory"] = night.psa
    night.configure(night.add_customer(1, seats=12, billed=10))
    return night


def test_the_second_step_rests_on_what_the_first_one_left() -> None:
    night = night_with_two_steps()
    check_run(night, night.run())
    assert night.quantities() == [12]
    assert len(night.psa.writes) == 2
    check_next_day(night)


def test_a_change_whose_second_step_is_rejected_is_half_done_and_the_next_run_finishes_it() -> None:
    night = night_with_two_steps()
    night.watch(lambda call, done: night.psa.fail_next_write(Mishap.REJECT) if call == "psa.probe" and done else None)
    run = night.run()
    assert night.quantities() == [11]
    assert [change.result for change in night.report(run).changes] == [ChangeResult.APPLIED, ChangeResult.HALF_DONE]
    assert night.customer(run).state is CustomerState.FAILED
    night.watch(None)
    night.next_day()
    check_run(night, night.run())
    assert night.quantities() == [12]
