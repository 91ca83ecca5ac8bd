"""The commands of ``dev.py`` as a person types them, against the storage and the world of a chain."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from sandbox.commands import go, plan, stop, sync
from tests.nights.chain import Chain

COMMANDS: dict[str, ModuleType] = {"go": go, "plan": plan, "stop": stop, "sync": sync}


class CommandLine:
    """Runs commands; ``settings`` is the file that they read, ``said`` what the last one printed."""

    def __init__(self, chain: Chain, output: pytest.CaptureFixture[str], **settings: str) -> None:
        self._chain = chain
        self._output = output
        self.settings = chain.folder / "settings.json"
        self.said = ""
        kept = {"SYNC_SECRETS_FILE": str(chain.folder / "secrets.json"), **chain.settings, **settings}
        self.settings.write_text(json.dumps({"Values": kept}), encoding="utf-8")

    def run(self, command: str, *arguments: str) -> int:
        """The exit code of a command."""
        before = ["--settings", str(self.settings)]
        code = COMMANDS[command].main([*before, *arguments])
        said = self._output.readouterr()
        self.said = said.out + said.err
        return int(code)

    def sync(self, *arguments: str, configuration: str = "") -> int:
        """``dev.py sync`` with the world's configuration, unless another is given."""
        return self.run("sync", "--config", str(self._configuration(configuration)), "--report", str(self._report), *arguments)

    @property
    def report(self) -> dict[str, Any]:
        """What the last sync reported."""
        report: dict[str, Any] = json.loads(self._report.read_text(encoding="utf-8"))
        return report

    @property
    def _report(self) -> Path:
        return self._chain.folder / "report.json"

    def _configuration(self, text: str) -> Path:
        file = self._chain.folder / "configuration.yaml"
        file.write_text(text or self._chain.served.configuration_yaml, encoding="utf-8")
        return file
