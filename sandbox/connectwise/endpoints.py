"""The paths of the simulated PSA below ``/{codebase}/apis/3.0``: which exist, what they read and what they write."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Protocol, TypeVar

from sandbox.connectwise import additions, rendering
from sandbox.connectwise.errors import Refused, not_found
from sandbox.connectwise.ledger import Ledger
from sandbox.connectwise.listing import Listing
from sandbox.connectwise.records import Addition, Agreement, Write
from sandbox.connectwise.rendering import Json
from sandbox.web import Handler, Request, Response

MEMBER = "licence-sync"
"""The API member in whose name everything through the API is written."""

ADDITIONS = "/finance/agreements/{agreement}/additions"

_ONLY_IDS = re.compile(r"id\s*(?:=|in)\s*\(?\s*(\d+(?:\s*,\s*\d+)*)\s*\)?")

Found = TypeVar("Found")


class Route(Protocol):
    """Registers a handler for a method and a path below the API's root."""

    def __call__(self, method: str, path: str, handler: Handler) -> None: ...


def add_reads(route: Route, ledger: Ledger, public_url: str) -> None:
    """Registers every collection: a page, the count, and one record by id."""

    def collection(path: str, listing: Listing, rows: Callable[..., Mapping[int, Any]], render: Callable[[Any], Json]) -> None:
        def page(request: Request, **ids: str) -> Response:
            return listing.page(request, _address(request, public_url), map(render, _candidates(request, rows(**ids))))

        def count(request: Request, **ids: str) -> Response:
            return listing.count(request, map(render, rows(**ids).values()))

        def one(request: Request, number: str, **ids: str) -> Response:
            return listing.one(request, render(found(rows(**ids), number, path)))

        route("GET", path, page)
        route("GET", f"{path}/count", count)
        route("GET", path + "/{number}", one)

    def lines(agreement: str) -> Mapping[int, Addition]:
        above = found(ledger.agreements, agreement, "Agreement")
        return {line.id: line for line in ledger.additions_of(above.id)}

    collection("/company/companies", rendering.COMPANIES, lambda: ledger.companies, rendering.company)
    collection("/company/contacts", rendering.CONTACTS, lambda: ledger.contacts, partial(rendering.contact, ledger))
    collection("/procurement/catalog", rendering.PRODUCTS, lambda: ledger.products, rendering.product)
    collection("/finance/invoices", rendering.INVOICES, lambda: ledger.invoices, partial(rendering.invoice, ledger))
    collection("/finance/agreements/types", rendering.AGREEMENT_TYPES, lambda: ledger.agreement_types, rendering.agreement_type)
    collection("/finance/agreements", rendering.AGREEMENTS, lambda: ledger.agreements, partial(rendering.agreement, ledger))
    collection(ADDITIONS, rendering.ADDITIONS, lines, partial(rendering.addition, ledger))


class Writes:
    """The endpoints that change something. PUT, DELETE, copy and invoice work, and are recorded as forbidden use."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def add_to(self, route: Route) -> None:
        """Registers the endpoints."""
        route("POST", "/finance/agreements/{agreement}/copy", self._copy)
        route("POST", "/finance/agreements/{agreement}/invoice", self._invoice)
        route("POST", ADDITIONS, self._post)
        route("PATCH", ADDITIONS + "/{number}", self._patch)
        route("PUT", ADDITIONS + "/{number}", self._put)
        route("DELETE", ADDITIONS + "/{number}", self._delete)

    def _post(self, request: Request, agreement: str) -> Response:
        draft = additions.created(self._ledger, self._agreement(agreement).id, 0, request.body, MEMBER)
        return self._stored(request, None, replace(draft, id=self._ledger.additions.next_id()), 201)

    def _patch(self, request: Request, agreement: str, number: str) -> Response:
        line = self._line(agreement, number)
        return self._stored(request, line, additions.patched(self._ledger, line, request.body, MEMBER))

    def _put(self, request: Request, agreement: str, number: str) -> Response:
        line = self._line(agreement, number)
        new = additions.created(self._ledger, line.agreement_id, line.id, request.body, MEMBER)
        return self._stored(request, line, replace(new, invoiced_through=line.invoiced_through))

    def _delete(self, request: Request, agreement: str, number: str) -> Response:
        """Unverified: that an addition which was invoiced cannot be deleted."""
        line = self._line(agreement, number)
        if line.invoiced_through:
            raise Refused(409, "Conflict", "The addition has been invoiced and cannot be deleted.")
        self._record(request, line.agreement_id, line.id, before=rendering.addition(self._ledger, line))
        del self._ledger.additions[line.id]
        return Response(204)

    def _copy(self, request: Request, agreement: str) -> Response:
        copy = self._ledger.copy_agreement(self._agreement(agreement).id, MEMBER)
        self._record(request, copy.id, None)
        return Response.of_json(rendering.agreement(self._ledger, copy), 201)

    def _invoice(self, request: Request, agreement: str) -> Response:
        invoice = self._ledger.send_invoice(self._agreement(agreement).id)
        self._record(request, invoice.agreement_id, None)
        return Response.of_json(rendering.invoice(self._ledger, invoice), 201)

    def _stored(self, request: Request, old: Addition | None, new: Addition, status: int = 200) -> Response:
        before = rendering.addition(self._ledger, old) if old else None
        after = rendering.addition(self._ledger, self._ledger.additions.put(new))
        self._record(request, new.agreement_id, new.id, before, after)
        return Response.of_json(after, status)

    def _record(self, request: Request, agreement_id: int, addition_id: int | None, before: Json | None = None, after: Json | None = None) -> None:
        forbidden = addition_id is None or request.method not in ("POST", "PATCH")
        at = self._ledger.now()
        self._ledger.writes.append(Write(request.method, request.path, agreement_id, addition_id, before, after, at, MEMBER, forbidden))

    def _agreement(self, number: str) -> Agreement:
        return found(self._ledger.agreements, number, "Agreement")

    def _line(self, agreement: str, number: str) -> Addition:
        line = found(self._ledger.additions, number, "Addition")
        if line.agreement_id != self._agreement(agreement).id:
            raise not_found("Addition", number)
        return line


def found(records: Mapping[int, Found], number: str, what: str) -> Found:
    """The record with the id in the path; raises ``Refused`` with 404."""
    if not number.isdecimal() or int(number) not in records:
        raise not_found(what, number)
    return records[int(number)]


def _candidates(request: Request, rows: Mapping[int, Any]) -> Iterable[Any]:
    """The rows that a condition on nothing but ids can mean: a large world is not rendered whole to find one record.

    Whether the condition is right, and which rows it meets, the listing still judges.
    """
    ids = _ONLY_IDS.fullmatch(request.query.get("conditions", "").strip())
    return [rows[number] for number in sorted({*map(int, ids[1].split(","))} & rows.keys())] if ids else rows.values()


def _address(request: Request, public_url: str) -> str:
    host = request.headers.get("host")
    return (f"http://{host}" if host else public_url) + request.path
