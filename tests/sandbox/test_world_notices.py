"""Notices over the real adapters: what Graph says of users and mailboxes is told by mail, and opened as a ticket at each PSA."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from sandbox.world.books import CHOICES
from sync_core.configuration.versions import save_version
from sync_core.model.notices import NoticeKind, Route, TicketRoute
from sync_core.pipeline.messages import Message
from sync_core.pipeline.send_notices import send_notices
from tests.sandbox.world_night import WorldNights

SETTINGS: Mapping[str, Mapping[str, str]] = {
    "connectwise": {"board": "Billing"},
    "autotask": {"queue": "8", "priority": "2"},
    "halopsa": {"ticket_type": "1"},
}


@pytest.fixture(params=sorted(SETTINGS.keys() & set(CHOICES)))
def nights(request: pytest.FixtureRequest) -> Iterator[WorldNights]:
    """A world whose seats and users are told of by mail and ticket."""
    with WorldNights(customers=12, psa=request.param) as nights:
        configuration = nights.configuration()
        ticket = TicketRoute(configuration.connections[0].name, "1", settings=SETTINGS[request.param])
        routes = {NoticeKind.UNASSIGNED: Route(ticket=ticket), NoticeKind.DISABLED_USERS: Route(ticket=ticket)}
        save_version(
            nights.context.store, replace(configuration, notices=replace(configuration.notices, routes=routes)), "a test", nights.clock.now()
        )
        yield nights


def tell(nights: WorldNights) -> None:
    """A night, and what it tells."""
    (run_id,) = {report.customer.run_id for report in nights.night()}
    send_notices(nights.context, Message(run_id))


def opened(nights: WorldNights) -> list[Any]:
    """The tickets of the world's PSA."""
    books: Any = nights.world.books[0]
    held = books.ledger.tickets if hasattr(books.ledger, "tickets") else books.simulator.desk.tickets
    return list(held.values())


def test_seats_and_users_are_told_once_by_mail_and_once_by_ticket(nights: WorldNights) -> None:
    tell(nights)
    (mail,) = nights.world.microsoft.mails
    html = mail.message["body"]["content"]
    assert "assigned to nobody" in html and "Licences of users who may not sign in" in html
    tickets = opened(nights)
    assert len(tickets) == 2
    names = {user.user_principal_name for account in nights.world.accounts for user in account.tenant.users}
    assert not [name for name in names for ticket in tickets if name in str(ticket)]
    assert any(name in html for name in names)
    nights.next_day()
    tell(nights)
    assert len(opened(nights)) == 2
    assert "assigned to nobody" not in nights.world.microsoft.mails[1].message["body"]["content"]
