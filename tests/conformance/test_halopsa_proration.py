"""Nights under a profile that prorates, at HaloPSA: what the next invoice bills by prorata fields, and that no row is made twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from adapters.psa import kind_named
from sandbox.faults import Effect, Fault
from sandbox.halopsa import HaloPsaSimulator, Ledger
from sandbox.halopsa.ledger import RowsMade
from sandbox.halopsa.records import Line, RecurringInvoice
from sandbox.memory.secrets import MemorySecrets
from sandbox.web import serve
from sync_core.budget import Budget
from sync_core.model.billing import LineChoice, PriceRange
from sync_core.model.configuration import Connection
from sync_core.model.customers import Mode
from sync_core.model.plans import Change, ChangeKind, ChangeResult
from sync_core.model.runs import Run
from tests.pipeline.night import Night, agreement
from tests.pipeline.scenes import approve
from tests.pipeline.test_undo import ask_for, words, written

TODAY, MARCH, APRIL, MAY = date(2026, 3, 17), date(2026, 3, 1), date(2026, 4, 1), date(2026, 5, 1)
WHOLE, TWO_FOR_15_DAYS = Decimal("206.00"), Decimal("19.94")
"""10 units at 20.60, and 2 for 15 of the 31 days of March."""
PRODUCT = "M365-BP"


class Nights:
    """One customer with twelve seats and its recurring invoice, night after night."""

    def __init__(self, url: str, simulator: HaloPsaSimulator, night: Night, invoice: RecurringInvoice, billed: int) -> None:
        self.ledger, self.simulator, self.night, self.number = simulator.ledger, simulator, night, invoice.id
        self._url = url
        self.line = self.ledger.line(invoice, self.ledger.items[1], billed) if billed else None
        self.connect(proration="prorata fields")
        self.configure(prorate=True)

    def connect(self, **settings: str) -> None:
        """A new process, with these settings of the connection."""
        kind, access = kind_named("halopsa"), self.simulator.access
        given = {"client_id": access.client_id, "calls_per_minute": "100000", **settings}
        connection = Connection("memory", kind.name, self._url, settings=given, secrets={"client_secret": "secret"})
        budget = Budget(self.night.store, "memory", kind.limits(connection), self.night.clock)
        self.night.adapters.psas = {"memory": kind.connect(connection, MemorySecrets({"secret": access.client_secret}), budget, self.night.clock)}

    def configure(self, **profile: object) -> None:
        customer = self.night.add_customer(1, seats=12, billed=0)
        (link,) = customer.links
        place = replace(link.agreement, value=str(self.number))
        link = replace(link, company_id="1", agreement=place, profile=replace(link.profile, **profile))  # type: ignore[arg-type]  # a profile's members
        if self.line:
            link = replace(link, choice=LineChoice.ADOPT, adopt_line_id=str(self.line.id))
        self.night.configure(replace(customer, links=(link,)))

    def run(self) -> Run:
        run = self.night.run()
        self.night.next_day()
        return run

    def changes(self, run: Run) -> tuple[Change, ...]:
        return self.night.report(run).changes

    def total(self, on: date) -> Decimal:
        return self.ledger.invoice_preview(self.number, on).total

    @property
    def lines(self) -> tuple[Line, ...]:
        return self.ledger.recurring_invoices[self.number].lines

    @property
    def rows(self) -> int:
        return sum(len(line.rows) for line in self.lines)

    def lose_licence(self) -> None:
        """The next licence record is made, and the answer is lost."""
        self.simulator.faults.add(Fault(Effect.DROP_AFTER, "POST", "/SoftwareLicence$"))

    def lose(self, effect: Effect, skip: int = 0) -> None:
        self.simulator.faults.add(Fault(effect, "POST", "/RecurringInvoice$", skip=skip))


@contextmanager
def made(next_invoice: date = APRIL, billed: int = 10) -> Iterator[Nights]:
    """The nights of a recurring invoice whose next invoice is for the period from a day on."""
    night = Night(customers=0)
    ledger = Ledger(now=night.clock.now)
    ledger.item(PRODUCT, price="20.60")
    invoice = ledger.recurring_invoice(ledger.client("Contoso Ltd"), "Cloud", date(2026, 1, 1), next_invoice, currency="USD")
    simulator = HaloPsaSimulator(ledger)
    with serve(simulator) as server:
        yield Nights(server.url, simulator, night, invoice, billed)


@pytest.fixture
def nights() -> Iterator[Nights]:
    """March is invoiced."""
    with made() as nights:
        yield nights


@pytest.fixture
def behind() -> Iterator[Nights]:
    """March is not invoiced yet."""
    with made(MARCH) as nights:
        yield nights


def test_added_units_of_an_invoiced_month_are_billed_by_their_days_with_the_next_one(nights: Nights) -> None:
    run = nights.run()
    (_, change) = nights.changes(run)
    assert (change.result, change.prorated, change.effective) == (ChangeResult.APPLIED, TWO_FOR_15_DAYS, TODAY)
    assert nights.total(APRIL) == 12 * Decimal("20.60") + TWO_FOR_15_DAYS
    assert nights.total(MAY) == 12 * Decimal("20.60")
    assert nights.changes(nights.run()) == ()


def test_added_units_of_a_month_that_is_not_invoiced_are_billed_by_their_days_with_it(behind: Nights) -> None:
    behind.run()
    assert behind.total(MARCH) == WHOLE + TWO_FOR_15_DAYS
    behind.ledger.run_invoices(TODAY + timedelta(days=1))
    behind.run()
    assert (behind.total(APRIL), behind.rows) == (12 * Decimal("20.60"), 1)


def test_a_row_is_not_undone_and_the_plan_says_what_to_do_by_hand(nights: Nights) -> None:
    nights.run()
    text = words(ask_for(nights.night, *written(nights.night)))
    assert "bills the days from 2026-03-17 to 2026-03-31. It is a prorata row" in text
    assert "Take it off by hand, and set the units back." in text
    assert (nights.rows, nights.total(APRIL)) == (1, 12 * Decimal("20.60") + TWO_FOR_15_DAYS)


@pytest.mark.parametrize(("opens", "first"), [(APRIL, APRIL), (MARCH, MARCH)])
def test_a_new_line_bills_its_first_days_by_a_row_and_itself_from_the_next_period_on(opens: date, first: date) -> None:
    with made(opens, billed=0) as nights:
        nights.night.buy(5)
        nights.run()
        days = (5 * Decimal("20.60") * 15 / 31).quantize(Decimal("0.01"))
        (line,) = nights.lines
        assert (line.starts, nights.rows) == (APRIL, 1)
        assert nights.total(first) == days + (5 * Decimal("20.60") if first == APRIL else 0)
        assert nights.changes(nights.run()) == ()


def test_units_that_go_and_come_back_within_the_month_cost_nothing_more(nights: Nights) -> None:
    for seats in (12, 10, 12):
        nights.night.buy(seats)
        nights.run()
    assert (nights.rows, nights.total(APRIL)) == (1, 12 * Decimal("20.60") + TWO_FOR_15_DAYS)


@pytest.mark.parametrize("effect", [Effect.DROP_AFTER, Effect.DROP_BEFORE, Effect.LATE_COMMIT])
@pytest.mark.parametrize("skip", [0, 1])
def test_a_lost_answer_neither_loses_nor_doubles_a_row(nights: Nights, effect: Effect, skip: int) -> None:
    nights.lose(effect, skip)
    for _ in range(2):
        nights.run()
    assert (nights.rows, nights.total(APRIL)) == (1, 12 * Decimal("20.60") + TWO_FOR_15_DAYS)


def test_a_line_that_shows_what_made_its_row_is_not_sent_back_with_it(nights: Nights) -> None:
    """Else every later write would make the row again."""
    nights.ledger.switches.echoes_rows = True
    nights.run()
    nights.night.buy(13)
    nights.run()
    assert nights.rows == 2
    nights.night.buy(12)
    nights.run()
    assert nights.rows == 2


@pytest.mark.parametrize("made_how", [RowsMade.UNSEEN, RowsMade.NONE])
def test_where_no_row_shows_nothing_is_sent_again_and_a_person_is_told(nights: Nights, made_how: RowsMade) -> None:
    """It may be there and be billed, or not: nobody can tell, so neither the row nor the units are written."""
    nights.ledger.switches.rows_made = made_how
    change = nights.changes(nights.run())[-1]
    assert change.result is ChangeResult.FAILED
    assert "shows no prorata row" in change.result_reason
    assert len(nights.ledger.writes) == 1
    assert nights.lines[0].quantity == 10


def test_a_row_that_a_person_adds_at_the_same_time_is_a_question(nights: Nights) -> None:
    def on_save(line: Line) -> Line:
        return replace(line, rows=(*line.rows, replace(line.rows[0], id=99, long_text="by hand"))) if line.rows else line

    nights.ledger.switches.on_save = on_save
    change = nights.changes(nights.run())[-1]
    assert "prorata row 99 is new" in change.result_reason


def test_rows_of_halo_and_of_people_are_none_of_our_lines(nights: Nights) -> None:
    nights.run()
    before = len(nights.night.adapters.psas["memory"].read_lines(agreement(str(nights.number), "1"), APRIL))
    line = nights.lines[0]
    nights.ledger.edit_as_person(line.id, rows=(*line.rows, replace(line.rows[0], id=50, long_text="One user more, as agreed")))
    nights.connect(proration="prorata fields")
    assert len(nights.night.adapters.psas["memory"].read_lines(agreement(str(nights.number), "1"), APRIL)) == before == 2


def test_a_row_is_shown_as_a_line_that_nobody_else_sets_or_ends(nights: Nights) -> None:
    nights.run()
    row = nights.night.adapters.psas["memory"].read_lines(agreement(str(nights.number), "1"), APRIL)[-1]
    assert (row.line_id, row.quantity, row.unit_price, row.starts, row.ends) == ("prorata-1", Decimal(2), Decimal("20.60"), TODAY, date(2026, 3, 31))
    assert row.left_alone == f"It is a prorata row of line {nights.lines[0].id}, which Halo bills once."


def test_by_default_units_count_from_the_next_invoice_and_the_plan_says_so_to_a_person() -> None:
    with made() as nights:
        nights.connect()
        change = nights.changes(nights.run())[-1]
        assert change.result is ChangeResult.WAITING
        assert any("does not prorate, though the profile asks for it" in reason for reason in change.reasons)
        approve(nights.night)
        nights.run()
        assert (nights.rows, nights.total(APRIL)) == (0, 12 * Decimal("20.60"))


def test_without_proration_in_the_profile_nothing_is_sent_of_it_whatever_the_connection_says(nights: Nights) -> None:
    nights.configure(prorate=False)
    nights.run()
    assert [change.kind for change in nights.changes(nights.run())] == []
    assert (nights.rows, nights.total(APRIL)) == (0, 12 * Decimal("20.60"))


def test_units_and_price_of_a_line_are_set_by_one_write_and_confirmed_together(nights: Nights) -> None:
    nights.configure(prorate=False, prices=(PriceRange(Decimal("19.00")),))
    customer = nights.night.configuration.customers[0]
    nights.night.configure(replace(customer, customer=replace(customer.customer, mode=Mode.APPROVE)))
    nights.run()
    approve(nights.night)
    nights.run()
    assert len(nights.ledger.writes) == 1
    assert nights.total(APRIL) == 12 * Decimal("19.00")
    assert nights.changes(nights.run()) == ()


def test_an_end_runs_to_the_end_of_the_period_and_makes_no_row(nights: Nights) -> None:
    nights.night.buy(0)
    for _ in range(2):
        nights.run()
    approve(nights.night)
    run = nights.run()
    assert ChangeKind.END in {change.kind for change in nights.changes(run)}
    assert (nights.rows, nights.total(APRIL)) == (0, Decimal(0))
