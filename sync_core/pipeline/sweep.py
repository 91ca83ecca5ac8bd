"""The sweep: what a crash or a lost message left lying is found and taken further. Everything it does may run twice."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from sync_core.errors import Conflict, SkipCustomer, SyncError
from sync_core.events import about, event
from sync_core.model.runs import CustomerRun, CustomerState, Run, RunState
from sync_core.pipeline.context import Context
from sync_core.pipeline.cutover.stage import sweep_cutovers
from sync_core.pipeline.ending import fail_customer, give_up
from sync_core.pipeline.messages import APPLY_PLAN, SEND_NOTICES, SYNC_CUSTOMER, Message, send
from sync_core.pipeline.release_run import advance, release_customers
from sync_core.pipeline.runs import close_run, customers_of, load_run, open_runs
from sync_core.pipeline.start_run import queue_customers
from sync_core.rows import Stored
from sync_core.schedule import latest_slot, next_slot

_LOST_AFTER = timedelta(minutes=15)
"""A message that should have been handled by now is sent again, once in so many minutes."""
_NEVER_STORED = timedelta(hours=1)


def sweep(context: Context) -> None:
    """Looks at every open run and every open cut-over once."""
    now = context.clock.now()
    for run_id, since in open_runs(context.store).items():
        run = load_run(context.store, run_id)
        if run is not None:
            _sweep_alone(context, run, now)
        elif now - since > _NEVER_STORED:
            close_run(context.store, run_id)
    sweep_cutovers(context)


def _sweep_alone(context: Context, run: Stored[Run], now: datetime) -> None:
    """One run that cannot be taken further must not keep the sweep from the others."""
    with about(run=run.value.run_id):
        try:
            _sweep_run(context, run, now)
        except SyncError as error:
            event("sweep.failed", logging.ERROR, code=error.code)


def _sweep_run(context: Context, run: Stored[Run], now: datetime) -> None:
    match run.value.state:
        case RunState.STARTING if now - run.value.started > _LOST_AFTER:
            queue_customers(context, run.value)
        case RunState.READING:
            _sweep_customers(context, run.value, now)
        case RunState.RELEASED:
            release_customers(context, run.value.run_id)
            _sweep_customers(context, run.value, now)
        case RunState.FINISHED if _lost(context, run.value.finished or run.value.started, now):
            send(context, SEND_NOTICES, Message(run.value.run_id))
        case RunState.TOLD:
            close_run(context.store, run.value.run_id)
    advance(context, run.value.run_id)


def _sweep_customers(context: Context, run: Run, now: datetime) -> None:
    for customer in customers_of(context.store, run.run_id):
        try:
            _sweep_customer(context, run, customer, now)
        except Conflict:
            continue


def _sweep_customer(context: Context, run: Run, customer: Stored[CustomerRun], now: datetime) -> None:
    since = customer.value.since or run.started
    given_up = timedelta(minutes=context.settings.wait_limit_minutes) + 2 * _LOST_AFTER
    if customer.value.state is CustomerState.QUEUED and now > run.reading_deadline:
        late = SkipCustomer(
            "The customer was not read before the run's reading deadline", code="not-read-in-time", fix="Start a resync of the customer"
        )
        fail_customer(context, customer, late)
    elif customer.value.state is CustomerState.RELEASED and now - since > given_up:
        stuck = SkipCustomer(
            "The plan was not applied in time", code="not-applied-in-time", fix="Start a resync: it settles what was sent and plans anew"
        )
        give_up(context, customer, stuck)
    elif customer.value.state in (CustomerState.QUEUED, CustomerState.RELEASED) and _lost(context, since, now):
        queue = SYNC_CUSTOMER if customer.value.state is CustomerState.QUEUED else APPLY_PLAN
        event("message.sent-again", run=run.run_id, customer=customer.value.tenant_id, queue=queue)
        send(context, queue, Message(run.run_id, customer.value.tenant_id))


def _lost(context: Context, since: datetime, now: datetime) -> bool:
    """Whether another ``_LOST_AFTER`` has passed since the sweep before this one."""
    age = now - since
    slot = latest_slot(context.settings.sweep_schedule, now)
    between_sweeps = next_slot(context.settings.sweep_schedule, slot) - slot
    return age >= _LOST_AFTER and age % _LOST_AFTER < between_sweeps
