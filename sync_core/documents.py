"""Dataclasses to JSON and back, for rows, blobs and reports.

A document is what ``json`` can hold: decimals, dates and enums become strings, sets sorted lists. Reading takes the
types from the dataclass's annotations; a member that is missing takes its default, one that is unknown is left out,
so that rows written by an older or newer version stay readable.
"""

from __future__ import annotations

import dataclasses
import json
import types
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")

_PLAIN = frozenset({str, int, float, bool})


def to_document(value: Any) -> Any:
    """The JSON form of a dataclass, or of anything it may hold."""
    if value is None or type(value) in _PLAIN:
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str | int | float):
        return value
    if dataclasses.is_dataclass(value):
        kind: Any = type(value)
        return {name: to_document(getattr(value, name)) for name in _names(kind)}
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(to_document(key)): to_document(item) for key, item in value.items()}
    if isinstance(value, frozenset | set):
        return sorted(to_document(item) for item in value)
    if isinstance(value, Sequence):
        return [to_document(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no JSON form")


def from_document(kind: type[T], document: Any) -> T:
    """The value of type ``kind`` that ``to_document`` made this document of; raises ``ValueError`` when it does not fit."""
    try:
        result: T = _read(kind, document)
    except (TypeError, KeyError, ArithmeticError) as error:
        raise ValueError(f"not a {kind.__name__}: {error}") from error
    return result


def dumps(value: Any) -> str:
    """The compact JSON text of a value; equal values give equal texts."""
    return json.dumps(to_document(value), separators=(",", ":"), sort_keys=True, ensure_ascii=False)


def loads(kind: type[T], text: str) -> T:
    """The value that ``dumps`` wrote; raises ``ValueError``."""
    try:
        return from_document(kind, json.loads(text))
    except RecursionError as error:
        raise ValueError("it nests without end") from error


@cache
def _names(kind: type[Any]) -> tuple[str, ...]:
    return tuple(item.name for item in dataclasses.fields(kind))


@cache
def _members(kind: type[Any]) -> tuple[tuple[str, Any], ...]:
    hints = get_type_hints(kind)
    return tuple((item.name, hints[item.name]) for item in dataclasses.fields(kind))


def _read(kind: Any, document: Any) -> Any:
    if kind is Any:
        return document
    origin = get_origin(kind)
    if origin is not None:
        return _read_generic(origin, get_args(kind), document)
    if dataclasses.is_dataclass(kind):
        return kind(**{name: _read(hint, document[name]) for name, hint in _members(kind) if name in document})  # type: ignore[arg-type, operator]  # a class here
    if kind in (date, datetime):
        return kind.fromisoformat(document)
    if kind in (Decimal, str, int, bool, float) or issubclass(kind, Enum):
        return kind(document)
    raise TypeError(f"no reader for {kind}")


def _read_generic(origin: Any, arguments: tuple[Any, ...], document: Any) -> Any:
    if origin in (Union, types.UnionType):
        options = [option for option in arguments if option is not type(None)]
        return None if document is None else _read(options[0], document)
    if origin is tuple:
        return tuple(_read(arguments[0], item) for item in document)
    if origin is frozenset:
        return frozenset(_read(arguments[0], item) for item in document)
    return {_read(arguments[0], key): _read(arguments[1], item) for key, item in document.items()}
