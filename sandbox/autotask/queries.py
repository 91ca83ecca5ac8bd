"""How the simulated PSA answers a query: filtered, cut to fields, in pages of at most 500 that are followed by their own address."""

from __future__ import annotations

import itertools
from collections import OrderedDict
from typing import Any

from sandbox.autotask.access import Access
from sandbox.autotask.errors import Refused, unknown_field
from sandbox.autotask.filters import compiled, days_asked, ids_asked
from sandbox.autotask.ledger import Ledger
from sandbox.autotask.rendering import ENTITIES, Entity, Json, rows
from sandbox.web import Request, Response

LARGEST_PAGE = 500
_REMEMBERED = 50
_MEMBERS = {"MaxRecords", "IncludeFields", "Filter"}


class Queries:
    """The query endpoint of every entity. A listing is a snapshot: rows that come or go meanwhile shift nothing."""

    def __init__(self, ledger: Ledger, access: Access) -> None:
        self._ledger = ledger
        self._access = access
        self._listings: OrderedDict[int, tuple[Any, list[Json]]] = OrderedDict()
        self._numbers = itertools.count(1)

    def first(self, request: Request, entity: Entity, address: str) -> Response:
        """The first page."""
        body = _body(request)
        found = self._found(entity, body)
        number = next(self._numbers)
        self._listings[number] = (body, found)
        while len(self._listings) > _REMEMBERED:
            self._listings.popitem(last=False)
        return self._page(number, 0, address)

    def following(self, request: Request, address: str) -> Response:
        """A later page; the same method and the same body are asked for."""
        number, _, offset = request.query.get("paging", "").partition("-")
        listing = self._listings.get(int(number)) if number.isdecimal() and offset.isdecimal() else None
        if listing is None or listing[0] != _body(request):
            raise Refused("The paging information does not belong to this query.")
        return self._page(int(number), int(offset), address)

    def _found(self, entity: Entity, body: Json) -> list[Json]:
        self._access.check_entity(entity.name, "query")
        if not entity.fields:
            raise Refused(f"{entity.name} cannot be queried.")
        test = compiled(body.get("Filter"), entity)
        wanted = body.get("IncludeFields") or entity.fields
        for name in wanted:
            if name not in entity.fields:
                raise unknown_field(name, entity.name)
        if entity.name in self._access.hidden:
            return []
        candidates = rows(self._ledger, entity.name, ids_asked(body["Filter"]), *days_asked(body["Filter"]))
        return [{name: row[name] for name in wanted} for row in candidates if test(row)]

    def _page(self, number: int, offset: int, address: str) -> Response:
        body, found = self._listings[number]
        size = body.get("MaxRecords", LARGEST_PAGE)
        items = found[offset : offset + size]
        more = offset + size < len(found)
        if more and "id" not in (body.get("IncludeFields") or ["id"]):
            raise Refused("A query of several pages must include the id.")
        base = address.removesuffix("/next")
        pages = {
            "count": len(items),
            "requestCount": size,
            "prevPageUrl": f"{base}/next?paging={number}-{max(offset - size, 0)}" if offset else None,
            "nextPageUrl": f"{base}/next?paging={number}-{offset + size}" if more else None,
        }
        return Response.of_json({"items": items, "pageDetails": pages})


def _body(request: Request) -> Json:
    try:
        body = request.json()
    except ValueError:
        raise Refused("The query cannot be read.") from None
    if not isinstance(body, dict) or set(body) - _MEMBERS:
        raise Refused("A query has MaxRecords, IncludeFields and Filter.")
    size = body.get("MaxRecords", LARGEST_PAGE)
    if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= LARGEST_PAGE:
        raise Refused(f"MaxRecords is between 1 and {LARGEST_PAGE}.")
    return body


def entity_named(name: str) -> Entity:
    """The entity; raises ``Refused`` with 404."""
    if name not in ENTITIES:
        raise Refused(f"No HTTP resource was found for {name}.", status=404)
    return ENTITIES[name]
