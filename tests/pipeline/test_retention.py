"""What has been kept long enough goes, and what the present rests on stays: names after thirteen months, numbers after seven years."""

from __future__ import annotations

import zlib
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from sync_core.history.explain import explain
from sync_core.history.retention import clean_up, limits_on
from sync_core.model.customers import Mode
from sync_core.model.people import Who
from sync_core.model.plans import Decision, PlanState
from sync_core.pipeline.customers import CUSTOMERS, journal, load_record, move_live, plans_of
from sync_core.pipeline.decisions import ALL, decide
from sync_core.pipeline.runs import RUNS, load_run, recent_runs
from tests.pipeline.faults import Death, Killed
from tests.pipeline.night import Night, tenant
from tests.pipeline.scenes import check_next_day
from tests.pipeline.test_names import naming, people

FIRST = date(2026, 3, 17)
MONTH = 31 * 24 * 3600


def two_named_days(**options: object) -> Night:
    """Two nights whose line names people: Buyer and Accountant first, Courier as well on the second day, and a third when only Buyer is left."""
    night = naming(Night(seats=12, billed=12, **options))  # type: ignore[arg-type]  # a test's own settings
    for names in (("Buyer", "Accountant"), ("Buyer", "Accountant", "Courier"), ("Buyer",)):
        night.microsoft.users[tenant(1)] = people(*names)
        night.run()
        night.next_day()
    return night


def stored(night: Night) -> str:
    """Everything that is stored, as one text."""
    places = [(table, partition) for table in (CUSTOMERS, RUNS) for partition in night.store.partitions(table)]
    rows = [repr(row.values) for table, partition in places for row in night.store.query(table, partition)]
    blobs = [zlib.decompress(night.blobs.get(name) or b"").decode() for name in night.blobs.held]
    return "\n".join((*rows, *blobs))


def later(night: Night, months: int) -> None:
    """So many months pass, on whose last day the customer is read once more."""
    night.clock.advance(months * MONTH)
    night.run()


def test_nothing_is_deleted_before_its_time() -> None:
    night = two_named_days()
    before = stored(night)
    cleaned = clean_up(night.context)
    assert (cleaned.blobs, cleaned.rewritten, cleaned.rows, cleaned.runs, stored(night)) == (0, 0, 0, 0, before)


def test_after_thirteen_months_nobody_is_named_who_is_not_named_now() -> None:
    night = two_named_days()
    later(night, 14)
    cleaned = clean_up(night.context)
    assert "Courier" not in stored(night) and "Accountant" not in stored(night)
    assert "Buyer" in stored(night)
    assert cleaned.blobs > 0 and cleaned.rewritten > 0


def test_the_numbers_of_a_day_whose_names_are_gone_are_still_explained() -> None:
    night = two_named_days()
    later(night, 14)
    clean_up(night.context)
    (found,) = explain(night.context, tenant(1), FIRST)
    assert found.counted is not None
    assert (found.units, found.counted.purchased, found.people.names) == (Decimal(12), 12, ())
    assert "not kept any more" in found.people.why
    assert "text" in found.made_by[0].change.kind and "names deleted" in found.made_by[0].change.terms.text


def test_the_evidence_of_a_customer_who_does_not_change_is_kept_as_long_as_it_is_read() -> None:
    night = Night(seats=12, billed=12)
    night.run()
    later(night, 20)
    clean_up(night.context)
    last = load_record(night.store, tenant(1)).last
    assert last is not None and night.blobs.get(last.value.snapshot) is not None
    night.configure()
    night.clock.advance(14 * MONTH)
    clean_up(night.context)
    assert night.blobs.get(last.value.snapshot) is None


def test_after_seven_years_only_what_the_present_rests_on_is_left() -> None:
    night = Night(seats=4, billed=0)
    first = night.run()
    for seats in (5, 6):
        night.next_day()
        night.buy(seats)
        night.run()
    night.clock.advance(8 * 366 * 24 * 3600)
    newest = night.run()
    clean_up(night.context)
    assert load_run(night.store, first.run_id) is None
    assert [entry.run_id for entry in recent_runs(night.store)] == [newest.run_id]
    (binding,) = load_record(night.store, tenant(1)).bindings.values()
    assert [plan.plan_id for plan, _ in plans_of(night.store, tenant(1))] == [binding.plan_id]
    assert [entry.step.marker for entry in journal(night.store, tenant(1))] == [binding.marker, binding.marker]
    (found,) = explain(night.context, tenant(1), night.clock.now().date())
    assert found.counted is not None
    assert (found.units, found.counted.purchased) == (Decimal(6), 6)
    assert [write.state for write in found.made_by[0].written] == ["confirmed"]
    check_next_day(night)


def test_a_line_that_was_ended_long_ago_is_still_known_as_ours() -> None:
    night = Night(seats=4, billed=0)
    night.run()
    night.buy(0)
    for _ in range(2):
        night.next_day()
        night.run()
    night.clock.advance(60)
    decide(night.context, tenant(1), ALL, Decision.APPROVED, Who("a clerk"), "all gave notice")
    night.work()
    night.clock.advance(8 * 366 * 24 * 3600)
    clean_up(night.context)
    night.psa.add_agreement(replace(night.psa.read_headers(["a1"])[0], next_invoice=night.clock.now().date().replace(day=1) + timedelta(days=40)))
    night.buy(3)
    run = night.run()
    assert {change.kind.value for change in night.report(run).changes} <= {"add"}
    assert sorted(night.quantities()) == [3, 4]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_death_at_any_call_is_made_up_for_by_the_next_day(after: bool) -> None:
    def old() -> Night:
        night = two_named_days(mode=Mode.AUTOMATIC)
        night.clock.advance(8 * 366 * 24 * 3600)
        night.run()
        return night

    whole, living = old(), Death()
    whole.watch(living)
    clean_up(whole.context)
    whole.watch(None)
    assert len(living.calls) > 12
    for at in range(len(living.calls)):
        night, death = old(), Death(at, after)
        night.watch(death)
        with pytest.raises(Killed):
            clean_up(night.context)
        night.watch(None)
        clean_up(night.context)
        assert (at, stored(night)) == (at, stored(whole))


def test_a_plan_that_is_just_being_applied_keeps_the_names_that_it_writes() -> None:
    night = two_named_days()
    live = load_record(night.store, tenant(1)).live
    move_live(night.store, tenant(1), live, PlanState.APPLYING)
    night.clock.advance(14 * MONTH)
    clean_up(night.context)
    (plan,) = (plan for plan, _ in plans_of(night.store, tenant(1)) if plan.plan_id == live.value.plan_id)
    assert [change.terms.text for change in plan.changes] == ["| Users: Buyer"]


def test_the_limits_are_settings_and_names_never_outlive_their_numbers() -> None:
    assert limits_on(Night().context).names == date(2025, 2, 17)
    assert limits_on(Night().context).numbers == date(2019, 3, 17)
    short = limits_on(Night(names_months=240, numbers_years=1).context)
    assert short.names == short.numbers == date(2025, 3, 17)
