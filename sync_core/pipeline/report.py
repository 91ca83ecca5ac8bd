"""Gathers what a run came to, once for everybody who tells people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from sync_core.access import findings
from sync_core.model.access import AccessFinding
from sync_core.model.plans import ChangeResult, Plan
from sync_core.model.reports import CustomerReport, RunReport
from sync_core.model.runs import CustomerRun, CustomerState, Run
from sync_core.pipeline.context import Context
from sync_core.pipeline.customers import load_plan
from sync_core.pipeline.planning import relationships
from sync_core.pipeline.runs import customers_of, load_run
from sync_core.pipeline.watch_access import access_report


def run_report(context: Context, run_id: str) -> RunReport | None:
    """The report of a run as it stands now, or ``None`` for an unknown run."""
    run = load_run(context.store, run_id)
    if run is None:
        return None
    customers = [item.value for item in customers_of(context.store, run_id)]
    configuration = context.configuration(run.value.configuration)
    known = relationships(context, run.value, configuration)
    configured = {item.customer.tenant_id: item.customer.name for item in configuration.customers}
    return RunReport(
        run=run.value,
        customers=tuple(_with_plan(context, run.value, customer) for customer in customers),
        unread=_unread(customers, run.value, configuration.notices.unread_after_days),
        new=tuple(sorted(item.name for item in known if item.tenant_id not in configured)),
        access=_access(context, configured),
        gone=tuple(sorted(name for tenant_id, name in configured.items() if known and tenant_id not in {item.tenant_id for item in known})),
    )


def _with_plan(context: Context, run: Run, customer: CustomerRun) -> CustomerReport:
    """The customer with its changes. Of a cut-over, with tens of thousands of lines, what went as confirmed is only counted."""
    if not customer.plan_id:
        return CustomerReport(customer)
    try:
        stored = load_plan(context.store, customer.tenant_id, customer.plan_id)
    except ValueError:  # one damaged row must not cost everybody the report
        return CustomerReport(customer)
    plan: Plan | None = stored.value if stored else None
    changes = plan.changes if plan else ()
    return CustomerReport(customer, tuple(each for each in changes if not run.cutover or each.result is not ChangeResult.APPLIED))


def _access(context: Context, configured: Mapping[str, str]) -> tuple[tuple[str, AccessFinding], ...]:
    """Of the configured customers, as the days stand now."""
    found = findings(access_report(context.store), context.clock.now())
    return tuple((configured.get(one.tenant_id, ""), one) for one in found if not one.tenant_id or one.tenant_id in configured)


def _unread(customers: Sequence[CustomerRun], run: Run, days: int) -> tuple[tuple[str, date], ...]:
    failed = [(customer.name, customer.last_read) for customer in customers if customer.state is CustomerState.FAILED]
    return tuple((name, day) for name, day in failed if day and (run.started.date() - day).days >= days)
