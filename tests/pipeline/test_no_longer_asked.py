"""A change that waits is shown as long as reading the customer comes to it, and no longer: also where the rest of its plan was written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from sandbox.memory.counting import CountingStore, Operation
from sync_core.errors import Rejected, SkipCustomer
from sync_core.model.customers import Leaving, Mode
from sync_core.model.people import Who
from sync_core.model.plans import ChangeKind, ChangeResult, Decision, PlanState, Undo
from sync_core.model.runs import CustomerState
from sync_core.pipeline.customers import CUSTOMERS, load_live, plans_of
from sync_core.pipeline.decisions import decide, list_plans, show_plan
from sync_core.pipeline.leaving import say_leaving
from sync_core.pipeline.outcome import break_off
from sync_core.pipeline.resync import resync
from sync_core.pipeline.undo import start_undo, undo_of_changes
from tests.pipeline.baton import Worker, pause
from tests.pipeline.night import OTHER_SKU, SKU, Night, tenant

WHO = Who("a clerk")


def partly_written(**settings: Any) -> Night:
    """Of a customer's two new quantities one was approved and written; the other waits, in a plan that is over."""
    night = Night(0, **settings)
    item = night.add_customer(1, Mode.APPROVE, seats=12, billed=10)
    night.configure(replace(item, links=(*item.links, night.link(1, "b1", seats=8, billed=5, sku=OTHER_SKU))))
    night.run()
    changes = show_plan(night.context, tenant(1)).undecided
    chosen = [change.change_id for change in changes if change.item_id == SKU or change.kind is ChangeKind.ADOPT]
    decide(night.context, tenant(1), chosen, Decision.APPROVED, WHO, "")
    night.work()
    assert [int(line.quantity) for place in ("a1", "b1") for line in night.psa.lines(place)] == [12, 5]
    night.next_day()
    return night


def not_asked_any_more(**settings: Any) -> Night:
    """The same, and the seats that waited were given back: the customer holds what it is billed."""
    night = partly_written(**settings)
    night.buy(5, sku=OTHER_SKU)
    return night


def written_whole() -> Night:
    """A customer whose changes were all written the night before."""
    night = Night()
    night.run()
    night.next_day()
    return night


def waiting(night: Night) -> set[str]:
    """The items that ``plan list`` has people decide on or answer for."""
    return {change.item_id for shown in list_plans(night.context) for change in (*shown.undecided, *shown.asking)}


def test_what_waits_beside_something_written_is_shown_after_its_plan_is_over() -> None:
    night = partly_written()
    assert load_live(night.store, tenant(1)).value.state is PlanState.FINISHED
    assert waiting(night) == {OTHER_SKU}


def test_what_is_still_asked_for_is_shown_anew_each_night() -> None:
    night = partly_written()
    first = show_plan(night.context, tenant(1)).plan.plan_id
    night.run()
    assert waiting(night) == {OTHER_SKU}
    assert show_plan(night.context, tenant(1)).plan.plan_id != first


def test_a_night_that_comes_to_no_change_ends_what_waited_beside_something_written() -> None:
    night = not_asked_any_more()
    run = night.run()
    assert (night.customer(run).state, night.report(run).changes) == (CustomerState.DONE, ())
    assert waiting(night) == set()
    with pytest.raises(Rejected, match="The customer has no plan"):
        show_plan(night.context, tenant(1))


def test_a_night_that_comes_to_another_change_shows_that_one_alone() -> None:
    night = not_asked_any_more()
    night.buy(14)
    night.run()
    assert waiting(night) == {SKU}


def test_what_was_written_is_undone_by_itself_and_stays_in_the_history_after_its_plan_is_no_longer_shown() -> None:
    night = not_asked_any_more()
    night.run()
    night.next_day()
    written = undo_of_changes(night.context, tenant(1), (), "a mistake").changes
    newest = {name.split("/")[0] for name in written}
    kept = {plan.plan_id: {change.result for change in plan.changes} for plan, _ in plans_of(night.store, tenant(1))}
    assert [kept[plan_id] for plan_id in newest] == [{ChangeResult.APPLIED, ChangeResult.WAITING}]


