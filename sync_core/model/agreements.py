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


class Ability(StrEnum):
    """What can be written to an agreement beyond adding lines, setting their quantity and ending them."""

    SELF_ENDING_LINES = "self-ending lines"
    """A line for added units that ends with their period, as proration needs it."""
    WHOLE_PERIODS = "whole periods"
    """With self-ending lines: no other line is billed by its days, so one that begins within a period has its first days on one of them."""
    DATED_QUANTITIES = "dated quantities"
    """A line's units change from a day on, and the PSA itself bills the rest of that day's period by its days."""
    INVOICED_TIME = "invoiced time"
    """With dated quantities: also from a day that an invoice covers, which bills the rest of that period on the next invoice."""
    CREDITS = "credits"
    """Fewer units by their days: a self-ending line with fewer than no units, or fewer of dated quantities."""
    PRICES = "prices"
    """A line's own price."""
    TERMS = "terms"
    """Whether a new line is charged and taxed."""


@dataclass(frozen=True)
class Company:
    """A customer as the PSA knows it. ``domains`` are those of its website and its contacts' e-mail addresses."""

    company_id: str
    name: str
    domains: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Product:
    """A product or service of the PSA's catalogue. ``price`` and ``cost`` are net, in the PSA's home currency."""

    product_id: str
    identifier: str
    name: str
    price: Decimal
    active: bool = True
    cost: Decimal | None = None
    text: str = ""
    """What a new line of it says on the invoice, where the catalogue has a text of its own for that."""


@dataclass(frozen=True)
class Agreement:
    """The head of a recurring agreement, without its lines.

    ``next_invoice`` is the first day that no invoice covers yet: the start of the first period that is not yet
    invoiced. ``None`` means the PSA does not say, and nothing is planned on such an agreement. Periods are
    ``period_months`` long and start on the day of month of ``anchor``; 0 means a cycle we do not support, named in ``cycle``.
    ``prorates`` says whether the PSA bills a part of a period by its days. An adapter that says nothing of ``abilities`` is
    never asked for more than adds, quantities and ends.
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
    abilities: frozenset[Ability] = frozenset()
    text_limit: int = 0
    """How many characters (UTF-16 units) the text of a line may have; 0 where it cannot be written."""
    counted: str = ""
    """In words, who bills the units and when, where lines only count them and something else in the PSA bills what they count.
    Such a line is never ended: its units go to 0. Empty where lines bill what they hold."""


@dataclass(frozen=True)
class Held:
    """What a line holds from a day on, of a PSA with dated quantities."""

    first: date
    units: Decimal


@dataclass(frozen=True)
class Shift:
    """From ``first`` on a line with dated quantities holds ``after`` in place of ``before``, and on every later day as many more or fewer."""

    first: date
    before: Decimal
    after: Decimal

    @property
    def units(self) -> Decimal:
        """How many more; fewer than none where they are fewer."""
        return self.after - self.before


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
    left_alone: str = ""
    """Why nobody but the PSA, or people in it, sets the quantity; empty where it can be written."""
    unbilled: str = ""
    """Why nobody is charged for it yet, though nobody decided so; empty where all is as it should be."""
    unit_cost: Decimal | None = None
    taxable: bool | None = None
    grouping: str = ""
    """The id of the group of invoice lines that it stands in; empty for none."""
    held: tuple[Held, ...] = ()
    """Of dated quantities, each day on which they change, in order; empty where they were read for one day only, or never change."""

    @property
    def billed(self) -> Decimal:
        """The units the PSA charges for: what it includes is free. Fewer than none on a credit."""
        if self.charge is not Charge.BILLABLE:
            return Decimal(0)
        return self.quantity if self.quantity < 0 else max(self.quantity - self.included, Decimal(0))

    def units_on(self, day: date) -> Decimal:
        """What the line holds on a day, as far as that was read: a quantity without dates is the same on all days."""
        if not self.held:
            return self.quantity
        return next((each.units for each in reversed(self.held) if each.first <= day), Decimal(0))

    def active_on(self, day: date) -> bool:
        """Whether the line is not over on ``day``; one that starts later counts as active."""
        return self.ends is None or self.ends >= day


@dataclass(frozen=True)
class Terms:
    """What a new line is given besides its product, units and dates; ``None`` or empty leaves it to the PSA. Prices are net, a unit."""

    unit_price: Decimal | None = None
    unit_cost: Decimal | None = None
    charge: Charge = Charge.BILLABLE
    taxable: bool | None = None
    grouping: str = ""
    text: str = ""


@dataclass(frozen=True)
class SelfEnding:
    """A line beside a link's main line that bills ``units`` from ``first`` to ``last``, both included, and then ends by itself.

    ``line_id`` is empty until it is there. Fewer than no units are a credit.
    """

    units: Decimal
    first: date
    last: date
    marker: str
    line_id: str = ""


@dataclass(frozen=True)
class AgreementLines:
    """An agreement and all its lines, read together."""

    agreement: Agreement
    lines: tuple[Line, ...]

    def line(self, line_id: str) -> Line | None:
        """The line with this id, or ``None``."""
        return next((line for line in self.lines if line.line_id == line_id), None)
