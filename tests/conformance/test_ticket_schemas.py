"""Tickets and notes, as they are sent and as they are answered, have the members and types that the vendors describe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import fastjsonschema
import pytest

from tests.conformance.desks import Desk, autotask, halopsa
from tests.conformance.test_tickets import soon, ticket
from tests.sandbox.halopsa_swagger import described, needs_swagger
from tests.sandbox.test_autotask_schemas import misfits, vendor

__all__ = ["vendor"]


def opened_and_noted(desk: Desk) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """What a service desk holds of a ticket that was opened and noted in: what we sent, and what the vendor adds."""
    number = desk.tickets.open_ticket(ticket(desk), soon())
    desk.tickets.add_note(ticket(desk), number, soon())
    [held], [note] = desk.opened(), desk.noted()
    desk.close()
    return held, note


@pytest.mark.parametrize("marker", [{}, {"marker": "title"}], ids=["reference", "title"])
def test_autotask_knows_every_member_of_a_ticket_and_a_note(vendor: Mapping[str, Any], marker: dict[str, str]) -> None:
    held, note = opened_and_noted(autotask(marker))
    assert list(misfits(vendor, "TicketModel", held)) == []
    assert list(misfits(vendor, "TicketNoteModel", note)) == []


@needs_swagger
def test_halo_knows_every_member_of_a_ticket_and_a_note() -> None:
    held, note = opened_and_noted(halopsa())
    fastjsonschema.validate(described("Faults"), dict(held))
    fastjsonschema.validate(described("Actions"), dict(note))
