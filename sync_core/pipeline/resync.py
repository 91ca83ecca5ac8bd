"""Runs that people ask for: one customer again, or all of them now."""

from __future__ import annotations

import re

from sync_core.errors import Conflict, Rejected, RetryLater
from sync_core.model.customers import Mode
from sync_core.model.runs import RunKind, RunState
from sync_core.pipeline.context import Context
from sync_core.pipeline.customers import load_last_resync, save_last_resync
from sync_core.pipeline.runs import load_customer, load_run, open_runs
from sync_core.pipeline.start_run import Started, run_stamp, start_run

UNKNOWN_CUSTOMER = "unknown-customer"
BAD_TENANT_ID = "bad-tenant-id"
RUN_OPEN = "run-open"
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def resync(context: Context, tenant_id: str, ceiling: Mode = Mode.AUTOMATIC, asked_by: str = "") -> Started:
    """Starts a run for one customer, or returns the one that is under way.

    ``ceiling`` lowers the customer's mode for this run and never raises it. Raises ``Rejected`` for an id that is no GUID
    or no configured customer's.
    """
    tenant_id = tenant_id.strip().lower()
    if not _GUID.fullmatch(tenant_id):
        raise Rejected(
            "The tenant id is not a GUID", code=BAD_TENANT_ID, fix="Use the customer's tenant id, like 00000000-0000-0000-0000-000000000000"
        )
    if context.current_configuration().customer(tenant_id) is None:
        raise Rejected(
            "No customer with this tenant id is configured", code=UNKNOWN_CUSTOMER, where=tenant_id, fix="Import a configuration that has it"
        )
    last = load_last_resync(context.store, tenant_id)
    if last and _under_way(context, last.value.run_id, tenant_id):
        run_id = last.value.run_id
    else:
        run_id = f"resync-{run_stamp(context.clock.now())}-{tenant_id[:8]}"
        try:
            save_last_resync(context.store, tenant_id, run_id, last)
        except Conflict as error:
            raise RetryLater("Another resync of this customer was just asked for", delay=1, where=tenant_id) from error
    return start_run(context, run_id, RunKind.RESYNC, context.clock.now(), (tenant_id,), ceiling, asked_by)


def run_all_now(context: Context, ceiling: Mode = Mode.AUTOMATIC, asked_by: str = "") -> Started:
    """Starts a run over all configured customers; raises ``Rejected`` while another one is open."""
    for run_id in open_runs(context.store):
        run = load_run(context.store, run_id)
        if run and run.value.kind is not RunKind.RESYNC and run.value.state not in (RunState.FINISHED, RunState.TOLD):
            raise Rejected(f"Run {run_id} is still open", code=RUN_OPEN, fix="Wait until it has finished")
    now = context.clock.now()
    return start_run(context, f"demand-{run_stamp(now)}", RunKind.ON_DEMAND, now, (), ceiling, asked_by)


def _under_way(context: Context, run_id: str, tenant_id: str) -> bool:
    """Whether a resync still has something to do; one that was named and not stored yet counts, so that it is finished."""
    if load_run(context.store, run_id) is None:
        return True
    customer = load_customer(context.store, run_id, tenant_id)
    return customer is None or not customer.value.state.final
