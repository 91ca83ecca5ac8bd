"""Service desks under test: the same companies everywhere, and the same ways to go wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from adapters.clock import SystemClock
from adapters.psa import kind_named
from adapters.psa.tickets import tickets_of
from sandbox.autotask import AutotaskSimulator
from sandbox.autotask.access import Access as AutotaskAccess
from sandbox.autotask.routes import ROUTES as AUTOTASK
from sandbox.connectwise import ConnectWiseSimulator
from sandbox.connectwise.access import Access as ConnectWiseAccess
from sandbox.connectwise.routes import ROUTES as CONNECTWISE
from sandbox.faults import Effect, Fault, Faults
from sandbox.halopsa import HaloPsaSimulator
from sandbox.halopsa.access import Access as HaloPsaAccess
from sandbox.halopsa.routes import ROUTES as HALOPSA
from sandbox.memory.psa import Mishap
from sandbox.memory.secrets import MemorySecrets
from sandbox.memory.store import MemoryStore
from sandbox.memory.tickets import MemoryTickets
from sandbox.web import Application, serve
from sync_core.budget import Budget
from sync_core.model.configuration import Connection
from sync_core.ports import Tickets
from tests.conformance.autotask_subject import autotask_books
from tests.conformance.halopsa_subject import halopsa_books
from tests.conformance.subjects import Grown, connectwise_books
from tests.conformance.wire import Wire

MEMORY_MISHAPS = {Effect.DROP_AFTER: Mishap.LOSE_ANSWER, Effect.LATE_COMMIT: Mishap.COMMIT_LATE}


@dataclass
class Desk:
    """A service desk. ``settings`` are those of a route, ``opened`` the tickets it holds and ``noted`` the notes in them."""

    tickets: Tickets
    settings: Mapping[str, str]
    opened: Callable[[], Sequence[Mapping[str, Any]]]
    noted: Callable[[], Sequence[Mapping[str, Any]]]
    fail: Callable[[Effect, int], None]
    """The next write goes wrong like this, answered with this status."""
    commit: Callable[[], None]
    """Does the late writes."""
    close: Callable[[], None]
    reference: str = ""
    """The member of a ticket that holds the marker; empty where that is the title."""
    wire: Wire | None = None
    """What holds each request and answer to the vendor's routes and schemas."""


def memory() -> Desk:
    """The tickets in memory."""
    tickets = MemoryTickets(SystemClock())

    def fail(effect: Effect, status: int) -> None:
        tickets.fail_next_write(MEMORY_MISHAPS.get(effect, Mishap.THROTTLE if status == 429 else Mishap.REJECT))

    def opened() -> list[Mapping[str, Any]]:
        return [{"title": each.title, "marker": each.marker} for each in tickets.tickets.values()]

    def noted() -> list[Mapping[str, Any]]:
        return [{"text": note} for notes in tickets.notes.values() for note in notes]

    return Desk(tickets, {}, opened, noted, fail, tickets.commit_late_writes, lambda: None, "marker")


