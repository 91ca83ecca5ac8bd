"""What only Autotask does: zones, empty answers for missing rights, errors inside status 500, and limits shared by all tools."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from adapters.clock import SystemClock
from adapters.psa.autotask.client import CLOSELY, PAUSE, WATCHED_EVERY
from sandbox.autotask import AutotaskSimulator
from sandbox.autotask.access import Access, Door
from sandbox.autotask.limits import Limits as AutotaskLimits
from sandbox.faults import Effect, Fault
from sandbox.memory.store import MemoryStore
from sandbox.web import Request, Response, serve
from sync_core.budget import Budget, Limits
from sync_core.errors import InvalidConfiguration, OutcomeUnknown, Rejected, RetryLater, StopRun, SyncError, Throttled
from sync_core.model.agreements import Line
from sync_core.model.plans import Change, ChangeKind, Step, Verdict
from sync_core.ports import Probe, Psa
from tests.conformance.autotask_subject import autotask, autotask_books, send, set_quantity
from tests.conformance.subjects import APRIL, LINES, TODAY
from tests.conformance.whole import whole_agreement

WRITES = r"/Contracts/\d+/"


@dataclass
class Site:
    """A served simulator, its access switches, the settings of the connection, and every request that came."""

    access: Access = field(default_factory=Access)
    settings: dict[str, str] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    answer: Callable[[Request], Response] | None = None
    url: str = ""

    def __post_init__(self) -> None:
        self.ledger = autotask_books()
        self.simulator = AutotaskSimulator(
            self.ledger, self.access, limits=lambda application: AutotaskLimits(application, sleep=lambda seconds: None)
        )

    @property
    def psa(self) -> Psa:
        return autotask(self.url, self.access, self.settings)

    def fail(self, path: str = "", effect: Effect = Effect.ANSWER, **members: object) -> None:
        self.simulator.faults.add(Fault(effect, path=path, **members))  # type: ignore[arg-type]  # members are named as in Fault

    def refuse(self, text: str, path: str = "/query", times: int = 1) -> None:
        self.fail(path, status=500, body=json.dumps({"errors": [text]}), times=times)

    def paths(self) -> list[str]:
        return [request.path for request in self.requests]

    def first_line(self, psa: Psa) -> Line:
        return psa.read_lines(psa.read_headers(None)[0], APRIL)[0]

    def __call__(self, request: Request) -> Response:
        self.requests.append(request)
        return (self.answer or self.simulator)(request)


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    with serve(site) as server:
        site.url = server.url
        yield site


def test_the_zone_is_discovered_once_without_a_secret_and_used_in_its_own_letters(site: Site) -> None:
    psa = site.psa
    psa.read_headers(None)
    psa.read_headers(None)
    asked = [request for request in site.requests if request.path.endswith("/zoneInformation")]
    assert len(asked) == 1
    assert not {"secret", "apiintegrationcode"} & asked[0].headers.keys()
    assert all(path.startswith("/zone5/ATServicesRest/v1.0/") for path in site.paths()[1:])


def test_a_configured_zone_is_not_asked_for(site: Site) -> None:
    site.settings["zone_url"] = f"{site.url}/zone5/ATServicesRest/"
    site.psa.read_headers(None)
    assert not any(path.endswith("/zoneInformation") for path in site.paths())


@pytest.mark.parametrize(
    "url", ["https://autotask.net.evil.example/ATServicesRest/", "https://evilautotask.net/", "http://webservices5.autotask.net/"]
)
def test_no_secret_goes_to_a_host_that_is_not_autotasks_or_not_encrypted(site: Site, url: str) -> None:
    site.access.zone_url = url
    with pytest.raises(InvalidConfiguration):
        site.psa.read_headers(None)
    assert len(site.requests) == 1


def test_an_unknown_user_is_a_wrong_setting(site: Site) -> None:
    site.settings["username"] = "nobody@msp.example"
    with pytest.raises(InvalidConfiguration, match="username"):
        site.psa.read_headers(None)


def test_a_database_that_moved_to_another_zone_is_found_again(site: Site) -> None:
    psa = site.psa
    psa.read_headers(None)
    site.access.zone = "zone9"
    assert len(psa.read_headers(None)) == 1


def test_a_refused_key_is_not_tried_again_because_that_locks_the_user(site: Site) -> None:
    site.access.door = Door.UNAUTHORIZED
    with pytest.raises(StopRun, match="locks a user"):
        site.psa.read_headers(None)
    assert site.access.refused_keys == 1


def test_a_write_with_a_refused_key_was_not_done(site: Site) -> None:
    psa = site.psa
    step = set_quantity(psa, site.first_line(psa), "1", 12)
    site.fail(WRITES, status=401, body='{"errors": ["Access is denied."]}')
    with pytest.raises(Rejected):
        send(psa, step)
    assert site.ledger.writes == []


@pytest.mark.parametrize("entity", ["Contracts", "ContractServices"])
def test_finding_nothing_for_want_of_rights_is_not_taken_for_nothing(site: Site, entity: str) -> None:
    """Lines that are only hidden would be added a second time."""
    site.access.hidden.add(entity)
    psa = site.psa
    with pytest.raises(StopRun, match=f"may not see {entity}"):
        whole_agreement(psa, "1", TODAY)


def test_the_health_check_names_the_rights_that_are_missing(site: Site) -> None:
    site.access.hidden.add("Services")
    health = site.psa.health()
    assert not health.ok
    assert "query Services" in health.detail


def test_a_refusal_for_want_of_permission_stops_the_run(site: Site) -> None:
    site.access.denied.add("Contracts")
    with pytest.raises(StopRun, match="adequate permissions"):
        site.psa.read_headers(None)


def test_pages_are_followed_with_the_same_body(site: Site) -> None:
    site.settings["page_size"] = "3"
    found = whole_agreement(site.psa, "1", TODAY)
    pages = [request for request in site.requests if "/ContractServices/query" in request.path]
    assert found is not None
    assert len(found.lines) == LINES
    assert len(pages) == 3
    assert len({request.body for request in pages}) == 1


def next_page(site: Site, url: str) -> Callable[[Request], Response]:
    """Answers that name another next page than the right one."""

    def answer(request: Request) -> Response:
        response = site.simulator(request)
        if "/query" not in request.path:
            return response
        body = response.json()
        return Response.of_json({**body, "pageDetails": {**body["pageDetails"], "nextPageUrl": url}})

    return answer


def test_a_next_page_on_another_host_is_not_followed(site: Site) -> None:
    site.answer = next_page(site, "https://elsewhere.example/next")
    with pytest.raises(Rejected, match="another host"):
        site.psa.read_headers(None)


def test_pages_that_go_in_a_circle_are_noticed(site: Site) -> None:
    site.answer = next_page(site, f"{site.url}/zone5/ATServicesRest/v1.0/Contracts/query")
    with pytest.raises(Rejected, match="same page"):
        site.psa.read_headers(None)


def test_a_listing_that_breaks_off_gives_no_part_of_it(site: Site) -> None:
    site.settings["page_size"] = "3"
    site.refuse("Something went wrong.", "/ContractServices/query/next")
    with pytest.raises(Rejected):
        whole_agreement(site.psa, "1", TODAY)


def test_many_values_are_asked_for_500_at_a_time(site: Site) -> None:
    """The simulator refuses more."""
    names = [f"M365-{number}" for number in range(1, 1200)]
    assert len(site.psa.products(names)) == LINES
    assert len([path for path in site.paths() if path.endswith("/Services/query")]) == 3


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (500, '{"errors": ["Unable to find x in the Contract Entity."]}', Rejected),
        (500, "<html>Oops</html>", RetryLater),
        (500, '{"errors": ["Itgenatr005: thread threshold of 3 exceeded"]}', Throttled),
        (500, '{"errors": ["The request threshold has been exceeded."]}', Throttled),
        (403, "", StopRun),
        (200, "<html>Maintenance</html>", RetryLater),
        (200, '{"items": [{"name": "no id"}]}', RetryLater),
    ],
)
def test_a_failed_read_is_what_its_status_and_text_say(site: Site, status: int, body: str, kind: type[SyncError]) -> None:
    site.fail("/query", status=status, body=body)
    with pytest.raises(kind) as caught:
        site.psa.read_headers(None)
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (500, '{"errors": ["unitChange: must be something else than 0."]}', Rejected),
        (500, "<html>Oops</html>", OutcomeUnknown),
        (500, '{"errors": []}', OutcomeUnknown),
        (502, '{"errors": ["who knows"]}', OutcomeUnknown),
        (500, '{"errors": ["Itgenatr005: thread threshold of 3 exceeded"]}', Throttled),
        (200, "<html>Maintenance</html>", OutcomeUnknown),
    ],
)
def test_a_failed_write_is_unknown_unless_autotask_says_why(site: Site, status: int, body: str, kind: type[SyncError]) -> None:
    psa = site.psa
    step = set_quantity(psa, site.first_line(psa), "1", 12)
    site.fail(WRITES, status=status, body=body)
    with pytest.raises(kind) as caught:
        send(psa, step)
    assert type(caught.value) is kind


def test_a_difference_is_sent_once_for_a_service_and_day_at_noon_and_with_the_services_own_id(site: Site) -> None:
    psa = site.psa
    line = site.first_line(psa)
    send(psa, set_quantity(psa, line, "1", 12))
    body = {"contractID": 1, "contractServiceID": int(line.line_id), "unitChange": 11, "effectiveDate": "2026-04-01T12:00:00"}
    assert [(write.body, write.forbidden) for write in site.ledger.writes] == [(body, False)]


def test_a_difference_is_not_sent_when_the_line_holds_something_else_meanwhile(site: Site) -> None:
    psa = site.psa
    line = site.first_line(psa)
    step = set_quantity(psa, line, "1", 12)
    site.ledger.adjust(int(line.line_id), 1, APRIL)
    with pytest.raises(Rejected, match="holds 2 units on 2026-04-01"):
        send(psa, step)
    assert site.ledger.writes == []


def end(psa: Psa, line: Line) -> Step:
    (head,) = psa.read_headers(["1"])
    given: dict[str, Any] = {"line_id": line.line_id, "before": line.quantity, "after": Decimal(0), "effective": date(2026, 3, 31)}
    change = Change("c", "link", "sku", "Item", psa.connection, "1", line.product, ChangeKind.END, Verdict.SAFE, (), **given)
    (step,) = psa.steps_for(head, [change], "plan-1")
    return step


@pytest.mark.parametrize(("later", "becomes"), [(4, 4), (-1, -1)])
def test_a_line_does_not_end_where_a_person_set_other_units_for_a_later_day(site: Site, later: int, becomes: int) -> None:
    """It would be billed on, or for fewer units than none."""
    psa = site.psa
    line = site.first_line(psa)
    site.ledger.adjust(int(line.line_id), later, date(2026, 7, 1))
    with pytest.raises(Rejected, match=f"which would become {becomes}") as caught:
        send(psa, end(psa, line))
    assert (caught.value.code, site.ledger.writes) == ("units-later", [])


def test_fewer_units_than_none_are_not_made_on_any_later_day(site: Site) -> None:
    psa = site.psa
    line = psa.read_lines(psa.read_headers(None)[0], APRIL)[4]
    site.ledger.adjust(int(line.line_id), -4, date(2026, 7, 1))
    with pytest.raises(Rejected, match="holds 1 units from 2026-07-01 on, which would become -1"):
        send(psa, set_quantity(psa, line, "1", 3))
    send(psa, set_quantity(psa, line, "1", 4))
    assert site.ledger.lines[int(line.line_id)].units_on(date(2026, 7, 1)) == 0


def test_a_difference_that_was_sent_and_lost_is_not_sent_again(site: Site) -> None:
    psa = site.psa
    step = set_quantity(psa, site.first_line(psa), "1", 12)
    site.fail(WRITES, Effect.DROP_AFTER)
    with pytest.raises(OutcomeUnknown):
        send(psa, step)
    with pytest.raises(Rejected, match="holds 12 units"):
        send(psa, step)
    assert psa.probe(step).probe is Probe.DONE


def test_a_second_adjustment_on_a_day_is_refused_and_says_so(site: Site) -> None:
    site.ledger.one_adjustment_a_day = True
    psa = site.psa
    line = site.first_line(psa)
    send(psa, set_quantity(psa, line, "1", 12))
    with pytest.raises(Rejected) as caught:
        send(psa, set_quantity(psa, site.first_line(psa), "1", 13))
    assert caught.value.code == "autotask-duplicate"


def test_a_duplicate_is_taken_for_done_when_the_line_holds_what_was_sent(site: Site) -> None:
    """A write whose answer came late, and that Autotask had carried out at the first try."""
    psa = site.psa
    line = site.first_line(psa)
    step = set_quantity(psa, line, "1", 12)
    text = json.dumps({"errors": ["Attempt to insert duplicate data into contract_service_period."]})
    site.fail(WRITES, Effect.ANSWER_AFTER, status=500, body=text)
    assert send(psa, step).line_id == line.line_id
    assert len(site.ledger.writes) == 1


def test_an_answer_without_an_id_is_fine_for_a_difference(site: Site) -> None:
    site.ledger.tells_item_ids = False
    psa = site.psa
    line = site.first_line(psa)
    assert send(psa, set_quantity(psa, line, "1", 12)).line_id == line.line_id


def test_nothing_is_written_while_nobody_knows_what_unit_rows_carry(site: Site) -> None:
    for line in site.ledger.lines_of(2):
        site.ledger.put_line(replace(line, adjustments=line.adjustments[:1]))
    psa = site.psa
    step = set_quantity(psa, site.first_line(psa), "1", 12)
    with pytest.raises(Rejected) as caught:
        send(psa, step)
    assert caught.value.code == "units-reading-unknown"
    assert not psa.health().ok


def test_the_app_slows_down_when_other_tools_use_the_hour(site: Site) -> None:
    """The pause holds for all processes: it is in the row of the budget."""
    site.simulator.limits.by_others = 5_200
    psa = site.psa
    with pytest.raises(Throttled) as caught:
        for _ in range(WATCHED_EVERY):
            psa.read_headers(None)
    assert 0 < caught.value.delay <= PAUSE


def test_a_process_looks_at_the_hour_early_and_then_every_hundred_calls(site: Site) -> None:
    psa = site.psa
    for _ in range(CLOSELY + 2 * WATCHED_EVERY):
        psa.read_headers(["1"])
    looks = site.simulator.limits.calls["ThresholdInformation"]
    assert 3 <= looks <= 2 + site.simulator.limits.calls.total() // WATCHED_EVERY


def test_several_processes_leave_what_is_left_of_the_hour_to_other_tools(site: Site) -> None:
    """Three quarters are used, by others. Each process finds out by itself, and their pauses hold for all of them."""
    site.simulator.limits.by_others = 7_600
    store, clock = MemoryStore(), SystemClock()
    hosts = [autotask(site.url, site.access, budget=Budget(store, "psa one", Limits(calls=100_000), clock, patience=0.0)) for _ in range(4)]
    for host in hosts:
        for _ in range(WATCHED_EVERY):
            try:
                host.read_headers(["1"])
            except Throttled as throttled:
                assert throttled.delay > PAUSE
    assert site.simulator.limits.calls.total() <= len(hosts) * (CLOSELY + 10)


def test_four_hosts_never_use_more_threads_than_autotask_gives_one_integration(site: Site) -> None:
    store, clock = MemoryStore(), SystemClock()
    limits = Limits(parallel=3, calls=100_000)

    def read(psa: Psa) -> int:
        try:
            return len(psa.read_headers(["1"]))
        except Throttled:
            return 0

    with ThreadPoolExecutor(12) as threads:
        hosts = [autotask(site.url, site.access, budget=Budget(store, "psa one", limits, clock, patience=0.2)) for _ in range(4)]
        assert sum(threads.map(read, hosts * 12)) > 0
    assert site.simulator.limits.highest_parallel <= 3
    assert site.simulator.limits.refused == 0
