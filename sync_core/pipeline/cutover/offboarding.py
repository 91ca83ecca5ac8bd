"""Offboarding: a cut-over of the lines that we manage for one customer. They end on a day, with the units that were counted last."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from sync_core.counting import count_customer
from sync_core.documents import from_document
from sync_core.errors import Rejected, SyncError
from sync_core.model.billing import Binding, CountedItem
from sync_core.model.configuration import Configuration, CustomerConfiguration
from sync_core.model.customers import Leaving
from sync_core.model.cutovers import Choice, Cutover, CutoverState, Tally, Unit, Wanted, What
from sync_core.model.licences import UsageSnapshot
from sync_core.pipeline.context import Context
from sync_core.pipeline.customers import CustomerRecord, load_record
from sync_core.pipeline.cutover.prepare import start_preparing
from sync_core.pipeline.cutover.rows import insert_cutover, put_units
from sync_core.pipeline.cutover.search import found_line, in_units
from sync_core.pipeline.leaving import say_leaving
from sync_core.pipeline.reading import lines_of
from sync_core.pipeline.start_run import business_dates, run_stamp
from sync_core.pipeline.strangers import Stranger, customer_or_stranger, keep_strangers


@dataclass(frozen=True)
class FinalCount:
    """An item of a customer that goes: what was counted last, and what its line bills."""

    item: str
    purchased: int | None
    assigned: int | None
    billed: Decimal | None


def start_offboarding(context: Context, tenant_id: str, name: str, last: date, asked_by: str) -> Cutover:
    """Begins to end a customer's lines, and to work out what that means; raises ``Rejected`` where it has none.

    The customer may be taken out of the configuration already; ``name`` is for people.
    """
    configuration, now = context.current_configuration(), context.clock.now()
    record = load_record(context.store, tenant_id)
    digest = hashlib.sha256(tenant_id.encode()).hexdigest()[:6]
    cutover_id = f"off-{run_stamp(now).lower()}-{digest}"
    units = list(_units(context, configuration, record, cutover_id, name))
    if not units:
        raise Rejected("No line of this customer is managed and goes on", code="nothing-managed", where=tenant_id, fix="There is nothing to end")
    keep_strangers(context.store, [Stranger(tenant_id, name)])  # it is taken out one day, maybe while this goes on
    tally = Tally()
    for unit in units:
        tally = tally.with_unit(unit)
    found = Cutover(cutover_id, CutoverState.FOUND, Wanted(), configuration.version, asked_by, now, now, tally=tally, leaving=tenant_id)
    insert_cutover(context.store, found)
    put_units(context.store, units)
    return start_preparing(context, cutover_id, Choice(What.END, last))


def mark_leaving(context: Context, cutover: Cutover) -> None:
    """Lets the nights leave the customer of a confirmed offboarding alone; may run twice."""
    word, choice = cutover.confirmed, cutover.choice
    item = customer_or_stranger(context.store, context.configuration(cutover.configuration), cutover.leaving)
    if word and choice and item:
        by = f"{word.by} and {word.second}" if word.second else word.by
        say_leaving(context.store, cutover.leaving, item.customer.name, Leaving(by, word.at, word.why, choice.last, cutover.cutover_id))


def final_counts(context: Context, tenant_id: str) -> tuple[datetime | None, tuple[FinalCount, ...]]:
    """What the customer holds and what is billed for it, with the time (UTC) it was read: now, or last time where it lets nobody in any more."""
    configuration, record = context.current_configuration(), load_record(context.store, tenant_id)
    item = configuration.customer(tenant_id)
    snapshot = _snapshot(context, configuration, item, record)
    counted = count_customer(snapshot, configuration, item) if snapshot and item else ()
    billed = {binding.link_key: binding.quantity for binding in record.bindings.values() if binding.ended is None}
    links = {link.key: link.item_id for link in (item.links if item else ())}
    rows = [_final(each, links, billed) for each in counted if each.held and not each.excluded]
    others = (FinalCount(key, None, None, units) for key, units in billed.items() if links.get(key) not in {each.item_id for each in counted})
    return snapshot.read_at if snapshot else None, (*rows, *others)


def _final(item: CountedItem, links: Mapping[str, str], billed: Mapping[str, Decimal]) -> FinalCount:
    units = [billed[key] for key, item_id in links.items() if item_id == item.item_id and key in billed]
    return FinalCount(item.name, item.purchased, item.assigned, sum(units, Decimal(0)) if units else None)


def _snapshot(context: Context, configuration: Configuration, item: CustomerConfiguration | None, record: CustomerRecord) -> UsageSnapshot | None:
    if item:
        try:
            return context.adapters.microsoft(configuration).read_usage(item.customer)
        except SyncError:  # it is gone, or lets nobody in: what was read last counts
            pass
    evidence = context.blobs.get(record.last.value.snapshot) if record.last else None
    return from_document(UsageSnapshot, json.loads(zlib.decompress(evidence))) if evidence else None


def _units(context: Context, configuration: Configuration, record: CustomerRecord, cutover_id: str, name: str) -> Iterator[Unit]:
    """The lines of the customer's links, configured or not, that are there and have no end of ours."""
    known = {item.name for item in configuration.connections}
    living = [binding for binding in record.bindings.values() if binding.ended is None and binding.connection in known]
    dates = business_dates(configuration, context.clock.now())
    for connection in sorted({binding.connection for binding in living}):
        here = [binding for binding in living if binding.connection == connection]
        yield from _of_connection(context, configuration, dates, connection, here, Unit(cutover_id, record.tenant_id, connection, "", name))


def _of_connection(
    context: Context, configuration: Configuration, dates: Mapping[str, date], connection: str, bindings: list[Binding], place: Unit
) -> Iterator[Unit]:
    psa = context.adapters.psa(configuration, connection)
    by_company: dict[str, list[tuple[str, Binding]]] = {}
    heads = {head.agreement_id: head for head in psa.read_headers(sorted({binding.agreement_id for binding in bindings}))}
    for binding in bindings:
        if binding.agreement_id in heads:
            by_company.setdefault(heads[binding.agreement_id].company_id, []).append((binding.agreement_id, binding))
    held = {number: lines_of(psa, head, dates[connection]) for number, head in heads.items()}
    for company_id, of_company in by_company.items():
        there = [(number, binding, line) for number, binding in of_company if (line := held[number].line(binding.line_id))]
        lines = [found_line(heads[number], line, managed_by=binding.link_key) for number, binding, line in there]
        yield from in_units(replace(place, company_id=company_id), lines)
