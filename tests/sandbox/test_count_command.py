"""``dev.py count``: names who is counted and says of the others why not; it only reads, and writes nothing to a log."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest

from sandbox.commands.count import parser, perform
from sandbox.terminal import Terminal
from sync_core.errors import Rejected
from tests.sandbox.world_night import WorldNights


@pytest.fixture(scope="module")
def nights() -> Iterator[WorldNights]:
    with WorldNights() as nights:
        yield nights


def told(nights: WorldNights, *arguments: str) -> str:
    """What the command prints."""
    out = io.StringIO()
    assert perform(parser().parse_args(arguments), nights.context, Terminal(out, {}, width=120)) == 0
    return out.getvalue()


def test_it_shows_each_subscription_with_its_term_and_who_says_so(nights: WorldNights) -> None:
    text = told(nights, "contoso")
    assert "Microsoft 365 Business Premium" in text and "Enabled" in text
    assert "(observed)" in text


def test_it_names_who_is_counted_and_why_others_are_not(nights: WorldNights, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        text = told(nights, "contoso")
    assert "Managed users: 25" in text and "users with enabled and licensed" in text
    people = nights.world.account("Contoso").tenant.users
    assert people[1].user_principal_name in text
    assert f"{people[0].display_name} <{people[0].user_principal_name}>" in text and "does not meet: enabled" in text
    assert "a guest" in text
    assert not [person for person in people if person.user_principal_name in caplog.text]


def test_it_writes_nothing(nights: WorldNights) -> None:
    before = len(nights.world.ledger.writes)
    told(nights, "Contoso", "--item", "managed-users")
    assert len(nights.world.ledger.writes) == before


def test_a_customer_without_rules_has_nothing_to_show(nights: WorldNights) -> None:
    assert "No link of this customer" in told(nights, "Fabrikam")


def test_an_item_that_no_rule_counts_is_refused_with_those_there_are(nights: WorldNights) -> None:
    with pytest.raises(Rejected, match="Nothing of this name") as caught:
        told(nights, "Contoso", "--item", "Backup")
    assert "Managed users" in caught.value.fix
