"""The answer to "why is this 12?": what a line was on a day, and everything that made it so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from sync_core.model.billing import BillingProfile, CountedItem
from sync_core.model.customers import Mode
from sync_core.model.plans import Change, Decision


@dataclass(frozen=True)
class Word:
    """What a person said about a change, and when (UTC)."""

    at: datetime
    by: str
    decision: Decision
    why: str = ""


@dataclass(frozen=True)
class Write:
    """One write to the PSA: what was sent and when (UTC), what the PSA answered, and the line before and after it by the names of plans."""

    what: str
    state: str
    sent: datetime | None = None
    answer: str = ""
    outcome: str = ""
    before: Mapping[str, str] = field(default_factory=dict)
    after: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Told:
    """A mail that told of a run; ``at`` is UTC."""

    at: datetime
    to: tuple[str, ...]
    subject: str
    message_id: str


@dataclass(frozen=True)
class Story:
    """A change from its plan to the mail that told of it. ``made`` is UTC, ``mode`` how far the run went for the customer."""

    change: Change
    plan_id: str
    run_id: str
    made: datetime
    mode: Mode
    said: tuple[Word, ...] = ()
    written: tuple[Write, ...] = ()
    told: tuple[Told, ...] = ()
    notice: str = ""
    """What became of the run's mail, in words."""


@dataclass(frozen=True)
class Look:
    """The run that looked at the customer last, as of the day. ``unread`` says why a later one of the day could not."""

    run_id: str
    at: datetime
    configuration: int
    unread: str = ""


@dataclass(frozen=True)
class Rule:
    """How the item was billed: the profile of a configuration version, who imported it and when (UTC), and what it makes of the count."""

    profile: BillingProfile
    configuration: int
    imported_by: str
    imported: datetime | None
    units: int | None
    words: str


@dataclass(frozen=True)
class People:
    """Who was counted, by name, as of the evidence; ``why`` says why nobody is named. ``withheld`` is true where the asker may not see names."""

    names: tuple[str, ...] = ()
    why: str = ""
    withheld: bool = False


@dataclass(frozen=True)
class Explanation:
    """One line of a customer on a day, the PSA's date. ``units`` are what we last left on it; ``None`` where none of ours was there yet."""

    tenant_id: str
    customer: str
    on: date
    link_key: str
    item_id: str
    item: str
    connection: str
    agreement_id: str = ""
    line_id: str = ""
    product: str = ""
    units: Decimal | None = None
    look: Look | None = None
    counted: CountedItem | None = None
    counted_since: datetime | None = None
    """The start (UTC) of the run that first counted so."""
    rule: Rule | None = None
    people: People = People()
    made_by: tuple[Story, ...] = ()
    """The changes that made the line what it was, newest first."""
    open: tuple[Story, ...] = ()
    """What was proposed by that run and not written: it waited, was held, or was only observed."""
