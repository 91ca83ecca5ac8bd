"""What became of a plan: the result of each change, read off its journal, also when the plan ends on the way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from sync_core.errors import RetryLater
from sync_core.events import event
from sync_core.model.billing import Binding
from sync_core.model.plans import Change, ChangeKind, ChangeResult, JournalEntry, Plan, PlanState, StepState
from sync_core.model.runs import Run
from sync_core.pipeline.context import Context
from sync_core.pipeline.customers import CustomerRecord, finish_live, journal_of, load_live, load_plan, load_record, move_live, save_plan
from sync_core.pipeline.leases import release
from sync_core.pipeline.runs import load_customer
from sync_core.pipeline.steps import SENT, close, settle
from sync_core.rows import Stored

_UNKNOWN = "It was sent, and nobody knows yet whether it was written: the next run looks for it"


def with_results(context: Context, plan: Plan, entries: Sequence[JournalEntry]) -> Plan:
    """The plan with what its journal says about each change that was to be applied."""
    by_binding = any(change.kind in (ChangeKind.ADOPT, ChangeKind.HAND_BACK) for change in plan.changes)
    bindings = load_record(context.store, plan.tenant_id).bindings if by_binding else {}
    return replace(plan, changes=tuple(_with_result(change, plan.plan_id, entries, bindings) for change in plan.changes))


def break_off(context: Context, tenant_id: str, plan_id: str, why: str) -> None:
    """Ends a plan on the way: what was not sent never will be, and what was sent and is unknown is left to the next run.

    A plan that was not begun keeps its changes as they are, and is over, so that no worker that was slow begins it now.
    Raises ``Conflict`` while another worker is at it.
    """
    live, stored = load_live(context.store, tenant_id), load_plan(context.store, tenant_id, plan_id)
    if stored is None or live.value.plan_id != plan_id or live.value.state is PlanState.FINISHED:
        return
    if live.value.state is PlanState.LIVE:
        move_live(context.store, tenant_id, live, PlanState.FINISHED)
        return
    entries = [close(context, stored.value, entry, why).value for entry in journal_of(context.store, tenant_id, plan_id)]
    plan = with_results(context, stored.value, entries)
    save_plan(context.store, stored, plan, context.clock.now())
    if not any(entry.state in SENT for entry in entries):
        finish_live(context.store, live, plan)
        free_agreements(context, entries)


def free_agreements(context: Context, entries: Iterable[JournalEntry]) -> None:
    """Gives back the leases of a plan that nothing more is sent of, so that the next plan need not wait for their end."""
    for connection, agreement_id, plan_id in sorted({(entry.step.connection, entry.step.agreement_id, entry.plan_id) for entry in entries}):
        release(context, connection, agreement_id, plan_id)


def settle_abandoned(context: Context, run: Run, record: CustomerRecord) -> CustomerRecord:
    """Finishes what an earlier run left half written, before anything new is planned.

    Raises ``RetryLater`` while that run still works on it.
    """
    live = record.live
    earlier = load_customer(context.store, live.value.run_id, record.tenant_id)
    if earlier and not earlier.value.state.final:
        raise RetryLater(f"The plan of run {live.value.run_id} is still being applied", delay=context.settings.retry_seconds)
    stored = load_plan(context.store, record.tenant_id, live.value.plan_id)
    if stored is None:
        move_live(context.store, record.tenant_id, live, PlanState.FINISHED)
    else:
        event("plan.settled", run=run.run_id, customer=record.tenant_id)
        finish_live(context.store, live, _settle(context, run, stored))
    return load_record(context.store, record.tenant_id)


def _settle(context: Context, run: Run, stored: Stored[Plan]) -> Plan:
    """Steps that were sent are looked for; the others are closed, so that no worker that was slow sends them beside the new plan's."""
    plan, entries = stored.value, []
    configuration = context.configuration(run.configuration)
    for entry in journal_of(context.store, plan.tenant_id, plan.plan_id):
        settled = settle(context, context.adapters.psa(configuration, entry.value.step.connection), plan, entry)
        entries.append(close(context, plan, settled, "Not written: its run is over").value)
    ended = with_results(context, plan, entries)
    save_plan(context.store, stored, ended, context.clock.now())
    return ended


def _with_result(change: Change, plan_id: str, entries: Iterable[JournalEntry], bindings: Mapping[str, Binding]) -> Change:
    if change.result is not ChangeResult.PLANNED:
        return change
    if change.kind in (ChangeKind.ADOPT, ChangeKind.HAND_BACK):
        binding = bindings.get(change.link_key)
        adopting = change.kind is ChangeKind.ADOPT
        if (binding is not None and binding.plan_id == plan_id) if adopting else binding is None:
            return replace(change, result=ChangeResult.APPLIED)
        reason = "The line was changed after it was planned" if adopting else "The line was not set back, and stays managed"
        return replace(change, result=ChangeResult.HELD, result_reason=reason)
    steps = [entry for entry in entries if change.change_id in entry.step.change_ids]
    bad = [entry for entry in steps if entry.state is not StepState.CONFIRMED]
    if not steps:
        return replace(change, result=ChangeResult.FAILED, result_reason="The PSA's adapter has no write for it")
    if not bad:
        return replace(change, result=ChangeResult.APPLIED, line_id=change.line_id or steps[-1].made.get(change.change_id, ""))
    reason = _UNKNOWN if bad[0].state in SENT else bad[0].outcome
    if len(bad) < len(steps):
        return replace(change, result=ChangeResult.HALF_DONE, result_reason=reason)
    return replace(change, result=ChangeResult.HELD if bad[0].state is StepState.HELD else ChangeResult.FAILED, result_reason=reason)
