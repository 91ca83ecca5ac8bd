"""How a customer leaves a run: with a state, a reason in words, and the run taken further when it was the last one."""

from __future__ import annotations

import logging
from datetime import date
from typing import Any

from sync_core.errors import ANSWER_OF_ANOTHER_TENANT, StopRun, SyncError
from sync_core.events import event, metric
from sync_core.model.runs import CustomerRun, CustomerState
from sync_core.pipeline.context import Context
from sync_core.pipeline.outcome import break_off
from sync_core.pipeline.release_run import advance
from sync_core.pipeline.runs import move, stop_writes
from sync_core.rows import Stored


def end_customer(context: Context, customer: Stored[CustomerRun], state: CustomerState, reason: str = "", **changes: Any) -> None:
    """Moves the customer on, and the run too when nobody else is left; raises ``Conflict`` when somebody else moved the customer."""
    moved = move(context.store, customer, context.clock.now(), state=state, reason=reason, **changes)
    event("customer." + state.value, run=customer.value.run_id, customer=customer.value.tenant_id)
    with_changes = "some" if changes.get("changes", customer.value.changes) else "none"
    metric("customers", 1, "customers", outcome=state.value, changes=with_changes, run=customer.value.run_id, customer=customer.value.tenant_id)
    if moved.last_read or moved.last_ended:
        advance(context, customer.value.run_id)


def fail_customer(context: Context, customer: Stored[CustomerRun], error: SyncError, last_read: date | None = None) -> None:
    """Ends the customer in this run with what went wrong and what a person does about it.

    What nobody can be done with, or a mix-up of tenants, stops the whole run's writes, whichever stage met it.
    """
    if isinstance(error, StopRun) or error.code == ANSWER_OF_ANOTHER_TENANT:
        stop_writes(context.store, customer.value.run_id, str(error))
    event("customer.error", logging.WARNING, run=customer.value.run_id, customer=customer.value.tenant_id, code=error.code)
    if last_read:
        age = (context.clock.now().date() - last_read).days
        metric("last-read.age", age, "days", run=customer.value.run_id, customer=customer.value.tenant_id)
    reason = ". ".join(part.rstrip(".") for part in (error.what, error.why) if part)
    end_customer(context, customer, CustomerState.FAILED, reason, code=error.code, fix=error.fix, last_read=last_read)


def give_up(context: Context, customer: Stored[CustomerRun], error: SyncError) -> None:
    """Ends a customer that no worker takes to its end, and the plan it is at; raises ``Conflict`` while one is at it after all.

    A plan whose rows cannot be read is left as it is, so that the run is not kept open by it: the next run fails over it with its reason.
    """
    try:
        break_off(context, customer.value.tenant_id, customer.value.plan_id, error.what)
    except ValueError:
        event("plan.unreadable", logging.ERROR, run=customer.value.run_id, customer=customer.value.tenant_id)
    fail_customer(context, customer, error)
