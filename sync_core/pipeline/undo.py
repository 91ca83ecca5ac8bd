"""Undo: a run of its own takes back what others wrote. Its plans are made from the journal, and go the way of every plan."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from sync_core.billing import Place, ReconcileInput, Written, take_back
from sync_core.billing.cutting_over import is_nobodys
from sync_core.billing.undo import line_left
from sync_core.errors import Rejected
from sync_core.model.agreements import AgreementLines, Product
from sync_core.model.configuration import Configuration
from sync_core.model.customers import Mode
from sync_core.model.plans import Change, ChangeResult, JournalEntry, Plan, StepState, Undo
from sync_core.model.runs import Run, RunKind
from sync_core.pipeline.context import Context
from sync_core.pipeline.customers import CustomerRecord, Undone, plans_of, save_undone
from sync_core.pipeline.reading import agreement_now
from sync_core.pipeline.resync import UNKNOWN_CUSTOMER
from sync_core.pipeline.runs import customers_of, load_run
from sync_core.pipeline.start_run import Started, run_stamp, start_run
from sync_core.pipeline.strangers import customer_or_stranger, note_asking
from sync_core.ports import Store

STANDS_DAYS = 30
"""For how long what was undone is not set again without a person's word."""
_UNCERTAIN = (StepState.SENDING, StepState.UNKNOWN, StepState.UNRESOLVED)
_MOST_NAMED = 12


def undo_of_changes(context: Context, tenant_id: str, chosen: Sequence[str], why: str) -> Undo:
    """The undo of a customer's changes, each named ``plan/change`` or, of the newest plan that wrote it, ``change``.

    Without any, of all that the newest plan wrote. Raises ``Rejected`` where nothing of the kind was written.
    """
    written = list(written_by(context.store, tenant_id))
    names = {item.change.change_id: item.name for item in written} | {item.name: item.name for item in written}
    unknown = [name for name in chosen if name not in names]
    if unknown or not written:
        newest = ", ".join(item.words for item in reversed(written[-_MOST_NAMED:])) or "nothing"
        what = f"Nothing was written under {', '.join(unknown)}" if unknown else "Nothing was written for this customer"
        raise Rejected(what, code="nothing-written", where=tenant_id, fix=f"Written last: {newest}")
    newest_plan = [item.name for item in written if item.plan_id == written[-1].plan_id]
    return Undo(changes=tuple(dict.fromkeys(names[name] for name in chosen)) or tuple(newest_plan), why=why)


def customers_to_undo(context: Context, run_id: str, *beside: str) -> tuple[str, ...]:
    """The customers, and companies without one, for which a run, or one ``beside`` it, made a plan; raises ``Rejected`` where there is none."""
    if load_run(context.store, run_id) is None:
        raise Rejected("There is no such run", code="unknown-run", where=run_id, fix="GET /api/runs lists the runs")
    configuration = context.current_configuration()
    customers = (item.value for each in (run_id, *beside) for item in customers_of(context.store, each))
    planned = dict.fromkeys(customer.tenant_id for customer in customers if customer.plan_id)
    found = tuple(key for key in planned if customer_or_stranger(context.store, configuration, key))
    if not found:
        raise Rejected("The run planned nothing for a configured customer", code="nothing-written", where=run_id)
    return found


def start_undo(context: Context, wanted: Undo, customers: Sequence[str], asked_by: str, approved: str = "") -> Started:
    """Starts the run that shows what an undo would write or, once a plan of it was ``approved`` (its id), writes it.

    Raises ``Rejected`` where one of the customers is not configured.
    """
    now, configuration = context.clock.now(), context.current_configuration()
    if unknown := [key for key in customers if customer_or_stranger(context.store, configuration, key) is None]:
        fix = "Import a configuration that has it"
        raise Rejected("No customer with this tenant id is configured", code=UNKNOWN_CUSTOMER, where=unknown[0], fix=fix)
    note_asking(context.store, configuration, customers)
    names = hashlib.sha256("\n".join((approved, wanted.run_id, *wanted.beside, *wanted.changes, *customers)).encode()).hexdigest()
    return start_run(context, f"undo-{run_stamp(now)}-{names[:8]}", RunKind.UNDO, now, customers, Mode.AUTOMATIC, asked_by, wanted)


