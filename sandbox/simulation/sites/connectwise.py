"""ConnectWise PSA as the simulation plays with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import date
from decimal import Decimal
from operator import attrgetter
from typing import Any

from sandbox.connectwise import ConnectWiseSimulator, Ledger
from sandbox.connectwise.access import ROUTER_CODEBASE, Access
from sandbox.connectwise.records import Addition
from sandbox.simulation.sites.books import Booked, copied, put_back
from sandbox.simulation.sites.site import NEW, PRODUCTS, Held, Lines, Opening, Place
from sandbox.web import Request, Response
from sync_core.model.configuration import Connection
from sync_core.model.plans import Step
from sync_core.ports import Clock

_OURS = frozenset({"stamp", "invoiced_through", "quantity", "unit_price", "cancelled", "invoice_description"})
"""Of an addition what invoice runs change, and what our writes may."""
_rest = attrgetter(*(item.name for item in fields(Addition) if item.name not in _OURS))


class ConnectWiseSite(Booked[Ledger]):
    """A ConnectWise company with the ledger of the simulator."""

    kind = "connectwise"
    url = "http://127.0.0.1:1"
    settle_seconds = 120.0

    def __init__(self) -> None:
        self._access = Access()
        self.secrets: Mapping[str, str] = {"psa-public": self._access.public_key, "psa-private": self._access.private_key}

    def begin(self, clock: Clock) -> None:
        """See ``Site.begin``."""
        self._ledger = Ledger(now=clock.now)
        self._simulator = ConnectWiseSimulator(self._ledger, self._access)
        for name, price in PRODUCTS.items():
            self._ledger.product(name, price=str(price))

    def connection(self, name: str) -> Connection:
        """See ``Site.connection``."""
        settings = {"company": self._access.company_id, "client_id": min(self._access.client_ids), "codebase": ROUTER_CODEBASE, "parallel": "64"}
        return Connection(name, self.kind, self.url, settings=settings, secrets={"public_key": "psa-public", "private_key": "psa-private"})

    def open(self, opening: Opening) -> Place:
        """See ``Site.open``."""
        ledger = self._ledger
        company = ledger.company(opening.company)
        made = ledger.agreement(company, "Cloud", date(2025, 1, 1), next_invoice=opening.invoiced, prorate=opening.prorates)
        products = {product.identifier: product for product in ledger.products.values()}
        lines = [ledger.addition(made, products[name], units) for name, units in opening.lines]
        return Place(str(company.id), str(made.id), tuple(str(line.id) for line in lines))

    def named(self, request: Request) -> str:
        """See ``Site.named``."""
        *_, above, last = request.path.split("/")
        return f"{request.method} {above if last.isdecimal() else last}"

    def refusal(self, status: int, seconds: int) -> Response:
        """See ``Site.refusal``."""
        if status == 429:
            return Response.of_json({"error": "ConnectWiseAPI", "message": "Too many requests."}, 429, {"Retry-After": str(seconds)})
        return Response.of_json({"code": "InvalidObject", "message": "addition object is invalid", "errors": []}, status)

    def is_write(self, request: Request) -> bool:
        """See ``Site.is_write``."""
        return request.method != "GET"

    def carries(self, request: Request, step: Step) -> bool:
        """See ``Site.carries``."""
        sent = step.request
        return request.method == sent["method"] and request.path.endswith(sent["path"]) and json.loads(request.body) == sent["body"]

    def lines(self, agreement_id: str) -> Lines:
        """See ``Site.lines``."""
        return {str(line.id): self._held(line) for line in self._ledger.additions_of(int(agreement_id))}

    def led_to(self, lines: Lines, step: Step) -> Lines:
        """See ``Site.led_to``."""
        body = step.request["body"]
        if step.request["method"] == "POST":
            product = self._ledger.products[body["product"]["id"]]
            price = Decimal(str(body.get("unitPrice", product.price)))
            return {
                **lines,
                NEW: Held(product.identifier, Decimal(str(body["quantity"])), _day(body.get("cancelledDate")), body["serialNumber"], price),
            }
        line_id = step.request["path"].rpartition("/")[2]
        for operation in body:
            lines = {**lines, line_id: _changed(lines[line_id], operation["path"], operation["value"])}
        return lines

    def rest(self, agreement_id: str) -> Mapping[str, object]:
        """See ``Site.rest``."""
        return {str(line.id): _rest(line) for line in self._ledger.additions_of(int(agreement_id))}

    def edit(self, agreement_id: str, line_id: str, units: int) -> None:
        """See ``Site.edit``."""
        self._ledger.edit_as_person(int(line_id), "account-manager", quantity=Decimal(units))

    def invoice(self, agreement_id: str) -> None:
        """See ``Site.invoice``."""
        self._ledger.send_invoice(int(agreement_id))

    def invoiced(self, agreement_id: str) -> date:
        """See ``Site.invoiced``."""
        return self._ledger.agreements[int(agreement_id)].next_invoice

    def to_bill(self, agreement_id: str, until: date) -> Mapping[date, Decimal]:
        """See ``Site.to_bill``."""
        kept, billed = copied(self._ledger), dict[date, Decimal]()
        while self._ledger.agreements[int(agreement_id)].next_invoice <= until:
            invoice = self._ledger.send_invoice(int(agreement_id))
            billed[invoice.first_day] = invoice.total
        put_back(self._ledger, kept)
        return billed

    def _held(self, line: Addition) -> Held:
        product = self._ledger.products[line.product_id].identifier
        return Held(product, line.quantity, line.cancelled, line.serial_number or "", line.unit_price)


def _changed(line: Held, path: str, value: Any) -> Held:
    match path:
        case "quantity":
            return replace(line, units=Decimal(str(value)))
        case "cancelledDate":
            return replace(line, ends=_day(value))
        case "unitPrice":
            return replace(line, price=Decimal(str(value)))
    return line


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text[:10]) if text else None
