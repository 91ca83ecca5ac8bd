"""What the core asks of the world. Adapters implement these; the in-memory ones of the tests pass the same contract suites."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from sync_core.model.access import Delegation, Renewal
from sync_core.model.agreements import Agreement, AgreementLines, Company, Line, Product
from sync_core.model.custom_licences import Attribute
from sync_core.model.customers import Customer
from sync_core.model.licences import Source, UsageSnapshot
from sync_core.model.plans import Change, Step


class Clock(Protocol):
    """Time. Nothing else in the product asks the machine for it."""

    def now(self) -> datetime:
        """The present, timezone-aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never jump, for deadlines within one process."""
        ...

    def sleep(self, seconds: float) -> None:
        """Waits; others go on meanwhile."""
        ...


Value = str | int | bool | float | datetime


@dataclass(frozen=True)
class Row:
    """A row of a table. ``etag`` is empty on a row that was never read; ``values`` holds no ``None``."""

    partition: str
    key: str
    values: Mapping[str, Value] = field(default_factory=dict)
    etag: str = ""


class Write(StrEnum):
    """What a row write demands of the row that is there."""

    INSERT = "insert"
    """No row may be there."""
    REPLACE = "replace"
    """The row must be there with the same ETag."""
    UPSERT = "upsert"
    """Whatever is there is overwritten."""
    DELETE = "delete"
    """The row goes, if its ETag is the same; an empty ETag means any. A missing row is no error."""


@dataclass(frozen=True)
class RowWrite:
    """One write of a transaction."""

    write: Write
    row: Row


class Store(Protocol):
    """Tables with transactions inside a partition (Azure Table Storage's promises, no more)."""

    def get(self, table: str, partition: str, key: str) -> Row | None:
        """The row, or ``None``."""
        ...

    def query(self, table: str, partition: str, prefix: str = "", after: str = "") -> Iterator[Row]:
        """The rows of a partition whose key starts with ``prefix`` and comes after ``after``, in key order."""
        ...

    def partitions(self, table: str) -> Iterator[str]:
        """The partitions of a table that hold a row, in order, each found by a query of its own: for work that is done once a day."""
        ...

    def transact(self, table: str, writes: Sequence[RowWrite]) -> None:
        """All writes or none: at most 100, one partition, one write a row.

        Raises:
            Conflict: a row was there on insert, or missing or changed on replace or delete.
            ValueError: the writes break a limit of the service (keys, sizes, number).
        """
        ...


class Queue(Protocol):
    """Messages to the stages: ids only, delivered at least once and in any order."""

    def send(self, queue: str, body: str, delay: float = 0.0) -> None:
        """Puts a message, visible after ``delay`` seconds (at most 7 days)."""
        ...


class Blobs(Protocol):
    """Evidence too large for a row."""

    def put(self, name: str, content: bytes) -> None:
        """Stores the content, over whatever is there."""
        ...

    def get(self, name: str) -> bytes | None:
        """The content, or ``None``."""
        ...

    def names(self, prefix: str = "") -> Iterable[str]:
        """The names that start with ``prefix``, in order."""
        ...

    def delete(self, name: str) -> None:
        """Takes the blob away; one that is not there is no error."""
        ...


class Secrets(Protocol):
    """Secrets by name. Values never reach a log or an exception."""

    def get(self, name: str, fresh: bool = False) -> str:
        """The newest value, which may be some minutes old unless it has to be ``fresh``.

        Raises ``InvalidConfiguration`` when there is none or it may not be read.
        """
        ...

    def put(self, name: str, value: str, ends: datetime | None = None) -> None:
        """Stores a new version; ``ends`` (UTC) is until when it is good, where that is known."""
        ...

    def ends(self, name: str) -> datetime | None:
        """Until when (UTC) the newest version is good, or ``None`` when nobody said so; raises as ``get`` does."""
        ...


@dataclass(frozen=True)
class Relationship:
    """What the partner may do at a customer, all its active GDAP relationships united. Dates are UTC."""

    tenant_id: str
    name: str
    ends: datetime | None = None
    role_ids: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Health:
    """Whether something works; ``fix`` says what to do when it does not."""

    name: str
    ok: bool
    detail: str = ""
    fix: str = ""


@dataclass(frozen=True)
class UsageNeeds:
    """What is to be read of a customer besides its SKUs and subscriptions; nothing that is not named here is asked for.

    ``attributes`` are those of the users; ``groups`` (ids) and ``service_plans`` (ids or names) are those that conditions name.
    """

    sources: frozenset[Source] = frozenset()
    attributes: frozenset[Attribute] = frozenset()
    groups: frozenset[str] = frozenset()
    service_plans: frozenset[str] = frozenset()


NOTHING_MORE = UsageNeeds()


class Microsoft(Protocol):
    """The Microsoft side: who the customers are and what each holds."""

    def read_usage(self, customer: Customer, needs: UsageNeeds = NOTHING_MORE) -> UsageSnapshot:
        """Reads a customer's SKUs and subscriptions, and what else is needed.

        Raises ``SkipCustomer``, ``StopRun`` or ``RetryLater``. Parts that failed are named in the snapshot.
        """
        ...

    def relationships(self) -> Sequence[Relationship]:
        """All customers with an active relationship; raises rather than answer with a part of them."""
        ...

    def verified_domains(self, customer: Customer) -> frozenset[str]:
        """The customer's verified domain names, lower case."""
        ...

    def health(self) -> Health:
        """Whether the partner's own sign-in works."""
        ...

    def renew(self) -> Renewal:
        """Signs in to the partner's tenant anew, and keeps the refresh token fresh where there is one.

        Raises ``StopRun`` or ``InvalidConfiguration`` when the sign-in does not work, ``RetryLater`` when that cannot be told now.
        """
        ...

    def delegations(self) -> Sequence[Delegation]:
        """Every active GDAP relationship by itself, with until when it lasts; raises rather than answer with a part of them."""
        ...

    def credential_ends(self) -> datetime | None:
        """When (UTC) what the app registration proves itself with ends, or ``None`` when that cannot be told; raises ``SyncError``."""
        ...


class Probe(StrEnum):
    """What a look at the PSA says about a step that was sent."""

    DONE = "done"
    NOT_DONE = "not done"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True)
