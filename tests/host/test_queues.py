"""Queue triggers of the local host behave as those of the real host do."""

import base64
from pathlib import Path

import pytest

from tests.eventually import eventually
from tests.host.example import ExampleApp, StartHost

pytestmark = pytest.mark.usefixtures("host")


def test_a_message_that_succeeds_is_deleted(example: ExampleApp) -> None:
    example.send("orders", "succeeds")
    assert example.seen("orders", 1) == [{"order": "succeeds", "attempt": 1}]
    eventually(lambda: example.waiting("orders") == 0)


def test_a_message_that_fails_comes_back_with_a_higher_dequeue_count(example: ExampleApp) -> None:
    example.send("orders", "fails once")
    assert [seen["attempt"] for seen in example.seen("orders", 2)] == [1, 2]
    eventually(lambda: example.waiting("orders") == 0)


def test_a_message_that_always_fails_ends_in_the_poison_queue_with_its_body_as_it_was(example: ExampleApp) -> None:
    """``maxDequeueCount`` of the example is 3."""
    example.send("orders", "always fails")
    assert [seen["attempt"] for seen in example.seen("orders", 3)] == [1, 2, 3]
    assert example.contents("orders-poison", 1) == [base64.b64encode(b"always fails").decode()]
    eventually(lambda: example.waiting("orders") == 0)


def test_a_message_that_is_not_base64_goes_to_the_poison_queue_unread(example: ExampleApp) -> None:
    example.queue("orders").send_message("not base64!")
    assert example.contents("orders-poison", 1) == ["not base64!"]
    assert example.waiting("seen-orders") == 0


def test_a_batch_runs_at_once(own_example: ExampleApp, start_host: StartHost) -> None:
    """Each of the four waits for the other three; ``batchSize`` of the example is 4."""
    own_example.send("meetings", "a", "b", "c", "d")
    start_host(own_example.settings())
    assert sorted(seen["guest"] for seen in own_example.seen("meetings", 4)) == ["a", "b", "c", "d"]


def test_queues_of_triggers_are_created(example: ExampleApp) -> None:
    assert example.waiting("long") == 0


def test_the_lease_of_a_long_run_is_renewed(own_example: ExampleApp, start_host: StartHost, host_log: Path) -> None:
    """With a lease of two seconds, a run that outlasts three renewals is still the only one."""
    start_host(own_example.settings(), lease_seconds=2)
    own_example.send("long", "work")
    assert own_example.seen("long", 1) == [{"attempt": 1}]
    eventually(lambda: host_log.read_text(encoding="utf-8").count("Renewed the lease") >= 3)
    own_example.send("release", "now")
    eventually(lambda: own_example.waiting("long") == 0)
    assert own_example.waiting("seen-long") == 0


def test_the_message_of_a_killed_host_comes_back_when_its_lease_is_over(own_example: ExampleApp, start_host: StartHost) -> None:
    own_example.send("long", "work")
    killed = start_host(own_example.settings(), lease_seconds=2)
    assert own_example.seen("long", 1) == [{"attempt": 1}]
    killed.kill()
    own_example.send("release", "now")
    start_host(own_example.settings())
    assert own_example.seen("long", 1) == [{"attempt": 2}]


def test_a_message_that_ended_its_process_every_time_goes_to_the_poison_queue_without_another_run(
    own_example: ExampleApp, start_host: StartHost
) -> None:
    own_example.send("orders", "deadly")
    for _ in range(3):
        own_example.queue("orders").receive_message(visibility_timeout=1)
        eventually(lambda: own_example.queue("orders").peek_messages())
    start_host(own_example.settings())
    assert len(own_example.contents("orders-poison", 1)) == 1
    assert own_example.waiting("seen-orders") == 0


def test_a_stopping_host_waits_for_the_functions_that_run(own_example: ExampleApp, start_host: StartHost) -> None:
    stopping = start_host(own_example.settings())
    own_example.send("long", "work")
    assert own_example.seen("long", 1) == [{"attempt": 1}]
    assert stopping.status()["running"] == 1
    own_example.send("release", "now")
    stopping.stop()
    assert own_example.waiting("long") == 0
