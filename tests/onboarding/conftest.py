"""A partner's first day for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.onboarding.partner import FirstDay


@pytest.fixture
def day(tmp_path: Path) -> Iterator[FirstDay]:
    """Three customers, and nothing set up yet."""
    with FirstDay(tmp_path) as opened:
        yield opened
