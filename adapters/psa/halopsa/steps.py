"""The writes that make changes true in Halo, and whether their effect is there. Pure.

Halo has one write for a recurring invoice: a POST of its id and **all** of its lines; one that is left out may be deleted
(unverified). A step therefore carries all changes of an agreement, of very many some dozens, as operations. The body is made of
them right before it is sent, from the lines as Halo shows them at that moment: every line whole, with its id and the members that
we do not know, and only what an operation sets is different. Quantities are absolute, so a step that makes no line may be sent again.

Unverified: that Halo computes totals and taxes anew whatever the body says, that it fills what a new line leaves out (tax,
ledger code) from the item, and how long ``item_internal_reference`` may be; its Swagger description names no limits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from adapters.psa.changes import in_writes, needed, step_id
from adapters.psa.halopsa.proration import Row, differences, members_of, ours, row_of, rows
from adapters.psa.halopsa.reading import ONE_DAY, day, has_computed_price, is_computed, line_records
from adapters.psa.halopsa.settings import LineEnd
from adapters.psa.records import Record, amount, json_number, text
from sync_core.documents import from_document, to_document
from sync_core.model.agreements import Agreement, SelfEnding
from sync_core.model.plans import Change, ChangeKind, Step
from sync_core.ports import Probe

RESOURCE = "RecurringInvoice"
MARKER = "item_internal_reference"
LONG_TEXT = "item_longdescription"
"""Where names go: below the line's own short text. Unverified: that every layout of an invoice shows it."""
PRICE = "unit_price"
LONGEST_MARKER = 50

WRITTEN = (ChangeKind.ADD, ChangeKind.SET_QUANTITY, ChangeKind.SET_PRICE, ChangeKind.SET_TEXT, ChangeKind.END)
"""The kinds of changes that write to the lines themselves."""

MAKES_ROWS = ("createproratadate", "createproratanormallines", "prorata_quantity", "prorata_unit_price", "_updateprorata")
"""Members by which a line that is sent may get a prorata row. None is sent back as it was read: that might make the row again."""

Operation = Mapping[str, Any]


@dataclass(frozen=True)
class Effect:
    """What the lines say about one operation; ``line`` is there when it is done, and ``row`` where that is a prorata row of it."""

    probe: Probe
    line: Record | None = None
    why: str = ""
    row: Row | None = None


def steps_for(agreement: Agreement, changes: Sequence[Change], plan_id: str, line_end: LineEnd) -> tuple[Step, ...]:
    """One step for all changes of lines, some dozens in each, with one for each prorata row before it, or after it where the row's line is new.

    Raises ``ValueError`` for a change that lacks what it needs.
    """
    writing = [change for change in changes if change.kind in WRITTEN]
    main = [_step(agreement, part, plan_id, line_end) for part in in_writes(writing)]
    first = [_row_step(agreement, change, each, plan_id) for change in changes if change.kind is not ChangeKind.ADD for each in change.self_ending]
    last = [_row_step(agreement, change, each, plan_id) for change in writing if change.kind is ChangeKind.ADD for each in change.self_ending]
    return (*first, *main, *last)


def _step(agreement: Agreement, writing: Sequence[Change], plan_id: str, line_end: LineEnd) -> Step:
    markers = [change.marker for change in writing if change.kind is ChangeKind.ADD]
    return Step(
        step_id=step_id(plan_id, agreement.agreement_id, *(change.change_id for change in writing)),
        change_ids=tuple(change.change_id for change in writing),
        connection=agreement.connection,
        agreement_id=agreement.agreement_id,
        describes=f"Recurring invoice {agreement.agreement_id} ({agreement.name}): {'; '.join(map(_described, writing))}",
        request=_request(agreement, [_operation(change, line_end) for change in writing]),
        repeatable=not markers,
        line_id=writing[0].line_id if len(writing) == 1 else "",
        marker=markers[0] if len(markers) == 1 else "",
    )


