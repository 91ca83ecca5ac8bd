"""What all tests share."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from sandbox.azurite import Azurite

# A slow machine is no failure: no test here is about time.
settings.register_profile("project", deadline=None)
settings.load_profile("project")


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    """One Azurite in memory for all tests of a worker; every test uses tables, queues and containers of its own."""
    with Azurite() as running:
        yield running