def undo_changes(context: Context, run: Run, configuration: Configuration, record: CustomerRecord, plan_id: str) -> tuple[Change, ...]:
    """The changes by which a customer's part of the run's undo is made true, from the journal and from what the PSA holds now."""
    assert run.undo, "only an undo run undoes"
    chosen = frozenset(_chosen(context.store, record.tenant_id, run.undo))
    by_link: dict[str, list[Written]] = {}
    for item in written_by(context.store, record.tenant_id):
        by_link.setdefault(item.change.link_key, []).append(item)
    touched = {key: items for key, items in by_link.items() if chosen.intersection(item.name for item in items)}
    inputs = _inputs(context, run, configuration, record, plan_id, touched)
    changes = [change for items in touched.values() for change in take_back(inputs, items, chosen)]
    return tuple(sorted(changes, key=lambda change: (change.connection, change.agreement_id, change.item, change.link_key)))


def keep_undone(context: Context, tenant_id: str, changes: Iterable[Change], by: str, now: datetime) -> None:
    """Notes what an undo takes back that was approved ``now``, so that the next run does not set it again."""
    taken_back = dict[str, Decimal | None]()
    for change in changes:
        taken_back[change.link_key] = taken_back.get(change.link_key) if change.undoes is None else change.undoes
    for link_key, units in taken_back.items():
        save_undone(context.store, tenant_id, Undone(link_key, units, by, now, now + timedelta(days=STANDS_DAYS)))


def written_by(store: Store, tenant_id: str) -> Iterator[Written]:
    """All that was written for a customer, or may have been, oldest first."""
    for plan, entries in plans_of(store, tenant_id):
        yield from _written(plan, entries)


def _written(plan: Plan, entries: Sequence[JournalEntry]) -> Iterator[Written]:
    for change in plan.changes:
        steps = [entry for entry in entries if change.change_id in entry.step.change_ids]
        done = change.result in (ChangeResult.APPLIED, ChangeResult.HALF_DONE)
        if done or any(entry.state in _UNCERTAIN for entry in steps):
            yield Written(plan.plan_id, change, steps[0].before.get(change.change_id, {}) if steps else {})


def _chosen(store: Store, tenant_id: str, wanted: Undo) -> Iterator[str]:
    yield from wanted.changes
    if wanted.run_id:
        for plan, entries in plans_of(store, tenant_id):
            if plan.run_id in (wanted.run_id, *wanted.beside):
                yield from (item.name for item in _written(plan, entries))


def _inputs(
    context: Context, run: Run, configuration: Configuration, record: CustomerRecord, plan_id: str, touched: dict[str, list[Written]]
) -> ReconcileInput:
    bindings = {key: binding for key, binding in record.bindings.items() if key in touched}
    bindings |= {key: followed for key, items in touched.items() if is_nobodys(key) and (followed := line_left(items))}
    agreements: dict[Place, AgreementLines] = {}
    products: dict[Place, Product | None] = {}
    for binding in bindings.values():
        psa, place = context.adapters.psa(configuration, binding.connection), (binding.connection, binding.agreement_id)
        if place not in agreements and (found := agreement_now(psa, binding.agreement_id, run.business_dates[binding.connection])):
            agreements[place] = found
        if binding.ended is not None:
            identifier = touched[binding.link_key][-1].change.product
            products[binding.connection, identifier] = next(iter(psa.products([identifier])), None)
    return ReconcileInput(
        tenant_id=record.tenant_id,
        plan_id=plan_id,
        installation=context.settings.installation,
        business_dates=run.business_dates,
        links=(),
        questions=(),
        items={},
        agreements=agreements,
        bindings=bindings,
        products=products,
        sku_names={items[-1].change.item_id: items[-1].change.item for items in touched.values()},
    )