def _row_step(agreement: Agreement, change: Change, each: SelfEnding, plan_id: str) -> Step:
    row = row_of(agreement, each, change.unit_price if change.terms.unit_price is None else change.terms.unit_price)
    main = {"of": change.marker} if change.kind is ChangeKind.ADD else {"line": _line_id(change)}
    operation = {**main, "operation": ChangeKind.PRORATE.value, "product": change.product, "row": to_document(row)}
    what = f"prorate {change.product}: {each.units} from {each.first} to {each.last}, {row.charged} each"
    return Step(
        step_id=step_id(plan_id, agreement.agreement_id, change.change_id, each.marker),
        change_ids=(change.change_id,),
        connection=agreement.connection,
        agreement_id=agreement.agreement_id,
        describes=f"Recurring invoice {agreement.agreement_id} ({agreement.name}): {what}",
        request=_request(agreement, [operation]),
        repeatable=False,
        marker=each.marker,
    )


def _request(agreement: Agreement, operations: Sequence[Operation]) -> Record:
    return {"method": "POST", "path": f"/{RESOURCE}", "id": int(agreement.agreement_id), "operations": operations}


def rows_made(step: Step) -> frozenset[str]:
    """The markers of the prorata rows that a step adds."""
    return frozenset(each["row"]["marker"] for each in operations_of(step) if "row" in each)


def operations_of(step: Step) -> Sequence[Operation]:
    """What a step does, one operation for each of its changes."""
    operations: Sequence[Operation] = step.request["operations"]
    return operations


def body(record: Record, operations: Iterable[Operation]) -> list[dict[str, Any]]:
    """The recurring invoice as it is to be sent; raises ``ValueError`` when a line is gone or its quantity is Halo's own matter."""
    number = record["id"]
    lines = {text(each, "id"): {name: value for name, value in each.items() if name not in MAKES_ROWS} for each in line_records(record)}
    new = []
    for operation in operations:
        if operation["operation"] == ChangeKind.ADD:
            new.append(_new_line(operation))
            continue
        line_id = operation["line"] if "line" in operation else _only(lines.values(), operation["of"])
        if line_id not in lines:
            raise ValueError(f"Line {line_id} is not on recurring invoice {number}")
        if is_computed(lines[line_id]):
            raise ValueError(f"Halo computes the quantity of line {line_id} itself, so it is left alone")
        if operation["operation"] == ChangeKind.SET_PRICE and has_computed_price(lines[line_id]):
            raise ValueError(f"Halo computes the price of line {line_id} itself, so it is left alone")
        lines[line_id] = {**lines[line_id], **_members(operation)}
    return [{"id": number, "lines": [*lines.values(), *new]}]


def effect(records: Sequence[Record], operation: Operation) -> Effect:
    """Whether an operation's effect is on the lines."""
    if operation["operation"] == ChangeKind.ADD:
        return _effect_of_add(records, operation)
    if operation["operation"] == ChangeKind.PRORATE:
        return _effect_of_row(records, from_document(Row, operation["row"]))
    found = next((each for each in records if text(each, "id") == operation["line"]), None)
    if found is None:
        return Effect(Probe.CANNOT_TELL, why=f"Line {operation['line']} is not there")
    return Effect(Probe.NOT_DONE) if _differences(operation, found) else Effect(Probe.DONE, found)


def _effect_of_add(records: Sequence[Record], operation: Operation) -> Effect:
    found = marked(records, operation["marker"])
    if not found:
        return Effect(Probe.NOT_DONE)
    if len(found) > 1:
        return Effect(Probe.CANNOT_TELL, why=f"The lines {', '.join(text(each, 'id') for each in found)} carry the same marker")
    if different := _differences(operation, found[0]):
        return Effect(Probe.CANNOT_TELL, why=f"The line with our marker differs in {', '.join(different)}")
    return Effect(Probe.DONE, found[0])


def _effect_of_row(records: Sequence[Record], row: Row) -> Effect:
    found = [(line, each) for line, each in rows(records) if (known := ours(each)) and known.marker == row.marker]
    if not found:
        return Effect(Probe.NOT_DONE)
    if len(found) > 1:
        return Effect(Probe.CANNOT_TELL, why=f"The prorata rows {', '.join(text(each, 'id') for _, each in found)} carry the same marker")
    line, record = found[0]
    if different := differences(row, record):
        return Effect(Probe.CANNOT_TELL, why=f"The prorata row with our marker differs in {', '.join(different)}")
    return Effect(Probe.DONE, line, row=ours(record))


def _only(records: Iterable[Record], marker: str) -> str:
    """The id of the one line with a marker; raises ``ValueError``."""
    found = marked(records, marker)
    if len(found) != 1:
        raise ValueError(f"{len(found)} lines carry the marker {marker}")
    return text(found[0], "id")


