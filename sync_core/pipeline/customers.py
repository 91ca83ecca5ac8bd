"""A customer at rest: one partition that holds what the next run needs (keys ``a-``), the plans with their journal (``p-``) and its
history (``h-``).

What changes together shares the partition and a transaction: a plan and the pointer to it, a confirmed step and the line
it left behind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal

from sync_core.billing import fingerprint
from sync_core.documents import to_document
from sync_core.errors import Conflict
from sync_core.model.billing import Binding, Move
from sync_core.model.customers import Leaving
from sync_core.model.forgotten import Forgotten
from sync_core.model.history import Record, RecordKind
from sync_core.model.plans import Change, Decision, JournalEntry, Plan, PlanState
from sync_core.model.terms import Commitment, Term
from sync_core.pipeline.history import applied, record_write
from sync_core.ports import Row, RowWrite, Store
from sync_core.rows import Stored, delete, from_row, insert, insert_or_replace, read, replace_row, safe_key, to_row, upsert

CUSTOMERS = "customers"
_BINDING = "a-binding-"
_DECISION = "a-decision-"
_UNDONE = "a-undone-"
_FORGOTTEN = "a-forgotten-"
_LIVE = "a-live"
_STATE = "a-state"
_RESYNC = "a-resync"
_LEAVING = "a-leaving"
_BATCH = 90


@dataclass(frozen=True)
class Live:
    """The pointer to the customer's newest plan, which may be live; ``number`` counts its plans and makes their ids."""

    number: int = 0
    plan_id: str = ""
    run_id: str = ""
    state: PlanState = PlanState.FINISHED
    leaves_open: bool = True
    """Whether a change of the plan may be shown as one to decide on, or to answer; see ``Plan.leaves_open``."""

    @property
    def on_show(self) -> bool:
        """Whether it has people decide or answer, until the customer is read again and comes to something else."""
        return bool(self.plan_id) and self.leaves_open


@dataclass(frozen=True)
class Verified:
    """The business date on which a customer's lines were last read and found as they should be, and a fingerprint of what that rested on."""

    day: date
    basis: str


@dataclass(frozen=True)
class LastRead:
    """What the last good read left: its day (UTC), its evidence, since when (PSA date) a link's quantity has been zero, and which counts moved."""

    day: date
    snapshot: str = ""
    digest: str = ""
    zero_since: Mapping[str, date] = field(default_factory=dict)
    moves: Mapping[str, Move] = field(default_factory=dict)
    commitments: Mapping[str, Commitment] = field(default_factory=dict)
    """By subscription id, the units that are committed until it renews."""
    row_terms: Mapping[str, str] = field(default_factory=dict)
    """By the key of a link to a subscription or a term: how long that is, to know its renewal by."""
    terms: Mapping[str, Term] = field(default_factory=dict)
    """By commerce id, what Partner Center said last: a term holds until it renews, whether or not that can be read every night."""
    verified: Verified | None = None
    """Where lines need not be read every night; see ``verifying``."""


@dataclass(frozen=True)
class Said:
    """A person's word on a change, for exactly what was shown: the change's fingerprint. It holds until ``until`` (UTC).

    ``person`` is the id of a verified person; ``second`` is who else said the same, where two have to.
    """

    fingerprint: str
    decision: Decision
    by: str
    why: str
    at: datetime
    until: datetime
    person: str = ""
    second: str = ""

    def counts(self, four_eyes: bool) -> bool:
        """Whether it is enough: a *no* of one person is, a *yes* only where one is asked for, or a second person said it too."""
        return self.decision is not Decision.APPROVED or bool(self.second) or not four_eyes


@dataclass(frozen=True)
class Undone:
    """What was undone on a link: until ``until`` (UTC) no run sets ``units`` again by itself, nor anything else without a person's word.

    ``units`` are ``None`` where only a price was taken back.
    """

    link_key: str
    units: Decimal | None
    by: str
    at: datetime
    until: datetime


@dataclass(frozen=True)
class LastResync:
    """The customer's newest resync: a second request finds it while it is under way."""

    run_id: str


