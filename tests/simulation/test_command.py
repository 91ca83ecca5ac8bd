"""``dev.py sim`` as somebody types it: a few seeds with their sum, or one of them event by event."""

import pytest

from sandbox.commands import sim
from sandbox.simulation.playing import trace


def test_a_few_seeds_end_with_what_was_reached_and_how_many_broke_a_promise(capsys: pytest.CaptureFixture[str]) -> None:
    assert sim.main(["--psa", "memory", "--seeds", "2", "--from", "5", "--reached"]) == 0
    said = capsys.readouterr().out
    assert "2 seeds of memory: 0 broke a promise." in said
    assert "  blobs.get\n" in said


def test_one_seed_is_shown_event_by_event(capsys: pytest.CaptureFixture[str]) -> None:
    assert sim.main(["--psa", "memory", "--seed", "3"]) == 0
    assert capsys.readouterr().out.splitlines() == trace("memory", 3)
