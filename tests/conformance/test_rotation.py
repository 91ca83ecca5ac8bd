"""A PSA's key is renewed while the app runs: the first refusal makes it look for the new one, and the read goes through."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sync_core.errors import StopRun
from tests.conformance.rotating import ROTATING, Rotating


@pytest.fixture(params=ROTATING)
def rotating(request: pytest.FixtureRequest) -> Iterator[Rotating]:
    """A PSA whose secrets lie in a key vault."""
    made = ROTATING[request.param]()
    yield made
    made.close()


def test_a_renewed_key_is_taken_up_at_its_first_refusal(rotating: Rotating) -> None:
    """Although what the vault gave minutes ago is still in memory."""
    agreements = rotating.read()
    rotating.renew("renewed")
    assert rotating.read() == agreements > 0


def test_a_key_that_was_not_renewed_stops_the_run(rotating: Rotating) -> None:
    rotating.read()
    rotating.change("nobody stored this one")
    with pytest.raises(StopRun):
        rotating.read()


def test_the_vault_is_not_asked_while_the_key_works(rotating: Rotating) -> None:
    rotating.read()
    before = len(rotating.vault.requests)
    for _ in range(5):
        rotating.read()
    assert len(rotating.vault.requests) == before
