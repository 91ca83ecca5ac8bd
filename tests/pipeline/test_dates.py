"""Business dates: each PSA connection has its own, taken from the run's slot, and a plan holds for the date it was made for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from sync_core.model.runs import CustomerState
from tests.pipeline.night import Night, agreement

LATE, EARLY = "0 30 23 * * *", "0 0 2 * * *"
NEW_YORK, SYDNEY, LONDON = "America/New_York", "Australia/Sydney", "Europe/London"


@pytest.mark.parametrize(
    ("schedule", "slot", "zone", "business_date"),
    [
        (LATE, datetime(2026, 3, 31, 23, 30), NEW_YORK, date(2026, 3, 31)),
        (LATE, datetime(2026, 3, 31, 23, 30), SYDNEY, date(2026, 4, 1)),
        (LATE, datetime(2026, 3, 31, 23, 30), LONDON, date(2026, 4, 1)),
        (EARLY, datetime(2026, 3, 31, 2), NEW_YORK, date(2026, 3, 30)),
        (EARLY, datetime(2026, 4, 1, 2), NEW_YORK, date(2026, 3, 31)),
        (EARLY, datetime(2026, 3, 31, 2), SYDNEY, date(2026, 3, 31)),
        (EARLY, datetime(2026, 3, 31, 2), LONDON, date(2026, 3, 31)),
        (LATE, datetime(2028, 2, 28, 23, 30), SYDNEY, date(2028, 2, 29)),
        (LATE, datetime(2028, 2, 29, 23, 30), LONDON, date(2028, 2, 29)),
        (EARLY, datetime(2028, 3, 1, 2), NEW_YORK, date(2028, 2, 29)),
        (EARLY, datetime(2028, 2, 29, 2), SYDNEY, date(2028, 2, 29)),
        # The clocks go forward: New York on 8 March 2026 at 07:00 UTC, London on 29 March at 01:00 UTC, Sydney on 3 October at 16:00 UTC.
        (EARLY, datetime(2026, 3, 8, 2), NEW_YORK, date(2026, 3, 7)),
        (LATE, datetime(2026, 3, 28, 23, 30), LONDON, date(2026, 3, 28)),
        (LATE, datetime(2026, 3, 29, 23, 30), LONDON, date(2026, 3, 30)),
        (LATE, datetime(2026, 10, 3, 23, 30), SYDNEY, date(2026, 10, 4)),
        # And back: New York on 1 November 2026 at 06:00 UTC, London on 25 October at 01:00 UTC, Sydney on 4 April at 16:00 UTC.
        (LATE, datetime(2026, 10, 24, 23, 30), LONDON, date(2026, 10, 25)),
        (LATE, datetime(2026, 10, 25, 23, 30), LONDON, date(2026, 10, 25)),
        (EARLY, datetime(2026, 11, 1, 2), NEW_YORK, date(2026, 10, 31)),
        (EARLY, datetime(2026, 4, 5, 2), SYDNEY, date(2026, 4, 5)),
    ],
)
def test_the_business_date_is_the_slots_date_where_the_psa_is(schedule: str, slot: datetime, zone: str, business_date: date) -> None:
    night = Night(start=slot.replace(second=7, tzinfo=UTC), schedule=schedule)
    night.time_zone = zone
    night.configure(*night.configuration.customers)
    opens = (business_date.replace(day=28) + timedelta(days=4)).replace(day=1)
    night.psa.add_agreement(replace(agreement("a1", "c1"), next_invoice=opens))
    run = night.run()
    assert run.slot == slot.replace(tzinfo=UTC)
    assert run.business_dates == {"memory": business_date}
    assert night.customer(run).state is CustomerState.DONE
    assert [change.effective for change in night.report(run).changes] == [None, opens]


def test_a_start_hours_after_its_slot_keeps_the_slots_date() -> None:
    night = Night(start=datetime(2026, 3, 31, 21, tzinfo=UTC))
    night.time_zone = SYDNEY
    night.configure(*night.configuration.customers)
    assert night.start().business_dates == {"memory": date(2026, 3, 31)}


def before_midnight() -> Night:
    """A night whose plan is made before midnight and waits to be applied after it."""
    night = Night(start=datetime(2026, 3, 17, 23, 59, 30, tzinfo=UTC), schedule=LATE)
    night.start()
    night.take()
    night.clock.advance(60)
    return night


def test_a_plan_that_is_the_same_after_midnight_is_applied() -> None:
    night = before_midnight()
    night.work()
    assert night.quantities() == [12]


def test_a_plan_that_differs_after_midnight_waits_for_the_next_run() -> None:
    night = before_midnight()
    run = night.start()
    night.buy(13)
    night.work()
    assert night.psa.writes == []
    assert night.customer(run).state is CustomerState.HELD
    assert "computed anew it differs" in night.customer(run).reason
    night.next_day()
    night.run()
    assert night.quantities() == [13]


def test_a_plan_half_written_at_midnight_is_finished() -> None:
    """What was begun is finished first: here the writer was too slow to send before midnight."""
    night = Night(start=datetime(2026, 3, 17, 23, 59, 30, tzinfo=UTC), schedule=LATE, seats=4, billed=0)
    slow = [20.0]
    night.watch(lambda call, done: night.clock.advance(slow.pop()) if call == "psa.execute" and slow else None)
    run = night.start()
    night.work()
    assert (slow, night.clock.now().date()) == ([], date(2026, 3, 18))
    assert night.quantities() == [4]
    assert night.customer(run).state is CustomerState.DONE
