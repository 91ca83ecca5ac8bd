"""The writing stage: a released plan is applied step by step, and whatever happens the customer ends with what became of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sync_core.billing import carried_on, fingerprint
from sync_core.errors import Conflict, InvalidConfiguration, Rejected, RetryLater, SkipCustomer, StopRun, SyncError
from sync_core.model.billing import Binding
from sync_core.model.plans import Change, ChangeKind, ChangeResult, JournalEntry, Plan, PlanState, StepState
from sync_core.model.runs import CustomerRun, CustomerState, Run, RunState
from sync_core.pipeline.context import Context
from sync_core.pipeline.control import stop_switch
from sync_core.pipeline.customers import (
    Live,
    begin_plan,
    drop_binding,
    finish_live,
    follow,
    journal_of,
    load_binding,
    load_live,
    load_plan,
    load_record,
    save_plan,
)
from sync_core.pipeline.ending import end_customer, fail_customer
from sync_core.pipeline.history import followed
from sync_core.pipeline.messages import APPLY_PLAN, Message, put_back
from sync_core.pipeline.outcome import break_off, free_agreements, with_results
from sync_core.pipeline.permission import WAITING
from sync_core.pipeline.proposing import propose
from sync_core.pipeline.reading import agreement_now
from sync_core.pipeline.release_run import advance
from sync_core.pipeline.runs import load_customer, load_run
from sync_core.pipeline.start_run import business_dates
from sync_core.pipeline.steps import Stopped, binding_for, carry_out, close, what_changed
from sync_core.pipeline.strangers import customer_or_stranger
from sync_core.pipeline.wording import number_of
from sync_core.pipeline.writes import by_agreement, fail_refused, steps_of
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
        _apply_or_break_off(context, run.value, customer, message)
    except Conflict:
        put_back(context, APPLY_PLAN, message)


def _apply_or_break_off(context: Context, run: Run, customer: Stored[CustomerRun], message: Message) -> None:
    tenant_id, plan_id = customer.value.tenant_id, customer.value.plan_id
    try:
        _apply(context, run, customer)
    except RetryLater as error:
        if not put_back(context, APPLY_PLAN, message, error.delay):
            break_off(context, tenant_id, plan_id, f"Not written in time: {error.what}")
            fail_customer(context, customer, error)
    except Stopped as stopped:
        why = f"Writing was stopped: {stopped}"
        break_off(context, tenant_id, plan_id, why)
        end_customer(context, customer, CustomerState.HELD, why)
    except (SkipCustomer, InvalidConfiguration, Rejected, StopRun) as error:
        break_off(context, tenant_id, plan_id, f"Not written: {error.what}")
        fail_customer(context, customer, error)


def _apply(context: Context, run: Run, customer: Stored[CustomerRun]) -> None:
    tenant_id = customer.value.tenant_id
    live = load_live(context.store, tenant_id)
    stored = load_plan(context.store, tenant_id, customer.value.plan_id)
    if stored is None or live.value.plan_id != customer.value.plan_id:
        _end_overtaken(context, customer, live.value, stored.value if stored else None)
        return
    if live.value.state is PlanState.LIVE:
        if outdated := _outdated(context, run, stored.value):
            end_customer(context, customer, CustomerState.HELD, outdated)
            return
        stored, live = _begin(context, run, stored, live)
    elif live.value.state is PlanState.FINISHED and any(change.result is ChangeResult.PLANNED for change in stored.value.changes):
        raise SkipCustomer("The plan was given up before it was begun", code="not-applied-in-time", fix="Start a resync: it plans anew")
    plan = write_steps(context, run, stored)
    if live.value.state is PlanState.APPLYING:
        finish_live(context.store, live, plan)
    _end(context, customer, plan)


def _end_overtaken(context: Context, customer: Stored[CustomerRun], live: Live, plan: Plan | None) -> None:
    """The customer has a newer plan: that of this run was written to its end before, or it never was begun."""
    if plan and all(change.result is not ChangeResult.PLANNED for change in plan.changes):
        _end(context, customer, plan)
    else:
        end_customer(context, customer, CustomerState.DONE, f"A newer plan of run {live.run_id or 'another run'} took over")


def _begin(context: Context, run: Run, stored: Stored[Plan], live: Stored[Live]) -> tuple[Stored[Plan], Stored[Live]]:
    plan = stored.value
    take_over_lines(context, plan)
    steps, refused = steps_of(context, run, plan)
    stored = fail_refused(context, stored, refused)
    entries = [JournalEntry(plan.plan_id, number, step) for number, step in enumerate(steps)]
    return stored, begin_plan(context.store, plan.tenant_id, live, entries)


def write_steps(context: Context, run: Run, stored: Stored[Plan]) -> Plan:
    """Carries out every step of a plan that was begun, and stores what became of each change."""
    plan, ended = stored.value, list[JournalEntry]()
    configuration = context.configuration(run.configuration)
    for entry in journal_of(context.store, plan.tenant_id, plan.plan_id):
        if _cut_off(ended, entry.value):
            ended.append(close(context, plan, entry, "Not sent: an earlier step of it did not end well").value)
            continue
        psa = context.adapters.psa(configuration, entry.value.step.connection)
        begun = {change_id for earlier in ended for change_id in earlier.step.change_ids}
        ended.append(carry_out(context, psa, plan, entry, lambda: _check_may_write(context, run.run_id), begun).value)
    free_agreements(context, ended)
    hand_back_lines(context, plan, ended)
    plan = with_results(context, plan, ended)
    save_plan(context.store, stored, plan, context.clock.now())
    return plan


def hand_back_lines(context: Context, plan: Plan, ended: Iterable[JournalEntry]) -> None:
    """Lets go of the lines that an undo leaves to people again, once they are set back; may run twice."""
    unset = {change_id for entry in ended if entry.state is not StepState.CONFIRMED for change_id in entry.step.change_ids}
    links = {change.link_key for change in plan.changes if change.change_id in unset}
    for change in plan.changes:
        if change.kind is ChangeKind.HAND_BACK and change.result is ChangeResult.PLANNED and change.link_key not in links:
            drop_binding(context.store, plan.tenant_id, change.link_key, followed(plan, change))


def take_over_lines(context: Context, plan: Plan) -> None:
    """Binds the links of the plan's adoptions to their lines, if these are still as they were planned; the PSA is only read."""
    configuration = context.configuration(plan.configuration)
    adopted = (change for change in plan.changes if change.kind is ChangeKind.ADOPT and change.result is ChangeResult.PLANNED)
    for (connection, agreement_id), changes in by_agreement(adopted):
        agreement = agreement_now(context.adapters.psa(configuration, connection), agreement_id, plan.business_dates[connection])
        for change in changes:
            line = agreement.line(change.line_id) if agreement else None
            if line is not None and not what_changed(context, agreement, [change]):
                known = _known_binding(context, plan, change)
                binding = carried_on(known, change, line, binding_for(plan, change, line))
                binding = replace(binding, due=known.due) if change.takes_over and known else binding
                follow(context.store, plan.tenant_id, binding, followed(plan, change), change.takes_over)


