"""Prorata rows of lines: how one is made by what a line is sent with.

All of it is what the names of the members suggest, and nobody has seen it work; what else Halo might do is a switch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sandbox.halopsa.errors import bad_request
from sandbox.halopsa.ledger import Ledger, RowsMade
from sandbox.halopsa.records import Line, ProRata
from sandbox.halopsa.values import as_day, as_flag, as_number, as_text

MAKING = frozenset(
    [
        "createproratadate",
        "createproratanormallines",
        "prorata_quantity",
        "prorata_unit_price",
        "prorata_shortdescription",
        "prorata_longdescription",
        "prorata_next_invoice",
        "_updateprorata",
    ]
)
"""Members that make a row; ``prorata_data`` itself is taken and changes nothing."""


def with_rows(ledger: Ledger, line: Line, old: Line | None, members: Mapping[str, Any]) -> Line:
    """The line with the rows it had, and one more where it is sent with a date for one."""
    rows = old.rows if old else ()
    day = as_day("createproratadate", members.get("createproratadate"))
    if day is None or ledger.switches.rows_made is RowsMade.NONE:
        return replace(line, rows=rows)
    for name in ("prorata_quantity", "prorata_unit_price"):
        if name not in members:
            raise bad_request(f"{name}: is required for a pro rata row.")
    row = ProRata(
        ledger.next_row_id(),
        day,
        as_number("prorata_quantity", members["prorata_quantity"]),
        as_number("prorata_unit_price", members["prorata_unit_price"]),
        as_text(255)("prorata_shortdescription", members.get("prorata_shortdescription")),
        as_text(4000)("prorata_longdescription", members.get("prorata_longdescription")),
        as_flag("prorata_next_invoice", members.get("prorata_next_invoice", False)),
    )
    return replace(line, rows=(*rows, row))
