"""A plan: the differences found for one customer in one run, each with its reason, money and verdict, and the steps that make it true."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Any

from sync_core.model.agreements import SelfEnding, Shift, Terms
from sync_core.model.customers import Mode
from sync_core.model.notices import Finding, NoticeKind


class ChangeKind(StrEnum):
    """What a change does to a line."""

    ADD = "add"
    SET_QUANTITY = "set quantity"
    """Sets the main line's quantity; units that count from a day in invoiced time get self-ending lines first."""
    PRORATE = "prorate"
    """Adds self-ending lines only: the main line keeps its quantity until the period is invoiced."""
    SET_PRICE = "set price"
    SET_TEXT = "set text"
    """Puts the names of people into the text of a line, or takes them out; moves no money."""
    END = "end"
    ADOPT = "adopt"
    """Takes an existing line under management as it is; writes nothing to the PSA."""
    HAND_BACK = "hand back"
    """Leaves an adopted line to people again, as it is; writes nothing to the PSA."""
    NONE = "none"
    """Nothing can be proposed yet: a question to a person about this item."""


MOVES_UNITS = (ChangeKind.ADD, ChangeKind.SET_QUANTITY, ChangeKind.PRORATE, ChangeKind.END)
"""The kinds that change how many units a line bills."""
MOST_CHANGES_A_STEP = 60
"""What a step leaves behind is kept in one transaction with its journal row, which takes 100 writes."""


class Verdict(StrEnum):
    """What may happen to a change."""

    SAFE = "safe"
    NEEDS_APPROVAL = "needs approval"
    HELD = "held"
    """Cannot be applied, approved or not, until its cause is gone."""


class Decision(StrEnum):
    """What a person said about exactly the change that was shown."""

    NONE = "none"
    APPROVED = "approved"
    REJECTED = "rejected"


class ChangeResult(StrEnum):
    """What became of a change."""

    PLANNED = "planned"
    OBSERVED = "observed"
    WAITING = "waiting"
    HELD = "held"
    REJECTED = "rejected"
    APPLIED = "applied"
    HALF_DONE = "half done"
    FAILED = "failed"


TRIED = (ChangeResult.APPLIED, ChangeResult.HALF_DONE, ChangeResult.FAILED)
"""The results of a change that was to be written: nobody decides on it any more."""


@dataclass(frozen=True)
class Change:
    """One difference between the desired and the actual line.

    Quantities are in units; money is net, in ``currency``, an estimate for one period of the agreement. ``self_ending`` lines are
    written before the line itself, with ``terms``; so is a new line. The ``unit_price`` of ``terms`` is the new one of a set price, the ``text`` that
    of a set text, with the names in it.
    ``rests_on`` are the PSA's values the change relies on: if one differs right before the write, the change is held.
    """

    change_id: str
    link_key: str
    item_id: str
    item: str
    connection: str
    agreement_id: str
    product: str
    kind: ChangeKind
    verdict: Verdict
    reasons: tuple[str, ...]
    line_id: str = ""
    product_id: str = ""
    before: Decimal | None = None
    after: Decimal | None = None
    unit_price: Decimal = Decimal(0)
    money: Decimal = Decimal(0)
    """What one full period costs more (or less) than before."""
    prorated: Decimal = Decimal(0)
    """What the days before the first full period cost, rounded half up to cents for each period, as invoices are."""
    period_months: int = 1
    period_first: date | None = None
    """The agreement's billing period that holds the business date: its first day, and"""
    period_last: date | None = None
    """its last one."""
    currency: str = ""
    effective: date | None = None
    """First day with the new quantity; for an end, the last billed day."""
    line_from: date | None = None
    """First day with the new quantity of the line itself, where units beside it count from another day."""
    invoice: date | None = None
    """The date of the first invoice that shows it."""
    marker: str = ""
    rests_on: Mapping[str, str] = field(default_factory=dict)
    is_double: bool = False
    """Whether the line is one beside the link's own, which goes on: a second one of the same create, or, with its ``self_ending``, one that an
    undo takes off before it bills."""
    overrules: Decimal | None = None
    """Of a person's edit that is accepted: the units we count, which it stands against."""
    self_ending: tuple[SelfEnding, ...] = ()
    later: Decimal | None = None
    """What the line is to hold once the time of its self-ending lines is invoiced, where that is not ``after``."""
    shifts: tuple[Shift, ...] = ()
    """Of dated quantities, by day: one write each."""
    terms: Terms = field(default_factory=Terms)
    undoes: Decimal | None = None
    """Of an undo: the units that it takes back, and that no run sets again by itself for a while."""
    takes_over: str = ""
    """Of an adoption: the link that followed the line until now, and follows nothing any more."""
    decision: Decision = Decision.NONE
    decided_by: str = ""
    result: ChangeResult = ChangeResult.PLANNED
    result_reason: str = ""

    @property
    def a_month(self) -> Decimal:
        """``money`` for a month of the period, rounded half up to cents."""
        return (self.money / max(self.period_months, 1)).quantize(Decimal("0.01"), ROUND_HALF_UP)

    @property
    def applicable(self) -> bool:
        """Whether it changes something and nothing but its verdict and mode stands in the way."""
        return self.kind is not ChangeKind.NONE and self.verdict is not Verdict.HELD and self.decision is not Decision.REJECTED


