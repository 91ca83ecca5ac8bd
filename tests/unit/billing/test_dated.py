"""Dated quantities: which days a plan moves, what it says where the PSA takes no change, and what a half-carried-out plan leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sync_core.billing import as_left, fingerprint, to_read_whole
from sync_core.model.agreements import Ability, Held, Shift
from sync_core.model.billing import BillingProfile, Decreases, Move, Seen
from sync_core.model.plans import Change, ChangeKind, Step, Verdict
from tests.unit.billing.world import TODAY, World, agreement, binding, line, link, running, words

NOTHING, TEN = Decimal(0), Decimal(10)
APRIL, MAY = date(2025, 4, 1), date(2025, 5, 1)
DATED = frozenset({Ability.DATED_QUANTITIES, Ability.CREDITS})
CHARGED = DATED | {Ability.INVOICED_TIME}
PROFILE = BillingProfile("BP", "M365-BP", prorate=True)


def world(seats: int, held: dict[date, int], abilities: frozenset[Ability] = CHARGED, **profile: Any) -> World:
    """A line that holds so many units from these days on; April is invoiced, and today is 17 April."""
    levels = tuple(Held(first, Decimal(units)) for first, units in held.items())
    begun = running(seats, int(levels[-1].units))
    home = agreement(prorates=True, abilities=abilities)
    return replace(begun, lines=(replace(begun.lines[0], held=levels),), links=(link(profile=replace(PROFILE, **profile)),), home=home)


def only(changes: tuple[Change, ...]) -> Change:
    """The one change."""
    (change,) = changes
    return change


def shift(first: date, before: int, after: int) -> Shift:
    """A shift in whole units."""
    return Shift(first, Decimal(before), Decimal(after))


def test_more_units_move_the_line_from_the_day_they_were_seen() -> None:
    change = only(world(12, {date(2025, 1, 1): 10}).plan())
    assert change.shifts == (shift(TODAY, 10, 12),)
    assert (change.kind, change.before, change.after, change.effective, change.invoice) == (ChangeKind.SET_QUANTITY, TEN, Decimal(12), TODAY, MAY)
    assert (change.money, change.prorated) == (Decimal("40.00"), Decimal("18.67"))


def test_what_is_lowered_later_is_raised_again_on_both_days() -> None:
    change = only(world(13, {date(2025, 1, 1): 12, MAY: 11}).plan())
    assert change.shifts == (shift(TODAY, 12, 13), shift(MAY, 12, 13))
    assert (change.before, change.after) == (Decimal(11), Decimal(13))


def test_units_that_are_billed_until_the_period_ends_are_not_charged_again() -> None:
    change = only(world(12, {date(2025, 1, 1): 12, MAY: 10}).plan())
    assert (change.shifts, change.prorated) == ((shift(MAY, 10, 12),), NOTHING)


def test_a_day_on_which_the_line_was_changed_already_is_left_for_the_next_one() -> None:
    present = replace(world(13, {date(2025, 1, 1): 10, date(2025, 4, 16): 12}), moves={"k": Move(date(2025, 4, 16), Decimal(13))})
    change = only(present.plan())
    assert change.shifts == (shift(date(2025, 4, 17), 12, 13),)
    assert "one change of a line on a day" in words([change])


def test_invoiced_time_that_takes_no_change_is_named_and_a_person_is_asked() -> None:
    change = only(world(12, {date(2025, 1, 1): 10}, DATED).plan())
    assert (change.shifts, change.prorated, change.verdict) == ((shift(MAY, 10, 12),), NOTHING, Verdict.NEEDS_APPROVAL)
    assert "The days from 2025-04-17 to 2025-04-30 are invoiced already" in words([change])


def test_of_several_invoiced_periods_only_the_last_one_is_changed_and_a_person_is_asked() -> None:
    present = world(12, {date(2025, 1, 1): 10})
    change = only(replace(present, home=replace(present.home, next_invoice=date(2025, 6, 1))).plan())
    assert (change.shifts, change.verdict) == ((shift(MAY, 10, 12),), Verdict.NEEDS_APPROVAL)
    assert "The days from 2025-04-17 to 2025-04-30 are invoiced already" in words([change])


def test_fewer_units_wait_for_the_first_period_that_begins_with_them() -> None:
    assert only(world(8, {date(2025, 1, 1): 10}).plan()).shifts == (shift(MAY, 10, 8),)
    arrears = world(8, {date(2025, 1, 1): 10})
    assert replace(arrears, home=replace(arrears.home, next_invoice=APRIL)).plan() == ()


def test_fewer_units_seen_in_earlier_periods_count_for_each_of_them_as_they_were() -> None:
    """Nobody approved for two months: 9 were counted from 10 February on, and 8 from 5 March on."""
    seen = (Seen(date(2025, 2, 10), Decimal(9)), Seen(date(2025, 3, 5), Decimal(8)))
    present = world(8, {date(2025, 1, 1): 10})
    late = replace(present, home=replace(present.home, next_invoice=date(2025, 2, 1)), moves={"k": Move(date(2025, 2, 10), Decimal(8), seen=seen)})
    assert only(late.plan()).shifts == (shift(date(2025, 3, 1), 10, 9), shift(APRIL, 9, 8))


def test_credits_take_units_off_by_their_days_and_need_a_connection_that_writes_them() -> None:
    change = only(world(8, {date(2025, 1, 1): 10}, credits=True).plan())
    assert (change.shifts, change.prorated) == ((shift(TODAY, 10, 8),), Decimal("-18.67"))
    refused = only(world(8, {date(2025, 1, 1): 10}, CHARGED - {Ability.CREDITS}, credits=True).plan())
    assert (refused.kind, refused.verdict) == (ChangeKind.NONE, Verdict.HELD)


def test_decreases_now_lower_a_period_that_is_not_invoiced_as_a_whole() -> None:
    present = world(8, {date(2025, 1, 1): 10}, decreases=Decreases.NOW)
    change = only(replace(present, home=replace(present.home, next_invoice=APRIL)).plan())
    assert (change.shifts, change.prorated) == ((shift(APRIL, 10, 8),), NOTHING)


def test_a_line_that_was_read_for_one_day_only_holds_its_quantity_on_all_days() -> None:
    present = world(12, {date(2025, 1, 1): 10})
    assert only(replace(present, lines=(replace(present.lines[0], held=()),)).plan()).shifts == (shift(TODAY, 10, 12),)


def test_only_a_line_that_is_to_change_is_read_for_all_days() -> None:
    def unread(seats: int, **facts: Any) -> bool:
        present = world(seats, {date(2025, 1, 1): 10})
        bare = replace(present, lines=(replace(present.lines[0], held=()),), **facts)
        return to_read_whole(bare.inputs) == {("cw", "7")}

    assert (unread(12), unread(10), unread(0)) == (True, False, False)
    waiting = {"k": Move(date(2025, 4, 10), Decimal(8))}
    home = agreement(prorates=True, abilities=DATED, next_invoice=APRIL)
    assert not unread(8, home=home, moves=waiting)


def test_an_approval_holds_for_the_days_that_were_shown() -> None:
    change = only(world(12, {date(2025, 1, 1): 10}).plan())
    assert fingerprint(replace(change, shifts=(replace(change.shifts[0], first=TODAY + timedelta(days=1)),))) != fingerprint(change)


def test_after_the_first_of_two_days_a_line_is_expected_to_lack_the_second() -> None:
    """So that a plan of which half was carried out goes on without taking what is there for a person's edit."""
    change = only(world(13, {date(2025, 1, 1): 12, MAY: 11}).plan())
    read_back = line("101", 13)
    steps = [Step("s", ("c",), "cw", "7", "", {}, False, shifts_from=each.first) for each in change.shifts]
    assert [as_left(change, step, read_back).quantity for step in steps] == [12, 13]


