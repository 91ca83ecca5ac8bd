"""Who is let in, by which address, with which headers."""

import pytest

from sandbox.connectwise.access import Door
from sandbox.web import Request, Response
from tests.sandbox.connectwise_psa import AGREEMENTS, Psa


@pytest.fixture
def psa() -> Psa:
    return Psa()


def discover(psa: Psa, company: str) -> Response:
    return psa.simulator(Request("GET", f"/login/companyinfo/{company}"))


def by_codebase(psa: Psa, codebase: str) -> int:
    return psa.simulator(Request("GET", f"/{codebase}/apis/3.0{AGREEMENTS}", headers=psa.headers)).status


def test_discovery_needs_no_credentials_and_names_the_codebase(psa: Psa) -> None:
    assert discover(psa, "contoso").json()["Codebase"] == "v2025_1/"


def test_discovery_of_an_unknown_company_is_null(psa: Psa) -> None:
    answer = discover(psa, "fabrikam")
    assert (answer.status, answer.json()) == (200, None)


def test_the_router_codebase_and_the_current_one_work(psa: Psa) -> None:
    assert [by_codebase(psa, codebase) for codebase in ("v4_6_release", "v2025_1")] == [200, 200]


def test_after_an_upgrade_the_old_codebase_is_not_found(psa: Psa) -> None:
    psa.access.codebase = "v2026_1"
    assert [by_codebase(psa, codebase) for codebase in ("v2025_1", "v2026_1")] == [404, 200]


def test_wrong_credentials_are_unauthorized(psa: Psa) -> None:
    answer = psa.call("GET", AGREEMENTS, headers={"authorization": "Basic wrong"})
    assert (answer.status, answer.json()["code"]) == (401, "Unauthorized")


def test_the_cloud_may_hide_wrong_credentials_behind_a_404_on_the_router_codebase(psa: Psa) -> None:
    psa.access.hides_bad_credentials = True
    headers = {**psa.headers, "authorization": "Basic wrong"}
    statuses = [
        psa.simulator(Request("GET", f"/{codebase}/apis/3.0{AGREEMENTS}", headers=headers)).status for codebase in ("v4_6_release", "v2025_1")
    ]
    assert statuses == [404, 401]


def test_a_call_without_a_registered_client_id_is_forbidden(psa: Psa) -> None:
    assert psa.call("GET", AGREEMENTS, headers={"clientid": ""}).status == 403


def test_the_status_of_a_missing_client_id_can_be_turned(psa: Psa) -> None:
    """Reports of the vendor's status differ: 401 or 403."""
    psa.access.missing_client_id_status = 401
    assert psa.call("GET", AGREEMENTS, headers={"clientid": ""}).status == 401


@pytest.mark.parametrize(("door", "status"), [(Door.UNAUTHORIZED, 401), (Door.FORBIDDEN, 403), (Door.NOT_FOUND, 404)])
def test_the_door_can_be_shut_on_everybody(psa: Psa, door: Door, status: int) -> None:
    psa.access.door = door
    assert psa.call("GET", AGREEMENTS).status == status


def test_a_security_role_may_read_and_not_write(psa: Psa) -> None:
    psa.access.denied.append(("POST", "/additions$"))
    assert (psa.post().status, psa.call("GET", AGREEMENTS).status) == (403, 200)


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/vnd.connectwise.com+json; version=2025.1"])
def test_a_well_formed_accept_header_is_served(psa: Psa, accept: str) -> None:
    answer = psa.call("GET", AGREEMENTS, headers={"accept": accept})
    assert (answer.status, answer.headers["api-current-version"]) == (200, "2025.16")


@pytest.mark.parametrize("accept", ["application/vnd.connectwise.com+json", "application/vnd.connectwise.com+json; version=2025", "text/html"])
def test_a_malformed_accept_header_is_refused(psa: Psa, accept: str) -> None:
    assert psa.call("GET", AGREEMENTS, headers={"accept": accept}).status == 400


def test_a_model_version_of_the_future_is_refused(psa: Psa) -> None:
    assert psa.call("GET", AGREEMENTS, headers={"accept": "application/vnd.connectwise.com+json; version=2031.1"}).status == 400


def test_a_body_of_another_content_type_is_refused(psa: Psa) -> None:
    assert psa.call("POST", AGREEMENTS + "/1/additions", {}, headers={"content-type": "text/plain"}).status == 415


def test_system_info_answers_without_credentials_and_so_proves_no_key(psa: Psa) -> None:
    assert psa.simulator(Request("GET", "/v4_6_release/apis/3.0/system/info")).status == 200


def test_an_unknown_path_is_404_and_an_unsupported_method_405(psa: Psa) -> None:
    assert (psa.call("GET", "/finance/nothing").status, psa.call("DELETE", AGREEMENTS + "/1").status) == (404, 405)
