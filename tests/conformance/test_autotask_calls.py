"""What a night costs at Autotask, counted at the simulator: contracts are read together, and a changed line costs a handful of calls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from sandbox.autotask import AutotaskSimulator, Ledger
from sandbox.autotask.access import Access
from sandbox.web import serve
from sync_core.model.agreements import Agreement, Line
from sync_core.ports import Probe
from tests.conformance.autotask_subject import autotask, send, set_quantity
from tests.conformance.subjects import APRIL, NOW

CONTRACTS, LINES_OF_EACH = 500, 8


class Site:
    """500 contracts of eight lines, all posted through March, and the adapter at the served simulator."""

    def __init__(self, url: str, simulator: AutotaskSimulator) -> None:
        self.simulator, self.ledger = simulator, simulator.ledger
        self.psa = autotask(url, self.simulator.access, {"units_reading": "delta"})

    def lines(self, head: Agreement) -> tuple[Line, ...]:
        return self.psa.read_lines(head, head.next_invoice or APRIL)

    @property
    def calls(self) -> int:
        return self.simulator.limits.calls.total()


@pytest.fixture(scope="module")
def books() -> Ledger:
    ledger = Ledger(now=lambda: NOW)
    services = [ledger.service(f"M365-{number}", price="3") for number in range(LINES_OF_EACH)]
    for number in range(CONTRACTS):
        contract = ledger.contract(ledger.company(f"Company {number}"), "Cloud", date(2025, 9, 1), date(2027, 8, 31))
        for service in services:
            ledger.line(contract, service, 5)
    ledger.post(date(2026, 3, 31))
    return ledger


@pytest.fixture
def site(books: Ledger) -> Iterator[Site]:
    simulator = AutotaskSimulator(books, Access())
    with serve(simulator) as server:
        yield Site(server.url, simulator)


def test_a_night_with_nothing_changed_costs_four_calls_for_a_hundred_customers(site: Site) -> None:
    read = site.psa.read_together(site.psa.read_headers(None), APRIL)
    assert (len(read), sum(map(len, read.values()))) == (CONTRACTS, CONTRACTS * LINES_OF_EACH)
    assert site.calls / CONTRACTS <= 0.04


def test_a_single_customer_is_read_without_reading_the_others(site: Site) -> None:
    (head,) = site.psa.read_headers(["17"])
    site.lines(head)
    assert site.calls <= 5


def test_lines_that_are_asked_for_alone_are_read_anew_however_often(site: Site) -> None:
    head = site.psa.read_headers(None)[0]
    first, before = site.psa.read_together([head], APRIL)[head.agreement_id], site.calls
    for _ in range(2):
        assert [replace(line, held=()) for line in site.lines(head)] == list(first)
    assert site.calls >= before + 4


def test_what_is_read_by_id_is_read_anew_although_it_was_read_with_others(site: Site) -> None:
    site.psa.read_together(site.psa.read_headers(None), APRIL)
    line = site.ledger.lines_of(9)[0]
    site.ledger.adjust(line.id, 4, APRIL)
    (head,) = site.psa.read_headers(["9"])
    assert site.lines(head)[0].quantity == 9


def test_a_changed_line_costs_seven_calls(site: Site) -> None:
    """Head, rows and services right before it is sent, the units of the day; the write; rows and services again."""
    step = set_quantity(site.psa, site.lines(site.psa.read_headers(["3"])[0])[0], "3", 6)
    before = site.calls
    site.lines(site.psa.read_headers(["3"])[0])
    send(site.psa, step)
    assert site.psa.probe(step).probe is Probe.DONE
    assert site.calls - before <= 7
