"""Licence records as lines: what a recurring invoice bills where the app writes counts only, and Halo makes quantities of them. Pure.

A line is a licence record (``SoftwareLicence``) of the client, known by its id; a line of the recurring invoice that counts it
says how it is billed. Such lines are people's: the app neither makes nor ends one, and where a record is counted by no line,
nobody is charged for it and the plan says so every night.

Unverified: that a quantity rule with nothing but a licence bills its ``count`` less ``qty_free``, that it does so when the invoice
is made, that a new record is active, how long ``notes`` may be, and which members of a record show that an integration of Halo's own
keeps its count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from adapters.psa.halopsa.reading import QUANTITY_RULES, day, line, line_records
from adapters.psa.halopsa.settings import LineEnd
from adapters.psa.records import Record, amount, identifier, member, text
from sync_core.model.agreements import Charge, Line, Product

LICENCE = "SoftwareLicence"
MARKER = "notes"
PREFIX = "licence-"
"""Before the id of a record, so that it is never taken for the id of a line of an invoice."""

_OTHER_RULES = tuple(name for name in QUANTITY_RULES if name != "quantity_licences")
_NARROWER = ("site_id", "device_group_id", "minimum_qty", "assigned_licences", "criteria", "unique_only")
"""Members of a rule by which it bills something else than the count."""
_KEPT_BY_HALO = (
    "tenant_id",
    "azure_connection_id",
    "thirdparty_client_id",
    "third_party_product",
    "ingram_micro_details_id",
    "_importtype",
)
MEMBERS = frozenset({"id", "name", "client_id", "count", "start_date", "is_active", "deleted"} | {MARKER, *_KEPT_BY_HALO})
"""The members of a record that are read; those in memory have no others."""


def counted_lines(record: Record, licences: Sequence[Record], items: Mapping[str, Product], line_end: LineEnd) -> tuple[Line, ...]:
    """The lines of a recurring invoice: its client's licence records, and what else it bills, which is left alone.

    Raises ``ValueError`` where one cannot be read whole.
    """
    lines = line_records(record)
    counting: dict[str, list[Record]] = {identifier(each, "id"): [] for each in licences}
    others: list[Record] = []
    for each in lines:
        counting.get(licence_of(each), others).append(each)
    named = {item.identifier.casefold(): item for item in items.values()} if licences else {}
    found = [_line(each, counting[identifier(each, "id")], items, named, line_end) for each in licences]
    return (*found, *(_not_ours(each, items, line_end) for each in others))


def licence_of(record: Record) -> str:
    """The id of the one licence record whose count a line bills; empty for a line that bills anything else."""
    rules = member(record, "quantity_licences")
    if not isinstance(rules, list) or len(rules) != 1 or any(member(record, name) for name in _OTHER_RULES):
        return ""
    number = text(rules[0], "licence_id")
    return "" if number == "0" or any(member(rules[0], name) for name in _NARROWER) else number


def record_id(line_id: str) -> str:
    """The id of the licence record behind a line; raises ``ValueError`` for a line that is none."""
    number = line_id.removeprefix(PREFIX)
    if number == line_id or not number.isdecimal():
        raise ValueError(f"Line {line_id} is no licence record")
    return number


def keeper(record: Record) -> str:
    """Why the app leaves a record's count alone; empty where it may write it."""
    number = text(record, "id")
    if member(record, "deleted") is True or member(record, "is_active") is False:
        return f"Licence {number} is not active."
    signs = [name for name in _KEPT_BY_HALO if text(record, name) not in ("", "0")]
    return f"An integration of Halo's own keeps the count of licence {number}, as its {signs[0]} says." if signs else ""


def marker(record: Record) -> str:
    """The text by which we find a record again that we made; people may write below it."""
    return (text(record, MARKER).strip().splitlines() or [""])[0].strip()


def standing_alone(record: Record, named: Mapping[str, Product]) -> Line:
    """A record that no line of the recurring invoice counts; its product is the item of its name, out of ``named`` by case-folded identifier."""
    number, name = identifier(record, "id"), text(record, "name")
    item = named.get(name.casefold())
    return Line(
        line_id=f"{PREFIX}{number}",
        product_id=item.product_id if item else "",
        product=item.identifier if item else name,
        quantity=amount(record, "count", Decimal(0)),
        unit_price=item.price if item else Decimal(0),
        charge=Charge.DO_NOT_BILL,
        starts=day(record, "start_date"),
        marker=marker(record),
        left_alone=keeper(record),
        unbilled=f"No line of the recurring invoice counts licence {number} ({name}), so nobody is charged for it. Let a line in Halo count it.",
    )


def _line(record: Record, counting: Sequence[Record], items: Mapping[str, Product], named: Mapping[str, Product], line_end: LineEnd) -> Line:
    """A record with what the line that counts it says; of several, the one that goes on."""
    alone = standing_alone(record, named)
    if not counting:
        return alone
    lines = [(line(each, items, line_end), each) for each in counting]
    going_on = [each for each in lines if each[0].ends is None]
    billing, chosen = going_on[0] if going_on else max(lines, key=lambda each: each[0].ends or date.min)
    numbers = ", ".join(each.line_id for each, _ in going_on)
    (rule,) = chosen["quantity_licences"]
    return replace(
        billing,
        line_id=alone.line_id,
        quantity=alone.quantity,
        included=amount(rule, "qty_free", Decimal(0)),
        text="",
        marker=alone.marker,
        left_alone=alone.left_alone or (f"The lines {numbers} count licence {text(record, 'id')}." if len(going_on) > 1 else ""),
    )


def _not_ours(record: Record, items: Mapping[str, Product], line_end: LineEnd) -> Line:
    found = line(record, items, line_end)
    return replace(found, left_alone=found.left_alone or f"Line {found.line_id} counts no licence record, and only those are written.")
