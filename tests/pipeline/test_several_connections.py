"""A partner with two PSA connections, of different kinds or twice the same: real adapters at their simulators, and customers that bill to both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from adapters.psa import kind_named
from sandbox.faults import Effect, Fault
from sandbox.memory.secrets import MemorySecrets
from sandbox.web import serve
from sandbox.world.books import KINDS, Agreed, Books, Terms
from sync_core.budget import Budget
from sync_core.configuration.versions import save_version
from sync_core.model.billing import BillingProfile, LineChoice
from sync_core.model.configuration import AgreementBy, AgreementChoice, Configuration, ConfiguredLink, Connection, CustomerConfiguration, Partner
from sync_core.model.customers import Customer, Mode
from sync_core.model.people import Who
from sync_core.model.plans import ChangeKind, ChangeResult, Decision, Undo
from sync_core.model.runs import CustomerState, Run
from sync_core.pipeline.decisions import ALL, decide
from sync_core.pipeline.undo import start_undo
from tests.pipeline.fakes import PARTNER
from tests.pipeline.night import OTHER_SKU, ROOMY, SKU, Night, tenant

HALF_PAST_ELEVEN = datetime(2026, 3, 17, 23, 30, 5, tzinfo=UTC)
"""Still 17 March in New York, and 18 March in Sydney."""
ZONES = {"east": "Australia/Sydney", "west": "America/New_York"}
CURRENCIES = {"east": "EUR", "west": "USD"}
PRICES = {"east": "10.50", "west": "31.00"}
SKUS = {"east": SKU, "west": OTHER_SKU}
PAIRS = [("halopsa", "connectwise"), ("autotask", "halopsa"), ("connectwise", "autotask"), ("halopsa", "halopsa")]


class TwoConnections:
    """One customer that bills one SKU to each connection, 10 units each, and a second one that bills to the west only."""

    def __init__(self, kinds: tuple[str, str], stack: ExitStack, mode: Mode = Mode.AUTOMATIC) -> None:
        self.night = Night(0, start=HALF_PAST_ELEVEN, schedule="0 30 23 * * *")
        self.books: dict[str, Books] = {name: KINDS[kind](self.night.clock.now) for name, kind in zip(ZONES, kinds, strict=True)}
        self.lines: dict[tuple[str, int], Agreed] = {}
        links = {name: self._sell(name, "Contoso") for name in ZONES}
        other = self._sell("west", "Fabrikam")
        for books in self.books.values():
            books.open_for_business()
        connections = tuple(self._connection(name, stack.enter_context(serve(books.application)).url) for name, books in self.books.items())
        self._connect(connections)
        self.night.microsoft.bought = {tenant(1): {SKU: 12, OTHER_SKU: 13}, tenant(2): {OTHER_SKU: 14}}
        customers = (self._customer(1, mode, tuple(links.values())), self._customer(2, mode, (other,)))
        configuration = Configuration(Partner(PARTNER, "app"), connections, customers, guard_rails=ROOMY)
        self.night.configuration = save_version(self.night.store, configuration, "a test", self.night.clock.now())

    def run(self) -> Run:
        return self.night.run()

    def held(self, name: str, number: int = 1) -> int:
        """What the line of a customer bills on the next invoice."""
        agreed = self.lines[name, number]
        preview = next(each for each in self.books[name].previews(date(2026, 4, 1)) if each.agreement_id == agreed.id)
        return sum(int(Decimal(line.quantity)) for line in preview.lines)

    def written(self, name: str) -> int:
        return len(self.books[name].written())

    def break_reads(self, name: str, **answer: Any) -> None:
        simulator: Any = self.books[name].application
        simulator.faults.add(Fault(Effect.ANSWER, times=0, **answer))

    def mend(self, name: str) -> None:
        simulator: Any = self.books[name].application
        simulator.faults.clear()

    def _sell(self, name: str, company: str) -> ConfiguredLink:
        books = self.books[name]
        if not any(known == name for known, _ in self.lines):
            books.sell("M365", "Microsoft 365", PRICES[name], "5")
        firm = books.company(company.lower(), f"{company} Ltd")
        agreed: Agreed = books.agreement(firm, "Cloud", "Managed Services", date(2026, 1, 1), Terms(currency=CURRENCIES[name]))
        line = books.bill(agreed, "M365", 10)
        self.lines[name, 1 if company == "Contoso" else 2] = agreed
        profile, place = BillingProfile("Microsoft 365", "M365"), AgreementChoice(AgreementBy.ID, str(agreed.id))
        key, sku = f"{SKUS[name]}~{name}~{firm.id}", SKUS[name]
        return ConfiguredLink(key, sku, profile, name, str(firm.id), place, choice=LineChoice.ADOPT, adopt_line_id=str(line.id))

    def _connection(self, name: str, url: str) -> Connection:
        given = self.books[name].connection(url)
        settings = {key: str(value) for key, value in given["settings"].items()}
        if given["kind"] == "autotask":
            settings["units_reading"] = "delta"  # nothing was changed within a month yet that would show it
        return Connection(name, given["kind"], given["url"], ZONES[name], settings, given["secrets"])

    def _connect(self, connections: tuple[Connection, ...]) -> None:
        night = self.night
        night.adapters.psas.clear()
        for connection in connections:
            kind, secrets = kind_named(connection.kind), MemorySecrets(dict(self.books[connection.name].secrets))
            budget = Budget(night.store, connection.name, kind.limits(connection), night.clock)
            night.adapters.psas[connection.name] = kind.connect(connection, secrets, budget, night.clock)

    def _customer(self, number: int, mode: Mode, links: tuple[ConfiguredLink, ...]) -> CustomerConfiguration:
        return CustomerConfiguration(Customer(tenant(number), f"Customer {number}", mode=mode), links, guard_rails=ROOMY)


@pytest.fixture(params=PAIRS, ids=" and ".join)
def two(request: pytest.FixtureRequest) -> Iterator[TwoConnections]:
    with ExitStack() as stack:
        yield TwoConnections(request.param, stack)


@pytest.fixture
def mixed() -> Iterator[TwoConnections]:
    with ExitStack() as stack:
        yield TwoConnections(("halopsa", "connectwise"), stack)


def test_one_plan_writes_to_both_and_the_next_night_has_nothing_to_do(two: TwoConnections) -> None:
    run = two.run()
    changes = two.night.report(run).changes
    assert {(change.connection, change.kind, change.after) for change in changes if change.kind is ChangeKind.SET_QUANTITY} == {
        ("east", ChangeKind.SET_QUANTITY, Decimal(12)),
        ("west", ChangeKind.SET_QUANTITY, Decimal(13)),
    }
    assert {change.result for change in changes} == {ChangeResult.APPLIED}
    assert (two.held("east"), two.held("west"), two.held("west", 2)) == (12, 13, 14)
    written = (two.written("east"), two.written("west"))
    two.night.next_day()
    assert two.night.report(two.run()).changes == ()
    assert (two.written("east"), two.written("west")) == written


def test_each_connection_has_the_date_of_its_own_time_zone(two: TwoConnections) -> None:
    assert two.run().business_dates == {"east": date(2026, 3, 18), "west": date(2026, 3, 17)}


def test_money_is_counted_by_currency_and_never_added(mixed: TwoConnections) -> None:
    run = mixed.run()
    assert mixed.night.customer(run).money == {"EUR": 2 * Decimal("10.50"), "USD": 3 * Decimal("31.00")}
    assert run.totals is not None
    assert run.totals.money == {"EUR": 2 * Decimal("10.50"), "USD": (3 + 4) * Decimal("31.00")}


def test_what_was_written_to_both_is_taken_back_in_both(two: TwoConnections) -> None:
    run = two.run()
    two.night.clock.advance(60)
    started = start_undo(two.night.context, Undo(run_id=run.run_id, why="a mistake"), (tenant(1),), "a clerk")
    two.night.work()
    assert two.night.customer(started.run).waiting > 0
    two.night.clock.advance(60)
    decide(two.night.context, tenant(1), ALL, Decision.APPROVED, Who("a clerk"), "a mistake")
    two.night.work()
    assert (two.held("east"), two.held("west"), two.held("west", 2)) == (10, 10, 14)


def test_a_connection_that_is_away_keeps_its_own_customers_and_writes_half_a_plan_to_nobody(mixed: TwoConnections) -> None:
    mixed.break_reads("east", status=503)
    run = mixed.run()
    assert (mixed.night.customer(run, 1).state, mixed.night.customer(run, 2).state) == (CustomerState.FAILED, CustomerState.DONE)
    assert (mixed.held("east"), mixed.held("west"), mixed.held("west", 2)) == (10, 10, 14)


def test_a_connection_that_throttles_does_not_slow_the_other_down(mixed: TwoConnections) -> None:
    """Its own budget waits; when it is over, the customer that needs both is read and written in the same run."""
    mixed.break_reads("east", status=429, headers={"Retry-After": "600"})
    night = mixed.night
    run, began = night.start(), night.clock.now()
    while night.customer(run, 2).state is not CustomerState.PLANNED:
        due = night.queue.next_visible()
        assert due is not None
        night.clock.move_to(due)
        night.take()
    assert (night.clock.now() - began).total_seconds() < 600
    mixed.mend("east")
    night.work()
    assert (mixed.held("east"), mixed.held("west"), mixed.held("west", 2)) == (12, 13, 14)


def test_an_agreement_with_the_same_id_in_both_connections_is_two_agreements(two: TwoConnections) -> None:
    """Ids say nothing without their connection."""
    first, second = two.lines["east", 1], two.lines["west", 1]
    if first.id != second.id:
        pytest.skip("These two kinds number differently")
    two.night.microsoft.bought[tenant(1)] = {SKU: 12, OTHER_SKU: 10}
    two.run()
    assert (two.held("east"), two.held("west")) == (12, 10)


def test_the_next_plan_of_one_connection_leaves_the_other_alone(mixed: TwoConnections) -> None:
    mixed.run()
    written = mixed.written("west")
    mixed.night.next_day()
    mixed.night.microsoft.bought[tenant(1)] = {SKU: 14, OTHER_SKU: 13}
    changes = mixed.night.report(mixed.run()).changes
    assert [(change.connection, change.after) for change in changes] == [("east", Decimal(14))]
    assert (mixed.held("east"), mixed.written("west")) == (14, written)
