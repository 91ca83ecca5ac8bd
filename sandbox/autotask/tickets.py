"""The simulated service desk: tickets and their notes. Names are those of Autotask's OpenAPI description; unknown ones are refused.

Stricter than is known of the vendor: what many sites require is required, and picklists have the values given here only.
"""

from __future__ import annotations

from sandbox.autotask.bodies import members
from sandbox.autotask.errors import Refused
from sandbox.autotask.ledger import Ledger
from sandbox.autotask.rendering import Json
from sandbox.web import Request, Response

_INTEGERS = frozenset({"companyID", "queueID", "priority", "status", "ticketType", "source"})
_TEXTS = {"title": 255, "description": 8000, "externalID": 50, "dueDateTime": 40}
_REQUIRED = ("companyID", "title", "priority", "status", "dueDateTime", "queueID")
PICKLISTS = {"priority": {1: "High", 2: "Medium", 3: "Low"}, "status": {1: "New", 5: "Complete"}, "queueID": {5: "Client Portal", 8: "Monitoring"}}
NOTE_TYPES, AUDIENCES = {1: "Task Summary", 3: "Task Notes"}, {1: "All Autotask Users", 2: "Internal Project Team"}


class ServiceDesk:
    """The endpoints that write tickets into the ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def open(self, request: Request) -> Response:
        """``POST /Tickets``."""
        body = members(request, {"id", *_INTEGERS, *_TEXTS}, "Ticket")
        for name in _REQUIRED:
            if body.get(name) in (None, ""):
                raise Refused(f"{name}: is required.")
        _check(body, _INTEGERS, _TEXTS)
        if body["companyID"] not in self._ledger.companies:
            raise Refused("companyID: no matching records found.")
        for name, values in PICKLISTS.items():
            if body[name] not in values:
                raise Refused(f"{name}: the value does not exist.")
        number = len(self._ledger.tickets) + 1
        self._ledger.tickets[number] = {**body, "id": number}
        return Response.of_json({"itemId": number if self._ledger.tells_item_ids else None})

    def note(self, request: Request, ticket: str) -> Response:
        """``POST /Tickets/{id}/Notes``."""
        if not ticket.isdecimal() or int(ticket) not in self._ledger.tickets:
            raise Refused("ticketID: no matching records found.")
        body = members(request, {"id", "title", "description", "noteType", "publish"}, "TicketNote")
        _check(body, {"noteType", "publish"}, {"title": 250, "description": 32_000})
        if not body.get("description") or body.get("noteType") not in NOTE_TYPES or body.get("publish") not in AUDIENCES:
            raise Refused("description, noteType and publish: are required.")
        notes = self._ledger.ticket_notes.setdefault(int(ticket), [])
        notes.append(body)
        return Response.of_json({"itemId": len(notes)})


def _check(body: Json, integers: set[str] | frozenset[str], texts: dict[str, int]) -> None:
    for name in integers & body.keys():
        if isinstance(body[name], bool) or not isinstance(body[name], int):
            raise Refused(f"{name}: is a whole number.")
    for name, longest in texts.items():
        if not isinstance(body.get(name, ""), str) or len(body.get(name, "")) > longest:
            raise Refused(f"{name}: is longer than {longest} characters.")
