"""The command that undoes: it shows, asks and approves."""

from __future__ import annotations

import io
from decimal import Decimal

import pytest

from sandbox.commands import plan
from sandbox.commands.plan import parser, perform
from sandbox.terminal import Terminal
from sync_core.errors import Rejected, RetryLater
from sync_core.pipeline.decisions import show_plan
from tests.pipeline.night import tenant
from tests.pipeline.test_undo import grown, written


def test_the_command_shows_the_undo_asks_and_approves_it() -> None:
    night, output = grown(), io.StringIO()
    options = parser().parse_args(["undo", "Customer 1", *written(night), "--why", "a mistake"])
    assert perform(options, night.context, Terminal(output, {}), lambda question: "y") == 0
    night.work()
    assert night.quantities() == [10]
    assert "Takes back set quantity" in output.getvalue()


def test_the_command_approves_nothing_without_a_yes() -> None:
    night = grown()
    options = parser().parse_args(["undo", "Customer 1", *written(night)])
    assert perform(options, night.context, Terminal(io.StringIO(), {}), lambda question: "") == 1
    night.work()
    assert (night.quantities(), show_plan(night.context, tenant(1)).undecided[0].after) == ([12], Decimal(10))


@pytest.mark.parametrize("arguments", [["undo"], ["undo", "Customer 1", "abc", "--run", "daily-1"]])
def test_the_command_refuses_a_choice_that_is_none(arguments: list[str]) -> None:
    with pytest.raises(Rejected, match="Nothing says what to undo"):
        perform(parser().parse_args(arguments), grown().context, Terminal(io.StringIO(), {}), lambda question: "y")


def test_an_undo_that_the_psa_asks_to_wait_for_is_shown_all_the_same() -> None:
    night, output, waited = grown(), io.StringIO(), list[float]()
    night.psa.fail_next_read(RetryLater("The PSA is busy", delay=2.0))
    options = parser().parse_args(["undo", tenant(1), "--yes"])
    assert plan.undo(options, night.context, Terminal(output, {}), lambda question: "", waited.append) == 0
    assert (len(waited), "12 -> 10" in output.getvalue()) == (1, True)
