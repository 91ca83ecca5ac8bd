"""Filters in ConnectWise's ``conditions`` language, with their literals escaped.

Source: ConnectWise developer guide. How a quote inside of a text is escaped is not documented; a backslash is what integrators
send. ``is_plain`` tells texts that need no such trust, and the others are better compared on our side.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_PLAIN = re.compile(r"[\w .:/+()&#-]+")


def equal(field: str, value: str | int | bool) -> str:
    """``field`` has this value."""
    return f"{field} = {literal(value)}"


def one_of(field: str, values: Iterable[str | int]) -> str:
    """``field`` has one of these values, of which there is at least one."""
    return f"{field} in ({', '.join(literal(value) for value in values)})"


def all_of(*conditions: str) -> str:
    """Every one of the conditions that are not empty."""
    return " and ".join(condition for condition in conditions if condition)


def literal(value: str | int | bool) -> str:
    """A value as the language writes it."""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int):
        return str(value)
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def is_plain(text: str) -> bool:
    """Whether a text means itself inside quotes: no quotes, backslashes, wildcards or brackets."""
    return _PLAIN.fullmatch(text) is not None
