"""Tickets in memory, with the same mishaps as the PSA in memory."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from sandbox.memory.psa import Mishap
from sync_core.errors import OutcomeUnknown, Rejected, Throttled
from sync_core.ports import Clock, Ticket


@dataclass
class MemoryTickets:
    """Keeps the tickets that were opened, by id, and the notes in them. ``refused`` refuses every write for good."""

    clock: Clock
    settle_seconds: float = 120.0
    tickets: dict[str, Ticket] = field(default_factory=dict)
    notes: dict[str, list[str]] = field(default_factory=dict)
    late: list[Ticket] = field(default_factory=list)
    """The tickets that ``Mishap.COMMIT_LATE`` holds back."""
    refused: bool = False
    _mishaps: deque[Mishap] = field(default_factory=deque)

    def fail_next_write(self, mishap: Mishap) -> None:
        """The next write goes wrong like this."""
        self._mishaps.append(mishap)

    def all_is_well(self) -> None:
        """Nothing goes wrong any more."""
        self._mishaps.clear()

    @property
    def troubled(self) -> bool:
        """Whether something is still to go wrong."""
        return bool(self._mishaps)

    def commit_late_writes(self) -> None:
        """Opens the tickets that were held back."""
        while self.late:
            self._open(self.late.pop(0))

    def open_ticket(self, ticket: Ticket, send_until: float) -> str:
        """See ``Tickets.open_ticket``."""
        mishap = self._before(send_until)
        if mishap is Mishap.COMMIT_LATE:
            self.late.append(ticket)
        elif mishap is not Mishap.LOSE_REQUEST:
            ticket_id = self._open(ticket)
        if mishap:
            raise OutcomeUnknown("No answer", where="tickets")
        return ticket_id

    def find_ticket(self, ticket: Ticket) -> str | None:
        """See ``Tickets.find_ticket``."""
        return next((number for number, known in self.tickets.items() if known.marker == ticket.marker), None)

    def add_note(self, ticket: Ticket, ticket_id: str, send_until: float) -> None:
        """See ``Tickets.add_note``."""
        mishap = self._before(send_until)
        if mishap is not Mishap.LOSE_REQUEST:
            self.notes.setdefault(ticket_id, []).append(ticket.text)
        if mishap:
            raise OutcomeUnknown("No answer", where="tickets")

    def _before(self, send_until: float) -> Mishap | None:
        mishap = self._mishaps.popleft() if self._mishaps else None
        if self.clock.monotonic() > send_until or mishap is Mishap.THROTTLE:
            raise Throttled("Not sent", delay=30.0, where="tickets")
        if self.refused or mishap is Mishap.REJECT:
            raise Rejected("The PSA refuses the ticket", where="tickets")
        return mishap

    def _open(self, ticket: Ticket) -> str:
        ticket_id = str(len(self.tickets) + 1)
        self.tickets[ticket_id] = ticket
        return ticket_id
