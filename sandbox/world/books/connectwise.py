"""ConnectWise as one PSA of a world."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sandbox.connectwise import ConnectWiseSimulator, Ledger
from sandbox.connectwise.access import Access
from sandbox.connectwise.records import Invoice, PeriodType
from sandbox.web import Application
from sandbox.world.books.books import Agreed, Billed, Clock, Firm, Preview, PreviewLine, Terms
from sandbox.world.promises import PromisedChange

KIND = "connectwise"
SECRETS = {"public_key": "connectwise-public-key", "private_key": "connectwise-private-key"}
"""The names of the secrets by what the connection calls them."""


class ConnectWiseBooks:
    """See ``Books``."""

    kind, shown = KIND, "ConnectWise PSA"

    def __init__(self, clock: Clock) -> None:
        self.ledger = Ledger(clock)
        access = Access(company_id="relecloud", public_key="sandbox-public-key", private_key="sandbox-private-key")
        self.simulator = ConnectWiseSimulator(self.ledger, access)

    @property
    def application(self) -> Application:
        return self.simulator

    def sell(self, product: str, description: str, price: str, cost: str) -> None:
        self.ledger.product(product, price=price, cost=cost, description=description)

    def company(self, short: str, name: str) -> Firm:
        company = self.ledger.company(short[:25], name, website=f"https://www.{short}.example")
        self.ledger.contact(company, f"accounts@{short}.example")
        return Firm(company.id, name)

    def agreement(self, firm: Firm, name: str, type_name: str, start: date, terms: Terms) -> Agreed:
        fields: dict[str, Any] = {"type": type_name, "prorate": terms.prorate, "currency": terms.currency}
        fields |= {"period_type": PeriodType.FUTURE} if terms.ahead else {}
        made = self.ledger.agreement(self.ledger.companies[firm.id], name, start, **fields)
        return Agreed(made.id, firm, name, type_name)

    def copy_agreement(self, agreement: Agreed) -> None:
        self.ledger.copy_agreement(agreement.id)

    def bill(self, agreement: Agreed, product: str, quantity: int, text: str = "", marker: str = "") -> Billed:
        fields = {**({"invoice_description": text} if text else {}), **({"serial_number": marker} if marker else {})}
        sold = next(each for each in self.ledger.products.values() if each.identifier == product)
        line = self.ledger.addition(self.ledger.agreements[agreement.id], sold, quantity, **fields)
        return Billed(line.id, agreement, quantity)

    def open_for_business(self) -> None:
        """An agreement is made with its past invoiced already."""

    def connection(self, url: str) -> Mapping[str, Any]:
        access = self.simulator.access
        settings = {"company": access.company_id, "client_id": min(access.client_ids), "calls_per_minute": 100_000}
        return {"kind": KIND, "url": url, "time_zone": "UTC", "settings": settings, "secrets": SECRETS}

    @property
    def secrets(self) -> Mapping[str, str]:
        access = self.simulator.access
        return {SECRETS["public_key"]: access.public_key, SECRETS["private_key"]: access.private_key}

    def writes_of(self, changes: Sequence[PromisedChange]) -> int:
        """Each change is a write of its own."""
        return len(changes)

    def written(self) -> Sequence[Any]:
        return list(self.ledger.writes)

    def previews(self, on: date | None = None) -> list[Preview]:
        day = on or self.ledger.today
        with self.ledger.lock:
            return [self._preview(self.ledger.invoice_preview(each.id, day)) for each in self.ledger.agreements.values() if each.bills_on(day)]

    def _preview(self, invoice: Invoice) -> Preview:
        lines = (
            PreviewLine(line.addition_id, line.product, line.description, str(line.quantity), str(line.unit_price), str(line.amount))
            for line in invoice.lines
        )
        company, agreement = self.ledger.companies[invoice.company_id].name, self.ledger.agreements[invoice.agreement_id].name
        return Preview(KIND, invoice.agreement_id, company, agreement, invoice.dated.isoformat(), invoice.currency, str(invoice.total), tuple(lines))
