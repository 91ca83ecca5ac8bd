"""The CPU time of reading a customer without changes, as a ratio to a bare loop that does the same on the network.

Both are measured in turns, customer by customer, in one thread, so that whatever else the machine does meets both alike.
"""

from __future__ import annotations

from datetime import timedelta
from statistics import median

from sandbox.bench.bare import BareLoop
from sandbox.bench.figures import Figure, Section
from sandbox.bench.laboratory import Handled, Laboratory
from sync_core.pipeline.messages import SYNC_CUSTOMER

MOST_RATIO = 1.5
Pair = tuple[float, float]
"""CPU seconds of our code and of the bare loop, for the same customer."""


def measure_cpu(customers: int = 40, days: int = 2) -> list[Section]:
    """Plays a first day, and then days on which nothing changed, each customer followed by its bare repetition."""
    with Laboratory(customers) as laboratory:
        bare, process = BareLoop(laboratory.urls, laboratory.connection), laboratory.process()
        laboratory.night(process)
        pairs: list[Pair] = []

        def repeat(handled: Handled) -> None:
            if handled.queue == SYNC_CUSTOMER and handled.did.repeatable:
                pairs.append((handled.cpu_seconds, bare.repeat(handled.did)))

        for _ in range(days):
            laboratory.forward(timedelta(days=1))
            laboratory.night(process, after_each=repeat)
    return [_section(pairs)]


def _section(pairs: list[Pair]) -> Section:
    return Section(
        "CPU time of that customer",
        (
            Figure("sync_customer", 1000 * median(ours for ours, _ in pairs), "ms"),
            Figure("bare loop with the same calls and operations", 1000 * median(bare for _, bare in pairs), "ms"),
            Figure("ratio", median(ours / bare for ours, bare in pairs), most=MOST_RATIO),
        ),
        (f"Medians of {len(pairs)} pairs in turns. Both sign in to the customer's tenant anew, as on every second day.",),
    )
