"""The writes that make changes true in ConnectWise, and whether their effect is there. Pure.

An add is a POST and finds itself again by its marker in ``serialNumber``; everything else is a PATCH that sets absolute values
on a known addition. Prices and texts are sent only where a new line must not have the catalog's, and an existing line's price
only by a change that is about nothing else. Never sent: what ConnectWise computes, and ``lessIncluded``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from adapters.psa.changes import needed, step_id
from adapters.psa.connectwise.reading import BILL_CUSTOMER, ONE_DAY
from adapters.psa.connectwise.settings import CancelledDate
from adapters.psa.records import Record, amount, day, json_number, text
from sync_core.model.agreements import Agreement, Terms
from sync_core.model.plans import Change, ChangeKind, Step

LONGEST_MARKER = 50
"""Characters that ``serialNumber`` takes (ConnectWise OpenAPI description)."""

_DATES = frozenset({"effectiveDate", "cancelledDate"})
_NUMBERS = frozenset({"quantity", "unitPrice", "unitCost"})
_REFERENCES = frozenset({"product", "invoiceGrouping"})


def steps_for(agreement: Agreement, changes: Sequence[Change], plan_id: str, cancelled: CancelledDate) -> tuple[Step, ...]:
    """The writes of each change in order, self-ending lines before a main line that is there; raises ``ValueError`` where something is missing."""
    steps = []
    for change in changes:
        match change.kind:
            case ChangeKind.ADD:
                steps += [_add(agreement, change, plan_id), *_beside(agreement, change, plan_id, cancelled)]
            case ChangeKind.PRORATE:
                steps += _beside(agreement, change, plan_id, cancelled)
            case ChangeKind.SET_PRICE:
                price = needed(change.terms.unit_price, change, "a price")
                steps.append(_patch(agreement, change, plan_id, [_replace("unitPrice", json_number(price))], f"to the price {price}"))
            case ChangeKind.SET_TEXT:
                steps.append(_patch(agreement, change, plan_id, [_replace("invoiceDescription", change.terms.text)], "to another text"))
            case ChangeKind.SET_QUANTITY:
                steps += _beside(agreement, change, plan_id, cancelled)
                operations = [_replace("quantity", json_number(needed(change.after, change, "a quantity")))]
                steps.append(_patch(agreement, change, plan_id, operations, f"to {change.after}"))
            case ChangeKind.END:
                last = needed(change.effective, change, "a last billed day")
                steps.append(_patch(agreement, change, plan_id, _ended(change, last, cancelled), f"to end with {last}"))
    return tuple(steps)


def expected(step: Step) -> Mapping[str, Any]:
    """The fields that a step sets, by name; references as their id."""
    body = step.request["body"]
    if step.request["method"] == "POST":
        return {name: value["id"] if name in _REFERENCES else value for name, value in body.items()}
    return {operation["path"]: operation["value"] for operation in body}


def differences(fields: Mapping[str, Any], record: Record) -> list[str]:
    """The names of the fields that an addition does not have as a step sets them; dates count by their day, numbers by their value."""
    return [name for name, value in fields.items() if not _same(name, value, record)]


def marked(records: Iterable[Record], marker: str) -> list[Record]:
    """The additions that carry a marker."""
    return [record for record in records if text(record, "serialNumber") == marker]


def json_date(value: date) -> str:
    """A PSA date as ConnectWise takes it."""
    return f"{value.isoformat()}T00:00:00Z"


def _add(agreement: Agreement, change: Change, plan_id: str) -> Step:
    quantity = needed(change.after, change, "a quantity")
    effective = needed(change.line_from or change.effective, change, "an effective date")
    body = _body(change, quantity, effective, change.marker)
    return _post(agreement, change, step_id(plan_id, agreement.agreement_id, change.change_id), body, f"x {quantity} from {effective}")


def _beside(agreement: Agreement, change: Change, plan_id: str, cancelled: CancelledDate) -> Iterator[Step]:
    """The self-ending lines: known by their marker like every line that we add, and with the terms of the main line."""
    for each in change.self_ending:
        body = _body(change, each.units, each.first, each.marker) | {"cancelledDate": _cancelled(each.last, cancelled)}
        name = step_id(plan_id, agreement.agreement_id, change.change_id, each.marker)
        yield _post(agreement, change, name, body, f"x {each.units} from {each.first} to {each.last}")


def _body(change: Change, quantity: Decimal, effective: date, marker: str) -> dict[str, Any]:
    if not change.product_id.isdecimal() or not 0 < len(marker) <= LONGEST_MARKER:
        raise ValueError(f"Change {change.change_id} lacks a product id or a marker of 1 to {LONGEST_MARKER} characters")
    return {
        "product": {"id": int(change.product_id)},
        "quantity": json_number(quantity),
        "billCustomer": BILL_CUSTOMER[change.terms.charge],
        "effectiveDate": json_date(effective),
        "serialNumber": marker,
        **_given(change.terms),
    }


def _given(terms: Terms) -> dict[str, Any]:
    """What the line is given where the catalog would give something else."""
    given = {
        "unitPrice": None if terms.unit_price is None else json_number(terms.unit_price),
        "unitCost": None if terms.unit_cost is None else json_number(terms.unit_cost),
        "taxableFlag": terms.taxable,
        "invoiceGrouping": {"id": int(terms.grouping)} if terms.grouping.isdecimal() else None,
        "invoiceDescription": terms.text or None,
    }
    return {name: value for name, value in given.items() if value is not None}


def _post(agreement: Agreement, change: Change, name: str, body: dict[str, Any], what: str) -> Step:
    return Step(
        step_id=name,
        change_ids=(change.change_id,),
        connection=agreement.connection,
        agreement_id=agreement.agreement_id,
        describes=f"Add {change.product} {what} to agreement {agreement.agreement_id} ({agreement.name})",
        request={"method": "POST", "path": additions_path(agreement.agreement_id), "body": body},
        repeatable=False,
        marker=body["serialNumber"],
    )


def _ended(change: Change, last: date, cancelled: CancelledDate) -> list[dict[str, Any]]:
    """A line that is to be billed for no day ends on its first one and without units, because an end before it may be refused (unverified)."""
    sent, starts = _cancelled(last, cancelled), change.rests_on.get("line starts", "")
    if starts in ("", "None") or sent[:10] >= starts:
        return [_replace("cancelledDate", sent)]
    return [_replace("quantity", 0), _replace("cancelledDate", json_date(date.fromisoformat(starts)))]


def _cancelled(last: date, cancelled: CancelledDate) -> str:
    return json_date(last + ONE_DAY if cancelled is CancelledDate.EXCLUSIVE else last)


def _patch(agreement: Agreement, change: Change, plan_id: str, operations: list[dict[str, Any]], what: str) -> Step:
    if not change.line_id.isdecimal():
        raise ValueError(f"Change {change.change_id} lacks the id of an addition")
    return Step(
        step_id=step_id(plan_id, agreement.agreement_id, change.change_id),
        change_ids=(change.change_id,),
        connection=agreement.connection,
        agreement_id=agreement.agreement_id,
        describes=f"Set {change.product} {what} on addition {change.line_id} of agreement {agreement.agreement_id} ({agreement.name})",
        request={"method": "PATCH", "path": f"{additions_path(agreement.agreement_id)}/{change.line_id}", "body": operations},
        repeatable=True,
        line_id=change.line_id,
        marker=change.marker,
    )


def additions_path(agreement_id: str) -> str:
    """The collection of an agreement's additions."""
    return f"/finance/agreements/{agreement_id}/additions"


def _replace(path: str, value: Any) -> dict[str, Any]:
    return {"op": "replace", "path": path, "value": value}


def _same(name: str, value: Any, record: Record) -> bool:
    if name in _REFERENCES:
        return text(record, f"{name}/id") == str(value)
    if name in _DATES:
        return day(record, name) == date.fromisoformat(str(value)[:10])
    if name in _NUMBERS:
        return amount(record, name, Decimal("NaN")) == Decimal(str(value))
    return text(record, name).split() == str(value).split()
