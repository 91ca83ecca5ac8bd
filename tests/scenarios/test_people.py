"""The counting scenarios beside this file are what happens, in whatever order people are listed."""

from __future__ import annotations

import pytest

from tests.scenarios.people import PeopleScenario, counted, scenarios

ALL = scenarios()


@pytest.mark.parametrize("scenario", ALL, ids=lambda scenario: scenario.title)
def test_the_scenario_counts_whom_it_says(scenario: PeopleScenario) -> None:
    assert counted(scenario.people, scenario.kind, scenario.written) == scenario.counted
    backwards = "\n".join(reversed(scenario.people.splitlines()))
    assert counted(backwards, scenario.kind, scenario.written) == scenario.counted


def test_there_are_scenarios() -> None:
    assert len(ALL) >= 10
