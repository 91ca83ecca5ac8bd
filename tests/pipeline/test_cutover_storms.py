"""Cut-overs in nights in which everything happens at once: beside a run of all customers, with several workers, doubled messages and lost answers."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from sandbox.memory.psa import Keeping
from sync_core.errors import Conflict
from sync_core.model.cutovers import CutoverState, LineState, What
from sync_core.model.runs import RunState
from sync_core.pipeline.cutover.confirming import confirm, resume_cutover
from sync_core.pipeline.cutover.rows import load_cutover, recent_cutovers
from sync_core.pipeline.cutover.stage import ask_for_work
from sync_core.pipeline.runs import load_run, recent_runs
from tests.pipeline.moving import END_OF_MAY, WHO, find, moving, prepare
from tests.pipeline.night import Night
from tests.pipeline.scenes import Scene, check_history
from tests.pipeline.storm import Storm
from tests.pipeline.test_cutover_death import newest, settled

SEEDS = int(os.environ.get("STORM_SEEDS", "320")) // 4
GROUPS = 4
UNITS = 20


def ready(**options: Any) -> Night:
    """Two customers whose old lines are to be replaced, which is shown, and nothing is confirmed yet."""
    night = moving(2, lines=2, **options)
    for number in (1, 2):
        night.buy(UNITS, number)
    prepare(night, find(night), What.REPLACE)
    return night


def both(night: Night) -> None:
    """A person confirms the cut-over in the moment in which the daily run starts."""
    cutover = newest(night)
    confirm(night.context, cutover.cutover_id, cutover.prepared, WHO, "")
    ask_for_work(night.context, cutover.cutover_id)
    night.start()


SCENES = {keeping.value: Scene(ready, {}, begin=both, options=(("keeping", keeping),)) for keeping in Keeping}


def gone_on(night: Night) -> None:
    """A person lets what was held or failed go on, some times."""
    for _ in range(4):
        if settled(night).state is CutoverState.FINISHED and not newest(night).tally.count(LineState.HELD, LineState.FAILED):
            return
        night.clock.advance(600)
        resume_cutover(night.context, next(recent_cutovers(night.store)).cutover_id, WHO)
        ask_for_work(night.context, newest(night).cutover_id)
    settled(night)


def check(night: Night) -> None:
    """Each old line has its end, one new line of each customer begins on the next day with all units, and people's lines are as they were."""
    gone_on(night)
    assert newest(night).tally.lines == {LineState.DONE: 4}
    since, june = date(2025, 1, 1), date(2026, 6, 1)
    for place in ("a1", "a2"):
        held = sorted((line.starts, line.ends or date.max, int(line.quantity)) for line in night.psa.lines(place))
        assert held == [(since, END_OF_MAY, 10), (since, END_OF_MAY, 10), (since, date.max, 7), (june, date.max, UNITS)]
    assert {run.value.state for entry in recent_runs(night.store) if (run := load_run(night.store, entry.run_id))} == {RunState.TOLD}
    written = len(night.psa.writes)
    night.next_day()
    night.run()
    assert len(night.psa.writes) == written
    check_history(night)


def fault(seed: int, play: Callable[[Storm], Night] = Storm.play) -> str:
    """What a seed's night did wrong; empty when it kept all promises."""
    storm = Storm(seed, scenes=SCENES)
    try:
        check(play(storm))
    except (AssertionError, Conflict) as error:
        return f"seed {seed}: {type(error).__name__} {str(error)[:600]}\n" + "\n".join(storm.trace[-300:])
    return ""


@pytest.mark.parametrize("group", range(GROUPS))
def test_a_storm_over_a_cutover_and_a_night_at_once_loses_and_doubles_nothing(group: int) -> None:
    for seed in range(group, SEEDS, GROUPS):
        assert not (found := fault(seed)), found


def test_the_cutover_of_a_storm_is_confirmed_once() -> None:
    """A second word on what runs already is refused, and changes nothing."""
    night = ready()
    both(night)
    cutover = load_cutover(night.store, newest(night).cutover_id).value
    with pytest.raises(Exception, match="running"):
        confirm(night.context, cutover.cutover_id, cutover.prepared, WHO, "")
