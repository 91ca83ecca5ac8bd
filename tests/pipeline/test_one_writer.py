"""Two customers whose links bill to one agreement: their plans are written one after the other, whatever the workers do."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from sandbox.memory.psa import Keeping
from sync_core.model.customers import Customer
from sync_core.pipeline.messages import APPLY_PLAN
from tests.pipeline.baton import Worker, pause
from tests.pipeline.night import Night, tenant

TURNS = range(0, 60, 2)


def shared(keeping: Keeping) -> Night:
    """Two customers, each with twelve seats and a line of ten to take over, both on the agreement a1; planned and released."""
    night = Night(0, keeping=keeping)
    customers = []
    for number in (1, 2):
        made = night.add_customer(number, billed=0)
        link = night.link(number, "a1", 12, 10, company="c1")
        customers.append(replace(made, customer=Customer(tenant(number), f"Customer {number}", mode=made.customer.mode), links=(link,)))
    night.configure(*customers)
    night.start()
    while len(night.queue.waiting(APPLY_PLAN)) < 2:
        night.take()
    return night


def interleaved(calls: list[tuple[int, str]]) -> list[int]:
    """The workers between whose look at the agreement and whose look back another one wrote."""
    found = []
    for place, (worker, call) in enumerate(calls):
        if call == "psa.execute":
            looked = max(at for at in range(place) if calls[at] == (worker, "psa.read_lines"))
            back = next((at for at in range(place, len(calls)) if calls[at] == (worker, "psa.probe")), len(calls))
            found += [other for other, what in calls[looked:back] if what == "psa.execute" and other != worker]
    return found


@pytest.mark.parametrize("keeping", Keeping)
def test_the_plans_of_two_customers_are_written_to_one_agreement_one_after_the_other(keeping: Keeping) -> None:
    """Every place at which the first can stand while the second comes is played; at some of them the second has to wait."""
    waited = 0
    for first_turns in TURNS:
        night, calls = shared(keeping), list[tuple[int, str]]()

        def tap(call: str, done: bool, calls: list[tuple[int, str]] = calls) -> None:
            if not done:
                calls.append((threading.get_ident(), call))
                pause()

        night.watch(tap)
        one, other = Worker(night.take), Worker(night.take)
        one.turns(first_turns)
        for worker in (other, one):
            worker.finish()
            waited += worker is other and not night.psa.writes
        night.watch(None)
        night.work()
        assert (interleaved(calls), sorted(night.quantities())) == ([], [12, 12])
        assert len(night.psa.writes) == 2
    assert waited > 0
