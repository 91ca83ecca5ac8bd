"""Chains for tests: one with a running host for the tests of a module that leave it as they found it, and one for a test of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.nights.chain import Chain


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    """A chain with one host."""
    with Chain(tmp_path_factory.mktemp("chain")) as chain:
        chain.import_configuration()
        chain.start_host()
        yield chain


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    """A chain without a host."""
    with Chain(tmp_path) as chain:
        chain.import_configuration()
        yield chain
