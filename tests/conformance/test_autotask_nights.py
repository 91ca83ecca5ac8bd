"""Whole nights at Autotask: the real stages over the adapter and the simulator, until the books and the money are right."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from adapters.clock import SystemClock
from adapters.psa import kind_named
from sandbox.autotask import AutotaskSimulator, Ledger
from sandbox.autotask.access import Access
from sandbox.autotask.records import Contract, Line, Reading
from sandbox.faults import Effect, Fault
from sandbox.memory.secrets import MemorySecrets
from sandbox.web import serve
from sync_core.budget import Budget
from sync_core.model.billing import BillingProfile, LineChoice
from sync_core.model.configuration import AgreementBy, AgreementChoice, ConfiguredLink, Connection, CustomerConfiguration
from sync_core.model.customers import Customer, Mode
from sync_core.model.plans import ChangeKind, ChangeResult
from sync_core.model.runs import Run
from sync_core.ports import Psa
from tests.pipeline.night import OTHER_SKU, ROOMY, SKU, Night, tenant
from tests.pipeline.scenes import approve

APRIL, MAY = date(2026, 4, 1), date(2026, 5, 1)
RAILS = replace(ROOMY, line_units=1000)
PRODUCT = "M365-BP"


class Nights:
    """One customer with twelve seats, and its contract in Autotask, posted through March; night after night."""

    def __init__(self, url: str, simulator: AutotaskSimulator, night: Night, contract: Contract) -> None:
        self.ledger, self.simulator, self.night, self.contract = simulator.ledger, simulator, night, contract
        self._url = url
        self.time_zone = "UTC"
        self.connect()
        night.configure(self.customer())

    def connect(self, **settings: str) -> None:
        """The connection with other settings."""
        self.night.adapters.psas = {"memory": self._psa(settings)}

    def prorate(self) -> None:
        """From now on the profile of the customer's link prorates."""
        customer = self.night.configuration.customers[0]
        links = tuple(replace(link, profile=replace(link.profile, prorate=True)) for link in customer.links)
        self.night.configure(replace(customer, links=links))

    def _psa(self, settings: dict[str, str]) -> Psa:
        kind, access = kind_named("autotask"), self.simulator.access
        given = {"username": access.user, "units_reading": self.ledger.reading.value, "calls_per_minute": "100000", **settings}
        connection = Connection("memory", kind.name, self._url, self.time_zone, given, secrets={"secret": "secret", "integration_code": "code"})
        secrets = MemorySecrets({"secret": access.secret, "code": access.integration_code})
        return kind.connect(connection, secrets, Budget(self.night.store, "memory", kind.limits(connection), SystemClock()), self.night.clock)

    def customer(self, line_id: str = "") -> CustomerConfiguration:
        """The customer, with a line to take over or none."""
        self.night.microsoft.bought.setdefault(tenant(1), {SKU: 12})
        choice = LineChoice.ADOPT if line_id else LineChoice.NONE
        place = AgreementChoice(AgreementBy.ID, str(self.contract.id))
        link = ConfiguredLink(f"{SKU}~memory~1", SKU, BillingProfile(PRODUCT, PRODUCT), "memory", "1", place, choice=choice, adopt_line_id=line_id)
        return CustomerConfiguration(Customer(tenant(1), "Contoso", mode=Mode.AUTOMATIC), (link,), guard_rails=RAILS)

    def take_over(self, units: int) -> Line:
        """A line that a person made, to be taken over."""
        line = self.ledger.line(self.contract, self.ledger.services[1], units)
        self.night.configure(self.customer(str(line.id)))
        return line

    def run(self) -> Run:
        """One night, and the next day begins."""
        run = self.night.run()
        self.night.next_day()
        return run

    def results(self, run: Run) -> list[ChangeResult]:
        """What became of the run's changes."""
        return [change.result for change in self.night.report(run).changes]

    def units(self, on: date = APRIL) -> list[int]:
        """What the contract holds of each of its services."""
        return [line.units_on(on) for line in self.ledger.lines_of(self.contract.id)]

    def lose(self, effect: Effect, path: str) -> None:
        """The next write to this address goes wrong."""
        self.simulator.faults.add(Fault(effect, "POST", path))


