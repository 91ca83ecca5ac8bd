"""Plans and decisions as JSON. Money is text, net, in the change's currency; ``money`` is that of a full period of the agreement."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sync_core.billing import money_this_period
from sync_core.model.plans import Change
from sync_core.pipeline.customers import Said
from sync_core.pipeline.decisions import Decided, PlanOnShow
from sync_core.pipeline.together import DecidedTogether
from sync_core.pipeline.wording import before_and_after, money_by_currency

Url = Callable[[str], str]


def summary_document(shown: PlanOnShow) -> dict[str, Any]:
    """A plan on the list: how much of it waits for people, and what that and what is only observed moves."""
    return {
        "tenantId": shown.plan.tenant_id,
        "name": shown.customer,
        "mode": shown.mode,
        "plan": shown.plan.plan_id,
        "run": shown.plan.run_id,
        "created": shown.plan.created,
        "undo": shown.plan.undo is not None,
        "toDecide": len(shown.to_decide),
        "asking": len(shown.asking),
        "observed": len(shown.observed),
        "money": money_by_currency((*shown.to_decide, *shown.observed)),
    }


def plan_document(shown: PlanOnShow) -> dict[str, Any]:
    """A whole plan."""
    plan = shown.plan
    return {
        **summary_document(shown),
        "state": shown.state,
        "configuration": plan.configuration,
        "businessDates": plan.business_dates,
        "changes": [_change(change, shown.said.get(change.change_id)) for change in plan.changes],
        "unlinked": plan.unlinked,
        "notes": plan.notes,
    }


def decided_document(decided: Decided, url: Url) -> dict[str, Any]:
    """What a decision on a plan came to; without a ``run`` nothing is applied by it yet."""
    run_id = decided.run.run.run_id if decided.run else ""
    return {"changes": [change.change_id for change in decided.changes], "complete": decided.complete, **_run(run_id, url)}


def together_document(decided: DecidedTogether, url: Url) -> dict[str, Any]:
    """What a decision on many plans came to."""
    run_id = decided.run.run.run_id if decided.run else ""
    return {"changes": decided.changes, "customers": decided.customers, "leftOut": decided.left_out, **_run(run_id, url)}


def _run(run_id: str, url: Url) -> dict[str, Any]:
    return {"run": run_id, "url": url(run_id)} if run_id else {}


def _change(change: Change, said: Said | None) -> dict[str, Any]:
    return {
        "change": change.change_id,
        "item": change.item,
        "psa": change.connection,
        "agreement": change.agreement_id,
        "line": change.line_id,
        "product": change.product,
        "kind": change.kind,
        "what": before_and_after(change),
        "before": change.before,
        "after": change.after,
        "unitPrice": change.unit_price,
        "money": change.money,
        "moneyThisPeriod": money_this_period(change),
        "moneyAMonth": change.a_month,
        "moneyForDaysBefore": change.prorated,
        "currency": change.currency,
        "effective": change.effective,
        "lineFrom": change.line_from or change.effective,
        "later": change.later,
        "daysBefore": [{"units": each.units, "first": each.first, "last": each.last} for each in change.self_ending],
        "invoice": change.invoice,
        "verdict": change.verdict,
        "reasons": change.reasons,
        "result": change.result,
        "resultReason": change.result_reason,
        "decision": change.decision,
        "decidedBy": change.decided_by,
        "why": said.why if said else "",
        "until": said.until if said else None,
    }
