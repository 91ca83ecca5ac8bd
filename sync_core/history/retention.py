"""Deletes what has been kept long enough: who was counted and named after some months, everything else after some years.

A timer calls it once a day. All of it may run twice and end at any line: what is deleted is no work any more, and a mark says how far names
were taken out of a customer's rows. What the present rests on stays, however old it is: the newest snapshot and counts, the live plan, the plans that
lines were left by, and a journal row of every marker, by which lines of ours are known in the PSA.
"""

from __future__ import annotations

import calendar
import logging
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby, takewhile

from sync_core.billing.naming import without_names
from sync_core.errors import Conflict, SyncError
from sync_core.events import about, event
from sync_core.model.history import Record, RecordKind
from sync_core.model.plans import JournalEntry, Plan, PlanState
from sync_core.pipeline.context import Context
from sync_core.pipeline.control import TABLE as CONTROL
from sync_core.pipeline.customers import CUSTOMERS, CustomerRecord, load_record
from sync_core.pipeline.history import PREFIX, key_time
from sync_core.pipeline.runs import forget_run, runs_before
from sync_core.pipeline.shared_lines import is_lines
from sync_core.ports import Row, Store
from sync_core.rows import delete, from_row, replace_row, rewritten, to_row, upsert

_MARKS = "retention"
_PLANS = "p-"
_STEP = "-step-"
_BATCH = 90
_LONGEST_SECONDS = 480.0
"""What is not done by then is done the next day: a function may take ten minutes."""
_LINES_KEPT = timedelta(days=2)
"""How long lines that a run read for all its workers may lie there, where it did not take them away itself."""
_STAMP = re.compile(r"\d{8}")


@dataclass(frozen=True)
class Mark:
    """The last rows of a customer that names were taken out of."""

    plans: str = ""
    records: str = ""


@dataclass(frozen=True)
class Cleaned:
    """How much went: blobs, rows that lost names, rows, and runs."""

    blobs: int = 0
    rewritten: int = 0
    rows: int = 0
    runs: int = 0

    def __add__(self, other: Cleaned) -> Cleaned:
        return Cleaned(self.blobs + other.blobs, self.rewritten + other.rewritten, self.rows + other.rows, self.runs + other.runs)


@dataclass(frozen=True)
class Limits:
    """What is older than ``names`` loses its names, what is older than ``numbers`` goes; both are days, UTC."""

    names: date
    numbers: date


def clean_up(context: Context) -> Cleaned:
    """Deletes what is old enough today; one customer that cannot be cleaned keeps it from no other."""
    limits, ends = limits_on(context), context.clock.monotonic() + _LONGEST_SECONDS
    cleaned = _blobs(context, limits) + _runs(context, limits)
    marks = {row.key: from_row(Mark, row) for row in context.store.query(CONTROL, _MARKS)}
    for tenant_id in context.store.partitions(CUSTOMERS):
        if context.clock.monotonic() > ends:
            event("retention.unfinished", logging.WARNING)
            break
        with about(customer=tenant_id):
            try:
                cleaned += _customer(context.store, tenant_id, marks.get(tenant_id, Mark()), limits)
            except (SyncError, ValueError) as error:
                event("retention.failed", logging.ERROR, error=type(error).__name__)
    event("retention.done", blobs=cleaned.blobs, rewritten=cleaned.rewritten, rows=cleaned.rows, runs=cleaned.runs)
    return cleaned


def limits_on(context: Context) -> Limits:
    """The limits of today. Names are never kept longer than the numbers that they belong to."""
    today, settings = context.clock.now().date(), context.settings
    numbers = _months_before(today, 12 * settings.numbers_years)
    return Limits(max(_months_before(today, settings.names_months), numbers), numbers)


def _blobs(context: Context, limits: Limits) -> Cleaned:
    """Snapshots that had ceased to be the newest before the limit, and what runs before it read once for all customers; lines much sooner."""
    old = list(_old_snapshots(context, limits.names))
    lately = context.clock.now().date() - _LINES_KEPT
    days = ((name, _day_in(name.split("/")[1])) for name in context.blobs.names("runs/"))
    old += [name for name, day in days if day and day < (lately if is_lines(name) else limits.names)]
    for name in old:
        context.blobs.delete(name)
    return Cleaned(blobs=len(old))


def _old_snapshots(context: Context, limit: date) -> Iterator[str]:
    """A snapshot tells how things were until the next one of a later day, and the newest as long as the customer is read."""
    for tenant_id, group in groupby(context.blobs.names("snapshots/"), lambda name: name.split("/")[1]):
        days = [(day, name) for name in group if (day := _day_in(name.split("/")[2]))]
        newest = max((day for day, _ in days), default=date.max)
        yield from (name for day, name in days if any(day < later < limit for later, _ in days))
        if newest < limit:
            last = load_record(context.store, tenant_id).last
            yield from (name for day, name in days if day == newest and (last is None or last.value.day < limit))


