"""ConnectWise's filter language: ``company/id=250 and (name like "M365*" or cancelledFlag = false)``.

Operators are ``= != < <= > >= contains like in`` and ``not`` before the last three; ``AND`` binds closer than ``OR``; text
stands in quotes, dates in square brackets, numbers, ``true``, ``false`` and ``null`` bare. Text is compared without regard
to case (unverified: as SQL Server does by default), and a null field meets no comparison but those with ``null``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sandbox.connectwise.errors import bad_condition

Row = Mapping[str, Any]
Predicate = Callable[[Row], bool]


class Kind(StrEnum):
    """What a field holds, and so what it may be compared with."""

    NUMBER = "number"
    TEXT = "text"
    FLAG = "flag"
    DATE = "date"


Kinds = Mapping[str, Kind]


def kinds(*, number: str = "", text: str = "", flag: str = "", date: str = "") -> dict[str, Kind]:
    """A table of fields from lists of paths: ``kinds(number="id company/id", text="name")``."""
    lists = {Kind.NUMBER: number, Kind.TEXT: text, Kind.FLAG: flag, Kind.DATE: date}
    return {path: kind for kind, paths in lists.items() for path in paths.split()}


def value_at(row: Row, path: str) -> Any:
    """The value at ``ref/field``, or None where there is none."""
    value: Any = row
    for part in path.split("/"):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def comparable(value: Any, kind: Kind) -> Any:
    """A field's value in a form that orders rightly: text without case, dates as times, numbers as ``Decimal``."""
    match kind:
        case Kind.TEXT:
            return str(value).casefold()
        case Kind.NUMBER:
            return Decimal(str(value))
        case Kind.DATE:
            return _time(str(value))
    return value


def parse_conditions(text: str, known: Kinds) -> Predicate:
    """The filter as a predicate on an answer's records; raises ``Refused`` with code ApiFindCondition."""
    return _Parser(text, known).whole()


_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|(?P<date>\[[^\[\]]*\])|(?P<number>-?\d+(?:\.\d+)?)"""
    r"""|(?P<word>[A-Za-z_][\w/]*)|(?P<sign><=|>=|!=|[=<>(),]))"""
)
_LITERALS = {"true": (Kind.FLAG, True), "false": (Kind.FLAG, False), "null": (None, None)}
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda field, value: field == value,
    "!=": lambda field, value: field != value,
    "<": lambda field, value: field < value,
    "<=": lambda field, value: field <= value,
    ">": lambda field, value: field > value,
    ">=": lambda field, value: field >= value,
    "contains": lambda field, value: value in field,
    "like": lambda field, value: _like(value).fullmatch(field) is not None,
}


class _Parser:
    def __init__(self, text: str, known: Kinds) -> None:
        self._known = known
        self._tokens = _tokens(text)
        self._at = 0

    def whole(self) -> Predicate:
        predicate = self._any_of()
        if self._at < len(self._tokens):
            raise bad_condition(f"Unexpected '{self._tokens[self._at][1]}'.")
        return predicate

    def _any_of(self) -> Predicate:
        terms = [self._all_of()]
        while self._accept("or"):
            terms.append(self._all_of())
        return lambda row: any(term(row) for term in terms)

    def _all_of(self) -> Predicate:
        terms = [self._term()]
        while self._accept("and"):
            terms.append(self._term())
        return lambda row: all(term(row) for term in terms)

    def _term(self) -> Predicate:
        if self._accept("("):
            inner = self._any_of()
            self._expect(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Predicate:
        path = self._name()
        kind = self._known[path]
        negated = self._accept("not")
        if self._accept("in"):
            values = self._list(path, kind)
            predicate = _tested(path, kind, lambda field: field in values)
        else:
            predicate = self._simple(path, kind, self._operator(negated))
        return _negated(path, predicate) if negated else predicate

    def _simple(self, path: str, kind: Kind, operator: str) -> Predicate:
        value = self._value(path, kind)
        if value is None:
            return _null_test(path, operator)
        if operator in ("contains", "like") and kind is not Kind.TEXT:
            raise bad_condition(f"Operator {operator} needs text, and {path} is a {kind}.")
        compare = _COMPARISONS[operator]
        return _tested(path, kind, lambda field: compare(field, value))

    def _list(self, path: str, kind: Kind) -> list[Any]:
        self._expect("(")
        values = [self._value(path, kind)]
        while self._accept(","):
            values.append(self._value(path, kind))
        self._expect(")")
        return values

    def _name(self) -> str:
        token_kind, path = self._next()
        if token_kind != "word" or path not in self._known:
            raise bad_condition(f"{path} is not a recognized name.")
        return path

    def _operator(self, negated: bool) -> str:
        operator = self._next()[1].lower()
        if operator not in (("contains", "like") if negated else _COMPARISONS):
            raise bad_condition(f"'{operator}' is not a recognized operator.")
        return operator

    def _value(self, path: str, kind: Kind) -> Any:
        token_kind, text = self._next()
        found, value = _literal(token_kind, text)
        if found not in (kind, None):
            raise bad_condition(f"{path} is a {kind} and cannot be compared with {text}.")
        return value

    def _next(self) -> tuple[str, str]:
        if self._at == len(self._tokens):
            raise bad_condition("Unexpected end of the conditions.")
        self._at += 1
        return self._tokens[self._at - 1]

    def _accept(self, word: str) -> bool:
        found = self._at < len(self._tokens) and self._tokens[self._at][0] in ("word", "sign") and self._tokens[self._at][1].lower() == word
        self._at += found
        return found

    def _expect(self, sign: str) -> None:
        if not self._accept(sign):
            raise bad_condition(f"'{sign}' expected.")


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens, position = [], 0
    text = text.rstrip()
    while position < len(text):
        if not (found := _TOKEN.match(text, position)):
            raise bad_condition(f"Unexpected text at position {position}: {text[position : position + 20]}")
        tokens.append((str(found.lastgroup), found[str(found.lastgroup)]))
        position = found.end()
    return tokens


def _literal(token_kind: str, text: str) -> tuple[Kind | None, Any]:
    match token_kind:
        case "text":
            return Kind.TEXT, re.sub(r"\\(.)", r"\1", text[1:-1]).casefold()
        case "number":
            return Kind.NUMBER, Decimal(text)
        case "date":
            return Kind.DATE, _time(text[1:-1])
        case "word" if text.lower() in _LITERALS:
            return _LITERALS[text.lower()]
    raise bad_condition(f"{text} is not a value.")


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text.strip())
    except ValueError:
        raise bad_condition(f"{text} is not a date.") from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _tested(path: str, kind: Kind, test: Callable[[Any], bool]) -> Predicate:
    def predicate(row: Row) -> bool:
        value = value_at(row, path)
        return value is not None and test(comparable(value, kind))

    return predicate


def _negated(path: str, predicate: Predicate) -> Predicate:
    return lambda row: value_at(row, path) is not None and not predicate(row)


def _null_test(path: str, operator: str) -> Predicate:
    if operator not in ("=", "!="):
        raise bad_condition(f"null cannot be compared with {operator}.")
    return lambda row: (value_at(row, path) is None) == (operator == "=")


def _like(pattern: str) -> re.Pattern[str]:
    """A pattern in which ``*`` (documented) and ``%`` (what integrators send) stand for any text, and ``[[]`` for a bracket."""
    parts = re.split(r"[*%]", pattern.replace("[[]", "["))
    return re.compile(".*".join(map(re.escape, parts)), re.DOTALL)
