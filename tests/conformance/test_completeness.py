"""What a new PSA still lacks, told to its author before anything else of the suite can be run."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import pytest

from adapters.psa import KINDS
from tests.conformance.conftest import ALL
from tests.conformance.subjects import Subject

ROOT = Path(__file__).parent.parent.parent
MEMBERS = sorted({*Subject.__annotations__, *(name for name in vars(Subject) if not name.startswith("_"))})
"""All that the suite asks of a subject."""


def missing(kind: str, subjects: Collection[str]) -> Iterator[str]:
    """In words, what a kind of PSA lacks of what docs/adding-a-psa.md asks for."""
    if not any(name == kind or name.startswith(f"{kind}-") for name in subjects):
        yield f"{kind} has no subject: write tests/conformance/{kind}_subject.py and enter it in tests/conformance/conftest.py."
    if not (ROOT / "sandbox" / kind / "simulator.py").is_file():
        yield f"{kind} has no simulator: write sandbox/{kind}/, as strict as the vendor."
    if not (ROOT / "tests" / "sandbox" / f"test_{kind}_schemas.py").is_file():
        yield f"{kind}'s simulator is held to no schema: write tests/sandbox/test_{kind}_schemas.py."
    if f"/{kind}/" not in (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8"):
        yield f"{kind} is not in docs/configuration.md: say there which settings and secrets it takes, and where they are described."


def lacking(subject: object) -> list[str]:
    """What the suite asks of a subject and this one does not have."""
    return [name for name in MEMBERS if not hasattr(subject, name)]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_of_psa_has_all_that_the_suite_needs(kind: str) -> None:
    assert list(missing(kind, ALL)) == []


def test_the_author_of_a_new_kind_is_told_what_to_write() -> None:
    told = " ".join(missing("newpsa", ALL))
    assert "newpsa_subject.py" in told
    assert "sandbox/newpsa/" in told
    assert "test_newpsa_schemas.py" in told
    assert "docs/configuration.md" in told


def test_every_subject_has_all_members_that_the_suite_asks_for(subject: Subject) -> None:
    assert lacking(subject) == []


def test_a_subject_without_a_member_is_told_its_name() -> None:
    half: Mapping[str, object] = dict.fromkeys(MEMBERS[1:])
    assert lacking(type("Half", (), dict(half))()) == MEMBERS[:1]