def _day_in(text: str) -> date | None:
    found = _STAMP.search(text)
    return datetime.strptime(found[0], "%Y%m%d").replace(tzinfo=UTC).date() if found else None


def _runs(context: Context, limits: Limits) -> Cleaned:
    """Runs from before the limit, with all that is stored of them; their entry in the list goes last."""
    cleaned = Cleaned()
    for run_id, key in runs_before(context.store, limits.numbers):
        names = list(context.blobs.names(f"runs/{run_id}/"))
        for name in names:
            context.blobs.delete(name)
        cleaned += Cleaned(len(names), rows=forget_run(context.store, run_id, key), runs=1)
    return cleaned


def _customer(store: Store, tenant_id: str, mark: Mark, limits: Limits) -> Cleaned:
    record = load_record(store, tenant_id)
    gone = _delete(store, _old_plans(store, record, limits)) + _delete(store, _old_records(store, record, limits))
    plans, cleaned = _strip(store, tenant_id, _plans_until(store, record, mark.plans, limits.names), mark.plans)
    until = takewhile(lambda row: row.key < key_time(_start_of(limits.names)), store.query(CUSTOMERS, tenant_id, PREFIX, mark.records))
    records, also = _strip(store, tenant_id, until, mark.records)
    if (reached := Mark(plans, records)) != mark:
        store.transact(CONTROL, [upsert(to_row(_MARKS, tenant_id, reached))])
    return gone + cleaned + also


def _strip(store: Store, tenant_id: str, rows: Iterable[Row], reached: str) -> tuple[str, Cleaned]:
    """Takes the names out of rows, and says how far it came: up to one that somebody moves at this moment."""
    number = 0
    for row in rows:
        if new := rewritten(row, without_names):
            try:
                store.transact(CUSTOMERS, [replace_row(new)])
            except Conflict:
                break
            number += 1
        reached = row.key
    return reached, Cleaned(rewritten=number)


def _plans_until(store: Store, record: CustomerRecord, after: str, limit: date) -> Iterator[Row]:
    """Plans made before a day with their journal, up to one that is just being applied."""
    for row in store.query(CUSTOMERS, record.tenant_id, _PLANS, after):
        if _STEP not in row.key:
            plan = from_row(Plan, row)
            applying = record.live.value.state is PlanState.APPLYING and record.live.value.plan_id == plan.plan_id
            if applying or plan.created.date() >= limit:
                return
        yield row


def _old_plans(store: Store, record: CustomerRecord, limits: Limits) -> Iterator[Row]:
    """Plans made before the limit, and their steps, but for the first one of each marker."""
    needed, old, markers = _needed_plans(record), False, {""}
    for row in store.query(CUSTOMERS, record.tenant_id, _PLANS):
        if _STEP in row.key:
            marker = from_row(JournalEntry, row).step.marker
            if old and marker in markers:
                yield row
            markers.add(marker)
            continue
        plan = from_row(Plan, row)
        if plan.created.date() >= limits.numbers:
            return
        old = plan.plan_id not in needed
        if old:
            yield row


def _old_records(store: Store, record: CustomerRecord, limits: Limits) -> Iterator[Row]:
    """Records from before the limit, but for the counts that held on that day and what belongs to plans that stay."""
    rows = list(takewhile(lambda row: row.key < key_time(_start_of(limits.numbers)), store.query(CUSTOMERS, record.tenant_id, PREFIX)))
    found = [(row, from_row(Record, row)) for row in rows]
    held = next((row.key for row, each in reversed(found) if each.kind == RecordKind.READ), "")
    needed = _needed_plans(record)
    yield from (row for row, each in found if row.key != held and each.document.get("plan", "") not in needed)


def _needed_plans(record: CustomerRecord) -> frozenset[str]:
    """The live plan, and those that lines were left by; no plan at all is none of them."""
    return frozenset({record.live.value.plan_id, *(binding.plan_id for binding in record.bindings.values())} - {""})


def _delete(store: Store, rows: Iterable[Row]) -> Cleaned:
    """Deletes rows in batches; one that somebody moved in the meantime stays, with its batch, for the next day."""
    found, number = list(rows), 0
    for start in range(0, len(found), _BATCH):
        batch = found[start : start + _BATCH]
        with suppress(Conflict):
            store.transact(CUSTOMERS, [delete(replace(row, values={})) for row in batch])
            number += len(batch)
    return Cleaned(rows=number)


def _months_before(day: date, months: int) -> date:
    """The same day so many months before, or the last one of a shorter month."""
    year, month = divmod(12 * day.year + day.month - 1 - months, 12)
    if year < 1:
        return date.min
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
