"""Invoices are run by people, at any moment: between a plan and its writes, between two writes, or in the middle of one.

The real ConnectWise adapter against the simulator's own books: whatever the order, what was billed in the end is what was owed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, cast

import pytest

from adapters.psa import kind_named
from sandbox.connectwise import ConnectWiseSimulator, Ledger
from sandbox.connectwise.access import Access
from sandbox.memory.psa import MemoryPsa
from sandbox.memory.secrets import MemorySecrets
from sandbox.memory.store import MemoryStore
from sandbox.web import serve
from sync_core.billing import marker_owner
from sync_core.budget import Budget
from sync_core.model.billing import BillingProfile, LineChoice
from sync_core.model.configuration import AgreementBy, AgreementChoice, ConfiguredLink, Connection
from sync_core.model.people import Who
from sync_core.model.plans import ChangeKind, ChangeResult, Decision
from sync_core.pipeline.decisions import ALL, decide
from tests.pipeline.night import SKU, Night, tenant

MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)
PROFILE = BillingProfile("Business Premium", "M365-BP", prorate=True)


@dataclass
class Office:
    """A night whose PSA is ConnectWise, with one agreement that prorates and one line of 10 at 31.00; 12 are bought."""

    night: Night
    ledger: Ledger

    def run(self) -> list[ChangeResult]:
        """One night, and what became of its changes that write."""
        run = self.night.run()
        return [change.result for change in self.night.report(run).changes if change.kind is not ChangeKind.ADOPT]

    def answer(self) -> None:
        """A person looks whether April's invoice shows what was owed, and says so of what waits."""
        said = Decision.REJECTED if self.billed.get(APRIL) == Decimal("372.00") else Decision.APPROVED
        decide(self.night.context, tenant(1), ALL, said, Who("a person"), "as the invoice shows")
        self.night.work()

    def invoice_up_to(self, day: date) -> None:
        """Sends what is due until a day."""
        self.ledger.run_invoices(day)

    def move_to(self, day: date) -> None:
        """On to the night of a day."""
        self.night.clock.move_to(datetime(day.year, day.month, day.day, 2, 0, 5, tzinfo=UTC))

    @property
    def billed(self) -> dict[date, Decimal]:
        """What was billed for each month, by its first day, whichever invoice it stands on."""
        months: dict[date, Decimal] = {}
        for invoice in self.ledger.invoices.values():
            for line in invoice.lines:
                month = line.first_day.replace(day=1)
                months[month] = months.get(month, Decimal(0)) + line.amount
        return months


@contextmanager
def office(next_invoice: date, **more: str) -> Iterator[Office]:
    """The office on 17 March 2026, adopted the night before with the 10 units it had; ``more`` are settings of its connection."""
    night = Night(0, start=datetime(2026, 3, 16, 2, 0, 5, tzinfo=UTC))
    ledger = Ledger(now=night.clock.now)
    contract = ledger.agreement(ledger.company("Contoso"), "Cloud", date(2026, 1, 1), next_invoice=next_invoice, prorate=True)
    line = ledger.addition(contract, ledger.product("M365-BP", price="31.00", cost="25.00"), 10, invoice_description="Premium, as agreed")
    access = Access()
    with serve(ConnectWiseSimulator(ledger, access)) as server:
        kind = kind_named("connectwise")
        settings = {"company": access.company_id, "client_id": min(access.client_ids), **more}
        connection = Connection("cw", kind.name, server.url, settings=settings, secrets={"public_key": "public", "private_key": "private"})
        secrets = MemorySecrets({"public": access.public_key, "private": access.private_key})
        budget = Budget(MemoryStore(), "cw", kind.limits(connection), night.clock)
        psa = kind.connect(connection, secrets, budget, night.clock)
        night.adapters.psas = {"cw": cast(MemoryPsa, psa)}
        night.microsoft.bought[tenant(1)] = {SKU: 10}
        choice = AgreementChoice(AgreementBy.ID, str(contract.id))
        link = ConfiguredLink("k", SKU, PROFILE, "cw", "1", choice, choice=LineChoice.ADOPT, adopt_line_id=str(line.id))
        customer = replace(night.add_customer(1), links=(link,))
        night.microsoft.bought[tenant(1)] = {SKU: 10}
        night.configure(customer)
        made = Office(night, ledger)
        made.run()
        night.next_day()
        night.buy(12)
        yield made


