"""Runs at rest: the run row, its counters and its customers share one partition, so that a customer's move and the count
of those who are left change together.

The last customer is found by that count, never by reading the others: a counter row holds how many of its customers are
still to be read and still to be ended, and the run row how many counter rows are not at zero. Large runs have several
counter rows, so that workers do not wait for each other's ETags.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from sync_core.errors import Conflict
from sync_core.model.configuration import CustomerConfiguration
from sync_core.model.runs import CustomerRun, CustomerState, Run, RunTotals
from sync_core.ports import Row, RowWrite, Store
from sync_core.rows import Stored, delete, from_row, insert, read, replace_row, to_row, upsert

RUNS = "runs"
_INDEX = "index"
_OPEN = "open"
_BATCH = 90
_CUSTOMERS_A_COUNTER = 100
_MOST_COUNTERS = 16
_TRIES = 60
_FAR_FUTURE = 10**11


@dataclass(frozen=True)
class Counter:
    """How many customers of one counter are still to be read, and still to be ended."""

    reading: int
    open: int


@dataclass(frozen=True)
class IndexEntry:
    """One line of the list of runs, newest first. ``slot`` and ``started`` are UTC, ``totals`` are known once the run was judged."""

    run_id: str
    slot: datetime
    started: datetime
    totals: RunTotals = field(default_factory=RunTotals)


@dataclass(frozen=True)
class Moved:
    """The customer after its move, and whether it was the last one to be read or to end."""

    customer: Stored[CustomerRun]
    last_read: bool
    last_ended: bool


def counters_for(customers: int) -> int:
    """How many counter rows a run of this size gets."""
    return max(1, min(_MOST_COUNTERS, customers // _CUSTOMERS_A_COUNTER))


def insert_run(store: Store, run: Run) -> bool:
    """Stores a new run with its counters at full, on the list of open ones first; ``False`` when the run exists already."""
    sizes = [len(range(counter, run.customers, run.counters)) for counter in range(run.counters)]
    counters = [insert(to_row(run.run_id, _counter_key(number), Counter(size, size))) for number, size in enumerate(sizes)]
    store.transact(RUNS, [upsert(Row(_OPEN, run.run_id, {"since": run.started}))])
    try:
        store.transact(RUNS, [insert(_run_row(run)), *counters])
    except Conflict:
        return False
    return True


def list_run(store: Store, run: Run) -> None:
    """Puts a stored run on the list of all runs; one that is there, perhaps with its totals, stays as it is."""
    with suppress(Conflict):
        store.transact(RUNS, [insert(_index_row(IndexEntry(run.run_id, run.slot, run.started)))])


def insert_customers(store: Store, run: Run, customers: Sequence[CustomerConfiguration], now: datetime) -> Iterator[list[CustomerRun]]:
    """Stores the run's customers in batches and yields each batch; one that is there already is yielded as it was made."""
    for start in range(0, len(customers), _BATCH):
        batch = [
            CustomerRun(run.run_id, item.customer.tenant_id, item.customer.name, (start + number) % run.counters, since=now)
            for number, item in enumerate(customers[start : start + _BATCH])
        ]
        with suppress(Conflict):  # a start that was interrupted made this very batch
            store.transact(RUNS, [insert(_customer_row(customer)) for customer in batch])
        yield batch


def load_run(store: Store, run_id: str) -> Stored[Run] | None:
    """The run, or ``None``."""
    return read(store, RUNS, run_id, "run", Run)


def load_customer(store: Store, run_id: str, tenant_id: str) -> Stored[CustomerRun] | None:
    """One customer of a run, or ``None``."""
    return read(store, RUNS, run_id, _customer_key(tenant_id), CustomerRun)


def customers_of(store: Store, run_id: str) -> Iterator[Stored[CustomerRun]]:
    """All customers of a run, in tenant order."""
    return (Stored(from_row(CustomerRun, row), row) for row in store.query(RUNS, run_id, "customer-"))


def left(store: Store, run_id: str) -> Counter:
    """How many customers of a run are still to be read, and still to be ended."""
    counters = [from_row(Counter, row) for row in store.query(RUNS, run_id, "counter-")]
    return Counter(sum(counter.reading for counter in counters), sum(counter.open for counter in counters))


def change_run(store: Store, run: Stored[Run], **changes: Any) -> Stored[Run] | None:
    """Moves the run on; ``None`` when somebody else changed it first."""
    try:
        store.transact(RUNS, [replace_row(_run_row(replace(run.value, **changes), run.row.etag))])
    except Conflict:
        return None
    return load_run(store, run.value.run_id)


def stop_writes(store: Store, run_id: str, reason: str) -> None:
    """Notes on the run why nothing more of it may be written; the first reason stays."""
    for _ in range(_TRIES):
        run = load_run(store, run_id)
        if run is None or run.value.stopped or change_run(store, run, stopped=reason):
            return


def move(store: Store, customer: Stored[CustomerRun], now: datetime, **changes: Any) -> Moved:
    """Moves a customer on and counts it off; raises ``Conflict`` when somebody else moved it first."""
    after = replace(customer.value, since=now, **changes)
    read_off = customer.value.state is CustomerState.QUEUED and after.state is not CustomerState.QUEUED
    ended_off = after.state.final and not customer.value.state.final
    for _ in range(_TRIES):
        counted = _counted(store, after, read_off, ended_off)
        try:
            store.transact(RUNS, [replace_row(_customer_row(after, customer.row.etag)), *counted.writes])
        except Conflict:
            current = load_customer(store, after.run_id, after.tenant_id)
            if current is None or current.row.etag != customer.row.etag:
                raise
            continue
        moved = load_customer(store, after.run_id, after.tenant_id) if not after.state.final else None
        return Moved(moved or Stored(after, customer.row), counted.last_read, counted.last_ended)
    raise Conflict("The run's counter is too busy", where=after.run_id)