def test_a_word_on_what_is_no_longer_asked_for_is_refused_and_one_given_before_writes_nothing() -> None:
    night = partly_written()
    (change,) = show_plan(night.context, tenant(1)).undecided
    writes = len(night.psa.writes)
    night.buy(5, sku=OTHER_SKU)
    decide(night.context, tenant(1), [change.change_id], Decision.APPROVED, WHO, "")
    night.work()
    with pytest.raises(Rejected, match="The customer has no plan"):
        decide(night.context, tenant(1), [change.change_id], Decision.APPROVED, WHO, "")
    assert len(night.psa.writes) == writes


def test_a_night_that_cannot_read_the_customer_ends_nothing() -> None:
    night = not_asked_any_more()
    night.microsoft.always[tenant(1)] = SkipCustomer("No access", code="no-access")
    run = night.run()
    assert night.customer(run).state is CustomerState.FAILED
    assert waiting(night) == {OTHER_SKU}


def test_a_plan_that_was_written_whole_stays_the_newest_on_quiet_nights() -> None:
    night = written_whole()
    plan_id = show_plan(night.context, tenant(1)).plan.plan_id
    for _ in range(2):
        night.run()
        night.next_day()
    assert show_plan(night.context, tenant(1)).plan.plan_id == plan_id
    assert waiting(night) == set()


def test_a_plan_given_up_before_it_was_begun_is_shown_until_a_night_comes_to_no_change() -> None:
    night = partly_written()
    night.run()
    break_off(night.context, tenant(1), show_plan(night.context, tenant(1)).plan.plan_id, "given up")
    assert (load_live(night.store, tenant(1)).value.state, waiting(night)) == (PlanState.FINISHED, {OTHER_SKU})
    night.next_day()
    night.buy(5, sku=OTHER_SKU)
    night.run()
    assert waiting(night) == set()


def test_a_customer_that_goes_has_nothing_on_show_any_more() -> None:
    night = partly_written()
    say_leaving(night.store, tenant(1), "Customer 1", Leaving("a clerk", datetime(2026, 3, 17, tzinfo=UTC), "stays as it is"))
    night.run()
    assert waiting(night) == set()


def test_an_undo_that_comes_to_nothing_leaves_what_a_reading_asked_for_on_show() -> None:
    night = partly_written()
    wrote_nothing = night.run()
    start_undo(night.context, Undo(run_id=wrote_nothing.run_id), (tenant(1),), "a clerk")
    night.work()
    assert waiting(night) == {OTHER_SKU}


def test_an_undo_that_was_given_up_is_on_show_until_a_night_has_read_the_lines_even_where_they_need_not_be_read() -> None:
    night = Night(verify_days=7)
    for _ in range(2):
        night.run()
        night.next_day()
    while night_reads(night):
        pass
    start_undo(night.context, undo_of_changes(night.context, tenant(1), (), "a mistake"), (tenant(1),), "a clerk")
    night.work()
    break_off(night.context, tenant(1), show_plan(night.context, tenant(1)).plan.plan_id, "given up")
    assert waiting(night) == {SKU}
    assert night_reads(night) == 1
    assert waiting(night) == set()


def night_reads(night: Night) -> int:
    """How many agreements' lines the next night reads."""
    before = night.psa.line_reads
    night.next_day()
    night.run()
    return night.psa.line_reads - before


def test_what_another_run_came_to_in_the_meantime_stays_on_show() -> None:
    """A night finds nothing to do and, right before it says so, a resync finds seats that were just bought."""
    night = not_asked_any_more()
    night.watch(lambda call, done: None if done or call != "store.transact customers" else pause())
    night.start()
    slow = Worker(night.take)
    for _ in ("what was read", "that nothing is asked for"):
        slow.turn()
    assert waiting(night) == {OTHER_SKU}
    night.buy(14)
    resync(night.context, tenant(1))
    night.take()
    slow.finish()
    assert slow.error is None
    assert waiting(night) == {SKU}
    night.work()
    assert waiting(night) == {SKU}


@pytest.mark.parametrize(("prepared", "more"), [(not_asked_any_more, ["replace"]), (written_whole, [])])
def test_only_the_night_that_ends_what_waited_writes_a_row_more(prepared: Callable[[], Night], more: list[str]) -> None:
    night = prepared()
    for expected in (more, []):
        operations = list[Operation]()
        night.context = replace(night.context, store=CountingStore(night.store, operations))
        run = night.run()
        assert night.customer(run).changes == 0
        own = [operation.name for operation in operations if operation.target == CUSTOMERS]
        assert [name for name in own if name == "replace"] == expected
        assert len(own) <= 6
        night.next_day()
