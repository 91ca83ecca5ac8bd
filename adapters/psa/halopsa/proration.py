"""Prorata rows of lines, as the lines that end by themselves. Pure.

Halo keeps them as ``prorata_data`` of a line and adds one where a line is sent with ``prorata_quantity``, ``prorata_unit_price`` and
``createproratadate``; ``prorata_next_invoice`` puts it on the next invoice. All of this is what the names in its Swagger description
suggest, and **unverified**: nothing is sent of it unless the connection says ``proration: prorata fields``. A row is sent with the
price of its days, so that nothing depends on how Halo would count them; its long text holds, in no language, the days, the price of a
whole period and the marker, by which a row is known again::

    2026-03-17 - 2026-03-31 @ 20.60
    M365-ab12-0123456789
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from adapters.psa.records import Record, amount, day, json_number, member, text
from sync_core.billing.periods import price_of_days
from sync_core.model.agreements import Agreement, Line, SelfEnding

PREFIX = "prorata-"
"""Before the id of a row, so that it is never taken for the id of a line."""
ROWS = "prorata_data"
SIX_PLACES = Decimal("0.000001")

_TEXT = re.compile(r"(\d{4}-\d\d-\d\d) - (\d{4}-\d\d-\d\d) @ (-?\d+(?:\.\d+)?)\s+(\S{1,50})\s*")


@dataclass(frozen=True)
class Row:
    """A prorata row that we added: ``price`` is a unit's for a whole period, ``charged`` a unit's for the days from ``first`` to ``last``."""

    units: Decimal
    charged: Decimal
    first: date
    last: date
    price: Decimal
    marker: str
    row_id: str = ""
    invoiced: bool = False

    @property
    def long_text(self) -> str:
        """What the row says below its short text."""
        return f"{self.first} - {self.last} @ {self.price}\n{self.marker}"


def row_of(agreement: Agreement, each: SelfEnding, price: Decimal) -> Row:
    """The row for units that end by themselves. What a unit is charged is rounded so that the row comes to the cent that the plan says."""
    total = price_of_days(agreement, price * each.units, each.first, each.last)
    charged = (total / each.units).quantize(SIX_PLACES, ROUND_HALF_UP)
    return Row(each.units, charged, each.first, each.last, price, each.marker)


def members_of(row: Row, product: str) -> dict[str, Any]:
    """The members that make Halo add the row to the line they are sent with."""
    return {
        "prorata_next_invoice": True,
        "prorata_quantity": json_number(row.units),
        "prorata_unit_price": json_number(row.charged),
        "prorata_shortdescription": product,
        "prorata_longdescription": row.long_text,
        "createproratadate": f"{row.first}T00:00:00",
    }


def rows(lines: Iterable[Record]) -> Iterator[tuple[Record, Record]]:
    """Every prorata row with its line, whoever added it; raises ``ValueError`` where they cannot be read."""
    for line in lines:
        found = member(line, ROWS) or []
        if not isinstance(found, list) or not all(isinstance(each, Mapping) for each in found):
            raise ValueError(f"{ROWS} is no list")
        yield from ((line, each) for each in found)


def ours(record: Record) -> Row | None:
    """The row as we added it; ``None`` for one of Halo's or of people."""
    match = _TEXT.fullmatch(text(record, "longdescription"))
    if match is None:
        return None
    first, last = date.fromisoformat(match[1]), date.fromisoformat(match[2])
    units, charged = amount(record, "quantity", Decimal(0)), amount(record, "unitprice", Decimal(0))
    return Row(units, charged, first, last, Decimal(match[3]), match[4], text(record, "id"), member(record, "isinvoiced") is True)


def as_line(main: Line, row: Row) -> Line:
    """The row as a line beside its main one, that ends by itself."""
    return Line(
        line_id=f"{PREFIX}{row.row_id}",
        product_id=main.product_id,
        product=main.product,
        quantity=row.units,
        unit_price=row.price,
        charge=main.charge,
        starts=row.first,
        ends=row.last,
        marker=row.marker,
        left_alone=f"It is a prorata row of line {main.line_id}, which Halo bills once.",
    )


def differences(row: Row, record: Record) -> list[str]:
    """What a row with our marker does not have as it was sent."""
    found = ours(record)
    pairs = {
        "date": (row.first, day(record, "date")),
        "quantity": (row.units, found.units if found else None),
        "unitprice": (row.charged, found.charged if found else None),
        "longdescription": (row.long_text.split(), text(record, "longdescription").split()),
    }
    return [name for name, (sent, there) in pairs.items() if sent != there]


def changed_rows(sent: Sequence[Record], now: Sequence[Record], markers: Iterable[str]) -> list[str]:
    """In words, the rows that came or went with a write, but for those with one of ``markers``."""
    before = {text(row, "id") for _, row in rows(sent)}
    after = {text(row, "id"): ours(row) for _, row in rows(now)}
    added = {number for number, row in after.items() if row and row.marker in set(markers)}
    gone = [f"prorata row {number} is gone" for number in sorted(before - after.keys())]
    return [*gone, *(f"prorata row {number} is new" for number in sorted(after.keys() - before - added))]
