"""Records as the answers show them: the members of Halo's Swagger description that matter here, its empty dates among them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sandbox.halopsa.ledger import Ledger, RowsMade
from sandbox.halopsa.records import Client, Item, Licence, Line, ProRata, RecurringInvoice, User

Json = dict[str, Any]

NO_DATE = "1899-12-30T00:00:00"
"""What Halo shows where a line has no date."""

ONLY_BY_ID = frozenset({"item_internal_reference", "item_external_reference", "startdate", "enddate"})
"""What a list leaves out of its lines where it is a summary."""


def client(record: Client) -> Json:
    """A client as the list answers it."""
    return {"id": record.id, "name": record.name, "toplevel_id": 1, "toplevel_name": "Customers", "inactive": record.inactive, "customfields": []}


def user(ledger: Ledger, record: User) -> Json:
    """A user as the list answers it."""
    return {
        "id": record.id,
        "name": record.name,
        "client_id": record.client_id,
        "client_name": ledger.clients[record.client_id].name,
        "site_id": record.client_id,
        "emailaddress": record.email,
        "inactive": record.inactive,
    }


def item(record: Item) -> Json:
    """An item as the list answers it."""
    return {
        "id": record.id,
        "name": record.name,
        "baseprice": number(record.price),
        "costprice": number(record.cost),
        "recurringprice": number(record.recurring_price),
        "recurringcost": 0,
        "isrecurringitem": True,
        "status": 0,
        "customfields": [],
    }


def licence(ledger: Ledger, record: Licence, with_notes: bool = True) -> Json:
    """A licence record, by its id or as the list answers it."""
    return {
        "id": record.id,
        "name": record.name,
        "client_id": record.client_id,
        "client_name": ledger.clients[record.client_id].name,
        "count": record.count,
        "licences_available": record.count,
        "start_date": time(record.start) or NO_DATE,
        **({"notes": record.notes} if with_notes else {}),
        "is_active": record.active,
        "tenant_id": record.tenant_id,
        **record.unknown,
    }


def recurring_invoice(ledger: Ledger, record: RecurringInvoice, with_lines: bool = True, whole_lines: bool = True) -> Json:
    """A recurring invoice: whole by its id, and in a list with lines only where they are asked for."""
    lines = [line(ledger, record, each) for each in record.lines]
    if not whole_lines:
        lines = [{name: value for name, value in each.items() if name not in ONLY_BY_ID} for each in lines]
    return {**_head(ledger, record), **({"lines": lines} if with_lines else {})}


def line(ledger: Ledger, above: RecurringInvoice, record: Line) -> Json:
    """A line with what Halo computes of it; members that the model has not come last, if it kept them."""
    quantity = ledger.shown_quantity(record)
    net = quantity * record.unit_price * (100 - record.discount) / 100
    return {
        "id": record.id,
        "ihid": above.id,
        "_itemid": record.item_id,
        "item_code": "",
        "item_shortdescription": record.text,
        "item_longdescription": record.long_text,
        "qty_order": number(quantity),
        "unit_price": number(record.unit_price),
        "unit_cost": number(record.unit_cost),
        "baseprice": number(record.unit_price),
        "discount_perc": number(record.discount),
        "net_amount": number(net),
        "total_price": number(net),
        "tax_code": record.tax_code,
        "startdate": time(record.starts) or NO_DATE,
        "enddate": time(record.ends) or NO_DATE,
        "autorenew": record.autorenew,
        "isinactive": record.inactive,
        "isgroupdesc": False,
        "sequenceid": above.lines.index(record),
        "item_internal_reference": record.internal_reference,
        "item_external_reference": record.external_reference or None,
        "recurring_invoice_quantity_type": 0 if record.licence_id is None else 2,
        "quantity_users": [],
        "quantity_assets": [],
        "quantity_licences": [] if record.licence_id is None else [_rule(record)],
        "quantity_subscriptions": [],
        "_is_calculated_line": record.licence_id is not None,
        "customfields": [],
        **_rows_shown(ledger, record),
        **record.unknown,
    }


def _rule(record: Line) -> Json:
    free = {"qty_free": record.licence_free, "minimum_qty": 0, "assigned_licences": False}
    return {"id": record.licence_id, "licence_id": record.licence_id, **free, "pro_rata": 0}


def _rows_shown(ledger: Ledger, line: Line) -> Json:
    """What an answer shows of a line's rows, and of the members that made the last one."""
    last = line.rows[-1] if line.rows and ledger.switches.echoes_rows else None
    return {
        "prorata_data": [] if ledger.switches.rows_made is RowsMade.UNSEEN else [_row(line, each) for each in line.rows],
        "createproratadate": time(last.day) if last else NO_DATE,
        "prorata_quantity": number(last.quantity) if last else 0,
        "prorata_unit_price": number(last.unit_price) if last else 0,
        "prorata_shortdescription": last.short_text if last else "",
        "prorata_longdescription": last.long_text if last else "",
        "prorata_next_invoice": last.next_invoice if last else False,
    }


def _row(line: Line, row: ProRata) -> Json:
    return {
        "id": row.id,
        "invoicedetailid": line.id,
        "date": time(row.day),
        "quantity": number(row.quantity),
        "unitprice": number(row.unit_price),
        "shortdescription": row.short_text,
        "longdescription": row.long_text,
        "prorata_next_invoice": row.next_invoice,
        "isinvoiced": row.invoiced,
    }


def number(value: Decimal) -> int | float:
    """A decimal as the JSON number that the vendor's doubles become."""
    return int(value) if value == value.to_integral_value() else float(value)


def time(value: date | None) -> str | None:
    """A date as the vendor's times without a zone."""
    return f"{value.isoformat()}T00:00:00" if value else None


def _head(ledger: Ledger, record: RecurringInvoice) -> Json:
    contains = any(line.licence_id is not None for line in record.lines)
    return {
        "id": record.id,
        "client_id": record.client_id,
        "client_name": ledger.clients[record.client_id].name,
        "reference": record.reference,
        "contract_ref": record.contract_ref,
        "currency_code": 1,
        "currency_code_name": record.currency,
        "disabled": record.disabled,
        "is_recurring_invoice": True,
        "startdate": time(record.start),
        "enddate": time(record.end),
        "nextcreationdate": time(record.next_creation),
        "period": record.period.number,
        "periodname": record.period.value,
        "last_modified": _moment(record.changed_at),
        "contains_calculated_quantity": contains,
        "total": number(sum((ledger.quantity(line) * line.unit_price for line in record.lines), Decimal(0))),
        "customfields": [],
    }


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
