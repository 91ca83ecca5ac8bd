"""What the ports in memory do beyond the promises, so that tests can decide what happens when."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from random import Random

import pytest

from adapters.clock import SystemClock
from sandbox.memory.blobs import MemoryBlobs
from sandbox.memory.clock import NOON, ManualClock
from sandbox.memory.counting import CountingBlobs, CountingQueue, CountingStore, Operation
from sandbox.memory.queue import LEASE_SECONDS, MemoryQueue
from sandbox.memory.store import MemoryStore
from sync_core.errors import Conflict
from sync_core.ports import Clock, Row, RowWrite, Write

TENANT = "0f0e0d0c-1111-2222-3333-444444444444"


def insert(*keys: str, partition: str = "p") -> list[RowWrite]:
    return [RowWrite(Write.INSERT, Row(partition, key)) for key in keys]


@pytest.mark.parametrize("clock", [SystemClock(), ManualClock()], ids=["system", "manual"])
def test_a_clock_tells_utc_and_never_runs_backwards(clock: Clock) -> None:
    assert clock.now().utcoffset() == timedelta()
    assert clock.monotonic() <= clock.monotonic()


def test_a_manual_clock_moves_when_it_is_told_to() -> None:
    clock = ManualClock()
    clock.advance(90)
    clock.move_to(NOON)
    assert (clock.now(), clock.monotonic()) == (NOON + timedelta(seconds=90), 90)


def test_messages_are_received_in_the_order_in_which_they_become_visible() -> None:
    clock = ManualClock()
    queue = MemoryQueue(clock)
    queue.send("stage", "late", delay=60)
    queue.send("stage", "early")
    assert queue.next_visible() == NOON
    assert [message.body for message in iter(queue.receive, None)] == ["early"]
    clock.advance(60)
    assert [message.body for message in iter(queue.receive, None)] == ["late"]


def test_a_message_that_is_not_deleted_comes_again_and_counts() -> None:
    clock = ManualClock()
    queue = MemoryQueue(clock)
    queue.send("stage", "x")
    for count in (1, 2, 3):
        [message] = iter(lambda: queue.receive("stage"), None)
        assert (message.body, message.dequeue_count) == ("x", count)
        clock.advance(LEASE_SECONDS)
    queue.delete(message)
    assert (queue.waiting(), queue.next_visible()) == ([], None)


def test_a_message_that_was_put_back_comes_after_its_delay() -> None:
    clock = ManualClock()
    queue = MemoryQueue(clock)
    queue.send("stage", "x")
    message = queue.receive()
    assert message is not None
    queue.put_back(message, delay=30)
    assert queue.receive() is None
    clock.advance(30)
    assert queue.receive() is message


def test_a_queue_gives_only_the_messages_of_the_names_asked_for() -> None:
    queue = MemoryQueue(ManualClock())
    queue.send("one", "1")
    queue.send("two", "2")
    assert queue.receive("two", "three") is queue.waiting("two")[0]
    assert queue.receive("three") is None


def test_with_chance_messages_come_out_of_order_and_twice_and_the_same_way_for_a_seed() -> None:
    def play(seed: int) -> list[str]:
        queue = MemoryQueue(ManualClock(), chance=Random(seed), duplicates=0.3)
        for number in range(20):
            queue.send("stage", f"{number:02}")
        return [message.body for message in iter(queue.receive, None)]

    assert play(7) == play(7)
    assert play(7) != sorted(play(7))
    assert set(Counter(play(7)).values()) == {1, 2}


def test_a_call_can_be_stopped_before_anything_happens() -> None:
    calls: list[str] = []

    def crash(call: str) -> None:
        calls.append(call)
        raise KeyboardInterrupt

    store, queue, blobs = MemoryStore(crash), MemoryQueue(ManualClock(), on_call=crash), MemoryBlobs(crash)
    attempts: list[Callable[[], None]] = [
        lambda: store.transact("runs", insert("a")),
        lambda: queue.send("stage", "x"),
        lambda: blobs.put("a", b""),
    ]
    for attempt in attempts:
        with pytest.raises(KeyboardInterrupt):
            attempt()
    assert calls == ["store.transact runs", "queue.send stage", "blobs.put a"]
    assert (queue.waiting(), blobs.held) == ([], [])


def test_another_worker_can_move_in_between_a_read_and_a_write() -> None:
    waiting: list[Callable[[], None]] = []
    store = MemoryStore(lambda call: waiting.pop()() if call.startswith("store.transact") and waiting else None)
    store.transact("runs", insert("a"))
    read = store.get("runs", "p", "a")
    assert read is not None
    waiting.append(lambda: store.transact("runs", [RowWrite(Write.UPSERT, Row("p", "a", {"by": "the other"}))]))
    with pytest.raises(Conflict):
        store.transact("runs", [RowWrite(Write.REPLACE, read)])
    assert [row.values for row in store.query("runs", "p")] == [{"by": "the other"}]


def test_what_is_written_between_two_pages_of_a_query_is_among_its_rows() -> None:
    store = MemoryStore(page_size=1)
    store.transact("runs", insert("a", "b"))
    keys = []
    for row in store.query("runs", "p"):
        keys.append(row.key)
        if row.key == "a":
            store.transact("runs", insert("c"))
    assert keys == ["a", "b", "c"]


def test_operations_are_listed_one_by_one_and_read_the_same_for_every_customer() -> None:
    operations: list[Operation] = []
    store = CountingStore(MemoryStore(), operations)
    store.transact("customers", insert("a", partition=TENANT))
    store.transact("customers", insert("b", "c", partition=TENANT))
    store.transact("customers", [])
    store.get("customers", TENANT, "a")
    assert len(list(store.query("customers", TENANT))) == 3
    CountingQueue(MemoryQueue(ManualClock()), operations).send("apply-plan", "{}")
    CountingBlobs(MemoryBlobs(), operations).put(f"snapshots/{TENANT}/2025-03-12", b"")
    assert operations == [
        Operation("insert", "customers", "*"),
        Operation("transaction", "customers", "*"),
        Operation("get", "customers", "*"),
        Operation("query", "customers", "*"),
        Operation("send", "apply-plan"),
        Operation("put blob", "snapshots/*/*"),
    ]
    assert [operation.rows for operation in operations[:4]] == [1, 2, 1, 3]
