"""The writing stage: a released plan is applied step by step, and whatever happens the customer ends with what became of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby

from sync_core.billing import fingerprint
from sync_core.errors import Conflict, Rejected, RetryLater, SkipCustomer, StopRun, SyncError
from sync_core.events import event
from sync_core.model.plans import Change, ChangeKind, ChangeResult, JournalEntry, Plan, PlanState, Step, StepState
from sync_core.model.runs import CustomerRun, CustomerState, Run
from sync_core.pipeline.context import Context
from sync_core.pipeline.control import stop_switch
from sync_core.pipeline.customers import (
    CUSTOMERS,
    CustomerRecord,
    binding_write,
    journal_of,
    load_live,
    load_plan,
    load_record,
    move_live,
    open_journal,
    save_plan,
)
from sync_core.pipeline.ending import end_customer, fail_customer
from sync_core.pipeline.messages import APPLY_PLAN, Message, put_back
from sync_core.pipeline.permission import WAITING
from sync_core.pipeline.planning import find_changes
from sync_core.pipeline.release_run import advance
from sync_core.pipeline.runs import load_customer, load_run
from sync_core.pipeline.start_run import business_dates
from sync_core.pipeline.steps import Stopped, binding_for, carry_out
from sync_core.rows import Stored


def apply_plan(context: Context, message: Message) -> None:
    """Handles one message; a duplicate finds the customer ended, or the steps where the other worker took them."""
    run = load_run(context.store, message.run_id)
    customer = load_customer(context.store, message.run_id, message.tenant_id)
    if run is None or customer is None:
        return
    if customer.value.state is not CustomerState.RELEASED:
        advance(context, message.run_id)
        return
    try:
        _apply(context, run.value, customer)
    except Conflict:
        put_back(context, APPLY_PLAN, message)
    except RetryLater as error:
        if not put_back(context, APPLY_PLAN, message, error.delay):
            fail_customer(context, customer, error)
    except Stopped as stopped:
        end_customer(context, customer, CustomerState.HELD, f"Writing was stopped: {stopped}")
    except (SkipCustomer, Rejected, StopRun) as error:
        fail_customer(context, customer, error)


def _apply(context: Context, run: Run, customer: Stored[CustomerRun]) -> None:
    tenant_id = customer.value.tenant_id
    live = load_live(context.store, tenant_id)
    stored = load_plan(context.store, tenant_id, customer.value.plan_id)
    if stored is None or live.value.plan_id != customer.value.plan_id:
        end_customer(context, customer, CustomerState.DONE, f"A newer plan of run {live.value.run_id or 'another run'} took over")
        return
    plan = stored.value
    if live.value.state is PlanState.LIVE:
        outdated = _outdated(context, run, plan)
        if outdated:
            end_customer(context, customer, CustomerState.HELD, outdated)
            return
        live = move_live(context.store, tenant_id, live, PlanState.APPLYING)
    plan = write_steps(context, run, plan)
    if live.value.state is PlanState.APPLYING:
        move_live(context.store, tenant_id, live, PlanState.FINISHED)
    _end(context, customer, plan)


def write_steps(context: Context, run: Run, plan: Plan) -> Plan:
    """Carries out every step of the plan's applicable changes and stores what became of each change."""
    entries = journal_of(context.store, plan.tenant_id, plan.plan_id)
    if not entries:
        take_over_lines(context, plan)
        open_journal(context.store, plan.tenant_id, _journal_for(context, run, plan))
        entries = journal_of(context.store, plan.tenant_id, plan.plan_id)
    configuration = context.configuration(run.configuration)
    ended: list[JournalEntry] = []
    for entry in entries:
        if _cut_off(ended, entry.value):
            continue
        psa = context.adapters.psa(configuration, entry.value.step.connection)
        ended.append(carry_out(context, psa, plan, entry, lambda: _check_may_write(context, run.run_id)).value)
    plan = replace(plan, changes=tuple(_with_result(change, ended) for change in plan.changes))
    save_plan(context.store, plan)
    return plan


def take_over_lines(context: Context, plan: Plan) -> None:
    """Binds the links of the plan's adoptions to their lines, as they are; the PSA is only read."""
    adoptions = [change for change in plan.changes if change.kind is ChangeKind.ADOPT and change.result is ChangeResult.PLANNED]
    configuration = context.configuration(plan.configuration)
    for change in adoptions:
        psa = context.adapters.psa(configuration, change.connection)
        agreement = psa.read_agreement(change.agreement_id, plan.business_dates[change.connection])
        line = agreement.line(change.line_id) if agreement else None
        if line is not None:
            context.store.transact(CUSTOMERS, [binding_write(plan.tenant_id, binding_for(plan, change, line))])


def settle_abandoned(context: Context, run: Run, record: CustomerRecord) -> CustomerRecord:
    """Finishes what an earlier run left half written, before anything new is planned.

    Raises ``RetryLater`` while that run still works on it.
    """
    live = record.live
    earlier = load_customer(context.store, live.value.run_id, record.tenant_id)
    if earlier and not earlier.value.state.final:
        raise RetryLater(f"The plan of run {live.value.run_id} is still being applied", delay=context.settings.retry_seconds)
    stored = load_plan(context.store, record.tenant_id, live.value.plan_id)
    if stored is not None:
        event("plan.settled", run=run.run_id, customer=record.tenant_id)
        _settle_sent_steps(context, run, stored.value)
    move_live(context.store, record.tenant_id, live, PlanState.FINISHED)
    return load_record(context.store, record.tenant_id)


