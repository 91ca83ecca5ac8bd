"""A change that its PSA has no write for, among others: it fails alone, before anything of it is sent, and says why."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from sandbox.memory.psa import Keeping
from sync_core.model.plans import ChangeResult
from sync_core.model.runs import CustomerState, Run
from tests.pipeline.faults import Death
from tests.pipeline.night import OTHER_SKU, Night
from tests.pipeline.scenes import check_next_day, check_run


def night_with_a_large_change(keeping: Keeping = Keeping.LINES, agreement_id: str = "a1") -> Night:
    """A line of 10 that is to become 12, and one of 200 that is to become 210, where no more than 5 may move at once."""
    night = Night(0, keeping=keeping)
    customer = night.add_customer(1, seats=12, billed=10)
    large = night.link(1, agreement_id, seats=210, billed=200, sku=OTHER_SKU)
    night.configure(replace(customer, links=(*customer.links, replace(large, key=f"{large.key}-large"))))
    night.psa.most_units = Decimal(5)
    return night


def results(night: Night, run: Run) -> dict[int, ChangeResult]:
    """What became of the changes of units, by what they were to set."""
    return {int(change.after): change.result for change in night.report(run).changes if change.after and change.after != change.before}


@pytest.mark.parametrize("keeping", list(Keeping))
def test_the_others_of_its_agreement_are_written(keeping: Keeping) -> None:
    night = night_with_a_large_change(keeping)
    run = night.run()
    assert results(night, run) == {12: ChangeResult.APPLIED, 210: ChangeResult.FAILED}
    assert sorted(night.quantities()) == [12, 200]
    assert night.customer(run).state is CustomerState.FAILED
    (why,) = [change.result_reason for change in night.report(run).changes if change.result is ChangeResult.FAILED]
    assert why == "It cannot be written: memory: More than 5 units are to move at once."


def test_those_of_the_customers_other_agreements_are_written() -> None:
    night = night_with_a_large_change(agreement_id="b1")
    run = night.run()
    assert results(night, run) == {12: ChangeResult.APPLIED, 210: ChangeResult.FAILED}
    assert (night.quantities(), [int(line.quantity) for line in night.psa.lines("b1")]) == ([12], [200])


def test_the_next_run_writes_it_once_it_may_be_written() -> None:
    night = night_with_a_large_change()
    night.run()
    night.psa.most_units = None
    night.next_day()
    check_run(night, night.run())
    assert sorted(night.quantities()) == [12, 210]
    check_next_day(night)


def test_where_no_change_can_be_written_nothing_is_sent() -> None:
    night = night_with_a_large_change()
    night.psa.most_units = Decimal(1)
    run = night.run()
    assert set(results(night, run).values()) == {ChangeResult.FAILED}
    assert (night.customer(run).state, night.psa.writes) == (CustomerState.FAILED, [])


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_death_at_any_call_changes_nothing_of_it(after: bool) -> None:
    living = Death()
    night = night_with_a_large_change()
    night.watch(living)
    night.run()
    for at in range(len(living.calls)):
        night = night_with_a_large_change()
        night.watch(Death(at, after))
        night.alive(night.start)
        night.work()
        night.watch(None)
        night.next_day()
        assert results(night, night.run()) in ({210: ChangeResult.FAILED}, {12: ChangeResult.APPLIED, 210: ChangeResult.FAILED})
        assert (sorted(night.quantities()), len(night.psa.writes)) == ([12, 200], 1), f"{at} {living.calls[at]}"
