"""HTTP triggers of the local host: routes, keys and answers as the real host has them."""

import pytest
import requests

from sandbox.host.process import HostProcess

NOTES = "/api/customers/contoso/notes"


def ask(host: HostProcess, method: str, path: str, key: str | None = None, **options: object) -> requests.Response:
    """One request; ``key`` goes into the header that the real host reads."""
    headers = {"x-functions-key": key} if key else {}
    return requests.request(method, f"{host.url}{path}", headers=headers, timeout=60, **options)  # type: ignore[arg-type]  # passed through


def test_a_function_gets_route_parameters_query_and_body(host: HostProcess) -> None:
    answer = ask(host, "POST", NOTES, host.host_key, params={"colour": "blue & green"}, json={"text": "ä"})
    assert answer.status_code == 201
    assert answer.headers["X-Answer"] == "yes"
    assert answer.json() == {"customer": "contoso", "colour": "blue & green", "note": {"text": "ä"}}


def test_the_key_may_stand_in_the_query(host: HostProcess) -> None:
    assert ask(host, "POST", NOTES, params={"code": host.host_key}, json={}).status_code == 201


@pytest.mark.parametrize("key", [None, "wrong"])
def test_a_function_is_closed_without_its_key(host: HostProcess, key: str | None) -> None:
    assert ask(host, "POST", NOTES, key, json={}).status_code == 401


def test_an_anonymous_function_is_open(host: HostProcess) -> None:
    answer = ask(host, "GET", "/api/alive")
    assert (answer.status_code, answer.text) == (200, "alive")


@pytest.mark.parametrize(("method", "path"), [("GET", NOTES), ("GET", "/api/nothing"), ("GET", "/alive"), ("POST", "/api/customers/a/b/notes")])
def test_what_no_route_matches_is_not_found(host: HostProcess, method: str, path: str) -> None:
    assert ask(host, method, path, host.host_key).status_code == 404


def test_the_reason_of_a_failure_stays_in_the_log(host: HostProcess) -> None:
    answer = ask(host, "GET", "/api/broken")
    assert (answer.status_code, answer.text) == (500, "")


def test_administration_asks_for_the_master_key(host: HostProcess) -> None:
    assert ask(host, "GET", "/admin/host/status", host.host_key).status_code == 401
    assert ask(host, "POST", "/admin/functions/tick", host.host_key).status_code == 401


def test_the_status_names_the_functions(host: HostProcess) -> None:
    assert {"take_order", "tick", "alive"} <= set(host.status()["functions"])
