"""Markers and fingerprints: the same thing has the same name, and another thing another."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_core.billing import change_id, fingerprint, marker, marker_owner
from sync_core.model.plans import Change, ChangeKind, Verdict

CHANGE = Change("c", "k", "sku", "E3", "cw", "7", "M365-E3", ChangeKind.SET_QUANTITY, Verdict.SAFE, ("12 bought",), "101")
CHANGE = replace(CHANGE, before=Decimal(10), after=Decimal(12), unit_price=Decimal("20.00"), currency="USD", effective=date(2025, 5, 1))


@given(st.text(min_size=1), st.text(min_size=1))
def test_a_marker_is_short_names_its_installation_and_is_the_same_every_time(plan_id: str, link_key: str) -> None:
    text = marker("ab12", plan_id, link_key)
    assert text == marker("ab12", plan_id, link_key)
    assert len(text) <= 50
    assert marker_owner(text) == "ab12"


def test_plan_and_link_cannot_run_into_each_other() -> None:
    assert marker("ab12", "a", "bc") != marker("ab12", "ab", "c")


@pytest.mark.parametrize("text", ["", "Cloudconsole", "M365-ab12", "M365-ab12-tooshort", "M365-AB12-0123456789", "xM365-ab12-0123456789"])
def test_other_texts_are_no_markers(text: str) -> None:
    assert marker_owner(text) is None


def test_an_installation_id_that_would_not_be_found_again_is_refused() -> None:
    with pytest.raises(ValueError, match="lower-case"):
        marker("Head office", "p", "k")


def test_a_change_has_a_short_id_of_its_own() -> None:
    ids = {change_id(link_key, kind, line_id) for link_key in "ab" for kind in ChangeKind for line_id in ("", "1")}
    assert len(ids) == 4 * len(ChangeKind)
    assert {len(item) for item in ids} == {8}


def test_an_approval_holds_for_the_same_change_planned_anew() -> None:
    anew = replace(CHANGE, change_id="x", marker="M365-ab12-0123456789", unit_price=Decimal("20.0"), reasons=("12 bought today",))
    assert fingerprint(anew) == fingerprint(CHANGE)


@pytest.mark.parametrize(
    "difference",
    [
        {"after": Decimal(13)},
        {"before": Decimal(9)},
        {"unit_price": Decimal("20.01")},
        {"effective": date(2025, 6, 1)},
        {"line_id": "102"},
        {"agreement_id": "8"},
        {"connection": "cw2"},
        {"product": "M365-E5"},
        {"kind": ChangeKind.END},
        {"currency": "EUR"},
        {"money": Decimal("20.00")},
        {"prorated": Decimal("0.65")},
        {"period_months": 12},
        {"invoice": date(2025, 6, 1)},
    ],
)
def test_an_approval_does_not_hold_once_anything_shown_is_different(difference: dict[str, object]) -> None:
    assert fingerprint(replace(CHANGE, **difference)) != fingerprint(CHANGE)  # type: ignore[arg-type]  # real members
