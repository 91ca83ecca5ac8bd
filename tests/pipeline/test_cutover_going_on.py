"""A cut-over that is interrupted, stopped, refused or very large goes on where it was, and ends each line once."""

from __future__ import annotations

from collections import Counter

import pytest

from sandbox.memory.psa import Mishap
from sync_core.model.cutovers import CutoverState, LineState, Wanted, What
from sync_core.pipeline.control import StopSwitch, set_stop_switch
from sync_core.pipeline.cutover.confirming import confirm, resume_cutover, stop_cutover
from sync_core.pipeline.cutover.search import search_on, start_search
from sync_core.pipeline.cutover.stage import ask_for_work
from tests.pipeline.moving import (
    END_OF_MAY,
    TOOL,
    WHO,
    carry_out,
    cut,
    ends,
    find,
    is_over,
    line_of,
    lines_in,
    moving,
    prepare,
    stranger,
    worked,
)
from tests.pipeline.night import PRODUCTS, SKU


def test_a_search_that_is_interrupted_reads_on_where_it_was() -> None:
    night = moving(5)
    cutover = start_search(night.context, Wanted(markers=(TOOL,)), "a clerk")
    halfway = search_on(night.context, cutover.cutover_id, 1e9, most=2).value
    assert (halfway.state, halfway.done, halfway.total) == (CutoverState.SEARCHING, 2, 5)
    night.context = night.another_process()
    assert worked(night, cutover.cutover_id).tally.lines == {LineState.FOUND: 5}


def test_a_stopped_cutover_writes_nothing_more_until_it_goes_on() -> None:
    night = moving(3)
    cutover = prepare(night, find(night))
    confirm(night.context, cutover.cutover_id, cutover.prepared, WHO, "")
    set_stop_switch(night.store, StopSwitch(True, "an audit", "somebody"))
    cutover = worked(night, cutover.cutover_id)
    assert night.psa.writes == []
    assert {line.state for line in lines_in(night, cutover)} == {LineState.HELD}
    assert "an audit" in lines_in(night, cutover)[0].why
    set_stop_switch(night.store, StopSwitch())
    night.clock.advance(60)
    resume_cutover(night.context, cutover.cutover_id, WHO)
    assert is_over(worked(night, cutover.cutover_id))
    assert [ends(night, f"a{number}")[0] for number in (1, 2, 3)] == [END_OF_MAY] * 3


def test_a_person_stops_a_cutover_and_lets_it_go_on() -> None:
    night = moving(2)
    cutover = prepare(night, find(night))
    confirm(night.context, cutover.cutover_id, cutover.prepared, WHO, "")
    stopped = stop_cutover(night.context, cutover.cutover_id, WHO, "a doubt")
    assert worked(night, cutover.cutover_id).state is CutoverState.STOPPED
    assert "a doubt" in stopped.trouble and night.psa.writes == []
    resume_cutover(night.context, cutover.cutover_id, WHO)
    assert is_over(worked(night, cutover.cutover_id))
    assert len(night.psa.writes) == 2


@pytest.mark.parametrize("mishap", [Mishap.LOSE_ANSWER, Mishap.LOSE_REQUEST, Mishap.THROTTLE])
def test_an_answer_that_is_lost_ends_a_line_once(mishap: Mishap) -> None:
    night = moving(2)
    cutover = prepare(night, find(night), What.REPLACE)
    night.psa.fail_next_write(mishap)
    assert is_over(carry_out(night, cutover))
    assert [len(night.psa.lines(place)) for place in ("a1", "a2")] == [3, 3]
    assert len(night.psa.writes) == 4


def test_a_line_that_the_psa_refuses_is_told_and_tried_again_when_asked() -> None:
    night = moving()
    cutover = prepare(night, find(night))
    night.psa.fail_next_write(Mishap.REJECT)
    cutover = carry_out(night, cutover)
    assert lines_in(night, cutover)[0].state is LineState.FAILED
    assert "The PSA refuses the write" in lines_in(night, cutover)[0].why
    night.clock.advance(60)
    resume_cutover(night.context, cutover.cutover_id, WHO)
    assert worked(night, cutover.cutover_id).tally.lines == {LineState.DONE: 1}


def test_more_lines_than_fit_into_one_plan_are_ended_by_one_run_after_the_other() -> None:
    night = moving(lines=0)
    for _ in range(150):
        night.psa.add_line("a1", line_of(PRODUCTS[SKU]))
    cutover = cut(night)
    assert (len(cutover.runs), cutover.tally.lines) == (3, {LineState.DONE: 150})
    assert len(night.psa.writes) == 150


def test_of_twenty_thousand_lines_only_the_chosen_ones_end_however_often_it_is_stopped() -> None:
    """500 companies with 40 lines each: each agreement is read once a look, and what is held in memory is a company's worth."""
    night = moving(0)
    for number in range(1, 501):
        stranger(night, number, lines=40)
    calls: Counter[str] = Counter()
    night.watch(lambda call, done: calls.update([call] if done else []))
    found = find(night)
    assert (found.done, found.total, found.tally.lines) == (500, 500, {LineState.FOUND: 20_000})
    assert (calls["psa.read_headers"], calls["psa.read_lines"], calls["psa.companies"]) == (1, 500, 1)
    night.watch(None)
    names = [line.name for line in lines_in(night, found)][::200]
    cutover = prepare(night, found, names=names)
    assert cutover.tally.lines == {LineState.FOUND: 19_900, LineState.CHOSEN: 100}
    confirm(night.context, cutover.cutover_id, cutover.prepared, WHO, "")
    ask_for_work(night.context, cutover.cutover_id)
    for stops in range(1, 4):
        while len(night.psa.writes) < 25 * stops:
            night.clock.move_to(night.queue.next_visible() or night.clock.now())
            night.take()
        stop_cutover(night.context, cutover.cutover_id, WHO, "lunch")
        stopped = worked(night, cutover.cutover_id)
        assert stopped.tally.count(LineState.DONE) == len(night.psa.writes) == 25 * stops
        night.clock.advance(60)
        resume_cutover(night.context, cutover.cutover_id, WHO)
        ask_for_work(night.context, cutover.cutover_id)
    assert is_over(worked(night, cutover.cutover_id))
    ended = {f"memory/a{number}/{line.line_id}" for number in range(1, 501) for line in night.psa.lines(f"a{number}") if line.ends}
    assert (ended, len(night.psa.writes)) == (set(names), 100)