@dataclass(frozen=True)
class CustomerRecord:
    """All that is known of a customer before it is read again."""

    tenant_id: str
    live: Stored[Live]
    last: Stored[LastRead] | None
    bindings: Mapping[str, Binding]
    said: Mapping[str, Said]
    undone: Mapping[str, Undone] = field(default_factory=dict)
    """By link key."""
    leaving: Leaving | None = None
    """What a person said, where the customer goes or is gone."""
    forgotten: tuple[Forgotten, ...] = ()

    def words_on(self, changes: Iterable[Change]) -> Mapping[str, Said]:
        """By fingerprint, what people said of just these changes: an undo takes back what was approved of its link before it."""
        words = ((change, self.said.get(fingerprint(change))) for change in changes)
        return {word.fingerprint: word for change, word in words if word and not self._is_taken_back(change, word)}

    def _is_taken_back(self, change: Change, word: Said) -> bool:
        undone = self.undone.get(change.link_key)
        return undone is not None and word.decision is Decision.APPROVED and word.at < undone.at  # at the same moment it is the undo's own


def load_record(store: Store, tenant_id: str) -> CustomerRecord:
    """Reads the customer's standing rows in one query."""
    live = Stored(Live(), Row(tenant_id, _LIVE))
    last: Stored[LastRead] | None = None
    bindings: dict[str, Binding] = {}
    said: dict[str, Said] = {}
    undone: dict[str, Undone] = {}
    leaving: Leaving | None = None
    forgotten: list[Forgotten] = []
    for row in store.query(CUSTOMERS, tenant_id, "a-"):
        if row.key == _LIVE:
            live = Stored(from_row(Live, row), row)
        elif row.key == _STATE:
            last = Stored(from_row(LastRead, row), row)
        elif row.key.startswith(_BINDING):
            binding = from_row(Binding, row)
            bindings[binding.link_key] = binding
        elif row.key.startswith(_DECISION):
            word = from_row(Said, row)
            said[word.fingerprint] = word
        elif row.key.startswith(_UNDONE):
            taken_back = from_row(Undone, row)
            undone[taken_back.link_key] = taken_back
        elif row.key == _LEAVING:
            leaving = from_row(Leaving, row)
        elif row.key.startswith(_FORGOTTEN):
            forgotten.append(from_row(Forgotten, row))
    return CustomerRecord(tenant_id, live, last, bindings, said, undone, leaving, tuple(forgotten))


def store_plan(store: Store, record: CustomerRecord, plan: Plan) -> None:
    """Makes ``plan`` the customer's live plan in place of the one the record knows; raises ``Conflict`` when that one moved on."""
    live = Live(record.live.value.number + 1, plan.plan_id, plan.run_id, PlanState.LIVE)
    store.transact(CUSTOMERS, [insert_or_replace(_live_row(record.tenant_id, live, record.live.row.etag)), insert(_plan_row(plan))])


def drop_plan(store: Store, record: CustomerRecord) -> None:
    """Shows the newest plan no more, because nothing of it is asked for any more; raises ``Conflict`` when it moved on.

    What it wrote stays in the history, and can be undone.
    """
    live = Live(record.live.value.number, state=PlanState.FINISHED)
    store.transact(CUSTOMERS, [replace_row(_live_row(record.tenant_id, live, record.live.row.etag))])


def move_live(store: Store, tenant_id: str, live: Stored[Live], state: PlanState) -> Stored[Live]:
    """Moves the live plan on; raises ``Conflict`` when somebody else did."""
    value = replace(live.value, state=state)
    store.transact(CUSTOMERS, [replace_row(_live_row(tenant_id, value, live.row.etag))])
    return load_live(store, tenant_id)


def finish_live(store: Store, live: Stored[Live], plan: Plan) -> None:
    """Ends the live plan with what became of its changes; raises ``Conflict`` when somebody else moved it."""
    value = replace(live.value, state=PlanState.FINISHED, leaves_open=plan.leaves_open)
    store.transact(CUSTOMERS, [replace_row(_live_row(plan.tenant_id, value, live.row.etag))])


