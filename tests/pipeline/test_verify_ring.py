"""The ring: where nothing has changed, lines are read every few days only, and whatever changes is read and written the same night."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from sandbox.memory.psa import Keeping
from sync_core.model.plans import ChangeKind
from sync_core.model.runs import CustomerState
from sync_core.pipeline.resync import resync
from tests.pipeline.night import OTHER_SKU, Night, tenant

CUSTOMERS = 35
ALL_KINDS = pytest.mark.parametrize("keeping", list(Keeping))


def settled(customers: int = 1, *, keeping: Keeping = Keeping.LINES, days: int = 7) -> Night:
    """A partner whose lines were written, and found right the night after."""
    night = Night(customers, keeping=keeping, verify_days=days)
    night.psa.together = 1  # so that each agreement that is read counts
    for _ in range(2):
        night.run()
        night.next_day()
    return night


def reads(night: Night) -> int:
    """How many agreements' lines a night reads; it changes nothing."""
    before, written = night.psa.line_reads, len(night.psa.writes)
    night.run()
    assert len(night.psa.writes) == written
    return night.psa.line_reads - before


def a_week(night: Night) -> list[int]:
    found = list[int]()
    for _ in range(7):
        found.append(reads(night))
        night.next_day()
    return found


@ALL_KINDS
def test_within_the_days_each_customer_is_read_once_and_each_day_reads_its_share(keeping: Keeping) -> None:
    found = a_week(settled(CUSTOMERS, keeping=keeping))
    assert sum(found) == CUSTOMERS
    assert max(found) <= CUSTOMERS / 3


def test_every_night_reads_everybody_unless_it_is_asked_for() -> None:
    assert a_week(settled(3, days=1)) == [3] * 7


def resting() -> Night:
    """The same on a night on which the customer's lines are not read."""
    night = settled()
    while reads(night):
        night.next_day()
    night.next_day()
    return night


def test_a_customer_that_is_not_read_is_done_without_a_change() -> None:
    night = resting()
    run = night.run()
    assert (night.customer(run).state, night.report(run).changes) == (CustomerState.DONE, ())


def test_a_count_that_changed_is_read_and_written_the_same_night() -> None:
    night = resting()
    night.buy(15)
    night.run()
    assert night.quantities() == [15]


def test_a_write_rests_on_lines_read_right_before_it_even_where_none_were_read_for_days() -> None:
    """A person was there on a day when nothing was read: the edit is asked about, not overwritten."""
    night = resting()
    night.psa.edit("1", quantity=Decimal(20))
    night.buy(15)
    run = night.run()
    assert night.quantities() == [20]
    assert any("Edited by" in reason for change in night.report(run).changes for reason in change.reasons)


def test_what_a_person_edits_is_found_within_the_days() -> None:
    night = resting()
    night.psa.edit("1", quantity=Decimal(20))
    found = list[ChangeKind]()
    for _ in range(7):
        run = night.run()
        found += [change.kind for change in night.report(run).changes]
        night.next_day()
    assert ChangeKind.SET_QUANTITY in found


def test_a_new_configuration_is_read_at_once() -> None:
    night = resting()
    customer = night.configuration.customers[0]
    profile = replace(customer.links[0].profile, minimum=14)
    night.configure(replace(customer, links=(replace(customer.links[0], profile=profile),)))
    night.run()
    assert night.quantities() == [14]


def test_an_agreement_that_changed_its_dates_is_read_at_once() -> None:
    night = resting()
    (head,) = night.psa.read_headers(["a1"])
    night.psa.add_agreement(replace(head, next_invoice=date(2026, 6, 1)))
    assert reads(night) == 1


def test_a_sku_that_is_bought_beside_is_read_at_once() -> None:
    night = resting()
    night.buy(3, sku=OTHER_SKU)
    assert reads(night) == 1


def test_a_resync_reads_whatever_day_it_is() -> None:
    night = resting()
    before = night.psa.line_reads
    resync(night.context, tenant(1))
    night.work()
    assert night.psa.line_reads > before


def test_what_waits_for_a_person_is_read_every_night() -> None:
    night = resting()
    night.psa.edit("1", quantity=Decimal(20))
    night.buy(15)
    night.run()
    night.next_day()
    assert reads(night) == 1


def test_a_customer_whose_turn_was_missed_is_read_after_so_many_days_all_the_same() -> None:
    night = resting()
    for _ in range(8):
        night.next_day()
    assert reads(night) == 1