def marked(records: Iterable[Record], marker: str) -> list[Record]:
    """The lines that carry a marker."""
    return [record for record in records if text(record, MARKER) == marker]


def _operation(change: Change, line_end: LineEnd) -> Operation:
    match change.kind:
        case ChangeKind.ADD:
            return _add(change)
        case ChangeKind.END:
            last = needed(change.effective, change, "a last billed day")
            sent = last + ONE_DAY if line_end is LineEnd.EXCLUSIVE else last
            return {"operation": change.kind.value, "line": _line_id(change), "ends": sent.isoformat()}
        case ChangeKind.SET_TEXT:
            return {"operation": change.kind.value, "line": _line_id(change), "text": change.terms.text}
        case ChangeKind.SET_PRICE:
            price = needed(change.terms.unit_price, change, "a price")
            return {"operation": change.kind.value, "line": _line_id(change), "price": str(price)}
    quantity = needed(change.after, change, "a quantity")
    return {"operation": change.kind.value, "line": _line_id(change), "quantity": str(quantity)}


def _add(change: Change) -> Operation:
    quantity = needed(change.after, change, "a quantity")
    starts = needed(change.line_from or change.effective, change, "an effective date")
    if not change.product_id.isdecimal() or not 0 < len(change.marker) <= LONGEST_MARKER:
        raise ValueError(f"Change {change.change_id} lacks an item id or a marker of 1 to {LONGEST_MARKER} characters")
    return {
        "operation": change.kind.value,
        "item": change.product_id,
        "text": change.product,
        "quantity": str(quantity),
        "price": str(change.unit_price),
        "starts": starts.isoformat(),
        "marker": change.marker,
    } | ({"long text": change.terms.text} if change.terms.text else {})


def _line_id(change: Change) -> str:
    if not change.line_id.lstrip("-").isdecimal():
        raise ValueError(f"Change {change.change_id} lacks the id of a line")
    return change.line_id


def _described(change: Change) -> str:
    match change.kind:
        case ChangeKind.ADD:
            return f"add {change.product} x {change.after} from {change.effective}"
        case ChangeKind.END:
            return f"end {change.product} on line {change.line_id} with {change.effective}"
        case ChangeKind.SET_TEXT:
            return f"give {change.product} another text on line {change.line_id}"
        case ChangeKind.SET_PRICE:
            return f"set {change.product} to {change.terms.unit_price} a unit on line {change.line_id}"
    return f"set {change.product} to {change.after} on line {change.line_id}"


def _new_line(operation: Operation) -> dict[str, Any]:
    return {
        "item_shortdescription": operation["text"],
        **({LONG_TEXT: operation["long text"]} if "long text" in operation else {}),
        **_members(operation),
    }


def _members(operation: Operation) -> dict[str, Any]:
    """The members that an operation sets, and by which its effect is known. A line that is ended must not renew itself."""
    match operation["operation"]:
        case ChangeKind.ADD:
            return {
                "_itemid": int(operation["item"]),
                "qty_order": json_number(Decimal(operation["quantity"])),
                PRICE: json_number(Decimal(operation["price"])),
                "startdate": f"{operation['starts']}T00:00:00",
                MARKER: operation["marker"],
            }
        case ChangeKind.END:
            return {"enddate": f"{operation['ends']}T00:00:00", "autorenew": False}
        case ChangeKind.SET_TEXT:
            return {LONG_TEXT: operation["text"]}
        case ChangeKind.SET_PRICE:
            return {PRICE: json_number(Decimal(operation["price"]))}
        case ChangeKind.PRORATE:
            return members_of(from_document(Row, operation["row"]), operation["product"])
    return {"qty_order": json_number(Decimal(operation["quantity"]))}


def _differences(operation: Operation, record: Record) -> list[str]:
    """The names of the members that a line does not have as the operation sets them; dates count by their day, numbers by their value."""
    return [name for name, value in _members(operation).items() if not _same(name, value, record)]


def _same(name: str, value: Any, record: Record) -> bool:
    if name in ("startdate", "enddate"):
        return day(record, name) == date.fromisoformat(value[:10])
    if name in ("qty_order", PRICE):
        return amount(record, name, Decimal("NaN")) == Decimal(str(value))
    if name == "autorenew":
        return record.get(name) in (None, value)
    return text(record, name).split() == str(value).split()
