"""A run: one pass over the customers, daily or on demand for one of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from sync_core.model.customers import Mode


class RunKind(StrEnum):
    """Why a run was started."""

    DAILY = "daily"
    ON_DEMAND = "on demand"
    RESYNC = "resync"


class RunState(StrEnum):
    """The life of a run. ``HELD`` ends like ``FINISHED``, with nothing applied."""

    READING = "reading"
    RELEASED = "released"
    HELD = "held"
    FINISHED = "finished"
    TOLD = "told"


class CustomerState(StrEnum):
    """The life of one customer within a run."""

    QUEUED = "queued"
    PLANNED = "planned"
    RELEASED = "released"
    DONE = "done"
    FAILED = "failed"
    HELD = "held"

    @property
    def final(self) -> bool:
        """Whether nothing more happens to the customer in this run."""
        return self in (CustomerState.DONE, CustomerState.FAILED, CustomerState.HELD)


@dataclass(frozen=True)
class Run:
    """The run itself. What later stages must not decide anew is stored here: configuration version and business dates.

    ``reading`` and ``open`` count the counter rows that still have customers to read or to end.
    """

    run_id: str
    kind: RunKind
    slot: datetime
    started: datetime
    reading_deadline: datetime
    configuration: int
    business_dates: Mapping[str, date]
    customers: int
    counters: int
    reading: int
    open: int
    state: RunState = RunState.READING
    ceiling: Mode = Mode.AUTOMATIC
    reason: str = ""
    finished: datetime | None = None
    stopped: str = ""
    """Why the run's writes were stopped, when they were."""
    held: bool = False


@dataclass(frozen=True)
class CustomerRun:
    """One customer in one run. ``money`` is what its applicable changes move per period, by currency."""

    run_id: str
    tenant_id: str
    name: str
    counter: int
    state: CustomerState = CustomerState.QUEUED
    reason: str = ""
    fix: str = ""
    plan_id: str = ""
    changes: int = 0
    applicable: int = 0
    money: Mapping[str, Decimal] = field(default_factory=dict)
    ended_lines: int = 0
    since: datetime | None = None
    """When the customer entered its state (UTC); the sweep judges lost messages by it."""
