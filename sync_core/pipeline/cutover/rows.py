"""A cut-over at rest: one partition with its head and, for each company, its lines in rows of at most some dozens.

Everything a cut-over does is repeated safely from these rows: the head names how far it is, and moves by ETag.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from sync_core.errors import Conflict, Rejected
from sync_core.model.cutovers import Cutover, Unit
from sync_core.model.history import Record
from sync_core.pipeline.context import Context
from sync_core.pipeline.history import record_write
from sync_core.pipeline.strangers import TABLE
from sync_core.ports import Blobs, Row, Store
from sync_core.rows import Stored, delete, from_row, insert, read, replace_row, to_row, upsert

UNKNOWN_CUTOVER = "unknown-cutover"
_HEAD = "cutover"
_UNIT = "unit-"
_INDEX = "index"
_OPEN = "open"
_FAR_FUTURE = 10**11
_BATCH = 10
"""Units in one transaction: together they stay far below the 4 MiB that a transaction takes."""


def insert_cutover(store: Store, cutover: Cutover) -> None:
    """Stores a new cut-over, on the lists first; raises ``Conflict`` where there is one with its id."""
    newest_first = _FAR_FUTURE - int(cutover.started.timestamp())
    store.transact(TABLE, [upsert(Row(_OPEN, cutover.cutover_id, {"since": cutover.started}))])
    store.transact(TABLE, [upsert(Row(_INDEX, f"{newest_first:011d}~{cutover.cutover_id}", {"cutover": cutover.cutover_id}))])
    store.transact(TABLE, [insert(_head_row(cutover))])


def load_cutover(store: Store, cutover_id: str) -> Stored[Cutover]:
    """The cut-over; raises ``Rejected`` where there is none."""
    stored = read(store, TABLE, cutover_id, _HEAD, Cutover)
    if stored is None:
        raise Rejected("There is no such cut-over", code=UNKNOWN_CUTOVER, where=ascii(cutover_id), fix="List the cut-overs to see their ids")
    return stored


def change_cutover(context: Context, stored: Stored[Cutover], told: Record | None = None, **changes: Any) -> Stored[Cutover]:
    """Moves the cut-over on, and keeps for good what is ``told`` of it; raises ``Conflict`` when somebody else moved it."""
    after = replace(stored.value, touched=context.clock.now(), **changes)
    if after.state.working and not stored.value.state.working:
        context.store.transact(TABLE, [upsert(Row(_OPEN, after.cutover_id, {"since": after.touched}))])
    records = [record_write(after.cutover_id, told)] if told else []
    context.store.transact(TABLE, [replace_row(_head_row(after, stored.row.etag)), *records])
    moved = load_cutover(context.store, after.cutover_id)
    if moved.value != after:
        raise Conflict("The cut-over was moved by somebody else", where=after.cutover_id)
    return moved


def recent_cutovers(store: Store) -> Iterator[Cutover]:
    """All cut-overs, newest first."""
    for row in store.query(TABLE, _INDEX):
        if stored := read(store, TABLE, str(row.values["cutover"]), _HEAD, Cutover):
            yield stored.value


def open_cutovers(store: Store) -> dict[str, datetime]:
    """The cut-overs that the app takes further, or took lately."""
    return {row.key: since for row in store.query(TABLE, _OPEN) if isinstance(since := row.values.get("since"), datetime)}


def close_cutover(store: Store, cutover_id: str) -> None:
    """Takes a cut-over off the list of those that the app takes further."""
    store.transact(TABLE, [delete(Row(_OPEN, cutover_id))])


def put_units(store: Store, units: Iterable[Unit]) -> None:
    """Stores units as they were found, over what an interrupted search left of the same company."""
    rows = [upsert(_unit_row(unit)) for unit in units]
    for start in range(0, len(rows), _BATCH):
        store.transact(TABLE, rows[start : start + _BATCH])


def units_of(store: Store, cutover_id: str, partition: str = "") -> Iterator[Stored[Unit]]:
    """The units of a cut-over, or of one customer or company in it, one after the other."""
    prefix = f"{_UNIT}{partition}-" if partition else _UNIT
    return (Stored(from_row(Unit, row), row) for row in store.query(TABLE, cutover_id, prefix))


def save_unit(store: Store, stored: Stored[Unit], unit: Unit) -> None:
    """Stores what became of a unit's lines; raises ``Conflict`` when somebody else did."""
    if unit != stored.value:
        store.transact(TABLE, [replace_row(_unit_row(unit, stored.row.etag))])


def keep_names(blobs: Blobs, cutover_id: str, names: Iterable[str], stamp: str) -> str:
    """Keeps the names of the chosen lines beside the cut-over; returns where."""
    place = f"cutovers/{cutover_id}/chosen-{stamp}.json.z"
    blobs.put(place, zlib.compress(json.dumps(sorted(names)).encode()))
    return place


def kept_names(blobs: Blobs, place: str) -> frozenset[str]:
    """The names that were kept; raises ``Rejected`` where they are gone."""
    content = blobs.get(place)
    if content is None:
        raise Rejected("The list of the chosen lines is gone", code="choice-lost", fix="Prepare the cut-over again")
    return frozenset(json.loads(zlib.decompress(content)))


def unit_key(unit: Unit) -> str:
    """A unit's place in the order in which units are worked on."""
    company = hashlib.sha256(f"{unit.connection}\x1f{unit.company_id}".encode()).hexdigest()[:8]
    return f"{_UNIT}{unit.partition}-{company}-{unit.number:03d}"


def _unit_row(unit: Unit, etag: str = "") -> Row:
    return to_row(unit.cutover_id, unit_key(unit), unit, etag, company=unit.company, lines=len(unit.lines), open=len(unit.open_lines))


def _head_row(cutover: Cutover, etag: str = "") -> Row:
    return to_row(cutover.cutover_id, _HEAD, cutover, etag, state=cutover.state.value, asked_by=cutover.asked_by)