@contextmanager
def made_nights(reading: Reading, posted: date) -> Iterator[Nights]:
    """The nights of a contract that is posted through a day."""
    night = Night(customers=0)
    ledger = Ledger(now=night.clock.now, reading=reading)
    ledger.service(PRODUCT, price="20.60")
    contract = ledger.contract(ledger.company("Contoso Ltd"), "Cloud", date(2026, 1, 1))
    ledger.post(posted)
    simulator = AutotaskSimulator(ledger, Access())
    with serve(simulator) as server:
        yield Nights(server.url, simulator, night, contract)


@pytest.fixture(params=Reading)
def nights(request: pytest.FixtureRequest) -> Iterator[Nights]:
    with made_nights(request.param, posted=date(2026, 3, 31)) as made:
        yield made


def test_a_line_is_added_once_with_its_units_from_the_next_period_on(nights: Nights) -> None:
    nights.run()
    assert (nights.units(date(2026, 3, 31)), nights.units()) == ([0], [12])
    nights.run()
    assert len(nights.ledger.writes) == 2


def test_a_line_that_is_taken_over_follows_the_seats_by_one_difference_a_change(nights: Nights) -> None:
    nights.take_over(10)
    nights.run()
    nights.night.buy(15)
    nights.run()
    assert nights.units() == [15]
    assert [write.body["unitChange"] for write in nights.ledger.writes] == [2, 3]


def test_months_pass_and_nothing_is_written_that_did_not_change(nights: Nights) -> None:
    nights.run()
    for day in (APRIL, MAY):
        nights.ledger.post(day)
        nights.night.clock.advance(timedelta(days=30).total_seconds())
        nights.run()
    assert len(nights.ledger.writes) == 2
    assert [invoice.total for invoice in nights.ledger.invoices[-2:]] == [Decimal("247.20"), Decimal("247.20")]


@pytest.mark.parametrize("effect", [Effect.DROP_AFTER, Effect.DROP_BEFORE])
@pytest.mark.parametrize("path", [r"/Services$", r"/ServiceAdjustments$"])
def test_a_lost_answer_neither_loses_nor_doubles_a_line_or_its_units(nights: Nights, effect: Effect, path: str) -> None:
    nights.lose(effect, path)
    nights.run()
    assert nights.units() == [12]
    assert nights.ledger.invoice_preview(1).total == Decimal("247.20")


def test_an_add_that_got_no_units_is_finished_by_the_next_night_on_the_same_line(nights: Nights) -> None:
    nights.simulator.faults.add(Fault(Effect.ANSWER, "POST", "/ServiceAdjustments$", status=500, body='{"errors": ["Not today."]}'))
    assert nights.results(nights.run()) == [ChangeResult.HALF_DONE]
    nights.run()
    assert nights.units() == [12]


def test_a_service_that_begins_with_units_of_its_own_gets_the_right_number_a_night_later(nights: Nights) -> None:
    nights.ledger.initial_units = 1
    nights.run()
    nights.run()
    assert nights.units() == [12]


def test_seats_that_go_end_the_line_and_seats_that_come_back_make_a_new_one(nights: Nights) -> None:
    nights.run()
    nights.night.buy(0)
    for _ in range(2):
        nights.run()
    approve(nights.night)
    nights.run()
    assert nights.units() == [0]
    nights.night.buy(4)
    nights.run()
    assert nights.units() == [0, 4]


def test_a_line_that_was_ended_stays_ended_over_the_months_until_its_seats_come_back(nights: Nights) -> None:
    nights.take_over(10)
    nights.night.buy(0)
    for _ in range(3):
        nights.run()
    approve(nights.night)
    nights.run()
    nights.ledger.post(APRIL)
    nights.night.clock.advance(timedelta(days=30).total_seconds())
    nights.run()
    assert nights.units(MAY) == [0]
    nights.night.buy(4)
    nights.run()
    assert nights.units(MAY) == [0, 4]


def test_an_edit_of_a_person_right_before_the_write_holds_the_change(nights: Nights) -> None:
    line = nights.take_over(10)
    nights.simulator.faults.before(
        Fault(Effect.DELAY, "POST", "/ContractServices/query$", skip=1), lambda request: nights.ledger.adjust(line.id, 7, APRIL)
    )
    results = nights.results(nights.run())
    assert ChangeResult.APPLIED not in results[1:]
    assert nights.ledger.writes == []


