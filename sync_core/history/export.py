"""The history as one list in the order of time, for a spreadsheet or another program: what was planned, decided, written, counted and told."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime, timedelta
from typing import Any

from sync_core.billing.identity import plain
from sync_core.configuration.versions import versions
from sync_core.documents import to_document
from sync_core.hostile_text import clean
from sync_core.model.history import Record, RecordKind
from sync_core.model.plans import Change, Plan
from sync_core.model.runs import CustomerRun
from sync_core.pipeline.control import TABLE as CONTROL
from sync_core.pipeline.customers import CUSTOMERS, plans_of
from sync_core.pipeline.history import records
from sync_core.pipeline.runs import RUNS, IndexEntry, customers_of, load_customer, recent_runs
from sync_core.pipeline.wording import before_and_after
from sync_core.ports import Store
from sync_core.spreadsheet import BYTE_ORDER_MARK, csv_row

_LONGEST = 1000
_A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Entry:
    """One line of the export. ``at`` is UTC; ``before`` and ``after`` are units; ``document`` is all that is known of it."""

    at: datetime
    kind: str
    tenant_id: str = ""
    run: str = ""
    plan: str = ""
    change: str = ""
    item: str = ""
    line: str = ""
    what: str = ""
    before: str = ""
    after: str = ""
    money: str = ""
    currency: str = ""
    by: str = ""
    why: str = ""
    outcome: str = ""
    document: Mapping[str, Any] = field(default_factory=dict)


_COLUMNS = tuple(item.name for item in fields(Entry) if item.name != "document")


def customer_history(store: Store, tenant_id: str, first: date, last: date) -> list[Entry]:
    """What happened at one customer from one day to another (UTC, both included), oldest first; how its runs ended is apart (``nights_of``)."""
    plans = [plan for plan, _ in plans_of(store, tenant_id)]
    changes = {(plan.plan_id, change.change_id): change for plan in plans for change in plan.changes}
    planned = (_planned(plan, change) for plan in plans for change in plan.changes)
    noted = (each for record in records(store, CUSTOMERS, tenant_id) for each in _noted(record, tenant_id, changes))
    return _between((*planned, *noted), first, last)


def nights_of(store: Store, first: date, last: date, tenant_id: str = "") -> Iterator[Entry]:
    """How each customer, or one of them, ended in the runs that were started from one day to another (UTC), newest run first."""
    for run in _runs_between(store, first, last):
        found = [load_customer(store, run.run_id, tenant_id)] if tenant_id else customers_of(store, run.run_id)
        yield from (_ended(each.value, run.started) for each in found if each)


def _runs_between(store: Store, first: date, last: date) -> Iterator[IndexEntry]:
    return (entry for entry in recent_runs(store) if first <= entry.started.date() <= last)


def _ended(customer: CustomerRun, started: datetime) -> Entry:
    """A line of the kind ``ended``: in which state the customer left a run, and why."""
    what, why = f"{customer.changes} changes, {customer.waiting} wait", " ".join(filter(None, (customer.reason, customer.fix)))
    entry = Entry(customer.since or started, "ended", customer.tenant_id, customer.run_id, customer.plan_id, what=what, why=why)
    return replace(entry, outcome=customer.state.value, document=to_document(customer))


def common_history(store: Store, first: date, last: date) -> list[Entry]:
    """What happened to all customers alike: configurations imported, mails sent, writes stopped; oldest first."""
    runs = _runs_between(store, first - _A_DAY if first > date.min else first, last)  # a mail may go out after midnight
    mails = (each for run in runs for record in records(store, RUNS, run.run_id) for each in _noted(record, "", {}))
    switched = (each for record in records(store, CONTROL, CONTROL) for each in _noted(record, "", {}))
    imported = (
        Entry(
            version.when,
            "imported",
            by=version.who,
            why=version.comment,
            what=f"configuration version {version.number}",
            outcome=" ".join(version.changes),
            document=to_document(version),
        )
        for version in versions(store)
    )
    return _between((*mails, *switched, *imported), first, last)


def as_csv(entries: Iterable[Entry]) -> Iterator[bytes]:
    """A file for spreadsheets, line by line; a text is on one line and no formula."""
    yield BYTE_ORDER_MARK + csv_row(_COLUMNS)
    for entry in entries:
        yield csv_row(clean(str(getattr(entry, name)), _LONGEST) for name in _COLUMNS)


def as_json(entries: Iterable[Entry]) -> Iterator[bytes]:
    """A JSON array, one entry a line."""
    before = b"[\n"
    for entry in entries:
        yield before + json.dumps(to_document(entry)).encode()
        before = b",\n"
    yield b"[]\n" if before == b"[\n" else b"\n]\n"


def _between(entries: Iterable[Entry], first: date, last: date) -> list[Entry]:
    return sorted((entry for entry in entries if first <= entry.at.date() <= last), key=lambda entry: entry.at)


def _planned(plan: Plan, change: Change) -> Entry:
    reasons = " ".join(change.reasons)
    outcome = f"{change.verdict}; {change.result}. {change.result_reason}".strip()
    entry = _of_change(Entry(plan.created, "planned", plan.tenant_id, plan.run_id, plan.plan_id, change.change_id), change)
    return replace(entry, by=change.decided_by, why=reasons, outcome=outcome, document=to_document(change))


def _of_change(entry: Entry, change: Change | None) -> Entry:
    if change is None:
        return entry
    what = before_and_after(change) or str(change.kind)
    named = replace(entry, item=change.item, line=change.line_id, what=what, currency=change.currency)
    return replace(named, before=plain(change.before), after=plain(change.after), money=plain(change.money))


def _noted(record: Record, tenant_id: str, changes: Mapping[tuple[str, str], Change]) -> Iterator[Entry]:
    """The lines of a record: one for each change or item that it tells of; one of an unknown kind is a line with its document."""
    known = record.document
    base = Entry(record.at, str(record.kind), tenant_id, record.run_id, str(known.get("plan", "")), by=record.by, document=known)
    match record.kind:
        case RecordKind.READ:
            for item in known["items"]:
                numbers = f"{item.get('purchased')} bought, {item.get('assigned')} assigned"
                yield replace(base, item=item["name"], what=numbers, outcome=known["snapshot"], document=item)
        case RecordKind.DECIDED:
            entry = _of_change(replace(base, change=known["change"]), changes.get((known["plan"], known["change"])))
            yield replace(entry, outcome=known["decision"], why=known["why"])
        case RecordKind.SENT:
            for change_id in known["changes"]:
                entry = _of_change(replace(base, change=change_id), changes.get((known["plan"], change_id)))
                yield replace(entry, what=known["describes"], outcome=" ".join(filter(None, (known["state"], known.get("answer"), known["outcome"]))))
        case RecordKind.APPLIED:
            for change_id, became in known["changes"].items():
                entry = _of_change(replace(base, change=change_id), changes.get((known["plan"], change_id)))
                yield replace(entry, line=became["line"], outcome=f"{became['result']}. {became['why']}".rstrip(". "))
        case RecordKind.SWITCHED:
            yield replace(base, what="all writes stopped" if known["stopped"] else "writes go on", why=known["reason"])
        case RecordKind.MAILED:
            yield replace(base, what=known["subject"], outcome=known["state"], why=", ".join(known["to"]))
        case RecordKind.TICKETED:
            yield replace(base, what=known["title"] or "note in a ticket", outcome=known["state"], why=known["outcome"] or known["ticket"])
        case _:
            yield replace(base, change=str(known.get("change", "")), line=str(known.get("line", "")), outcome=str(known.get("state", "")))
