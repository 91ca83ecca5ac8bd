"""HaloPSA as one PSA of a world."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.halopsa import HaloPsaSimulator, Ledger
from sandbox.halopsa.access import Access
from sandbox.halopsa.records import Invoice
from sandbox.web import Application
from sandbox.world.books.books import Agreed, Billed, Clock, Firm, Preview, PreviewLine, Terms
from sandbox.world.promises import PromisedChange

KIND = "halopsa"
SECRETS = {"client_secret": "halopsa-client-secret"}
"""The names of the secrets by what the connection calls them."""


class HaloPsaBooks:
    """See ``Books``. The agreement is a recurring invoice, its type the contract that it refers to; it knows no proration of its own."""

    kind, shown = KIND, "HaloPSA"

    def __init__(self, clock: Clock) -> None:
        self.ledger = Ledger(clock)
        self.simulator = HaloPsaSimulator(self.ledger, Access())

    @property
    def application(self) -> Application:
        return self.simulator

    def sell(self, product: str, description: str, price: str, cost: str) -> None:
        self.ledger.item(product, price=price, cost=Decimal(cost))

    def company(self, short: str, name: str) -> Firm:
        client = self.ledger.client(name)
        self.ledger.user(client, f"accounts@{short}.example")
        return Firm(client.id, name)

    def agreement(self, firm: Firm, name: str, type_name: str, start: date, terms: Terms) -> Agreed:
        made = self.ledger.recurring_invoice(self.ledger.clients[firm.id], name, start, contract_ref=type_name, currency=terms.currency)
        return Agreed(made.id, firm, name, type_name)

    def copy_agreement(self, agreement: Agreed) -> None:
        with self.ledger.lock:
            original = self.ledger.recurring_invoices[agreement.id]
            lines = tuple(replace(line, id=self.ledger.next_line_id()) for line in original.lines)
            number = -len(self.ledger.recurring_invoices) - 1
            self.ledger.recurring_invoices[number] = replace(original, id=number, reference=f"Copy of {original.reference}", lines=lines)

    def bill(self, agreement: Agreed, product: str, quantity: int, text: str = "", marker: str = "") -> Billed:
        sold = next(each for each in self.ledger.items.values() if each.name == product)
        fields = {**({"long_text": text} if text else {}), **({"external_reference": marker} if marker else {})}
        line = self.ledger.line(self.ledger.recurring_invoices[agreement.id], sold, quantity, **fields)
        return Billed(line.id, agreement, quantity)

    def open_for_business(self) -> None:
        """A recurring invoice is made with its past invoiced already."""

    def connection(self, url: str) -> Mapping[str, Any]:
        settings = {"client_id": self.simulator.access.client_id, "calls_per_minute": 100_000}
        return {"kind": KIND, "url": url, "time_zone": "UTC", "settings": settings, "secrets": SECRETS}

    @property
    def secrets(self) -> Mapping[str, str]:
        return {SECRETS["client_secret"]: self.simulator.access.client_secret}

    def writes_of(self, changes: Sequence[PromisedChange]) -> int:
        """A recurring invoice is written whole."""
        return 1 if changes else 0

    def written(self) -> Sequence[Any]:
        return list(self.ledger.writes)

    def previews(self, on: date | None = None) -> list[Preview]:
        day = on or self.ledger.today
        with self.ledger.lock:
            open_ones = [each.id for each in self.ledger.recurring_invoices.values() if not each.disabled]
            return [self._preview(self.ledger.invoice_preview(number, day)) for number in open_ones]

    def _preview(self, invoice: Invoice) -> Preview:
        lines = (
            PreviewLine(line.line_id, line.product, line.description, str(line.quantity), str(line.unit_price), str(line.amount))
            for line in invoice.lines
        )
        client, name = self.ledger.clients[invoice.client_id].name, self.ledger.recurring_invoices[invoice.recurring_invoice_id].reference
        return Preview(
            KIND, invoice.recurring_invoice_id, client, name, invoice.dated.isoformat(), invoice.currency, str(invoice.total), tuple(lines)
        )
