"""The wire format of HaloPSA as JSON Schemas, written from its published description and not from the simulator's code.

The simulator's answers are checked against them, and any client's requests can be: ``SAVE`` is what may be posted. Answers may
hold members that are not listed.
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]


def _object(required: str = "", **properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": required.split()}


def _list(plural: str, row: Schema) -> Schema:
    return _object(f"record_count {plural}", record_count={"type": "integer", "minimum": 0}, **{plural: {"type": "array", "items": row}})


_INTEGER: Schema = {"type": "integer"}
_NUMBER: Schema = {"type": "number"}
_FLAG: Schema = {"type": "boolean"}
_TEXT: Schema = {"type": ["string", "null"]}
_TIME: Schema = {"type": ["string", "null"], "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"}
_RULE = _object("id", id=_INTEGER, licence_id=_INTEGER, qty_free=_INTEGER, minimum_qty=_INTEGER, assigned_licences=_FLAG, pro_rata=_INTEGER)
_RULES: Schema = {"type": "array", "items": _RULE}

AUTH_INFO = _object("auth_url tenant_id", auth_url={"type": "string"}, tenant_id={"type": "string"})
TOKEN = _object("access_token token_type expires_in", access_token={"type": "string"}, token_type={"const": "Bearer"}, expires_in=_INTEGER)
CLIENT = _object("id name inactive", id=_INTEGER, name=_TEXT, inactive=_FLAG)
USER = _object("id name client_id emailaddress inactive", id=_INTEGER, name=_TEXT, client_id=_INTEGER, emailaddress=_TEXT, inactive=_FLAG)
ITEM = _object("id name baseprice recurringprice", id=_INTEGER, name=_TEXT, baseprice=_NUMBER, recurringprice=_NUMBER)
_LICENCE: dict[str, Schema] = {
    "client_id": _INTEGER,
    "name": _TEXT,
    "count": {"type": "integer", "minimum": 0},
    "start_date": _TIME,
    "notes": _TEXT,
    "is_active": _FLAG,
    "tenant_id": _TEXT,
}
LICENCE = _object("id name client_id count", id=_INTEGER, **_LICENCE)

_LINE: dict[str, Schema] = {
    "id": _INTEGER,
    "_itemid": _INTEGER,
    "item_shortdescription": _TEXT,
    "item_longdescription": _TEXT,
    "qty_order": {"type": "number", "minimum": 0},
    "unit_price": _NUMBER,
    "unit_cost": _NUMBER,
    "net_amount": _NUMBER,
    "discount_perc": _NUMBER,
    "tax_code": _TEXT,
    "startdate": _TIME,
    "enddate": _TIME,
    "autorenew": _FLAG,
    "isinactive": _FLAG,
    "item_internal_reference": {"type": ["string", "null"], "maxLength": 50},
    "item_external_reference": {"type": ["string", "null"], "maxLength": 50},
    "recurring_invoice_quantity_type": _INTEGER,
    "quantity_licences": _RULES,
    "_is_calculated_line": _FLAG,
}
LINE = _object("id ihid _itemid qty_order unit_price startdate enddate item_internal_reference", ihid=_INTEGER, **_LINE)
RECURRING_INVOICE_HEAD = _object(
    "id client_id disabled startdate nextcreationdate period periodname last_modified",
    id=_INTEGER,
    client_id=_INTEGER,
    client_name=_TEXT,
    reference=_TEXT,
    contract_ref=_TEXT,
    currency_code=_INTEGER,
    currency_code_name=_TEXT,
    disabled=_FLAG,
    startdate=_TIME,
    enddate=_TIME,
    nextcreationdate=_TIME,
    period=_INTEGER,
    periodname=_TEXT,
    last_modified=_TIME,
    lines={"type": "array", "items": LINE},
)
RECURRING_INVOICE: Schema = {**RECURRING_INVOICE_HEAD, "required": [*RECURRING_INVOICE_HEAD["required"], "lines"]}

CLIENTS = _list("clients", CLIENT)
USERS = _list("users", USER)
ITEMS = _list("items", ITEM)
LICENCES = _list("licences", LICENCE)
RECURRING_INVOICES = _list("invoices", RECURRING_INVOICE_HEAD)

SAVE: Schema = {
    "type": "array",
    "minItems": 1,
    "items": {
        **_object("id lines", id=_INTEGER, lines={"type": "array", "items": _object("qty_order", **_LINE)}),
        "additionalProperties": False,
    },
}
"""One or more recurring invoices, each with its id and its lines: those with an id are changed, those without are added."""

SAVE_LICENCE: Schema = {"type": "array", "minItems": 1, "items": {**_object("client_id name count", id=_INTEGER, **_LICENCE)}}
"""One or more licence records: those with an id are changed, those without are added."""


def _one_record(required: str, **members: Schema) -> Schema:
    """An array of one record, with these members and no others: what Halo is sent."""
    return {"type": "array", "minItems": 1, "maxItems": 1, "items": {**_object(required, **members), "additionalProperties": False}}


LOAD_REPORT = _one_record("sql _loadreportonly", sql={"type": "string", "pattern": "^SELECT "}, _loadreportonly={"const": True})
"""A report that is loaded and not stored. Seen by integrators."""
REPORT: Schema = {
    "type": "array",
    "items": _object("report", report=_object("loaded rows", loaded=_FLAG, load_error=_TEXT, rows={"type": "array", "items": {"type": "object"}})),
}

_TICKET: dict[str, Schema] = {
    **dict.fromkeys(("client_id", "tickettype_id", "priority_id", "status_id"), _INTEGER),
    "summary": {"type": "string", "minLength": 1, "maxLength": 255},
    "details": _TEXT,
    "team": _TEXT,
}
TICKET = _object("id summary", id=_INTEGER, **_TICKET)
TICKETS = _list("tickets", TICKET)
SAVE_TICKET = _one_record("summary client_id tickettype_id", **_TICKET)
_ACTION: dict[str, Schema] = {"ticket_id": _INTEGER, "note": {"type": "string"}, "outcome": {"type": "string"}, "hiddenfromuser": _FLAG}
ACTION = _object("id ticket_id", id=_INTEGER, **_ACTION)
SAVE_ACTION = _one_record("ticket_id note outcome", **_ACTION)

ERROR = _object("Message", ClassName={"type": "string"}, Message={"type": "string"})
TOKEN_ERROR = _object("error error_description", error={"type": "string"}, error_description={"type": "string"})
