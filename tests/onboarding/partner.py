"""A partner on its first day: the simulated Microsoft and PSA with nothing registered, an empty vault, and a person who answers."""

from __future__ import annotations

import io
import socket
from collections.abc import Iterable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests

from adapters.azure.secrets import KeyVaultSecrets
from sandbox.connectwise.access import Door
from sandbox.memory.blobs import MemoryBlobs
from sandbox.memory.clock import ManualClock
from sandbox.memory.store import MemoryStore
from sandbox.microsoft.directory import CLOUD_APPLICATION_ADMINISTRATOR, DIRECTORY_READERS
from sandbox.onboarding.answers import Written
from sandbox.onboarding.session import Line, Session, State
from sandbox.onboarding.starter import Starter
from sandbox.onboarding.steps import ready, run
from sandbox.terminal import Terminal
from sandbox.world import ServedWorld, World, seeded_world
from sync_core.errors import Rejected
from sync_core.settings import Settings
from tests.contract.vault import Vault

START = datetime(2026, 1, 15, 2, 0, tzinfo=UTC)
PSA_SECRETS = {"connectwise-public-key": "sandbox-public-key", "connectwise-private-key": "sandbox-private-key"}


def first_day(world: World) -> World:
    """Takes the world back to before the set-up: GDAP relationships are there, and nothing else. They let the service account consent."""
    world.directory.forget_application()
    for relationship in world.directory.relationships:
        relationship.roles = (DIRECTORY_READERS, CLOUD_APPLICATION_ADMINISTRATOR)
    return world


def answers(world: World, psa_url: str, **more: Any) -> dict[str, Any]:
    """What a person would answer."""
    access = world.connectwise.access
    return {
        "tenant_id": world.directory.partner.tenant_id,
        "psa": "connectwise",
        "psa_url": psa_url,
        "psa_company": access.company_id,
        "psa_client_id": min(access.client_ids),
        **more,
    }


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class FirstDay:
    """The world served, a vault in memory, and sessions over one starter file. Use it as a context manager."""

    def __init__(self, folder: Path, customers: int = 3) -> None:
        self.clock = ManualClock(START)
        self.world = first_day(seeded_world(customers, now=self.clock.now))
        self.microsoft, self.directory = self.world.microsoft, self.world.directory
        self.vault = Vault(self.clock.now)
        for name, value in PSA_SECRETS.items():
            self.vault.store(name, value)
        self.store, self.blobs, self.path = MemoryStore(), MemoryBlobs(), folder / "starter.yaml"
        self.said = io.StringIO()
        self.port, self.operator_tenant = free_port(), self.directory.partner
        with ExitStack() as opening:
            self.served = opening.enter_context(ServedWorld(self.world))
            self._opened = opening.pop_all()

    def session(self, look_only: bool = False, agrees: bool = True, **more: Any) -> Session:
        """A further run of the command over what is there; ``more`` are answers."""
        given = answers(self.world, self.served.urls.psa, **more)
        return Session(
            starter=Starter.read(self.path),
            settings=Settings.from_environment(self.served.urls.settings),
            secrets=KeyVaultSecrets(self.vault.client, self.clock),
            store=self.store,
            blobs=self.blobs,
            clock=self.clock,
            answers=Written(given, agrees),
            terminal=Terminal(self.said, {}),
            operator_token=self._operator,
            open_browser=lambda address: requests.get(address, timeout=10),
            look_only=look_only,
            redirect_port=self.port,
            sleep=self.clock.advance,
        )

    def run(self, *steps: str, **options: Any) -> list[Line]:
        """The lines of these steps, or of all."""
        return run(self.session(**options), steps)

    def set_up(self) -> None:
        """Everything is done and green."""
        lines = self.run()
        assert ready(lines), [line for line in lines if line.state is not State.READY]

    def refuse_key(self) -> None:
        """The PSA takes the key no more."""
        self.world.connectwise.access.door = Door.UNAUTHORIZED

    def later(self, **time: float) -> None:
        """Time goes by."""
        self.clock.advance(timedelta(**time).total_seconds())

    def _operator(self, tenant_id: str) -> str:
        if self.operator_tenant.tenant_id != tenant_id:
            raise Rejected("Nobody is signed in to the Azure CLI for the partner's tenant", code="no-operator", fix="az login")
        return self.microsoft.operator_token()

    def close(self) -> None:
        """Stops serving."""
        self._opened.close()

    def __enter__(self) -> FirstDay:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def of(lines: Iterable[Line], part: str) -> Line:
    """The only line of a part that begins like this."""
    (found,) = [line for line in lines if line.part.startswith(part)]
    return found
