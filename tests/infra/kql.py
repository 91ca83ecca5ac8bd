"""The part of the Kusto query language that this project's queries use, evaluated over rows. Everything else is an error.

Types are checked before any row is looked at, as Kusto does, so a query that would be refused fails here on an empty log, too. Stricter
than Kusto where that costs nothing: what comes out of JSON has to be converted before anything is done with it, columns are named.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.infra.kql_functions import AGGREGATES, COMPARISONS, FUNCTIONS, KqlError, divided

Row = Mapping[str, Any]
APP_TRACES = {"TimeGenerated": "datetime", "Message": "string", "SeverityLevel": "long"}
"""Azure Monitor, "AppTraces": the columns that the queries use."""

_TOKEN = re.compile(r'\s*(?:(//[^\n]*)|("(?:[^"\\]|\\.)*")|(\d+[dhms]\b)|(\d+\.\d+|\d+)|([A-Za-z_]\w*)|(==|!=|<=|>=|[<>=|,().*/+-]))')
_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_NUMBERS = ("long", "real")


@dataclass(frozen=True)
class Expression:
    """A type, and how the value comes out of a row. Only strings are never null."""

    type: str
    of: Callable[[Row], Any]


@dataclass(frozen=True)
class Aggregate:
    """A type, and how the value comes out of a group of rows."""

    type: str
    of: Callable[[Sequence[Row]], Any]


def evaluate(query: str, rows: Sequence[Row], now: datetime) -> list[dict[str, Any]]:
    """The rows that a query over ``AppTraces`` answers with. Raises ``KqlError``."""
    return _Query(query, now).run(rows)


class _Query:
    def __init__(self, text: str, now: datetime) -> None:
        self._tokens, self._at, self._now = _tokens(text), 0, now
        self._columns = dict(APP_TRACES)

    def run(self, rows: Sequence[Row]) -> list[dict[str, Any]]:
        self._expect("AppTraces")
        made = [{name: row[name] for name in APP_TRACES} for row in rows]
        while self._take("|"):
            operator = self._next()
            if operator not in _OPERATORS:
                raise KqlError(f"there is no operator {operator}")
            made = _OPERATORS[operator](self, made)
        if self._peek():
            raise KqlError(f"{self._peek()} is not expected")
        return made

    def where(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        condition = self._typed("bool")
        return [row for row in rows if condition.of(row)]

    def extend(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        named = self._named_list()
        self._columns |= {name: value.type for name, value in named.items()}
        return [{**row, **{name: value.of(row) for name, value in named.items()}} for row in rows]

    def project(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        named = self._named_list()
        self._columns = {name: value.type for name, value in named.items()}
        return [{name: value.of(row) for name, value in named.items()} for row in rows]

    def summarize(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Without ``by`` there is one row even of nothing; with it, a row for each group that is there."""
        aggregates = self._aggregates()
        by = self._named_list() if self._take("by") else {}
        if wrong := [name for name, key in by.items() if key.type == "dynamic"]:
            raise KqlError(f"nothing can be grouped by {wrong}, which is dynamic")
        groups: dict[tuple[Any, ...], list[Row]] = {} if by else {(): []}
        for row in rows:
            groups.setdefault(tuple(key.of(row) for key in by.values()), []).append(row)
        self._columns = {name: key.type for name, key in by.items()} | {name: value.type for name, value in aggregates.items()}
        keyed = ((dict(zip(by, keys, strict=True)), group) for keys, group in groups.items())
        return [{**keys, **{name: value.of(group) for name, value in aggregates.items()}} for keys, group in keyed]

    def order(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        self._expect("by")
        keys = [self._order_key()]
        while self._take(","):
            keys.append(self._order_key())
        for name, falls in reversed(keys):
            rows = sorted(rows, key=lambda row: (row[name] is not None, row[name] if row[name] is not None else 0), reverse=falls)
        return rows

    def _order_key(self) -> tuple[str, bool]:
        name, direction = self._column(), self._next()
        if direction not in ("asc", "desc"):
            raise KqlError("say asc or desc")
        return name, direction == "desc"

    def take(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return rows[: int(self._next())]

    def _named_list(self) -> dict[str, Expression]:
        named = dict([self._named()])
        while self._take(","):
            name, value = self._named()
            if name in named:
                raise KqlError(f"{name} stands twice")
            named[name] = value
        return named

    def _named(self) -> tuple[str, Expression]:
        if self._peek(1) == "=":
            name = self._identifier()
            self._expect("=")
            return name, self._expression()
        name = self._column()
        return name, Expression(self._columns[name], lambda row: row[name])

    def _aggregates(self) -> dict[str, Aggregate]:
        named: dict[str, Aggregate] = {}
        while not named or self._take(","):
            name = self._identifier()
            self._expect("=")
            named[name] = self._aggregate()
        return named

    def _aggregate(self) -> Aggregate:
        name, arguments = self._next(), self._arguments()
        types = tuple(argument.type for argument in arguments)
        if (name, types) not in AGGREGATES:
            raise KqlError(f"there is no aggregate {name} of {types}")
        result, of = AGGREGATES[name, types]
        return Aggregate(result, lambda rows: of([tuple(argument.of(row) for argument in arguments) for row in rows]))

    def _typed(self, wanted: str) -> Expression:
        expression = self._expression()
        if expression.type != wanted:
            raise KqlError(f"{wanted} is expected, not {expression.type}")
        return expression

    def _expression(self) -> Expression:
        return self._logical("or", lambda: self._logical("and", self._comparison))

    def _logical(self, word: str, part: Callable[[], Expression]) -> Expression:
        parts = [part()]
        while self._take(word):
            parts.append(part())
        if len(parts) == 1:
            return parts[0]
        if any(item.type != "bool" for item in parts):
            raise KqlError(f"{word} joins what is true or false")
        joined = any if word == "or" else all
        return Expression("bool", lambda row: joined(item.of(row) for item in parts))

    def _comparison(self) -> Expression:
        left = self._sum()
        sign = self._peek()
        if sign not in (*COMPARISONS, "startswith", "in"):
            return left
        self._next()
        rights = self._arguments() if sign == "in" else [self._sum()]
        if any(not _comparable(left.type, right.type) for right in rights) or (sign in ("startswith", "in") and left.type != "string"):
            raise KqlError(f"{left.type} {sign} {[right.type for right in rights]} cannot be compared")
        if sign == "in":
            return Expression("bool", lambda row: left.of(row) in [right.of(row) for right in rights])
        compare = COMPARISONS.get(sign, lambda one, other: one.lower().startswith(other.lower()))
        return Expression("bool", lambda row: _unless_null(compare, left.of(row), rights[0].of(row)) or False)

    def _sum(self) -> Expression:
        left = self._factor()
        while self._peek() in ("*", "/"):
            left = _arithmetic(self._next(), left, self._factor())
        return left

    def _factor(self) -> Expression:
        if self._take("("):
            inner = self._expression()
            self._expect(")")
            return inner
        token = self._peek()
        if token.startswith('"'):
            text = json.loads(self._next())
            return Expression("string", lambda row: text)
        if token[:1].isdigit():
            return _number(self._next())
        return self._call() if self._peek(1) == "(" else self._member()

    def _call(self) -> Expression:
        name, arguments = self._next(), self._arguments()
        types = tuple(argument.type for argument in arguments)
        if name == "strcat" and set(types) == {"string"}:
            return Expression("string", lambda row: "".join(argument.of(row) for argument in arguments))
        if name == "ago" and types == ("timespan",):
            return Expression("datetime", lambda row: self._now - arguments[0].of(row))
        if (name, types) not in FUNCTIONS:
            raise KqlError(f"there is no function {name} of {types}")
        result, of = FUNCTIONS[name, types]
        return Expression(result, lambda row: of(*(argument.of(row) for argument in arguments)))

    def _member(self) -> Expression:
        name = self._column()
        if not self._take("."):
            return Expression(self._columns[name], lambda row: row[name])
        if self._columns[name] != "dynamic":
            raise KqlError(f"{name} has no members")
        member = self._identifier()
        return Expression("dynamic", lambda row: row[name].get(member) if isinstance(row[name], dict) else None)

    def _arguments(self) -> list[Expression]:
        self._expect("(")
        found: list[Expression] = []
        while not self._take(")"):
            if found:
                self._expect(",")
            found.append(self._expression())
        return found

    def _column(self) -> str:
        name = self._identifier()
        if name not in self._columns:
            raise KqlError(f"there is no column {name}")
        return name

    def _identifier(self) -> str:
        if not re.fullmatch(r"[A-Za-z_]\w*", self._peek()):
            raise KqlError(f"a name is expected, not {self._peek()!r}")
        return self._next()

    def _peek(self, ahead: int = 0) -> str:
        return self._tokens[self._at + ahead] if self._at + ahead < len(self._tokens) else ""

    def _next(self) -> str:
        token = self._peek()
        if not token:
            raise KqlError("the query ends too early")
        self._at += 1
        return token

    def _take(self, token: str) -> bool:
        if self._peek() != token:
            return False
        self._at += 1
        return True

    def _expect(self, token: str) -> None:
        if not self._take(token):
            raise KqlError(f"{token} is expected, not {self._peek()!r}")


_OPERATORS: Mapping[str, Callable[[_Query, list[dict[str, Any]]], list[dict[str, Any]]]] = {
    "where": _Query.where,
    "extend": _Query.extend,
    "project": _Query.project,
    "summarize": _Query.summarize,
    "order": _Query.order,
    "take": _Query.take,
}


def _tokens(text: str) -> list[str]:
    found, at = [], 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise KqlError(f"{text[at : at + 20]!r} is not understood")
        at = match.end()
        if not match.group(1):
            found.append(match.group(0).strip())
    return found


def _number(token: str) -> Expression:
    if token[-1] in _UNITS:
        span = timedelta(**{_UNITS[token[-1]]: int(token[:-1])})
        return Expression("timespan", lambda row: span)
    value: float = float(token) if "." in token else int(token)
    return Expression("real" if "." in token else "long", lambda row: value)


def _comparable(one: str, other: str) -> bool:
    return (one == other and one != "dynamic") or (one in _NUMBERS and other in _NUMBERS)


def _unless_null(compute: Callable[[Any, Any], Any], one: Any, other: Any) -> Any:
    return None if one is None or other is None else compute(one, other)


def _arithmetic(sign: str, left: Expression, right: Expression) -> Expression:
    if left.type not in _NUMBERS or right.type not in _NUMBERS:
        raise KqlError(f"{left.type} {sign} {right.type} cannot be computed")
    result = "real" if "real" in (left.type, right.type) else "long"
    compute: Callable[[Any, Any], Any] = (lambda one, other: one * other) if sign == "*" else divided
    return Expression(result, lambda row: _unless_null(compute, left.of(row), right.of(row)))
