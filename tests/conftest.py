"""What all tests share."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from sandbox.azurite import Azurite

pytest.register_assert_rewrite("tests.pipeline.scenes")  # so that it explains what the shared checks found

# A slow machine is no failure: no test here is about time. The same code plays the same examples, so that a failure is one
# for everybody; PROPERTIES=random looks for new ones, and what it finds becomes a test of its own.
settings.register_profile("project", deadline=None, derandomize=os.environ.get("PROPERTIES") != "random")
settings.load_profile("project")


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    """One Azurite in memory for all tests of a worker; every test uses tables, queues and containers of its own."""
    with Azurite() as running:
        yield running
