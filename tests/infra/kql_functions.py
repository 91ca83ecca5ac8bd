"""What the Kusto functions, comparisons and aggregates that the queries use compute, by name and types of the arguments."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

Typed = Mapping[tuple[str, tuple[str, ...]], tuple[str, Callable[..., Any]]]
"""By name and types of the arguments: the type of the result, and what computes it."""
Arguments = Sequence[tuple[Any, ...]]
"""What an aggregate is given: one tuple of arguments for each row of a group."""

_EPOCH = datetime(1, 1, 1, tzinfo=UTC)


class KqlError(Exception):
    """The query is none, or uses what this evaluator does not know."""


COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": lambda one, other: bool(one == other),
    "!=": lambda one, other: bool(one != other),
    "<": lambda one, other: bool(one < other),
    "<=": lambda one, other: bool(one <= other),
    ">": lambda one, other: bool(one > other),
    ">=": lambda one, other: bool(one >= other),
}


def _to_string(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int, float, type(None))):
        raise KqlError(f"how Kusto writes {value!r} as a text is not known here")
    return "" if value is None else str(value)


def _to_double(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None


def _to_long(value: Any) -> int | None:
    return int(value) if isinstance(value, (int, float)) else None


def _parse_json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


FUNCTIONS: Typed = {
    ("parse_json", ("string",)): ("dynamic", _parse_json),
    ("tostring", ("dynamic",)): ("string", _to_string),
    ("todouble", ("dynamic",)): ("real", _to_double),
    ("tolong", ("dynamic",)): ("long", _to_long),
    ("isnotempty", ("string",)): ("bool", bool),
    ("bin", ("datetime", "timespan")): ("datetime", lambda at, span: at - (at - _EPOCH) % span),
}


def divided(one: Any, other: Any) -> Any:
    """Two whole numbers give a whole number, as in Kusto; what is divided by nothing is null here."""
    if not other:
        return None
    return int(one / other) if isinstance(one, int) and isinstance(other, int) else one / other


def _values(rows: Arguments) -> list[Any]:
    """First arguments, nulls left out: every aggregate but ``count`` ignores them."""
    return [row[0] for row in rows if row[0] is not None]


def _average(rows: Arguments) -> float | None:
    values = _values(rows)
    return sum(values) / len(values) if values else None


AGGREGATES: Typed = {
    ("count", ()): ("long", len),
    ("countif", ("bool",)): ("long", lambda rows: sum(1 for (condition,) in rows if condition)),
    ("sum", ("real",)): ("real", lambda rows: sum(_values(rows))),
    ("sumif", ("real", "bool")): ("real", lambda rows: sum(_values([row for row in rows if row[1]]))),
    ("avg", ("real",)): ("real", _average),
    ("dcount", ("string",)): ("long", lambda rows: len(set(_values(rows)))),
    ("dcountif", ("string", "bool")): ("long", lambda rows: len({value for value, condition in rows if condition})),
    **{("min", (kind,)): (kind, lambda rows: min(_values(rows), default=None)) for kind in ("real", "long", "datetime")},
    **{("max", (kind,)): (kind, lambda rows: max(_values(rows), default=None)) for kind in ("real", "long", "datetime")},
}
"""Kusto's ``dcount`` is an estimate; of a few thousand values it is near enough, and here it is exact."""
