"""The simulated Partner Center: seek paging, the MFA check, errors in its own form."""

from __future__ import annotations

import pytest

from sandbox.microsoft.tokens import GRAPH, PARTNER_CENTER
from sandbox.web import Response
from tests.sandbox.microsoft_caller import Caller, call


@pytest.fixture
def caller() -> Caller:
    return Caller()


def ask(caller: Caller, url: str, amr: tuple[str, ...] = ("pwd", "mfa"), resource: str = PARTNER_CENTER, **headers: str) -> Response:
    """A call with a person's token; header names are written with underscores."""
    answer = caller.redeem(caller.world.partner, caller.microsoft.sign_in(amr), resource)
    sent = {"authorization": f"Bearer {answer.json()['access_token']}"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    return call(caller.microsoft.partner_center, "GET", url, sent)


def code(response: Response) -> tuple[int, str]:
    assert set(response.json()) == {"code", "description", "data", "source"}
    return response.status, response.json()["code"]


def test_customers_are_read_page_by_page_with_the_continuation_header(caller: Caller) -> None:
    first = ask(caller, "/v1/customers?size=1").json()
    following = first["links"]["next"]
    assert [header["key"] for header in following["headers"]] == ["MS-ContinuationToken"]
    second = ask(caller, "/v1" + following["uri"], ms_continuationtoken=following["headers"][0]["value"]).json()
    assert [page["items"][0]["companyProfile"]["companyName"] for page in (first, second)] == ["Contoso", "Litware"]
    assert (first["totalCount"], "next" in second["links"]) == (2, False)


def test_a_page_is_not_found_without_its_token(caller: Caller) -> None:
    assert ask(caller, "/v1/customers?size=1&seekOperation=Next").status == 400
    assert ask(caller, "/v1/customers?size=1&seekOperation=Next", ms_continuationtoken="made up").status == 400
    assert ask(caller, "/v1/customers?size=501").status == 400


def test_a_persons_token_without_mfa_is_refused(caller: Caller) -> None:
    response = ask(caller, "/v1/customers", amr=("pwd",), validatemfa="true")
    assert code(response) == (401, "10001")
    assert response.headers["isMfaCompliant"] == "false"
    caller.microsoft.require_mfa(False)
    assert ask(caller, "/v1/customers", amr=("pwd",)).status == 200


def test_request_ids_are_echoed_and_mfa_is_told_on_request(caller: Caller) -> None:
    response = ask(caller, "/v1/customers", ms_requestid="one", ms_correlationid="two", validatemfa="true")
    assert (response.headers["MS-RequestId"], response.headers["MS-CorrelationId"], response.headers["isMfaCompliant"]) == ("one", "two", "true")


def test_a_token_for_graph_has_the_wrong_audience(caller: Caller) -> None:
    assert code(ask(caller, "/v1/customers", resource=GRAPH)) == (401, "900420")
    assert code(call(caller.microsoft.partner_center, "GET", "/v1/customers", {})) == (401, "900420")
