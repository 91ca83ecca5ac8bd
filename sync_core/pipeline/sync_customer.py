"""The reading stage: one customer is read, compared and gets its plan, or fails with a reason people can act on."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from decimal import Decimal

from sync_core.errors import Conflict, InvalidConfiguration, Rejected, RetryLater, SkipCustomer, StopRun
from sync_core.events import event
from sync_core.model.customers import Mode
from sync_core.model.plans import Change, ChangeKind, ChangeResult, Decision, Plan, PlanState
from sync_core.model.runs import CustomerRun, CustomerState, Run
from sync_core.pipeline.context import Context
from sync_core.pipeline.customers import CustomerRecord, drop_plan, load_plan, load_record, save_last_read, store_plan
from sync_core.pipeline.ending import end_customer, fail_customer
from sync_core.pipeline.history import counted
from sync_core.pipeline.leaving import words_on
from sync_core.pipeline.measures import measure_plan
from sync_core.pipeline.messages import SYNC_CUSTOMER, Message, put_back
from sync_core.pipeline.outcome import settle_abandoned
from sync_core.pipeline.permission import WAITING, observed
from sync_core.pipeline.planning import Findings
from sync_core.pipeline.proposing import Proposal, mode_of, propose
from sync_core.pipeline.release_run import advance
from sync_core.pipeline.runs import load_customer, load_run
from sync_core.pipeline.strangers import customer_or_stranger
from sync_core.pipeline.wording import number_of
from sync_core.rows import Stored


def sync_customer(context: Context, message: Message) -> None:
    """Handles one message; a duplicate finds the customer moved, and takes the run on in case the first one died right after its move."""
    run = load_run(context.store, message.run_id)
    customer = load_customer(context.store, message.run_id, message.tenant_id)
    if run is None or customer is None:
        return
    if customer.value.state is not CustomerState.QUEUED:
        advance(context, message.run_id)
        return
    record = load_record(context.store, message.tenant_id)
    last_read = record.last.value.day if record.last else None
    try:
        if run.value.stopped:
            raise SkipCustomer("The run was stopped", code="run-stopped", why=run.value.stopped)
        _plan(context, run.value, customer, record)
    except Conflict:  # another run's worker moved the customer, or another copy of this message: it shows when it is read again
        event("customer.overtaken", run=message.run_id, customer=message.tenant_id)
        put_back(context, SYNC_CUSTOMER, message)
    except RetryLater as error:
        if not put_back(context, SYNC_CUSTOMER, message, error.delay):
            fail_customer(context, customer, error, last_read)
    except (SkipCustomer, InvalidConfiguration, Rejected, StopRun) as error:
        fail_customer(context, customer, error, last_read)


def _plan(context: Context, run: Run, customer: Stored[CustomerRun], record: CustomerRecord) -> None:
    configuration = context.configuration(run.configuration)
    item = customer_or_stranger(context.store, configuration, customer.value.tenant_id)
    if item is None:
        raise SkipCustomer("The customer is not configured", code="not-configured", fix="Add it to the configuration and import it")
    if plan := _planned_already(context, run, record):
        _conclude(context, customer, plan)
        return
    if record.live.value.state is PlanState.APPLYING:
        record = settle_abandoned(context, run, record)
    if record.leaving and not run.by_people:
        _leave_alone(context, run, customer, record)
        return
    mode = mode_of(context, run, item)
    proposal = propose(context, run, configuration, item, record, plan_id(record), mode)
    plan = _plan_of(context, run, record, proposal, mode)
    if proposal.findings:
        _keep_last_read(context, run, record, proposal.findings)
    if plan.changes:
        store_plan(context.store, record, plan)
    elif record.live.value.on_show and _asks_no_more(context, record, proposal):
        drop_plan(context.store, record)
    _conclude(context, customer, plan)


def _asks_no_more(context: Context, record: CustomerRecord, nothing: Proposal) -> bool:
    """Whether nothing on show is asked for any more: a reading that comes to no change says so of all, an undo of an undo only."""
    if nothing.findings:
        return True
    shown = load_plan(context.store, record.tenant_id, record.live.value.plan_id)
    return shown is None or shown.value.undo is not None


def _leave_alone(context: Context, run: Run, customer: Stored[CustomerRun], record: CustomerRecord) -> None:
    """A customer that goes is not read; what waited for it waits no more."""
    if record.live.value.on_show:
        drop_plan(context.store, record)
    words, asks = words_on(record, max(run.business_dates.values(), default=run.slot.date()))
    end_customer(context, customer, CustomerState.HELD if asks else CustomerState.DONE, words)


def _planned_already(context: Context, run: Run, record: CustomerRecord) -> Plan | None:
    """The plan that another copy of the message stored in this run: it stays, or the customer would name one plan and follow another."""
    live = record.live.value
    if live.state is not PlanState.LIVE or live.run_id != run.run_id:
        return None
    stored = load_plan(context.store, record.tenant_id, live.plan_id)
    return stored.value if stored else None


def _keep_last_read(context: Context, run: Run, record: CustomerRecord, findings: Findings) -> None:
    """What is counted as before costs the history nothing: its last record holds on."""
    before, last = record.last.value if record.last else None, findings.last_read
    if before is None or before.snapshot != last.snapshot:
        context.blobs.put(last.snapshot, findings.evidence)
        save_last_read(context.store, record.tenant_id, last, counted(findings.counts, run.run_id, run.started))
    elif before != last:
        save_last_read(context.store, record.tenant_id, last)


def _plan_of(context: Context, run: Run, record: CustomerRecord, proposal: Proposal, mode: Mode) -> Plan:
    return Plan(
        plan_id=plan_id(record),
        tenant_id=record.tenant_id,
        run_id=run.run_id,
        created=context.clock.now(),
        mode=mode,
        configuration=run.configuration,
        business_dates=run.business_dates,
        changes=proposal.changes,
        unlinked=proposal.unlinked,
        notes=proposal.notes,
        noted=proposal.noted,
        findings=proposal.noticed.findings,
        judged=proposal.noticed.judged,
        snapshot=proposal.snapshot,
        undo=run.undo,
    )


def plan_id(record: CustomerRecord) -> str:
    """The id of the customer's next plan: its number, and a few letters that tell customers apart."""
    return f"{record.live.value.number + 1:06d}-{hashlib.sha256(record.tenant_id.encode()).hexdigest()[:8]}"


