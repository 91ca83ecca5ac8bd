"""HTTP: look at plans, and decide on them. A function key reads; every decision needs a signed-in person with the role.

The routes under ``review`` are for people: they need no key, and a role. The platform cannot ask for either of the two.
"""

from __future__ import annotations

from collections.abc import Collection

import azure.functions as func

from adapters.functions.answers import answer, url_of, with_problems
from adapters.functions.bodies import Body, id_of
from adapters.functions.plan_documents import decided_document, plan_document, summary_document, together_document
from adapters.functions.principal import who
from adapters.functions.world import context
from sync_core.errors import Rejected
from sync_core.model.people import Role, Who, need
from sync_core.model.plans import Decision, Undo
from sync_core.pipeline.control import StopSwitch, set_stop_switch
from sync_core.pipeline.decisions import decide, list_plans, show_plan
from sync_core.pipeline.together import approve_safe, decide_held_run
from sync_core.pipeline.undo import customers_to_undo, start_undo, undo_of_changes

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the SDK leaves it untyped


@blueprint.route("plans", trigger_arg_name="request", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@with_problems
def plans(request: func.HttpRequest) -> func.HttpResponse:
    """The plans that hold something to decide, to answer or to look at, for whoever has the key."""
    return answer([summary_document(shown) for shown in list_plans(context())])


@blueprint.route("customers/{tenantId}/plan", trigger_arg_name="request", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@with_problems
def plan(request: func.HttpRequest) -> func.HttpResponse:
    """A customer's newest plan, for whoever has the key."""
    return answer(plan_document(show_plan(context(), id_of(request, "tenantId"))))


@blueprint.route("review/plans", trigger_arg_name="request", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@with_problems
def review_plans(request: func.HttpRequest) -> func.HttpResponse:
    """The plans that hold something to decide, to answer or to look at, for people with a role."""
    need(who(request), *Role)
    return answer([summary_document(shown) for shown in list_plans(context())])


@blueprint.route("review/customers/{tenantId}/plan", trigger_arg_name="request", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@with_problems
def review_plan(request: func.HttpRequest) -> func.HttpResponse:
    """A customer's newest plan, for people with a role."""
    need(who(request), *Role)
    return answer(plan_document(show_plan(context(), id_of(request, "tenantId"))))


@blueprint.route("customers/{tenantId}/plan/approve", trigger_arg_name="request", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@with_problems
def approve(request: func.HttpRequest) -> func.HttpResponse:
    """Approves changes of the plan that was seen: ``{"plan": ID, "changes": [IDS] | "safe" | "all", "why": TEXT, "days": 7}``."""
    return _decide(request, Decision.APPROVED)


@blueprint.route("customers/{tenantId}/plan/reject", trigger_arg_name="request", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@with_problems
def reject(request: func.HttpRequest) -> func.HttpResponse:
    """Rejects changes of the plan that was seen; the body is that of an approval."""
    return _decide(request, Decision.REJECTED)


@blueprint.route("plans/approve-safe", trigger_arg_name="request", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@with_problems
def approve_all_safe(request: func.HttpRequest) -> func.HttpResponse:
    """Approves what waits at all customers and no guard rail objects to: ``{"why": TEXT}``."""
    by = need(who(request), Role.APPROVER)
    decided = approve_safe(context(), by, Body.of(request, "why").why)
    return answer(together_document(decided, lambda run_id: url_of(request, f"runs/{run_id}")), 202)


@blueprint.route("runs/{runId}/release", trigger_arg_name="request", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@with_problems
def release_run(request: func.HttpRequest) -> func.HttpResponse:
    """Lets a held run go as a whole: ``{"why": TEXT}``."""
    return _settle(request, Decision.APPROVED)


@blueprint.route("runs/{runId}/drop", trigger_arg_name="request", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@with_problems
def drop_run(request: func.HttpRequest) -> func.HttpResponse:
    """Drops a held run as a whole: ``{"why": TEXT}``."""
    return _settle(request, Decision.REJECTED)


@blueprint.route("customers/{tenantId}/undo", trigger_arg_name="request", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@with_problems
def undo_customer(request: func.HttpRequest) -> func.HttpResponse:
    """Starts the undo of a customer's changes, of a run's at the customer, or of its newest plan: ``{"changes": [IDS], "run": ID, "why": TEXT}``."""
    by = need(who(request), Role.APPROVER)
    body, tenant_id = Body.of(request, "changes", "run", "why"), id_of(request, "tenantId").lower()
    run_id = body.text("run")
    if run_id and tenant_id not in customers_to_undo(context(), run_id):
        raise Rejected("The run planned nothing for this customer", fix="GET the run to see its customers")
    wanted = Undo(run_id=run_id, why=body.why) if run_id else undo_of_changes(context(), tenant_id, body.ids, body.why)
    return _undo(request, wanted, (tenant_id,), by)


@blueprint.route("runs/{runId}/undo", trigger_arg_name="request", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@with_problems
def undo_run(request: func.HttpRequest) -> func.HttpResponse:
    """Starts the undo of all that a run wrote: ``{"why": TEXT}``. Each customer's plan then waits for approval."""
    by = need(who(request), Role.APPROVER)
    body, run_id = Body.of(request, "why"), id_of(request, "runId")
    return _undo(request, Undo(run_id=run_id, why=body.why), customers_to_undo(context(), run_id), by)


@blueprint.route("stop", trigger_arg_name="request", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@with_problems
def stop(request: func.HttpRequest) -> func.HttpResponse:
    """Stops all writes: ``{"why": TEXT}``. Whoever may approve may stop."""
    by = need(who(request), Role.APPROVER, Role.ADMINISTRATOR)
    return _switch(by, Body.of(request, "why").text("why", needed=True))


@blueprint.route("go", trigger_arg_name="request", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@with_problems
def go(request: func.HttpRequest) -> func.HttpResponse:
    """Lets the writes go on."""
    by = need(who(request), Role.ADMINISTRATOR)
    Body.of(request)
    return _switch(by, "")


def _decide(request: func.HttpRequest, decision: Decision) -> func.HttpResponse:
    by = need(who(request), Role.APPROVER)
    body = Body.of(request, "plan", "changes", "why", "days")
    plan_id, days = body.text("plan", needed=True), body.days
    decided = decide(context(), id_of(request, "tenantId"), body.chosen, decision, by, body.why, plan_id=plan_id, days=days)
    return answer(decided_document(decided, lambda run_id: url_of(request, f"runs/{run_id}")), 202 if decided.run else 200)


def _settle(request: func.HttpRequest, decision: Decision) -> func.HttpResponse:
    by = need(who(request), Role.APPROVER)
    decided = decide_held_run(context(), id_of(request, "runId"), decision, by, Body.of(request, "why").why)
    return answer(together_document(decided, lambda run_id: url_of(request, f"runs/{run_id}")), 202 if decided.run else 200)


def _undo(request: func.HttpRequest, wanted: Undo, customers: Collection[str], by: Who) -> func.HttpResponse:
    started = start_undo(context(), wanted, tuple(customers), str(by))
    url = url_of(request, f"runs/{started.run.run_id}")
    return answer({"run": started.run.run_id, "url": url, "customers": list(customers)}, 202, url)


def _switch(by: Who, reason: str) -> func.HttpResponse:
    world = context()
    switch = StopSwitch(bool(reason), reason, str(by), world.clock.now())
    set_stop_switch(world.store, switch)
    return answer(switch)
