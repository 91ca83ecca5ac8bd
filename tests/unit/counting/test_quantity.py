"""From a counted item to the units to bill."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_core.counting import quantity_for
from sync_core.model.billing import Basis, BillingProfile, CountedItem

ITEM = CountedItem("sku", "E3", purchased=12, assigned=14)


def profile(**facts: object) -> BillingProfile:
    """A profile with these members."""
    return replace(BillingProfile("E3", "M365-E3"), **facts)  # type: ignore[arg-type]  # the tests name real members


@pytest.mark.parametrize(
    ("facts", "value", "explanation"),
    [
        ({}, 12, "12 bought"),
        ({"basis": Basis.ASSIGNED}, 14, "14 assigned"),
        ({"basis": Basis.GREATER}, 14, "the greater of 12 bought and 14 assigned"),
        ({"included": 2}, 10, "12 bought, 2 included"),
        ({"included": 20}, 0, "12 bought, 20 included"),
        ({"minimum": 15}, 15, "12 bought, minimum 15"),
        ({"included": 10, "minimum": 5}, 5, "12 bought, 10 included, minimum 5"),
    ],
)
def test_the_billed_units_and_their_arithmetic(facts: dict[str, object], value: int, explanation: str) -> None:
    counted = quantity_for(ITEM, profile(**facts))
    assert (counted.value, counted.explanation) == (value, explanation)


def test_the_profile_decides_on_units_in_their_grace_period() -> None:
    item = replace(ITEM, warning=3)
    assert quantity_for(item, profile()).explanation == "15 bought, 3 of them in their grace period"
    assert quantity_for(item, profile(bill_warning=False)).explanation == "12 bought, 3 in their grace period left out"


@pytest.mark.parametrize("basis", [Basis.ASSIGNED, Basis.GREATER])
def test_assigned_units_on_seats_that_cannot_be_used_are_billed_and_said(basis: Basis) -> None:
    """12 can be used and 14 are assigned, so that 2 of them are on the 5 suspended seats."""
    counted = quantity_for(replace(ITEM, suspended=5), profile(basis=basis))
    assert (counted.value, counted.explanation.endswith("14 assigned, 2 of them on suspended or locked-out seats")) == (14, True)
    assert "suspended" not in quantity_for(replace(ITEM, suspended=5), profile()).explanation
    assert "suspended" not in quantity_for(replace(ITEM, warning=2, suspended=5), profile(basis=basis)).explanation


def test_only_the_numbers_a_basis_needs_can_stand_in_its_way() -> None:
    item = replace(ITEM, purchased=None, purchased_questions=("Contradictory.",))
    assert quantity_for(item, profile(basis=Basis.ASSIGNED)).value == 14
    assert quantity_for(item, profile(basis=Basis.GREATER)).questions == ("Contradictory.",)


def test_a_company_wide_sku_cannot_be_billed_by_what_is_assigned() -> None:
    item = replace(ITEM, company_wide=True)
    assert "whole company" in quantity_for(item, profile(basis=Basis.ASSIGNED)).questions[0]
    assert quantity_for(item, profile()).value == 12


def test_what_was_not_counted_is_no_zero() -> None:
    assert quantity_for(None, profile()).value is None


@given(st.integers(0, 10_000), st.integers(0, 10_000), st.integers(0, 10_000), st.sampled_from(Basis))
def test_units_are_never_negative_and_never_below_the_minimum(seats: int, included: int, minimum: int, basis: Basis) -> None:
    value = quantity_for(replace(ITEM, purchased=seats), profile(included=included, minimum=minimum, basis=basis)).value
    assert value is not None and value >= minimum >= 0
