"""Whole nights of a HaloPSA that bills licence counts: taken over, raised, gone, back again, and new ones that nobody bills yet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest

from sandbox.halopsa.records import Licence
from sync_core.model.billing import LineChoice
from sync_core.model.plans import ChangeKind, ChangeResult
from sync_core.model.runs import CustomerState
from tests.conformance.test_halopsa_proration import APRIL, PRODUCT, Nights, made
from tests.pipeline.night import tenant
from tests.pipeline.scenes import approve
from tests.pipeline.test_undo import undo, written

PRICE = Decimal("20.60")


@pytest.fixture
def nights() -> Iterator[Nights]:
    """A licence of ten seats with the line that counts it; twelve seats are held, and the link adopts it."""
    with made(billed=0) as nights:
        licence = nights.ledger.licence(nights.ledger.clients[1], PRODUCT, 10)
        nights.line = nights.ledger.line(nights.ledger.recurring_invoices[nights.number], nights.ledger.items[1], 0, licence_id=licence.id)
        link(nights, f"licence-{licence.id}")
        yield nights


def link(nights: Nights, adopted: str = "") -> None:
    """The customer's link, to a licence that is there or to a new one."""
    nights.connect(writes="licence counts")
    nights.configure(prorate=False)
    customer = nights.night.configuration.customers[0]
    choice = LineChoice.ADOPT if adopted else LineChoice.NONE
    links = tuple(replace(each, choice=choice, adopt_line_id=adopted) for each in customer.links)
    nights.night.configure(replace(customer, links=links))


def licences(nights: Nights) -> list[Licence]:
    return list(nights.ledger.licences.values())


def test_a_count_follows_the_seats_and_the_invoice_bills_it(nights: Nights) -> None:
    run = nights.run()
    assert {change.result for change in nights.changes(run)} == {ChangeResult.APPLIED}
    assert (licences(nights)[0].count, nights.total(APRIL)) == (12, 12 * PRICE)
    assert {write.path for write in nights.ledger.writes} == {"/api/SoftwareLicence"}
    assert nights.changes(nights.run()) == ()


def test_seats_that_are_gone_go_to_zero_with_a_persons_word_and_come_back_on_the_same_record(nights: Nights) -> None:
    nights.run()
    nights.night.buy(0)
    held = nights.changes(nights.run())
    assert [change.kind for change in held] == [ChangeKind.SET_QUANTITY]
    nights.run()
    approve(nights.night)
    nights.run()
    assert (licences(nights)[0].count, nights.total(APRIL)) == (0, Decimal(0))
    nights.night.buy(4)
    nights.run()
    assert ([each.count for each in licences(nights)], nights.total(APRIL)) == ([4], 4 * PRICE)


def test_what_was_raised_is_taken_back_by_an_undo(nights: Nights) -> None:
    nights.run()
    undo(nights.night, *written(nights.night))
    assert licences(nights)[0].count == 10


def test_a_new_record_is_asked_about_every_night_until_a_line_counts_it_and_billed_from_then_on() -> None:
    with made(billed=0) as nights:
        link(nights)
        nights.night.buy(5)
        nights.run()
        (licence,) = licences(nights)
        assert (licence.count, licence.name, nights.total(APRIL)) == (5, PRODUCT, Decimal(0))
        for _ in range(2):
            run = nights.run()
            assert nights.night.customer(run).state is CustomerState.HELD
            assert "nobody is charged for it" in " ".join(nights.changes(run)[0].reasons)
        invoice = nights.ledger.recurring_invoices[nights.number]
        nights.ledger.line(invoice, nights.ledger.items[1], 0, licence_id=licence.id, starts=APRIL)
        nights.run()
        approve(nights.night)
        nights.run()
        assert nights.changes(nights.run()) == ()
        assert (len(licences(nights)), nights.total(APRIL)) == (1, 5 * PRICE)


def test_a_record_that_is_there_and_billed_is_asked_about_and_never_doubled(nights: Nights) -> None:
    link(nights)
    (change,) = nights.changes(nights.run())
    assert change.kind is ChangeKind.NONE
    assert "Existing line licence-1, quantity 10" in " ".join(change.reasons)
    assert nights.ledger.writes == []


def test_a_record_that_halos_own_integration_keeps_is_asked_about_and_left_alone(nights: Nights) -> None:
    nights.ledger.licences[1] = replace(licences(nights)[0], tenant_id=tenant(1))
    changes = nights.changes(nights.run())
    assert any("An integration of Halo's own keeps the count" in reason for change in changes for reason in change.reasons)
    assert nights.ledger.writes == []


def test_a_lost_answer_makes_no_second_record() -> None:
    with made(billed=0) as nights:
        link(nights)
        nights.night.buy(5)
        nights.lose_licence()
        for _ in range(2):
            nights.run()
        assert [each.count for each in licences(nights)] == [5]


def test_after_a_change_of_the_way_of_writing_nothing_is_written_until_a_person_says_what(nights: Nights) -> None:
    """Ids of lines and of records never mean the same."""
    nights.run()
    writes = len(nights.ledger.writes)
    nights.connect()
    nights.night.buy(14)
    (change, *_) = nights.changes(nights.run())
    assert change.kind is ChangeKind.NONE
    assert "is no longer on the agreement" in " ".join(change.reasons)
    assert len(nights.ledger.writes) == writes
