"""How a caller gets in: discovery, a token, and a right for what it asks."""

from datetime import timedelta

import pytest

from sandbox.halopsa.access import Door
from sandbox.web import Request
from tests.sandbox.halopsa_psa import RECURRING, Psa


@pytest.fixture
def psa() -> Psa:
    return Psa()


def test_discovery_needs_no_token_and_names_token_address_and_tenant(psa: Psa) -> None:
    info = psa.simulator(Request("GET", "/api/authinfo", headers={"host": "halo.example"})).json()
    assert (info["auth_url"], info["tenant_id"]) == ("http://halo.example/auth", "contoso")


def test_a_token_opens_the_door_until_it_ends(psa: Psa) -> None:
    assert psa.call("GET", RECURRING).status == 200
    psa.time += timedelta(seconds=3600)
    assert psa.call("GET", RECURRING).status == 401


def test_a_revoked_token_is_refused_and_a_new_one_taken(psa: Psa) -> None:
    psa.access.revoke()
    assert psa.call("GET", RECURRING).status == 401
    psa.token = psa.ask_token().json()["access_token"]
    assert psa.call("GET", RECURRING).status == 200


@pytest.mark.parametrize(("fields", "status"), [({"client_secret": "wrong"}, 401), ({"grant_type": "password"}, 400), ({"extra": "1"}, 400)])
def test_wrong_credentials_give_no_token(psa: Psa, fields: dict[str, str], status: int) -> None:
    assert psa.ask_token(**fields).status == status


def test_a_wrong_tenant_is_answered_with_a_server_error(psa: Psa) -> None:
    assert psa.ask_token(tenant="fabrikam").status == 500


def test_a_missing_right_is_forbidden_for_what_it_covers_only(psa: Psa) -> None:
    psa.access.denied.append(("GET", "/Item"))
    assert psa.call("GET", "/Item").status == 403
    assert psa.call("GET", "/Client").status == 200


def test_a_closed_door_is_closed_for_everybody(psa: Psa) -> None:
    psa.access.door = Door.FORBIDDEN
    assert psa.call("GET", "/Client").status == 403


def test_too_many_calls_are_throttled_with_the_time_to_wait(psa: Psa) -> None:
    psa.simulator.limits.calls = 0
    answer = psa.call("GET", RECURRING)
    assert (answer.status, answer.headers["Retry-After"]) == (429, "60")


def test_an_unknown_path_and_an_unknown_method_are_told_apart(psa: Psa) -> None:
    assert psa.call("GET", "/Nothing").status == 404
    assert psa.call("PATCH", RECURRING).status == 405
