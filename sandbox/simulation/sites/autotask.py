"""Autotask as the simulation plays with it, with either reading of its unit rows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import date
from decimal import Decimal
from operator import attrgetter

from sandbox.autotask import AutotaskSimulator, Ledger
from sandbox.autotask.access import Access
from sandbox.autotask.records import Line, Reading
from sandbox.autotask.units import ONE_DAY
from sandbox.simulation.sites.books import Booked, copied, put_back
from sandbox.simulation.sites.site import NEW, PRODUCTS, Held, Lines, Opening, Place
from sandbox.web import Request, Response
from sync_core.model.configuration import Connection
from sync_core.model.plans import Step
from sync_core.ports import Clock

_WRITTEN = ("Services", "ServiceAdjustments", "ContractServiceAdjustments")
_AMPLE = {"parallel": "3", "calls_per_minute": "100000"}
_OURS = frozenset({"adjustments", "unit_price", "invoice_description"})
"""Of a contract service what invoice runs change, and what our writes may."""
_rest = attrgetter(*(item.name for item in fields(Line) if item.name not in _OURS))


class AutotaskSite(Booked[Ledger]):
    """An Autotask database with the ledger of the simulator."""

    kind = "autotask"
    url = "http://127.0.0.1:2"
    settle_seconds = 360.0

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._access = Access()
        self.secrets: Mapping[str, str] = {"at-secret": self._access.secret, "at-code": self._access.integration_code}

    def begin(self, clock: Clock) -> None:
        """See ``Site.begin``."""
        self._ledger = Ledger(now=clock.now, reading=self._reading)
        self._simulator = AutotaskSimulator(self._ledger, self._access)
        for name, price in PRODUCTS.items():
            self._ledger.service(name, price=str(price))

    def connection(self, name: str) -> Connection:
        """See ``Site.connection``."""
        settings = {"username": self._access.user, "units_reading": self._reading.value, "currency": "USD", **_AMPLE}
        return Connection(name, self.kind, self.url, settings=settings, secrets={"secret": "at-secret", "integration_code": "at-code"})

    def open(self, opening: Opening) -> Place:
        """See ``Site.open``."""
        company = self._ledger.company(opening.company)
        made = self._ledger.contract(company, "Cloud", date(2026, 1, 1), date(2026, 12, 31))
        services = {service.name: service for service in self._ledger.services.values()}
        lines = [self._ledger.line(made, services[name], units) for name, units in opening.lines]
        self._ledger.post(opening.invoiced - ONE_DAY, made.id)
        return Place(str(company.id), str(made.id), tuple(str(line.id) for line in lines))

    def named(self, request: Request) -> str:
        """See ``Site.named``."""
        *_, above, last = request.path.split("/")
        return f"{request.method} {f'{above} {last}' if last == 'query' else last}"

    def refusal(self, status: int, seconds: int) -> Response:
        """See ``Site.refusal``: what is wrong is refused with 500 and its words."""
        headers = {"Retry-After": str(seconds)} if status == 429 else {}
        return Response.of_json({"errors": ["quantity: must be something else"]}, 500 if status == 400 else status, headers)

    def is_write(self, request: Request) -> bool:
        """See ``Site.is_write``."""
        return request.method != "GET" and request.path.endswith(_WRITTEN)

    def carries(self, request: Request, step: Step) -> bool:
        """See ``Site.carries``: the id of a line that the plan adds is known only now."""
        sent = json.loads(request.body)
        return (
            request.method == step.request["method"] and request.path.endswith(step.request["path"]) and step.request["body"].items() <= sent.items()
        )

    def lines(self, agreement_id: str) -> Lines:
        """See ``Site.lines``."""
        return {str(line.id): self._held(line) for line in self._ledger.lines_of(int(agreement_id))}

    def led_to(self, lines: Lines, step: Step) -> Lines:
        """See ``Site.led_to``."""
        body = step.request["body"]
        if "unitChange" in body:
            line_id = str(body.get("contractServiceID") or next(line_id for line_id, line in lines.items() if line.marker == step.marker))
            return {**lines, line_id: replace(lines[line_id], units=lines[line_id].units + body["unitChange"])}
        if step.request["method"] == "POST":
            service = self._ledger.services[body["serviceID"]]
            price = Decimal(str(body.get("internalCurrencyAdjustedPrice", service.price)))
            return {**lines, NEW: Held(service.name, Decimal(0), None, step.marker, price)}
        if "internalCurrencyAdjustedPrice" in body:
            line_id = str(body["id"])
            return {**lines, line_id: replace(lines[line_id], price=Decimal(str(body["internalCurrencyAdjustedPrice"])))}
        return lines

    def rest(self, agreement_id: str) -> Mapping[str, object]:
        """See ``Site.rest``."""
        return {str(line.id): _rest(line) for line in self._ledger.lines_of(int(agreement_id))}

    def edit(self, agreement_id: str, line_id: str, units: int) -> None:
        """See ``Site.edit``: from the first day that is not posted, or that of the last change."""
        line = self._ledger.lines[int(line_id)]
        day = max([self.invoiced(agreement_id), *(each.effective for each in line.adjustments)])
        if units != line.units_on(day):
            self._ledger.adjust(line.id, units - line.units_on(day), day)

    def invoice(self, agreement_id: str) -> None:
        """See ``Site.invoice``."""
        self._ledger.post(self.invoiced(agreement_id), int(agreement_id))

    def invoiced(self, agreement_id: str) -> date:
        """See ``Site.invoiced``."""
        return self._ledger.next_period(int(agreement_id))[0]

    def to_bill(self, agreement_id: str, until: date) -> Mapping[date, Decimal]:
        """See ``Site.to_bill``."""
        kept, billed = copied(self._ledger), dict[date, Decimal]()
        while self.invoiced(agreement_id) <= until:
            (invoice,) = self._ledger.post(self.invoiced(agreement_id), int(agreement_id))
            billed[invoice.first] = invoice.total
        put_back(self._ledger, kept)
        return billed

    def _held(self, line: Line) -> Held:
        units = sum(each.units for each in line.adjustments)
        marker = (line.internal_description or "").partition(" ")[0]
        return Held(self._ledger.services[line.service_id].name, Decimal(units), None, marker, line.unit_price)
