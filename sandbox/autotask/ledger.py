"""The books of the simulated MSP: everything the PSA stores, short builders to seed it, and *Approve and Post*.

All times come from ``now``, all ids are counted up from 1 in each table, so the same seeding gives the same books.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from sandbox.autotask.records import ACTIVE, Adjustment, Company, Contact, Contract, Invoice, Line, Reading, Service, UnitRow, Write
from sandbox.autotask.units import FOREVER, ONE_DAY, charges, period_at, unit_rows

LAST_DAY = date(2035, 12, 31)
"""Autotask's contracts always have an end."""


@dataclass
class Ledger:
    """The state of one PSA and the switches of what is not known about it. ``now`` is an aware UTC clock; ``lock`` makes a request one whole.

    ``reading`` is what unit rows carry. ``charges_posted_periods`` lets an adjustment into a posted period, as a charge of its own.
    ``one_adjustment_a_day`` refuses a second one on the same day also on the first day of a period. ``repeat_services`` lets a
    contract have a service twice. ``initial_units`` is what a contract service begins with. ``tells_item_ids`` answers creates with
    the new id, and not with ``null``. ``price_field`` is what an update of a contract service takes a price in.
    ``site_offset`` is the site's zone in hours: a time of day before it falls on the day before.
    """

    now: Callable[[], datetime]
    reading: Reading = Reading.DELTA
    charges_posted_periods: bool = False
    one_adjustment_a_day: bool = False
    repeat_services: bool = True
    initial_units: int = 0
    tells_item_ids: bool = True
    price_field: str = "internalCurrencyAdjustedPrice"
    site_offset: int = -5
    companies: dict[int, Company] = field(default_factory=dict)
    contacts: dict[int, Contact] = field(default_factory=dict)
    services: dict[int, Service] = field(default_factory=dict)
    contracts: dict[int, Contract] = field(default_factory=dict)
    lines: dict[int, Line] = field(default_factory=dict)
    invoices: list[Invoice] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    tickets: dict[int, dict[str, Any]] = field(default_factory=dict)
    ticket_notes: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)
    _lines_of: dict[int, list[int]] = field(default_factory=dict)

    @property
    def today(self) -> date:
        """The PSA's own date."""
        return self.now().date()

    def company(self, name: str, **fields: Any) -> Company:
        """Adds a company; ``fields`` are those of ``Company``."""
        number = len(self.companies) + 1
        return self.companies.setdefault(number, Company(number, name, **fields))

    def contact(self, company: Company, email: str, **fields: Any) -> Contact:
        """Adds a contact."""
        number = len(self.contacts) + 1
        return self.contacts.setdefault(number, Contact(number, company.id, email, **fields))

    def service(self, name: str, price: str = "0", **fields: Any) -> Service:
        """Adds a service to the catalogue."""
        number = len(self.services) + 1
        return self.services.setdefault(number, Service(number, name, Decimal(price), **fields))

    def contract(self, company: Company, name: str, start: date, end: date = LAST_DAY, **fields: Any) -> Contract:
        """Adds a contract on which nothing is posted yet."""
        number = len(self.contracts) + 1
        return self.contracts.setdefault(number, Contract(number, company.id, name, start, end, **fields))

    def line(self, contract: Contract, service: Service, units: int, since: date | None = None, **fields: Any) -> Line:
        """Adds a contract service with units from ``since``, by default the contract's start; price from the catalogue."""
        adjustments = (Adjustment(since or contract.start, units),) if units else ()
        line = Line(len(self.lines) + 1, contract.id, service.id, service.price, service.cost, invoice_description=service.name)
        return self.put_line(replace(line, adjustments=adjustments, **fields))

    def put_line(self, line: Line) -> Line:
        """Stores a contract service."""
        if line.id not in self.lines:
            self._lines_of.setdefault(line.contract_id, []).append(line.id)
        self.lines[line.id] = line
        return line

    def lines_of(self, contract_id: int) -> list[Line]:
        """The services of a contract, by id."""
        return [self.lines[number] for number in self._lines_of.get(contract_id, [])]

    def adjust(self, line_id: int, units: int, effective: date) -> Line:
        """Changes a service's units from a day on, without the checks of the API: what a person does in the user interface."""
        with self.lock:
            line = self.lines[line_id]
            posted_through = self.contracts[line.contract_id].posted_through
            extra = posted_through is not None and effective <= posted_through
            return self.put_line(replace(line, adjustments=(*line.adjustments, Adjustment(effective, units, extra))))

    def change_contract(self, contract_id: int, **changes: Any) -> Contract:
        """Changes fields of a contract in the user interface."""
        with self.lock:
            self.contracts[contract_id] = replace(self.contracts[contract_id], **changes)
            return self.contracts[contract_id]

    def unit_rows(self, contract_id: int, first: date = date.min, last: date = FOREVER) -> Iterator[UnitRow]:
        """The unit rows of all services of a contract that touch some days."""
        contract = self.contracts[contract_id]
        for line in self.lines_of(contract_id):
            yield from _unit_rows(contract, line, self.reading, first, last)

    def next_period(self, contract_id: int) -> tuple[date, date]:
        """The first period of a contract that is not posted."""
        contract = self.contracts[contract_id]
        return period_at(contract, contract.posted_through + ONE_DAY if contract.posted_through else contract.start)

    def invoice_preview(self, contract_id: int, through: date | None = None) -> Invoice:
        """What would be billed were the contract posted through the period that holds ``through``, by default the first open one."""
        with self.lock:
            contract = self.contracts[contract_id]
            first, last = self.next_period(contract_id)
            last = max(last, period_at(contract, through)[1]) if through else last
            billed = [charge for line in self.lines_of(contract_id) for charge in charges(contract, line, self.services[line.service_id].name, last)]
            return Invoice(contract_id, contract.company_id, first, last, tuple(billed))

    def post(self, through: date, contract_id: int | None = None) -> list[Invoice]:
        """Approves and posts the periods that begin on or before ``through``, of one or all active contracts; returns what was billed."""
        with self.lock:
            chosen = [contract_id] if contract_id else [each.id for each in self.contracts.values() if each.status == ACTIVE]
            return [self._post(number, through) for number in chosen if self.next_period(number)[0] <= through]

    def _post(self, contract_id: int, through: date) -> Invoice:
        invoice = self.invoice_preview(contract_id, min(through, self.contracts[contract_id].end))
        postings = (*self.contracts[contract_id].postings, (invoice.last, self.today))
        self.change_contract(contract_id, posted_through=invoice.last, postings=postings)
        for line in self.lines_of(contract_id):
            adjustments = tuple(self._posted(each, invoice.last) for each in line.adjustments)
            self.put_line(replace(line, adjustments=adjustments))
        self.invoices.append(invoice)
        return invoice

    def _posted(self, adjustment: Adjustment, through: date) -> Adjustment:
        billed = adjustment.posted_on is None and adjustment.effective <= through
        return replace(adjustment, posted_on=self.today) if billed else adjustment


@lru_cache(maxsize=1024)
def _unit_rows(contract: Contract, line: Line, reading: Reading, first: date, last: date) -> tuple[UnitRow, ...]:
    """The rows of a line as it is: they are asked for again and again while nothing changes."""
    return tuple(unit_rows(contract, line, reading, first, last))