def _settle_sent_steps(context: Context, run: Run, plan: Plan) -> None:
    """Steps that were sent are looked for; those that never were stay unsent: the new plan decides about them."""

    def nothing_new() -> None:
        raise Stopped("its run is over")

    configuration = context.configuration(run.configuration)
    for entry in journal_of(context.store, plan.tenant_id, plan.plan_id):
        if entry.value.state in (StepState.SENDING, StepState.UNKNOWN):
            psa = context.adapters.psa(configuration, entry.value.step.connection)
            try:
                carry_out(context, psa, plan, entry, nothing_new)
            except Stopped:
                continue


def _journal_for(context: Context, run: Run, plan: Plan) -> list[JournalEntry]:
    return [JournalEntry(plan.plan_id, number, step) for number, step in enumerate(steps_of(context, run, plan))]


def steps_of(context: Context, run: Run, plan: Plan) -> list[Step]:
    """The writes of a plan's applicable changes, agreement by agreement, as they would be sent."""
    configuration = context.configuration(run.configuration)
    steps: list[Step] = []
    for (connection, agreement_id), changes in _by_agreement(change for change in plan.changes if change.result is ChangeResult.PLANNED):
        psa = context.adapters.psa(configuration, connection)
        agreement = psa.read_agreement(agreement_id, plan.business_dates[connection])
        if agreement is None:
            raise SkipCustomer(f"Agreement {agreement_id} of {connection} is gone", code="agreement-gone", fix="Link the customer to its successor")
        steps += psa.steps_for(agreement.agreement, changes, plan.plan_id)
    return steps


def _by_agreement(changes: Iterable[Change]) -> list[tuple[tuple[str, str], list[Change]]]:
    def place(change: Change) -> tuple[str, str]:
        return change.connection, change.agreement_id

    return [(key, list(group)) for key, group in groupby(sorted(changes, key=place), key=place)]


def _outdated(context: Context, run: Run, plan: Plan) -> str:
    """A plan applied on a later business date than it was made for is computed anew, and goes on only if it is the same."""
    configuration = context.configuration(run.configuration)
    today = business_dates(configuration, context.clock.now())
    places = {change.connection for change in plan.changes if change.result is ChangeResult.PLANNED}
    if all(today[name] == plan.business_dates[name] for name in places):
        return ""
    item = configuration.customer(plan.tenant_id)
    if item is None:
        return "The customer is not configured any more"
    record = load_record(context.store, plan.tenant_id)
    anew = find_changes(context, replace(run, business_dates=today), configuration, item, record, plan.plan_id, plan.mode)
    if _shown(anew.changes) == _shown(plan.changes):
        return ""
    return "The business date has changed since the plan was made, and computed anew it differs: the next run decides"


def _shown(changes: Iterable[Change]) -> set[str]:
    return {fingerprint(change) for change in changes if change.result is ChangeResult.PLANNED}


def _check_may_write(context: Context, run_id: str) -> None:
    switch = stop_switch(context.store)
    if switch.stopped:
        raise Stopped(switch.reason or "the stop switch is on")
    run = load_run(context.store, run_id)
    if run is None or run.value.stopped:
        raise Stopped(run.value.stopped if run else "the run is gone")


def _cut_off(ended: list[JournalEntry], entry: JournalEntry) -> bool:
    """Whether an earlier step of the same change did not end well, so that this one is not sent."""
    return any(set(earlier.step.change_ids) & set(entry.step.change_ids) for earlier in ended if earlier.state is not StepState.CONFIRMED)


def _with_result(change: Change, ended: list[JournalEntry]) -> Change:
    if change.result is not ChangeResult.PLANNED:
        return change
    if change.kind is ChangeKind.ADOPT:
        return replace(change, result=ChangeResult.APPLIED)
    steps = [entry for entry in ended if change.change_id in entry.step.change_ids]
    confirmed = sum(1 for entry in steps if entry.state is StepState.CONFIRMED)
    bad = next((entry for entry in steps if entry.state is not StepState.CONFIRMED), None)
    if bad is None:
        return replace(change, result=ChangeResult.APPLIED, line_id=change.line_id or next((entry.line_id for entry in steps), ""))
    if confirmed:
        return replace(change, result=ChangeResult.HALF_DONE, result_reason=bad.outcome)
    return replace(change, result=ChangeResult.HELD if bad.state is StepState.HELD else ChangeResult.FAILED, result_reason=bad.outcome)


def _end(context: Context, customer: Stored[CustomerRun], plan: Plan) -> None:
    failed = [change for change in plan.changes if change.result in (ChangeResult.FAILED, ChangeResult.HALF_DONE)]
    waiting = [change for change in plan.changes if change.result in WAITING]
    if failed:
        error = SyncError(
            f"{len(failed)} of {len(plan.changes)} changes could not be written",
            code="changes-failed",
            why=failed[0].result_reason,
            fix="Look at the line in the PSA; the next run plans again from what is there",
        )
        fail_customer(context, customer, error)
    elif waiting:
        end_customer(context, customer, CustomerState.HELD, f"{len(waiting)} of {len(plan.changes)} changes wait for a person", waiting=len(waiting))
    else:
        end_customer(context, customer, CustomerState.DONE)
