"""What a queue promises: a message arrives as it was sent, not before its delay is over."""

import pytest

from sync_core import limits
from sync_core.ports import Queue
from tests.contract.conftest import Arrived


def test_a_message_arrives_as_it_was_sent(queue_and_arrived: tuple[Queue, Arrived], queue_name: str) -> None:
    queue, arrived = queue_and_arrived
    queue.send(queue_name, '{"customer":"<Zürich & Co>"}')
    queue.send(queue_name, "second")
    assert sorted(arrived(queue_name)) == ["second", '{"customer":"<Zürich & Co>"}']


def test_a_message_with_a_delay_does_not_arrive_before(queue_and_arrived: tuple[Queue, Arrived], queue_name: str) -> None:
    queue, arrived = queue_and_arrived
    queue.send(queue_name, "later", delay=3600.5)
    queue.send(queue_name, "next week", delay=limits.MOST_DELAY_SECONDS)
    queue.send(queue_name, "now")
    assert arrived(queue_name) == ["now"]


def test_the_longest_message_arrives(queue_and_arrived: tuple[Queue, Arrived], queue_name: str) -> None:
    queue, arrived = queue_and_arrived
    queue.send(queue_name, "x" * limits.MOST_MESSAGE_BYTES)
    assert [len(body) for body in arrived(queue_name)] == [limits.MOST_MESSAGE_BYTES]


@pytest.mark.parametrize("body", ["x" * (48 * 1024 + 1), "é" * (24 * 1024 + 1)])
def test_a_message_over_48_kib_is_refused(queue_and_arrived: tuple[Queue, Arrived], queue_name: str, body: str) -> None:
    with pytest.raises(ValueError, match="at most 49152 bytes"):
        queue_and_arrived[0].send(queue_name, body)


@pytest.mark.parametrize("delay", [-1.0, limits.MOST_DELAY_SECONDS + 1.0])
def test_a_delay_beyond_seven_days_or_below_zero_is_refused(queue_and_arrived: tuple[Queue, Arrived], queue_name: str, delay: float) -> None:
    with pytest.raises(ValueError, match="waits 0 to"):
        queue_and_arrived[0].send(queue_name, "x", delay)


@pytest.mark.parametrize("name", ["ab", "Upper", "a--b", "-a-", "under_score", "q" * 64])
def test_a_queue_name_that_the_service_forbids_is_refused(queue_and_arrived: tuple[Queue, Arrived], name: str) -> None:
    with pytest.raises(ValueError, match="queue name"):
        queue_and_arrived[0].send(name, "x")
