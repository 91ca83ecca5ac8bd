"""Opens a run's tickets in a PSA, each exactly once: the journal row goes first, and after a lost answer the ticket is looked for by its marker.

new ─► sending ─► open | failed
          └─► unknown ─► open (found) | new again (looked for twice, the second time after the settle time) | failed
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from sync_core.documents import to_document
from sync_core.errors import Conflict, OutcomeUnknown, RetryLater, SyncError
from sync_core.events import event
from sync_core.model.history import Record, RecordKind
from sync_core.model.runs import Run
from sync_core.pipeline.context import Context
from sync_core.pipeline.control import stop_switch
from sync_core.pipeline.history import record_write
from sync_core.pipeline.runs import RUNS
from sync_core.pipeline.ticketing import WantedTicket
from sync_core.ports import Row, Tickets
from sync_core.rows import Stored, insert_or_replace, read, to_row

_MOST_ATTEMPTS = 4
_LOOK_AGAIN = 5.0


class TicketState(StrEnum):
    """The journal of a ticket of the run."""

    NEW = "new"
    SENDING = "sending"
    UNKNOWN = "unknown"
    OPEN = "open"
    FAILED = "failed"


ENDED = (TicketState.OPEN, TicketState.FAILED)
UNOPENED = (TicketState.NEW, TicketState.FAILED)
"""The states in which a ticket is not there, as far as anybody knows."""


@dataclass(frozen=True)
class TicketJournal:
    """How far a ticket is. ``settled_at`` (UTC) is when a lost write has either happened or never will; ``looks`` counts looks in vain."""

    state: TicketState = TicketState.NEW
    attempt: int = 0
    settled_at: datetime | None = None
    looks: int = 0
    ticket_id: str = ""
    outcome: str = ""


def open_tickets(context: Context, run: Run, wanted: Iterable[WantedTicket]) -> list[RetryLater]:
    """Takes each ticket as far as it goes now; what some of them have to wait for does not keep the others. Raises ``Conflict``."""
    waits = []
    for each in wanted:
        try:
            _carry_out(context, run, each)
        except RetryLater as error:
            waits.append(error)
    return waits


def journal_of_ticket(context: Context, run: Run, wanted: WantedTicket) -> TicketJournal:
    """Where the ticket, or the note in it, stands."""
    return _entry(context, run, wanted).value


def is_unopened(context: Context, run: Run, marker: str) -> bool:
    """Whether a ticket of the run is not there, as far as anybody knows."""
    stored = read(context.store, RUNS, run.run_id, f"ticket-{marker}", TicketJournal)
    return stored is None or stored.value.state in UNOPENED


def _carry_out(context: Context, run: Run, wanted: WantedTicket) -> None:
    entry = _entry(context, run, wanted)
    if entry.value.state in ENDED:
        return
    configuration = context.configuration(run.configuration)
    try:
        tickets = context.adapters.tickets(configuration, wanted.connection)
        while entry.value.state not in ENDED:
            new = entry.value.state is TicketState.NEW
            entry = _send(context, run, tickets, wanted, entry) if new else _look(context, run, tickets, wanted, entry)
    except (RetryLater, Conflict):
        raise
    except SyncError as error:
        _move(context, run, wanted, _entry(context, run, wanted), state=TicketState.FAILED, outcome=str(error))


def _send(context: Context, run: Run, tickets: Tickets, wanted: WantedTicket, entry: Stored[TicketJournal]) -> Stored[TicketJournal]:
    if stop_switch(context.store).stopped:
        return _move(context, run, wanted, entry, state=TicketState.FAILED, outcome="All writes are stopped")
    ticket_id = tickets.find_ticket(wanted.ticket) if wanted.solved else ""
    if ticket_id is None:
        return _move(context, run, wanted, entry, state=TicketState.FAILED, outcome="The ticket is not there any more")
    settings, now = context.settings, context.clock.now()
    send_until = context.clock.monotonic() + settings.send_window_seconds
    settle = tickets.settle_seconds if settings.settle_seconds is None else settings.settle_seconds
    settled_at = now + timedelta(seconds=settings.send_window_seconds + settings.write_deadline_seconds + settle)
    entry = _move(context, run, wanted, entry, state=TicketState.SENDING, attempt=entry.value.attempt + 1, settled_at=settled_at, looks=0)
    try:
        if wanted.solved:
            tickets.add_note(wanted.ticket, ticket_id, send_until)
        else:
            ticket_id = tickets.open_ticket(wanted.ticket, send_until)
    except OutcomeUnknown as error:
        return _move(context, run, wanted, entry, state=TicketState.UNKNOWN, outcome=error.what)
    except RetryLater:
        _move(context, run, wanted, entry, state=TicketState.NEW, attempt=entry.value.attempt - 1)
        raise
    return _move(context, run, wanted, entry, state=TicketState.OPEN, ticket_id=ticket_id, outcome="")


def _look(context: Context, run: Run, tickets: Tickets, wanted: WantedTicket, entry: Stored[TicketJournal]) -> Stored[TicketJournal]:
    now = context.clock.now()
    settled_at = entry.value.settled_at or now
    wait = (settled_at - now).total_seconds() + 1
    if entry.value.state is TicketState.SENDING and now < settled_at:
        raise RetryLater("Another worker may still be opening this ticket", delay=wait)
    if wanted.solved:  # a note that may be missing is better than one that is there twice
        return _move(context, run, wanted, entry, state=TicketState.OPEN, outcome="Nobody knows whether the note is there")
    if ticket_id := tickets.find_ticket(wanted.ticket):
        return _move(context, run, wanted, entry, state=TicketState.OPEN, ticket_id=ticket_id, outcome="")
    if now < settled_at:
        _move(context, run, wanted, entry, state=TicketState.UNKNOWN, looks=1)
        raise RetryLater("A ticket whose outcome is unknown may still be opened", delay=wait)
    if entry.value.looks < 1:
        _move(context, run, wanted, entry, state=TicketState.UNKNOWN, looks=1)
        raise RetryLater("A ticket is opened again only after a second look", delay=_LOOK_AGAIN)
    if entry.value.attempt >= _MOST_ATTEMPTS:
        return _move(context, run, wanted, entry, state=TicketState.FAILED, outcome=f"Not there after {entry.value.attempt} attempts")
    return _move(context, run, wanted, entry, state=TicketState.NEW, outcome="Not there: opened again")


def _entry(context: Context, run: Run, wanted: WantedTicket) -> Stored[TicketJournal]:
    key = f"{'note' if wanted.solved else 'ticket'}-{wanted.ticket.marker}"
    return read(context.store, RUNS, run.run_id, key, TicketJournal) or Stored(TicketJournal(), Row(run.run_id, key))


def _move(context: Context, run: Run, wanted: WantedTicket, entry: Stored[TicketJournal], **changes: object) -> Stored[TicketJournal]:
    value = replace(entry.value, **changes)  # type: ignore[arg-type]  # members of the journal, by name
    told = {"connection": wanted.connection, "company": wanted.ticket.company_id, "marker": wanted.ticket.marker, "title": wanted.ticket.title}
    told |= {"state": value.state, "ticket": value.ticket_id, "outcome": value.outcome}
    about = f"{entry.row.key} {value.state} {value.attempt} {entry.row.etag}"
    record = Record(context.clock.now(), RecordKind.TICKETED, about, to_document(told), run.run_id)
    moved = insert_or_replace(to_row(run.run_id, entry.row.key, value, entry.row.etag, state=value.state.value))
    context.store.transact(RUNS, [moved, record_write(run.run_id, record)])
    event(f"ticket.{value.state}", run=run.run_id, connection=wanted.connection, attempt=value.attempt)
    return _entry(context, run, wanted)
