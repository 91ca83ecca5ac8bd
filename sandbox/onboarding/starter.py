"""The starter file: the partner and the connections of a configuration, as far as they are known yet."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from adapters.configuration.sku_table import known_skus
from adapters.configuration.yaml_file import read_text
from adapters.psa.kind import Kind
from sandbox.configuration_tool import CHECKERS
from sync_core.configuration.nodes import InvalidFile
from sync_core.errors import InvalidConfiguration
from sync_core.model.configuration import Configuration

_HEAD = """\
# Where the app signs in and which PSA it bills in. Written by: python3 dev.py onboard
# The customers come with: python3 dev.py config discover {name}
"""


@dataclass
class Starter:
    """The file and what is in it. Names of secrets stand in it, never their values."""

    path: Path
    document: dict[str, Any]

    @classmethod
    def read(cls, path: Path) -> Starter:
        """The file as it is; an empty one when there is none yet. Raises ``InvalidConfiguration`` when it is no YAML."""
        try:
            found = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}
        except yaml.YAMLError:
            found = None
        if not isinstance(found, dict):
            raise InvalidConfiguration("The starter file is no configuration", where=path.name, fix="Move it away, and start again")
        return cls(path, found)

    @property
    def partner(self) -> dict[str, Any]:
        """The section ``partner``."""
        section: dict[str, Any] = self.document.setdefault("partner", {})
        return section

    @property
    def tenant_id(self) -> str:
        """The partner's tenant id, empty while it is not known."""
        return str(self.partner.get("tenant_id") or "").lower()

    @property
    def application_id(self) -> str:
        """The id of the app registration, empty while it is not known."""
        return str(self.partner.get("application_id") or "").lower()

    @property
    def connections(self) -> dict[str, Any]:
        """The section ``connections``."""
        section: dict[str, Any] = self.document.setdefault("connections", {})
        return section

    def set_partner(self, **members: str) -> None:
        """Enters what is known of the partner, and keeps it."""
        self.partner.update(members)
        self.keep()

    def add_connection(self, name: str, kind: Kind, url: str, time_zone: str, settings: dict[str, str]) -> None:
        """Enters a PSA, whose secrets get names, and keeps it."""
        secrets = {secret: f"{name}-{secret.replace('_', '-')}" for secret in kind.secrets}
        self.connections[name] = {"kind": kind.name, "url": url, "time_zone": time_zone, "settings": settings, "secrets": secrets}
        self.keep()

    def keep(self) -> None:
        """Writes the file in one move. Comments of a file that a person wrote are lost, so a complete one is never written."""
        text = _HEAD.format(name=self.path.name) + yaml.safe_dump(self.document, sort_keys=False, allow_unicode=True)
        beside = self.path.with_name(f"{self.path.name}.new")
        beside.write_text(text, encoding="utf-8")
        beside.replace(self.path)

    def configuration(self) -> Configuration:
        """What the file says; raises ``InvalidConfiguration`` while it says too little, with what is missing."""
        try:
            return read_text(yaml.safe_dump(self.document, sort_keys=False), known_skus(), self.path.name, CHECKERS).configuration
        except InvalidFile as error:
            faults = " ".join(problem.text(self.path.name) for problem in error.problems)
            fix = "Run the step start: python3 dev.py onboard --step start"
            raise InvalidConfiguration("The starter file is not complete", where=self.path.name, why=faults, fix=fix) from None