def _conclude(context: Context, customer: Stored[CustomerRun], plan: Plan) -> None:
    planned = [change for change in plan.changes if change.result is ChangeResult.PLANNED]
    writing = (change for change in planned if change.kind not in (ChangeKind.ADOPT, ChangeKind.HAND_BACK))  # these write nothing
    unasked = [change for change in writing if change.decision is not Decision.APPROVED]
    waiting = sum(1 for change in plan.changes if change.result in WAITING)
    if planned:
        state, reason = CustomerState.PLANNED, ""
    elif waiting:
        state, reason = CustomerState.HELD, f"Waits for a person: {waiting} of {number_of(len(plan.changes), 'change')}"
    else:
        state, reason = CustomerState.DONE, f"{number_of(len(plan.changes), 'change')} seen, none applied" if plan.changes else ""
    end_customer(
        context,
        customer,
        state,
        reason,
        plan_id=plan.plan_id if plan.changes else "",
        changes=len(plan.changes),
        applicable=len(unasked),
        waiting=waiting,
        observed=len(observed(plan.changes)),
        money=_money_moved(unasked),
        unlinked=plan.unlinked,
        notes=plan.notes,
        noted=plan.noted,
        findings=plan.findings,
        judged=plan.judged,
    )
    measure_plan(plan.changes)


def _money_moved(changes: Sequence[Change]) -> dict[str, Decimal]:
    """What the changes move per period, by currency: raises and reductions added up, so that they do not hide each other."""
    currencies = {change.currency for change in changes}
    return {currency: sum((abs(change.money) for change in changes if change.currency == currency), Decimal(0)) for currency in currencies}
