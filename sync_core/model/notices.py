"""What people are told of: kinds of notices, who gets which how often, and the findings that are told once and not every night."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class NoticeKind(StrEnum):
    """What a notice is about. Each kind has a route of its own: recipients, frequency, ticket."""

    APPLIED = "applied"
    WAITING = "waiting"
    """Changes that wait for a person's word, and those that were planned and not applied."""
    HELD = "held"
    """Changes that cannot be applied until their cause is gone, and questions."""
    FAILED = "failed"
    """Customers that could not be read, and writes that the PSA refused or that nobody can vouch for."""
    OBSERVED = "observed"
    """What would change and was left alone: customers in mode observe, and rejected changes."""
    NOT_LINKED = "not linked"
    NOT_BILLED = "not billed"
    """Trials, seats that somebody else sold, and seats that cannot be used."""
    NOT_CONFIGURED = "not configured"
    """Tenants with a relationship that are no customers yet."""
    GONE = "gone"
    """Customers without an active relationship."""
    LEFT_BEHIND = "left behind"
    """Lines that are billed and that no link manages any more, and customers that have left, or leave with a line that goes on."""
    RELATIONSHIPS_ENDING = "relationships ending"
    SIGN_IN_ENDING = "sign-in ending"
    """Secrets, certificates and the refresh token that the app signs in with."""
    UNASSIGNED = "unassigned"
    """Seats that are bought and that nobody holds; not of SKUs that hold for a whole company."""
    SHARED_MAILBOXES = "shared mailboxes"
    """Shared mailboxes whose user holds licences."""
    DISABLED_USERS = "disabled users"
    """Users who may not sign in and hold licences."""


BY_REQUEST = frozenset({NoticeKind.UNASSIGNED, NoticeKind.SHARED_MAILBOXES, NoticeKind.DISABLED_USERS})
"""Told only where a route is written for them: they cost reads, and are no part of billing."""
TOLD_ONCE = BY_REQUEST | {NoticeKind.RELATIONSHIPS_ENDING, NoticeKind.SIGN_IN_ENDING}
"""Told when they are new and when they are solved, unless the route says ``repeat``. The others are a run's state, told each time."""
REMEMBERED = TOLD_ONCE | {NoticeKind.NOT_LINKED, NoticeKind.NOT_CONFIGURED, NoticeKind.GONE, NoticeKind.LEFT_BEHIND}
"""Kept from run to run, whatever the route says: since when each stands, and whether somebody accepted it."""


@dataclass(frozen=True)
class Finding:
    """One thing that people are told of. It names no person: who has the mark ``person`` is looked up in the evidence when it is told.

    ``key`` is made of ids that do not change while it is the same thing, so that it is told once. ``state`` is what of it changes
    and is told anew, such as a nearer end. An empty ``tenant_id`` means the partner itself.
    """

    kind: NoticeKind
    key: str
    text: str
    tenant_id: str = ""
    customer: str = ""
    item_id: str = ""
    item: str = ""
    fix: str = ""
    state: str = ""
    person: str = ""
    since: date | None = None
    """The PSA date of the run that saw it first, once that is known."""

    @property
    def finding_id(self) -> str:
        """A short name for people and rows: the same in every run, whatever the numbers in the text."""
        return hashlib.sha256("\x1f".join((self.kind, self.tenant_id, self.key)).encode()).hexdigest()[:12]


class Frequency(StrEnum):
    """How often a kind is told."""

    EACH_RUN = "each run"
    DAILY = "daily"
    """With the first run over all customers of a business date."""
    WEEKLY = "weekly"
    """With the first run over all customers on or after a weekday."""


class Weekday(StrEnum):
    """Days of the week, Monday first as in ``date.weekday``."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


@dataclass(frozen=True)
class TicketRoute:
    """Which tickets a kind makes in a PSA. ``settings`` are that PSA's own, such as the board.

    With ``at_customer`` a customer's tickets are opened at its own company on the connection, where it has one; else all of a kind
    are one ticket at ``company``.
    """

    connection: str
    company: str
    at_customer: bool = False
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Route:
    """Where a kind goes. Without ``recipients`` it goes to those of all notices; ``repeat`` ``None`` is as the kind usually is."""

    recipients: tuple[str, ...] = ()
    frequency: Frequency = Frequency.EACH_RUN
    weekday: Weekday = Weekday.MONDAY
    when_empty: bool = False
    """Whether a mail goes out also when there is nothing of the kind."""
    repeat: bool | None = None
    """Whether what was told before and still stands is told again each time."""
    mail: bool = True
    ticket: TicketRoute | None = None


@dataclass(frozen=True)
class Silence:
    """What is not told: ``off`` of everything, ``items`` by item id."""

    off: frozenset[NoticeKind] = frozenset()
    items: Mapping[str, frozenset[NoticeKind]] = field(default_factory=dict)

    def of(self, finding: Finding) -> bool:
        """Whether this keeps a finding quiet."""
        return finding.kind in self.off or finding.kind in self.items.get(finding.item_id, frozenset())


NOTHING_OFF = Silence()
