"""What later nights make of an undo: none sets again by itself what a person took back."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sync_core.history.explain import explain
from sync_core.model.customers import Mode
from sync_core.model.plans import ChangeResult, Decision
from sync_core.pipeline.decisions import ALL, decide
from sync_core.pipeline.undo import STANDS_DAYS
from tests.pipeline.night import Night, tenant
from tests.pipeline.test_undo import NAME, WHO, grown, undo, written


def test_the_next_night_does_not_set_again_what_was_undone() -> None:
    night = grown()
    undo(night, *written(night))
    night.next_day()
    [change] = night.report(night.run()).changes
    assert (change.after, change.result, change.decided_by) == (Decimal(12), ChangeResult.REJECTED, NAME)
    assert "Undone by a clerk (unverified) on 2026-03-17" in change.reasons[-1]
    assert night.quantities() == [10]


def test_what_a_person_approved_and_another_undid_is_not_set_again_by_the_approval_that_still_holds() -> None:
    night = Night(mode=Mode.APPROVE)
    night.run()
    decide(night.context, tenant(1), ALL, Decision.APPROVED, WHO, "ordered")
    night.work()
    undo(night, *written(night))
    night.next_day()
    assert [change.result for change in night.report(night.run()).changes] == [ChangeResult.REJECTED]
    assert night.quantities() == [10]
    [found] = explain(night.context, tenant(1), date(2026, 3, 18))
    assert [story.said for story in found.open] == [()], "nobody's word on it stands"
    undone, ordered, _ = found.made_by
    assert ([word.why for word in undone.said], [word.why for word in ordered.said]) == (["a mistake"], ["ordered"])


def test_another_count_on_an_undone_line_waits_for_a_person() -> None:
    night = grown()
    undo(night, *written(night))
    night.next_day()
    night.buy(13)
    assert [change.result for change in night.report(night.run()).changes] == [ChangeResult.WAITING]


def test_a_person_can_have_set_again_what_was_undone() -> None:
    night = grown()
    undo(night, *written(night))
    night.next_day()
    [change] = night.report(night.run()).changes
    decide(night.context, tenant(1), [change.change_id], Decision.APPROVED, WHO, "it was right")
    night.work()
    assert night.quantities() == [12]


def test_what_was_undone_is_set_again_when_its_days_are_over() -> None:
    night = grown()
    undo(night, *written(night))
    night.clock.advance(STANDS_DAYS * 24 * 3600)
    night.run()
    assert night.quantities() == [12]
