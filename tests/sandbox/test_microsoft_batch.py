"""Batches at the simulated Graph: each part stands for itself, and a malformed batch does nothing."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.web import Request, Response
from tests.sandbox.microsoft_caller import Caller

MESSAGE = {"message": {"subject": "Hello", "toRecipients": [{"emailAddress": {"address": "office@fabrikam-it.example"}}]}}


@pytest.fixture
def caller() -> Caller:
    return Caller()


def part(number: object, url: str = "/organization", **members: Any) -> dict[str, Any]:
    return {"id": str(number), "method": "GET", "url": url, **members}


def message_of(response: Response) -> str:
    return str(response.json()["error"]["message"])


def test_one_batch_reads_all_of_a_customer(caller: Caller) -> None:
    parts = caller.parts(caller.contoso, "/subscribedSkus", "/directory/subscriptions?$select=skuId", "organization")
    assert [parts[name]["status"] for name in "012"] == [200, 200, 200]
    assert parts["2"]["body"]["value"][0]["id"] == caller.contoso.tenant_id
    assert set(parts["1"]["body"]["value"][0]) == {"skuId"}


def test_answers_come_in_any_order(caller: Caller) -> None:
    orders = {tuple(one["id"] for one in caller.batch(caller.contoso, *["/organization"] * 5).json()["responses"]) for _ in range(10)}
    assert len(orders) > 1
    assert all(sorted(order) == ["0", "1", "2", "3", "4"] for order in orders)


@pytest.mark.parametrize(("status", "code"), [(429, "TooManyRequests"), (503, "serviceNotAvailable"), (504, "UnknownError")])
def test_one_part_fails_alone(caller: Caller, status: int, code: str) -> None:
    caller.contoso.conditions.refuse("/subscribedSkus", status, retry_after="7")
    response = caller.batch(caller.contoso, "/subscribedSkus", "/organization")
    parts = {one["id"]: one for one in response.json()["responses"]}
    assert (response.status, parts["0"]["status"], parts["1"]["status"]) == (200, status, 200)
    assert parts["0"]["headers"]["Retry-After"] == "7"
    assert parts["0"]["body"]["error"]["code"] == code


def test_a_throttled_tenant_refuses_every_part_but_takes_the_batch(caller: Caller) -> None:
    caller.contoso.conditions.refuse(times=0)
    assert {one["status"] for one in caller.parts(caller.contoso, "/users", "/organization").values()} == {429}


def test_the_whole_batch_can_be_refused(caller: Caller) -> None:
    caller.contoso.conditions.refuse(r"\$batch", 503)
    assert [caller.batch(caller.contoso, "/users").status for _ in range(2)] == [503, 200]


def test_every_part_pays_from_the_budget(caller: Caller) -> None:
    caller.microsoft.throttling.enabled, caller.microsoft.throttling.units = True, 7
    parts = caller.parts(caller.contoso, *["/subscribedSkus"] * 4)
    assert sorted(one["status"] for one in parts.values()) == [200, 200, 429, 429]


def test_a_part_with_the_version_in_its_url_is_not_found(caller: Caller) -> None:
    answer = caller.parts(caller.contoso, "/v1.0/users")["0"]
    assert (answer["status"], answer["body"]["error"]["message"]) == (400, "Resource not found for the segment 'v1.0'.")


def test_a_part_in_vain_fails_those_that_depend_on_it(caller: Caller) -> None:
    parts = caller.parts(caller.contoso, part(0, "/nothing"), part(1, dependsOn=["0"]), part(2, dependsOn=["1"]), part(3))
    assert [parts[name]["status"] for name in "0123"] == [400, 424, 424, 200]


def test_a_mail_can_be_a_part(caller: Caller) -> None:
    post = part(0, "/users/licences@fabrikam-it.example/sendMail", method="POST", body=MESSAGE, headers={"Content-Type": "application/json"})
    answer = caller.parts(caller.world.partner, post)["0"]
    assert (answer["status"], "body" in answer, len(caller.microsoft.mails)) == (202, False, 1)


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [part(0, "https://graph.microsoft.com/v1.0/users")],
        [{"id": 0, "method": "GET", "url": "/users"}],
        [{"id": "0", "url": "/users"}],
        [part(0, method="FETCH")],
        [part(0, header={})],
        [part(0), part(0)],
        [part(0, dependsOn=["1"]), part(1)],
        [part(0, body={})],
        ["users"] + [part(n) for n in range(1, 21)],
        [part(n) for n in range(21)],
    ],
)
def test_a_malformed_batch_is_refused_as_a_whole(caller: Caller, parts: list[Any]) -> None:
    response = caller.post(caller.contoso, "/$batch", {"requests": parts})
    assert (response.status, response.json()["error"]["code"]) == (400, "BadRequest")


def test_the_refusal_of_a_long_batch_names_the_limit(caller: Caller) -> None:
    assert caller.batch(caller.contoso, *["/organization"] * 20).status == 200
    assert "maximum value of 20" in message_of(caller.batch(caller.contoso, *["/organization"] * 21))


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"{'requests': []}"])
def test_a_body_that_is_no_batch_is_refused(caller: Caller, body: bytes) -> None:
    headers = {"authorization": f"Bearer {caller.token(caller.contoso)}", "content-type": "application/json"}
    response = caller.microsoft.graph(Request("POST", "/v1.0/$batch", headers=headers, body=body))
    assert (response.status, message_of(response)) == (400, "Invalid batch payload format.")
