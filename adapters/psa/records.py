"""Reads single members of the JSON records that PSAs answer with. Pure; no member is trusted to be there or to be what it should be."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

Record = Mapping[str, Any]


def member(record: Record, path: str) -> Any:
    """The value at ``reference/field``, or ``None``."""
    value: Any = record
    for name in path.split("/"):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def text(record: Record, path: str) -> str:
    """The value as text; empty when there is none."""
    value = member(record, path)
    return "" if value is None else str(value)


def identifier(record: Record, path: str) -> str:
    """A text that must be there; raises ``ValueError``."""
    value = text(record, path)
    if not value:
        raise ValueError(f"{path} is missing")
    return value


def amount(record: Record, path: str, default: Decimal | None = None) -> Decimal:
    """A number as an exact decimal; ``default`` where there is none. Raises ``ValueError``."""
    value = member(record, path)
    if value is None and default is not None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise ValueError(f"{path} is no number")
    try:
        return Decimal(str(value))
    except InvalidOperation:
        raise ValueError(f"{path} is no number") from None


def day(record: Record, path: str) -> date | None:
    """The date part of a time: PSA dates travel as midnight and are never moved between zones. Raises ``ValueError``."""
    value = text(record, path)
    return date.fromisoformat(value[:10]) if value else None


def json_number(value: Decimal) -> int | float:
    """A decimal as JSON writes it; the PSAs' own numbers are doubles."""
    return int(value) if value == value.to_integral_value() else float(value)