def load_live(store: Store, tenant_id: str) -> Stored[Live]:
    """The pointer to the live plan; one that says there is none where there never was a plan."""
    return read(store, CUSTOMERS, tenant_id, _LIVE, Live) or Stored(Live(), Row(tenant_id, _LIVE))


def load_plan(store: Store, tenant_id: str, plan_id: str) -> Stored[Plan] | None:
    """A stored plan, live or not."""
    return read(store, CUSTOMERS, tenant_id, _plan_key(plan_id), Plan)


def save_plan(store: Store, stored: Stored[Plan], plan: Plan, at: datetime) -> None:
    """Stores what became of a plan's changes; raises ``Conflict`` when somebody else did."""
    if plan != stored.value:
        record = record_write(plan.tenant_id, applied(plan, stored, at))
        store.transact(CUSTOMERS, [replace_row(_plan_row(plan, stored.row.etag)), record])


def save_last_read(store: Store, tenant_id: str, last: LastRead, *noted: Record) -> None:
    """Stores what the read of today left; raises ``Conflict`` when another worker ``noted`` the same."""
    store.transact(CUSTOMERS, [upsert(to_row(tenant_id, _STATE, last)), *(record_write(tenant_id, record) for record in noted)])


def load_last_resync(store: Store, tenant_id: str) -> Stored[LastResync] | None:
    """The customer's newest resync, or ``None``."""
    return read(store, CUSTOMERS, tenant_id, _RESYNC, LastResync)


def save_last_resync(store: Store, tenant_id: str, run_id: str, before: Stored[LastResync] | None) -> None:
    """Names the resync that is to be the newest; raises ``Conflict`` when another request was faster."""
    store.transact(CUSTOMERS, [insert_or_replace(to_row(tenant_id, _RESYNC, LastResync(run_id), before.row.etag if before else ""))])


def save_said(store: Store, tenant_id: str, word: Said, record: Record) -> None:
    """Stores a person's word on a change, and for good that it was said; the same word of the same moment is kept once."""
    with suppress(Conflict):
        store.transact(CUSTOMERS, [upsert(to_row(tenant_id, _DECISION + word.fingerprint, word)), record_write(tenant_id, record)])


def save_undone(store: Store, tenant_id: str, undone: Undone) -> None:
    """Stores that a link's units were taken back."""
    record = Record(undone.at, RecordKind.UNDONE, f"{undone.link_key} {undone.units}", to_document(undone), by=undone.by)
    with suppress(Conflict):  # the same moment was noted already
        store.transact(CUSTOMERS, [upsert(to_row(tenant_id, _UNDONE + safe_key(undone.link_key), undone)), record_write(tenant_id, record)])


def load_leaving(store: Store, tenant_id: str) -> Leaving | None:
    """What a person said of a customer that goes or is gone."""
    stored = read(store, CUSTOMERS, tenant_id, _LEAVING, Leaving)
    return stored.value if stored else None


def save_leaving(store: Store, tenant_id: str, word: Leaving | None, record: Record) -> None:
    """Stores what a person said of a customer, or takes it back, and for good that it was said; the same moment is kept once."""
    row = to_row(tenant_id, _LEAVING, word) if word else Row(tenant_id, _LEAVING)
    write = upsert(row) if word else delete(row)
    try:
        store.transact(CUSTOMERS, [write, record_write(tenant_id, record)])
    except Conflict:  # it was said before, and may have been taken back since
        store.transact(CUSTOMERS, [write])


def save_forgotten(store: Store, tenant_id: str, forgotten: Forgotten, record: Record) -> None:
    """Stores whom later evidence must not name; the same moment is noted once."""
    with suppress(Conflict):
        store.transact(CUSTOMERS, [upsert(to_row(tenant_id, _FORGOTTEN + forgotten.pseudonym, forgotten)), record_write(tenant_id, record)])


def follow(store: Store, tenant_id: str, binding: Binding, record: Record, instead_of: str = "") -> None:
    """Makes a link follow a line as it is, ``instead_of`` the link that did; a second time changes nothing."""
    dropped = [delete(Row(tenant_id, _BINDING + safe_key(instead_of)))] if instead_of else []
    with suppress(Conflict):
        store.transact(CUSTOMERS, [binding_write(tenant_id, binding), *dropped, record_write(tenant_id, record)])


