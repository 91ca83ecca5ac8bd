"""The scenario files are true: what is given leads to the plan that they show."""

from __future__ import annotations

import pytest

from sync_core.model.plans import Verdict
from tests.scenarios.listing import PAGE, all_titles, page, run_as_tests
from tests.scenarios.scenario import Scenario, plan_of, scenarios, stories, world_of
from tests.scenarios.story import told


@pytest.mark.parametrize("scenario", scenarios(), ids=lambda scenario: f"{scenario.file}: {scenario.title}")
def test_what_is_given_leads_to_the_plan(scenario: Scenario) -> None:
    assert plan_of(scenario.given) == scenario.plan


@pytest.mark.parametrize("scenario", scenarios(), ids=lambda scenario: f"{scenario.file}: {scenario.title}")
def test_the_night_run_twice_comes_to_the_same_plan_and_carried_out_leaves_nothing_to_do(scenario: Scenario) -> None:
    """What is held goes on to be a question; nothing that can be applied is left, or comes anew."""
    world = world_of(scenario.given)
    plan = world.plan()
    assert world.plan() == plan
    assert [change for change in world.after(plan).plan() if change.verdict is not Verdict.HELD] == []


@pytest.mark.parametrize("story", stories(), ids=lambda story: f"{story.file}: {story.title}")
def test_a_story_happens_as_it_is_told(story: Scenario) -> None:
    """Each of its days is run twice, and the second run changes nothing."""
    assert told(story.given, story.plan) == story.plan


def test_every_case_in_the_files_is_played_by_a_test_and_has_a_title_of_its_own() -> None:
    titles = all_titles()
    assert len(titles) == len(set(titles)) >= 60
    assert set(titles) == run_as_tests()


def test_the_documentation_lists_every_scenario() -> None:
    """Made anew with: python -m tests.scenarios.listing."""
    assert PAGE.read_text(encoding="utf-8") == page()
