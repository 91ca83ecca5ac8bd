"""What the pipeline relies on of tickets, whatever the PSA: opened with one write, found by their marker, and noted in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from adapters.clock import SystemClock
from sandbox.faults import Effect
from sync_core.errors import InvalidConfiguration, OutcomeUnknown, Rejected, Throttled
from sync_core.ports import Ticket
from tests.conformance.desks import DESKS, Desk, autotask

MARKER = "M365-test1-0123456789"


@pytest.fixture(params=DESKS)
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    """A service desk with fresh books. Whatever went over its wire has to be as the vendor describes it."""
    desk = DESKS[request.param]()
    yield desk
    desk.close()
    assert desk.wire is None or not desk.wire.misfits, "\n".join(["", *desk.wire.misfits])


def ticket(desk: Desk, marker: str = MARKER, **more: str) -> Ticket:
    """A ticket at the company Contoso."""
    return replace(Ticket(marker, "1", "Microsoft 365 licences: unassigned", "- Contoso: 3 of 10\n- and 2 more", desk.settings), **more)  # type: ignore[arg-type]  # members by name


def soon() -> float:
    """A last moment to send that is not over."""
    return SystemClock().monotonic() + 60


def test_a_ticket_is_opened_with_one_write_and_found_by_its_marker(desk: Desk) -> None:
    assert desk.tickets.find_ticket(ticket(desk)) is None
    opened = desk.tickets.open_ticket(ticket(desk), soon())
    for number in range(4):
        desk.tickets.open_ticket(ticket(desk, f"M365-test1-{number:010d}"), soon())
    assert opened == desk.tickets.find_ticket(ticket(desk))
    assert len(desk.opened()) == 5
    held = desk.opened()[0]
    assert MARKER in (held[desk.reference] if desk.reference else f"{held.get('summary')}{held.get('title')}")


def test_a_ticket_whose_answer_is_lost_is_found(desk: Desk) -> None:
    desk.fail(Effect.DROP_AFTER, 0)
    with pytest.raises(OutcomeUnknown):
        desk.tickets.open_ticket(ticket(desk), soon())
    assert desk.tickets.find_ticket(ticket(desk)) is not None
    assert len(desk.opened()) == 1


def test_a_ticket_that_is_opened_late_is_found_once_it_is_there(desk: Desk) -> None:
    desk.fail(Effect.LATE_COMMIT, 0)
    with pytest.raises(OutcomeUnknown):
        desk.tickets.open_ticket(ticket(desk), soon())
    assert desk.tickets.find_ticket(ticket(desk)) is None
    desk.commit()
    assert desk.tickets.find_ticket(ticket(desk)) is not None


def test_a_refused_ticket_is_not_there(desk: Desk) -> None:
    desk.fail(Effect.ANSWER, 400)
    with pytest.raises(Rejected):
        desk.tickets.open_ticket(ticket(desk), soon())
    assert not desk.opened()


def test_a_throttled_ticket_is_not_there_and_may_be_opened_later(desk: Desk) -> None:
    desk.fail(Effect.ANSWER, 429)
    with pytest.raises(Throttled):
        desk.tickets.open_ticket(ticket(desk), soon())
    assert not desk.opened()


def test_nothing_is_sent_after_the_last_moment(desk: Desk) -> None:
    with pytest.raises(Throttled):
        desk.tickets.open_ticket(ticket(desk), SystemClock().monotonic() - 1)
    assert not desk.opened()


def test_a_note_is_added_to_a_ticket(desk: Desk) -> None:
    opened = desk.tickets.open_ticket(ticket(desk), soon())
    desk.tickets.add_note(ticket(desk, text="All of this is solved."), opened, soon())
    (note,) = desk.noted()
    assert "All of this is solved." in note.values()


def test_a_long_title_is_cut_and_the_marker_is_not(desk: Desk) -> None:
    desk.tickets.open_ticket(ticket(desk, title="Microsoft 365 " * 40), soon())
    assert desk.tickets.find_ticket(ticket(desk)) is not None


@pytest.mark.parametrize("name", [name for name in DESKS if name != "memory"])
def test_a_setting_that_is_wrong_or_missing_is_said_before_anything_is_sent(name: str) -> None:
    desk = DESKS[name]()
    for settings in ({}, {**desk.settings, "bord": "12"}, {**desk.settings, "priority": "high", "queue": "eight", "ticket_type": "x"}):
        if settings and name.startswith("connectwise") and "bord" not in settings:
            continue  # there names do as well as ids
        with pytest.raises(InvalidConfiguration):
            desk.tickets.open_ticket(replace(ticket(desk), settings=settings), soon())
    assert not desk.opened()
    desk.close()


def test_a_site_that_does_not_say_which_ticket_was_made_leaves_it_to_be_found() -> None:
    desk = autotask(tells_item_ids=False)
    with pytest.raises(OutcomeUnknown):
        desk.tickets.open_ticket(ticket(desk), soon())
    assert desk.tickets.find_ticket(ticket(desk)) == "1"
    desk.close()
