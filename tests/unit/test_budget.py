"""The budget of a PSA connection: what all processes together may ask, and what keeping count costs."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime

import pytest

from sandbox.memory.clock import ManualClock
from sandbox.memory.counting import CountingStore, Operation
from sandbox.memory.store import MemoryStore
from sync_core.budget import Budget, Limits
from sync_core.errors import RetryLater, Throttled
from sync_core.ports import RowWrite, Store

LIMITS = Limits(parallel=4, calls=80, seconds=60.0, longest_call=30.0, block=10)


class SharedClock:
    """One time for several threads: whoever waits moves it on for all."""

    def __init__(self) -> None:
        self._clock = ManualClock()
        self._lock = threading.Lock()

    def now(self) -> datetime:
        return self._clock.now()

    def monotonic(self) -> float:
        return self._clock.monotonic()

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self._clock.advance(seconds)


class Psa:
    """Records the load that hosts put on it: the most at once, and the most within any minute."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._at: deque[float] = deque()
        self._now_open = 0
        self.calls = self.most_parallel = self.most_in_a_minute = 0

    def answer(self) -> None:
        with self._lock:
            self.calls += 1
            self._now_open += 1
            at = self._seconds()
            self._at.append(at)
            while self._at[0] <= at - 60:
                self._at.popleft()
            self.most_parallel = max(self.most_parallel, self._now_open)
            self.most_in_a_minute = max(self.most_in_a_minute, len(self._at))
        threading.Event().wait(0)
        with self._lock:
            self._now_open -= 1


def budget(store: Store, clock: SharedClock, limits: Limits = LIMITS, patience: float = 1000.0) -> Budget:
    return Budget(store, "psa one", limits, clock, patience=patience, sleep=clock.sleep)


def use(host: Budget) -> None:
    with host.call():
        pass


def test_keeping_count_costs_far_less_than_an_operation_for_each_call() -> None:
    operations: list[Operation] = []
    host = budget(CountingStore(MemoryStore(), operations), SharedClock(), Limits())
    for _ in range(100):
        use(host)
    assert len(operations) == 4


def test_a_host_leaves_slots_for_those_that_come_later() -> None:
    clock, store = SharedClock(), MemoryStore()
    with ExitStack() as under_way:
        for _ in range(3):
            under_way.enter_context(budget(store, clock, patience=0.0).call())


def test_who_finds_no_slot_is_told_when_there_may_be_one() -> None:
    clock, store = SharedClock(), MemoryStore()
    limits = Limits(parallel=1, longest_call=30.0)
    with budget(store, clock, limits, patience=5.0).call(), pytest.raises(Throttled) as caught:
        use(budget(store, clock, limits, patience=5.0))
    assert 30.0 <= caught.value.delay <= 50.0


def test_a_long_reading_waits_for_a_slice_that_another_call_would_not_wait_for() -> None:
    """It would have to begin anew; once it is over, its thread is as impatient as before."""
    clock = SharedClock()
    limits = Limits(calls=8, seconds=60.0)
    host = budget(MemoryStore(), clock, limits, patience=5.0)
    with host.patient():
        for _ in range(3 * limits.slice_calls):
            use(host)
    with pytest.raises(Throttled):
        for _ in range(3 * limits.slice_calls):
            use(host)


def test_the_slots_of_a_crashed_host_come_back_when_its_lease_ends() -> None:
    """A host that ends normally gives nothing back either: an operation saved, and one path less."""
    clock, store = SharedClock(), MemoryStore()
    limits = Limits(parallel=1, longest_call=30.0)
    use(budget(store, clock, limits))
    clock.sleep(limits.slice_seconds + limits.longest_call)
    use(budget(store, clock, limits, patience=0.0))


def test_a_command_that_ends_lets_the_next_one_begin_at_once() -> None:
    clock, store = SharedClock(), MemoryStore()
    limits = Limits(parallel=1, longest_call=30.0)
    for _ in range(3):
        command = budget(store, clock, limits, patience=0.0)
        with command.call():
            command.give_back()
            with pytest.raises(Throttled):
                use(budget(store, clock, limits, patience=0.0))
        command.give_back()


GIVING = Limits(parallel=1, calls=120, longest_call=30.0, gives_back=True)


