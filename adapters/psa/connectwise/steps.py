"""The writes that make changes true in ConnectWise, and whether their effect is there. Pure.

An add is a POST and finds itself again by its marker in ``serialNumber``; everything else is a PATCH that sets absolute values
on a known addition. Never sent: what ConnectWise computes or takes from the catalog (prices, texts), and ``lessIncluded``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from adapters.psa.changes import needed, step_id
from adapters.psa.connectwise.reading import ONE_DAY
from adapters.psa.connectwise.settings import CancelledDate
from adapters.psa.records import Record, amount, day, json_number, text
from sync_core.model.agreements import Agreement
from sync_core.model.plans import Change, ChangeKind, Step

LONGEST_MARKER = 50
"""Characters that ``serialNumber`` takes (ConnectWise OpenAPI description)."""

_DATES = frozenset({"effectiveDate", "cancelledDate"})
_NUMBERS = frozenset({"quantity"})


def steps_for(agreement: Agreement, changes: Sequence[Change], plan_id: str, cancelled: CancelledDate) -> tuple[Step, ...]:
    """One step for each change that writes, in the order of the changes; raises ``ValueError`` for a change that lacks what it needs."""
    steps = []
    for change in changes:
        match change.kind:
            case ChangeKind.ADD:
                steps.append(_add(agreement, change, plan_id))
            case ChangeKind.SET_QUANTITY:
                operations = [_replace("quantity", json_number(needed(change.after, change, "a quantity")))]
                steps.append(_patch(agreement, change, plan_id, operations, f"to {change.after}"))
            case ChangeKind.END:
                last = needed(change.effective, change, "a last billed day")
                sent = last + ONE_DAY if cancelled is CancelledDate.EXCLUSIVE else last
                steps.append(_patch(agreement, change, plan_id, [_replace("cancelledDate", json_date(sent))], f"to end with {last}"))
    return tuple(steps)


def expected(step: Step) -> Mapping[str, Any]:
    """The fields that a step sets, by name; ``product`` as its id."""
    body = step.request["body"]
    if step.request["method"] == "POST":
        return {**body, "product": body["product"]["id"]}
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
    effective = needed(change.effective, change, "an effective date")
    if not change.product_id.isdecimal() or not 0 < len(change.marker) <= LONGEST_MARKER:
        raise ValueError(f"Change {change.change_id} lacks a product id or a marker of 1 to {LONGEST_MARKER} characters")
    body = {
        "product": {"id": int(change.product_id)},
        "quantity": json_number(quantity),
        "billCustomer": "Billable",
        "effectiveDate": json_date(effective),
        "serialNumber": change.marker,
    }
    return Step(
        step_id=step_id(plan_id, agreement.agreement_id, change.change_id),
        change_ids=(change.change_id,),
        connection=agreement.connection,
        agreement_id=agreement.agreement_id,
        describes=f"Add {change.product} x {quantity} from {effective} to agreement {agreement.agreement_id} ({agreement.name})",
        request={"method": "POST", "path": additions_path(agreement.agreement_id), "body": body},
        repeatable=False,
        marker=change.marker,
    )


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
    if name == "product":
        return text(record, "product/id") == str(value)
    if name in _DATES:
        return day(record, name) == date.fromisoformat(str(value)[:10])
    if name in _NUMBERS:
        return amount(record, name, Decimal("NaN")) == Decimal(str(value))
    return text(record, name) == str(value)
