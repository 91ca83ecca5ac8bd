"""What may be written to an addition, and how a wrong body is refused.

The table ``_WRITABLE`` is the whole contract: a member that is neither there nor computed does not exist. Stricter than is
known of the vendor, so that a careless client shows in tests: computed members and a change of product are refused, a
quantity is never negative unless the ledger takes one, and a line cannot end before it starts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sandbox.connectwise.errors import bad_request, invalid, unknown_member
from sandbox.connectwise.ledger import Ledger
from sandbox.connectwise.records import Addition, BillCustomer, FieldError, Product, ProductClass

RESOURCE = "addition"
COMPUTED = frozenset({"id", "agreementId", "description", "uom", "billedQuantity", "extPrice", "extCost", "margin", "agreementStatus", "_info"}) | {
    "prorateCost",
    "proratePrice",
    "extendedProrateCost",
    "extendedProratePrice",
}
REFERENCES = frozenset({"product", "opportunity", "invoiceGrouping"})
CUSTOM_FIELD_MEMBERS = frozenset({"id", "caption", "type", "entryMethod", "numberOfDecimals", "value"})

Reader = Callable[[str, Any], Any]


class _Wrong(Exception):
    """A value that fails the validation of its field."""

    def __init__(self, error: FieldError) -> None:
        super().__init__(error.message)
        self.error = error


def parsed(body: bytes) -> Any:
    """The body as JSON with exact decimals; raises ``Refused`` when it is none."""
    try:
        return json.loads(body, parse_float=Decimal, parse_constant=Decimal)
    except ValueError:
        raise bad_request("The request body is not valid JSON.") from None


def created(ledger: Ledger, agreement_id: int, addition_id: int, body: bytes, by: str) -> Addition:
    """The addition that a POST or PUT body describes, with what it leaves out taken from the catalog."""
    members = _members(body)
    errors = [_missing(name) for name in ("product", "billCustomer") if members.get(name) is None]
    fields = _collected(ledger, members, errors)
    product = _product(ledger, members.get("product"), errors)
    if errors or product is None:
        raise invalid(RESOURCE, errors)
    defaults = {
        "quantity": Decimal(1),
        "unit_price": product.price,
        "unit_cost": product.cost,
        "effective": ledger.today,
        "invoice_description": product.customer_description,
        "taxable": product.taxable,
    }
    return _consistent(Addition(id=addition_id, agreement_id=agreement_id, product_id=product.id, stamp=ledger.stamp(by), **{**defaults, **fields}))


def patched(ledger: Ledger, line: Addition, body: bytes, by: str) -> Addition:
    """``line`` after a PATCH.

    The whole record is validated again: a line that holds bad legacy data is refused with the name of a field that the
    patch never touched. A path into a reference (``product/identifier``) answers 200 and changes nothing, as the vendor warns.
    """
    operations = [_operation(each) for each in _operations(body)]
    members = {path: value for path, value in operations if not _leads_into_reference(path)}
    for path in members:
        if path in COMPUTED or path == "product":
            raise invalid(RESOURCE, [FieldError("ReadOnly", path, f"The field {path} cannot be changed.")])
        if path not in _WRITABLE:
            raise bad_request(f"The path '{path}' does not exist on object of type 'Addition'.")
    errors = [line.legacy_error] if line.legacy_error and line.legacy_error.field not in members else []
    fields = _collected(ledger, members, errors)
    if errors:
        raise invalid(RESOURCE, errors)
    return _consistent(replace(line, stamp=ledger.stamp(by, line.stamp), legacy_error=None, **fields))


def _members(body: bytes) -> dict[str, Any]:
    members = parsed(body)
    if not isinstance(members, dict):
        raise bad_request("An object of type 'Addition' was expected.")
    for name in members:
        if name in COMPUTED:
            raise invalid(RESOURCE, [FieldError("ReadOnly", name, f"The field {name} cannot be set.")])
        if name != "product" and name not in _WRITABLE:
            raise unknown_member(name, "Addition", body)
    return members


def _operations(body: bytes) -> list[Any]:
    operations = parsed(body)
    if not isinstance(operations, list) or not operations:
        raise bad_request("A PATCH body is an array of operations.")
    return operations


def _operation(each: Any) -> tuple[str, Any]:
    if not isinstance(each, dict) or not {"op", "path"} <= each.keys() <= {"op", "path", "value"} or not isinstance(each["path"], str):
        raise bad_request("A PATCH operation has the members op, path and value.")
    if each["op"] not in ("add", "replace", "remove"):
        raise bad_request(f"The operation '{each['op']}' is not add, replace or remove.")
    if (each["op"] == "remove") == ("value" in each):
        raise bad_request(f"The operation '{each['op']}' on '{each['path']}' has a value where none belongs, or lacks it.")
    return each["path"], each.get("value")


def _leads_into_reference(path: str) -> bool:
    reference, slash, _ = path.partition("/")
    return bool(slash) and reference in REFERENCES


def _collected(ledger: Ledger, members: Mapping[str, Any], errors: list[FieldError]) -> dict[str, Any]:
    """The fields that can be read; what cannot is added to ``errors``, so that one answer names every wrong field."""
    fields: dict[str, Any] = {}
    for name in sorted(members.keys() & _WRITABLE.keys()):
        attribute, reader = _WRITABLE[name]
        try:
            fields[attribute] = (_number if name == "quantity" and ledger.takes_negative_quantities else reader)(name, members[name])
        except _Wrong as wrong:
            errors.append(wrong.error)
    return fields


def _consistent(line: Addition) -> Addition:
    if line.cancelled and line.cancelled < line.effective:
        raise invalid(RESOURCE, [FieldError("OutOfRange", "cancelledDate", "The cancelledDate must not be before the effectiveDate.")])
    return line


def _product(ledger: Ledger, reference: Any, errors: list[FieldError]) -> Product | None:
    if reference is None:
        return None
    if not isinstance(reference, dict) or not reference or not reference.keys() <= {"id", "identifier"}:
        raise bad_request("The product reference has an id or an identifier.")
    wanted = reference.items()
    product = next((item for item in ledger.products.values() if wanted <= {"id": item.id, "identifier": item.identifier}.items()), None)
    if product is None or product.product_class is ProductClass.BUNDLE or product.inactive:
        errors.append(FieldError("InvalidReference", "product", "The product does not exist, is inactive or is a bundle."))
    return product


def _number(name: str, value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not Decimal(value).is_finite():
        raise bad_request(f"Could not convert the value of '{name}' to a double.")
    return Decimal(value)


def _not_negative(name: str, value: Any) -> Decimal:
    if (number := _number(name, value)) < 0:
        raise _Wrong(FieldError("OutOfRange", name, f"The field {name} must not be negative."))
    return number


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise bad_request(f"Could not convert the value of '{name}' to a boolean.")
    return value


def _text(longest: int) -> Reader:
    def read(name: str, value: Any) -> str | None:
        if value is not None and not isinstance(value, str):
            raise bad_request(f"Could not convert the value of '{name}' to a string.")
        if re.search("[\b\f]", value or ""):
            raise bad_request(f"The value of '{name}' holds a character that is not supported.")
        if len(value or "") > longest:
            raise _Wrong(FieldError("MaxLength", name, f"The field {name} must not exceed {longest} characters."))
        return value and re.sub(r"\r\n|\r|\n", " ", value)

    return read


def _description(name: str, value: Any) -> str:
    return _text(6000)(name, value) or ""


def _bill_customer(name: str, value: Any) -> BillCustomer:
    try:
        return BillCustomer(value)
    except ValueError:
        raise bad_request(f"Error converting value '{value}' to type 'BillCustomer'. Path '{name}'.") from None


def _optional_day(name: str, value: Any) -> date | None:
    if value is None:
        return None
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value):
        raise bad_request(f"Could not convert the value of '{name}' to a date of the form yyyy-MM-ddTHH:mm:ssZ.")
    try:
        return datetime.fromisoformat(value).date()
    except ValueError:
        raise bad_request(f"'{value}' is not a date, in '{name}'.") from None


def _day(name: str, value: Any) -> date:
    if day := _optional_day(name, value):
        return day
    raise _Wrong(_missing(name))


def _missing(name: str) -> FieldError:
    return FieldError("MissingRequiredField", name, f"The {name} field is required.")


def _reference(name: str, value: Any) -> int | None:
    if value is None:
        return None
    if not isinstance(value, dict) or not isinstance(value.get("id"), int) or not value.keys() <= {"id", "name"}:
        raise bad_request(f"The reference '{name}' has an id.")
    number: int = value["id"]
    return number


def _custom_fields(name: str, value: Any) -> tuple[dict[str, Any], ...]:
    entries = value or []
    if not isinstance(entries, list) or not all(
        isinstance(entry, dict) and "id" in entry and entry.keys() <= CUSTOM_FIELD_MEMBERS for entry in entries
    ):
        raise bad_request(f"'{name}' is the whole array of custom fields, each with its id.")
    return tuple({member: float(held) if isinstance(held, Decimal) else held for member, held in entry.items()} for entry in entries)


_WRITABLE: Mapping[str, tuple[str, Reader]] = {
    "quantity": ("quantity", _not_negative),
    "lessIncluded": ("less_included", _not_negative),
    "unitPrice": ("unit_price", _number),
    "unitCost": ("unit_cost", _number),
    "billCustomer": ("bill_customer", _bill_customer),
    "effectiveDate": ("effective", _day),
    "cancelledDate": ("cancelled", _optional_day),
    "taxableFlag": ("taxable", _flag),
    "purchaseItemFlag": ("purchase_item", _flag),
    "specialOrderFlag": ("special_order", _flag),
    "serialNumber": ("serial_number", _text(50)),
    "invoiceDescription": ("invoice_description", _description),
    "sequenceNumber": ("sequence_number", _number),
    "prorateCurrentPeriodFlag": ("prorate_current_period", _flag),
    "opportunity": ("opportunity_id", _reference),
    "invoiceGrouping": ("invoice_grouping_id", _reference),
    "customFields": ("custom_fields", _custom_fields),
}
