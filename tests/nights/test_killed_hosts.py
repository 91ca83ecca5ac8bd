"""Forty nights by seed on Azurite, in each of which a host is killed at some moment of the writing: the other one does what is left, once."""

from __future__ import annotations

from pathlib import Path
from random import Random
from threading import Timer

import pytest

from sync_core.pipeline.runs import recent_runs
from tests.nights.chain import Chain
from tests.nights.faults import make_faulty
from tests.nights.promises import broken_promises, invoices, promised_invoices, written_twice

NIGHTS = 40
SHORT_LEASE = 3
"""Seconds after which the messages of a killed host are seen again."""


@pytest.mark.parametrize("seed", range(NIGHTS))
def test_a_host_that_is_killed_at_any_moment_of_the_writing_leaves_nothing_undone_and_nothing_doubled(tmp_path: Path, seed: int) -> None:
    chance = Random(seed)
    with Chain(tmp_path, seed=seed) as chain:
        chain.import_configuration()
        if chance.random() < 0.5:
            make_faulty(chain, seed)
        killed, other = chain.start_host(SHORT_LEASE), chain.start_host(SHORT_LEASE)
        chain.at_write(chance.randint(1, 7), lambda: Timer(chance.uniform(0, 0.6), killed.kill).start())
        other.fire_timer("start_run")
        report = chain.follow(next(recent_runs(chain.context.store)).run_id)
        assert broken_promises(chain, report) == []
        assert written_twice(chain) == []
        assert invoices(chain.world, chain) == promised_invoices(chain)
