"""What holds for every customer: a plan converges, does not depend on order, and never acts on half a read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sync_core.billing import fingerprint, reconcile
from sync_core.model.agreements import Charge, Line
from sync_core.model.billing import BillingProfile, LineChoice, ManualEdits
from sync_core.model.configuration import GuardRails
from sync_core.model.licences import Source, SubscriptionStatus
from sync_core.model.plans import ChangeKind, Verdict
from tests.unit.billing.world import TODAY, World, agreement, binding, line, link, ours, subscription

SEATS = st.integers(0, 40)
DATES = st.dates(date(2025, 1, 1), date(2025, 12, 31))


@st.composite
def profiles(draw: Callable[..., Any]) -> BillingProfile:
    """Any profile of the one product."""
    return BillingProfile("BP", "M365-BP", minimum=draw(st.integers(0, 3)), included=draw(st.integers(0, 3)), bill_warning=draw(st.booleans()))


@st.composite
def lines(draw: Callable[..., Any], number: str, made: Callable[..., Line]) -> Line:
    """A line that may have been ended, not charged, or include units."""
    facts = {"ends": draw(st.none() | DATES), "charge": draw(st.sampled_from(Charge)), "included": Decimal(draw(st.sampled_from((0, 0, 2))))}
    return made(number, draw(SEATS), **facts)


@st.composite
def worlds(draw: Callable[..., Any]) -> World:
    """One link in any of its states, beside lines of people."""
    choice, adopt = draw(st.sampled_from([(LineChoice.NONE, ""), (LineChoice.NEW, ""), (LineChoice.ADOPT, "55")]))
    rows = [subscription(draw(SEATS), status) for status in draw(st.sets(st.sampled_from([SubscriptionStatus.ENABLED, SubscriptionStatus.WARNING])))]
    managed = draw(st.none() | lines("101", ours))
    held = [*([managed] if managed else []), *draw(st.lists(lines("55", line), max_size=1))]
    bindings = {}
    if managed:
        confirmed = binding(managed, ended=managed.ends)
        bindings["k"] = draw(st.sampled_from([confirmed, replace(confirmed, quantity=Decimal(1)), replace(confirmed, ends=None, ended=None)]))
    home = agreement(anchor=draw(DATES), period_months=draw(st.sampled_from((1, 3, 12))), next_invoice=draw(DATES))
    rails = GuardRails(manual_edits=draw(st.sampled_from(ManualEdits)))
    chosen = link(profile=draw(profiles()), choice=choice, adopt_line_id=adopt, start=draw(st.none() | DATES))
    yesterday = {"k": TODAY - timedelta(days=1)}
    return World(tuple(rows), 0, tuple(held), bindings, (chosen,), home=home, rails=rails, first_zeros=yesterday)


@given(worlds())
def test_a_plan_that_was_carried_out_leaves_nothing_to_do(world: World) -> None:
    """Only questions may remain; they change nothing."""
    remaining = world.after(world.plan()).plan()
    assert [change for change in remaining if change.kind is not ChangeKind.NONE] == []


@given(worlds())
def test_quantities_are_never_negative_and_every_change_says_why(world: World) -> None:
    for change in world.plan():
        assert change.reasons
        assert (change.after or 0) >= 0
        assert change.kind is not ChangeKind.NONE or change.verdict is Verdict.HELD


@given(worlds(), st.sampled_from([Source.SKUS, Source.SUBSCRIPTIONS]))
def test_half_a_read_changes_no_line(world: World, source: Source) -> None:
    plan = replace(world, failed={source: "503"}).plan()
    assert {change.verdict for change in plan} <= {Verdict.HELD}
    assert world.after(plan).lines == world.lines


@given(worlds(), st.randoms(use_true_random=False))
def test_the_order_of_what_was_read_does_not_matter(world: World, random: Any) -> None:
    support = link(key="support", profile=BillingProfile("Support", "SUPPORT"))
    inputs = replace(world, links=(*world.links, support)).inputs
    shuffled = replace(world, links=(support, *world.links), lines=tuple(random.sample(world.lines, len(world.lines)))).inputs
    assert reconcile(inputs) == reconcile(shuffled)


@given(worlds())
def test_the_same_change_planned_anew_has_the_same_fingerprint_and_ids_are_unique(world: World) -> None:
    plan, anew = world.plan(), replace(world, plan_id="plan-9").plan()
    assert [fingerprint(change) for change in plan] == [fingerprint(change) for change in anew]
    assert len({change.change_id for change in plan}) == len(plan)


@given(worlds())
def test_only_lines_that_are_ours_or_adopted_are_ever_written(world: World) -> None:
    """The line made by hand stays as it is unless the configuration names it."""
    if world.links[0].choice is not LineChoice.ADOPT:
        by_hand = [item for item in world.lines if item.line_id == "55"]
        assert [item for item in world.after(world.plan()).lines if item.line_id == "55"] == by_hand
