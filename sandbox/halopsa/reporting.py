"""Reports that run a SELECT over the simulated books: as much of it as is known of the vendor, and not a word of SQL more.

One statement of the form ``SELECT column AS name, ... FROM table``, over recurring invoices and their lines. The names of tables, and
``ihid``, ``IHaarea``, ``idid``, ``IdIHid``, ``IDQty_Order``, ``IDUnit_Cost`` and ``IDNet_Amount``, were seen by integrators; all other
names of columns are made up, so that nobody relies on them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from sandbox.halopsa import rendering
from sandbox.halopsa.errors import bad_request
from sandbox.halopsa.ledger import Ledger
from sandbox.halopsa.rendering import Json
from sandbox.web import Request, Response

_STATEMENT = re.compile(r"\s*SELECT\s+(?P<columns>.+?)\s+FROM\s+(?P<table>\w+)\s*", re.IGNORECASE | re.DOTALL)
_COLUMN = re.compile(r"\s*(?P<column>\w+)\s+AS\s+(?P<name>\w+)\s*", re.IGNORECASE)
_FORBIDDEN = re.compile(r"--|;\s*$|\bDECLARE\b", re.IGNORECASE)

HEADS: Mapping[str, str] = {"ihid": "id", "IHaarea": "client_id"} | {
    f"IH_{name}": name
    for name in [
        "reference",
        "contract_ref",
        "currency_code_name",
        "disabled",
        "startdate",
        "enddate",
        "nextcreationdate",
        "period",
        "periodname",
        "last_modified",
    ]
}
LINES: Mapping[str, str] = {"idid": "id", "IdIHid": "ihid", "IDQty_Order": "qty_order", "IDUnit_Cost": "unit_cost", "IDNet_Amount": "net_amount"} | {
    f"ID_{name}": name
    for name in [
        "_itemid",
        "item_shortdescription",
        "item_longdescription",
        "unit_price",
        "startdate",
        "enddate",
        "isinactive",
        "item_internal_reference",
        "recurring_invoice_quantity_type",
        "_is_calculated_line",
    ]
}
TABLES = {"INVOICEHEADER": HEADS, "INVOICEDETAIL": LINES}


def statement(table: str) -> str:
    """A SELECT of all columns of a table, each named as the interface names the member."""
    return f"SELECT {', '.join(f'{column} AS {name}' for column, name in TABLES[table].items())} FROM {table}"


def report(ledger: Ledger, request: Request) -> Response:
    """Answers a report that is only to be loaded; a statement that cannot run answers 200 with its error in it, as Halo's does."""
    sql = _sql(request.body)
    found = _STATEMENT.fullmatch(sql)
    if _FORBIDDEN.search(sql) or found is None or found["table"].upper() not in TABLES:
        return _answer([], "Incorrect syntax.")
    table = found["table"].upper()
    columns = [_COLUMN.fullmatch(each) for each in found["columns"].split(",")]
    names = {each["name"]: each["column"] for each in columns if each}
    known = {column.lower(): member for column, member in TABLES[table].items()}
    if len(names) < len(columns) or (unknown := [each for each in names.values() if each.lower() not in known]):
        return _answer([], f"Invalid column name '{unknown[0] if len(names) == len(columns) else '?'}'.")
    rows = [{name: row[known[column.lower()]] for name, column in names.items()} for row in _rows(ledger, table)]
    return _answer(ledger.switches.on_report(rows), "")


def _rows(ledger: Ledger, table: str) -> list[Json]:
    records = list(ledger.recurring_invoices.values())
    if table == "INVOICEHEADER":
        return [rendering.recurring_invoice(ledger, each, with_lines=False) for each in records]
    return [rendering.line(ledger, above, each) for above in records for each in above.lines]


def _answer(rows: list[Json], error: str) -> Response:
    return Response.of_json([{"id": 0, "report": {"loaded": not error, "load_error": error, "rows": rows}}], 201)


def _sql(body: bytes) -> str:
    try:
        profiles: Any = json.loads(body)
    except ValueError:
        raise bad_request("The request body is not valid JSON.") from None
    if not isinstance(profiles, list) or len(profiles) != 1 or not isinstance(profiles[0], dict):
        raise bad_request("The request is invalid: an array of one report is expected.")
    if profiles[0].keys() != {"sql", "_loadreportonly"} or profiles[0]["_loadreportonly"] is not True:
        raise bad_request("The simulator only loads a report from its statement.")
    return str(profiles[0]["sql"])
