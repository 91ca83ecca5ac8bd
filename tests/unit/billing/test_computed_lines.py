"""Lines whose quantity the PSA computes itself, as Halo does from licence counts: nobody else sets it, and a difference is a question."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from sync_core.billing import judge
from sync_core.model.plans import ChangeKind, Verdict
from tests.unit.billing.world import World, agreement, binding, kinds, running, words


def computed(world: World) -> World:
    """The same world, in which the PSA computes what our line holds."""
    lines = tuple(replace(line, left_alone="The PSA computes the quantity of line 101 itself.") for line in world.lines)
    return replace(world, lines=lines, bindings={"k": binding(lines[0])})


@pytest.mark.parametrize("seats", [12, 0])
def test_a_line_that_the_psa_computes_is_neither_set_nor_ended_but_asked_about(seats: int) -> None:
    (change,) = computed(running(seats, 10)).propose()
    assert (change.kind, change.verdict) == (ChangeKind.NONE, Verdict.HELD)
    assert "The PSA computes the quantity of line 101 itself. It holds 10." in words([change])


def test_a_line_that_the_psa_computes_as_we_count_is_no_question() -> None:
    assert kinds(computed(running(10, 10)).propose()) == []


COUNTED = "The PSA bills what is counted when it makes the invoice."


def counting(world: World, **facts: Any) -> World:
    """The same world, in which our line only counts what something else in the PSA bills."""
    return replace(world, home=agreement(counted=COUNTED), lines=tuple(replace(line, **facts) for line in world.lines))


def test_a_plan_says_who_bills_what_is_only_counted() -> None:
    (change,) = counting(running(12, 10)).propose()
    assert (change.kind, change.after) == (ChangeKind.SET_QUANTITY, Decimal(12))
    assert COUNTED in words([change])


def test_a_line_that_only_counts_goes_to_zero_instead_of_being_ended_and_with_a_persons_word() -> None:
    gone = replace(counting(running(0, 10)), first_zeros={"k": date(2025, 4, 16)})
    (change,) = gone.plan()
    assert (change.kind, change.after, change.effective) == (ChangeKind.SET_QUANTITY, Decimal(0), date(2025, 5, 1))
    assert change.verdict is Verdict.NEEDS_APPROVAL
    assert change.money == -200


def test_a_line_that_only_counts_goes_to_zero_only_after_a_second_read_on_another_day() -> None:
    world = counting(running(0, 10))
    (change,) = world.plan()
    assert change.verdict is Verdict.HELD
    assert judge(world.propose(), world.inputs).first_zeros == {"k": world.today}


def test_units_that_come_back_are_counted_on_the_same_line() -> None:
    """Nothing was ended, so nothing begins anew; and at zero there is nothing left to do."""
    at_zero = counting(running(0, 0))
    assert at_zero.propose() == ()
    (change,) = counting(running(4, 0)).propose()
    assert (change.kind, change.before, change.after) == (ChangeKind.SET_QUANTITY, Decimal(0), Decimal(4))


def test_units_that_nobody_is_charged_for_are_asked_about_every_night_and_counted_all_the_same() -> None:
    asked, changed = counting(running(12, 10), unbilled="No line counts licence 9, so nobody is charged for it.").propose()
    assert kinds([changed, asked]) == [ChangeKind.NONE, ChangeKind.SET_QUANTITY]
    assert "nobody is charged" in words([asked, changed])


def test_the_second_record_of_one_create_goes_to_zero() -> None:
    world = counting(running(10, 10))
    double = replace(world.lines[0], line_id="102")
    (change,) = replace(world, lines=(*world.lines, double)).propose()
    assert (change.kind, change.after, change.line_id, change.is_double) == (ChangeKind.SET_QUANTITY, Decimal(0), "102", True)
    assert replace(world, lines=(*world.lines, replace(double, quantity=Decimal(0)))).propose() == ()
