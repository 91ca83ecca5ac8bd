"""Dataclasses to JSON and back, for rows, blobs and reports.

A document is what ``json`` can hold: decimals, dates and enums become strings, sets sorted lists. Reading takes the
types from the dataclass's annotations; a member that is missing takes its default, one that is unknown is left out,
so that rows written by an older or newer version stay readable.
"""

from __future__ import annotations

import dataclasses
import json
import types
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache, lru_cache
from typing import Any, Final, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")
Reader = Callable[[Any], Any]
Writer = Callable[[Any], Any]

_SHORT = 8_000
"""Characters of a document that is kept once it is read: 256 of these take a few megabytes."""

_PLAIN = frozenset({str, int, float, bool, type(None)})


def to_document(value: Any) -> Any:
    """The JSON form of a dataclass, or of anything it may hold."""
    kind: Any = type(value)
    return value if kind in _PLAIN else _writer(kind)(value)


def from_document(kind: type[T], document: Any) -> T:
    """The value of type ``kind`` that ``to_document`` made this document of; raises ``ValueError`` when it does not fit."""
    try:
        wanted: Any = kind
        result: T = _reader(wanted)(document)
    except (TypeError, KeyError, ArithmeticError) as error:
        raise ValueError(f"not a {kind.__name__}: {error}") from error
    return result


def dumps(value: Any) -> str:
    """The compact JSON text of a value; equal values give equal texts."""
    return _ENCODER.encode(to_document(value))


def loads(kind: type[T], text: str) -> T:
    """The value that ``dumps`` wrote; raises ``ValueError``. Values are not changed, so equal texts may give the same one."""
    wanted: Any = kind
    result: T = _loaded(wanted, text) if len(text) <= _SHORT else _loaded.__wrapped__(wanted, text)
    return result


@lru_cache(maxsize=256)
def _loaded(kind: Any, text: str) -> Any:
    """The last documents are kept: a worker reads the row of its run and its plan again and again."""
    try:
        return from_document(kind, json.loads(text))
    except RecursionError as error:
        raise ValueError("it nests without end") from error


def replace_texts(document: Any, change: Callable[[str], str]) -> Any:
    """The document with each of its texts, but no name of a member, put through ``change``."""
    if isinstance(document, str):
        return change(document)
    if isinstance(document, dict):
        return {name: replace_texts(member, change) for name, member in document.items()}
    return [replace_texts(item, change) for item in document] if isinstance(document, list) else document


_ENCODER = json.JSONEncoder(separators=(",", ":"), sort_keys=True, ensure_ascii=False)


@cache
def _writer(kind: Any) -> Writer:
    """How values of exactly this class are written: found out once, because rows are written and read all night."""
    if kind in _PLAIN:
        return _as_it_is
    if issubclass(kind, Enum):
        return lambda value: value.value
    if issubclass(kind, str | int | float):
        return _as_it_is
    if dataclasses.is_dataclass(kind):
        return _dataclass_writer(tuple(item.name for item in dataclasses.fields(kind)))
    if issubclass(kind, Decimal):
        return str
    if issubclass(kind, date):
        return lambda value: value.isoformat()
    if issubclass(kind, Mapping):
        return _mapping_document
    if issubclass(kind, frozenset | set):
        return lambda value: sorted(to_document(item) for item in value)
    if issubclass(kind, Sequence):
        return lambda value: [to_document(item) for item in value]
    raise TypeError(f"{kind.__name__} has no JSON form")


def _mapping_document(value: Mapping[Any, Any]) -> Any:
    keys = (key if type(key) is str else str(to_document(key)) for key in value)
    return {key: item if type(item) in _PLAIN else to_document(item) for key, item in zip(keys, value.values(), strict=True)}


def _dataclass_writer(names: tuple[str, ...]) -> Writer:
    def write(value: Any) -> Any:
        document = {}
        for name in names:
            member = getattr(value, name)
            kind: Any = type(member)
            document[name] = member if kind in _PLAIN else _writer(kind)(member)  # most members are plain, and a call for each would cost most
        return document

    return write


@cache
def _reader(kind: Any) -> Reader:
    """How a value of this type is read: its annotations are looked at once."""
    if kind is Any:
        return _as_it_is
    origin = get_origin(kind)
    if origin is not None:
        return _generic_reader(origin, get_args(kind))
    if dataclasses.is_dataclass(kind):
        made: Any = kind
        return lambda document: made(**{name: read(document[name]) for name, read in _members(made) if name in document})
    if kind in (date, datetime):
        return cast(Reader, kind.fromisoformat)
    if issubclass(kind, Enum):
        return {member.value: member for member in kind}.__getitem__
    if kind in (Decimal, str, int, bool, float):
        return cast(Reader, kind)
    raise TypeError(f"no reader for {kind}")


def _generic_reader(origin: Any, arguments: tuple[Any, ...]) -> Reader:
    if origin in (Union, types.UnionType):
        read = _reader(next(option for option in arguments if option is not type(None)))
        return lambda document: None if document is None else read(document)
    read = _reader(arguments[0])
    if origin is Final:
        return read
    if origin is tuple:
        return lambda document: tuple([read(item) for item in document])
    if origin is frozenset:
        return lambda document: frozenset(read(item) for item in document)
    read_item = _reader(arguments[1])
    return lambda document: {read(key): read_item(item) for key, item in document.items()}


@cache
def _members(kind: Any) -> tuple[tuple[str, Reader], ...]:
    """The members of a dataclass; asked for only when one is read, so that a class may hold itself."""
    hints = get_type_hints(kind)
    return tuple((item.name, _reader(hints[item.name])) for item in dataclasses.fields(kind))


def _as_it_is(value: Any) -> Any:
    return value
