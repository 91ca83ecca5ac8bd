"""The books of the simulated MSP: everything the PSA stores, short builders to seed it, and the invoice run.

All times come from ``now``, all ids are counted up from 1 in each table, so the same seeding gives the same books.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Generic, Protocol, TypeVar

from sandbox.connectwise.billing import ONE_DAY, Biller
from sandbox.connectwise.records import (
    Addition,
    Agreement,
    AgreementType,
    Communication,
    Company,
    Contact,
    FieldError,
    Invoice,
    Product,
    Stamp,
    Write,
)

SEEDED_BY = "setup"
INVOICE_RUN = "invoice-run"


class _Numbered(Protocol):
    @property
    def id(self) -> int: ...


Record = TypeVar("Record", bound=_Numbered)


class Table(dict[int, Record], Generic[Record]):
    """Records by id, in order of id."""

    _last_id = 0

    def next_id(self) -> int:
        """A new id; ids of deleted records are not used again."""
        self._last_id += 1
        return self._last_id

    def put(self, record: Record) -> Record:
        """Stores a record under its id and returns it."""
        self[record.id] = record
        return record


@dataclass
class Ledger:
    """The state of one PSA. ``now`` is an aware UTC clock; ``lock`` makes a request, an edit or an invoice run one whole."""

    now: Callable[[], datetime]
    cancelled_day_billed: bool = True
    takes_negative_quantities: bool = False
    """Unverified whether ConnectWise does."""
    companies: Table[Company] = field(default_factory=Table)
    contacts: Table[Contact] = field(default_factory=Table)
    agreement_types: Table[AgreementType] = field(default_factory=Table)
    agreements: Table[Agreement] = field(default_factory=Table)
    additions: Table[Addition] = field(default_factory=Table)
    products: Table[Product] = field(default_factory=Table)
    invoices: Table[Invoice] = field(default_factory=Table)
    writes: list[Write] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def today(self) -> date:
        """The PSA's own date, by which it shows statuses and dates new lines."""
        return self.now().date()

    def stamp(self, by: str, old: Stamp | None = None) -> Stamp:
        """A stamp of now: the first one of a record, or the next after ``old``."""
        at = self.now()
        return replace(old, updated_at=at, updated_by=by) if old else Stamp(at, by, at, by)

    def company(self, identifier: str, name: str = "", **fields: Any) -> Company:
        """Adds a company; ``fields`` are those of ``Company``."""
        return self.companies.put(Company(self.companies.next_id(), identifier, name or identifier, self.stamp(SEEDED_BY), **fields))

    def contact(self, company: Company, email: str, first_name: str = "Billing", last_name: str = "Contact", **fields: Any) -> Contact:
        """Adds a contact with one e-mail address."""
        number = self.contacts.next_id()
        mail = Communication(number, "Email", email, default=True)
        return self.contacts.put(Contact(number, company.id, first_name, last_name, self.stamp(SEEDED_BY), (mail,), **fields))

    def agreement_type(self, name: str, **fields: Any) -> AgreementType:
        """Finds or adds an agreement type."""
        known = next((kind for kind in self.agreement_types.values() if kind.name == name), None)
        return known or self.agreement_types.put(AgreementType(self.agreement_types.next_id(), name, self.stamp(SEEDED_BY), **fields))

    def product(self, identifier: str, price: str = "0", cost: str = "0", **fields: Any) -> Product:
        """Adds a catalog product with its default price and cost."""
        fields = {"description": identifier, "customer_description": fields.get("description", identifier), **fields}
        return self.products.put(
            Product(self.products.next_id(), identifier, stamp=self.stamp(SEEDED_BY), price=Decimal(price), cost=Decimal(cost), **fields)
        )

    def agreement(
        self, company: Company, name: str, start: date, type: str = "Managed Services", next_invoice: date | None = None, **fields: Any
    ) -> Agreement:
        """Adds an agreement whose invoices before ``next_invoice`` count as sent; by default the next one is the first after today."""
        number, kind = self.agreements.next_id(), self.agreement_type(type)
        agreement = Agreement(number, name, company.id, kind.id, start, start, self.stamp(SEEDED_BY), **fields)
        agreement = self._invoiced_until(agreement, next_invoice or self.today + ONE_DAY)
        return self.agreements.put(replace(agreement, next_invoice=next_invoice or agreement.next_invoice))

    def addition(self, agreement: Agreement, product: Product, quantity: int | str, **fields: Any) -> Addition:
        """Adds a line as a person would; price, cost and text come from the catalog, the date from the agreement's start.

        What the agreement's sent invoices cover counts as billed.
        """
        agreement = self.agreements[agreement.id]
        line = Addition(
            **{
                "id": self.additions.next_id(),
                "agreement_id": agreement.id,
                "product_id": product.id,
                "quantity": Decimal(quantity),
                "unit_price": product.price,
                "unit_cost": product.cost,
                "effective": agreement.start,
                "stamp": self.stamp(SEEDED_BY),
                "invoice_description": product.customer_description,
                "taxable": product.taxable,
                "invoiced_through": agreement.invoiced_through,
                **fields,
            }
        )
        return self.additions.put(line)

    def edit_as_person(self, addition_id: int, by: str, **changes: Any) -> Addition:
        """Changes fields of a line in the PSA's own user interface; ``by`` is the member who did it."""
        with self.lock:
            line = self.additions[addition_id]
            return self.additions.put(replace(line, stamp=self.stamp(by, line.stamp), **changes))

    def change_agreement(self, agreement_id: int, by: str = "account-manager", **changes: Any) -> Agreement:
        """Changes fields of an agreement in the user interface: cancels it, ends it, gives it a parent."""
        with self.lock:
            agreement = self.agreements[agreement_id]
            return self.agreements.put(replace(agreement, stamp=self.stamp(by, agreement.stamp), **changes))

    def cancel_agreement(self, agreement_id: int, on: date) -> Agreement:
        """Cancels an agreement; ``on`` is its last billed day."""
        return self.change_agreement(agreement_id, cancelled=True, cancelled_on=on)

    def copy_agreement(self, agreement_id: int, by: str = "account-manager") -> Agreement:
        """Copies an agreement with all its lines, their serial numbers among them, as ConnectWise's copy does."""
        with self.lock:
            original, stamp = self.agreements[agreement_id], self.stamp(by)
            copy = self.agreements.put(replace(original, id=self.agreements.next_id(), name=f"Copy of {original.name}"[:100], stamp=stamp))
            for line in self.additions_of(agreement_id):
                self.additions.put(replace(line, id=self.additions.next_id(), agreement_id=copy.id, stamp=stamp))
            return copy

    def spoil(self, addition_id: int, field: str, message: str = "The value is not valid.") -> None:
        """Makes a stored line bad legacy data: every PATCH that leaves ``field`` alone is refused, naming ``field``."""
        line = self.additions[addition_id]
        self.additions.put(replace(line, legacy_error=FieldError("InvalidValue", field, message)))

    def additions_of(self, agreement_id: int) -> list[Addition]:
        """The lines of an agreement by id."""
        return [line for line in self.additions.values() if line.agreement_id == agreement_id]

    def invoice_preview(self, agreement_id: int, on: date) -> Invoice:
        """What the first invoice dated on or after ``on`` would show, were nothing changed before it."""
        with self.lock:
            return self._biller().invoice_from(self.agreements[agreement_id], self.additions_of(agreement_id), on)

    def run_invoices(self, on: date) -> list[Invoice]:
        """Sends every invoice that is due on ``on`` and moves the agreements on; returns what was sent, by agreement and date.

        It stamps agreements and lines: an invoice run moves their last-updated time although nobody edited them.
        """
        with self.lock:
            return [invoice for agreement_id in sorted(self.agreements) for invoice in self._send_due(agreement_id, on)]

    def send_invoice(self, agreement_id: int) -> Invoice:
        """Sends the next invoice of one agreement, due or not."""
        with self.lock:
            billed = self._biller().next_invoice(self.agreements[agreement_id], self.additions_of(agreement_id))
            self.agreements.put(replace(billed.agreement, stamp=self.stamp(INVOICE_RUN, billed.agreement.stamp)))
            for line in billed.additions:
                self.additions.put(replace(line, stamp=self.stamp(INVOICE_RUN, line.stamp)))
            return self.invoices.put(replace(billed.invoice, id=self.invoices.next_id(), stamp=self.stamp(INVOICE_RUN)))

    def _send_due(self, agreement_id: int, on: date) -> list[Invoice]:
        sent = []
        while (agreement := self.agreements[agreement_id]).next_invoice <= on and agreement.bills_on(agreement.next_invoice):
            sent.append(self.send_invoice(agreement_id))
        return sent

    def _invoiced_until(self, agreement: Agreement, day: date) -> Agreement:
        biller = self._biller()
        while agreement.next_invoice < day:
            agreement = biller.next_invoice(agreement, ()).agreement
        return agreement

    def _biller(self) -> Biller:
        return Biller(self.products, self.cancelled_day_billed)
