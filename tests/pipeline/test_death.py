"""The process is killed at every single call that a night makes, before the call and after it; what is left behind finds its way."""

from __future__ import annotations

import pytest

from sync_core.pipeline.runs import load_run, recent_runs
from tests.pipeline.faults import Death
from tests.pipeline.night import Night
from tests.pipeline.scenes import SCENES, Scene, check_history, check_mails, check_next_day, check_psa, check_run


def newest_run(night: Night) -> str | None:
    """The id of the newest run that was stored."""
    return next((entry.run_id for entry in recent_runs(night.store) if load_run(night.store, entry.run_id)), None)


def play(scene: Scene, death: Death) -> Night:
    """The scene's night with a death in it. Whoever asked for the run asks again if it never came to be."""
    night = scene.ready()
    before = newest_run(night)
    night.watch(death)
    night.alive(lambda: scene.begin(night))
    night.work()
    night.watch(None)
    if newest_run(night) == before:
        scene.begin(night)
        night.work()
    return night


def check(night: Night, scene: Scene) -> None:
    """Everything that a night promises."""
    run_id = newest_run(night)
    stored = load_run(night.store, run_id or "none")
    assert stored is not None
    check_run(night, stored.value)
    check_psa(night, scene.after)
    check_mails(night, stored.value)
    check_next_day(night)
    check_history(night)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("name", SCENES)
def test_a_death_at_any_call_loses_and_doubles_nothing(name: str, after: bool) -> None:
    scene = SCENES[name]
    living = Death()
    check(play(scene, living), scene)
    failures = []
    for at, call in enumerate(living.calls):
        try:
            check(play(scene, Death(at, after)), scene)
        except AssertionError as error:
            failures.append(f"{at} {call}: {str(error)[:300]}")
    assert not failures, "\n".join(failures)
