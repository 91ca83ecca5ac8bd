"""Puts the product together: settings in, a context with real adapters out. The only place that knows every adapter."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from adapters.azure.blobs import AzureBlobs
from adapters.azure.connection import StorageConnection, is_person, managed_identity, person
from adapters.azure.queues import AzureQueues
from adapters.azure.secrets import KeyVaultSecrets, vault_client
from adapters.azure.tables import AzureTables
from adapters.clock import SystemClock
from adapters.environment_secrets import EnvironmentSecrets
from sync_core.model.configuration import Configuration, Connection, MailVia, Partner
from sync_core.pipeline.context import Context
from sync_core.ports import Blobs, Clock, Mail, Mailer, Microsoft, Psa, Queue, Secrets, Store, Tickets
from sync_core.settings import Settings

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

    from adapters.microsoft.graph import GraphService
    from sync_core.budget import Budget
    from sync_core.model.reports import RunReport

EVIDENCE = "evidence"
"""The blob container for snapshots and what a run reads once."""

Made = TypeVar("Made")


def context_from(environment: Mapping[str, str]) -> Context:
    """The world of the stages, from the app settings; connects to nothing yet. Raises ``InvalidConfiguration``."""
    settings = Settings.from_environment(environment)
    connection = StorageConnection(environment)
    clock = SystemClock()
    return assemble(
        settings,
        clock,
        AzureTables(connection),
        AzureQueues(connection),
        AzureBlobs(connection, EVIDENCE),
        secrets_from(settings, environment, clock),
    )


@contextmanager
def working_context(environment: Mapping[str, str]) -> Iterator[Context]:
    """The same for a process that ends, such as a command: what it holds of the PSAs' budgets is free for the next one at once."""
    context = context_from(environment)
    try:
        yield context
    finally:
        if isinstance(context.adapters, ConfiguredAdapters):
            context.adapters.give_back()


def assemble(settings: Settings, clock: Clock, store: Store, queue: Queue, blobs: Blobs, secrets: Secrets) -> Context:
    """A context over any storage, with the real adapters for Microsoft, the PSAs and mail."""
    return Context(settings, clock, store, queue, blobs, ConfiguredAdapters(settings, clock, store, blobs, secrets))


def secrets_from(settings: Settings, environment: Mapping[str, str], clock: Clock) -> Secrets:
    """The key vault of the settings; without one the environment, with what is put kept in ``SYNC_SECRETS_FILE`` when that is set.

    The vault is opened as the app's identity, or, where the storage is a person's sign-in of the Azure CLI, as that person.
    """
    if settings.key_vault_url:
        return KeyVaultSecrets(lambda: vault_client(settings.key_vault_url, _vault_identity(environment)), clock)
    file = environment.get("SYNC_SECRETS_FILE", "")
    return EnvironmentSecrets(environment, Path(file) if file else None)


def _vault_identity(environment: Mapping[str, str]) -> TokenCredential:
    return person() if is_person(environment) else managed_identity(environment.get("AZURE_CLIENT_ID", ""))


class ConfiguredAdapters:
    """The adapters that a configuration asks for, each made once a process and version, on first use."""

    def __init__(self, settings: Settings, clock: Clock, store: Store, blobs: Blobs, secrets: Secrets) -> None:
        self._settings = settings
        self._clock = clock
        self._store = store
        self._blobs = blobs
        self._secrets = secrets
        self._made: dict[tuple[str, object], object] = {}
        self._budgets: list[Budget] = []
        self._lock = threading.RLock()

    def microsoft(self, configuration: Configuration) -> Microsoft:
        """See ``Adapters.microsoft``. The sign-in and its tokens outlive a configuration version; the names do not."""

        def make() -> Microsoft:
            from adapters.microsoft.connect import microsoft_adapter

            partner = configuration.partner
            urls = {"names_url": self._settings.sku_names_url, "partner_center_url": self._settings.partner_center_url}
            return microsoft_adapter(partner, self._graph(partner), self._blobs, names=configuration.sku_names, **urls)

        return self._once("microsoft", configuration.version, make)

    def psa(self, configuration: Configuration, connection: str) -> Psa:
        """See ``Adapters.psa``."""

        def make() -> Psa:
            from adapters.psa import kind_named

            configured = configuration.connection(connection)
            kind = kind_named(configured.kind)
            return kind.connect(configured, self._secrets, self._budget(configured), self._clock, self._settings.write_deadline_seconds)

        return self._once(f"psa {connection}", configuration.version, make)

    def tickets(self, configuration: Configuration, connection: str) -> Tickets:
        """See ``Adapters.tickets``."""

        def make() -> Tickets:
            from adapters.psa import kind_named
            from adapters.psa.tickets import tickets_of

            configured = configuration.connection(connection)
            connect = tickets_of(kind_named(configured.kind)).connect
            return connect(configured, self._secrets, self._budget(configured), self._clock, self._settings.write_deadline_seconds)

        return self._once(f"tickets {connection}", configuration.version, make)

    def mailer(self, configuration: Configuration) -> Mailer:
        """See ``Adapters.mailer``."""

        def make() -> Mailer:
            notices = configuration.notices
            if notices.via is MailVia.SMTP:
                from adapters.mail.smtp import SmtpMailer, SmtpServer

                server = SmtpServer.usual(notices.smtp_host, notices.smtp_port, notices.smtp_user, notices.smtp_password_secret)
                return SmtpMailer(server, self._secrets, self._clock)
            from adapters.mail.graph import GraphMailer

            return GraphMailer(self._graph(configuration.partner), configuration.partner)

        return self._once("mailer", configuration.version, make)

    def secret_ends(self, name: str) -> datetime | None:
        """See ``Adapters.secret_ends``."""
        return self._secrets.ends(name)

    def render(self, report: RunReport) -> Mail:
        """See ``Adapters.render``."""
        from adapters.mail.digest import render

        return render(report)

    def give_back(self) -> None:
        """Lets go what is held of the PSAs' budgets; for a process that ends, with none of its requests under way."""
        with self._lock:
            for budget in self._budgets:
                budget.give_back()

    def _budget(self, configured: Connection) -> Budget:
        """This process's part in the budget of a connection."""
        from adapters.psa import kind_named
        from sync_core.budget import Budget

        budget = Budget(self._store, configured.name, kind_named(configured.kind).limits(configured), self._clock)
        self._budgets.append(budget)
        return budget

    def _graph(self, partner: Partner) -> GraphService:
        def make() -> GraphService:
            from adapters.microsoft.connect import graph_service

            urls = {"login_url": self._settings.login_url, "graph_url": self._settings.graph_url}
            return graph_service(partner, self._secrets, self._store, self._clock, **urls)

        return self._once("graph", partner, make)

    def _once(self, name: str, version: object, make: Callable[[], Made]) -> Made:
        """What was made under this name for this version; an older version's is let go."""
        with self._lock:
            if (name, version) not in self._made:
                made = make()
                for stale in [key for key in self._made if key[0] == name]:
                    del self._made[stale]
                self._made[(name, version)] = made
            return self._made[(name, version)]  # type: ignore[return-value]  # made under this name by the lines above
