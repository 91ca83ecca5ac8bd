"""A finding that a person accepted is quiet until its day, and then it is told again by itself."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date, timedelta

import pytest

from sandbox.commands.notices import parser, perform
from sandbox.terminal import Terminal
from sync_core.errors import Rejected
from sync_core.model.licences import User
from sync_core.model.notices import NoticeKind, Route
from sync_core.model.people import Who
from sync_core.pipeline.accepting import LONGEST, accept, standing, withdraw
from sync_core.pipeline.history import records
from tests.pipeline.night import OTHER_SKU, SKU, Night, tenant
from tests.pipeline.test_routes import another_night, lines, night_with

BY = Who("a clerk")


def told(night: Night, word: str) -> bool:
    """Whether the newest mail tells it."""
    return bool(lines(night.mail.mails[-1], word))


def unassigned() -> Night:
    """A night after which three seats that nobody holds were told."""
    night = night_with({NoticeKind.UNASSIGNED: Route()})
    night.microsoft.assigned[tenant(1)] = 7
    night.run()
    return night


def only(night: Night) -> str:
    """The id of the finding that stands."""
    (each,) = standing(night.context)
    return each.finding.finding_id


def in_days(night: Night, days: int) -> date:
    """A day from now on."""
    return night.clock.now().date() + timedelta(days=days)


def test_an_accepted_finding_is_quiet_up_to_its_day_and_told_on_the_next() -> None:
    night = unassigned()
    accept(night.context, only(night), in_days(night, 2), BY, "a new starter comes on Friday")
    seen = []
    for _ in range(4):
        another_night(night)
        seen.append(told(night, "3 of 10 bought"))
    assert seen == [False, False, True, False]


def test_what_is_told_every_night_can_be_accepted_too() -> None:
    night = night_with({})
    night.microsoft.bought[tenant(1)][OTHER_SKU] = 3
    night.run()
    assert told(night, "not linked")
    accept(night.context, only(night), in_days(night, 1), BY, "billed by hand this month")
    another_night(night)
    assert not told(night, "not linked")
    another_night(night)
    assert told(night, "not linked")


def test_a_word_that_is_taken_back_lets_the_next_run_tell_it() -> None:
    night = unassigned()
    accept(night.context, only(night), in_days(night, 100), BY, "why not")
    another_night(night)
    withdraw(night.context, only(night), BY)
    another_night(night)
    assert told(night, "3 of 10 bought")
    with pytest.raises(Rejected, match="Nobody accepted"):
        withdraw(night.context, only(night), BY)


def test_who_accepted_what_and_why_is_kept() -> None:
    night = unassigned()
    accept(night.context, only(night), in_days(night, 5), BY, "seasonal")
    (kept,) = records(night.store, "notices", "history")
    assert (kept.by, kept.document["why"], kept.document["what"]) == ("a clerk (unverified)", "seasonal", "accepted")


@pytest.mark.parametrize("days", [-1, LONGEST.days + 1])
def test_an_acceptance_ends_within_a_year(days: int) -> None:
    night = unassigned()
    with pytest.raises(Rejected, match="ends within a year"):
        accept(night.context, only(night), in_days(night, days), BY, "for ever")


def test_a_finding_that_does_not_stand_cannot_be_accepted() -> None:
    night = unassigned()
    with pytest.raises(Rejected, match="No finding"):
        accept(night.context, "000000000000", in_days(night, 1), BY, "why")


def test_the_command_lists_accepts_and_withdraws() -> None:
    night = night_with({NoticeKind.DISABLED_USERS: Route()})
    night.microsoft.users[tenant(1)] = (User("u1", frozenset({SKU}), user_principal_name="left@contoso.example", enabled=False),)
    night.run()

    def run(*arguments: str) -> str:
        out = io.StringIO()
        assert perform(parser().parse_args(arguments), night.context, BY, Terminal(out, {}, width=200)) == 0
        return out.getvalue()

    assert "left@contoso.example" in run("list", "Customer 1")
    assert "Quiet up to" in run("accept", only(night), "--until", str(in_days(night, 3)), "--why", "on leave")
    assert "on leave" in run("list")
    assert "Told again" in run("withdraw", only(night))
    night.configure(*(replace(item) for item in night.configuration.customers), night.add_customer(2, seats=10))
    assert "Nothing that was found still stands." in run("list", "Customer 2")
