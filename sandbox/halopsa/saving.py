"""What a POST makes of a recurring invoice, and how a wrong body is refused.

Stricter than is known of the vendor, so that a careless client shows in tests: a line that is left out is deleted, a member
that is left out of a line falls back to its default, texts have limits, and a quantity is never negative.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sandbox.halopsa.errors import Refused, bad_request, not_found
from sandbox.halopsa.ledger import Ledger, Omitted, UnknownMembers
from sandbox.halopsa.prorating import MAKING, with_rows
from sandbox.halopsa.records import Line, RecurringInvoice
from sandbox.halopsa.values import Reader, as_day, as_flag, as_not_negative, as_number, as_text, as_whole

_OF_A_HEAD = (
    "id client_id client_name reference contract_ref currency_code currency_code_name disabled is_recurring_invoice startdate enddate "
    "nextcreationdate period periodname last_modified contains_calculated_quantity total customfields lines"
)
_NOT_WRITTEN = (
    "ihid item_code baseprice net_amount total_price isgroupdesc sequenceid recurring_invoice_quantity_type quantity_users quantity_assets "
    "quantity_licences quantity_subscriptions _is_calculated_line customfields prorata_data"
)
HEAD_MEMBERS = frozenset(_OF_A_HEAD.split())
PASSED_OVER = MAKING | frozenset(_NOT_WRITTEN.split())
"""Members of a line that are taken and change nothing: what Halo computes, and the rules for quantities, which are kept."""


def parsed(body: bytes) -> list[dict[str, Any]]:
    """The records of a POST; raises ``Refused`` unless the body is an array of objects."""
    try:
        records = json.loads(body, parse_float=Decimal)
    except ValueError:
        raise bad_request("The request body is not valid JSON.") from None
    if not isinstance(records, list) or not records or not all(isinstance(each, dict) for each in records):
        raise Refused(400, "The request is invalid: an array of objects is expected.")
    return records


def saved(ledger: Ledger, record: dict[str, Any]) -> RecurringInvoice:
    """The recurring invoice that a record describes, not yet stored; raises ``Refused``."""
    number = record.get("id")
    if number not in ledger.recurring_invoices:
        raise not_found("Recurring invoice", number)
    above = ledger.recurring_invoices[number]
    refuse_unknown(ledger, record.keys() - HEAD_MEMBERS)
    if "lines" not in record:
        return above
    posted = record["lines"]
    if not isinstance(posted, list) or not all(isinstance(each, dict) for each in posted):
        raise bad_request("lines: an array of objects is expected.")
    lines = [ledger.switches.on_save(_line(ledger, above, each)) for each in posted]
    ids = {line.id for line in lines}
    if len(ids) < len(lines):
        raise bad_request("lines: an id is there twice.")
    kept = [line for line in above.lines if line.id not in ids] if ledger.switches.omitted is Omitted.KEPT else []
    return replace(above, lines=(*kept, *lines))


def leaves_out(above: RecurringInvoice, record: Mapping[str, Any]) -> bool:
    """Whether a record that has lines leaves out one that is stored."""
    posted = {each.get("id") for each in record.get("lines", [])}
    return "lines" in record and any(line.id not in posted for line in above.lines)


def _line(ledger: Ledger, above: RecurringInvoice, members: Mapping[str, Any]) -> Line:
    old = above.line(members["id"]) if members.get("id") else None
    if members.get("id") and old is None:
        raise bad_request(f"lines: there is no line {members['id']} on recurring invoice {above.id}.")
    unknown = {name: value for name, value in members.items() if name != "id" and name not in _WRITABLE and name not in PASSED_OVER}
    refuse_unknown(ledger, unknown.keys())
    fields = {attribute: reader(name, members[name]) for name, (attribute, reader) in _WRITABLE.items() if name in members}
    item = ledger.items.get(fields.get("item_id", 0))
    if item is None and not fields.get("text"):
        raise bad_request("lines: a line has an item or a text.")
    if "quantity" not in fields:
        raise bad_request("qty_order: a quantity is required.")
    defaults = {"item_id": 0, "unit_price": (item.recurring_price or item.price) if item else Decimal(0), "text": item.name if item else ""}
    kept = {"unknown": plain(unknown)} if ledger.switches.unknown_members is UnknownMembers.KEPT else {}
    line = Line(**{"id": old.id if old else ledger.next_line_id(), **_rule_of(old), **defaults, **fields, **kept})
    return with_rows(ledger, line, old, members)


def _rule_of(old: Line | None) -> dict[str, Any]:
    return {"licence_id": old.licence_id, "licence_free": old.licence_free} if old else {}


def refuse_unknown(ledger: Ledger, names: Any) -> None:
    """Raises ``Refused`` for members that the model has not, where the ledger says so."""
    if names and ledger.switches.unknown_members is UnknownMembers.REFUSED:
        raise bad_request(f"Could not find member '{min(names)}' on object.")


def plain(value: Any) -> Any:
    """JSON with floats in place of decimals."""
    return json.loads(json.dumps(value, default=float))


_WRITABLE: Mapping[str, tuple[str, Reader]] = {
    "_itemid": ("item_id", as_whole),
    "item_shortdescription": ("text", as_text(255)),
    "item_longdescription": ("long_text", as_text(4000)),
    "qty_order": ("quantity", as_not_negative),
    "unit_price": ("unit_price", as_number),
    "unit_cost": ("unit_cost", as_number),
    "discount_perc": ("discount", as_number),
    "tax_code": ("tax_code", as_text(50)),
    "startdate": ("starts", as_day),
    "enddate": ("ends", as_day),
    "autorenew": ("autorenew", as_flag),
    "isinactive": ("inactive", as_flag),
    "item_internal_reference": ("internal_reference", as_text(50)),
    "item_external_reference": ("external_reference", as_text(50)),
}
