"""What a new PSA still lacks, told to its author in sentences, one for each thing, as soon as its kind is entered."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import pytest

from adapters.psa import KINDS
from sandbox.bench.psa_calls import FAST_PATHS, LEAST
from sandbox.memory.psa import MemoryPsa
from sandbox.simulation.sites import SITES
from sandbox.world import books
from tests.conformance.conftest import ALL
from tests.conformance.desks import DESKS
from tests.conformance.rotating import ROTATING
from tests.conformance.subjects import Subject

ROOT = Path(__file__).parent.parent.parent
MEMBERS = sorted({*Subject.__annotations__, *(name for name in vars(Subject) if not name.startswith("_"))})
"""All that the suite asks of a subject."""


def missing(kind: str) -> Iterator[str]:
    """In words, what a kind of PSA lacks of what docs/adding-a-psa.md asks for."""
    yield from _missing_of_the_suite(kind)
    yield from _missing_to_be_played(kind)
    yield from _missing_on_pages(kind)


def _missing_of_the_suite(kind: str) -> Iterator[str]:
    if not _has(kind, ALL):
        yield f"{kind} has no subject: write tests/conformance/{kind}_subject.py and enter it in tests/conformance/conftest.py."
    if not (ROOT / "sandbox" / kind / "simulator.py").is_file():
        yield f"{kind} has no simulator: write sandbox/{kind}/, as strict as the vendor."
    if not (ROOT / "tests" / "sandbox" / f"test_{kind}_schemas.py").is_file():
        yield f"{kind}'s simulator is held to no schema: write tests/sandbox/test_{kind}_schemas.py."
    if not (ROOT / "sandbox" / kind / "routes.py").is_file():
        yield f"{kind}'s requests are held to no schema: write sandbox/{kind}/routes.py, with the schemas of all that may go over the wire."
    if kind not in ROTATING:
        yield f"Nobody renews {kind}'s key while it runs: enter it in tests/conformance/rotating.py."
    if kind in KINDS and KINDS[kind].tickets and not _has(kind, DESKS):
        yield f"{kind} opens tickets, and has no service desk under test: enter it in tests/conformance/desks.py."


def _missing_to_be_played(kind: str) -> Iterator[str]:
    if kind not in books.KINDS or kind not in books.SHOWN:
        yield f"dev.py demo and sandbox know no {kind}: write sandbox/world/books/{kind}.py and enter it in sandbox/world/books/__init__.py."
    if not _has(kind, SITES):
        yield f"dev.py sim plays no {kind}: write sandbox/simulation/sites/{kind}.py and enter it in sandbox/simulation/sites/__init__.py."
    if kind not in LEAST or kind not in FAST_PATHS:
        yield f"dev.py bench does not know what {kind} costs at least: enter it in LEAST and FAST_PATHS of sandbox/bench/psa_calls.py."


def _missing_on_pages(kind: str) -> Iterator[str]:
    if f"/{kind}/" not in _page("configuration"):
        yield f"{kind} is not in docs/configuration.md: say there which settings and secrets it takes, and where they are described."
    if kind in KINDS:
        for name in sorted(KINDS[kind].secrets):
            if f"`{name}`" not in _page("threat-model"):
                yield f"Nobody knows what the thief of {kind}'s `{name}` can do: say it in docs/threat-model.md."


def _page(name: str) -> str:
    return (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")


def _has(kind: str, names: Collection[str]) -> bool:
    """Whether something is entered for a kind, or for one of its varieties such as ``autotask-totals``."""
    return any(name == kind or name.startswith(f"{kind}-") for name in names)


def lacking(subject: object) -> list[str]:
    """What the suite asks of a subject and this one does not have."""
    return [name for name in MEMBERS if not hasattr(subject, name)]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_of_psa_has_all_that_the_suite_needs(kind: str) -> None:
    lacks = list(missing(kind))
    assert not lacks, "\n".join(["", *lacks])


def test_the_author_of_a_new_kind_is_told_what_to_write() -> None:
    told = " ".join(missing("newpsa"))
    for place in (
        "tests/conformance/newpsa_subject.py",
        "sandbox/newpsa/",
        "tests/sandbox/test_newpsa_schemas.py",
        "sandbox/newpsa/routes.py",
        "tests/conformance/rotating.py",
        "sandbox/world/books/newpsa.py",
        "sandbox/simulation/sites/newpsa.py",
        "sandbox/bench/psa_calls.py",
        "docs/configuration.md",
    ):
        assert place in told


def test_every_subject_has_all_members_that_the_suite_asks_for(subject: Subject) -> None:
    lacks = lacking(subject)
    assert not lacks, f"the subject has no {', '.join(lacks)}: see Subject in tests/conformance/subjects.py"


def test_every_subject_but_those_in_memory_is_served_with_members_that_nobody_knows_and_listened_to(subject: Subject) -> None:
    if isinstance(subject.psa, MemoryPsa):
        pytest.skip("It is in memory")
    assert subject.served is not None, "serve its simulator in Grown of tests/conformance/subjects.py"
    assert subject.wire is not None, "put a Wire of tests/conformance/wire.py with its routes between faults and simulator"
    before = subject.served.requests
    subject.psa.read_headers(None)
    assert subject.served.requests > before, "its adapter talks to something else than what is served"
    assert subject.wire.called, "what is served is not what its wire listens to"


def test_a_subject_without_a_member_is_told_its_name() -> None:
    half: Mapping[str, object] = dict.fromkeys(MEMBERS[1:])
    assert lacking(type("Half", (), dict(half))()) == MEMBERS[:1]