def _known_binding(context: Context, plan: Plan, change: Change) -> Binding | None:
    """What is remembered of the line an adoption is about, if need be by the link that followed it until now."""
    known = load_binding(context.store, plan.tenant_id, change.link_key)
    return known or (load_binding(context.store, plan.tenant_id, change.takes_over) if change.takes_over else None)


def _outdated(context: Context, run: Run, plan: Plan) -> str:
    """A plan applied on a later business date than it was made for is computed anew, and goes on only if it is the same."""
    configuration = context.configuration(run.configuration)
    today = business_dates(configuration, context.clock.now())
    places = {change.connection for change in plan.changes if change.result is ChangeResult.PLANNED}
    if all(today[name] == plan.business_dates[name] for name in places):
        return ""
    item = customer_or_stranger(context.store, configuration, plan.tenant_id)
    if item is None:
        return "The customer is not configured any more"
    record = load_record(context.store, plan.tenant_id)
    anew = propose(context, replace(run, business_dates=today), configuration, item, record, plan.plan_id, plan.mode)
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
    if run.value.state is not RunState.RELEASED:
        raise Stopped("the run is over: it was said of this customer that it is not written")


def _cut_off(ended: list[JournalEntry], entry: JournalEntry) -> bool:
    """Whether an earlier step of the same change did not end well, so that this one is not sent."""
    return any(set(earlier.step.change_ids) & set(entry.step.change_ids) for earlier in ended if earlier.state is not StepState.CONFIRMED)


def _end(context: Context, customer: Stored[CustomerRun], plan: Plan) -> None:
    failed = [change for change in plan.changes if change.result in (ChangeResult.FAILED, ChangeResult.HALF_DONE)]
    waiting = [change for change in plan.changes if change.result in WAITING]
    if failed:
        error = SyncError(
            f"{len(failed)} of {number_of(len(plan.changes), 'change')} could not be written",
            code="changes-failed",
            why=failed[0].result_reason,
            fix="Look at the line in the PSA; the next run plans again from what is there",
        )
        fail_customer(context, customer, error)
    elif waiting:
        end_customer(
            context,
            customer,
            CustomerState.HELD,
            f"Waits for a person: {len(waiting)} of {number_of(len(plan.changes), 'change')}",
            waiting=len(waiting),
        )
    else:
        end_customer(context, customer, CustomerState.DONE)
