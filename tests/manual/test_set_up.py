"""The set-up pages, tried as a newcomer would: every command on them, in an order that makes sense, against the simulated Microsoft and PSA."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.azurite import Azurite
from sandbox.environment import ROOT
from sandbox.world import ServedWorld, seeded_world
from tests.manual.commands import section, typed_in
from tests.onboarding.partner import first_day
from tests.onboarding.test_command import TypedIn

DOCS = ROOT / "docs"
PAGES: dict[Path, tuple[str, ...]] = {
    ROOT / "README.md": ("See it work", "Set it up for real"),
    DOCS / "onboarding.md": ("The way", "Without questions", "When something is not ready"),
    DOCS / "configuration.md": ("From nothing to a first run",),
    DOCS / "operations.md": ("The first run", "Who is counted"),
    ROOT / "infra" / "README.md": ("What is checked, and what is not",),
}
"""The sections that lead from nothing to the first observed run."""
IN_ORDER = (
    "onboard --check",
    "onboard",
    "onboard --answers answers.yaml --yes --json table.json",
    "onboard --step sign-in",
    "onboard --step consent",
    "config discover starter.yaml",
    "config validate configuration.yaml",
    "config import configuration.yaml",
    "sync --config configuration.yaml",
    "verify-psa",
    "count CUSTOMER",
)
ELSEWHERE = {
    "demo": "tests/nights/test_demo.py",
    "sandbox": "tests/sandbox/test_world_control.py",
    "sim": "tests/simulation/test_command.py",
    "test": "this very run",
    "test tests/infra": "tests/infra",
}
"""What is run by other tests."""
MEANT_TO_FAIL = {"onboard --check": "nothing is there yet, and it says what is missing"}


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TypedIn]:
    """A newcomer's folder, with a settings file in it."""
    with ServedWorld(first_day(seeded_world(customers=3))) as served, Azurite() as azurite:
        monkeypatch.chdir(tmp_path)
        typed = TypedIn(tmp_path, azurite, served)
        typed.write("local.settings.json", (tmp_path / "settings.json").read_text(encoding="utf-8"))
        yield typed


def run(typed: TypedIn, command: str) -> int:
    """Types one command; who is asked for a customer names one, who is asked whether something may be done says yes."""
    name, *words = command.replace("CUSTOMER", "Contoso").split()
    if name == "onboard":
        return typed.onboard(*words, *(["--yes"] if not {"--check", "--yes"} & set(words) else []))
    settings = [] if "--settings" in words else ["--settings", "local.settings.json"]
    code: int = importlib.import_module(f"sandbox.commands.{name.replace('-', '_')}").main([*settings, *words])
    return code


def test_every_command_of_the_set_up_pages_is_run_by_a_test() -> None:
    documented = {command for page, headings in PAGES.items() for heading in headings for command in typed_in(section(page, heading))}
    assert documented == {*IN_ORDER, *ELSEWHERE}


def test_the_commands_of_the_set_up_pages_lead_from_nothing_to_the_first_observed_run(typed: TypedIn, capsys: pytest.CaptureFixture[str]) -> None:
    for command in IN_ORDER:
        code = run(typed, command)
        said = capsys.readouterr()
        assert code == (1 if command in MEANT_TO_FAIL else 0), f"{command}\n{said.out}\n{said.err}"
    assert not typed.world.ledger.writes
