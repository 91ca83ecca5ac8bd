"""The process is killed at every single call of a cut-over; what is left behind goes on, and no line ends twice or is begun twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from sandbox.memory.psa import Keeping
from sync_core.model.cutovers import Choice, Cutover, CutoverState, LineState, Wanted, What
from sync_core.pipeline.customers import load_record
from sync_core.pipeline.cutover.confirming import confirm
from sync_core.pipeline.cutover.offboarding import start_offboarding
from sync_core.pipeline.cutover.prepare import start_preparing
from sync_core.pipeline.cutover.rows import load_cutover, recent_cutovers
from sync_core.pipeline.cutover.search import start_search
from sync_core.pipeline.cutover.stage import ask_for_work
from tests.pipeline.faults import Death
from tests.pipeline.moving import END_OF_MAY, TOOL, WHO, find, lines_in, moving, prepare, stranger
from tests.pipeline.night import Night, tenant

Act = Callable[[Night], object]


def searched(night: Night) -> None:
    """Asks for the search of the other tool's lines."""
    ask_for_work(night.context, start_search(night.context, Wanted(markers=(TOOL,)), "a clerk").cutover_id)


def prepared(night: Night) -> None:
    """Chooses all that was found."""
    cutover = newest(night)
    if cutover.state is CutoverState.FOUND:
        start_preparing(night.context, cutover.cutover_id, Choice(What.REPLACE, END_OF_MAY))
    ask_for_work(night.context, cutover.cutover_id)


def confirmed(night: Night) -> None:
    """Says yes to what is shown."""
    cutover = newest(night)
    if cutover.state is CutoverState.PREPARED:
        confirm(night.context, cutover.cutover_id, cutover.prepared, WHO, "")
    ask_for_work(night.context, cutover.cutover_id)


def newest(night: Night) -> Cutover:
    """The newest cut-over as it is stored."""
    return load_cutover(night.store, next(recent_cutovers(night.store)).cutover_id).value


def settled(night: Night) -> Cutover:
    """The cut-over after the host, and the sweep of the next hours, took it as far as it goes by itself."""
    night.work()
    for _ in range(12):
        if not newest(night).state.working:
            break
        night.clock.advance(16 * 60)
        night.sweep()
        night.work()
    return newest(night)


def play(ready: Callable[[], Night], act: Act, ends: tuple[CutoverState, ...], death: Death) -> Night:
    """One act with a death in it. Whoever asked and got no answer asks again."""
    night = ready()
    before = len(list(recent_cutovers(night.store)))
    night.watch(death)
    night.alive(lambda: act(night))
    night.work()
    night.watch(None)
    if len(list(recent_cutovers(night.store))) == before == 0 or settled(night).state not in ends:
        night.clock.advance(60)
        act(night)
        night.work()
    assert settled(night).state in ends
    return night


def ready_to_search() -> Night:
    night = moving(2)
    stranger(night, lines=1)
    return night


def ready_to_prepare() -> Night:
    night = moving(2)
    find(night)
    return night


def ready_to_confirm(keeping: Keeping = Keeping.LINES) -> Night:
    night = moving(1, lines=2, keeping=keeping)
    prepare(night, find(night), What.REPLACE)
    return night


def check_found(night: Night) -> None:
    assert newest(night).tally.lines == {LineState.FOUND: 3}
    assert len(lines_in(night, newest(night))) == 3


def check_prepared(night: Night) -> None:
    assert newest(night).tally.lines == {LineState.CHOSEN: 2}
    assert {line.what for line in lines_in(night, newest(night))} == {What.REPLACE}


def check_done(night: Night) -> None:
    """Both old lines have their end, one new line follows them with their units together, and the person's line is as it was."""
    assert newest(night).tally.lines == {LineState.DONE: 2}
    shown = [(line.ends, line.starts, int(line.quantity)) for line in night.psa.lines("a1")]
    since, june = date(2025, 1, 1), date(2026, 6, 1)
    assert shown == [(END_OF_MAY, since, 10), (END_OF_MAY, since, 10), (None, since, 7), (None, june, 20)]


def ready_to_leave() -> Night:
    """The end of a customer's managed line is shown."""
    night = Night()
    night.run()
    night.next_day()
    ask_for_work(night.context, start_offboarding(night.context, tenant(1), "Customer 1", END_OF_MAY, "a clerk").cutover_id)
    night.work()
    return night


def check_left(night: Night) -> None:
    """The line has its end, and no night begins another one."""
    leaving = load_record(night.store, tenant(1)).leaving
    assert leaving is not None
    assert leaving.last == END_OF_MAY
    night.next_day()
    night.run()
    assert [(line.ends, int(line.quantity)) for line in night.psa.lines("a1")] == [(END_OF_MAY, 12)]


ACTS: dict[str, tuple[Callable[[], Night], Act, tuple[CutoverState, ...], Act]] = {
    "a search": (ready_to_search, searched, (CutoverState.FOUND,), check_found),
    "a preparation": (ready_to_prepare, prepared, (CutoverState.PREPARED,), check_prepared),
    "an offboarding": (ready_to_leave, confirmed, (CutoverState.FINISHED,), check_left),
    "lines": (ready_to_confirm, confirmed, (CutoverState.FINISHED,), check_done),
    "whole agreements": (lambda: ready_to_confirm(Keeping.WHOLE_AGREEMENTS), confirmed, (CutoverState.FINISHED,), check_done),
    "dated deltas": (lambda: ready_to_confirm(Keeping.DATED_DELTAS), confirmed, (CutoverState.FINISHED,), check_done),
}


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("name", ACTS)
def test_a_death_at_any_call_of_a_cutover_loses_and_doubles_nothing(name: str, after: bool) -> None:
    ready, act, ends, check = ACTS[name]
    living = Death()
    check(play(ready, act, ends, living))
    assert len(living.calls) > 10
    failures = []
    for at, call in enumerate(living.calls):
        try:
            check(play(ready, act, ends, Death(at, after)))
        except AssertionError as error:
            failures.append(f"{at} {call}: {str(error)[:300]}")
    assert not failures, "\n".join(failures)
