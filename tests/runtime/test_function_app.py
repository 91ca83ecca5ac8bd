"""The function app as the real runtime sees it: what a start in Azure would find."""

import pytest

from sandbox.environment import ROOT
from tests.runtime.indexing import Index, index

QUEUES = {
    "sync_customer": "sync-customer",
    "apply_plan": "apply-plan",
    "send_notices": "send-notices",
    "cut_over": "cut-over",
    "sync_customer_poison": "sync-customer-poison",
    "apply_plan_poison": "apply-plan-poison",
    "send_notices_poison": "send-notices-poison",
    "cut_over_poison": "cut-over-poison",
}
ROUTES = {
    "alive": ("alive", ["GET"]),
    "health": ("health", ["GET"]),
    "resync": ("customers/{tenantId}/resync", ["POST"]),
    "start_run_now": ("runs", ["POST"]),
    "list_runs": ("runs", ["GET"]),
    "show_run": ("runs/{runId}", ["GET"]),
    "plans": ("plans", ["GET"]),
    "plan": ("customers/{tenantId}/plan", ["GET"]),
    "explain_numbers": ("customers/{tenantId}/explain", ["GET"]),
    "history": ("customers/{tenantId}/history", ["GET"]),
}
FOR_PEOPLE = {
    "review_plans": ("review/plans", ["GET"]),
    "review_plan": ("review/customers/{tenantId}/plan", ["GET"]),
    "review_explanation": ("review/customers/{tenantId}/explain", ["GET"]),
    "review_history": ("review/customers/{tenantId}/history", ["GET"]),
    "approve": ("customers/{tenantId}/plan/approve", ["POST"]),
    "reject": ("customers/{tenantId}/plan/reject", ["POST"]),
    "approve_all_safe": ("plans/approve-safe", ["POST"]),
    "release_run": ("runs/{runId}/release", ["POST"]),
    "drop_run": ("runs/{runId}/drop", ["POST"]),
    "undo_customer": ("customers/{tenantId}/undo", ["POST"]),
    "undo_run": ("runs/{runId}/undo", ["POST"]),
    "stop": ("stop", ["POST"]),
    "go": ("go", ["POST"]),
    "review_leaving": ("review/leaving", ["GET"]),
    "offboard_customer": ("customers/{tenantId}/offboard", ["POST"]),
    "keep_customer": ("customers/{tenantId}/keep", ["POST"]),
    "take_customer_back": ("customers/{tenantId}/back", ["POST"]),
    "list_cutovers": ("cutovers", ["GET"]),
    "find_lines": ("cutovers", ["POST"]),
    "show_cutover": ("cutovers/{cutoverId}", ["GET"]),
    "cutover_lines": ("cutovers/{cutoverId}/lines", ["GET"]),
    "prepare_cutover": ("cutovers/{cutoverId}/prepare", ["POST"]),
    "confirm_cutover": ("cutovers/{cutoverId}/confirm", ["POST"]),
    "halt_cutover": ("cutovers/{cutoverId}/stop", ["POST"]),
    "go_on_with_cutover": ("cutovers/{cutoverId}/resume", ["POST"]),
    "give_up_cutover": ("cutovers/{cutoverId}/drop", ["POST"]),
    "undo_cutover": ("cutovers/{cutoverId}/undo", ["POST"]),
}
"""They ask for no key, and for a signed-in person."""


@pytest.fixture(scope="module")
def app() -> Index:
    return index(ROOT)


def test_the_real_runtime_takes_every_function(app: Index) -> None:
    assert app.error == ""
    assert set(app.functions) == {"start_run", "sweep", "watch_access", "clean_up", *QUEUES, *ROUTES, *FOR_PEOPLE}


def test_each_stage_listens_to_its_queue(app: Index) -> None:
    assert {name: app.trigger(name)["queueName"] for name in QUEUES} == QUEUES
    assert {app.trigger(name)["connection"] for name in QUEUES} == {"AzureWebJobsStorage"}


def test_schedules_come_from_settings(app: Index) -> None:
    assert app.trigger("start_run")["schedule"] == "%SYNC_SCHEDULE%"
    assert app.trigger("sweep")["schedule"] == "%SYNC_SWEEP_SCHEDULE%"
    assert app.trigger("watch_access")["schedule"] == "%SYNC_ACCESS_SCHEDULE%"
    assert app.trigger("clean_up")["schedule"] == "%SYNC_RETENTION_SCHEDULE%"


def test_routes_are_those_that_the_manual_names(app: Index) -> None:
    assert {name: (app.trigger(name)["route"], app.trigger(name)["methods"]) for name in ROUTES | FOR_PEOPLE} == ROUTES | FOR_PEOPLE


def test_the_routes_for_people_ask_for_no_key(app: Index) -> None:
    """The platform cannot ask for a key or a person; the code asks for the person."""
    assert {app.trigger(name)["authLevel"] for name in FOR_PEOPLE} == {"ANONYMOUS"}


def test_of_the_others_only_the_bare_sign_of_life_needs_no_key(app: Index) -> None:
    levels = {name: app.trigger(name)["authLevel"] for name in ROUTES}
    assert levels.pop("alive") == "ANONYMOUS"
    assert set(levels.values()) == {"FUNCTION"}
