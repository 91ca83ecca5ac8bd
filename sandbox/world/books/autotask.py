"""Autotask as one PSA of a world."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.autotask import AutotaskSimulator, Ledger
from sandbox.autotask.access import Access
from sandbox.autotask.records import ACTIVE, CATEGORIES, INACTIVE, Invoice
from sandbox.autotask.units import ONE_DAY
from sandbox.connectwise.periods import add_months
from sandbox.web import Application
from sandbox.world.books.books import Agreed, Billed, Clock, Firm, Preview, PreviewLine, Terms
from sandbox.world.promises import PromisedChange
from sync_core.model.plans import ChangeKind

KIND = "autotask"
SECRETS = {"secret": "autotask-secret", "integration_code": "autotask-integration-code"}
"""The names of the secrets by what the connection calls them."""


class AutotaskBooks:
    """See ``Books``. Contracts know no proration of their own, and no invoice for the period after the next."""

    kind, shown = KIND, "Autotask PSA"

    def __init__(self, clock: Clock) -> None:
        self.ledger = Ledger(clock)
        self.simulator = AutotaskSimulator(self.ledger, Access(user="sync@relecloud.example"))

    @property
    def application(self) -> Application:
        return self.simulator

    def sell(self, product: str, description: str, price: str, cost: str) -> None:
        self.ledger.service(product, price=price, cost=Decimal(cost), description=description)

    def company(self, short: str, name: str) -> Firm:
        company = self.ledger.company(name, web_address=f"https://www.{short}.example")
        self.ledger.contact(company, f"accounts@{short}.example")
        return Firm(company.id, name)

    def agreement(self, firm: Firm, name: str, type_name: str, start: date, terms: Terms) -> Agreed:
        if not self.ledger.contracts:
            self._past_contract(firm)
        self.ledger.companies[firm.id] = replace(self.ledger.companies[firm.id], currency=terms.currency)  # contracts have none of their own
        category = next(number for number, label in CATEGORIES.items() if label == type_name)
        made = self.ledger.contract(self.ledger.companies[firm.id], name, start, category=category)
        return Agreed(made.id, firm, name, type_name)

    def copy_agreement(self, agreement: Agreed) -> None:
        with self.ledger.lock:
            original = self.ledger.contracts[agreement.id]
            number = len(self.ledger.contracts) + 1
            self.ledger.contracts[number] = replace(original, id=number, name=f"Copy of {original.name}")
            for line in self.ledger.lines_of(original.id):
                self.ledger.put_line(replace(line, id=len(self.ledger.lines) + 1, contract_id=number))

    def bill(self, agreement: Agreed, product: str, quantity: int, text: str = "", marker: str = "") -> Billed:
        sold = next(each for each in self.ledger.services.values() if each.name == product)
        fields: dict[str, Any] = {"invoice_description": text or sold.description, **({"internal_description": marker} if marker else {})}
        line = self.ledger.line(self.ledger.contracts[agreement.id], sold, quantity, **fields)
        return Billed(line.id, agreement, quantity)

    def open_for_business(self) -> None:
        self.ledger.post(self.ledger.today)
        self.ledger.invoices.clear()

    def _past_contract(self, firm: Firm) -> None:
        """A contract that is over and was changed within a month: only from such a one can the app see what unit rows carry."""
        first = self.ledger.today.replace(day=1)
        past = self.ledger.contract(self.ledger.companies[firm.id], "Services of last year", add_months(first, -6), add_months(first, 6) - ONE_DAY)
        for service in list(self.ledger.services.values())[:2]:
            self.ledger.adjust(self.ledger.line(past, service, 10).id, 2, add_months(first, -2) + 9 * ONE_DAY)
        self.ledger.post(first, past.id)
        self.ledger.change_contract(past.id, status=INACTIVE)

    def connection(self, url: str) -> Mapping[str, Any]:
        settings = {"username": self.simulator.access.user, "calls_per_minute": 100_000}
        return {"kind": KIND, "url": url, "time_zone": "UTC", "settings": settings, "secrets": SECRETS}

    @property
    def secrets(self) -> Mapping[str, str]:
        access = self.simulator.access
        return {SECRETS["secret"]: access.secret, SECRETS["integration_code"]: access.integration_code}

    def writes_of(self, changes: Sequence[PromisedChange]) -> int:
        """A new line is two: the service, and its units."""
        return sum(2 if change.kind is ChangeKind.ADD else 1 for change in changes)

    def written(self) -> Sequence[Any]:
        return list(self.ledger.writes)

    def previews(self, on: date | None = None) -> list[Preview]:
        with self.ledger.lock:
            open_ones = [each.id for each in self.ledger.contracts.values() if each.status == ACTIVE]
            return [self._preview(self.ledger.invoice_preview(number, on)) for number in open_ones]

    def _preview(self, invoice: Invoice) -> Preview:
        lines = (
            PreviewLine(
                each.line_id,
                each.service,
                self.ledger.lines[each.line_id].invoice_description,
                str(each.units),
                str(each.unit_price),
                str(each.amount),
            )
            for each in invoice.charges
        )
        company, contract = self.ledger.companies[invoice.company_id], self.ledger.contracts[invoice.contract_id].name
        dated, total = invoice.first.isoformat(), str(invoice.total)
        return Preview(KIND, invoice.contract_id, company.name, contract, dated, company.currency, total, tuple(lines))
