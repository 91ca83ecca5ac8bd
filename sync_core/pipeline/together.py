"""A person's word on many customers at once: all safe changes, or all that a held run would have applied."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sync_core.errors import Rejected
from sync_core.model.customers import Mode
from sync_core.model.people import Who
from sync_core.model.plans import ChangeResult, Decision
from sync_core.model.runs import CustomerState, Run, RunKind
from sync_core.pipeline.context import Context
from sync_core.pipeline.customers import load_plan
from sync_core.pipeline.decisions import SAFE, VALID_DAYS, decide, list_plans
from sync_core.pipeline.runs import change_run, customers_of, load_run
from sync_core.pipeline.start_run import Started, run_stamp, start_run


@dataclass(frozen=True)
class DecidedTogether:
    """What was decided on, by customer; ``left_out`` says by name why nothing was decided for a customer; ``run`` applies what was approved."""

    changes: int
    customers: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    run: Started | None = None


@dataclass(frozen=True)
class _Choice:
    tenant_id: str
    name: str
    plan_id: str
    changes: Collection[str] | str


def approve_safe(context: Context, by: Who, why: str) -> DecidedTogether:
    """Approves what no guard rail objects to at all customers that go further than observe; raises ``Rejected`` where there is none."""
    choices = [_Choice(shown.plan.tenant_id, shown.customer, shown.plan.plan_id, SAFE) for shown in list_plans(context) if shown.safe]
    return _decide(context, choices, Decision.APPROVED, by, why)


def decide_held_run(context: Context, run_id: str, decision: Decision, by: Who, why: str) -> DecidedTogether:
    """Releases a held run, by approving exactly what it would have applied, or drops it, by rejecting that.

    Customers that were planned anew since are left out. Raises ``Rejected`` for a run that is not held, or of which nothing is left.
    """
    stored = load_run(context.store, run_id)
    if stored is None:
        raise Rejected("There is no such run", code="unknown-run", where=run_id, fix="GET /api/runs lists the runs")
    if not stored.value.held:
        raise Rejected("The run is not held", code="run-not-held", where=run_id, fix="Approve or reject its customers' plans")
    if stored.value.settled:
        raise Rejected(f"The run was {stored.value.settled} already", code="run-settled", where=run_id)
    decided = _decide(context, list(_held(context, stored.value)), decision, by, why)
    word = f"{'released' if decision is Decision.APPROVED else 'dropped'} by {by}"
    if decided.run or decision is Decision.REJECTED:  # else a second person has to say the same
        while stored and change_run(context.store, stored, settled=word) is None:
            stored = load_run(context.store, run_id)
    return decided


def _held(context: Context, run: Run) -> Iterable[_Choice]:
    for customer in customers_of(context.store, run.run_id):
        item = customer.value
        plan = load_plan(context.store, item.tenant_id, item.plan_id) if item.state is CustomerState.HELD and item.plan_id else None
        changes = [change.change_id for change in plan.value.changes if change.result is ChangeResult.PLANNED] if plan else []
        if changes:
            yield _Choice(item.tenant_id, item.name, item.plan_id, changes)


def _decide(context: Context, choices: Collection[_Choice], decision: Decision, by: Who, why: str) -> DecidedTogether:
    number, customers, left_out, complete = 0, [], [], []
    for choice in choices:
        try:
            decided = decide(context, choice.tenant_id, choice.changes, decision, by, why, plan_id=choice.plan_id, days=VALID_DAYS, read_anew=False)
        except Rejected as error:
            left_out.append(f"{choice.name}: {error.what}")
            continue
        number += len(decided.changes)
        customers.append(choice.tenant_id)
        complete += [choice.tenant_id] if decided.complete else []
    if not customers:
        raise Rejected("There is nothing to decide on", code="nothing-to-decide", why=". ".join(left_out), fix="Look at the plans of the customers")
    started = _read_anew(context, complete, by) if decision is Decision.APPROVED and complete else None
    return DecidedTogether(number, tuple(customers), tuple(left_out), started)


def _read_anew(context: Context, customers: Collection[str], by: Who) -> Started:
    now = context.clock.now()
    digest = hashlib.sha256("\n".join(customers).encode()).hexdigest()
    return start_run(context, f"approved-{run_stamp(now)}-{digest[:8]}", RunKind.RESYNC, now, tuple(customers), Mode.AUTOMATIC, str(by))