def calls_of(next_invoice: date) -> int:
    """How many calls of the PSA a night with the rise makes."""
    calls: list[str] = []
    with office(next_invoice) as made:
        made.night.watch(lambda call, done: calls.append(call) if call.startswith("psa.") and not done else None)
        made.run()
    return len(calls)


class InvoiceAt:
    """Sends the next invoice right before or right after one of the night's calls of the PSA."""

    def __init__(self, made: Office, number: int, after: bool) -> None:
        self._made, self._number, self._after, self._calls = made, number, after, 0

    def __call__(self, call: str, done: bool) -> None:
        """See ``Tap``."""
        if not call.startswith("psa."):
            return
        self._calls += not done
        if self._calls == self._number and done is self._after:
            self._number = -1
            self._made.ledger.send_invoice(1)


@pytest.mark.parametrize("next_invoice", [APRIL, MARCH], ids=["March is invoiced", "March is not invoiced"])
def test_an_invoice_at_any_moment_of_the_night_bills_what_is_owed(next_invoice: date) -> None:
    """March shows 10 units, and 2 for 15 of its 31 days; April and May show 12. Only what happens while a write is on its way is asked about."""
    for number in range(1, calls_of(next_invoice) + 1):
        for after in (False, True):
            with office(next_invoice) as made:
                made.night.watch(InvoiceAt(made, number, after))
                made.run()
                made.night.watch(None)
                play_until_june(made)
                expected = {APRIL: Decimal("372.00"), date(2026, 5, 1): Decimal("372.00"), MARCH: Decimal("30.00")}
                expected[MARCH] += Decimal("310.00") if next_invoice == MARCH else 0
                assert made.billed == expected, f"invoice {'after' if after else 'before'} call {number}"


def play_until_june(made: Office) -> None:
    """The nights after it, with an invoice run on each 2nd of a month."""
    for day in (date(2026, 3, 18), date(2026, 4, 2), date(2026, 4, 3), date(2026, 5, 2), date(2026, 5, 3), date(2026, 6, 2)):
        made.move_to(day)
        if ChangeResult.WAITING in made.run():
            made.answer()
        if day.day == 2:
            made.invoice_up_to(day if made.ledger.agreements[1].next_invoice >= APRIL and day.month < 6 else date(2026, 5, 31))
    while made.ledger.agreements[1].next_invoice < date(2026, 6, 1):
        made.ledger.send_invoice(1)


@pytest.mark.parametrize("next_invoice", [APRIL, MARCH], ids=["March is invoiced", "March is not invoiced"])
def test_a_rise_is_written_in_its_order_once_and_with_what_the_main_line_has(next_invoice: date) -> None:
    with office(next_invoice) as made:
        assert made.run() == [ChangeResult.APPLIED]
        made.night.next_day()
        assert made.run() == []
        main, beside = made.ledger.additions_of(1)
        assert int(main.quantity) == (12 if next_invoice == APRIL else 10)
        assert (beside.effective, beside.cancelled, int(beside.quantity)) == (date(2026, 3, 17), date(2026, 3, 31), 2)
        assert (beside.unit_price, beside.unit_cost, beside.invoice_description) == (main.unit_price, main.unit_cost, "Premium, as agreed")
        assert marker_owner(beside.serial_number or "") == "test1"
        assert [write.method for write in made.ledger.writes] == (["POST", "PATCH"] if next_invoice == APRIL else ["POST"])


def test_a_rise_whose_second_write_is_held_is_half_done_and_the_next_night_makes_it_whole() -> None:
    with office(APRIL) as made:
        sent: list[Any] = []

        def invoice_after_the_first_write(call: str, done: bool) -> None:
            if call == "psa.execute" and done and not sent:
                sent.append(made.ledger.send_invoice(1))

        made.night.watch(invoice_after_the_first_write)
        assert made.run() == [ChangeResult.HALF_DONE]
        made.night.watch(None)
        made.night.next_day()
        assert made.run() == [ChangeResult.APPLIED]
        assert sorted((int(line.quantity), line.effective) for line in made.ledger.additions_of(1)) == [
            (2, date(2026, 3, 17)),
            (2, APRIL),
            (12, date(2026, 1, 1)),
        ]
