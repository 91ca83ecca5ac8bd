"""Every test of this folder that asks for ``subject`` runs once for every PSA."""

from collections.abc import Iterator

import pytest

from tests.conformance.subjects import SUBJECTS, Subject


@pytest.fixture(params=SUBJECTS)
def subject(request: pytest.FixtureRequest) -> Iterator[Subject]:
    """A PSA with fresh books."""
    subject = SUBJECTS[request.param]()
    yield subject
    subject.close()
