"""HTTP: ask for a resync or a run, look at runs, and at whether everything works. A function key may do no more than that."""

from __future__ import annotations

import json
from itertools import islice
from typing import Any

import azure.functions as func

from adapters.functions.answers import answer, problem, url_of, with_problems
from adapters.functions.world import context
from sync_core.errors import Rejected
from sync_core.model.customers import Mode
from sync_core.model.runs import CustomerRun, Run
from sync_core.pipeline.health import health as check_health
from sync_core.pipeline.resync import resync as start_resync
from sync_core.pipeline.resync import run_all_now
from sync_core.pipeline.runs import customers_of, load_run, recent_runs

LONGEST_BODY = 4096
"""Bytes of a request body; none of the routes needs more."""
LONGEST_LIST = 50

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the SDK leaves it untyped


@blueprint.route("alive", trigger_arg_name="request", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def alive(request: func.HttpRequest) -> func.HttpResponse:
    """Says that the app runs, and nothing else."""
    return answer({"alive": True})


@blueprint.route("health", trigger_arg_name="request", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@with_problems
def health(request: func.HttpRequest) -> func.HttpResponse:
    """Storage, Microsoft, each PSA and the stop switch: whether each works, and the fix when it does not."""
    parts = check_health(context())
    return answer({"ok": all(part.ok for part in parts), "parts": parts}, 200 if all(part.ok for part in parts) else 503)


@blueprint.route("customers/{tenantId}/resync", trigger_arg_name="request", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
@with_problems
def resync(request: func.HttpRequest) -> func.HttpResponse:
    """Starts a run for one customer, or names the one that is under way. The body may lower the mode: ``{"mode": "observe"}``."""
    started = start_resync(context(), request.route_params.get("tenantId", ""), _ceiling(request), "function key")
    return _accepted(request, started.run, started.resumed)


@blueprint.route("runs", trigger_arg_name="request", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
@with_problems
def start_run_now(request: func.HttpRequest) -> func.HttpResponse:
    """Starts a run over all customers, unless one is open."""
    started = run_all_now(context(), _ceiling(request), "function key")
    return _accepted(request, started.run, started.resumed)


@blueprint.route("runs", trigger_arg_name="request", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@with_problems
def list_runs(request: func.HttpRequest) -> func.HttpResponse:
    """The newest runs first, with their states."""
    store = context().store
    runs = (load_run(store, entry.run_id) for entry in islice(recent_runs(store), LONGEST_LIST))
    return answer([{**_run(run.value), "url": url_of(request, f"runs/{run.value.run_id}")} for run in runs if run])


@blueprint.route("runs/{runId}", trigger_arg_name="request", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@with_problems
def show_run(request: func.HttpRequest) -> func.HttpResponse:
    """One run with the state and reason of each of its customers."""
    store = context().store
    run = load_run(store, _run_id(request))
    if run is None:
        return problem(404, "There is no such run", "GET /api/runs lists them")
    return answer({**_run(run.value), "customers": [_customer(item.value) for item in customers_of(store, run.value.run_id)]})


def _accepted(request: func.HttpRequest, run: Run, under_way: bool) -> func.HttpResponse:
    url = url_of(request, f"runs/{run.run_id}")
    return answer({"run": run.run_id, "url": url, "state": run.state, "underWay": under_way}, 202, url)


def _ceiling(request: func.HttpRequest) -> Mode:
    body = request.get_body()
    if not body:
        return Mode.AUTOMATIC
    if len(body) > LONGEST_BODY:
        raise Rejected("The body is too long", fix=f"Send at most {LONGEST_BODY} bytes")
    try:
        document = json.loads(body)
        return Mode(document.get("mode", Mode.AUTOMATIC))
    except (ValueError, AttributeError, RecursionError) as error:
        raise Rejected(
            "The body is not understood", fix='Send nothing, or {"mode": "observe"}, {"mode": "approve"} or {"mode": "automatic"}'
        ) from error


def _run_id(request: func.HttpRequest) -> str:
    run_id = str(request.route_params.get("runId", ""))
    if not run_id or not all(sign.isalnum() or sign in "-_" for sign in run_id) or len(run_id) > 80:
        raise Rejected("The run id is not one of ours", fix="GET /api/runs lists them")
    return run_id


def _run(run: Run) -> dict[str, Any]:
    return {
        "run": run.run_id,
        "kind": run.kind,
        "state": run.state,
        "started": run.started,
        "finished": run.finished,
        "customers": run.customers,
        "held": run.held,
        "totals": run.totals,
        "settled": run.settled,
        "stopped": run.stopped,
        "notice": run.notice,
        "businessDates": run.business_dates,
    }


def _customer(customer: CustomerRun) -> dict[str, Any]:
    return {
        "tenantId": customer.tenant_id,
        "name": customer.name,
        "state": customer.state,
        "reason": customer.reason,
        "fix": customer.fix,
        "changes": customer.changes,
        "waiting": customer.waiting,
        "observed": customer.observed,
        "plan": customer.plan_id,
    }