def test_where_slots_are_given_back_the_next_host_finds_one_as_soon_as_the_call_is_over() -> None:
    clock, store = SharedClock(), MemoryStore()
    for _ in range(3):
        use(budget(store, clock, GIVING, patience=0.0))
    with budget(store, clock, GIVING).call(), pytest.raises(Throttled):
        use(budget(store, clock, GIVING, patience=0.0))


def test_calls_that_were_not_made_are_given_back_with_the_slots() -> None:
    """A slice has 30 calls, and a block takes half of what is left."""
    clock, store = SharedClock(), MemoryStore()
    for _ in range(30):
        use(budget(store, clock, GIVING, patience=0.0))
    with pytest.raises(Throttled):
        use(budget(store, clock, GIVING, patience=0.0))


def test_who_waits_for_a_slot_that_is_given_back_looks_every_second_and_then_comes_again_soon() -> None:
    clock, store = SharedClock(), MemoryStore()
    with budget(store, clock, GIVING).call(), pytest.raises(Throttled) as caught:
        use(budget(store, clock, GIVING, patience=5.0))
    assert (clock.monotonic(), caught.value.delay) == (5.0, 5.0)


def test_a_slot_that_cannot_be_given_back_does_not_fail_what_it_was_for() -> None:
    """The call was made, and may have been a write."""
    clock, store = SharedClock(), _Failing()
    with budget(store, clock, GIVING).call():
        store.fails = True
    store.fails = False
    clock.sleep(GIVING.slice_seconds + GIVING.longest_call)
    use(budget(store, clock, GIVING, patience=0.0))


class _Failing(MemoryStore):
    fails = False

    def transact(self, table: str, writes: Sequence[RowWrite]) -> None:
        """See ``Store.transact``."""
        if self.fails:
            raise RetryLater("The storage is busy", delay=1.0)
        super().transact(table, writes)


@pytest.mark.parametrize("limits", [LIMITS, Limits(parallel=2, calls=80, longest_call=30.0, block=10, gives_back=True)])
def test_four_hosts_with_many_threads_each_stay_within_both_limits(limits: Limits) -> None:
    clock, store = SharedClock(), MemoryStore()
    psa = Psa(clock.monotonic)

    def work(host: Budget) -> None:
        for _ in range(10):
            with host.call():
                psa.answer()

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(work, [budget(store, clock, limits) for _ in range(4)] * 4))
    assert psa.calls == 160
    assert psa.most_parallel <= limits.parallel
    assert psa.most_in_a_minute <= limits.calls


def test_threads_of_one_host_share_its_slots() -> None:
    clock = SharedClock()
    host = budget(MemoryStore(), clock, Limits(parallel=1), patience=0.0)
    with host.call(), pytest.raises(Throttled):
        use(host)
    use(host)


def test_a_throttled_host_stops_the_others_too() -> None:
    clock, store = SharedClock(), MemoryStore()
    budget(store, clock).throttled(120.0)
    with pytest.raises(Throttled) as caught:
        use(budget(store, clock, patience=5.0))
    assert caught.value.delay == 120.0


def test_a_throttled_host_gives_its_own_block_up() -> None:
    clock = SharedClock()
    host = budget(MemoryStore(), clock, patience=5.0)
    with host.call():
        host.throttled(60.0)
    with pytest.raises(Throttled):
        use(host)


def test_a_shorter_pause_does_not_shorten_a_longer_one() -> None:
    clock, store = SharedClock(), MemoryStore()
    for seconds in (120.0, 3.0):
        budget(store, clock).throttled(seconds)
    with pytest.raises(Throttled) as caught:
        use(budget(store, clock, patience=5.0))
    assert caught.value.delay == 120.0


def test_a_short_pause_is_waited_out() -> None:
    clock, store = SharedClock(), MemoryStore()
    host = budget(store, clock, patience=5.0)
    host.throttled(3.0)
    use(host)
    assert clock.monotonic() >= 3.0


def test_connections_have_budgets_of_their_own() -> None:
    clock, store = SharedClock(), MemoryStore()
    budget(store, clock).throttled(120.0)
    use(Budget(store, "psa two", LIMITS, clock, patience=0.0))


def test_limits_that_let_nothing_pass_are_refused() -> None:
    with pytest.raises(ValueError, match="at least"):
        Limits(parallel=0)
