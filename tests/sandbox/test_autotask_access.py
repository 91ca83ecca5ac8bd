"""Who is let in, where, and what the limits do."""

from __future__ import annotations

import threading

import pytest

from sandbox.autotask.access import Door
from sandbox.autotask.limits import Limits
from sandbox.faults import Effect, Fault
from sandbox.web import Application, Dropped, Request
from tests.sandbox.autotask_psa import Psa, errors


@pytest.fixture
def psa() -> Psa:
    return Psa()


def test_the_zone_is_told_to_anybody_who_knows_the_user(psa: Psa) -> None:
    answer = psa.simulator(Request("GET", "/atservicesrest/v1.0/zoneInformation", {"user": psa.access.user}))
    assert answer.json()["url"] == "http://localhost/zone5/ATServicesRest/"


def test_an_unknown_user_is_answered_with_500_and_a_text(psa: Psa) -> None:
    assert "zone" in errors(psa.simulator(Request("GET", "/atservicesrest/v1.0/zoneInformation", {"user": "nobody"})))


@pytest.mark.parametrize("header", ["username", "secret", "apiintegrationcode"])
def test_all_three_headers_are_needed(psa: Psa, header: str) -> None:
    assert psa.call("GET", "/ThresholdInformation", headers={header: "wrong"}).status == 401
    assert psa.access.refused_keys == 1


def test_another_zone_refuses_good_keys(psa: Psa) -> None:
    assert psa.simulator(Request("GET", "/zone9/ATServicesRest/v1.0/ThresholdInformation", {}, psa.headers)).status == 401


def test_doors_and_rights_are_switches(psa: Psa) -> None:
    psa.access.door = Door.FORBIDDEN
    assert psa.query("Contracts").status == 403
    psa.access.door = Door.OPEN
    psa.access.denied.add("Contracts")
    assert "adequate permissions" in errors(psa.query("Contracts"))


def test_a_limited_security_level_finds_nothing_instead_of_being_refused(psa: Psa) -> None:
    psa.access.hidden.add("Contracts")
    assert psa.query("Contracts").json()["items"] == []
    assert psa.call("GET", "/Contracts/entityInformation").json()["info"]["userAccessForQuery"] == "None"


def test_the_letters_of_an_address_matter_and_wrong_verbs_are_405(psa: Psa) -> None:
    assert psa.simulator(Request("GET", "/zone5/atservicesrest/v1.0/ThresholdInformation", {}, psa.headers)).status == 404
    assert psa.call("PATCH", "/Contracts/1", {"id": 1}).status == 405
    assert psa.call("GET", "/ContractServiceAdjustments/1").status == 500
    assert psa.call("POST", "/Nothing/query", {}).status == 404


def test_calls_are_counted_for_the_hour_and_refused_when_it_is_used_up(psa: Psa) -> None:
    psa.query("Contracts")
    assert psa.call("GET", "/ThresholdInformation").json()["currentTimeframeRequestCount"] == 2
    psa.simulator.limits.by_others = 10_000
    psa.simulator.limits.threshold = 10_000
    assert psa.query("Contracts").status == 429


@pytest.mark.parametrize(("by_others", "slept"), [(0, []), (5_000, [0.5]), (7_500, [1.0])])
def test_answers_come_later_from_half_of_the_hour_on(by_others: int, slept: list[float]) -> None:
    seconds: list[float] = []
    psa = Psa(limits=lambda application: Limits(application, by_others=by_others, sleep=seconds.append))
    psa.query("Contracts")
    assert seconds == slept


def test_a_fourth_thread_on_one_kind_of_object_is_refused_and_another_kind_is_not() -> None:
    entered, leave = threading.Barrier(4), threading.Event()

    def waiting(application: Application) -> Limits:
        def held(request: Request) -> object:
            if "Contracts" in request.path:
                entered.wait(10)
                leave.wait(10)
            return application(request)

        return Limits(held)  # type: ignore[arg-type]  # answers what the application answers

    psa = Psa(limits=waiting)
    threads = [threading.Thread(target=psa.query, args=("Contracts",)) for _ in range(3)]
    for thread in threads:
        thread.start()
    entered.wait(10)
    assert "Itgenatr005" in errors(psa.query("Contracts"))
    assert psa.query("Companies").status == 200
    leave.set()
    for thread in threads:
        thread.join()


def test_an_answer_may_be_lost_after_the_write_was_done(psa: Psa) -> None:
    psa.simulator.faults.add(Fault(Effect.DROP_AFTER, "POST", "ServiceAdjustments"))
    with pytest.raises(Dropped):
        psa.adjust(2)
    assert len(psa.ledger.writes) == 1


def test_what_was_written_and_what_will_be_billed_is_shown_to_another_process(psa: Psa) -> None:
    psa.adjust(2)
    assert psa.inspect("writes")[0]["body"]["unitChange"] == 2
    assert psa.inspect("previews")[0]["total"] == "372.00"
    assert psa.inspect("invoices")[0]["contract"] == "Cloud"
    assert psa.inspect("limits")["used"] == 1
