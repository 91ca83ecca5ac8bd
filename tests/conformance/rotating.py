"""Each PSA on a socket, its adapter with a key vault for its secrets, and a way to change the key at the PSA."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from adapters.azure.secrets import KeyVaultSecrets
from adapters.clock import SystemClock
from adapters.psa import kind_named
from sandbox.autotask import AutotaskSimulator
from sandbox.autotask.access import Access as AutotaskAccess
from sandbox.connectwise import ConnectWiseSimulator
from sandbox.connectwise.access import Access as ConnectWiseAccess
from sandbox.halopsa import HaloPsaSimulator
from sandbox.halopsa.access import Access as HaloPsaAccess
from sandbox.memory.store import MemoryStore
from sandbox.web import Application, Server, serve
from sync_core.budget import Budget
from sync_core.model.configuration import Connection
from sync_core.ports import Psa
from tests.conformance.autotask_subject import autotask_books
from tests.conformance.halopsa_subject import halopsa_books
from tests.conformance.subjects import connectwise_books
from tests.contract.vault import Vault


@dataclass
class Rotating:
    """A PSA and its adapter. ``secrets`` are values by the connection's words for them, the one that changes first."""

    kind: str
    simulator: Application
    settings: dict[str, str]
    secrets: dict[str, str]
    change: Callable[[str], object]
    """Makes the PSA take another secret than before."""
    vault: Vault = field(default_factory=Vault)

    def __post_init__(self) -> None:
        self.server: Server = serve(self.simulator)
        for name, value in self.secrets.items():
            self.vault.store(name.replace("_", "-"), value)
        self.psa = self._connected()

    def read(self) -> int:
        """How many agreements the adapter sees; raises ``StopRun`` when its key is refused."""
        return len(self.psa.read_headers(None))

    def renew(self, secret: str) -> None:
        """The PSA takes only this secret, and a person has stored it."""
        self.change(secret)
        self.vault.store(next(iter(self.secrets)).replace("_", "-"), secret)

    def close(self) -> None:
        """Stops serving."""
        self.server.close()

    def _connected(self) -> Psa:
        """As a process has it: what the vault gave is remembered, and no minute passes."""
        kind, clock = kind_named(self.kind), SystemClock()
        names = {name: name.replace("_", "-") for name in self.secrets}
        connection = Connection("psa", self.kind, self.server.url, settings={"calls_per_minute": "100000", **self.settings}, secrets=names)
        secrets = KeyVaultSecrets(self.vault.client, clock)
        return kind.connect(connection, secrets, Budget(MemoryStore(), "psa", kind.limits(connection), clock), clock)


def connectwise() -> Rotating:
    """ConnectWise, whose private key changes."""
    access = ConnectWiseAccess()
    settings = {"company": access.company_id, "client_id": min(access.client_ids)}
    secrets = {"private_key": access.private_key, "public_key": access.public_key}
    simulator = ConnectWiseSimulator(connectwise_books(), access)
    return Rotating("connectwise", simulator, settings, secrets, lambda secret: setattr(access, "private_key", secret))


def autotask() -> Rotating:
    """Autotask, whose API user's secret changes."""
    access = AutotaskAccess()
    secrets = {"secret": access.secret, "integration_code": access.integration_code}
    simulator = AutotaskSimulator(autotask_books(), access)
    return Rotating("autotask", simulator, {"username": access.user}, secrets, lambda secret: setattr(access, "secret", secret))


def halopsa() -> Rotating:
    """HaloPSA, whose application's secret changes; its tokens end with it."""
    access = HaloPsaAccess()

    def change(secret: str) -> None:
        access.client_secret = secret
        access.revoke()

    simulator = HaloPsaSimulator(halopsa_books(), access)
    return Rotating("halopsa", simulator, {"client_id": access.client_id}, {"client_secret": access.client_secret}, change)


ROTATING: dict[str, Callable[[], Rotating]] = {"connectwise": connectwise, "autotask": autotask, "halopsa": halopsa}
