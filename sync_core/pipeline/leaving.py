"""Customers that go, or are gone: what a person said of them, and what nobody has answered yet.

A customer of whom something was said is left alone by the nights: it is not read, nothing of it changes by itself, and its alerts are silent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sync_core.billing.identity import plain
from sync_core.billing.rows import family_of
from sync_core.documents import to_document
from sync_core.errors import Rejected
from sync_core.model.billing import Binding
from sync_core.model.configuration import Configuration
from sync_core.model.customers import Leaving
from sync_core.model.history import Record, RecordKind
from sync_core.model.notices import Finding, NoticeKind
from sync_core.pipeline.context import Context
from sync_core.pipeline.customers import CustomerRecord, load_leaving, load_record, save_leaving
from sync_core.pipeline.history import PREFIX, record_write
from sync_core.pipeline.strangers import TABLE
from sync_core.ports import Row, Store
from sync_core.rows import delete, from_row, safe_key, to_row, upsert

_LEAVING = "leaving"
_UNMANAGED = "unmanaged"


@dataclass(frozen=True)
class Unmanaged:
    """A line that a link managed until the link, or its customer, was taken out of the configuration. It is billed on as it is."""

    tenant_id: str
    customer: str
    link_key: str
    connection: str
    agreement_id: str
    line_id: str
    quantity: Decimal
    since: datetime

    @property
    def name(self) -> str:
        """By which a person names it: ``connection/agreement/line``."""
        return f"{self.connection}/{self.agreement_id}/{self.line_id}"

    @property
    def text(self) -> str:
        """The line in words."""
        where = f"Line {self.line_id} of agreement {self.agreement_id} on {self.connection}"
        return f"{where}, {plain(self.quantity)} units, is still billed, and no link manages it since {self.since:%Y-%m-%d}"


def say_leaving(store: Store, tenant_id: str, name: str, word: Leaving) -> None:
    """Keeps what a person said of a customer, for the nights and for good; the same word again changes nothing."""
    if load_leaving(store, tenant_id) == word:
        return
    store.transact(TABLE, [upsert(to_row(_LEAVING, tenant_id, word, name=name))])
    record = Record(word.at, RecordKind.DECIDED, f"leaving {word.last}", to_document(word), by=word.by)
    save_leaving(store, tenant_id, word, record)


def come_back(context: Context, tenant_id: str, by: str) -> bool:
    """Lets the nights read the customer again; whether they had been told not to."""
    known = load_leaving(context.store, tenant_id)
    if known is not None:
        record = Record(context.clock.now(), RecordKind.DECIDED, "comes back", {"of": to_document(known)}, by=by)
        save_leaving(context.store, tenant_id, None, record)
    context.store.transact(TABLE, [delete(Row(_LEAVING, tenant_id))])
    return known is not None


def all_leaving(store: Store) -> Iterator[tuple[str, str, Leaving]]:
    """Tenant id, name and word of every customer of whom something was said."""
    return ((row.key, str(row.values.get("name", "")), from_row(Leaving, row)) for row in store.query(TABLE, _LEAVING))


def words_on(record: CustomerRecord, today: date) -> tuple[str, bool]:
    """Why the nights leave a customer alone, and whether it asks for a person: a line of it has no end, or it has left."""
    leaving = record.leaving
    assert leaving, "only of a customer of whom something was said"
    said = f"by {leaving.by} on {leaving.at:%Y-%m-%d}"
    if leaving.last is None:
        return f"Left as it is, {said}: its lines stay, and nothing is read or changed", False
    without = [binding for binding in record.bindings.values() if binding.ended is None]
    if without:
        lines = ", ".join(f"{binding.agreement_id}/{binding.line_id}" for binding in without)
        return f"It leaves ({said}), and {len(without)} of its lines have no end yet: {lines}. See cut-over {leaving.cutover_id}", True
    if today > leaving.last:
        return f"It has left: its lines were billed until {leaving.last}. Take it out of the configuration", False
    return f"It leaves ({said}): its lines are billed until {leaving.last}, with the units of that day", False


def note_unmanaged(store: Store, lines: Iterable[tuple[str, str, Binding]], at: datetime) -> None:
    """Keeps lines, each with tenant id and name of its customer, that are no longer managed from now on; they are asked about until they end."""
    for tenant_id, name, line in lines:
        known = Unmanaged(tenant_id, name, line.link_key, line.connection, line.agreement_id, line.line_id, line.quantity, at)
        store.transact(TABLE, [upsert(to_row(_UNMANAGED, _key(tenant_id, line.link_key), known))])


def unmanaged(store: Store, configuration: Configuration) -> Iterator[Unmanaged]:
    """The lines that no link manages and that we gave no end; what a link manages again, or what has its end, is forgotten."""
    leaving = {tenant_id for tenant_id, _, _ in all_leaving(store)}
    for row in [row for row in store.query(TABLE, _UNMANAGED) if not row.key.startswith(PREFIX)]:
        line = from_row(Unmanaged, row)
        item = configuration.customer(line.tenant_id)
        managed = item is not None and any(link.key == family_of(line.link_key) for link in item.links)
        binding = load_record(store, line.tenant_id).bindings.get(line.link_key)
        if managed or binding is None or binding.ended is not None or binding.line_id != line.line_id:
            store.transact(TABLE, [delete(Row(_UNMANAGED, row.key))])
        elif line.tenant_id not in leaving:
            yield line


def former_name(store: Store, configuration: Configuration, tenant_id: str) -> str:
    """The name of a customer that is configured, or was while its lines are still billed; empty for anybody else."""
    if item := configuration.customer(tenant_id):
        return item.customer.name
    return next((line.customer for line in unmanaged(store, configuration) if line.tenant_id == tenant_id), "")


def way_out(line: Unmanaged, configuration: Configuration) -> str:
    """How a line is ended that nobody manages: with all others of a customer that was taken out, or alone."""
    if configuration.customer(line.tenant_id) is None:
        return f"End it: python3 dev.py offboard {line.tenant_id} --on DATE"
    return f"End it: python3 dev.py cutover find --agreement {line.agreement_id} lists it"


def keep_line(context: Context, name: str, by: str, why: str) -> Unmanaged:
    """Leaves a line that nobody manages as it is, and asks no more; raises ``Rejected`` where it is not asked about."""
    found = {line.name: line for line in unmanaged(context.store, context.current_configuration())}
    if name not in found:
        fix = f"There is: {', '.join(found) or 'none'}"
        raise Rejected("No line of this name is asked about", code="not-found-line", where=ascii(name), fix=fix)
    line = found[name]
    said = Record(context.clock.now(), RecordKind.DECIDED, f"keeps {name}", {"line": to_document(line), "why": why}, by=by)
    context.store.transact(TABLE, [delete(Row(_UNMANAGED, _key(line.tenant_id, line.link_key))), record_write(_UNMANAGED, said)])
    return line


def findings_of_leaving(store: Store, configuration: Configuration, today: date) -> Iterator[Finding]:
    """What a person is asked: lines that nobody manages, and customers that have left or leave with a line that has no end."""
    for line in unmanaged(store, configuration):
        fix = f"{way_out(line, configuration)}; or configure its link again; or python3 dev.py offboard --keep-line {line.name}"
        yield Finding(NoticeKind.LEFT_BEHIND, f"line~{line.link_key}", line.text, line.tenant_id, line.customer, fix=fix)
    for tenant_id, name, word in all_leaving(store):
        text, asks = words_on(load_record(store, tenant_id), today)
        over = word.last is not None and today > word.last and configuration.customer(tenant_id) is not None
        if asks or over:
            yield Finding(
                NoticeKind.LEFT_BEHIND, "leaving", text, tenant_id, name, fix="Look at its cut-over" if asks else "Import a configuration without it"
            )


def _key(tenant_id: str, link_key: str) -> str:
    return f"{tenant_id}~{safe_key(link_key)}"
