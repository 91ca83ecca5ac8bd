"""What goes wrong between a client and the PSA: throttling, lost answers, late commits, a person's edit in between."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import partial
from threading import Barrier

import pytest

from sandbox.connectwise.limits import Limits
from sandbox.faults import Effect, Fault, Faults
from sandbox.web import Dropped, Request
from tests.sandbox.connectwise_psa import AGREEMENTS, LINES, Psa

fault_at_post = partial(Fault, method="POST", path="/additions$")


class Seconds:
    """A monotonic clock that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


def limited(seconds: Seconds, calls: int) -> Psa:
    return Psa(limits=partial(Limits, calls=calls, window=60, seconds=seconds))


def statuses(psa: Psa, calls: int) -> list[int]:
    return [psa.call("GET", AGREEMENTS).status for _ in range(calls)]


def test_too_many_calls_in_the_window_are_throttled(seconds: Seconds) -> None:
    psa = limited(seconds, calls=2)
    assert statuses(psa, 3) == [200, 200, 429]


def test_a_throttled_answer_says_how_long_to_wait_and_has_an_error_member(seconds: Seconds) -> None:
    psa = limited(seconds, calls=0)
    answer = psa.call("GET", AGREEMENTS)
    assert answer.headers["Retry-After"] == "60"
    assert answer.json() == {"error": "ConnectWiseAPI", "message": "Too many requests. Please try again in 60 seconds."}


def test_a_client_that_waits_as_told_is_served(seconds: Seconds) -> None:
    psa = limited(seconds, calls=2)
    statuses(psa, 2)
    seconds.now = 12.5
    wait = psa.call("GET", AGREEMENTS).headers["Retry-After"]
    seconds.now += int(wait)
    assert (wait, statuses(psa, 1)) == ("48", [200])


def test_a_throttled_write_was_not_carried_out(seconds: Seconds) -> None:
    psa = limited(seconds, calls=0)
    psa.post()
    assert not psa.ledger.additions


def test_the_highest_rate_is_recorded(seconds: Seconds) -> None:
    psa = Psa(limits=partial(Limits, seconds=seconds))
    statuses(psa, 5)
    seconds.now = 61
    statuses(psa, 3)
    assert psa.inspect("limits") == {"highest_parallel": 1, "highest_rate": 5, "window_seconds": 60.0, "refused": 0}


def at_once(psa: Psa, requests: int) -> list[int]:
    """The sorted statuses of requests in parallel threads."""
    with ThreadPoolExecutor(requests) as threads:
        return sorted(threads.map(lambda _: psa.call("GET", AGREEMENTS).status, range(requests)))


def all_wait_for_each_other(requests: int) -> Callable[[float], None]:
    """A sleep in which a request stays until all the others have arrived."""
    barrier = Barrier(requests)

    def sleep(seconds: float) -> None:
        barrier.wait(timeout=30)

    return sleep


def test_the_highest_number_of_parallel_requests_is_recorded() -> None:
    psa = Psa(faults=partial(Faults, sleep=all_wait_for_each_other(3)))
    psa.simulator.faults.add(Fault(Effect.DELAY, times=0))
    assert at_once(psa, 3) == [200, 200, 200]
    assert psa.inspect("limits")["highest_parallel"] == 3


def test_more_parallel_requests_than_allowed_are_throttled() -> None:
    """One request is held inside the PSA while another one comes."""
    psa = Psa()
    psa.simulator.limits.parallel = 1
    inner: list[int] = []
    psa.simulator.faults.before(Fault(Effect.DELAY), lambda request: inner.append(psa.call("GET", AGREEMENTS).status))
    assert (psa.call("GET", AGREEMENTS).status, inner) == (200, [429])


def test_an_answer_lost_after_the_commit_leaves_a_line_behind() -> None:
    psa = Psa()
    psa.simulator.faults.add(fault_at_post(Effect.DROP_AFTER))
    with pytest.raises(Dropped):
        psa.post(serialNumber="M365:1")
    assert [line["serialNumber"] for line in psa.get(LINES)] == ["M365:1"]


def test_a_connection_that_breaks_before_the_commit_leaves_nothing_behind() -> None:
    psa = Psa()
    psa.simulator.faults.add(fault_at_post(Effect.DROP_BEFORE))
    with pytest.raises(Dropped):
        psa.post()
    assert psa.get(LINES) == []


def test_a_late_commit_shows_up_after_a_probe_that_found_nothing() -> None:
    waiting: list[Callable[[], object]] = []
    psa = Psa(faults=partial(Faults, later=lambda seconds, action: waiting.append(action)))
    psa.simulator.faults.add(fault_at_post(Effect.LATE_COMMIT, seconds=90))
    with pytest.raises(Dropped):
        psa.post(quantity=3)
    assert psa.get(LINES) == []
    waiting.pop()()
    assert [line["quantity"] for line in psa.get(LINES)] == [3]


@pytest.mark.parametrize(("effect", "lines"), [(Effect.ANSWER, 0), (Effect.ANSWER_AFTER, 1)])
def test_a_500_with_timeout_in_its_text_may_or_may_not_stand_for_a_commit(effect: Effect, lines: int) -> None:
    psa = Psa()
    body = '{"code": "InternalServerError", "message": "Execution timeout expired.", "errors": null}'
    psa.simulator.faults.add(fault_at_post(effect, status=500, body=body))
    answer = psa.post()
    assert (answer.status, "timeout" in answer.json()["message"], len(psa.get(LINES))) == (500, True, lines)


def test_a_person_edits_a_line_between_a_clients_read_and_its_write() -> None:
    psa = Psa()
    line = psa.line(10)
    psa.simulator.faults.before(
        Fault(Effect.DELAY, method="PATCH"), lambda request: psa.ledger.edit_as_person(line.id, by="dispatcher", quantity=Decimal(11))
    )
    read = psa.get(f"{LINES}/{line.id}")["quantity"]
    psa.patch(line.id, quantity=12)
    (write,) = psa.inspect("writes")
    assert (read, write["before"]["quantity"], write["after"]["quantity"]) == (10, 11, 12)


def test_faults_can_be_posted_and_requests_read_from_another_process() -> None:
    psa = Psa()
    psa.simulator(Request("POST", "/_sandbox/faults", body=b'{"effect": "answer", "status": 502}'))
    assert statuses(psa, 2) == [502, 200]
    assert [entry["status"] for entry in psa.inspect("requests")] == [502, 200]
