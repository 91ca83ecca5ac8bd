"""Reads single members of a body, each strictly: a value of another kind is refused, and named."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sandbox.halopsa.errors import bad_request
from sandbox.halopsa.rendering import NO_DATE

Reader = Callable[[str, Any], Any]
"""Takes the name of a member and its value."""


def as_number(name: str, value: Any) -> Decimal:
    """A number, or ``Refused``."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise bad_request(f"{name}: could not convert the value to a double.")
    return Decimal(value)


def as_not_negative(name: str, value: Any) -> Decimal:
    """A number from 0, or ``Refused``."""
    if (number := as_number(name, value)) < 0:
        raise bad_request(f"{name}: must not be negative.")
    return number


def as_whole(name: str, value: Any) -> int:
    """A whole number, or ``Refused``."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise bad_request(f"{name}: could not convert the value to an integer.")
    return value


def as_flag(name: str, value: Any) -> bool:
    """True or false, or ``Refused``."""
    if not isinstance(value, bool):
        raise bad_request(f"{name}: could not convert the value to a boolean.")
    return value


def as_text(longest: int) -> Reader:
    """Reads a text of at most so many characters; a longer one is ``Refused``."""

    def read(name: str, value: Any) -> str:
        if value is not None and not isinstance(value, str):
            raise bad_request(f"{name}: could not convert the value to a string.")
        if len(value or "") > longest:
            raise bad_request(f"{name}: String or binary data would be truncated.")
        return value or ""

    return read


def as_day(name: str, value: Any) -> date | None:
    """The date of a time without a zone; ``None`` for Halo's empty dates."""
    if value in (None, NO_DATE):
        return None
    try:
        return datetime.strptime(str(value)[:19], "%Y-%m-%dT%H:%M:%S").date()
    except ValueError:
        raise bad_request(f"{name}: could not convert the value to a date.") from None