class Probed:
    """The answer of a probe. Of a step that is done, ``lines`` are the lines as they are now: one for each of its ``change_ids``, in that order."""

    probe: Probe
    lines: tuple[Line, ...] = ()
    why: str = ""


@dataclass(frozen=True)
class Receipt:
    """The PSA's word that a write was done. ``line_id`` names the line it made or changed."""

    line_id: str
    detail: str = ""


class Psa(Protocol):
    """One connection to a PSA. Ids are strings; reads raise ``RetryLater``, ``StopRun`` or ``Rejected``."""

    @property
    def connection(self) -> str:
        """The connection's name in the configuration; part of every key."""
        ...

    @property
    def settle_seconds(self) -> float:
        """How long after its deadline a lost write may still happen in this PSA."""
        ...

    def read_headers(self, agreement_ids: Collection[str] | None) -> Sequence[Agreement]:
        """The heads of these agreements (``None``: of all active ones), in bulk; unknown ids are left out."""
        ...

    def company_agreements(self, company_id: str) -> Sequence[Agreement]:
        """The heads of all of a company's agreements that bill."""
        ...

    def read_lines(self, agreement: Agreement, on: date) -> tuple[Line, ...]:
        """All lines of an agreement with their quantity on that date, those that are over included.

        A line that begins later has the quantity it begins with.
        """
        ...

    @property
    def together(self) -> int:
        """The lines of how many agreements are read in one go, so that each costs a part of a call; 1 where each is read by itself."""
        ...

    def read_together(self, agreements: Sequence[Agreement], on: date) -> Mapping[str, tuple[Line, ...]]:
        """By agreement id what ``read_lines`` says, of up to ``together`` agreements in as few calls as there can be.

        For planning only. One that is left out, perhaps because it cannot be read, is to be read by itself.
        """
        ...

    def companies(self) -> Sequence[Company]:
        """The companies that are not deleted, with what is known of their domains."""
        ...

    def products(self, identifiers: Collection[str] | None = None) -> Sequence[Product]:
        """The catalogue's products with these identifiers, or all of them."""
        ...

    def cannot_change_units(self) -> str:
        """Why no units may be written now, in words that say what to do; empty where they may. Asked only where some are to be written."""
        ...

    def invoices_against(self, held: AgreementLines) -> str:
        """Why the agreement's invoices speak against its first open day, in words that say what to do; empty where they agree or tell nothing.

        ``held`` are the agreement's lines as this plan read them. Asked only where a change is planned whose form depends on that day.
        """
        ...

    def steps_for(self, agreement: Agreement, changes: Sequence[Change], plan_id: str) -> Sequence[Step]:
        """The writes of these changes of one agreement, in order. Pure; ids are deterministic. None carries more than ``MOST_CHANGES_A_STEP``.

        Raises ``Rejected`` or ``ValueError`` where one of them cannot be written at all, such as a part of a unit where whole ones are counted.
        """
        ...

    def execute(self, step: Step, send_until: float) -> Receipt:
        """Sends the step's one HTTP write, unless the monotonic clock has passed ``send_until``.

        Raises:
            Rejected: refused; nothing was written.
            Throttled: refused before processing, or not sent in time; nothing was written.
            OutcomeUnknown: sent, and nobody knows.
        """
        ...

    def probe(self, step: Step) -> Probed:
        """Reads whether the step's effect is there."""
        ...

    def health(self) -> Health:
        """Whether the PSA answers and takes our key; says which right is missing."""
        ...


@dataclass(frozen=True)
class Ticket:
    """A ticket to be opened. ``marker`` is the same for every try and is found in the PSA; ``settings`` are those of its route."""

    marker: str
    company_id: str
    title: str
    text: str
    settings: Mapping[str, str] = field(default_factory=dict)


class Tickets(Protocol):
    """Opens tickets in a PSA. Like lines, they are journaled first and looked for by their marker after a lost answer."""

    @property
    def settle_seconds(self) -> float:
        """How long after its deadline a lost write may still happen there."""
        ...

    def open_ticket(self, ticket: Ticket, send_until: float) -> str:
        """Opens a ticket with one HTTP write and answers with its id; raises as ``Psa.execute`` does."""
        ...

    def find_ticket(self, ticket: Ticket) -> str | None:
        """The id of the ticket with this marker, open or closed; the oldest where there are several."""
        ...

    def add_note(self, ticket: Ticket, ticket_id: str, send_until: float) -> None:
        """Adds the text as a note to the ticket with this id, one that customers do not see; raises as ``Psa.execute`` does."""
        ...


@dataclass(frozen=True)
class Attachment:
    """A file that goes with a mail. ``content_type`` is of the form ``text/csv``; ``name`` is plain ASCII."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True)
class Mail:
    """One e-mail. ``message_id`` is the same for every try to send it."""

    message_id: str
    sender: str
    recipients: tuple[str, ...]
    subject: str
    html: str
    text: str
    attachments: tuple[Attachment, ...] = ()


class Mailer(Protocol):
    """Sends mail."""

    def send(self, mail: Mail) -> None:
        """Hands the mail over; raises ``RetryLater``, ``Rejected`` or ``OutcomeUnknown``."""
        ...

    def health(self) -> Health:
        """Whether mail can be handed over, as far as that can be known without sending one."""
        ...
