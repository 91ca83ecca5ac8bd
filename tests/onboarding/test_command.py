"""The whole way as a person types it: ``dev.py onboard``, ``config discover`` and the first observed run, against served simulators."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from adapters.environment_secrets import variable
from sandbox.azurite import Azurite
from sandbox.commands import config, onboard, sync
from sandbox.world import ServedWorld, World, seeded_world
from tests.onboarding.partner import PSA_SECRETS, answers, first_day, free_port


class TypedIn:
    """A folder with a settings file, and commands typed in it."""

    def __init__(self, folder: Path, azurite: Azurite, served: ServedWorld) -> None:
        self.folder, self.served, self.world = folder, served, served.world
        self.secrets, self.port = folder / "secrets.json", free_port()
        values = {
            "AzureWebJobsStorage": azurite.connection_string,
            "SYNC_SECRETS_FILE": str(self.secrets),
            **served.urls.settings,
            **{variable(name): value for name, value in PSA_SECRETS.items()},
        }
        self.write("settings.json", json.dumps({"Values": values}))
        self.write("answers.yaml", yaml.safe_dump(answers(self.world, served.urls.psa)))

    def write(self, name: str, text: str) -> None:
        """A file in the folder."""
        (self.folder / name).write_text(text, encoding="utf-8")

    def path(self, name: str) -> str:
        """A file in the folder."""
        return str(self.folder / name)

    def onboard(self, *arguments: str) -> int:
        """The command, with the person's answers in a file and their browser at hand."""
        before = ["--settings", self.path("settings.json"), "--starter", self.path("starter.yaml"), "--answers", self.path("answers.yaml")]
        return onboard.main(
            [*before, "--redirect-port", str(self.port), "--json", self.path("table.json"), *arguments],
            operator_token=lambda tenant_id: self.world.microsoft.operator_token(self.world.directory.tenant(tenant_id)),
            open_browser=lambda address: requests.get(address, timeout=10),
            sleep=lambda seconds: self.world.clock.forward(timedelta(seconds=seconds)),
        )

    @property
    def table(self) -> dict[str, Any]:
        """The readiness table of the last run."""
        return dict(json.loads((self.folder / "table.json").read_text(encoding="utf-8")))


@pytest.fixture
def typed(tmp_path: Path) -> Iterator[TypedIn]:
    """A partner's first day, with storage of its own."""
    world: World = first_day(seeded_world(customers=3))
    with ServedWorld(world) as served, Azurite() as azurite:
        yield TypedIn(tmp_path, azurite, served)


def test_from_nothing_to_the_first_observed_run(typed: TypedIn, capsys: pytest.CaptureFixture[str]) -> None:
    settings = ["--settings", typed.path("settings.json")]
    assert typed.onboard("--check") == 1
    assert not (typed.folder / "starter.yaml").exists()

    assert typed.onboard("--yes") == 0
    assert typed.table["ready"] and {part["state"] for part in typed.table["parts"]} == {"ready"}
    said = capsys.readouterr().out
    assert "All is ready" in said and "config discover starter.yaml" in said

    configuration = typed.path("configuration.yaml")
    assert config.main([*settings, "discover", typed.path("starter.yaml"), "--output", configuration]) == 0
    assert sync.main([*settings, "--config", configuration, "--report", typed.path("report.json")]) == 0
    report = json.loads((typed.folder / "report.json").read_text(encoding="utf-8"))
    assert {customer["state"] for customer in report["customers"]} <= {"done", "held"}
    assert {customer["name"] for customer in report["customers"]} == {"Contoso", "Fabrikam"}  # whose the third is stays a question in the draft
    assert report["psaWrites"] == []

    assert typed.onboard("--check") == 0, [part for part in typed.table["parts"] if part["state"] != "ready"]
    kept = json.loads(typed.secrets.read_text(encoding="utf-8"))
    seen = said + capsys.readouterr().out + "".join(path.read_text(encoding="utf-8") for path in typed.folder.glob("*.yaml"))
    assert [name for name, put in kept.items() if put["value"] in seen] == []


def test_a_question_that_nobody_answers_is_named(typed: TypedIn, capsys: pytest.CaptureFixture[str]) -> None:
    typed.write("answers.yaml", "psa: connectwise\n")
    assert typed.onboard("--step", "start") == 1
    assert "Add tenant_id to the file of answers" in capsys.readouterr().out


def test_answers_that_are_no_answers_are_refused(typed: TypedIn, capsys: pytest.CaptureFixture[str]) -> None:
    typed.write("answers.yaml", "[")
    assert typed.onboard() == 1
    assert "The file of answers cannot be read" in capsys.readouterr().err


def test_a_starter_that_is_none_is_refused_and_left_alone(typed: TypedIn, capsys: pytest.CaptureFixture[str]) -> None:
    typed.write("starter.yaml", "[")
    assert typed.onboard("--yes") == 1
    assert "starter file is no configuration" in capsys.readouterr().err
    assert (typed.folder / "starter.yaml").read_text(encoding="utf-8") == "["
