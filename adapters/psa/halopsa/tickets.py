"""Tickets of HaloPSA.

Members as in Halo's Swagger description (``Faults``, ``Actions``), which names no field for the id of another system that lists can be
searched by; so the marker stands behind the summary. Unverified: that ``search_summary`` finds a part of a summary, that a list holds its rows
under ``tickets``, and which members a site requires besides type, client and summary.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapters.http import Http, Limits
from adapters.psa.halopsa.client import Client
from adapters.psa.halopsa.login import Login
from adapters.psa.halopsa.settings import LONGEST_CALL, HaloPsaSettings, parse
from adapters.psa.kind import TicketKind
from adapters.psa.records import text
from adapters.psa.tickets import checked, number, with_marker
from sync_core.budget import Budget
from sync_core.model.configuration import Connection
from sync_core.ports import Clock, Secrets, Ticket, Tickets

LONGEST_SUMMARY = 200
SETTINGS: Mapping[str, str] = {
    "ticket_type": "The id of the ticket type.",
    "priority": "The id of the priority; the type's own when empty (the default).",
    "team": "The name of the team; the type's own when empty (the default).",
    "status": "The id of the status; the type's own when empty (the default).",
    "outcome": "The name of the outcome of notes; default Private Note.",
}
REQUIRED = frozenset({"ticket_type"})


class HaloPsaTickets:
    """See ``Tickets``."""

    def __init__(self, settings: HaloPsaSettings, client: Client) -> None:
        self._settings = settings
        self._client = client

    @property
    def settle_seconds(self) -> float:
        """See ``Tickets.settle_seconds``."""
        return self._settings.settle_seconds

    def open_ticket(self, ticket: Ticket, send_until: float) -> str:
        """See ``Tickets.open_ticket``."""
        return text(self._client.write("Tickets", [_body(ticket)], send_until), "id")

    def find_ticket(self, ticket: Ticket) -> str | None:
        """See ``Tickets.find_ticket``. What the search finds is looked at again: it may find more than was asked for."""
        rows = self._client.records("Tickets", {"search_summary": ticket.marker})
        return next((text(row, "id") for row in rows if ticket.marker in text(row, "summary")), None)

    def add_note(self, ticket: Ticket, ticket_id: str, send_until: float) -> None:
        """See ``Tickets.add_note``."""
        outcome = checked(ticket.settings, SETTINGS, REQUIRED).get("outcome") or "Private Note"
        body = {"ticket_id": int(ticket_id), "note": ticket.text, "outcome": outcome, "hiddenfromuser": True}
        self._client.write("Actions", [body], send_until)


def connect(connection: Connection, secrets: Secrets, budget: Budget, clock: Clock, write_deadline: float = 30.0) -> Tickets:
    """The tickets of a HaloPSA connection; calls nothing yet. See ``ConnectTickets``."""
    settings = parse(connection)
    http = Http(f"PSA connection {connection.name}", clock, limits=Limits(deadline=LONGEST_CALL), gate=budget)
    return HaloPsaTickets(settings, Client(settings, Login(settings, secrets, http, clock), http, min(write_deadline, LONGEST_CALL)))


TICKETS = TicketKind(connect, SETTINGS, REQUIRED)


def _body(ticket: Ticket) -> dict[str, Any]:
    given = checked(ticket.settings, SETTINGS, REQUIRED)
    optional = {"priority_id": number(given, "priority"), "status_id": number(given, "status"), "team": given.get("team")}
    return {
        "summary": with_marker(ticket.title, ticket.marker, LONGEST_SUMMARY),
        "details": ticket.text,
        "client_id": number({"company": ticket.company_id}, "company"),
        "tickettype_id": number(given, "ticket_type"),
        **{name: value for name, value in optional.items() if value},
    }
