"""The scenario files are true: what is given leads to the plan that they show."""

from __future__ import annotations

import pytest

from tests.scenarios.scenario import Scenario, plan_of, scenarios, stories
from tests.scenarios.story import told


@pytest.mark.parametrize("scenario", scenarios(), ids=lambda scenario: f"{scenario.file}: {scenario.title}")
def test_what_is_given_leads_to_the_plan(scenario: Scenario) -> None:
    assert plan_of(scenario.given) == scenario.plan


@pytest.mark.parametrize("story", stories(), ids=lambda story: f"{story.file}: {story.title}")
def test_a_story_happens_as_it_is_told(story: Scenario) -> None:
    """Each of its days is run twice, and the second run changes nothing."""
    assert told(story.given, story.plan) == story.plan


def test_every_title_is_used_once() -> None:
    titles = [scenario.title for scenario in (*scenarios(), *stories())]
    assert len(titles) == len(set(titles)) >= 60
