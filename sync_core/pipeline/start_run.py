"""The first stage: one run a slot, one message a customer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sync_core.events import event
from sync_core.model.configuration import Configuration, CustomerConfiguration
from sync_core.model.customers import Mode
from sync_core.model.plans import Undo
from sync_core.model.runs import Run, RunKind, RunState
from sync_core.pipeline.context import Context
from sync_core.pipeline.messages import SYNC_CUSTOMER, Message, send
from sync_core.pipeline.release_run import advance
from sync_core.pipeline.runs import change_run, counters_for, insert_customers, insert_run, list_run, load_run
from sync_core.pipeline.strangers import items_of
from sync_core.schedule import latest_slot


@dataclass(frozen=True)
class Started:
    """The run, and whether this call made it or found it under way."""

    run: Run
    resumed: bool


def start_daily_run(context: Context) -> Started:
    """Starts the run of the schedule's latest slot; a second start of a slot finishes the first one's work and doubles nothing."""
    slot = latest_slot(context.settings.schedule, context.clock.now())
    return start_run(context, f"daily-{run_stamp(slot)}", RunKind.DAILY, slot)


def start_run(
    context: Context,
    run_id: str,
    kind: RunKind,
    slot: datetime,
    only: Sequence[str] = (),
    ceiling: Mode = Mode.AUTOMATIC,
    asked_by: str = "",
    undo: Undo | None = None,
    cutover: str = "",
) -> Started:
    """Stores the run with the configuration and business dates that all its stages use, and queues its customers.

    Raises ``InvalidConfiguration`` when there is no configuration, or none of its customers is meant.
    """
    there = load_run(context.store, run_id)
    if there is None:
        run = replace(_new_run(context, run_id, kind, slot, tuple(only), ceiling, asked_by), undo=undo, cutover=cutover)
        made = insert_run(context.store, run)
        there = load_run(context.store, run_id)
        assert there is not None, "a run that was just stored can be read"
        resumed = not made
    else:
        resumed = True
    event("run.resumed" if resumed else "run.started", run=run_id, kind=kind.value, customers=there.value.customers)
    if there.value.state is RunState.STARTING:
        queue_customers(context, there.value)
    return Started(there.value, resumed)


def queue_customers(context: Context, run: Run) -> None:
    """Queues the customers of a run that is starting; may run twice, and goes on where an interrupted start ended."""
    list_run(context.store, run)
    customers = customers_of_run(context, context.configuration(run.configuration), run.only)
    for batch in insert_customers(context.store, run, customers, context.clock.now()):
        for customer in batch:
            send(context, SYNC_CUSTOMER, Message(run.run_id, customer.tenant_id))
    current = load_run(context.store, run.run_id)
    while current and current.value.state is RunState.STARTING and not change_run(context.store, current, state=RunState.READING):
        current = load_run(context.store, run.run_id)
    advance(context, run.run_id)


def customers_of_run(context: Context, configuration: Configuration, only: Sequence[str]) -> list[CustomerConfiguration]:
    """The customers a run is about, strangers included; an empty ``only`` means all that are configured."""
    if not only:
        return list(configuration.customers)
    wanted = frozenset(only)
    configured = [item for item in configuration.customers if item.customer.tenant_id in wanted]
    known = {item.customer.tenant_id for item in configured}
    return [*configured, *items_of(context.store, configuration, [key for key in only if key not in known])]


def business_dates(configuration: Configuration, at: datetime) -> Mapping[str, date]:
    """Each PSA connection's own date at a moment (UTC)."""
    return {item.name: at.astimezone(ZoneInfo(item.time_zone)).date() for item in configuration.connections}


def _new_run(context: Context, run_id: str, kind: RunKind, slot: datetime, only: tuple[str, ...], ceiling: Mode, asked_by: str) -> Run:
    configuration = context.current_configuration()
    customers = len(customers_of_run(context, configuration, only))
    counters = counters_for(customers)
    now = context.clock.now()
    counting = min(counters, customers)
    return Run(
        run_id=run_id,
        kind=kind,
        slot=slot,
        started=now,
        reading_deadline=now + timedelta(minutes=context.settings.reading_minutes),
        configuration=configuration.version,
        business_dates=business_dates(configuration, slot),
        customers=customers,
        counters=counters,
        reading=counting,
        open=counting,
        only=only,
        ceiling=ceiling.capped(context.settings.mode_ceiling),
        asked_by=asked_by,
    )


def run_stamp(moment: datetime) -> str:
    """A moment (UTC) as it stands in run ids, to the second."""
    return moment.strftime("%Y%m%dT%H%M%SZ")
