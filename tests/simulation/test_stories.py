"""Stories by seed, with everything that can go wrong, at every PSA: no promise is broken, and in the end all is as it should be."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from sandbox.environment import ROOT
from sandbox.simulation.playing import play, replay, trace

SEEDS = {
    "connectwise": 20_000,
    "autotask": 3_000,
    "autotask-totals": 2_000,
    "halopsa": 5_000,
    "memory": 2_000,
    "memory-whole": 1_500,
    "memory-deltas": 1_500,
}
"""How many seeds of each PSA are played before a change lands, where ``SIM_SEEDS`` asks for all of them."""
A_FEW = 200
"""How many of each are played otherwise; ``dev.py sim`` plays any."""
FAILED_ONCE = {
    "connectwise": (48, 103, 187, 1068, 10106, 11716, 13067, 13239, 14552, 990244),
    "autotask": (179, 1429),
    "halopsa": (9, 18, 81, 98, 109, 126, 131, 132, 137, 383, 4240),
}
"""Seeds that once found a fault, of the app or of the simulation itself; they are played for ever, whatever else they become."""
PARTS = 40

PART_OF_A_PSA = [(psa, part) for part in range(PARTS) for psa in SEEDS]


@pytest.mark.parametrize(("psa", "part"), PART_OF_A_PSA, ids=[f"{psa}-{part}" for psa, part in PART_OF_A_PSA])
def test_every_promise_holds_in_every_story(psa: str, part: int) -> None:
    seeds = range(part, min(SEEDS[psa], int(os.environ.get("SIM_SEEDS", A_FEW))), PARTS)
    assert faults(psa, seeds) == []


@pytest.mark.parametrize("psa", FAILED_ONCE)
def test_a_story_that_once_showed_a_fault_shows_none_any_more(psa: str) -> None:
    assert faults(psa, FAILED_ONCE[psa]) == []


@pytest.mark.parametrize("psa", SEEDS)
def test_a_seed_is_the_same_story_in_every_process(psa: str) -> None:
    told = [_told_in_another_process(psa, seed, hashes) for seed in (3, 11) for hashes in ("1", "2")]
    assert told[0] == told[1] == trace(psa, 3)
    assert told[2] == told[3] == trace(psa, 11)


def faults(psa: str, seeds: range | tuple[int, ...]) -> list[str]:
    """What went wrong, with the way to see it."""
    return [f"{replay(psa, seed)}: {fault}" for seed, fault in play(psa, seeds).faults.items()]


def _told_in_another_process(psa: str, seed: int, hashes: str) -> list[str]:
    program = f"from sandbox.simulation.playing import trace; print('\\n'.join(trace({psa!r}, {seed})))"
    environment = {**os.environ, "PYTHONHASHSEED": hashes, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, encoding="utf-8", check=True, env=environment, cwd=ROOT)
    return done.stdout.splitlines()
