"""The barrier: nothing is applied before the whole run was read and its totals were judged, once."""

from __future__ import annotations

from dataclasses import replace

from sync_core.billing import judge_run
from sync_core.errors import Conflict
from sync_core.events import event
from sync_core.model.runs import CustomerRun, CustomerState, Run, RunKind, RunState
from sync_core.pipeline.context import Context
from sync_core.pipeline.messages import APPLY_PLAN, CUT_OVER, SEND_NOTICES, Message, send
from sync_core.pipeline.runs import change_run, customers_of, load_run, move, note_totals, totals_of, totals_of_last_day
from sync_core.pipeline.shared_lines import drop_lines
from sync_core.rows import Stored


def advance(context: Context, run_id: str) -> None:
    """Takes the run as far as its counters allow: judged when all are read, finished when all have ended. Safe at any time."""
    run = load_run(context.store, run_id)
    if run and run.value.reading == 0 and run.value.state in (RunState.STARTING, RunState.READING):
        release_run(context, run)
        run = load_run(context.store, run_id)
    if run and run.value.open == 0 and run.value.state is RunState.RELEASED:
        finish_run(context, run)


def release_run(context: Context, run: Stored[Run]) -> None:
    """Judges the run's totals and lets go the plans that have something to apply; a duplicate finds it done.

    A resync is one customer by intent: its share is that of all the customers there are.
    """
    configuration = context.configuration(run.value.configuration)
    totals = totals_of([customer.value for customer in customers_of(context.store, run.value.run_id)])
    judged = totals if run.value.kind is RunKind.DAILY else replace(totals, customers=len(configuration.customers))
    held = run.value.stopped
    if not run.value.by_people:
        held = held or judge_run(judged, totals_of_last_day(context.store, run.value), configuration.guard_rails)
    if not held:  # before the release: a crash right after it must not hide from other runs what this one moves
        note_totals(context.store, run.value, totals)
    if change_run(context.store, run, state=RunState.RELEASED, held=held, totals=totals) is None:
        return
    event("run.held" if held else "run.released", run=run.value.run_id, changed=totals.changed)
    release_customers(context, run.value.run_id)


def release_customers(context: Context, run_id: str) -> None:
    """Sends on, or holds, every customer that still waits for the released run; may run twice."""
    run = load_run(context.store, run_id)
    if run is None or run.value.state is not RunState.RELEASED:
        return
    for customer in customers_of(context.store, run_id):
        if customer.value.state is not CustomerState.PLANNED:
            continue
        try:
            _release_customer(context, run.value, customer)
        except Conflict:
            continue


def _release_customer(context: Context, run: Run, customer: Stored[CustomerRun]) -> None:
    now = context.clock.now()
    if run.stopped or (run.held and customer.value.applicable):  # what a person approved is not what the run is held for
        reason = f"The run was held: {run.held or run.stopped}"
        waiting = customer.value.changes - customer.value.observed
        held = move(context.store, customer, now, state=CustomerState.HELD, reason=reason, waiting=waiting, applicable=0, money={})
        if held.last_ended:
            advance(context, run.run_id)
        return
    move(context.store, customer, now, state=CustomerState.RELEASED)
    send(context, APPLY_PLAN, Message(run.run_id, customer.value.tenant_id))


def finish_run(context: Context, run: Stored[Run]) -> None:
    """Ends the run, asks for its notice, and takes the cut-over further that it was a part of; the sweep asks again if a message is lost."""
    if change_run(context.store, run, state=RunState.FINISHED, finished=context.clock.now()) is None:
        return
    event("run.finished", run=run.value.run_id)
    send(context, SEND_NOTICES, Message(run.value.run_id))
    if run.value.cutover:
        send(context, CUT_OVER, Message(run.value.cutover))
    if run.value.kind in (RunKind.DAILY, RunKind.ON_DEMAND):  # if this is never reached, the retention does it
        drop_lines(context, run.value.run_id)
