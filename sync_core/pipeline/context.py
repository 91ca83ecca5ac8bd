"""What every stage is given: the ports, the settings, and the adapters made from a configuration version."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from sync_core.configuration.versions import current_version, load_version
from sync_core.errors import InvalidConfiguration
from sync_core.model.configuration import Configuration
from sync_core.model.reports import RunReport
from sync_core.ports import Blobs, Clock, Mail, Mailer, Microsoft, Psa, Queue, Store, Tickets
from sync_core.settings import Settings


class Adapters(Protocol):
    """Makes and keeps the adapters that a configuration version asks for."""

    def microsoft(self, configuration: Configuration) -> Microsoft:
        """The Microsoft side as this partner signs in to it."""
        ...

    def psa(self, configuration: Configuration, connection: str) -> Psa:
        """The PSA behind a connection."""
        ...

    def tickets(self, configuration: Configuration, connection: str) -> Tickets:
        """The tickets of the PSA behind a connection; raises ``InvalidConfiguration`` where that kind of PSA has none."""
        ...

    def mailer(self, configuration: Configuration) -> Mailer:
        """The way mail leaves."""
        ...

    def secret_ends(self, name: str) -> datetime | None:
        """Until when (UTC) a secret is good, as whoever stored it said, or ``None``; raises ``InvalidConfiguration`` when it cannot be read."""
        ...

    def render(self, report: RunReport) -> Mail:
        """The run's digest as a mail that still lacks sender, recipients and id."""
        ...


@dataclass
class Remembered:
    """What a process keeps between messages because it never changes: configuration versions and what a run read once for all."""

    configurations: dict[int, Configuration] = field(default_factory=dict)
    shared: dict[tuple[str, str], object] = field(default_factory=dict)


@dataclass(frozen=True)
class Context:
    """The world of the stages."""

    settings: Settings
    clock: Clock
    store: Store
    queue: Queue
    blobs: Blobs
    adapters: Adapters
    remembered: Remembered = field(default_factory=Remembered)

    def current_configuration(self) -> Configuration:
        """The newest version; raises ``InvalidConfiguration`` when none was imported."""
        version = current_version(self.store)
        if version is None:
            raise InvalidConfiguration("No configuration was imported yet", code="no-configuration", fix="Run: python3 dev.py config import FILE")
        return self.configuration(version)

    def configuration(self, version: int) -> Configuration:
        """A stored version, read once a process."""
        known = self.remembered.configurations
        if version not in known:
            loaded = load_version(self.store, version)
            known.clear()
            known[version] = loaded
        return known[version]
