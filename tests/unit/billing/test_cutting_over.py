"""When a line of somebody else may end, and when the line that follows it may begin: no day twice, none left out."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_core.billing.changes import Case
from sync_core.billing.cutting_over import end_on, is_nobodys, moved, own_link, shown_values, start_after, take_over
from sync_core.billing.inputs import ReconcileInput
from sync_core.billing.periods import first_open_day, period_of
from sync_core.model.agreements import Ability, Agreement, AgreementLines, AgreementStatus, Charge, Held, Line, Product
from sync_core.model.billing import BillingProfile, Link
from sync_core.model.plans import Change, ChangeKind, Verdict

TODAY, MARCH, APRIL = date(2026, 3, 17), date(2026, 3, 31), date(2026, 4, 30)
ONE_DAY = timedelta(days=1)
HEAD = Agreement(
    "psa", "17", "c1", "Cloud", "Cloud", AgreementStatus.ACTIVE, date(2025, 1, 1), None, 1, date(2025, 1, 1), date(2026, 4, 1), False, "EUR"
)
LINE = Line("5", "p1", "M365-BP", Decimal(10), Decimal("22.00"), starts=date(2025, 1, 1), marker="Cloudconsole")
PRODUCT = Product("p1", "M365-BP", "Business Premium", Decimal("20.60"))


def case(head: Agreement = HEAD, *lines: Line, link: Link | None = None, others: tuple[AgreementLines, ...] = ()) -> Case:
    """A line's own case, or that of a link which follows it."""
    held = AgreementLines(head, lines or (LINE,))
    inputs = ReconcileInput(
        tenant_id="t",
        plan_id="p",
        installation="test1",
        business_dates={"psa": TODAY},
        links=(link,) if link else (),
        questions=(),
        items={},
        agreements={("psa", head.agreement_id): held},
        company_lines={("psa", "c1"): (held, *others)},
        products={("psa", "M365-BP"): PRODUCT},
    )
    return Case(inputs, link or own_link("psa", "c1", head.agreement_id, held.lines[0]), held, Decimal(10), "Chosen.")


def link(agreement_id: str = "17") -> Link:
    """A link that bills the line's product and has no line yet."""
    return Link("sku~psa~c1", "sku", BillingProfile("premium", "M365-BP"), "psa", "c1", agreement_id)


def ended(line: Line, last: date) -> Line:
    """The line once its end is written."""
    return replace(line, ends=last)


def refusal(change: Change) -> str:
    """Why it cannot be done."""
    assert (change.kind, change.verdict) == (ChangeKind.NONE, Verdict.HELD)
    return " ".join(change.reasons)


def test_an_end_is_billed_for_the_last_time_on_the_chosen_day() -> None:
    change = end_on(case(), LINE, APRIL)
    assert (change.kind, change.effective, change.invoice, change.money) == (ChangeKind.END, APRIL, date(2026, 5, 1), Decimal("-220.00"))
    assert is_nobodys(change.link_key)
    assert change.verdict is Verdict.NEEDS_APPROVAL


def test_an_end_within_a_period_needs_lines_that_are_billed_by_their_days() -> None:
    """Where only rows beside the lines are, a line itself bills the whole period that it touches."""
    by_days = replace(HEAD, prorates=True, abilities=frozenset({Ability.SELF_ENDING_LINES}))
    assert end_on(case(by_days), LINE, APRIL - ONE_DAY).kind is ChangeKind.END
    by_rows = replace(by_days, abilities=by_days.abilities | {Ability.WHOLE_PERIODS})
    assert "does not bill parts of a period" in refusal(end_on(case(by_rows), LINE, APRIL - ONE_DAY))


def test_the_eve_of_the_first_open_day_is_the_earliest_end() -> None:
    assert end_on(case(), LINE, MARCH).kind is ChangeKind.END
    assert "It is invoiced up to 2026-03-31" in refusal(end_on(case(), LINE, MARCH - ONE_DAY))


@pytest.mark.parametrize(
    ("head", "line", "why"),
    [
        (replace(HEAD, next_invoice=None), LINE, "names no next invoice"),
        (replace(HEAD, status=AgreementStatus.CANCELLED), LINE, "is cancelled"),
        (replace(HEAD, period_months=0, cycle="Weekly"), LINE, "billing cycle Weekly"),
        (replace(HEAD, end=APRIL), LINE, "The agreement ends on 2026-04-30, and the line with it"),
        (replace(HEAD, counted="Halo bills the licences."), LINE, "not billed, they count"),
        (HEAD, replace(LINE, left_alone="Halo computes it."), "Halo computes it. End it in the PSA."),
        (HEAD, replace(LINE, ends=MARCH), "It ends on 2026-03-31 already"),
    ],
)
def test_what_cannot_end_is_said(head: Agreement, line: Line, why: str) -> None:
    assert why in refusal(end_on(case(head, line), line, APRIL))


def test_a_line_that_has_not_begun_ends_on_the_eve_of_its_start() -> None:
    late = replace(LINE, starts=date(2026, 7, 1))
    change = end_on(case(HEAD, late), late, APRIL)
    assert change.effective == date(2026, 6, 30)
    assert "no invoice shows it" in " ".join(change.reasons)


def test_a_line_that_is_billed_does_not_end_before_it_began() -> None:
    """A slip in the year: it has been invoiced since, and an end on the eve of its start would take all of that back."""
    begun = replace(LINE, starts=date(2025, 1, 1))
    assert "It is invoiced up to" in refusal(end_on(case(HEAD, begun), begun, date(2016, 4, 30)))


DATED = replace(HEAD, abilities=frozenset({Ability.DATED_QUANTITIES}), end=date(2030, 12, 31))


