"""Four hosts at once on one PSA: together they stay within its limits."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from adapters.clock import SystemClock
from sandbox.connectwise import ConnectWiseSimulator
from sandbox.connectwise.access import Access
from sandbox.memory.store import MemoryStore
from sandbox.web import serve
from sync_core.budget import Budget, Limits
from sync_core.errors import Throttled
from sync_core.ports import Psa
from tests.conformance.subjects import connectwise, connectwise_books

HOSTS = 4
THREADS_OF_A_HOST = 3
READS = 25


def read_until_told_to_wait(psa: Psa) -> int:
    for number in range(READS):
        try:
            psa.read_headers(["1"])
        except Throttled:
            return number
    return READS


@pytest.mark.parametrize(("parallel", "calls"), [(4, 120), (2, 800)])
def test_four_hosts_never_exceed_what_one_psa_takes(parallel: int, calls: int) -> None:
    """The simulator would refuse with 429 what is beyond either limit, and it records the highest load of both."""
    access, store, clock = Access(), MemoryStore(), SystemClock()
    simulator = ConnectWiseSimulator(connectwise_books(), access)
    simulator.limits.parallel, simulator.limits.calls = parallel, calls
    limits = Limits(parallel=parallel, calls=calls)
    with serve(simulator) as server, ThreadPoolExecutor(HOSTS * THREADS_OF_A_HOST) as threads:
        hosts = [connectwise(server.url, access, budget=Budget(store, "psa one", limits, clock, patience=0.2)) for _ in range(HOSTS)]
        done = sum(threads.map(read_until_told_to_wait, hosts * THREADS_OF_A_HOST))
    seen = simulator.limits.seen()
    assert done > 0
    assert seen["refused"] == 0
    assert seen["highest_parallel"] <= parallel
    assert seen["highest_rate"] <= calls
