"""Watching and disturbing the simulated Microsoft from another process, over its sockets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from sandbox.web import Server, serve
from tests.sandbox.microsoft_caller import Caller


@pytest.fixture
def caller() -> Caller:
    return Caller()


@pytest.fixture
def graph(caller: Caller) -> Iterator[Server]:
    with serve(caller.microsoft.graph) as server:
        yield server


def read(caller: Caller, graph: Server, path: str = "/users", **headers: str) -> requests.Response:
    sent = {"Authorization": f"Bearer {caller.token(caller.contoso)}", **headers}
    return requests.get(f"{graph.url}/v1.0{path}", headers=sent, timeout=10)


def inspect(graph: Server, name: str) -> Any:
    return requests.get(f"{graph.url}/_sandbox/{name}", timeout=10).json()


def order(graph: Server, name: str, value: Any = None) -> int:
    return requests.post(f"{graph.url}/_sandbox/{name}", json=value, timeout=10).status_code


def test_requests_are_listed_with_tenant_and_priority_but_no_token(caller: Caller, graph: Server) -> None:
    read(caller, graph, "/users?$top=1", **{"x-ms-throttle-priority": "low"})
    entry = inspect(graph, "requests")[0]
    assert (entry["method"], entry["path"], entry["status"]) == ("GET", "/v1.0/users", 200)
    assert (entry["tenant"], entry["priority"], entry["query"]) == (caller.contoso.tenant_id, "low", {"$top": "1"})
    assert caller.token(caller.contoso) not in requests.get(f"{graph.url}/_sandbox/requests", timeout=10).text


def test_the_parts_of_a_batch_are_listed(caller: Caller, graph: Server) -> None:
    caller.batch(caller.contoso, "/organization", "/users?$top=1")
    assert inspect(graph, "requests")[0]["parts"] == ["GET /organization", "GET /users?$top=1"]


def test_sign_ins_are_listed_on_the_sign_in_host(caller: Caller) -> None:
    caller.redeem(caller.contoso)
    with serve(caller.microsoft.login) as login:
        entries = inspect(login, "requests")
    assert [entry["path"] for entry in entries] == [f"/{caller.contoso.tenant_id}/oauth2/v2.0/token"]


def test_a_mail_can_be_read_back(caller: Caller, graph: Server) -> None:
    message = {"subject": "Hello", "toRecipients": [{"emailAddress": {"address": "office@fabrikam-it.example"}}]}
    caller.post(caller.world.partner, "/users/licences@fabrikam-it.example/sendMail", {"message": message})
    assert inspect(graph, "mails") == [{"tenantId": caller.world.partner.tenant_id, "sender": "licences@fabrikam-it.example", **message}]


def test_a_fault_is_injected_and_cleared(caller: Caller, graph: Server) -> None:
    fault = {"effect": "answer", "path": "/users$", "status": 503, "times": 0}
    assert order(graph, "faults", fault) == 204
    assert [read(caller, graph).status_code for _ in range(2)] == [503, 503]
    assert order(graph, "clear") == 204
    assert (inspect(graph, "requests"), read(caller, graph).status_code) == ([], 200)


def test_a_dropped_connection_is_listed_as_such(caller: Caller, graph: Server) -> None:
    order(graph, "faults", {"effect": "drop_after", "path": "/users$"})
    with pytest.raises(requests.ConnectionError):
        read(caller, graph)
    assert inspect(graph, "requests")[0]["status"] == "dropped"


def test_one_tenant_is_throttled_from_outside(caller: Caller, graph: Server) -> None:
    assert order(graph, "refusals", {"tenantId": caller.contoso.tenant_id, "path": "/users", "retry_after": "2.128"}) == 204
    answers = [read(caller, graph) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [429, 200]
    assert answers[0].headers["Retry-After"] == "2.128"


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [("faults", {"effect": "explode"}, 400), ("faults", [], 400), ("refusals", {"tenantId": "unknown"}, 400), ("nothing", {}, 404)],
)
def test_a_wrong_order_is_refused(graph: Server, name: str, value: Any, status: int) -> None:
    assert order(graph, name, value) == status
