"""Service tickets of ConnectWise PSA.

Unverified, because no published description of the service desk was at hand: that a ticket can be filtered by ``externalXRef``, that its
summary takes 100 characters, and the members of a note. Where ``externalXRef`` does not serve, the route's setting ``marker: title`` puts
the marker behind the summary instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapters.http import Http, Limits
from adapters.psa.connectwise.client import Client
from adapters.psa.connectwise.conditions import equal, literal
from adapters.psa.connectwise.settings import LONGEST_CALL, ConnectWiseSettings, parse
from adapters.psa.kind import TicketKind
from adapters.psa.records import text
from adapters.psa.tickets import MarkerIn, checked, marker_in, number, with_marker
from sync_core.budget import Budget
from sync_core.model.configuration import Connection
from sync_core.ports import Clock, Secrets, Ticket, Tickets

PATH = "/service/tickets"
LONGEST_SUMMARY = 100
SETTINGS: Mapping[str, str] = {
    "board": "The service board, by its name or id.",
    "status": "The status of a new ticket, by its name or id; the board's own when empty (the default).",
    "priority": "The priority, by its name or id; the board's own when empty (the default).",
    "type": "The type, by its name or id; none when empty (the default).",
    "marker": "Where the marker goes by which a ticket is found again: reference (externalXRef, the default) or title.",
}
REQUIRED = frozenset({"board"})


class ConnectWiseTickets:
    """See ``Tickets``."""

    def __init__(self, settings: ConnectWiseSettings, client: Client) -> None:
        self._settings = settings
        self._client = client

    @property
    def settle_seconds(self) -> float:
        """See ``Tickets.settle_seconds``."""
        return self._settings.settle_seconds

    def open_ticket(self, ticket: Ticket, send_until: float) -> str:
        """See ``Tickets.open_ticket``."""
        return text(self._client.write("POST", PATH, _body(ticket), send_until), "id")

    def find_ticket(self, ticket: Ticket) -> str | None:
        """See ``Tickets.find_ticket``."""
        where = marker_in(ticket.settings, MarkerIn.REFERENCE)
        condition = equal("externalXRef", ticket.marker) if where is MarkerIn.REFERENCE else f"summary contains {literal(ticket.marker)}"
        return next((text(row, "id") for row in self._client.records(PATH, "id", condition)), None)

    def add_note(self, ticket: Ticket, ticket_id: str, send_until: float) -> None:
        """See ``Tickets.add_note``: an internal analysis note."""
        body = {"text": ticket.text, "internalAnalysisFlag": True, "detailDescriptionFlag": False, "resolutionFlag": False}
        self._client.write("POST", f"{PATH}/{ticket_id}/notes", body, send_until)


def connect(connection: Connection, secrets: Secrets, budget: Budget, clock: Clock, write_deadline: float = 30.0) -> Tickets:
    """The tickets of a ConnectWise connection; calls nothing yet. See ``ConnectTickets``."""
    settings = parse(connection)
    http = Http(f"PSA connection {connection.name}", clock, limits=Limits(deadline=LONGEST_CALL), gate=budget)
    return ConnectWiseTickets(settings, Client(settings, secrets, http, min(write_deadline, LONGEST_CALL)))


TICKETS = TicketKind(connect, SETTINGS, REQUIRED)


def _body(ticket: Ticket) -> dict[str, Any]:
    given = checked(ticket.settings, SETTINGS, REQUIRED)
    summary, marked = ticket.title[:LONGEST_SUMMARY], {"externalXRef": ticket.marker}
    if marker_in(given, MarkerIn.REFERENCE) is MarkerIn.TITLE:
        summary, marked = with_marker(ticket.title, ticket.marker, LONGEST_SUMMARY), {}
    references = {name: _reference(given[name]) for name in ("board", "status", "priority", "type") if given.get(name)}
    company = number({"company": ticket.company_id}, "company")
    return {"summary": summary, "company": {"id": company}, "initialDescription": ticket.text, **references, **marked}


def _reference(value: str) -> dict[str, int | str]:
    return {"id": int(value)} if value.isdecimal() else {"name": value}
