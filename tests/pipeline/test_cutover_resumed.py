"""A cut-over that goes on under another configuration: nothing follows a line that is billed otherwise than people were shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from sync_core.model.agreements import Ability
from sync_core.model.billing import LineChoice, PriceRange
from sync_core.model.cutovers import Cutover, LineState, What
from sync_core.model.plans import ChangeKind, ChangeResult
from sync_core.pipeline.cutover.confirming import confirm, resume_cutover, stop_cutover
from sync_core.pipeline.cutover.rows import load_cutover
from sync_core.pipeline.cutover.stage import ask_for_work
from tests.pipeline.moving import END_OF_MAY, WHO, ends, find, is_over, lines_in, moving, prepare, worked
from tests.pipeline.night import Night, agreement

FIRST_OF_JUNE = date(2026, 6, 1)


def replacing(lines: int = 1) -> tuple[Night, Cutover]:
    """A customer whose lines of another tool are to be replaced, all confirmed; prices can be written."""
    night = moving(lines=lines)
    night.psa.add_agreement(replace(agreement("a1", "c1"), abilities=frozenset({Ability.PRICES})))
    cutover = prepare(night, find(night), What.REPLACE)
    confirm(night.context, cutover.cutover_id, cutover.prepared, WHO, "we move")
    return night, cutover


def priced(night: Night, price: str) -> None:
    """A configuration is imported in which the profile sets a price."""
    (item,) = night.configuration.customers
    profile = replace(item.links[0].profile, prices=(PriceRange(Decimal(price)),) if price else ())
    night.configure(replace(item, links=(replace(item.links[0], profile=profile),)))


def stopped_after(writes: int, night: Night, cutover: Cutover) -> None:
    """Lets it go until so much is written, and stops it."""
    ask_for_work(night.context, cutover.cutover_id)
    while len(night.psa.writes) < writes:
        night.clock.move_to(night.queue.next_visible() or night.clock.now())
        night.take()
    stop_cutover(night.context, cutover.cutover_id, WHO, "a doubt")
    worked(night, cutover.cutover_id)


def resumed(night: Night, cutover: Cutover) -> Cutover:
    """Lets it go on, as far as it goes by itself."""
    night.clock.advance(60)
    resume_cutover(night.context, cutover.cutover_id, WHO)
    return worked(night, cutover.cutover_id)


def test_no_line_is_ended_whose_successor_would_be_billed_otherwise_by_now() -> None:
    night, cutover = replacing()
    stopped_after(0, night, cutover)
    priced(night, "33.00")
    (line,) = lines_in(night, resumed(night, cutover))
    assert (line.state, night.psa.writes, ends(night)) == (LineState.HELD, [], [None, None])
    assert "unit price 20.6 → 33." in line.why and "it stays as it is" in line.why


def test_a_line_that_was_ended_is_not_followed_by_one_that_nobody_was_shown_and_a_night_can_propose_it() -> None:
    night, cutover = replacing()
    stopped_after(1, night, cutover)
    priced(night, "33.00")
    (line,) = lines_in(night, resumed(night, cutover))
    assert (line.state, line.ended, len(night.psa.lines("a1"))) == (LineState.HELD, True, 2)
    assert "say `line: new` and `start: 2026-06-01` for the link" in line.why
    (item,) = night.configuration.customers
    night.configure(replace(item, links=(replace(item.links[0], choice=LineChoice.NEW, start=FIRST_OF_JUNE),)))
    night.next_day()
    (change,) = night.report(night.run()).changes
    assert (change.kind, change.effective, change.result) == (ChangeKind.ADD, FIRST_OF_JUNE, ChangeResult.WAITING)
    assert change.terms.unit_price == Decimal("33.00")


def test_with_the_configuration_that_was_shown_it_goes_on_to_its_end() -> None:
    night, cutover = replacing()
    stopped_after(1, night, cutover)
    priced(night, "33.00")
    resumed(night, cutover)
    priced(night, "")
    assert is_over(resumed(night, cutover))
    new = night.psa.lines("a1")[-1]
    assert (new.starts, int(new.quantity), new.unit_price) == (FIRST_OF_JUNE, 10, Decimal("20.60"))


def test_a_configuration_that_changes_nothing_of_it_keeps_nothing_back() -> None:
    night, cutover = replacing(lines=2)
    stopped_after(1, night, cutover)
    night.configure(*night.configuration.customers)
    assert is_over(resumed(night, cutover))
    assert ends(night) == [END_OF_MAY, END_OF_MAY, None, None]


def test_of_lines_that_one_is_to_follow_each_is_told_why_it_does_not() -> None:
    night, cutover = replacing(lines=2)
    stopped_after(2, night, cutover)
    priced(night, "33.00")
    after = resumed(night, cutover)
    assert after.tally.lines[LineState.HELD] == 2
    assert all("unit price 20.6 → 33" in line.why for line in lines_in(night, after))
    assert load_cutover(night.store, cutover.cutover_id).value.run_id == ""
