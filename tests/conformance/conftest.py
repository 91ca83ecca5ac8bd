"""Every test of this folder that asks for ``subject`` runs once for every PSA."""

from collections.abc import Iterator

import pytest

from tests.conformance import autotask_subject, fast_paths, halopsa_subject
from tests.conformance.subjects import SUBJECTS, Subject

ALL = {**SUBJECTS, **autotask_subject.SUBJECTS, **halopsa_subject.SUBJECTS, **fast_paths.SUBJECTS}


@pytest.fixture(params=ALL)
def subject(request: pytest.FixtureRequest) -> Iterator[Subject]:
    """A PSA with fresh books. Whatever went over its wire has to be as the vendor describes it."""
    subject = ALL[request.param]()
    yield subject
    subject.close()
    if wire := getattr(subject, "wire", None):  # that one is missing is told by test_completeness
        assert not wire.misfits, "\n".join(["", *wire.misfits])
