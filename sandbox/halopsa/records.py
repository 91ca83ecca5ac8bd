"""What the simulated PSA holds, as frozen records: an edit replaces a record, so that before and after can both be shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any


class Period(StrEnum):
    """How long the periods of a recurring invoice are; the value is Halo's ``periodname``."""

    MONTHLY = "Monthly"
    QUARTERLY = "Quarterly"
    YEARLY = "Yearly"

    @property
    def months(self) -> int:
        """The length of one period in calendar months."""
        return {"Monthly": 1, "Quarterly": 3, "Yearly": 12}[self]

    @property
    def number(self) -> int:
        """The number it goes by. Unverified: the numbers are made up, so that nobody relies on them."""
        return 71 + list(Period).index(self)


@dataclass(frozen=True)
class Client:
    """A customer of the MSP."""

    id: int
    name: str
    inactive: bool = False


@dataclass(frozen=True)
class User:
    """Somebody at a client."""

    id: int
    client_id: int
    name: str
    email: str
    inactive: bool = False


@dataclass(frozen=True)
class Item:
    """A product; ``recurring_price`` is what a recurring invoice takes where it is set, ``price`` otherwise."""

    id: int
    name: str
    price: Decimal = Decimal(0)
    recurring_price: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)
    inactive: bool = False


@dataclass(frozen=True)
class Licence:
    """How many seats of a product a client owns. With a ``tenant_id`` an integration of Halo's own keeps the count."""

    id: int
    client_id: int
    name: str
    count: int
    start: date | None = None
    notes: str = ""
    active: bool = True
    tenant_id: str = ""
    unknown: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ProRata:
    """Units of a line that are billed once, at the price of the days that they stand for."""

    id: int
    day: date
    quantity: Decimal
    unit_price: Decimal
    short_text: str
    long_text: str
    next_invoice: bool
    invoiced: bool = False


@dataclass(frozen=True)
class Line:
    """A line of a recurring invoice. With ``licence_id`` its quantity is that licence's count less ``licence_free``.

    ``unknown`` are members that the model has not.
    """

    id: int
    item_id: int
    quantity: Decimal
    unit_price: Decimal
    text: str = ""
    long_text: str = ""
    unit_cost: Decimal = Decimal(0)
    discount: Decimal = Decimal(0)
    tax_code: str = ""
    starts: date | None = None
    ends: date | None = None
    autorenew: bool = False
    inactive: bool = False
    internal_reference: str = ""
    external_reference: str = ""
    licence_id: int | None = None
    licence_free: int = 0
    rows: tuple[ProRata, ...] = ()
    unknown: Mapping[str, Any] = field(default_factory=dict)

    def billed_in(self, first_day: date, last_day: date) -> bool:
        """Whether the line is on the invoice of these days."""
        return not self.inactive and (self.starts or first_day) <= last_day and (self.ends or first_day) >= first_day


@dataclass(frozen=True)
class RecurringInvoice:
    """What invoices are made of, period by period. ``changed_by`` is the agent who saved it last; the interface does not show it."""

    id: int
    client_id: int
    reference: str
    start: date
    next_creation: date
    changed_at: datetime
    changed_by: str
    period: Period = Period.MONTHLY
    contract_ref: str = "Managed Services"
    end: date | None = None
    disabled: bool = False
    currency: str = "USD"
    lines: tuple[Line, ...] = ()

    def line(self, line_id: int) -> Line | None:
        """The line with this id, or ``None``."""
        return next((line for line in self.lines if line.id == line_id), None)


@dataclass(frozen=True)
class InvoiceLine:
    """One line of an invoice: ``quantity`` units at ``unit_price``, whole, whatever part of the period the line is there for."""

    line_id: int
    product: str
    description: str
    quantity: Decimal
    unit_price: Decimal
    amount: Decimal


@dataclass(frozen=True)
class Invoice:
    """An invoice made of a recurring one, or the preview of it (then ``id`` is 0), for ``first_day`` to ``last_day``."""

    recurring_invoice_id: int
    client_id: int
    dated: date
    first_day: date
    last_day: date
    currency: str
    lines: tuple[InvoiceLine, ...]
    id: int = 0

    @property
    def total(self) -> Decimal:
        """The sum of the lines, net of tax, in ``currency``."""
        return sum((line.amount for line in self.lines), Decimal(0))


@dataclass(frozen=True)
class Write:
    """One POST of a recurring invoice, or of a licence record (then ``recurring_invoice_id`` is 0): as an answer shows it, before and after.

    ``forbidden`` marks what a careful client never sends: a delete, a body that leaves lines out, the making of invoices.
    """

    method: str
    path: str
    recurring_invoice_id: int
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    at: datetime
    by: str
    forbidden: bool
