"""What an invoice of the simulated PSAs bills, in one form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sync_core.billing.identity import plain


@dataclass(frozen=True)
class Billed:
    """One line of an invoice: ``amount`` for ``units`` on the days from ``first`` to ``last``."""

    first: date
    last: date
    units: Decimal
    unit_price: Decimal
    amount: Decimal


def invoice_shown(lines: Iterable[Billed]) -> Iterator[str]:
    """The invoice as stories show it."""
    total = Decimal(0)
    for line in lines:
        total += line.amount
        yield f"    {line.first} to {line.last}  {plain(line.units)} x {line.unit_price}  {line.amount:.2f}\n"
    yield f"    total {total:.2f}\n"
