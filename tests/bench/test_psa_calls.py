"""What the bench counts at each PSA holds in the tests, too: a call that is added for every customer, or for every change, is seen."""

from __future__ import annotations

import pytest

from sandbox.bench.psa_calls import FAST_PATHS, LEAST, FastPath, count_calls, count_fast
from sandbox.world.books import KINDS

CUSTOMERS = 20
BESIDE_THE_LEAST = {"connectwise": 1, "autotask": 6, "halopsa": 4}
"""Calls of a night that no customer adds to: finding the address, signing in, the hour that is used, the catalogue, a comparison."""
A_CHANGE = {"connectwise": 5, "autotask": 13, "halopsa": 5}
"""Read when the writes are made, again right before each, written, and looked at afterwards."""


@pytest.mark.parametrize("kind", KINDS)
def test_a_night_costs_the_least_that_the_vendor_allows_and_a_handful_of_calls_beside_it(kind: str) -> None:
    counts = count_calls(kind, CUSTOMERS)
    least = LEAST[kind]
    assert least.night(counts.size) <= counts.unchanged_night <= least.night(counts.size) + BESIDE_THE_LEAST[kind]
    assert counts.changed == 1
    assert least.change <= counts.for_a_change <= A_CHANGE[kind]


@pytest.mark.parametrize(
    ("kind", "path", "most"),
    [("connectwise", FAST_PATHS["connectwise"][0], 5), ("connectwise", FAST_PATHS["connectwise"][1], 8), ("halopsa", FAST_PATHS["halopsa"][0], 7)],
    ids=["bundles", "ring", "reports"],
)
def test_a_night_by_a_fast_path_costs_a_few_calls_for_all_customers(kind: str, path: FastPath, most: int) -> None:
    """Of twenty customers, a ring of seven days reads some three."""
    assert count_fast(kind, CUSTOMERS, path) <= most