def holding(*levels: tuple[date, int]) -> Line:
    """A line of dated quantities, which shows no end."""
    return replace(LINE, starts=None, held=tuple(Held(first, Decimal(units)) for first, units in levels))


def test_an_end_that_was_set_for_a_later_day_is_not_set_again_although_the_line_does_not_show_it() -> None:
    line = holding((date(2025, 1, 1), 10), (date(2026, 5, 1), 0))
    assert "It ends on 2026-04-30 already" in refusal(end_on(case(DATED, line), line, APRIL))
    assert "It ends on 2026-04-30 already" in refusal(end_on(case(DATED, line), line, date(2026, 6, 30)))


def test_units_that_were_set_for_a_day_after_the_end_are_told_and_not_left_to_be_billed() -> None:
    line = holding((date(2025, 1, 1), 10), (date(2026, 7, 1), 14))
    assert "It holds 14 units from 2026-07-01 on" in refusal(end_on(case(DATED, line), line, APRIL))
    assert "Choose 2026-06-30 or a later day" in refusal(end_on(case(DATED, line), line, APRIL))


def test_an_end_earlier_than_one_that_was_set_would_leave_fewer_units_than_none() -> None:
    line = holding((date(2025, 1, 1), 10), (date(2026, 7, 1), 0))
    assert "It holds 0 units from 2026-07-01 on" in refusal(end_on(case(DATED, line), line, APRIL))


def test_an_end_takes_away_what_the_line_holds_by_then() -> None:
    line = holding((date(2025, 1, 1), 10), (date(2026, 4, 1), 6))
    change = end_on(case(DATED, line), line, APRIL)
    assert (change.kind, change.before, change.after) == (ChangeKind.END, Decimal(6), Decimal(0))
    assert change.rests_on["quantity"] == "10"


def test_the_end_of_the_agreement_is_no_end_of_the_line() -> None:
    line = holding((date(2025, 1, 1), 10), (date(2031, 1, 1), 0))
    assert end_on(case(DATED, line), line, APRIL).kind is ChangeKind.END


def test_a_line_with_a_later_end_ends_earlier() -> None:
    long = replace(LINE, ends=date(2026, 12, 31))
    assert end_on(case(HEAD, long), long, APRIL).effective == APRIL


def test_a_free_line_ends_and_moves_no_money() -> None:
    free = replace(LINE, charge=Charge.NO_CHARGE)
    assert end_on(case(HEAD, free), free, APRIL).money == 0


@given(
    months=st.sampled_from([1, 3, 12]),
    anchor=st.dates(date(2024, 1, 1), date(2025, 12, 31)),
    ahead=st.integers(0, 2),
    last=st.dates(date(2026, 1, 1), date(2027, 12, 31)),
    prorates=st.booleans(),
)
def test_whatever_ends_a_successor_begins_on_the_next_day_and_bills_from_there_on(
    months: int, anchor: date, ahead: int, last: date, prorates: bool
) -> None:
    """Over periods of any length and anchor: what may end never ends in invoiced time nor in the middle of a period that is billed whole."""
    head = replace(HEAD, period_months=months, anchor=anchor, start=anchor, prorates=prorates)
    opens = period_of(head, TODAY).first
    for _ in range(ahead):
        opens = period_of(head, opens).last + ONE_DAY
    head = replace(head, next_invoice=opens)
    line = replace(LINE, starts=anchor)
    change = end_on(case(head, line), line, last)
    if change.kind is ChangeKind.NONE:
        assert last + ONE_DAY < first_open_day(head) or (not prorates and last != period_of(head, last).last)
        return
    assert last + ONE_DAY >= first_open_day(head)
    assert prorates or last == period_of(head, last).last
    follows = start_after(case(head, ended(line, last), link=link()), last)
    assert (follows.kind, follows.effective, follows.after) == (ChangeKind.ADD, last + ONE_DAY, Decimal(10))


def test_a_successor_on_an_agreement_that_is_invoiced_further_would_leave_a_gap() -> None:
    other = AgreementLines(replace(HEAD, agreement_id="18", next_invoice=date(2026, 7, 1)), ())
    following = case(other.agreement, ended(LINE, APRIL), link=link("18"))
    assert "nobody would bill 2026-05-01 to 2026-06-30. End the old one on 2026-06-30." in refusal(start_after(following, APRIL))


def test_a_line_that_goes_on_elsewhere_at_the_company_keeps_a_successor_from_being_made() -> None:
    other = AgreementLines(replace(HEAD, agreement_id="18"), (replace(LINE, line_id="6"),))
    assert "Existing line 6" in refusal(start_after(case(HEAD, ended(LINE, APRIL), link=link(), others=(other,)), APRIL))


def test_a_line_is_taken_over_with_what_it_holds() -> None:
    change = take_over(case(link=link()), LINE)
    assert (change.kind, change.link_key, change.after, change.money) == (ChangeKind.ADOPT, "sku~psa~c1", Decimal(10), Decimal(0))


def test_a_line_of_another_product_is_not_taken_over() -> None:
    other = replace(LINE, product="M365-E5")
    assert "it bills M365-E5" in refusal(take_over(case(HEAD, other, link=link()), other))


def test_what_differs_from_what_was_shown_is_said() -> None:
    before = shown_values(LINE)
    assert moved(before, LINE) == ""
    assert (
        moved(before, replace(LINE, quantity=Decimal(11), ends=APRIL))
        == "It was changed since it was shown: quantity 10 → 11, end none → 2026-04-30."
    )
    assert moved(before, None) == "It is not on the agreement any more."
