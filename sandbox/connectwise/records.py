"""What the simulated PSA holds, as frozen records: an edit replaces a record, so that before and after can both be shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any


class BillCustomer(StrEnum):
    """What the customer is charged for an addition."""

    BILLABLE = "Billable"
    NO_CHARGE = "NoCharge"
    """On the invoice, for nothing."""
    DO_NOT_BILL = "DoNotBill"
    """Not on the invoice at all."""


class PeriodType(StrEnum):
    """Which period an agreement invoice covers, seen from its date."""

    CURRENT = "Current"
    FUTURE = "Future"
    BOTH = "Both"
    UNDEFINED = "Undefined"


class InvoicingCycle(StrEnum):
    """Whether periods follow the agreement's own start or the calendar."""

    CONTRACT_YEAR = "ContractYear"
    CALENDAR_YEAR = "CalendarYear"


class BillingCycle(StrEnum):
    """How long a billing period is; the value is ConnectWise's ``billingOptions``."""

    MONTHLY = "Monthly"
    QUARTERLY = "Quarterly"
    SEMI_ANNUAL = "SemiAnnual"
    YEARLY = "Yearly"

    @property
    def months(self) -> int:
        """The length of one period in calendar months."""
        return {"Monthly": 1, "Quarterly": 3, "SemiAnnual": 6, "Yearly": 12}[self]


class ProductClass(StrEnum):
    """The kind of a catalog product; a bundle cannot be an addition."""

    AGREEMENT = "Agreement"
    BUNDLE = "Bundle"
    INVENTORY = "Inventory"
    NON_INVENTORY = "NonInventory"
    SERVICE = "Service"


@dataclass(frozen=True)
class Stamp:
    """Who entered a record and who touched it last (the ``_info`` of an answer)."""

    entered_at: datetime
    entered_by: str
    updated_at: datetime
    updated_by: str


@dataclass(frozen=True)
class Company:
    """A customer of the MSP."""

    id: int
    identifier: str
    name: str
    stamp: Stamp
    status: str = "Active"
    website: str = ""
    account_number: str = ""
    deleted: bool = False


@dataclass(frozen=True)
class Communication:
    """One way to reach a contact; ``type`` is Email, Phone or Fax."""

    id: int
    type: str
    value: str
    default: bool = False


@dataclass(frozen=True)
class Contact:
    """Somebody at a company."""

    id: int
    company_id: int
    first_name: str
    last_name: str
    stamp: Stamp
    communications: tuple[Communication, ...] = ()
    inactive: bool = False
    default: bool = False


@dataclass(frozen=True)
class AgreementType:
    """A row of the agreement types setup table."""

    id: int
    name: str
    stamp: Stamp
    prorate: bool = False
    inactive: bool = False


@dataclass(frozen=True)
class Product:
    """A catalog product; ``price`` and ``cost`` are the defaults of a new addition, in the MSP's currency."""

    id: int
    identifier: str
    description: str
    stamp: Stamp
    price: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)
    customer_description: str = ""
    product_class: ProductClass = ProductClass.AGREEMENT
    unit_of_measure: str = "Each"
    vendor_sku: str = ""
    taxable: bool = True
    serialized: bool = False
    inactive: bool = False


@dataclass(frozen=True)
class Agreement:
    """A recurring contract. ``invoiced_through`` is the last day that an invoice covers; the API does not show it."""

    id: int
    name: str
    company_id: int
    type_id: int
    start: date
    next_invoice: date
    stamp: Stamp
    end: date | None = None
    cancelled: bool = False
    cancelled_on: date | None = None
    cycle: BillingCycle = BillingCycle.MONTHLY
    invoicing_cycle: InvoicingCycle = InvoicingCycle.CONTRACT_YEAR
    period_type: PeriodType = PeriodType.CURRENT
    bill_start: date | None = None
    prorate: bool = False
    currency: str = "USD"
    parent_id: int | None = None
    contact_id: int | None = None
    invoiced_through: date | None = None

    @property
    def first_day(self) -> date:
        """The first day that is billed at all."""
        return self.bill_start or self.start

    @property
    def last_day(self) -> date | None:
        """The last day that is billed at all, or None while the agreement is open-ended."""
        return min((day for day in (self.end, self.cancelled_on) if day), default=None)

    def bills_on(self, day: date) -> bool:
        """Whether the agreement is still billed on ``day``: not ended, and not cancelled without a date."""
        return day <= self.last_day if self.last_day else not self.cancelled

    def status(self, on: date) -> str:
        """The ``agreementStatus`` that the PSA shows on a day."""
        if self.cancelled:
            return "Cancelled"
        if self.end and self.end < on:
            return "Expired"
        return "Inactive" if self.start > on else "Active"


@dataclass(frozen=True)
class FieldError:
    """One entry of ``errors`` in a refusal: which field is wrong and why."""

    code: str
    field: str
    message: str


@dataclass(frozen=True)
class Addition:
    """A billed line of an agreement. ``legacy_error`` makes any PATCH fail that leaves the named field as it is."""

    id: int
    agreement_id: int
    product_id: int
    quantity: Decimal
    unit_price: Decimal
    unit_cost: Decimal
    effective: date
    stamp: Stamp
    cancelled: date | None = None
    bill_customer: BillCustomer = BillCustomer.BILLABLE
    less_included: Decimal = Decimal(0)
    serial_number: str | None = None
    invoice_description: str = ""
    sequence_number: Decimal = Decimal(0)
    taxable: bool = True
    purchase_item: bool = False
    special_order: bool = False
    prorate_current_period: bool = False
    opportunity_id: int | None = None
    invoice_grouping_id: int | None = None
    custom_fields: tuple[dict[str, Any], ...] = ()
    invoiced_through: date | None = None
    legacy_error: FieldError | None = None

    @property
    def billed_quantity(self) -> Decimal:
        """The units beyond those that are included; fewer than none only on a credit."""
        return self.quantity if self.quantity < 0 else max(self.quantity - self.less_included, Decimal(0))

    def status(self, agreement: Agreement, on: date) -> str:
        """The ``agreementStatus`` of the line: the agreement's, unless that is active and the line's own dates say otherwise."""
        above = agreement.status(on)
        if above != "Active":
            return above
        if self.cancelled and self.cancelled < on:
            return "Cancelled"
        return "Inactive" if self.effective > on else "Active"


@dataclass(frozen=True)
class InvoiceLine:
    """One line of an invoice: ``quantity`` units at ``unit_price`` for ``first_day`` to ``last_day``, ``amount`` in the agreement's currency."""

    addition_id: int
    product: str
    description: str
    quantity: Decimal
    unit_price: Decimal
    amount: Decimal
    first_day: date
    last_day: date
    serial_number: str | None


@dataclass(frozen=True)
class Invoice:
    """An agreement invoice, or the preview of one (then ``id`` is 0)."""

    agreement_id: int
    company_id: int
    dated: date
    first_day: date
    last_day: date
    currency: str
    lines: tuple[InvoiceLine, ...] = field(default=())
    id: int = 0
    stamp: Stamp | None = None

    @property
    def total(self) -> Decimal:
        """The sum of the lines, net of tax, in ``currency``."""
        return sum((line.amount for line in self.lines), Decimal(0))


@dataclass(frozen=True)
class Write:
    """One change that came through the API: an addition as an answer shows it, before (None if new) and after (None if deleted).

    ``forbidden`` marks what a careful client never sends: a delete, a full replacement, a copy, an invoice.
    """

    method: str
    path: str
    agreement_id: int
    addition_id: int | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    at: datetime
    by: str
    forbidden: bool
