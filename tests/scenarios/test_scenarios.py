"""The scenario files are true: what is given leads to the plan that they show."""

from __future__ import annotations

import pytest

from tests.scenarios.scenario import Scenario, plan_of, scenarios


@pytest.mark.parametrize("scenario", scenarios(), ids=lambda scenario: f"{scenario.file}: {scenario.title}")
def test_what_is_given_leads_to_the_plan(scenario: Scenario) -> None:
    assert plan_of(scenario.given) == scenario.plan


def test_every_title_is_used_once() -> None:
    titles = [scenario.title for scenario in scenarios()]
    assert len(titles) == len(set(titles)) >= 15
