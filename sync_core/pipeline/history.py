"""The history: records that are only ever added, each beside the state that it tells of, and written in one transaction with it.

So a crash loses neither or both, and a duplicate that finds the state moved adds no second record. A record lies in the partition of what it is
about (a customer's in ``customers``, a run's in ``runs``), under a key that begins with its time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import MISSING, fields
from datetime import UTC, datetime
from typing import Any

from sync_core.documents import to_document
from sync_core.errors import Conflict
from sync_core.model.history import Counts, Record, RecordKind
from sync_core.model.plans import Change, JournalEntry, Plan
from sync_core.ports import Row, RowWrite, Store
from sync_core.rows import Stored, from_row, insert, safe_key, to_row

PREFIX = "h-"


def record_write(partition: str, record: Record) -> RowWrite:
    """The write that adds a record, to go into the transaction of what it tells of; a second one of the same record is a ``Conflict``."""
    return insert(_row(partition, record))


def note(store: Store, table: str, partition: str, record: Record) -> None:
    """Adds a record that no other row goes with; the same record again changes nothing."""
    with suppress(Conflict):
        store.transact(table, [record_write(partition, record)])


def records(store: Store, table: str, partition: str) -> Iterator[Record]:
    """All records of a partition, in the order of their times."""
    return (from_row(Record, row) for row in store.query(table, partition, PREFIX))


def key_time(moment: datetime) -> str:
    """A moment as record keys begin with it: later is greater."""
    return f"{PREFIX}{moment.astimezone(UTC):%Y%m%dT%H%M%S.%f}"


def counted(counts: Counts, run_id: str, started: datetime) -> Record:
    """What a customer is counted by from the run on that was ``started`` then."""
    document = {**to_document(counts), "items": [_sparse(item) for item in counts.items]}
    return Record(started, RecordKind.READ, counts.snapshot, document, run_id)


def applied(plan: Plan, before: Stored[Plan], at: datetime) -> Record:
    """What became of the changes whose result is another than ``before``."""
    known = {change.change_id: change.result for change in before.value.changes}
    moved = [change for change in plan.changes if known.get(change.change_id) is not change.result]
    results = {change.change_id: {"result": change.result, "why": change.result_reason, "line": change.line_id} for change in moved}
    document = {"plan": plan.plan_id, "changes": to_document(results)}
    return Record(at, RecordKind.APPLIED, f"{plan.plan_id} {before.row.etag}", document, plan.run_id)


def sent(plan: Plan, entry: JournalEntry, before: Stored[JournalEntry], at: datetime, answer: Mapping[str, Any]) -> Record:
    """Where a step of the plan went to, with what the PSA held before its write and what it ``answer``ed."""
    document = {
        "plan": plan.plan_id,
        "step": entry.step.step_id,
        "changes": entry.step.change_ids,
        "describes": entry.step.describes,
        "state": entry.state,
        "attempt": entry.attempt,
        "outcome": entry.outcome,
        "before": entry.before,
        **answer,
    }
    return Record(at, RecordKind.SENT, f"{entry.step.step_id} {before.row.etag}", to_document(document), plan.run_id)


def followed(plan: Plan, change: Change) -> Record:
    """That the change made its link follow a line, or none any more; of the plan's time, so that it is kept once."""
    document = {"plan": plan.plan_id, "change": change.change_id, "link": change.link_key, "kind": change.kind, "line": change.line_id}
    return Record(plan.created, RecordKind.FOLLOWED, f"{plan.plan_id} {change.change_id}", to_document(document), plan.run_id)


def of_kind(found: Iterable[Record], kind: str) -> Iterator[Record]:
    """The records of one kind."""
    return (record for record in found if record.kind == kind)


def _row(partition: str, record: Record) -> Row:
    digest = hashlib.sha256(f"{record.kind}\x1f{record.about}".encode()).hexdigest()[:12]
    key = f"{key_time(record.at)}-{safe_key(record.kind)}-{digest}"
    return to_row(partition, key, record, kind=str(record.kind), by=record.by, run=record.run_id)


def _sparse(value: Any) -> dict[str, Any]:
    """A dataclass's document without the members that are as they are by default: reading puts them back."""
    defaults = {item.name: item.default for item in fields(value) if item.default is not MISSING}
    return {name: member for name, member in to_document(value).items() if name not in defaults or getattr(value, name) != defaults[name]}
