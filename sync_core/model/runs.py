"""A run: one pass over the customers, daily or on demand for one of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from sync_core.model.customers import Mode
from sync_core.model.notices import Finding, NoticeKind
from sync_core.model.plans import Undo, Unlinked


class RunKind(StrEnum):
    """Why a run was started."""

    DAILY = "daily"
    ON_DEMAND = "on demand"
    RESYNC = "resync"
    UNDO = "undo"
    """Takes back what others wrote, in place of reading what is to be billed."""
    CUTOVER = "cut-over"
    """Ends, takes over or replaces lines that a person chose and confirmed."""


class RunState(StrEnum):
    """The life of a run."""

    STARTING = "starting"
    """Its customers are being queued."""
    READING = "reading"
    RELEASED = "released"
    """Every customer was read or given up; the totals were judged and what may be applied is being applied."""
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
    """The run itself. What later stages must not decide anew is stored here: configuration version, business dates, ceiling.

    ``reading`` and ``open`` count the counter rows that still have customers to read or to end. ``only`` names the
    customers of a run that is not about all of them.
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
    only: tuple[str, ...] = ()
    state: RunState = RunState.STARTING
    ceiling: Mode = Mode.AUTOMATIC
    asked_by: str = ""
    held: str = ""
    """Why nothing of the run is applied but what people approved, when its totals were not plausible."""
    totals: RunTotals | None = None
    """What the run was judged by; ``None`` until it was."""
    settled: str = ""
    """What a person decided on a held run as a whole, and who."""
    stopped: str = ""
    """Why the run's writes were stopped on the way, when they were."""
    finished: datetime | None = None
    notice: str = ""
    """What became of the run's e-mail."""
    undo: Undo | None = None
    """What a run of kind ``UNDO`` takes back."""
    cutover: str = ""
    """The cut-over that a run of kind ``CUTOVER`` carries out, by its id."""

    @property
    def by_people(self) -> bool:
        """Whether a person approves each of its changes, so that modes and totals play no part."""
        return self.kind in (RunKind.UNDO, RunKind.CUTOVER)


@dataclass(frozen=True)
class CustomerRun:
    """One customer in one run.

    ``applicable`` counts the changes that go through without a person's word, and ``money`` is what they move per period,
    by currency: what the run is judged by. ``waiting`` counts those that ask for a person, ``observed`` those that are shown and no more.
    """

    run_id: str
    tenant_id: str
    name: str
    counter: int
    state: CustomerState = CustomerState.QUEUED
    reason: str = ""
    code: str = ""
    fix: str = ""
    plan_id: str = ""
    changes: int = 0
    applicable: int = 0
    waiting: int = 0
    observed: int = 0
    money: Mapping[str, Decimal] = field(default_factory=dict)
    unlinked: tuple[Unlinked, ...] = ()
    notes: tuple[str, ...] = ()
    """What was seen and is not billed: trials, seats of other sellers, suspended seats."""
    noted: tuple[str, ...] = ()
    """The items that the notes are about, in their order; empty for one that is about none."""
    findings: tuple[Finding, ...] = ()
    """What was seen that people asked to be told of, such as seats that nobody holds."""
    judged: frozenset[NoticeKind] = frozenset()
    """The kinds of which ``findings`` holds all there is."""
    last_read: date | None = None
    """The last day (UTC) on which the customer could be read, known when this time it could not."""
    since: datetime | None = None
    """When the customer entered its state (UTC); the sweep judges lost messages by it."""


@dataclass(frozen=True)
class RunTotals:
    """What runs are judged by: how many customers change and how much money moves per period, each currency apart."""

    customers: int = 0
    changed: int = 0
    money: Mapping[str, Decimal] = field(default_factory=dict)
