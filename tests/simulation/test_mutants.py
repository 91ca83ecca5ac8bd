"""The simulation's own test: with a safeguard taken away, some story must show it. A mutant that survives means that the auditor is blind."""

import pytest

from sandbox.simulation.playing import play
from tests.simulation.mutants import MUTANTS

MOST_SEEDS = 1_500
"""Most mutants are caught by one of the first twenty seeds."""


@pytest.mark.parametrize("name", MUTANTS)
def test_a_missing_safeguard_is_noticed(name: str) -> None:
    mutant = MUTANTS[name]
    assert play(mutant.psa, range(MOST_SEEDS), mutant.bent, most_faults=1).faults, f"{MOST_SEEDS} stories noticed nothing"


def test_there_are_at_least_twelve_of_them() -> None:
    assert len(MUTANTS) >= 12
