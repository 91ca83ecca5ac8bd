"""The history: everything that happens is kept once, in the order of its time, and a day on which nothing changes adds nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sandbox.memory.counting import CountingBlobs, CountingQueue, CountingStore, Operation
from sandbox.memory.psa import Mishap
from sync_core.documents import from_document
from sync_core.model.customers import Mode
from sync_core.model.history import Counts, Record, RecordKind
from sync_core.model.people import Who
from sync_core.model.plans import Decision
from sync_core.pipeline.context import Context
from sync_core.pipeline.control import TABLE as CONTROL
from sync_core.pipeline.control import StopSwitch, set_stop_switch
from sync_core.pipeline.customers import CUSTOMERS
from sync_core.pipeline.decisions import decide, show_plan
from sync_core.pipeline.history import note, of_kind, records
from sync_core.pipeline.runs import RUNS
from tests.pipeline.night import SKU, Night, tenant


def told(night: Night, number: int = 1) -> list[Record]:
    """The history of a customer."""
    return list(records(night.store, CUSTOMERS, tenant(number)))


def words(found: list[Record]) -> list[str]:
    """The kinds of records, a step's and a mail's with its state. The clock of a night stands still: what happens at once has no order."""
    return sorted(f"{record.kind} {record.document.get('state', '')}".strip() for record in found)


def counts(night: Night) -> list[Counts]:
    """What the customer was counted by, oldest first."""
    return [from_document(Counts, dict(record.document)) for record in of_kind(told(night), RecordKind.READ)]


def test_a_night_is_told_from_the_read_to_the_mail() -> None:
    night = Night(seats=12, billed=10)
    run = night.run()
    mails = list(records(night.store, RUNS, run.run_id))
    assert words(told(night)) == ["applied", "followed", "read", "sent confirmed", "sent sending"]
    assert words(mails) == ["mailed sending", "mailed sent"]
    assert mails[-1].document["to"] == ["billing@msp.example"]


def test_a_write_is_kept_with_what_the_line_held_before_and_after() -> None:
    night = Night(seats=12, billed=10)
    night.run()
    (confirmed,) = (record for record in told(night) if record.document.get("state") == "confirmed")
    (before,), (after,) = confirmed.document["before"].values(), confirmed.document["after"].values()
    assert (before["quantity"], after["quantity"], after["line"]) == ("10", "12", "1")


def test_a_day_on_which_nothing_changes_adds_nothing_and_costs_no_more_operations() -> None:
    night = Night()
    night.run()
    night.next_day()
    night.run()
    before, operations = told(night), list[Operation]()
    night.next_day()
    run = night.start()
    parts = CountingStore(night.store, operations), CountingQueue(night.queue, operations), CountingBlobs(night.blobs, operations)
    night.context = Context(night.settings, night.clock, *parts, night.adapters)
    night.context.remembered.shared.update({(run.run_id, "agreements-memory"): night.psa.read_headers(None)})
    night.context.configuration(run.configuration)
    operations.clear()
    night.take()
    own = [operation for operation in operations if operation.target == CUSTOMERS]
    assert [operation.name for operation in own] == ["query", "upsert"]
    assert told(night) == before


def test_counts_are_kept_when_they_change_and_hold_until_they_change_again() -> None:
    night = Night(seats=12, billed=12)
    for seats in (12, 12, 15, 15):
        night.buy(seats)
        night.run()
        night.next_day()
    assert [[(item.item_id, item.purchased) for item in each.items] for each in counts(night)] == [[(SKU, 12)], [(SKU, 15)]]
    assert [night.blobs.get(each.snapshot) is not None for each in counts(night)] == [True, True]


def test_a_word_that_another_one_takes_back_stays_in_the_history() -> None:
    night = Night(mode=Mode.APPROVE)
    night.run()
    chosen = [change.change_id for change in show_plan(night.context, tenant(1)).plan.changes]
    for decision, why in ((Decision.APPROVED, "ordered"), (Decision.REJECTED, "a mistake"), (Decision.APPROVED, "ordered after all")):
        decide(night.context, tenant(1), chosen, decision, Who("a person"), why, read_anew=False)
        night.clock.advance(1)
    said = [(record.document["decision"], record.document["why"], record.by) for record in of_kind(told(night), RecordKind.DECIDED)]
    by = "a person (unverified)"
    assert said[:: len(chosen)] == [("approved", "ordered", by), ("rejected", "a mistake", by), ("approved", "ordered after all", by)]


def test_stopping_and_letting_go_on_are_both_kept() -> None:
    night = Night()
    for stopped in (True, False):
        set_stop_switch(night.store, StopSwitch(stopped, "month end", "a person", night.clock.now()))
        night.clock.advance(60)
    assert [record.document["stopped"] for record in records(night.store, CONTROL, CONTROL)] == [True, False]


@pytest.mark.parametrize("mishap", [Mishap.LOSE_ANSWER, Mishap.LOSE_REQUEST, Mishap.THROTTLE])
def test_every_try_of_a_write_is_kept_in_its_order(mishap: Mishap) -> None:
    night = Night()
    night.psa.fail_next_write(mishap)
    night.run()
    states = [record.document["state"] for record in of_kind(told(night), RecordKind.SENT)]
    assert (states.count("confirmed"), len(states) > 2) == (1, True)


def test_a_record_of_any_kind_is_kept_once_however_often_it_is_noted() -> None:
    night = Night()
    ticket = Record(night.clock.now(), "ticket", "4711", {"subject": "Licences wait"}, by="the app")
    for record in (ticket, ticket, Record(ticket.at + timedelta(seconds=1), "ticket", "4711")):
        note(night.store, CUSTOMERS, tenant(1), record)
    assert [(record.kind, record.document) for record in told(night)] == [("ticket", {"subject": "Licences wait"}), ("ticket", {})]
