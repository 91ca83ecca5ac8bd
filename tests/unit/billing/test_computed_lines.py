"""Lines whose quantity the PSA computes itself, as Halo does from licence counts: nobody else sets it, and a difference is a question."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sync_core.model.plans import ChangeKind, Verdict
from tests.unit.billing.world import World, binding, kinds, running, words


def computed(world: World) -> World:
    """The same world, in which the PSA computes what our line holds."""
    lines = tuple(replace(line, computed=True) for line in world.lines)
    return replace(world, lines=lines, bindings={"k": binding(lines[0])})


@pytest.mark.parametrize("seats", [12, 0])
def test_a_line_that_the_psa_computes_is_neither_set_nor_ended_but_asked_about(seats: int) -> None:
    (change,) = computed(running(seats, 10)).propose()
    assert (change.kind, change.verdict) == (ChangeKind.NONE, Verdict.HELD)
    assert "The PSA computes the quantity of line 101 itself and holds 10." in words([change])


def test_a_line_that_the_psa_computes_as_we_count_is_no_question() -> None:
    assert kinds(computed(running(10, 10)).propose()) == []
