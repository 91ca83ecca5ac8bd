"""A plan's changes as the writes that make them true. A change that its PSA cannot take fails alone, and the others are written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from sync_core.errors import Rejected, SkipCustomer
from sync_core.model.agreements import Agreement
from sync_core.model.plans import Change, ChangeResult, Plan, Step
from sync_core.model.runs import Run, RunKind
from sync_core.pipeline.context import Context
from sync_core.pipeline.customers import load_plan, save_plan
from sync_core.pipeline.reading import all_heads
from sync_core.ports import Psa
from sync_core.rows import Stored


def steps_of(context: Context, run: Run, plan: Plan) -> tuple[list[Step], Mapping[str, str]]:
    """The writes of a plan's applicable changes, agreement by agreement, as they would be sent; and by id why others cannot be written."""
    configuration = context.configuration(run.configuration)
    steps, refused = list[Step](), dict[str, str]()
    for (connection, agreement_id), changes in by_agreement(change for change in plan.changes if change.result is ChangeResult.PLANNED):
        psa = context.adapters.psa(configuration, connection)
        head = _planned_with(context, run, psa, agreement_id)
        try:
            steps += psa.steps_for(head, changes, plan.plan_id)
        except (ValueError, Rejected):
            refused |= _refused(psa, head, changes, plan.plan_id)
            steps += psa.steps_for(head, [change for change in changes if change.change_id not in refused], plan.plan_id)
    return steps, refused


def _planned_with(context: Context, run: Run, psa: Psa, agreement_id: str) -> Agreement:
    """The head that the plan was made with, out of what the run read of all, or else read by its id; right before each write it is read anew."""
    known = all_heads(context, run.run_id, psa) if run.kind in (RunKind.DAILY, RunKind.ON_DEMAND) else ()
    head = next((each for each in known if each.agreement_id == agreement_id), None)
    if head is None:
        head = next(iter(psa.read_headers([agreement_id])), None)
    if head is None:
        raise SkipCustomer(f"Agreement {agreement_id} of {psa.connection} is gone", code="agreement-gone", fix="Link the customer to its successor")
    return head


def by_agreement(changes: Iterable[Change]) -> list[tuple[tuple[str, str], list[Change]]]:
    """The changes by connection and agreement, in order."""

    def place(change: Change) -> tuple[str, str]:
        return change.connection, change.agreement_id

    return [(key, list(group)) for key, group in groupby(sorted(changes, key=place), key=place)]


def fail_refused(context: Context, stored: Stored[Plan], refused: Mapping[str, str]) -> Stored[Plan]:
    """The plan with these changes failed, stored before anything of it is sent; raises ``Conflict`` when somebody else is at it."""
    if not refused:
        return stored
    plan = stored.value
    failed = {
        change.change_id: replace(change, result=ChangeResult.FAILED, result_reason=f"It cannot be written: {refused[change.change_id]}")
        for change in plan.changes
        if change.change_id in refused
    }
    plan = replace(plan, changes=tuple(failed.get(change.change_id, change) for change in plan.changes))
    save_plan(context.store, stored, plan, context.clock.now())
    return load_plan(context.store, plan.tenant_id, plan.plan_id) or stored


def _refused(psa: Psa, head: Agreement, changes: Sequence[Change], plan_id: str) -> Mapping[str, str]:
    """By id, why a change has no write: it moves more than the connection lets pass, a part of a unit where whole ones are counted."""
    refused = {}
    for change in changes:
        try:
            psa.steps_for(head, [change], plan_id)
        except (ValueError, Rejected) as error:
            refused[change.change_id] = str(error)
    return refused