@dataclass(frozen=True)
class Unlinked:
    """An item that is counted and goes nowhere: it is not billed by us until somebody links it."""

    item_id: str
    item: str
    purchased: int | None
    assigned: int | None
    why: str


@dataclass(frozen=True)
class Undo:
    """What is to be taken back: all that a run wrote at its customers, or ``changes`` of one customer, each as ``plan/change``."""

    run_id: str = ""
    changes: tuple[str, ...] = ()
    why: str = ""
    beside: tuple[str, ...] = ()
    """Other runs that are taken back together with ``run_id``: those of one cut-over."""


class PlanState(StrEnum):
    """The life of a customer's live plan."""

    LIVE = "live"
    APPLYING = "applying"
    FINISHED = "finished"


@dataclass(frozen=True)
class Plan:
    """The changes of one customer in one run. ``business_dates`` holds the date per PSA connection everything was computed for."""

    plan_id: str
    tenant_id: str
    run_id: str
    created: datetime
    mode: Mode
    configuration: int
    business_dates: Mapping[str, date]
    changes: tuple[Change, ...] = ()
    unlinked: tuple[Unlinked, ...] = ()
    notes: tuple[str, ...] = ()
    noted: tuple[str, ...] = ()
    """The items that the notes are about, in their order; empty for one that is about none."""
    findings: tuple[Finding, ...] = ()
    judged: frozenset[NoticeKind] = frozenset()
    snapshot: str = ""
    """The name of the evidence blob that the counts come from."""
    undo: Undo | None = None
    """Of a plan that takes back what others wrote; the counts play no part in it."""

    @property
    def leaves_open(self) -> bool:
        """Whether a person may still decide on a change of it, or is asked: not all of them were tried."""
        return any(change.result not in TRIED for change in self.changes)


@dataclass(frozen=True)
class Step:
    """One HTTP write in a PSA. ``request`` is the adapter's own (method, path, body), stored and shown as it will be sent.

    ``repeatable`` steps set absolute values on a known id; the others are repeated only after the probes say *not done*.
    """

    step_id: str
    change_ids: tuple[str, ...]
    connection: str
    agreement_id: str
    describes: str
    request: Mapping[str, Any]
    repeatable: bool
    line_id: str = ""
    marker: str = ""
    shifts_from: date | None = None
    """The first day of the shift that it writes, of a change that has several."""


class StepState(StrEnum):
    """The journal's states of a step; it moves only forward, by ETag."""

    PLANNED = "planned"
    SENDING = "sending"
    UNKNOWN = "unknown"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    HELD = "held"
    """Not sent: what it rests on had changed."""
    UNRESOLVED = "unresolved"
    """Sent, and neither we nor the PSA can tell: a person looks."""


@dataclass(frozen=True)
class JournalEntry:
    """The journal row of a step: written before the request is sent, moved on after the answer.

    ``send_until`` is the wall-clock time (UTC) after which the attempt's writer does not send any more;
    ``settled_at`` is when a lost write has either happened or never will.
    """

    plan_id: str
    number: int
    step: Step
    state: StepState = StepState.PLANNED
    attempt: int = 0
    send_until: datetime | None = None
    settled_at: datetime | None = None
    not_done_probes: int = 0
    """How often a probe said *not done* since the last attempt, and"""
    last_probe: datetime | None = None
    """when it last did."""
    taken: bool = False
    """Whether the PSA said of the last attempt that it took the write."""
    before: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By change id the PSA's values right before the last attempt, by the names that plans use."""
    line_ids: tuple[str, ...] = ()
    """The lines a confirmed step made or changed, one for each of its changes."""
    outcome: str = ""

    @property
    def made(self) -> Mapping[str, str]:
        """By change id the line that a confirmed step made or changed."""
        return dict(zip(self.step.change_ids, self.line_ids, strict=False))
