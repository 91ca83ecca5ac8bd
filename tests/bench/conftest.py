"""One laboratory for all tests here: a first day was played, and then a second in a new process."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from sandbox.bench.laboratory import Laboratory, Night


@dataclass(frozen=True)
class Played:
    """The laboratory and its second day."""

    laboratory: Laboratory
    second_day: Night


@pytest.fixture(scope="session")
def played() -> Iterator[Played]:
    """Four plain customers, one of whom has a change on the first day and none on the second."""
    with Laboratory(customers=4, seed=16) as laboratory:
        laboratory.night(laboratory.process())
        laboratory.forward(timedelta(days=1))
        yield Played(laboratory, laboratory.night(laboratory.process()))
