"""Undo: what was written is taken back by a plan of its own, or refused in words, and no night sets it again by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from sandbox.memory.psa import Keeping, Mishap
from sync_core.errors import Rejected
from sync_core.model.agreements import Ability
from sync_core.model.customers import Mode
from sync_core.model.people import Who
from sync_core.model.plans import Change, ChangeKind, ChangeResult, Decision, Undo
from sync_core.model.runs import Run
from sync_core.pipeline.customers import load_record
from sync_core.pipeline.decisions import ALL, decide
from sync_core.pipeline.undo import customers_to_undo, start_undo, undo_of_changes, written_by
from tests.pipeline.night import Night, agreement, tenant
from tests.pipeline.scenes import approve, check_next_day

WHO = Who("a clerk")
NAME = "a clerk (unverified)"


def ask_for(night: Night, *changes: str, run: Run | None = None, number: int = 1) -> tuple[Change, ...]:
    """A person asks for an undo, and its run shows what it would write."""
    night.clock.advance(1)
    wanted = Undo(run_id=run.run_id) if run else undo_of_changes(night.context, tenant(number), changes, "a mistake")
    started = start_undo(night.context, wanted, (tenant(number),), NAME)
    night.work()
    return night.report(started.run, number).changes


def undo(night: Night, *changes: str, run: Run | None = None, number: int = 1) -> tuple[Change, ...]:
    """A person asks for an undo and approves all of it; what became of the changes."""
    ask_for(night, *changes, run=run, number=number)
    night.clock.advance(1)
    decided = decide(night.context, tenant(number), ALL, Decision.APPROVED, WHO, "a mistake")
    night.work()
    assert decided.run
    return night.report(decided.run.run, number).changes


def written(night: Night, kind: ChangeKind = ChangeKind.SET_QUANTITY, number: int = 1) -> list[str]:
    """The names of what was written of a kind, oldest first."""
    return [item.name for item in written_by(night.store, tenant(number)) if item.change.kind is kind]


def words(changes: tuple[Change, ...]) -> str:
    """All that the only change of a plan says."""
    [change] = changes
    assert change.result is ChangeResult.HELD
    return " ".join(change.reasons)


def grown(**options: object) -> Night:
    """A line that was taken over with 10 units and set to 12."""
    night = Night(**options)  # type: ignore[arg-type]  # the options of a night
    night.run()
    assert night.quantities() == [12]
    return night


def count_zero(night: Night) -> None:
    """Two days count zero, and a person has the line ended."""
    night.buy(0)
    for _ in range(2):
        night.next_day()
        night.run()
    approve(night)
    night.work()


def ended() -> Night:
    """A line of 10 units that was ended, because two days counted zero and a person said so."""
    night = Night(seats=10)
    night.run()
    count_zero(night)
    assert night.psa.lines("a1")[0].ends == date(2026, 3, 31)
    return night


def test_an_undo_is_shown_before_anything_is_written() -> None:
    night = grown()
    [change] = ask_for(night, *written(night))
    assert (change.kind, change.before, change.after) == (ChangeKind.SET_QUANTITY, Decimal(12), Decimal(10))
    assert change.result is ChangeResult.WAITING
    assert night.quantities() == [12]
    assert "Takes back set quantity 10 → 12" in change.reasons[0]


@pytest.mark.parametrize("keeping", Keeping)
def test_a_quantity_is_set_back_once_a_person_approves(keeping: Keeping) -> None:
    night = grown(keeping=keeping)
    assert [change.result for change in undo(night, *written(night))] == [ChangeResult.APPLIED]
    assert night.quantities() == [10]


def test_the_money_of_an_undo_is_that_of_the_change_with_the_other_sign() -> None:
    night = grown()
    [change] = ask_for(night, *written(night))
    assert (change.money, change.effective, change.invoice) == (Decimal("-41.20"), date(2026, 4, 1), date(2026, 4, 1))


def test_a_line_that_was_added_ends_on_the_eve_of_its_start() -> None:
    night = Night(seats=4, billed=0)
    night.run()
    undo(night, *written(night, ChangeKind.ADD))
    [line] = night.psa.lines("a1")
    assert (line.starts, line.ends) == (date(2026, 4, 1), date(2026, 3, 31))


def test_a_line_that_was_added_is_never_billed_though_its_period_has_begun() -> None:
    night = Night(seats=4, billed=0)
    night.run()
    night.clock.advance(20 * 24 * 3600)
    undo(night, *written(night, ChangeKind.ADD))
    assert night.psa.lines("a1")[0].ends == date(2026, 3, 31)


def test_an_end_is_taken_back_by_a_new_line_and_not_by_opening_the_old_one() -> None:
    night = ended()
    [change] = undo(night, *written(night, ChangeKind.END))
    old, new = night.psa.lines("a1")
    assert (old.ends, new.starts, int(new.quantity), new.ends) == (date(2026, 3, 31), date(2026, 4, 1), 10, None)
    assert "was ended with 2026-03-31 and stays so: a new line takes its place" in " ".join(change.reasons)


def priced(price: str, opens: date = date(2026, 4, 1)) -> Night:
    """A line of 10 units that people charged at a price of their own, which is taken over; no day from ``opens`` on is invoiced."""
    night = Night(seats=10)
    night.psa.add_agreement(replace(agreement("a1", "c1"), next_invoice=opens, abilities=frozenset({Ability.PRICES})))
    night.psa.edit("1", unit_price=Decimal(price))
    night.run()
    return night


def given_up(night: Night) -> None:
    """Two days count zero, and a person has the line ended; a day passes."""
    count_zero(night)
    night.next_day()


def test_a_line_that_was_taken_over_and_ended_comes_back_at_the_price_that_it_had() -> None:
    night = priced("17.00")
    given_up(night)
    [change] = undo(night, *written(night, ChangeKind.ADOPT), *written(night, ChangeKind.END))
    assert [(line.ends, line.unit_price) for line in night.psa.lines("a1")] == [(date(2026, 3, 31), Decimal("17.00")), (None, Decimal("17.00"))]
    assert "a new line takes its place, at the price it had, 17" in " ".join(change.reasons)


def test_units_are_not_set_back_where_the_line_was_ended_meanwhile_and_bills_them_in_open_time() -> None:
    """March is open: a new line from April on would leave it at 12."""
    night = priced("20.60", opens=date(2026, 3, 1))
    night.next_day()
    night.buy(12)
    night.run()
    given_up(night)
    text = words(ask_for(night, *written(night), *written(night, ChangeKind.END)))
    assert "Line 1 bills 12 units until 2026-03-31, its last day. Set it to 10 by hand." in text


def test_a_line_that_took_the_place_of_an_ended_one_at_another_price_is_not_taken_for_it() -> None:
    night = priced("17.00")
    given_up(night)
    night.buy(10)
    night.run()
    approve(night)
    night.work()
    assert len(night.psa.lines("a1")) == 2
    text = words(ask_for(night, *written(night, ChangeKind.END), *written(night, ChangeKind.ADD)))
    assert "took the place of line 1: unit price was 17 and is 20.6. Correct that by hand." in text


def test_the_whole_first_night_of_a_line_leaves_it_to_people_as_they_had_it() -> None:
    night = Night()
    changes = undo(night, run=night.run())
    assert [(change.kind, change.result) for change in changes] == [
        (ChangeKind.SET_QUANTITY, ChangeResult.APPLIED),
        (ChangeKind.HAND_BACK, ChangeResult.APPLIED),
    ]
    assert (night.quantities(), load_record(night.store, tenant(1)).bindings) == ([10], {})


def test_a_line_that_could_not_be_set_back_stays_managed() -> None:
    night = Night()
    ask_for(night, run=night.run())
    night.clock.advance(1)
    night.psa.fail_next_write(Mishap.REJECT)
    decided = decide(night.context, tenant(1), ALL, Decision.APPROVED, WHO, "")
    night.work()
    assert decided.run
    results = [change.result for change in night.report(decided.run.run).changes]
    assert (results, len(load_record(night.store, tenant(1)).bindings)) == ([ChangeResult.FAILED, ChangeResult.HELD], 1)


def test_a_whole_run_is_undone_customer_by_customer() -> None:
    night = Night(3)
    run = night.run()
    customers = customers_to_undo(night.context, run.run_id)
    assert customers == tuple(map(tenant, (1, 2, 3)))
    night.clock.advance(1)
    start_undo(night.context, Undo(run_id=run.run_id), customers, NAME)
    night.work()
    for tenant_id in customers:
        decide(night.context, tenant_id, ALL, Decision.APPROVED, WHO, "")
    night.work()
    assert [night.quantities(number) for number in (1, 2, 3)] == [[10]] * 3


def test_without_a_choice_the_newest_plan_that_wrote_something_is_undone() -> None:
    night = grown()
    night.next_day()
    night.buy(15)
    night.run()
    undo(night)
    assert night.quantities() == [12]


def test_a_change_with_another_one_on_top_is_undone_only_together_with_it() -> None:
    night = grown()
    night.next_day()
    night.buy(15)
    night.run()
    first, second = written(night)
    assert f"changed again on top: set quantity 12 → 15 ({second})" in words(ask_for(night, first))
    undo(night, first, second)
    assert night.quantities() == [10]


def test_what_is_invoiced_is_not_undone_and_the_correcting_line_is_named() -> None:
    night = grown()
    night.psa.add_agreement(replace(agreement("a1", "c1"), next_invoice=date(2026, 6, 1)))
    text = words(ask_for(night, *written(night)))
    assert "It is invoiced up to 2026-05-31" in text
    assert "A one-off line corrects it: M365-BP, -2 units from 2026-04-01 to 2026-05-31, -82.40 USD in all." in text


def test_a_line_that_a_person_edited_since_is_not_undone() -> None:
    night = grown()
    night.psa.edit("1", quantity=Decimal(14))
    assert "Line 1 was edited since by a person" in words(ask_for(night, *written(night)))


def test_an_agreement_that_is_gone_is_said() -> None:
    night = grown()
    del night.psa._agreements["a1"]
    assert "Agreement a1 is gone" in words(ask_for(night, *written(night)))


def test_a_line_that_was_free_is_not_replaced_by_one_that_is_charged() -> None:
    night = ended()
    [name] = written(night, ChangeKind.END)
    night.psa._products.clear()
    assert "M365-BP is not sold any more" in words(ask_for(night, name))


def test_an_undo_asked_for_twice_writes_once() -> None:
    night = grown()
    [name] = written(night)
    undo(night, name)
    assert "It was undone already: set quantity 12 → 10" in words(ask_for(night, name))
    assert night.quantities() == [10]


def test_an_undo_can_be_undone() -> None:
    night = grown()
    undo(night, *written(night))
    undo(night, written(night)[-1])
    assert night.quantities() == [12]
    check_next_day(night)


def test_a_customer_that_is_only_observed_can_be_undone() -> None:
    """Whoever lost trust and set a customer to observe wants just this."""
    night = grown()
    night.configure(*(replace(item, customer=replace(item.customer, mode=Mode.OBSERVE)) for item in night.configuration.customers))
    undo(night, *written(night))
    assert night.quantities() == [10]


def test_a_ceiling_of_the_whole_app_holds_for_an_undo_too() -> None:
    night = grown()
    names = written(night)
    night.settings = replace(night.settings, mode_ceiling=Mode.OBSERVE)
    night.context = night.another_process()
    ask_for(night, *names)
    with pytest.raises(Rejected, match="observe"):
        decide(night.context, tenant(1), ALL, Decision.APPROVED, WHO, "")


def test_an_undo_whose_answer_is_lost_is_found_and_not_repeated() -> None:
    night = grown()
    ask_for(night, *written(night))
    night.clock.advance(1)
    night.psa.fail_next_write(Mishap.LOSE_ANSWER)
    decide(night.context, tenant(1), ALL, Decision.APPROVED, WHO, "")
    night.work()
    assert (night.quantities(), len(night.psa.writes)) == ([10], 2)


def test_an_undo_leaves_other_lines_as_they_are() -> None:
    night = Night(2)
    run = night.run()
    undo(night, run=run, number=1)
    assert (night.quantities(1), night.quantities(2)) == ([10], [12])


@pytest.mark.parametrize("chosen", ["nothing", "000001-x/abc"])
def test_what_was_never_written_cannot_be_undone(chosen: str) -> None:
    with pytest.raises(Rejected, match=f"Nothing was written under {chosen}"):
        undo_of_changes(grown().context, tenant(1), [chosen], "")
