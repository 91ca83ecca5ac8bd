"""Callbacks of the simulated ConnectWise: who is told of what, signed how, and what becomes of a listener that does not take them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from sandbox.connectwise.callbacks import DAYS
from sandbox.web import Request, Response, serve
from tests.sandbox.connectwise_psa import Psa

CALLBACKS = "/system/callbacks"
WANTED: dict[str, Any] = {
    "description": "licences",
    "url": "https://listener.example/?recordId=",
    "objectId": 1,
    "type": "Agreement",
    "level": "Owner",
}


class Listener:
    """Whoever is called back; it answers with ``statuses`` in turn, and with the last one from then on."""

    def __init__(self, psa: Psa, *statuses: int) -> None:
        self.statuses, self.got, self.waited = list(statuses or (200,)), list[tuple[str, bytes, Mapping[str, str]]](), list[float]()
        psa.simulator.callbacks.send = self._take
        psa.simulator.callbacks.sleep = self.waited.append
        psa.simulator.callbacks.start = lambda work: work()

    def _take(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        self.got.append((url, body, headers))
        return self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]


@pytest.fixture
def psa() -> Psa:
    psa = Psa()
    psa.line(10)
    return psa


def subscribed(psa: Psa, **members: Any) -> Any:
    return psa.call("POST", CALLBACKS, {**WANTED, **members}).json()


def test_a_change_of_an_agreement_is_told_with_record_and_action_in_the_address(psa: Psa) -> None:
    listener = Listener(psa)
    subscribed(psa)
    psa.patch(1, quantity=12)
    ((url, body, _),) = listener.got
    told = json.loads(body)
    assert url == "https://listener.example/?recordId=1&action=updated"
    assert (told["Type"], told["ID"], told["Action"], told["FromUrl"]) == ("Agreement", 1, "updated", url)
    assert json.loads(told["Entity"])["quantity"] == 12


def test_it_is_signed_with_the_key_that_its_address_gives(psa: Psa) -> None:
    listener = Listener(psa)
    subscribed(psa)
    psa.patch(1, quantity=12)
    ((_, body, headers),) = listener.got
    address = json.loads(body)["Metadata"]["key_url"]
    key = psa.get(address.partition("/apis/3.0")[2])["signing_key"]
    expected = hmac.new(hashlib.sha256(key.encode()).digest(), body, hashlib.sha256).digest()
    assert headers["x-content-signature"] == base64.b64encode(expected).decode()


def test_whether_a_changed_addition_is_told_at_all_is_a_switch(psa: Psa) -> None:
    listener = Listener(psa)
    subscribed(psa)
    psa.simulator.callbacks.switches.additions_tell = False
    psa.patch(1, quantity=12)
    assert listener.got == []


def test_who_wants_other_records_or_is_inactive_or_left_is_told_nothing(psa: Psa) -> None:
    listener = Listener(psa)
    subscribed(psa, type="Company")
    subscribed(psa, inactiveFlag=True)
    gone = subscribed(psa)
    assert psa.call("DELETE", f"{CALLBACKS}/{gone['id']}").status == 204
    psa.patch(1, quantity=12)
    assert listener.got == []
    assert [each["type"] for each in psa.get(CALLBACKS)] == ["Company", "Agreement"]


def test_a_refused_write_is_not_told(psa: Psa) -> None:
    listener = Listener(psa)
    subscribed(psa)
    assert psa.patch(1, quantity="many").status == 400
    assert listener.got == []


@pytest.mark.parametrize(("statuses", "waited"), [((404, 200), [2.0]), ((429, 409, 200), [2.0, 4.0]), ((419,), [2.0, 4.0]), ((500,), []), ((0,), [])])
def test_only_some_refusals_are_tried_again_after_two_and_four_seconds(psa: Psa, statuses: tuple[int, ...], waited: list[float]) -> None:
    listener = Listener(psa, *statuses)
    subscribed(psa)
    psa.patch(1, quantity=12)
    assert listener.waited == waited


def test_a_listener_that_fails_on_three_days_in_a_row_is_not_told_any_more(psa: Psa) -> None:
    listener = Listener(psa, 500)
    subscribed(psa)
    for day in range(DAYS):
        assert not psa.get(CALLBACKS)[0]["inactiveFlag"]
        psa.patch(1, quantity=12 + day)
        psa.time += timedelta(days=1)
    assert psa.get(CALLBACKS)[0]["inactiveFlag"]
    psa.patch(1, quantity=20)
    assert len(listener.got) == DAYS


def test_a_day_on_which_it_is_taken_forgives_the_days_before(psa: Psa) -> None:
    Listener(psa, 500, 500, 200, 500)
    subscribed(psa)
    for day in range(DAYS + 1):
        psa.patch(1, quantity=12 + day)
        psa.time += timedelta(days=1)
    assert not psa.get(CALLBACKS)[0]["inactiveFlag"]


@pytest.mark.parametrize(
    "body",
    [
        {**WANTED, "poNumber": 1},
        {**WANTED, "objectId": 7},
        {**WANTED, "type": "Ticket"},
        {**WANTED, "description": "x" * 101},
        {"url": "https://x.example"},
    ],
)
def test_a_wrong_subscription_is_refused(psa: Psa, body: dict[str, Any]) -> None:
    assert psa.call("POST", CALLBACKS, body).status == 400
    assert psa.get(CALLBACKS) == []


def test_a_listener_on_a_socket_gets_it(psa: Psa) -> None:
    got: list[Request] = []

    def listener(request: Request) -> Response:
        got.append(request)
        return Response(204)

    psa.simulator.callbacks.start = lambda work: work()
    with serve(listener) as server:
        subscribed(psa, url=f"{server.url}/?recordId=")
        psa.patch(1, quantity=12)
    (request,) = got
    assert (request.query["recordId"], request.query["action"]) == ("1", "updated")
    assert request.headers["x-content-signature"]
