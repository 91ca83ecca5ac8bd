"""What the simulated PSA holds, as frozen records: an edit replaces a record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

RECURRING_SERVICE = 7
"""The contract type of every contract here (Autotask developer help)."""
ACTIVE, INACTIVE = 1, 0

STATUSES = {INACTIVE: "Inactive", ACTIVE: "Active"}
TYPES = {1: "Time & Materials", 3: "Fixed Price", RECURRING_SERVICE: "Recurring Service"}
CATEGORIES = {12: "Managed Services", 13: "Cloud", 14: "Microsoft 365"}
PERIODS = {21: "Monthly", 22: "Quarterly", 23: "Semi-Annual", 24: "Yearly"}
"""Picklist ids differ from tenant to tenant, so these are none that anybody would guess."""
MONTHS = {21: 1, 22: 3, 23: 6, 24: 12}


class Reading(StrEnum):
    """What the unit row carries that an adjustment in the middle of a period makes. Unverified which of the two Autotask does."""

    DELTA = "delta"
    """The difference, beside the row of the whole period."""
    TOTAL = "total"
    """The new number; the row before it is cut, unless it was posted by then."""


CURRENCIES = {1: "USD", 2: "EUR", 3: "GBP"}
"""The currencies of the site by id; the first one is its own."""


@dataclass(frozen=True)
class Company:
    """A customer of the MSP."""

    id: int
    name: str
    web_address: str = ""
    active: bool = True
    currency: str = "USD"


@dataclass(frozen=True)
class Contact:
    """Somebody at a company."""

    id: int
    company_id: int
    email: str
    active: bool = True


@dataclass(frozen=True)
class Service:
    """A service of the catalogue with the defaults of a new contract service."""

    id: int
    name: str
    price: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)
    description: str = ""
    active: bool = True


@dataclass(frozen=True)
class Contract:
    """A recurring service contract. ``posted_through`` is the last day of the last period that was approved and posted.

    ``postings`` are the last day and the date of each posting, oldest first.
    """

    id: int
    company_id: int
    name: str
    start: date
    end: date
    period_type: int = 21
    category: int = 12
    status: int = ACTIVE
    type: int = RECURRING_SERVICE
    posted_through: date | None = None
    postings: tuple[tuple[date, date], ...] = ()

    @property
    def months(self) -> int:
        """The length of a billing period."""
        return MONTHS[self.period_type]


@dataclass(frozen=True)
class Adjustment:
    """A dated change of units. ``extra``: made when its period was posted, so it is charged by a row of its own; ``posted_on``: when that was."""

    effective: date
    units: int
    extra: bool = False
    posted_on: date | None = None


@dataclass(frozen=True)
class Line:
    """A contract service. Its units follow from the adjustments alone."""

    id: int
    contract_id: int
    service_id: int
    unit_price: Decimal
    unit_cost: Decimal = Decimal(0)
    internal_description: str | None = None
    invoice_description: str = ""
    adjustments: tuple[Adjustment, ...] = ()

    def units_on(self, day: date) -> int:
        """How many units the contract has of the service on a day."""
        return sum(each.units for each in self.adjustments if each.effective <= day)


@dataclass(frozen=True)
class UnitRow:
    """A ``ContractServiceUnit``: what is billed for the days ``first`` to ``last``, once it is posted."""

    id: int
    line: Line
    first: date
    last: date
    units: int
    posted_on: date | None


@dataclass(frozen=True)
class Charge:
    """One line of an invoice: ``amount`` for ``units`` of a service on the days ``first`` to ``last``, net."""

    line_id: int
    service: str
    units: int
    unit_price: Decimal
    amount: Decimal
    first: date
    last: date


@dataclass(frozen=True)
class Invoice:
    """What was posted for a contract, or the preview of it."""

    contract_id: int
    company_id: int
    first: date
    last: date
    charges: tuple[Charge, ...] = ()

    @property
    def total(self) -> Decimal:
        """The sum of the charges, net of tax."""
        return sum((charge.amount for charge in self.charges), Decimal(0))


@dataclass(frozen=True)
class Write:
    """One change that came through the API. ``forbidden`` marks what a careful client never causes: a service that an adjustment made."""

    method: str
    path: str
    contract_id: int
    line_id: int
    body: dict[str, Any]
    at: datetime
    forbidden: bool = False