def drop_binding(store: Store, tenant_id: str, link_key: str, record: Record) -> None:
    """Makes a link follow no line any more; a second time changes nothing."""
    with suppress(Conflict):
        store.transact(CUSTOMERS, [delete(Row(tenant_id, _BINDING + safe_key(link_key))), record_write(tenant_id, record)])


def load_binding(store: Store, tenant_id: str, link_key: str) -> Binding | None:
    """The line that a link follows now."""
    stored = read(store, CUSTOMERS, tenant_id, _BINDING + safe_key(link_key), Binding)
    return stored.value if stored else None


def binding_write(tenant_id: str, binding: Binding) -> RowWrite:
    """The write that makes a link follow a line."""
    return upsert(to_row(tenant_id, _BINDING + safe_key(binding.link_key), binding, line=binding.line_id))


def begin_plan(store: Store, tenant_id: str, live: Stored[Live], entries: Sequence[JournalEntry]) -> Stored[Live]:
    """Moves the live plan to *applying* together with the journal of its steps, all planned; raises ``Conflict`` when it moved on.

    Whoever was slow can so neither send a step of a plan that is over, nor find a journal that is not whole: rows beyond
    one transaction go first, and count for nothing until the plan has moved.
    """
    rows = [insert(_journal_row(tenant_id, entry)) for entry in entries]
    for start in range(_BATCH, len(rows), _BATCH):
        with suppress(Conflict):  # a worker that was interrupted wrote these very rows
            store.transact(CUSTOMERS, rows[start : start + _BATCH])
    value = replace(live.value, state=PlanState.APPLYING)
    store.transact(CUSTOMERS, [replace_row(_live_row(tenant_id, value, live.row.etag)), *rows[:_BATCH]])
    return load_live(store, tenant_id)


def journal_of(store: Store, tenant_id: str, plan_id: str) -> list[Stored[JournalEntry]]:
    """The journal rows of a plan, in the order of its steps."""
    return [Stored(from_row(JournalEntry, row), row) for row in store.query(CUSTOMERS, tenant_id, f"{_plan_key(plan_id)}-step-")]


def journal(store: Store, tenant_id: str) -> Iterator[JournalEntry]:
    """Every journal row of a customer, oldest plan first."""
    rows = store.query(CUSTOMERS, tenant_id, "p-")
    return (from_row(JournalEntry, row) for row in rows if "-step-" in row.key)


def plans_of(store: Store, tenant_id: str) -> Iterator[tuple[Plan, list[JournalEntry]]]:
    """Every plan of a customer with the journal of its steps, oldest first."""
    entries: list[JournalEntry] = []
    plan: Plan | None = None
    for row in store.query(CUSTOMERS, tenant_id, "p-"):
        if "-step-" in row.key:
            entry = from_row(JournalEntry, row)
            if plan and entry.plan_id == plan.plan_id:  # of a plan that was deleted, a step for each marker stays
                entries.append(entry)
            continue
        if plan:
            yield plan, entries
        plan, entries = from_row(Plan, row), []
    if plan:
        yield plan, entries


def journal_write(tenant_id: str, entry: JournalEntry, etag: str) -> RowWrite:
    """The write that moves a journal row on, if nobody else did."""
    return replace_row(_journal_row(tenant_id, entry, etag))


def _plan_key(plan_id: str) -> str:
    return f"p-{plan_id}"


def _live_row(tenant_id: str, live: Live, etag: str) -> Row:
    return to_row(tenant_id, _LIVE, live, etag, plan=live.plan_id, state=live.state.value)


def _plan_row(plan: Plan, etag: str = "") -> Row:
    return to_row(plan.tenant_id, _plan_key(plan.plan_id), plan, etag, run=plan.run_id, changes=len(plan.changes))


def _journal_row(tenant_id: str, entry: JournalEntry, etag: str = "") -> Row:
    key = f"{_plan_key(entry.plan_id)}-step-{entry.number:03d}"
    return to_row(tenant_id, key, entry, etag, state=entry.state.value, describes=entry.step.describes[:500])
