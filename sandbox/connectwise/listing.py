"""How every collection is read: filters, order, chosen fields and both ways of paging.

Stricter than the vendor in one point: an unknown query parameter is refused, where the vendor's behaviour is unverified.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import urlencode

from sandbox.connectwise.conditions import Kind, Kinds, Predicate, Row, comparable, parse_conditions, value_at
from sandbox.connectwise.errors import bad_request
from sandbox.web import Request, Response

DEFAULT_PAGE_SIZE = 25
LARGEST_PAGE_SIZE = 1000
FILTERS = frozenset({"conditions", "childConditions", "customFieldConditions"})
PAGING = frozenset({"orderBy", "fields", "page", "pageSize", "pageId"})

Record = dict[str, Any]


@dataclass(frozen=True)
class Listing:
    """What may be asked of one collection: its fields by kind, its arrays, and the array that ``childConditions`` speaks of."""

    fields: Kinds
    arrays: frozenset[str] = frozenset()
    children: str = ""
    child_fields: Kinds = field(default_factory=dict)

    def page(self, request: Request, url: str, rows: Iterable[Record]) -> Response:
        """One page of ``rows`` (ordered by id) with its ``Link`` header; ``url`` is the collection's own address."""
        _only_known(request, FILTERS | PAGING)
        matching = self._matching(request, rows)
        if request.headers.get("pagination-type", "").lower() == "forward-only":
            return self._forward_page(request, url, matching)
        return self._numbered_page(request, url, matching)

    def count(self, request: Request, rows: Iterable[Record]) -> Response:
        """How many of ``rows`` meet the filters."""
        _only_known(request, FILTERS)
        return Response.of_json({"count": len(self._matching(request, rows))})

    def one(self, request: Request, row: Record) -> Response:
        """A single record, with the asked fields only."""
        _only_known(request, frozenset({"fields"}))
        return Response.of_json(self._chosen(request, [row])[0])

    def _matching(self, request: Request, rows: Iterable[Record]) -> list[Record]:
        predicates = list(self._predicates(request.query))
        return [row for row in rows if all(predicate(row) for predicate in predicates)]

    def _predicates(self, query: Mapping[str, str]) -> Iterable[Predicate]:
        if conditions := query.get("conditions"):
            yield self._predicate(conditions)
        if conditions := query.get("childConditions"):
            yield _on_any(self.children, parse_conditions(conditions, self.child_fields))
        if conditions := query.get("customFieldConditions"):
            yield _on_any_custom_field(parse_conditions(conditions, {"caption": Kind.TEXT, "value": Kind.TEXT}))

    def _forward_page(self, request: Request, url: str, rows: list[Record]) -> Response:
        if "orderBy" in request.query:
            raise bad_request("orderBy is not supported with forward-only pagination.")
        after, size = _number(request, "pageId", 0, 0), _page_size(request)
        rows = [row for row in rows if row["id"] > after][:size]
        link = _link(url, request, "next", pageId=rows[-1]["id"], pageSize=size) if len(rows) == size else ""
        return Response.of_json(self._chosen(request, rows), headers={"Link": link})

    def _numbered_page(self, request: Request, url: str, rows: list[Record]) -> Response:
        page, size = _number(request, "page", 1, 1), _page_size(request)
        last = max(-(-len(rows) // size), 1)
        ordered = self._ordered(request.query.get("orderBy", ""), rows)[(page - 1) * size : page * size]
        targets = {"first": 1, "prev": page - 1} if page > 1 else {}
        targets |= {"next": page + 1, "last": last} if page < last else {}
        links = [_link(url, request, relation, page=target, pageSize=size) for relation, target in targets.items()]
        return Response.of_json(self._chosen(request, ordered), headers={"Link": ", ".join(links)} if links else {})

    def _ordered(self, order: str, rows: list[Record]) -> list[Record]:
        for part in reversed([part.split() for part in order.split(",") if part.strip()]):
            path, direction = part[0], " ".join(part[1:]).lower() or "asc"
            if path not in self.fields or direction not in ("asc", "desc"):
                raise bad_request(f"{path} {direction} is not a recognized order.")
            rows = sorted(rows, key=_sort_key(path, self.fields[path]), reverse=direction == "desc")
        return rows

    def _chosen(self, request: Request, rows: list[Record]) -> list[Record]:
        names = [name.strip() for name in request.query.get("fields", "").split(",") if name.strip()]
        for name in names:
            if name not in self._names:
                raise bad_request(f"{name} is not a recognized name.")
        return [_projected(row, names) for row in rows] if names else rows

    @cached_property
    def _predicate(self) -> Callable[[str], Predicate]:
        """Reads conditions; the last ones are known, since a client asks for the same again and again."""
        return lru_cache(maxsize=256)(lambda text: parse_conditions(text, self.fields))

    @cached_property
    def _names(self) -> frozenset[str]:
        """What may be chosen: a field, an array, or a reference as a whole."""
        return frozenset(self.fields) | self.arrays | {path[: path.rindex("/")] for path in self.fields if "/" in path}


def _only_known(request: Request, known: frozenset[str]) -> None:
    for name in request.query:
        if name not in known:
            raise bad_request(f"Query parameter '{name}' is not known here.")


def _number(request: Request, name: str, default: int, least: int) -> int:
    text = request.query.get(name, str(default))
    if not text.isdecimal() or int(text) < least:
        raise bad_request(f"{name} must be a number from {least}, and is '{text}'.")
    return int(text)


def _page_size(request: Request) -> int:
    return min(_number(request, "pageSize", DEFAULT_PAGE_SIZE, 1), LARGEST_PAGE_SIZE)


def _link(url: str, request: Request, relation: str, **paging: int) -> str:
    query = {name: value for name, value in request.query.items() if name not in ("page", "pageId", "pageSize")}
    return f'<{url}?{urlencode({**query, **paging})}>; rel="{relation}"'


def _sort_key(path: str, kind: Kind) -> Callable[[Row], tuple[bool, Any]]:
    def key(row: Row) -> tuple[bool, Any]:
        value = value_at(row, path)
        return value is not None, None if value is None else comparable(value, kind)

    return key


def _on_any(array: str, predicate: Predicate) -> Predicate:
    return lambda row: any(predicate({array: child}) for child in row.get(array) or ())


def _on_any_custom_field(predicate: Predicate) -> Predicate:
    return lambda row: any(predicate(field) for field in row.get("customFields") or ())


def _projected(row: Record, names: list[str]) -> Record:
    chosen: Record = {}
    for name in names:
        first, _, rest = name.partition("/")
        whole = row.get(first)
        if not rest or whole is None:
            chosen[first] = whole
        else:
            chosen.setdefault(first, {})[rest] = value_at(whole, rest)
    return chosen
