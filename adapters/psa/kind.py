"""What the product knows of a PSA before it talks to it: how to connect, which settings and secrets that takes, and what to verify."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from adapters.psa.assumptions import Assumption, Look
from sync_core.budget import Budget, Limits
from sync_core.model.configuration import Connection
from sync_core.ports import Clock, Psa, Secrets, Tickets


class Connect(Protocol):
    """Makes the adapter of a connection; calls nothing yet. ``write_deadline`` bounds one write from connect to last byte, in seconds.

    Raises ``InvalidConfiguration`` when a setting is missing or wrong.
    """

    def __call__(self, connection: Connection, secrets: Secrets, budget: Budget, clock: Clock, write_deadline: float = 30.0) -> Psa: ...


class LimitsOf(Protocol):
    """The limits that the app keeps to at this PSA; raises ``InvalidConfiguration``."""

    def __call__(self, connection: Connection) -> Limits: ...


class ConnectTickets(Protocol):
    """Makes what opens tickets at a connection; as ``Connect`` does."""

    def __call__(self, connection: Connection, secrets: Secrets, budget: Budget, clock: Clock, write_deadline: float = 30.0) -> Tickets: ...


@dataclass(frozen=True)
class TicketKind:
    """Tickets of one kind of PSA. ``settings`` are those of a route, each with a sentence on what it is; those in ``required`` have no default."""

    connect: ConnectTickets
    settings: Mapping[str, str]
    required: frozenset[str]


@dataclass(frozen=True)
class Kind:
    """One kind of PSA. ``settings`` and ``secrets`` map each name to a sentence on what it is; those in ``required`` have no default."""

    name: str
    connect: Connect
    limits: LimitsOf
    settings: Mapping[str, str]
    secrets: Mapping[str, str]
    required: frozenset[str]
    assumptions: tuple[Assumption, ...] = ()
    """What is to be verified on each tenant."""
    look: Look | None = None
    """Reads what can be read of them; ``None`` where that is nothing."""
    tickets: TicketKind | None = None
    """How tickets are opened there; ``None`` where they cannot be."""
