"""Every test of this folder that asks for ``subject`` runs once for every PSA."""

from collections.abc import Iterator

import pytest

from tests.conformance import autotask_subject, fast_paths, halopsa_subject
from tests.conformance.subjects import SUBJECTS, Subject

ALL = {**SUBJECTS, **autotask_subject.SUBJECTS, **halopsa_subject.SUBJECTS, **fast_paths.SUBJECTS}


@pytest.fixture(params=ALL)
def subject(request: pytest.FixtureRequest) -> Iterator[Subject]:
    """A PSA with fresh books."""
    subject = ALL[request.param]()
    yield subject
    subject.close()
