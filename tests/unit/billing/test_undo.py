"""What an undo refuses that the nights in memory do not come to."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from sync_core.billing import ReconcileInput, Written, take_back
from sync_core.model.agreements import Shift
from sync_core.model.plans import Change, ChangeKind, ChangeResult, Verdict

FEBRUARY, MARCH = date(2026, 2, 1), date(2026, 3, 1)
GROWN = Change(
    change_id="c1",
    link_key="k",
    item_id="sku",
    item="Business Premium",
    connection="psa",
    agreement_id="7",
    product="M365-BP",
    kind=ChangeKind.SET_QUANTITY,
    verdict=Verdict.SAFE,
    reasons=(),
    before=Decimal(10),
    after=Decimal(12),
    effective=date(2026, 4, 1),
    result=ChangeResult.APPLIED,
)
NOTHING_KNOWN = ReconcileInput("t", "000009-a", "test1", {"psa": date(2026, 3, 17)}, (), (), {}, {})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (replace(GROWN, result=ChangeResult.HALF_DONE, result_reason="The PSA refuses"), "It is half done: The PSA refuses"),
        (
            replace(GROWN, line_id="5", shifts=(Shift(date(2026, 3, 17), Decimal(10), Decimal(12)),), prorated=Decimal("20.00")),
            "change line 5 by -2 units from 2026-03-18 on; the first day stays billed",
        ),
        (replace(GROWN, shifts=(Shift(FEBRUARY, Decimal(10), Decimal(9)), Shift(MARCH, Decimal(9), Decimal(8)))), "from more than one day on"),
        (replace(GROWN, is_double=True), "a line beside the link's own, which is not brought back"),
        (GROWN, "Nothing is known any more of the line"),
    ],
)
def test_what_cannot_be_taken_back_is_said_in_words(change: Change, words: str) -> None:
    [refused] = take_back(NOTHING_KNOWN, [Written("000001-a", change)], ["000001-a/c1"])
    assert (refused.kind, refused.verdict) == (ChangeKind.NONE, Verdict.HELD)
    assert words in " ".join(refused.reasons)


def test_what_was_not_chosen_is_left_alone() -> None:
    assert take_back(NOTHING_KNOWN, [Written("000001-a", GROWN)], ["000001-a/other"]) == ()