def test_contracts_of_other_kinds_and_lines_of_others_are_never_touched(nights: Nights) -> None:
    other = nights.ledger.line(nights.contract, nights.ledger.service("Backup", price="5"), 3)
    nights.run()
    assert nights.ledger.lines[other.id] == replace(other)


@pytest.mark.parametrize(
    ("zone", "offset"), [("Pacific/Auckland", 13), ("Pacific/Kiritimati", 14), ("Pacific/Pago_Pago", -11), ("Pacific/Auckland", 0)]
)
def test_units_count_from_the_planned_day_wherever_the_site_is(nights: Nights, zone: str, offset: int) -> None:
    """With the offset 0 it takes the date of a time as it is."""
    nights.ledger.site_offset, nights.time_zone = offset, zone
    nights.connect()
    nights.take_over(10)
    nights.run()
    assert (nights.units(date(2026, 3, 31)), nights.units()) == ([10], [12])
    assert len(nights.ledger.writes) == 1


def test_a_difference_that_autotask_took_and_does_not_show_is_never_sent_again(nights: Nights) -> None:
    """The connection's time zone is wrong, and the site put the units on another day: a second one would count twice."""
    nights.take_over(10)
    nights.ledger.site_offset = 13
    changes = nights.night.report(nights.run()).changes
    assert len(nights.ledger.writes) == 1
    assert "does not show it" in " ".join(change.result_reason for change in changes)


def test_where_no_contract_shows_what_unit_rows_carry_the_plan_says_so_and_no_units_are_written(nights: Nights) -> None:
    """A service that was never changed in the middle of a period tells nothing."""
    nights.take_over(10)
    nights.connect(units_reading="auto")
    changes = nights.night.report(nights.run()).changes
    assert nights.ledger.writes == []
    assert [change.result for change in changes if change.kind is ChangeKind.SET_QUANTITY] == [ChangeResult.HELD]
    assert "Nobody knows yet what Autotask's unit rows carry" in " ".join(reason for change in changes for reason in change.reasons)


def test_contracts_of_years_ago_do_not_hide_the_ones_that_show_what_unit_rows_carry(nights: Nights) -> None:
    nights.take_over(10)
    for _ in range(250):
        nights.ledger.contract(nights.ledger.companies[1], "Long over", date(2020, 1, 1), date(2021, 12, 31))
    shows = nights.ledger.contract(nights.ledger.companies[1], "Shows it", date(2026, 1, 1))
    for _ in range(2):
        nights.ledger.adjust(nights.ledger.line(shows, nights.ledger.services[1], 5).id, 3, date(2026, 2, 11))
    nights.connect(units_reading="auto")
    nights.run()
    assert nights.units() == [12]


def test_once_two_services_show_what_unit_rows_carry_the_units_are_written(nights: Nights) -> None:
    nights.take_over(10)
    shows = nights.ledger.contract(nights.ledger.companies[1], "Shows it", date(2026, 1, 1))
    for _ in range(2):
        line = nights.ledger.line(shows, nights.ledger.services[1], 5)
        nights.ledger.adjust(line.id, 3, date(2026, 2, 11))
    nights.connect(units_reading="auto")
    nights.run()
    assert nights.units() == [12]


def test_a_change_that_is_too_large_fails_alone_and_the_others_are_written(nights: Nights) -> None:
    """Twelve units at once are more than the connection lets pass, and three of another service are not."""
    nights.connect(largest_change="10")
    nights.ledger.service("M365-E5", price="54.75")
    customer = nights.customer()
    nights.night.microsoft.bought[tenant(1)][OTHER_SKU] = 3
    small = replace(customer.links[0], key=f"{OTHER_SKU}~memory~1", item_id=OTHER_SKU, profile=BillingProfile("M365-E5", "M365-E5"))
    nights.night.configure(replace(customer, links=(*customer.links, small)))
    run = nights.run()
    changes = {change.product: change for change in nights.night.report(run).changes}
    assert {product: change.result for product, change in changes.items()} == {PRODUCT: ChangeResult.FAILED, "M365-E5": ChangeResult.APPLIED}
    assert "is to move by 12 units at once, more than 10" in changes[PRODUCT].result_reason
    assert "largest_change" in changes[PRODUCT].result_reason
    assert nights.units() == [3]
    nights.connect()
    nights.run()
    assert nights.units() == [3, 12]
