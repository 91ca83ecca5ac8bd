"""The HTTP routes on a running host: who may call them, what they start, what they answer, and what they never say."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from sync_core.model.runs import RunState
from sync_core.pipeline.runs import load_run
from tests.nights.chain import Answer, Chain

ROUTES = [("GET", "health"), ("GET", "runs"), ("POST", "runs"), ("GET", "runs/daily-1"), ("POST", "customers/{tenant}/resync")]
UNKNOWN = "00000000-0000-4000-8000-000000000000"


def is_problem(answer: Answer, status: int) -> bool:
    """Whether an answer is a problem by RFC 9457 with this status, and says what to do."""
    kind = answer.headers["Content-Type"].split(";")[0]
    return (answer.status, kind, answer.json["status"]) == (status, "application/problem+json", status) and bool(answer.json["fix"])


@pytest.fixture
def busy(running: Chain) -> Iterator[str]:
    """The tenant id of a customer that Microsoft throttles until the test is over, and whose runs therefore stay open."""
    tenant = running.world.account("Fabrikam Residences").tenant
    tenant.conditions.refuse(status=429, times=0, retry_after="1")
    yield tenant.tenant_id
    tenant.conditions.refusals.clear()
    for run in running.call("GET", "runs").json:
        running.follow(run["run"])


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize("key", ["", "wrong"])
def test_without_the_key_nothing_is_said_and_nothing_is_started(running: Chain, method: str, path: str, key: str) -> None:
    before = running.call("GET", "runs").text
    answer = running.call(method, path.format(tenant=running.tenant_id("Contoso")), key=key)
    assert (answer.status, answer.text) == (401, "")
    assert running.call("GET", "runs").text == before


def test_whether_the_app_is_alive_is_told_to_everybody(running: Chain) -> None:
    answer = running.call("GET", "alive", key="")
    assert (answer.status, answer.json) == (200, {"alive": True})


def test_a_resync_is_accepted_with_the_url_of_its_run(running: Chain) -> None:
    tenant_id = running.tenant_id("Northwind Traders")
    answer = running.call("POST", f"customers/{tenant_id.upper()}/resync", {"mode": "observe"})
    run_id = answer.json["run"]
    running.follow(run_id)
    assert (answer.status, answer.json["underWay"]) == (202, False)
    assert answer.headers["Location"] == answer.json["url"] == f"{running.hosts[0].url}/api/runs/{run_id}"
    shown = running.call("GET", urlsplit(answer.json["url"]).path.removeprefix("/api/")).json
    assert [customer["tenantId"] for customer in shown["customers"]] == [tenant_id]


def test_a_resync_that_is_under_way_is_named_and_not_doubled(running: Chain, busy: str) -> None:
    first, second = (running.call("POST", f"customers/{busy}/resync") for _ in range(2))
    assert (second.status, second.json["run"], second.json["underWay"]) == (202, first.json["run"], True)
    assert second.headers["Location"] == first.headers["Location"]


def test_a_resync_may_lower_the_mode_of_a_customer(running: Chain) -> None:
    """Contoso is automatic, and this time only looked at."""
    before = running.writes
    answer = running.call("POST", f"customers/{running.tenant_id('Contoso')}/resync", {"mode": "observe"})
    report = running.customer(running.follow(answer.json["run"]), "Contoso")
    assert {change.result for change in report.changes} == {"observed"}
    assert running.writes == before


def test_a_resync_never_raises_the_mode_of_a_customer(running: Chain) -> None:
    """Woodgrove Bank is configured to be observed."""
    before = running.writes
    answer = running.call("POST", f"customers/{running.tenant_id('Woodgrove Bank')}/resync", {"mode": "automatic"})
    report = running.customer(running.follow(answer.json["run"]), "Woodgrove Bank")
    assert {change.result for change in report.changes} == {"observed", "held"}
    assert running.writes == before


def test_a_customer_that_is_not_configured_is_not_found(running: Chain) -> None:
    assert is_problem(running.call("POST", f"customers/{UNKNOWN}/resync"), 404)


@pytest.mark.parametrize("tenant_id", ["contoso.example", "1", UNKNOWN + "0", "%00", "{tenantId}"])
def test_an_id_that_is_no_tenant_id_is_a_bad_request(running: Chain, tenant_id: str) -> None:
    assert is_problem(running.call("POST", f"customers/{tenant_id}/resync"), 400)


@pytest.mark.parametrize("body", ["{", "[]", '{"mode": "everything"}', '{"mode": null}', "7", "x" * 5000, '{"mode": {}}', "\udcff", "[" * 4000])
def test_a_body_that_is_not_understood_starts_nothing(running: Chain, body: str) -> None:
    before = running.call("GET", "runs").text
    for path in ("runs", f"customers/{running.tenant_id('Contoso')}/resync"):
        assert is_problem(running.call("POST", path, body), 400)
    assert running.call("GET", "runs").text == before


def test_a_run_of_all_customers_is_refused_while_one_is_open(running: Chain, busy: str) -> None:
    first = running.call("POST", "runs", {"mode": "observe"})
    assert (first.status, first.headers["Location"]) == (202, first.json["url"])
    assert is_problem(running.call("POST", "runs"), 409)


def test_runs_are_listed_newest_first_and_shown_customer_by_customer(running: Chain) -> None:
    run_id = running.call("POST", f"customers/{running.tenant_id('Wingtip Toys')}/resync").json["run"]
    running.follow(run_id)
    newest = running.call("GET", "runs").json[0]
    assert (newest["run"], newest["state"], newest["kind"], newest["notice"]) == (run_id, "told", "resync", "sent")
    [customer] = running.call("GET", f"runs/{run_id}").json["customers"]
    assert (customer["name"], customer["state"]) == ("Wingtip Toys", "failed")
    assert customer["reason"]
    assert customer["fix"]
    stored = load_run(running.context.store, run_id)
    assert stored is not None
    assert stored.value.state is RunState.TOLD


def test_a_run_that_does_not_exist_is_not_found(running: Chain) -> None:
    assert is_problem(running.call("GET", "runs/daily-20200101T020000Z"), 404)


@pytest.mark.parametrize("run_id", ["a~b", "a%23b", "x" * 200, "%E2%80%AE"])
def test_an_id_that_is_no_run_id_is_a_bad_request(running: Chain, run_id: str) -> None:
    assert is_problem(running.call("GET", f"runs/{run_id}"), 400)
