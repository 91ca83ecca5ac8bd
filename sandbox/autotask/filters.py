"""Autotask's filters: a list of conditions that must all hold, with groups, over the fields of one entity.

At most 500 conditions joined by *or* are taken, and the values of ``in`` count as such (Autotask developer help).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from sandbox.autotask.errors import Refused, unknown_field
from sandbox.autotask.rendering import Entity, Json

MOST_ALTERNATIVES = 500

Test = Callable[[Json], bool]

_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": lambda found, wanted: found == wanted,
    "noteq": lambda found, wanted: found != wanted,
    "gt": lambda found, wanted: found > wanted,
    "gte": lambda found, wanted: found >= wanted,
    "lt": lambda found, wanted: found < wanted,
    "lte": lambda found, wanted: found <= wanted,
    "beginsWith": lambda found, wanted: str(found).startswith(str(wanted)),
    "endsWith": lambda found, wanted: str(found).endswith(str(wanted)),
    "contains": lambda found, wanted: str(wanted) in str(found),
}


def compiled(conditions: Any, entity: Entity) -> Test:
    """One test for all conditions; raises ``Refused`` for what Autotask would not read."""
    if not isinstance(conditions, list) or not conditions:
        raise Refused("A query needs at least one filter.")
    if _alternatives(conditions) > MOST_ALTERNATIVES:
        raise Refused(f"Queries are limited to {MOST_ALTERNATIVES} or fewer 'OR' conditions.")
    tests = [_test(condition, entity) for condition in conditions]
    return lambda row: all(test(row) for test in tests)


def ids_asked(conditions: list[Any]) -> set[int] | None:
    """The contracts that the top conditions limit the answer to, if they do: a large world is not rendered whole."""
    for condition in conditions:
        match condition:
            case {"op": "in", "field": "contractID", "value": list(values)}:
                return {int(value) for value in values}
            case {"op": "eq", "field": "contractID", "value": value}:
                return {int(value)}
    return None


def days_asked(conditions: list[Any]) -> tuple[date, date]:
    """The days that the top conditions limit unit rows to."""
    first, last = date.min, date(9999, 1, 1)
    for condition in conditions:
        match condition:
            case {"op": "gte" | "gt", "field": "endDate", "value": str(value)}:
                first = max(first, date.fromisoformat(value[:10]))
            case {"op": "lte" | "lt", "field": "startDate", "value": str(value)}:
                last = min(last, date.fromisoformat(value[:10]))
    return first, last


def _test(condition: Any, entity: Entity) -> Test:
    if not isinstance(condition, dict) or not isinstance(condition.get("op"), str):
        raise Refused("A filter has an op, a field and a value.")
    op = condition["op"]
    if op in ("and", "or"):
        tests = [_test(item, entity) for item in condition.get("items") or []]
        return (lambda row: all(test(row) for test in tests)) if op == "and" else (lambda row: any(test(row) for test in tests))
    name = condition.get("field")
    if name not in entity.fields:
        raise unknown_field(name, entity.name)
    return _comparison(op, str(name), condition)


def _comparison(op: str, name: str, condition: Mapping[str, Any]) -> Test:
    if op in ("exist", "notExist"):
        return lambda row: (row[name] is not None) is (op == "exist")
    value = condition.get("value")
    if op in ("in", "notIn"):
        if not isinstance(value, list) or not value:
            raise Refused(f"The operator {op} needs a list of values.")
        wanted = {_comparable(each) for each in value}
        return lambda row: (_comparable(row[name]) in wanted) is (op == "in")
    if op not in _COMPARE:
        raise Refused(f"The operator {op} is not known.")
    if value is None:
        raise Refused(f"The value of {name} may not be null.")
    compare, single = _COMPARE[op], _comparable(value)
    return lambda row: row[name] is not None and compare(_comparable(row[name]), single)


def _comparable(value: Any) -> Any:
    """Times compare as times, whatever fraction or zone letter is written; texts without regard to case; the rest as it is."""
    if isinstance(value, str):
        return value[:19] if len(value) >= 19 and value[10:11] == "T" else value.casefold()
    return value


def _alternatives(conditions: list[Any]) -> int:
    number = 0
    for condition in (item for item in conditions if isinstance(item, dict)):
        if condition.get("op") in ("in", "notIn") and isinstance(condition.get("value"), list):
            number += len(condition["value"])
        elif isinstance(condition.get("items"), list):
            number += _alternatives(condition["items"]) + (len(condition["items"]) if condition.get("op") == "or" else 0)
    return number
