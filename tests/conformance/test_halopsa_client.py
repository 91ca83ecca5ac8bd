"""What only Halo does on the way in: finding where tokens are had, renewing them, both shapes of lists, and refusing in many shapes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest

from sandbox.faults import Effect, Fault
from sandbox.halopsa.access import Door
from sandbox.web import Request
from sync_core.errors import InvalidConfiguration, Rejected, RetryLater, StopRun, Throttled
from tests.conformance.halopsa_site import LIST, ONE, Site, served_site
from tests.conformance.subjects import LINES


@pytest.fixture
def site() -> Iterator[Site]:
    with served_site() as site:
        yield site


def test_the_token_is_asked_for_once_where_the_site_says_and_with_its_tenant(site: Site) -> None:
    psa = site.psa
    psa.read_headers(["-1"])
    psa.read_headers(["-1"])
    assert site.paths() == ["GET /api/authinfo", "POST /auth/token", f"GET {ONE}", "GET /api/Item", f"GET {ONE}"]
    assert site.requests[1].query == {"tenant": "contoso"}


def test_the_application_is_named_in_the_body_and_never_in_an_address(site: Site) -> None:
    site.psa.read_headers(["-1"])
    fields = {name: values[0] for name, values in parse_qs(site.requests[1].body.decode()).items()}
    assert fields == {
        "grant_type": "client_credentials",
        "client_id": site.access.client_id,
        "client_secret": site.access.client_secret,
        "scope": "all",
    }
    assert not any(site.access.client_secret in str(request.query) for request in site.requests)


def test_what_the_settings_say_of_the_sign_in_is_not_asked_for(site: Site) -> None:
    site.settings |= {"auth_url": f"{site.url}/auth/token", "tenant": "contoso"}
    site.psa.read_headers(["-1"])
    assert site.paths()[0] == "POST /auth/token"


def test_the_secret_is_never_sent_to_another_host_that_the_site_names(site: Site) -> None:
    site.access.auth_url = "https://elsewhere.example/auth"
    with pytest.raises(InvalidConfiguration, match="another host"):
        site.psa.read_headers(["-1"])
    assert site.paths() == ["GET /api/authinfo"]


def test_a_site_without_discovery_gives_tokens_at_the_usual_address(site: Site) -> None:
    site.settings["tenant"] = "contoso"
    site.fail("authinfo", status=404)
    site.psa.read_headers(["-1"])
    assert site.paths()[1] == "POST /auth/token"


def test_a_token_that_was_revoked_is_renewed_once_and_the_read_goes_on(site: Site) -> None:
    psa = site.psa
    psa.read_headers(["-1"])
    site.access.revoke()
    assert site.lines_read(psa) == LINES
    assert site.paths()[4:] == [f"GET {ONE}", "POST /auth/token", f"GET {ONE}"]


def test_a_token_that_is_about_to_end_is_not_used_any_more(site: Site) -> None:
    site.access.lifetime = 60
    site.psa.health()
    assert site.paths().count("POST /auth/token") == 4


def test_tokens_that_are_always_refused_stop_the_run(site: Site) -> None:
    site.simulator.faults.add(Fault(Effect.ANSWER, "GET", LIST, times=0, status=401))
    with pytest.raises(StopRun, match="client secret"):
        site.psa.read_headers(None)
    assert site.paths().count("POST /auth/token") == 2


def test_wrong_credentials_stop_the_run_and_say_what_to_check(site: Site) -> None:
    site.access.client_secret = "changed meanwhile"
    psa = site.psa
    site.access.client_secret = "and once more"
    with pytest.raises(StopRun, match="Check the client id, the client secret and the tenant"):
        psa.read_headers(None)


def test_a_wrong_tenant_is_guessed_from_the_server_error_it_causes(site: Site) -> None:
    site.settings["tenant"] = "fabrikam"
    with pytest.raises(RetryLater, match="wrong tenant"):
        site.psa.read_headers(None)


def test_the_health_check_names_the_right_that_is_missing(site: Site) -> None:
    site.access.denied.append(("GET", "/Item"))
    health = site.psa.health()
    assert not health.ok
    assert "Items cannot be read" in health.detail


def test_the_health_check_counts_what_it_may_read(site: Site) -> None:
    assert site.psa.health().detail == "Recurring invoices: 2; Customers: 2; Users: 2; Items: 7"


def test_a_forbidden_list_stops_the_run(site: Site) -> None:
    site.access.door = Door.FORBIDDEN
    with pytest.raises(StopRun, match="rights"):
        site.psa.read_headers(None)


@pytest.mark.parametrize("bare", [False, True])
@pytest.mark.parametrize("size", ["1", "3", "100"])
def test_lists_of_both_shapes_are_read_to_their_end(site: Site, bare: bool, size: str) -> None:
    site.ledger.switches.bare_lists = bare
    site.settings["page_size"] = size
    assert len(site.psa.products()) == LINES


def test_a_counted_list_costs_no_page_more_than_it_has(site: Site) -> None:
    site.settings["page_size"] = "7"
    site.psa.products()
    assert site.paths().count("GET /api/Item") == 1


def test_pages_that_are_smaller_than_asked_for_lose_nothing(site: Site) -> None:
    site.ledger.switches.largest_page = 2
    assert len(site.psa.products()) == LINES


def test_a_page_that_comes_again_ends_the_reading(site: Site) -> None:
    """A site that ignores the page number would be read for ever, or count rows twice."""
    site.settings["page_size"] = "2"
    body = json.dumps([{"id": 1, "name": "One"}, {"id": 2, "name": "Two"}])
    site.simulator.faults.add(Fault(Effect.ANSWER, "GET", "/Item", times=0, status=200, body=body))
    with pytest.raises(Rejected, match="same page"):
        site.psa.products()


def test_a_list_that_changes_while_it_is_read_is_read_again_later(site: Site) -> None:
    site.settings["page_size"] = "3"
    site.simulator.faults.before(Fault(Effect.DELAY, "GET", "/Item", skip=1), lambda request: site.ledger.item("New"))
    with pytest.raises(RetryLater, match="came or went"):
        site.psa.products()


@pytest.mark.parametrize("body", ["null", "17", "no json", '{"record_count": 1}', '[{"id": "one"}]'])
def test_an_answer_that_is_no_list_is_never_an_empty_one(site: Site, body: str) -> None:
    site.fail("/Item", status=200, body=body)
    with pytest.raises(RetryLater, match="something else"):
        site.psa.products()


@pytest.mark.parametrize("body", ["null", '{"id": -7, "lines": []}'])
def test_a_record_that_is_not_the_one_asked_for_is_none(site: Site, body: str) -> None:
    site.fail(ONE, status=200, body=body)
    assert site.psa.read_headers(["-1"]) == []


def test_throttling_is_obeyed_by_reads(site: Site) -> None:
    site.fail(LIST, status=429, headers={"Retry-After": "40"})
    with pytest.raises(Throttled) as caught:
        site.psa.read_headers(None)
    assert caught.value.delay == 40.0


def test_a_recurring_invoice_that_cannot_be_read_holds_its_own_customer_and_no_other(site: Site) -> None:
    body = {"record_count": 2, "invoices": [{"id": -8}, {"id": -1, "client_id": 1, "lines": []}]}
    site.settings["lines_in_list"] = "yes"
    site.fail(LIST, status=200, body=json.dumps(body))
    assert [head.agreement_id for head in site.psa.read_headers(None)] == ["-1"]


def test_inactive_users_and_clients_are_left_out(site: Site) -> None:
    gone = site.ledger.client("Gone Ltd", inactive=True)
    site.ledger.user(gone, "x@gone.example", inactive=True)
    assert [company.name for company in site.psa.companies()] == ["Contoso Ltd", "Fabrikam Ltd"]
    assert "gone.example" not in {domain for company in site.psa.companies() for domain in company.domains}


def test_every_call_carries_the_token(site: Site) -> None:
    site.psa.read_headers(["-1"])
    assert carried(site.requests[-1]) == "Bearer sandbox-token-1"


def carried(request: Request) -> str:
    return request.headers["authorization"]
