"""What only ConnectWise does: finding its address, hiding wrong keys, paging by id, and refusing in two shapes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from adapters.clock import SystemClock
from sandbox.connectwise import ConnectWiseSimulator
from sandbox.connectwise.access import Access, Door
from sandbox.faults import Effect, Fault
from sandbox.web import Request, Response, serve
from sync_core.errors import InvalidConfiguration, OutcomeUnknown, Rejected, RetryLater, StopRun, Throttled
from sync_core.model.plans import Step
from sync_core.ports import Psa
from tests.conformance.subjects import LINES, TODAY, connectwise, connectwise_books
from tests.conformance.whole import whole_agreement

COUNTS = r"/finance/agreements/count$"


@dataclass
class Site:
    """A served simulator, its access switches, the settings of the connection, and every request that came."""

    access: Access = field(default_factory=Access)
    settings: dict[str, str] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    answer: Callable[[Request], Response] | None = None
    url: str = ""

    def __post_init__(self) -> None:
        self.ledger = connectwise_books()
        self.simulator = ConnectWiseSimulator(self.ledger, self.access)

    @property
    def psa(self) -> Psa:
        return connectwise(self.url, self.access, self.settings)

    def fail(self, path: str = "/finance/", effect: Effect = Effect.ANSWER, **members: Any) -> None:
        self.simulator.faults.add(Fault(effect, path=path, **members))

    def paths(self) -> list[str]:
        return [request.path for request in self.requests]

    def lines_read(self) -> int:
        found = whole_agreement(self.psa, "1", TODAY)
        return len(found.lines) if found else 0

    def __call__(self, request: Request) -> Response:
        self.requests.append(request)
        return (self.answer or self.simulator)(request)


@pytest.fixture
def site() -> Iterator[Site]:
    with served(Site()) as site:
        yield site


@contextmanager
def served(site: Site) -> Iterator[Site]:
    with serve(site) as server:
        site.url = server.url
        yield site


def patch(quantity: int = 3) -> Step:
    request = {"method": "PATCH", "path": "/finance/agreements/1/additions/1", "body": [{"op": "replace", "path": "quantity", "value": quantity}]}
    return Step("step", ("change",), "psa one", "1", "Set quantity", request, repeatable=True, line_id="1")


def send(psa: Psa, step: Step) -> None:
    psa.execute(step, SystemClock().monotonic() + 60)


def test_the_codebase_is_discovered_once_and_used(site: Site) -> None:
    psa = site.psa
    psa.read_headers(None)
    psa.read_headers(None)
    assert site.paths() == ["/login/companyinfo/contoso", *["/v2025_1/apis/3.0/finance/agreements"] * 2]


def test_a_configured_codebase_is_not_asked_for(site: Site) -> None:
    site.settings["codebase"] = "v4_6_release"
    site.psa.read_headers(None)
    assert site.paths() == ["/v4_6_release/apis/3.0/finance/agreements"]


def test_a_company_that_moved_to_another_codebase_is_found_again(site: Site) -> None:
    psa = site.psa
    psa.read_headers(None)
    site.access.codebase = "v2025_2"
    assert len(psa.read_headers(None)) == 1
    assert site.paths()[-1].startswith("/v2025_2/")


def test_an_unknown_company_is_a_wrong_setting(site: Site) -> None:
    site.settings["company"] = "nobody"
    with pytest.raises(InvalidConfiguration, match="knows no company 'nobody'"):
        site.psa.read_headers(None)


def test_every_call_names_key_client_and_version(site: Site) -> None:
    site.psa.read_headers(None)
    headers = site.requests[-1].headers
    assert headers["authorization"] == site.access.authorization
    assert headers["clientid"] in site.access.client_ids
    assert headers["accept"] == "application/vnd.connectwise.com+json; version=2025.1"


def test_a_404_on_a_list_is_taken_for_a_refused_key_and_not_for_an_empty_list(site: Site) -> None:
    site.settings["codebase"] = "v4_6_release"
    site.access.hides_bad_credentials, site.access.door = True, Door.UNAUTHORIZED
    with pytest.raises(StopRun, match="keys"):
        site.psa.read_headers(None)


def test_a_client_id_that_is_not_registered_stops_the_run(site: Site) -> None:
    site.settings["client_id"] = "00000000-0000-4000-8000-000000000000"
    with pytest.raises(StopRun, match="clientId"):
        site.psa.read_headers(None)


def test_the_health_check_names_the_right_that_is_missing(site: Site) -> None:
    site.access.denied.append(("GET", "/procurement/"))
    health = site.psa.health()
    assert not health.ok
    assert "Procurement > Product Catalog" in health.detail


def test_a_changed_key_is_taken_up_after_a_refusal(site: Site) -> None:
    psa = site.psa
    site.access.door = Door.UNAUTHORIZED
    with pytest.raises(StopRun):
        psa.read_headers(None)
    site.access.door = Door.OPEN
    assert len(psa.read_headers(None)) == 1


def test_lines_come_in_one_call_where_they_fit_a_page(site: Site) -> None:
    assert site.lines_read() == LINES
    assert len([path for path in site.paths() if path.endswith("/additions")]) == 1


def test_pages_go_forward_by_id_and_in_the_fewest_calls(site: Site) -> None:
    site.settings["page_size"] = "4"
    assert site.lines_read() == LINES
    pages = [request for request in site.requests if request.path.endswith("/additions")]
    assert [request.query.get("pageId") for request in pages] == [None, "4"]
    assert all(request.headers["pagination-type"] == "forward-only" and "orderBy" not in request.query for request in pages)


def test_a_server_that_takes_smaller_pages_than_asked_loses_no_line(site: Site) -> None:
    """A page shorter than asked for ends a listing only when it names no next one."""

    def smaller(request: Request) -> Response:
        return site.simulator(Request(request.method, request.path, {**request.query, "pageSize": "2"}, request.headers, request.body))

    site.answer = smaller
    assert site.lines_read() == LINES


def test_a_server_that_gives_the_same_page_for_ever_is_noticed(site: Site) -> None:
    site.settings["page_size"] = "2"
    site.answer = lambda request: site.simulator(
        Request(request.method, request.path, {name: value for name, value in request.query.items() if name != "pageId"}, request.headers)
    )
    with pytest.raises(Rejected, match="same page"):
        site.lines_read()


def test_a_listing_that_breaks_off_gives_no_part_of_it(site: Site) -> None:
    site.settings["page_size"] = "2"
    site.fail("/additions", status=500, skip=1)
    with pytest.raises(RetryLater):
        site.lines_read()


def test_many_agreements_are_read_in_addresses_of_a_bounded_length(site: Site) -> None:
    ids = [str(number) for number in range(100_000, 100_250)]
    assert [head.agreement_id for head in site.psa.read_headers(["1", *ids])] == ["1"]
    queries = [request.query["conditions"] for request in site.requests if request.path.endswith("/finance/agreements")]
    assert len(queries) == 3
    assert max(len(query) for query in queries) < 1200


def test_an_answer_that_is_no_json_is_tried_again_later(site: Site) -> None:
    site.fail(status=200, body="<html>Maintenance</html>")
    with pytest.raises(RetryLater):
        site.psa.read_headers(None)


def test_a_line_that_cannot_be_read_whole_fails_its_agreement(site: Site) -> None:
    site.fail("/additions", status=200, body=json.dumps([{"id": 1, "billCustomer": "Billable", "product": {"id": 1}, "quantity": None}]))
    with pytest.raises(Rejected, match="quantity"):
        site.lines_read()


def test_an_agreement_that_cannot_be_read_is_left_out_and_the_others_are_there(site: Site) -> None:
    broken = {"id": 7, "company": {"id": 1}, "startDate": "soon"}
    whole = {"id": 8, "company": {"id": 1}, "startDate": "2026-01-01T00:00:00Z"}
    site.fail(status=200, body=json.dumps([broken, whole]))
    assert [head.agreement_id for head in site.psa.read_headers(None)] == ["8"]


def test_a_throttled_read_keeps_this_process_from_calling_again(site: Site) -> None:
    psa = site.psa
    site.fail(COUNTS, status=429, headers={"Retry-After": "60"}, body='{"error": "ConnectWiseAPI", "message": "Too many requests."}')
    assert not psa.health().ok
    with pytest.raises(Throttled):
        psa.read_headers(None)
    assert len(site.requests) == 2


def test_a_refused_write_names_fields_that_we_never_touched(site: Site) -> None:
    """ConnectWise validates the whole stored record on every PATCH."""
    site.ledger.spoil(1, "invoiceDescription", "The field is too long.")
    with pytest.raises(Rejected, match=r"addition\.invoiceDescription: The field is too long"):
        send(site.psa, patch())


def test_a_write_that_times_out_inside_of_connectwise_has_an_unknown_outcome(site: Site) -> None:
    site.fail(status=500, body='{"code": "InternalServerError", "message": "Execution timeout expired."}')
    with pytest.raises(OutcomeUnknown, match="timeout"):
        send(site.psa, patch())


def test_a_write_that_is_taken_and_answered_unreadably_has_an_unknown_outcome(site: Site) -> None:
    site.fail(status=201, body="created")
    with pytest.raises(OutcomeUnknown):
        send(site.psa, patch())


def test_a_refusal_that_repeats_our_header_shows_no_key(site: Site) -> None:
    site.fail(status=400, body=json.dumps({"code": "Bad", "message": f"Header {site.access.authorization} is odd"}))
    with pytest.raises(Rejected) as caught:
        send(site.psa, patch())
    assert site.access.authorization.split()[1] not in str(caught.value)


def test_nothing_forbidden_is_ever_used(site: Site) -> None:
    send(site.psa, patch())
    assert [write.forbidden for write in site.ledger.writes] == [False]
