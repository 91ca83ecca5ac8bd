"""The simulated service desk: tickets are opened, found, and get notes. Unknown members, wrong references and long texts are refused.

Unverified as a whole, like the adapter that it serves: which members the vendor requires is stricter here than it may be there.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sandbox.connectwise.additions import parsed
from sandbox.connectwise.conditions import kinds
from sandbox.connectwise.endpoints import Route, found
from sandbox.connectwise.errors import invalid, unknown_member
from sandbox.connectwise.ledger import Ledger
from sandbox.connectwise.listing import Listing
from sandbox.connectwise.records import FieldError
from sandbox.web import Request, Response

TICKETS = Listing(kinds(number="id company/id board/id", text="summary externalXRef board/name company/identifier"))
_REFERENCES = frozenset({"company", "board", "status", "priority", "type"})
_TEXTS = {"summary": 100, "initialDescription": 100_000, "externalXRef": 100}
_FLAGS = frozenset({"detailDescriptionFlag", "internalAnalysisFlag", "resolutionFlag"})

Json = dict[str, Any]


class ServiceDesk:
    """The tickets of one PSA. Each is as it is answered; ``notes`` are by ticket id."""

    def __init__(self, ledger: Ledger, public_url: str) -> None:
        self._ledger = ledger
        self._public_url = public_url
        self.tickets: dict[int, Json] = {}
        self.notes: dict[int, list[Json]] = {}

    def add_to(self, route: Route) -> None:
        """Registers the endpoints."""
        route("POST", "/service/tickets", self._post)
        route("GET", "/service/tickets", self._page)
        route("POST", "/service/tickets/{number}/notes", self._note)

    def _post(self, request: Request) -> Response:
        body = _members(request, {*_REFERENCES, *_TEXTS}, "ServiceTicket")
        errors = [_required(name) for name in ("summary", "company", "board") if not body.get(name)]
        errors += [FieldError("MaxLength", name, f"must be at most {most}") for name, most in _TEXTS.items() if len(body.get(name) or "") > most]
        errors += [_required(name) for name in _REFERENCES & body.keys() if not _is_reference(body[name])]
        company = self._ledger.companies.get((body.get("company") or {}).get("id", 0))
        if company is None and not errors:
            errors = [FieldError("InvalidReference", "company", "does not exist")]
        if errors or company is None:
            raise invalid("ticket", errors)
        number = len(self.tickets) + 1
        self.tickets[number] = {"id": number, **body, "company": {"id": company.id, "identifier": company.identifier, "name": company.name}}
        return Response.of_json(self.tickets[number], 201)

    def _page(self, request: Request) -> Response:
        return TICKETS.page(request, self._public_url + request.path, self.tickets.values())

    def _note(self, request: Request, number: str) -> Response:
        ticket = found(self.tickets, number, "Ticket")
        body = _members(request, {"text", *_FLAGS}, "ServiceNote")
        if not body.get("text") or not any(body.get(flag) for flag in _FLAGS):
            raise invalid("note", [_required("text")])
        notes = self.notes.setdefault(ticket["id"], [])
        notes.append(body)
        return Response.of_json({"id": len(notes), "ticketId": ticket["id"], **body}, 201)


def _members(request: Request, known: Collection[str], kind: str) -> Json:
    body = parsed(request.body)
    if not isinstance(body, dict):
        raise invalid(kind, [_required("body")])
    for name in body:
        if name not in known:
            raise unknown_member(name, kind, request.body)
    return body


def _is_reference(value: Any) -> bool:
    return isinstance(value, Mapping) and len(value) == 1 and (isinstance(value.get("id"), int) or isinstance(value.get("name"), str))


def _required(name: str) -> FieldError:
    return FieldError("MissingRequired", name, "is required")