@dataclass
class _Served:
    """A simulator behind a socket whose writes can be held back."""

    simulator: Any
    late: list[Callable[[], object]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.server = serve(Grown(self.simulator))

    def fail(self, body: Callable[[int], Any]) -> Callable[[Effect, int], None]:
        """What makes the next write go wrong, with the vendor's body of a refusal."""

        def add(effect: Effect, status: int) -> None:
            answered: dict[str, Any] = {"status": status, "body": json.dumps(body(status))} if effect is Effect.ANSWER else {}
            self.simulator.faults.add(Fault(effect, "POST", "(?i)/(service/tickets|v1.0/tickets|api/tickets|api/actions)", **answered))

        return add

    def commit(self) -> None:
        """Does what was held back."""
        while self.late:
            self.late.pop(0)()

    def tickets(self, kind: str, settings: Mapping[str, str], secrets: Mapping[str, str], values: Mapping[str, str]) -> Tickets:
        """The adapter against it."""
        connection = Connection("psa one", kind, self.server.url, settings=settings, secrets=secrets)
        known, clock = kind_named(kind), SystemClock()
        budget = Budget(MemoryStore(), connection.name, known.limits(connection), clock)
        return tickets_of(known).connect(connection, MemorySecrets(dict(values)), budget, clock)


def _faults(late: list[Callable[[], object]], wire: Wire) -> Callable[[Application], Faults]:
    return lambda application: Faults(wire.listening(application), later=lambda seconds, write: late.append(write))


def connectwise(more: Mapping[str, str] | None = None) -> Desk:
    """ConnectWise's service desk."""
    late: list[Callable[[], object]] = []
    access, wire = ConnectWiseAccess(), Wire(CONNECTWISE)
    simulator = ConnectWiseSimulator(connectwise_books(), access, _faults(late, wire))
    served = _Served(simulator, late)
    settings = {"company": access.company_id, "client_id": min(access.client_ids), "page_size": "3"}
    keys = {"psa-public": access.public_key, "psa-private": access.private_key}
    tickets = served.tickets("connectwise", settings, {"public_key": "psa-public", "private_key": "psa-private"}, keys)
    route = {"board": "Service Board", "priority": "3", **(more or {})}

    def refusal(status: int) -> Any:
        return {"code": "InvalidObject", "message": "ticket object is invalid", "errors": []}

    desk = simulator.desk
    return Desk(
        tickets,
        route,
        lambda: list(desk.tickets.values()),
        lambda: [note for notes in desk.notes.values() for note in notes],
        served.fail(refusal),
        served.commit,
        served.server.close,
        "" if more else "externalXRef",
        wire,
    )


def autotask(more: Mapping[str, str] | None = None, tells_item_ids: bool = True) -> Desk:
    """Autotask's service desk."""
    late: list[Callable[[], object]] = []
    access, ledger, wire = AutotaskAccess(), autotask_books(), Wire(AUTOTASK)
    ledger.tells_item_ids = tells_item_ids
    served = _Served(AutotaskSimulator(ledger, access, _faults(late, wire)), late)
    settings = {"username": access.user, "currency": "EUR", "calls_per_minute": "100000", "page_size": "3"}
    keys = {"at-secret": access.secret, "at-code": access.integration_code}
    tickets = served.tickets("autotask", settings, {"secret": "at-secret", "integration_code": "at-code"}, keys)
    route = {"queue": "8", "priority": "2", **(more or {})}
    return Desk(
        tickets,
        route,
        lambda: list(ledger.tickets.values()),
        lambda: [note for notes in ledger.ticket_notes.values() for note in notes],
        served.fail(lambda status: {"errors": ["title: must be something else"]}),
        served.commit,
        served.server.close,
        "" if more else "externalID",
        wire,
    )


def halopsa() -> Desk:
    """Halo's service desk."""
    late: list[Callable[[], object]] = []
    access, wire = HaloPsaAccess(), Wire(HALOPSA)
    simulator = HaloPsaSimulator(halopsa_books(), access, _faults(late, wire))
    served = _Served(simulator, late)
    settings = {"client_id": access.client_id, "calls_per_minute": "100000", "page_size": "3"}
    tickets = served.tickets("halopsa", settings, {"client_secret": "halo-secret"}, {"halo-secret": access.client_secret})
    desk = simulator.desk
    return Desk(
        tickets,
        {"ticket_type": "1", "team": "Service"},
        lambda: list(desk.tickets.values()),
        lambda: [note for notes in desk.actions.values() for note in notes],
        served.fail(lambda status: {"ClassName": "System.Exception", "Message": "summary: must be something else"}),
        served.commit,
        served.server.close,
        wire=wire,
    )


DESKS: Mapping[str, Callable[[], Desk]] = {
    "memory": memory,
    "connectwise": connectwise,
    "connectwise-marker-in-title": lambda: connectwise({"marker": "title"}),
    "autotask": autotask,
    "autotask-marker-in-title": lambda: autotask({"marker": "title"}),
    "halopsa": halopsa,
}
