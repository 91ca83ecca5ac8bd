"""Whatever was written and can be taken back: every day that no invoice shows bills what it did before, and no other line differs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import event, given
from hypothesis import strategies as st

from sync_core.billing import Written, facts, take_back
from sync_core.model.agreements import AgreementLines, Line
from sync_core.model.billing import BillingProfile, Decreases, PriceRange
from sync_core.model.plans import Change, ChangeResult, Verdict
from tests.unit.billing.test_proration import prorating
from tests.unit.billing.world import World, line, link, running

TODAY = date(2025, 3, 17)
STRANGER = line("7", 3, product_id="901", product="SUPPORT")
AHEAD = 120
"""So many days after today are looked at."""


@st.composite
def nights(draw: Callable[..., Any]) -> World:
    """A link on 17 March in any state, with March invoiced, or not, or April invoiced, too; and somebody else's line beside it."""
    prices = draw(st.sampled_from([(), (PriceRange(Decimal("22.00")),)]))
    decreases = draw(st.sampled_from([Decreases.NOW, Decreases.NEXT_PERIOD]))
    profile = BillingProfile("BP", "M365-BP", prorate=draw(st.booleans()), decreases=decreases, prices=prices)
    opens = draw(st.sampled_from([date(2025, 3, 1), date(2025, 4, 1), date(2025, 5, 1)]))
    billed = draw(st.integers(0, 20))
    world = replace(running(draw(st.integers(0, 20)), billed), today=TODAY, home=prorating(next_invoice=opens), links=(link(profile=profile),))
    world = replace(world, first_zeros={"k": date(2025, 3, 1)})
    return replace(world, lines=(*world.lines, STRANGER)) if billed else replace(world, lines=(STRANGER,), bindings={})


def written(world: World, changes: Sequence[Change]) -> list[Written]:
    """The changes as a journal has them, once they are written."""
    held = AgreementLines(world.home, world.lines)
    done = [replace(change, result=ChangeResult.APPLIED) for change in changes if change.verdict is not Verdict.HELD]
    return [Written(world.plan_id, change, facts(held, change.line_id, change.product, "ab12")) for change in done]


def coming(world: World, known: Sequence[Line]) -> list[Decimal]:
    """What the days cost that coming invoices show: all from the first open one on, and of lines that are new also those before."""
    ids, days = {each.line_id for each in known}, [date(2025, 2, 1) + timedelta(days=number) for number in range(AHEAD)]
    opens = world.home.next_invoice or TODAY
    return [sum((_price(each, day) for each in world.lines if day >= opens or each.line_id not in ids), Decimal(0)) for day in days]


def _price(each: Line, day: date) -> Decimal:
    active = (each.starts or day) <= day and each.active_on(day)
    return each.billed * each.unit_price if active else Decimal(0)


@given(nights())
def test_after_an_undo_every_day_that_no_invoice_shows_bills_what_it_did_before(world: World) -> None:
    changes = world.plan()
    done = written(world, changes)
    after = world.after(changes)
    back = take_back(replace(after.inputs, plan_id="plan-2"), done, [item.name for item in done])
    assert not [change for change in back if change.verdict is Verdict.HELD], "no invoice was made, and nobody else was there"
    event("nothing was written" if not done else "undone " + " and ".join(sorted({item.change.kind.value for item in done})))
    undone = after.after(back)
    assert coming(undone, world.lines) == coming(world, world.lines)
    assert STRANGER in undone.lines