def open_runs(store: Store) -> dict[str, datetime]:
    """The runs that are not told yet, with the time (UTC) each was started."""
    return {row.key: since for row in store.query(RUNS, _OPEN) if isinstance(since := row.values.get("since"), datetime)}


def close_run(store: Store, run_id: str) -> None:
    """Takes the run off the list of open ones."""
    store.transact(RUNS, [delete(Row(_OPEN, run_id))])


def recent_runs(store: Store) -> Iterator[IndexEntry]:
    """All runs, newest first."""
    return (from_row(IndexEntry, row) for row in store.query(RUNS, _INDEX))


def runs_before(store: Store, day: date) -> Iterator[tuple[str, str]]:
    """Runs that were started before a day (UTC) and are over, each with the key of its entry in the list of runs."""
    still_open = open_runs(store)
    since = _index_key(datetime.combine(day, time(), UTC))
    entries = [(from_row(IndexEntry, row).run_id, row.key) for row in store.query(RUNS, _INDEX, after=since)]
    return ((run_id, key) for run_id, key in reversed(entries) if run_id not in still_open)


def forget_run(store: Store, run_id: str, index_key: str) -> int:
    """Deletes all rows of a run in batches, and then its entry in the list, by which it is found again if this ends on the way; returns how many."""
    rows = list(store.query(RUNS, run_id))
    for start in range(0, len(rows), _BATCH):
        store.transact(RUNS, [delete(Row(run_id, row.key)) for row in rows[start : start + _BATCH]])
    store.transact(RUNS, [delete(Row(_INDEX, index_key))])
    return len(rows) + 1


def note_totals(store: Store, run: Run, totals: RunTotals) -> None:
    """Keeps what the run lets through, for the runs of the next 24 hours."""
    store.transact(RUNS, [upsert(_index_row(IndexEntry(run.run_id, run.slot, run.started, totals)))])


def totals_of_last_day(store: Store, run: Run) -> RunTotals:
    """What the other runs of the 24 hours before this one's slot let through, added up. Yesterday's daily run is outside, however late it was."""
    totals = RunTotals()
    for entry in recent_runs(store):
        if entry.started < run.started - timedelta(hours=48):
            break
        if entry.run_id != run.run_id and entry.slot > run.slot - timedelta(hours=24):
            totals = RunTotals(totals.customers, totals.changed + entry.totals.changed, _added(totals.money, entry.totals.money))
    return totals


def totals_of(customers: Sequence[CustomerRun]) -> RunTotals:
    """What a run's customers come to."""
    changing = [customer for customer in customers if customer.applicable]
    money: Mapping[str, Decimal] = {}
    for customer in changing:
        money = _added(money, customer.money)
    return RunTotals(len(customers), len(changing), money)


def _added(one: Mapping[str, Decimal], other: Mapping[str, Decimal]) -> Mapping[str, Decimal]:
    return {currency: one.get(currency, Decimal(0)) + other.get(currency, Decimal(0)) for currency in {**one, **other}}


@dataclass(frozen=True)
class _Counted:
    writes: tuple[RowWrite, ...] = ()
    last_read: bool = False
    last_ended: bool = False


def _counted(store: Store, customer: CustomerRun, read_off: bool, ended_off: bool) -> _Counted:
    if not (read_off or ended_off):
        return _Counted()
    counter = read(store, RUNS, customer.run_id, _counter_key(customer.counter), Counter)
    if counter is None:
        raise Conflict("The run's counter is missing", where=customer.run_id)
    left = Counter(counter.value.reading - read_off, counter.value.open - ended_off)
    counter_write = replace_row(to_row(customer.run_id, counter.row.key, left, counter.row.etag))
    read_out, ended_out = read_off and left.reading == 0, ended_off and left.open == 0
    if not (read_out or ended_out):
        return _Counted((counter_write,))
    run = load_run(store, customer.run_id)
    if run is None:
        raise Conflict("The run is missing", where=customer.run_id)
    after = replace(run.value, reading=run.value.reading - read_out, open=run.value.open - ended_out)
    writes = (counter_write, replace_row(_run_row(after, run.row.etag)))
    return _Counted(writes, read_out and after.reading == 0, ended_out and after.open == 0)


def _counter_key(number: int) -> str:
    return f"counter-{number:02d}"


def _customer_key(tenant_id: str) -> str:
    return f"customer-{tenant_id}"


def _run_row(run: Run, etag: str = "") -> Row:
    return to_row(run.run_id, "run", run, etag, state=run.state.value, started=run.started)


def _customer_row(customer: CustomerRun, etag: str = "") -> Row:
    return to_row(customer.run_id, _customer_key(customer.tenant_id), customer, etag, state=customer.state.value, reason=customer.reason[:500])


def _index_row(entry: IndexEntry) -> Row:
    return to_row(_INDEX, f"{_index_key(entry.started)}~{entry.run_id}", entry)


def _index_key(started: datetime) -> str:
    """What the keys of the runs that were started then begin with: newest first."""
    return f"{_FAR_FUTURE - int(started.timestamp()):011d}"
