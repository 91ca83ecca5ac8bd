"""Where a process may die: before and after every kind of call, each of which must have been the last one of some story."""

from __future__ import annotations

import pytest

from sandbox.simulation.playing import play
from sandbox.simulation.story import Bent
from sandbox.simulation.troubles import Rates

SEEDS = 1200
DEADLY = Bent(rates=Rates(death=0.012, duplicate=0.1, write=0.2, mail=0.3))
OF_THE_APP = frozenset(
    {
        *(f"store.get {table}" for table in ("configuration", "control", "customers", "leases", "runs")),
        *(f"store.query {table}" for table in ("configuration", "customers", "runs")),
        *(f"store.transact {table}" for table in ("control", "customers", "leases", "runs")),
        *(f"queue.send {queue}" for queue in ("sync-customer", "apply-plan", "send-notices")),
        *("blobs.get", "blobs.put", "microsoft.read_usage", "microsoft.relationships", "mailer.send"),
    }
)
"""The calls of the stages, at any PSA."""
OF_AN_ADAPTER = frozenset({"store.get budget", "store.transact budget", "secrets.get"})
"""The calls of an adapter that speaks HTTP, besides its requests."""
REQUESTS = {
    "connectwise": {"GET agreements", "GET additions", "GET invoices", "GET catalog", "PATCH additions", "POST additions"},
    "autotask": {
        *("GET zoneInformation", "GET fields", "POST Contracts query", "POST ContractServices query", "POST ContractServiceUnits query"),
        *("POST Services query", "POST Services", "POST ServiceAdjustments"),
    },
    "halopsa": {"GET authinfo", "POST token", "GET RecurringInvoice", "GET one RecurringInvoice", "GET Item", "POST RecurringInvoice"},
    "memory": {"execute", "probe", "products", "read_headers", "read_lines", "company_agreements", "invoices_against"},
}
OFTEN = 1000
"""A kind of call that is made so often must have been somebody's last, whether it is listed here or not."""


@pytest.mark.parametrize("psa", REQUESTS)
def test_somebody_dies_before_and_after_every_kind_of_call_and_no_promise_is_broken(psa: str) -> None:
    played = play(psa, range(SEEDS), DEADLY)
    assert played.faults == {}
    listed = OF_THE_APP | {f"psa {name}" for name in REQUESTS[psa]} | (OF_AN_ADAPTER if psa != "memory" else frozenset())
    often = {name for name, times in played.reached.items() if times > OFTEN and name.partition(" ")[0].partition(".")[0] in PORTS}
    points = {f"death {when} {call}" for call in listed | often for when in ("before", "after")}
    assert sorted(point for point in points if not played.reached[point]) == []


PORTS = frozenset({"store", "queue", "blobs", "secrets", "microsoft", "mailer", "psa"})
