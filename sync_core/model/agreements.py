"""The PSA's side: companies, recurring agreements and their lines. Ids are strings; dates are the PSA's own dates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum


class AgreementStatus(StrEnum):
    """Whether an agreement bills."""

    ACTIVE = "active"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    INACTIVE = "inactive"


class Charge(StrEnum):
    """Whether the customer is charged for a line."""

    BILLABLE = "billable"
    DO_NOT_BILL = "do not bill"
    NO_CHARGE = "no charge"


@dataclass(frozen=True)
class Company:
    """A customer as the PSA knows it. ``domains`` are those of its website and its contacts' e-mail addresses."""

    company_id: str
    name: str
    domains: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Product:
    """A product or service of the PSA's catalogue. ``price`` is net, in the PSA's home currency."""

    product_id: str
    identifier: str
    name: str
    price: Decimal
    active: bool = True


@dataclass(frozen=True)
class Agreement:
    """The head of a recurring agreement, without its lines.

    ``next_invoice`` is the first day that no invoice covers yet: the start of the first period that is not yet
    invoiced. ``None`` means the PSA does not say, and nothing is planned on such an agreement. Periods are
    ``period_months`` long and start on the day of month of ``anchor``; 0 means a cycle we do not support, named in ``cycle``.
    """

    connection: str
    agreement_id: str
    company_id: str
    name: str
    type_name: str
    status: AgreementStatus
    start: date
    end: date | None
    period_months: int
    anchor: date
    next_invoice: date | None
    prorates: bool
    currency: str
    cycle: str = ""
    parent_id: str | None = None


@dataclass(frozen=True)
class Line:
    """One billed line of an agreement.

    ``quantity`` is what the line holds on the day asked for; the PSA bills ``max(quantity - included, 0)``.
    ``ends`` is the last billed day. ``marker`` is the text by which we find our own creates again.
    ``edited_by`` and ``edited_at`` are the PSA's words on the last writer, for people only.
    """

    line_id: str
    product_id: str
    product: str
    quantity: Decimal
    unit_price: Decimal
    included: Decimal = Decimal(0)
    charge: Charge = Charge.BILLABLE
    starts: date | None = None
    ends: date | None = None
    text: str = ""
    marker: str = ""
    edited_by: str = ""
    edited_at: str = ""
    computed: bool = False
    """Whether the PSA computes the quantity itself, so that nobody else sets it."""

    @property
    def billed(self) -> Decimal:
        """The units the PSA charges for: what it includes is free."""
        if self.charge is not Charge.BILLABLE:
            return Decimal(0)
        return max(self.quantity - self.included, Decimal(0))

    def active_on(self, day: date) -> bool:
        """Whether the line is not over on ``day``; one that starts later counts as active."""
        return self.ends is None or self.ends >= day


@dataclass(frozen=True)
class AgreementLines:
    """An agreement and all its lines, read together."""

    agreement: Agreement
    lines: tuple[Line, ...]

    def line(self, line_id: str) -> Line | None:
        """The line with this id, or ``None``."""
        return next((line for line in self.lines if line.line_id == line_id), None)
