"""``dev.py verify-psa``: a table of what is assumed of each PSA and what was seen; it reads, and writes nothing."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import pytest

from sandbox.commands.verify_psa import parser, perform
from sandbox.terminal import Terminal
from sync_core.errors import Rejected
from tests.sandbox.world_night import WorldNights


@pytest.fixture(scope="module")
def nights() -> Iterator[WorldNights]:
    with WorldNights() as nights:
        yield nights


def test_it_says_of_each_assumption_what_was_seen_and_writes_nothing(nights: WorldNights) -> None:
    out, writes = io.StringIO(), len(nights.world.ledger.writes)
    assert perform(parser().parse_args([]), nights.context, Terminal(out, {})) == 0
    text = out.getvalue()
    assert re.search(r"covered period \W next_invoice_date", text)
    assert "settle_seconds" in text and "To check it by hand" in text
    assert len(nights.world.ledger.writes) == writes


def test_what_contradicts_is_told_with_the_setting_to_change(nights: WorldNights) -> None:
    out = io.StringIO()
    (first, *_) = nights.world.ledger.agreements.values()
    nights.world.ledger.addition(first, next(iter(nights.world.ledger.products.values())), -1)
    assert perform(parser().parse_args([]), nights.context, Terminal(out, {})) == 1
    assert "Do this: if an invoice credits them, credits: negative_quantity may be used." in out.getvalue()


def test_an_unknown_connection_is_refused_with_those_there_are(nights: WorldNights) -> None:
    with pytest.raises(Rejected, match="no such connection"):
        perform(parser().parse_args(["--connection", "other"]), nights.context, Terminal(io.StringIO(), {}))