def test_an_end_that_lies_ahead_is_no_edit_although_the_line_does_not_show_it_yet() -> None:
    home = agreement(prorates=True, abilities=DATED, next_invoice=APRIL)
    present = replace(world(0, {date(2025, 1, 1): 10}), home=home)
    ended = replace(present, bindings={"k": binding(present.lines[0], ended=date(2025, 4, 30), ends=date(2025, 4, 30))})
    assert ended.plan() == ()


def test_without_proration_a_line_that_was_changed_within_the_open_period_moves_on_both_days_by_as_much() -> None:
    """A person added 2 from 10 April on; 13 are counted: the whole of April gets one more."""
    present = world(13, {date(2025, 1, 1): 10, date(2025, 4, 10): 12}, DATED, prorate=False)
    change = only(replace(present, home=replace(present.home, next_invoice=APRIL)).plan())
    assert (change.shifts, change.prorated) == ((shift(APRIL, 10, 11),), NOTHING)
    assert (change.before, change.after, change.money) == (Decimal(12), Decimal(13), Decimal("20.00"))


def test_units_that_were_not_there_at_the_days_begin_cannot_be_taken_off_from_it() -> None:
    present = world(3, {date(2025, 1, 1): 5, date(2025, 4, 10): 12}, DATED, prorate=False)
    change = only(replace(present, home=replace(present.home, next_invoice=APRIL)).plan())
    assert (change.kind, change.verdict) == (ChangeKind.NONE, Verdict.HELD)
    assert "fewer than are to be taken off" in words([change])


def test_without_proration_a_line_is_read_for_all_days_only_where_its_day_was_not_read() -> None:
    present = world(13, {date(2025, 1, 1): 10}, DATED, prorate=False)
    bare = replace(present, lines=(replace(present.lines[0], held=()),))
    assert to_read_whole(bare.inputs) == frozenset()
    assert to_read_whole(replace(bare, home=replace(bare.home, next_invoice=APRIL)).inputs) == {("cw", "7")}
