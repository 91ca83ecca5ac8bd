"""HaloPSA as the simulation plays with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import date
from decimal import Decimal
from operator import attrgetter
from typing import Any

from sandbox.halopsa import HaloPsaSimulator, Ledger
from sandbox.halopsa.access import Access
from sandbox.halopsa.records import Line
from sandbox.simulation.sites.books import Booked, copied, put_back
from sandbox.simulation.sites.site import NEW, PRODUCTS, Held, Lines, Opening, Place
from sandbox.web import Request, Response
from sync_core.model.configuration import Connection
from sync_core.model.plans import Step
from sync_core.ports import Clock

_OURS = frozenset({"quantity", "ends", "autorenew", "unit_price", "long_text"})
"""Of a line what our writes may change."""
_rest = attrgetter(*(item.name for item in fields(Line) if item.name not in _OURS))


class HaloPsaSite(Booked[Ledger]):
    """A Halo site with the ledger of the simulator."""

    kind = "halopsa"
    url = "http://127.0.0.1:3"
    settle_seconds = 120.0

    def __init__(self) -> None:
        self._access = Access()
        self.secrets: Mapping[str, str] = {"halo-secret": self._access.client_secret}

    def begin(self, clock: Clock) -> None:
        """See ``Site.begin``."""
        self._ledger = Ledger(now=clock.now)
        self._simulator = HaloPsaSimulator(self._ledger, self._access)
        for name, price in PRODUCTS.items():
            self._ledger.item(name, price=str(price))

    def connection(self, name: str) -> Connection:
        """See ``Site.connection``."""
        settings = {"client_id": self._access.client_id, "calls_per_minute": "100000", "parallel": "64"}
        return Connection(name, self.kind, self.url, settings=settings, secrets={"client_secret": "halo-secret"})

    def open(self, opening: Opening) -> Place:
        """See ``Site.open``."""
        client = self._ledger.client(opening.company)
        made = self._ledger.recurring_invoice(client, "Cloud", date(2025, 1, 1), next_creation=opening.invoiced)
        items = {item.name: item for item in self._ledger.items.values()}
        lines = [self._ledger.line(made, items[name], units) for name, units in opening.lines]
        return Place(str(client.id), str(made.id), tuple(str(line.id) for line in lines))

    def restore(self, saved: Any, clock: Clock) -> None:
        """See ``Site.restore``: tokens of the story before are worth nothing."""
        super().restore(saved, clock)
        self._access.revoke()

    def named(self, request: Request) -> str:
        """See ``Site.named``."""
        *_, above, last = request.path.split("/")
        return f"{request.method} {f'one {above}' if last.lstrip('-').isdecimal() else last}"

    def refusal(self, status: int, seconds: int) -> Response:
        """See ``Site.refusal``."""
        headers = {"Retry-After": str(seconds)} if status == 429 else {}
        return Response.of_json({"ClassName": "System.Exception", "Message": "quantity: must be something else"}, status, headers)

    def is_write(self, request: Request) -> bool:
        """See ``Site.is_write``."""
        return request.method == "POST" and request.path.startswith("/api/")

    def carries(self, request: Request, step: Step) -> bool:
        """See ``Site.carries``: all lines are sent, and what they lead to is compared once they are."""
        return request.path.endswith(step.request["path"]) and [each["id"] for each in json.loads(request.body)] == [step.request["id"]]

    def lines(self, agreement_id: str) -> Lines:
        """See ``Site.lines``."""
        return {str(line.id): self._held(line) for line in self._ledger.recurring_invoices[int(agreement_id)].lines}

    def led_to(self, lines: Lines, step: Step) -> Lines:
        """See ``Site.led_to``."""
        for number, operation in enumerate(step.request["operations"]):
            if operation["operation"] == "add":
                item = self._ledger.items[int(operation["item"])]
                ends = _day(operation.get("ends"))
                added = Held(item.name, Decimal(operation["quantity"]), ends, operation["marker"], Decimal(operation["price"]))
                lines = {**lines, f"{NEW} {number}": added}
            else:
                line = lines[operation["line"]]
                units = Decimal(operation.get("quantity", line.units))
                price = Decimal(operation["price"]) if "price" in operation else line.price
                lines = {**lines, operation["line"]: replace(line, units=units, ends=_day(operation.get("ends")) or line.ends, price=price)}
        return lines

    def rest(self, agreement_id: str) -> Mapping[str, object]:
        """See ``Site.rest``."""
        return {str(line.id): _rest(line) for line in self._ledger.recurring_invoices[int(agreement_id)].lines}

    def edit(self, agreement_id: str, line_id: str, units: int) -> None:
        """See ``Site.edit``."""
        self._ledger.edit_as_person(int(line_id), quantity=Decimal(units))

    def invoice(self, agreement_id: str) -> None:
        """See ``Site.invoice``: Halo makes all that are due on a day."""
        self._ledger.run_invoices(self.invoiced(agreement_id))

    def invoiced(self, agreement_id: str) -> date:
        """See ``Site.invoiced``."""
        return self._ledger.recurring_invoices[int(agreement_id)].next_creation

    def to_bill(self, agreement_id: str, until: date) -> Mapping[date, Decimal]:
        """See ``Site.to_bill``."""
        kept = copied(self._ledger)
        invoices = self._ledger.run_invoices(until)
        put_back(self._ledger, kept)
        return {invoice.first_day: invoice.total for invoice in invoices if invoice.recurring_invoice_id == int(agreement_id)}

    def _held(self, line: Line) -> Held:
        return Held(self._ledger.items[line.item_id].name, line.quantity, line.ends, line.internal_reference, line.unit_price)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text[:10]) if text else None
