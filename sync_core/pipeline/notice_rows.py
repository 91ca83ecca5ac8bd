"""Notices at rest, in the table ``notices``: what was told of each customer's findings, when each kind was told, and what people accepted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sync_core.notices import Clock, Memory
from sync_core.ports import Row, RowWrite, Store
from sync_core.rows import Stored, delete, from_row, insert_or_replace, read, to_row, upsert

TABLE = "notices"
PARTNER = "partner"
"""The key of what is remembered of the partner itself."""
_MEMORY = "memory"
_CLOCK = "clock"
_ACCEPTED = "accepted"
HISTORY = "history"
"""The partition of who accepted what, and took it back."""
_BATCH_ROWS = 90
_BATCH_CHARACTERS = 400_000
"""Characters of one transaction's documents; two bytes each, well under what a transaction takes."""


@dataclass(frozen=True)
class Accepted:
    """A person's word that a finding is all right, with the reason. It ends by itself: ``until`` is the last day (PSA date) without a notice."""

    finding_id: str
    text: str
    by: str
    why: str
    at: datetime
    until: date


def load_memories(store: Store, tenant_ids: Iterable[str] | None = None) -> dict[str, Stored[Memory]]:
    """What is remembered, by tenant id, of these tenants or of all; of the partner under ``PARTNER``."""
    if tenant_ids is None:
        return {row.key: Stored(from_row(Memory, row), row) for row in store.query(TABLE, _MEMORY)}
    found = ((key, read(store, TABLE, _MEMORY, key, Memory)) for key in tenant_ids)
    return {key: stored for key, stored in found if stored}


def save_memories(store: Store, before: Mapping[str, Stored[Memory]], after: Mapping[str, Memory]) -> None:
    """Stores what differs; raises ``Conflict`` when somebody else did. Of many rows some may be stored then: turning them again is harmless."""
    changed = [
        insert_or_replace(to_row(_MEMORY, key, memory, before[key].row.etag if key in before else ""))
        for key, memory in sorted(after.items())
        if memory != (before[key].value if key in before else Memory())
    ]
    for batch in _batches(changed):
        store.transact(TABLE, batch)


def load_clock(store: Store) -> Stored[Clock]:
    """When each kind was told last."""
    return read(store, TABLE, _CLOCK, _CLOCK, Clock) or Stored(Clock(), Row(_CLOCK, _CLOCK))


def save_clock(store: Store, before: Stored[Clock], clock: Clock) -> None:
    """Stores the clock, if it differs; raises ``Conflict`` when somebody else did."""
    if clock != before.value:
        store.transact(TABLE, [insert_or_replace(to_row(_CLOCK, _CLOCK, clock, before.row.etag))])


def accepted(store: Store) -> list[Accepted]:
    """Everything that people accepted, ended or not."""
    return [from_row(Accepted, row) for row in store.query(TABLE, _ACCEPTED)]


def save_accepted(store: Store, word: Accepted) -> None:
    """Stores a person's word, over an earlier one on the same finding."""
    store.transact(TABLE, [upsert(to_row(_ACCEPTED, word.finding_id, word))])


def drop_accepted(store: Store, finding_id: str) -> None:
    """Takes a person's word back; may run twice."""
    store.transact(TABLE, [delete(Row(_ACCEPTED, finding_id))])


def _batches(writes: Iterable[RowWrite]) -> Iterator[list[RowWrite]]:
    batch: list[RowWrite] = []
    size = 0
    for write in writes:
        length = sum(len(str(value)) for value in write.row.values.values())
        if batch and (len(batch) == _BATCH_ROWS or size + length > _BATCH_CHARACTERS):
            yield batch
            batch, size = [], 0
        batch.append(write)
        size += length
    if batch:
        yield batch
