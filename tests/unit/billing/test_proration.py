"""Proration: what days cost, that plans converge whatever was there, and what a prorated change says and rests on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sync_core.billing import facts, fingerprint, marker_owner, reconcile
from sync_core.billing.periods import ONE_DAY, period_of, price_of_days
from sync_core.model.agreements import Ability, Agreement, AgreementLines, Line
from sync_core.model.billing import BillingProfile, Decreases, PriceRange
from sync_core.model.plans import Change, ChangeKind, Verdict
from tests.unit.billing.world import World, agreement, binding, kinds, line, link, ours, running, subscription, words

DAYS = st.dates(date(2024, 1, 1), date(2026, 12, 31))
SEATS = st.integers(1, 40)
ABLE = frozenset({Ability.SELF_ENDING_LINES, Ability.PRICES, Ability.TERMS, Ability.CREDITS})
PROFILE = BillingProfile("BP", "M365-BP", prorate=True)


def prorating(**facts: Any) -> Agreement:
    """Monthly from 1 January, April invoiced, with proration."""
    return agreement(**{"prorates": True, "abilities": ABLE, **facts})


def world(seats: int = 12, billed: int = 10, profile: BillingProfile = PROFILE, **facts: Any) -> World:
    """A running link under a profile that prorates."""
    return replace(running(seats, billed), links=(link(profile=profile),), home=prorating(**facts))


def only(changes: tuple[Change, ...]) -> Change:
    """The one change."""
    (change,) = changes
    return change


@given(DAYS, st.sampled_from((1, 3, 12)), st.integers(1, 40), st.decimals(Decimal("0.01"), Decimal(500), places=2))
def test_the_days_of_a_period_come_to_its_price(day: date, months: int, units: int, price: Decimal) -> None:
    home = prorating(anchor=date(2023, 12, 31), period_months=months)
    period = period_of(home, day)
    whole = price_of_days(home, price * units, period.first, period.last)
    begun, rest = price_of_days(home, price * units, period.first, day), price_of_days(home, price * units, day + ONE_DAY, period.last)
    assert whole == price * units
    assert abs(begun + rest - whole) <= Decimal("0.01")


def test_days_of_several_periods_are_rounded_period_by_period() -> None:
    """17 to 31 March are 15 of 31 days, 1 to 30 April a whole month."""
    assert price_of_days(prorating(), Decimal("20.00"), date(2025, 3, 17), date(2025, 4, 30)) == Decimal("9.68") + Decimal("20.00")


@st.composite
def worlds(draw: Callable[..., Any]) -> World:
    """A prorating link in any state, whose invoices may be ahead or behind."""
    credits = draw(st.booleans())
    profile = replace(PROFILE, credits=credits, decreases=draw(st.sampled_from(Decreases)), included=draw(st.integers(0, 2)))
    today = draw(st.dates(date(2025, 2, 1), date(2025, 9, 30)))
    home = prorating(anchor=date(2024, 12, draw(st.sampled_from((1, 15, 31)))), period_months=draw(st.sampled_from((1, 3))))
    period = period_of(home, today + timedelta(days=31 * draw(st.integers(-3, 2))))
    begun = replace(home, start=date(2024, 1, 1), next_invoice=period.first)
    if draw(st.booleans()):
        return World((subscription(draw(SEATS)),), links=(link(profile=profile),), home=begun, today=today)
    held = ours("101", draw(SEATS), included=Decimal(draw(st.sampled_from((0, 0, 3)))))
    return World((subscription(draw(SEATS)),), 0, (held,), {"k": binding(held)}, (link(profile=profile),), home=begun, today=today)


def next_day(before: World, seats: int, days: int, invoices: int) -> World:
    """The world some days on, with other seats, and with as many invoices made meanwhile."""
    home = before.home
    for _ in range(invoices):
        assert home.next_invoice
        home = replace(home, next_invoice=period_of(home, home.next_invoice).last + ONE_DAY)
    return replace(before, rows=(subscription(seats),), today=before.today + timedelta(days=days), home=home, moves=before.inputs.moves)


@given(worlds(), st.lists(st.tuples(SEATS, st.integers(0, 40), st.integers(0, 2)), max_size=5))
def test_whatever_happened_a_plan_that_was_carried_out_leaves_nothing_to_do(begun: World, story: list[tuple[int, int, int]]) -> None:
    """Only what is held may remain: a question, or a first zero. Days that were invoiced too early take one plan, the days since the next."""
    present = begun
    for seats, days, invoices in story:
        present = next_day(present.after(present.plan()), seats, days, invoices)
    settled = replace(present, moves=present.inputs.moves)
    again = settled.after(settled.plan())
    remaining = again.after(again.plan()).plan()
    assert [change.kind for change in remaining if change.verdict is not Verdict.HELD] == []


def test_seats_that_fell_and_rose_while_invoices_were_made_are_settled_in_two_plans() -> None:
    """The credit for the days that were invoiced too early goes first, the units of the days since follow it."""
    home = replace(prorating(anchor=date(2024, 12, 1), period_months=1), start=date(2024, 1, 1), next_invoice=date(2024, 11, 1))
    profile = replace(PROFILE, credits=True, decreases=Decreases.NOW)
    present = World((subscription(2),), links=(link(profile=profile),), home=home, today=date(2025, 2, 27))
    for seats, days, invoices in [(1, 0, 1), (2, 33, 2), (2, 30, 2)]:
        present = next_day(present.after(present.plan()), seats, days, invoices)
    kinds = []
    for _ in range(3):
        kinds.append([change.kind for change in present.plan()])
        present = present.after(present.plan())
    assert kinds == [[ChangeKind.SET_QUANTITY], [ChangeKind.PRORATE], []]


@given(worlds(), st.lists(st.tuples(SEATS, st.integers(0, 40), st.integers(0, 2)), max_size=3), st.randoms(use_true_random=False))
def test_the_order_of_what_was_read_does_not_matter(begun: World, story: list[tuple[int, int, int]], random: Any) -> None:
    present = begun
    for seats, days, invoices in story:
        present = next_day(present.after(present.plan()), seats, days, invoices)
    shuffled = replace(present, lines=tuple(random.sample(present.lines, len(present.lines))))
    assert reconcile(present.inputs) == reconcile(shuffled.inputs)


def test_a_prorated_change_rests_on_the_agreement_and_its_lines() -> None:
    present = world()
    change = only(present.plan())
    for other in ({"prorates": False}, {"next_invoice": date(2025, 6, 1)}, {"end": date(2025, 12, 31)}):
        moved = facts(AgreementLines(replace(present.home, **other), present.lines), "101", "M365-BP", "ab12")
        assert moved != change.rests_on


def test_a_self_ending_line_copies_what_the_main_line_has() -> None:
    facts: dict[str, Any] = {
        "unit_cost": Decimal("15.50"),
        "taxable": False,
        "grouping": "8",
        "text": "Premium, as agreed",
        "unit_price": Decimal("18.90"),
    }
    held = ours("101", 10, **facts)
    change = only(replace(world(), lines=(held,)).plan())
    assert {name: getattr(change.terms, name) for name in facts} == facts
    assert change.self_ending[0].marker != held.marker
    assert marker_owner(change.self_ending[0].marker) == "ab12"


def test_an_approval_of_a_prorated_change_holds_for_its_units_and_days() -> None:
    change = only(world().plan())
    other = replace(change.self_ending[0], last=change.self_ending[0].last - ONE_DAY)
    assert fingerprint(replace(change, self_ending=(other,))) != fingerprint(change)


def test_a_change_that_waited_for_a_person_still_counts_from_the_day_it_was_first_seen() -> None:
    seen = world()
    later = replace(seen, today=seen.today + timedelta(days=3), moves=seen.inputs.moves)
    assert fingerprint(only(later.plan())) == fingerprint(only(seen.plan()))


def test_a_connection_that_knows_no_self_ending_lines_refuses_in_words() -> None:
    change = only(world(abilities=frozenset()).plan())
    assert change.verdict is Verdict.HELD
    assert "cannot prorate" in words([change])


def test_what_was_known_is_kept_when_the_self_ending_line_is_there_and_the_main_line_is_not_written() -> None:
    """The first step was done and the second refused; the next plan sets the line and adds nothing."""
    present = world()
    change = only(present.plan())
    half = present.after([replace(change, kind=ChangeKind.PRORATE)])
    rest = only(half.plan())
    assert (rest.kind, rest.after, rest.self_ending) == (ChangeKind.SET_QUANTITY, Decimal(12), ())


def test_self_ending_lines_are_neither_strangers_nor_doubles() -> None:
    done = world().after(world().plan())
    assert len(done.lines) == 2
    assert done.plan() == ()


def test_a_line_at_another_price_than_the_profiles_needs_a_person_and_no_other_write_carries_a_price() -> None:
    profile = replace(PROFILE, prorate=False, cost_plus=Decimal(10))
    present = world(profile=profile)
    dear: Line = line("101", 10, marker=present.lines[0].marker, unit_cost=Decimal("20.00"))
    quantity, price = replace(present, lines=(dear,)).plan()
    assert kinds([quantity, price]) == [ChangeKind.SET_QUANTITY, ChangeKind.SET_PRICE]
    assert (quantity.terms.unit_price, price.terms.unit_price, price.verdict) == (None, Decimal("22.00"), Verdict.NEEDS_APPROVAL)


def test_a_price_is_approved_for_the_units_that_the_same_plan_sets() -> None:
    """10 → 12 at 20.00 and then 22.00 is 40.00 and 24.00 more; once the units are written, the price is the same change still."""
    present = world(profile=replace(PROFILE, prorate=False, prices=(PriceRange(Decimal("22.00")),)))
    quantity, price = present.plan()
    assert (quantity.money, price.money) == (Decimal("40.00"), Decimal("24.00"))
    assert fingerprint(only(present.after([quantity]).plan())) == fingerprint(price)


def test_a_self_ending_line_that_somebody_lets_go_on_is_asked_about() -> None:
    done = world().after(world().plan())
    endless = tuple(replace(item, ends=None) if item.ends else item for item in done.lines)
    asked = only(replace(done, lines=endless).plan())
    assert asked.verdict is Verdict.HELD
    assert "has no end now" in words([asked])
