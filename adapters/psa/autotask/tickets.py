"""Tickets of Autotask PSA.

Members as in Autotask's OpenAPI description (``TicketModel``, ``TicketNoteModel``). Unverified: which of them a site requires besides company,
title, status, priority and due date, that ``externalID`` takes 50 characters, and what the values of a note's type and visibility mean; they
are settings of the route.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from adapters.http import Http, Limits
from adapters.psa.autotask.client import Client, condition
from adapters.psa.autotask.settings import LONGEST_CALL, AutotaskSettings, parse
from adapters.psa.kind import TicketKind
from adapters.psa.tickets import MarkerIn, checked, marker_in, number, with_marker
from sync_core.budget import Budget
from sync_core.errors import OutcomeUnknown
from sync_core.model.configuration import Connection
from sync_core.ports import Clock, Secrets, Ticket, Tickets

LONGEST_TITLE = 255
REFUSES_WITH = 500
SETTINGS: Mapping[str, str] = {
    "queue": "The id of the queue.",
    "priority": "The id of the priority.",
    "status": "The id of the status; default 1 (new).",
    "ticket_type": "The id of the ticket's type; none when empty (the default).",
    "source": "The id of the source; none when empty (the default).",
    "due_days": "In how many days it is due; default 7.",
    "note_type": "The id of the type of notes; default 1.",
    "note_publish": "The id of who sees notes; default 2 (internal).",
    "marker": "Where the marker goes by which a ticket is found again: reference (externalID, the default) or title.",
}
REQUIRED = frozenset({"queue", "priority"})


class AutotaskTickets:
    """See ``Tickets``."""

    def __init__(self, settings: AutotaskSettings, client: Client, clock: Clock) -> None:
        self._settings = settings
        self._client = client
        self._clock = clock

    @property
    def settle_seconds(self) -> float:
        """See ``Tickets.settle_seconds``."""
        return self._settings.settle_seconds

    def open_ticket(self, ticket: Ticket, send_until: float) -> str:
        """See ``Tickets.open_ticket``. A site that answers without the new id leaves it to be found by the marker."""
        made = self._client.write("Tickets", self._body(ticket), send_until)
        if not made:
            raise OutcomeUnknown("Autotask took the ticket and does not say which it is", where=f"PSA connection {self._settings.name} Tickets")
        return made

    def find_ticket(self, ticket: Ticket) -> str | None:
        """See ``Tickets.find_ticket``."""
        where = marker_in(ticket.settings, MarkerIn.REFERENCE)
        wanted = condition("externalID", "eq", ticket.marker) if where is MarkerIn.REFERENCE else condition("title", "contains", ticket.marker)
        found = [row["id"] for row in self._client.records("Tickets", ("id",), wanted)]
        return str(min(found)) if found else None

    def add_note(self, ticket: Ticket, ticket_id: str, send_until: float) -> None:
        """See ``Tickets.add_note``."""
        given = checked(ticket.settings, SETTINGS, REQUIRED)
        body = {"title": "Solved", "description": ticket.text, "noteType": number(given, "note_type", 1), "publish": number(given, "note_publish", 2)}
        self._client.write(f"Tickets/{ticket_id}/Notes", body, send_until)

    def _body(self, ticket: Ticket) -> dict[str, Any]:
        given = checked(ticket.settings, SETTINGS, REQUIRED)
        due = self._clock.now() + timedelta(days=number(given, "due_days", 7) or 0)
        title, marked = ticket.title[:LONGEST_TITLE], {"externalID": ticket.marker}
        if marker_in(given, MarkerIn.REFERENCE) is MarkerIn.TITLE:
            title, marked = with_marker(ticket.title, ticket.marker, LONGEST_TITLE), {}
        optional = {"ticketType": number(given, "ticket_type"), "source": number(given, "source")}
        return {
            "companyID": number({"company": ticket.company_id}, "company"),
            "title": title,
            "description": ticket.text,
            "queueID": number(given, "queue"),
            "priority": number(given, "priority"),
            "status": number(given, "status", 1),
            "dueDateTime": f"{due:%Y-%m-%dT%H:%M:%SZ}",
            **{name: value for name, value in optional.items() if value is not None},
            **marked,
        }


def connect(connection: Connection, secrets: Secrets, budget: Budget, clock: Clock, write_deadline: float = 30.0) -> Tickets:
    """The tickets of an Autotask connection; calls nothing yet. See ``ConnectTickets``."""
    settings = parse(connection)
    http = Http(f"PSA connection {connection.name}", clock, limits=Limits(deadline=LONGEST_CALL), gate=budget, judged={REFUSES_WITH})
    return AutotaskTickets(settings, Client(settings, secrets, http, budget, min(write_deadline, LONGEST_CALL)), clock)


TICKETS = TicketKind(connect, SETTINGS, REQUIRED)
