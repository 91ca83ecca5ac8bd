"""Nights at a PSA with dated quantities, under a profile that prorates: every day holds what it should, whatever goes wrong on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from sandbox.memory.psa import Keeping
from sync_core.model.agreements import Ability
from tests.pipeline.faults import Death
from tests.pipeline.night import Night, agreement
from tests.pipeline.scenes import Scene, check_history, check_next_day, check_psa, check_runs
from tests.pipeline.storm import Storm
from tests.pipeline.test_death import check, play

DATED = frozenset({Ability.DATED_QUANTITIES, Ability.INVOICED_TIME, Ability.CREDITS})
SEEDS, GROUPS = 80, 4
Days = Mapping[date, int]
"""What the line holds on some days."""


def prorating(**options: Any) -> Night:
    """A line of 10, taken over under a profile that prorates, and 12 seats."""
    night = Night(0, keeping=Keeping.DATED_DELTAS, **options)
    customer = night.add_customer(1, seats=12, billed=10)
    night.psa.add_agreement(replace(agreement("a1", "c1"), prorates=True, abilities=DATED))
    links = tuple(replace(link, profile=replace(link.profile, prorate=True)) for link in customer.links)
    night.configure(replace(customer, links=links))
    return night


def lowered_and_raised(**options: Any) -> Night:
    """12 from 17 March, 11 from April, and then 13 seats: two days are to be moved at once."""
    night = prorating(**options)
    for seats in (12, 11):
        night.buy(seats)
        night.run()
        night.next_day()
    night.buy(13)
    return night


SCENES = {
    "units rise": Scene(prorating, {"a1": [12]}),
    "units rise after they were lowered": Scene(lowered_and_raised, {"a1": [13]}),
}
DAYS: Mapping[str, Days] = {
    "units rise": {date(2026, 3, 16): 10, date(2026, 3, 17): 12, date(2026, 4, 1): 12},
    "units rise after they were lowered": {date(2026, 3, 16): 10, date(2026, 3, 18): 12, date(2026, 3, 19): 13, date(2026, 4, 1): 13},
}


def held(night: Night, days: Days) -> Days:
    """What the only line of the agreement holds on these days."""
    (head,) = night.psa.read_headers(["a1"])
    return {day: int(night.psa.read_lines(head, day)[0].quantity) for day in days}


def test_two_days_are_two_writes_of_one_change() -> None:
    night = lowered_and_raised()
    written = len(night.psa.writes)
    night.run()
    assert [step.shifts_from for step in night.psa.writes[written:]] == [date(2026, 3, 19), date(2026, 4, 1)]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("name", SCENES)
def test_a_death_at_any_call_moves_no_day_twice_and_forgets_none(name: str, after: bool) -> None:
    living = Death()
    assert held(play(SCENES[name], living), DAYS[name]) == DAYS[name]
    failures = []
    for at, call in enumerate(living.calls):
        try:
            night = play(SCENES[name], Death(at, after))
            assert held(night, DAYS[name]) == DAYS[name]
            check(night, SCENES[name])
        except AssertionError as error:
            failures.append(f"{at} {call}: {str(error)[:300]}")
    assert not failures, "\n".join(failures)


@pytest.mark.parametrize("group", range(GROUPS))
def test_a_storm_moves_no_day_twice_and_forgets_none(group: int) -> None:
    for seed in range(group, SEEDS, GROUPS):
        storm = Storm(seed, scenes=SCENES)
        night = storm.play()
        check_psa(night, storm.scene.after)
        check_runs(night)
        check_next_day(night)
        check_history(night)
        days = DAYS[next(name for name, scene in SCENES.items() if scene is storm.scene)]
        assert held(night, days) == days
