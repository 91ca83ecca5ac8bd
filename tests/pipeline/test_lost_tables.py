"""Two installations on one PSA, and tables that were lost or restored: nothing is changed that we do not know, and nothing doubled."""

from __future__ import annotations

import copy
from dataclasses import replace
from decimal import Decimal

from sandbox.memory.store import MemoryStore
from sync_core.model.billing import LineChoice
from sync_core.model.plans import ChangeKind, ChangeResult
from sync_core.model.runs import CustomerState, Run
from tests.pipeline.night import Night


def beside(night: Night, installation: str = "test1", seats: int = 4) -> Night:
    """Another installation, or the same one with empty tables, over the PSA of ``night``."""
    other = Night(0, start=night.clock.now())
    other.settings = replace(other.settings, installation=installation)
    other.psa = other.adapters.psas["memory"] = night.psa
    other.context = other.another_process()
    other.configure(other.add_customer(1, seats=seats, billed=0))
    return other


def question(night: Night, run: Run) -> str:
    """What the customer's one change asks."""
    (change,) = night.report(run).changes
    assert (change.kind, change.result) == (ChangeKind.NONE, ChangeResult.HELD)
    return " ".join(change.reasons)


def test_a_line_of_another_installation_is_neither_changed_nor_doubled() -> None:
    ours = Night(seats=4, billed=0)
    ours.run()
    theirs = beside(ours, "test2", seats=7)
    run = theirs.run()
    assert theirs.quantities() == [4]
    assert "managed by another installation (test1)" in question(theirs, run)


def test_two_installations_that_plan_the_same_line_at_once_add_it_once() -> None:
    """The second one looks again right before its write, and finds a line that was not there when it planned."""
    ours = Night(seats=4, billed=0)
    theirs = beside(ours, "test2")
    theirs.start()
    theirs.take()
    ours.run()
    run = theirs.run()
    assert ours.quantities() == [4]
    assert theirs.customer(run).state is CustomerState.HELD


def test_with_its_tables_lost_an_installation_asks_to_take_its_line_over_and_adds_none() -> None:
    night = Night(seats=4, billed=0)
    night.run()
    anew = beside(night)
    run = anew.run()
    assert anew.quantities() == [4]
    assert "its tables were lost or restored" in question(anew, run)
    assert "Say `line: adopt 1`" in question(anew, run)


def test_a_line_taken_over_after_the_loss_goes_on_as_before() -> None:
    night = Night(seats=4, billed=0)
    night.run()
    anew = beside(night, seats=6)
    (customer,) = anew.configuration.customers
    link = replace(customer.links[0], choice=LineChoice.ADOPT, adopt_line_id="1")
    anew.configure(replace(customer, links=(link,)))
    anew.run()
    assert anew.quantities() == [6]


def test_tables_restored_to_yesterday_neither_add_a_line_again_nor_change_it_unasked() -> None:
    night = Night(seats=10)
    night.run()
    yesterday = snapshot(night.store)
    night.next_day()
    night.buy(12)
    night.run()
    restore(night.store, yesterday)
    night.next_day()
    night.buy(14)
    run = night.run()
    assert night.quantities() == [12]
    assert night.customer(run).state is CustomerState.HELD
    assert any("Edited by" in reason for change in night.report(run).changes for reason in change.reasons)


def test_tables_restored_to_before_an_add_do_not_add_it_again() -> None:
    """Plan numbers are used a second time then; the line's marker is known, and its journal is not."""
    night = Night(seats=0, billed=0)
    night.run()
    yesterday = snapshot(night.store)
    night.next_day()
    night.buy(4)
    night.run()
    restore(night.store, yesterday)
    night.next_day()
    run = night.run()
    assert night.quantities() == [4]
    assert "our journal knows nothing of it" in question(night, run)


def test_a_line_that_a_person_copied_with_its_marker_is_asked_about() -> None:
    night = Night(seats=4, billed=0)
    night.run()
    (line,) = night.psa.lines("a1")
    night.psa.add_line("a1", line)
    night.next_day()
    run = night.run()
    ends = [change for change in night.report(run).changes if change.is_double]
    assert [(change.kind, change.result) for change in ends] == [(ChangeKind.END, ChangeResult.WAITING)]
    assert [line.quantity for line in night.psa.lines("a1")] == [Decimal(4), Decimal(4)]


Tables = dict[tuple[str, str], dict[str, object]]


def snapshot(store: MemoryStore) -> Tables:
    """All tables as they stand."""
    return copy.deepcopy(store.__dict__["_partitions"])


def restore(store: MemoryStore, tables: Tables) -> None:
    """Puts the tables back."""
    store.__dict__["_partitions"] = tables
