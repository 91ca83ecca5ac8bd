"""The process is killed at every call of a night that tells several circles of people: each thing is told, and told as one thing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sync_core.model.notices import Frequency, NoticeKind, Route
from sync_core.model.runs import RunState
from sync_core.pipeline.runs import load_run, recent_runs
from tests.pipeline.faults import Death
from tests.pipeline.night import Night, tenant

SALES, CLERKS = ("sales@msp.example",), ("clerks@msp.example",)
ROUTES = {
    NoticeKind.UNASSIGNED: Route(SALES),
    NoticeKind.APPLIED: Route(CLERKS, Frequency.DAILY),
}


def before_the_night() -> Night:
    """A night in which something new, something solved and a write are to be told to different people."""
    night = Night(0)
    night.notices = replace(night.notices, routes=ROUTES)
    night.configure(night.add_customer(1, seats=10), night.add_customer(2, seats=10))
    night.microsoft.assigned = {tenant(1): 7, tenant(2): 10}
    night.run()
    night.next_day()
    night.microsoft.assigned = {tenant(1): 12, tenant(2): 4}
    night.buy(12)
    night.mail.mails.clear()
    return night


def check(night: Night) -> None:
    """Every run was told, and each thing stands in one mail, of which there may be a second copy that says so."""
    for entry in recent_runs(night.store):
        run = load_run(night.store, entry.run_id)
        assert run is not None
        assert run.value.state is RunState.TOLD
    for people, words in ((SALES, ("solved unassigned", "6 of 10 bought")), (CLERKS, ("applied 12",))):
        for word in words:
            telling = [mail for mail in night.mail.mails if mail.recipients == people and word in mail.text]
            assert len({mail.message_id for mail in telling}) == 1, word
            assert len(telling) <= 2
            assert all("second copy" in mail.subject for mail in telling[1:])


def play(death: Death) -> Night:
    """Two nights, with a death in the first of them."""
    night = before_the_night()
    night.watch(death)
    night.alive(night.start)
    night.work()
    night.watch(None)
    if len(list(recent_runs(night.store))) == 1:  # it died before there was a run: the timer fires again
        night.run()
    night.next_day()
    night.run()
    return night


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_death_at_any_call_tells_nothing_twice_and_loses_no_notice(after: bool) -> None:
    living = Death()
    check(play(living))
    assert sum(call.startswith("mailer.send") for call in living.calls) == 3
    failures = []
    for at, call in enumerate(living.calls):
        try:
            check(play(Death(at, after)))
        except AssertionError as error:
            failures.append(f"{at} {call}: {str(error)[:300]}")
    assert not failures, "\n".join(failures)
