"""The storage account, from the same settings that the Functions host reads its own from.

Under a prefix stands either a connection string or, for an identity, ``__accountName`` or the ``__…ServiceUri`` of each
service, ``__credential`` and ``__clientId`` (Microsoft Learn, "Connect to host storage with an identity"). One value is our own:
with ``azurecli`` as ``__credential`` a person's machine uses the sign-in of the Azure CLI, because it has no managed identity.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from sync_core.errors import InvalidConfiguration

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.data.tables import TableServiceClient
    from azure.storage.blob import BlobServiceClient
    from azure.storage.queue import QueueServiceClient

Client = TypeVar("Client")

# A request that waits longer than this is better put back into its queue. The SDKs' own values go up to minutes.
_OPTIONS: Mapping[str, Any] = {"connection_timeout": 10, "read_timeout": 30, "retry_total": 3}
_STORAGE_RETRIES: Mapping[str, Any] = {"initial_backoff": 1, "increment_base": 2, "random_jitter_range": 1}
_TABLE_RETRIES: Mapping[str, Any] = {"retry_backoff_max": 4}
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class StorageConnection:
    """The clients of one storage account, each made on first use and then shared by all threads.

    Args:
        settings: the app settings.
        prefix: which of them name the account.
        credential: stands in for the app's managed identity, for tests.
    """

    def __init__(self, settings: Mapping[str, str], prefix: str = "AzureWebJobsStorage", credential: TokenCredential | None = None) -> None:
        self._settings = settings
        self._prefix = prefix
        self._credential = credential
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()

    @property
    def tables(self) -> TableServiceClient:
        """The client for tables; raises ``InvalidConfiguration`` when the settings name no account."""
        from azure.data.tables import TableServiceClient

        return self._client("table", TableServiceClient, _TABLE_RETRIES)

    @property
    def queues(self) -> QueueServiceClient:
        """The client for queues; raises ``InvalidConfiguration`` when the settings name no account."""
        from azure.storage.queue import QueueServiceClient

        return self._client("queue", QueueServiceClient, _STORAGE_RETRIES)

    @property
    def blobs(self) -> BlobServiceClient:
        """The client for blobs; raises ``InvalidConfiguration`` when the settings name no account."""
        from azure.storage.blob import BlobServiceClient

        return self._client("blob", BlobServiceClient, _STORAGE_RETRIES)

    def fix(self, role: str) -> str:
        """What a person does when the account refuses the app a service that takes this role."""
        return f"Give the app's identity the role '{role}' on the storage account of {self._prefix} and let its network in, or correct the key"

    def _client(self, service: str, kind: Callable[..., Client], retries: Mapping[str, Any]) -> Client:
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._make(service, kind, {**_OPTIONS, **retries})
        client: Client = self._clients[service]
        return client

    def _make(self, service: str, kind: Any, options: Mapping[str, Any]) -> Any:
        connection_string = self._settings.get(self._prefix, "").strip()
        try:
            if connection_string:
                client = kind.from_connection_string(connection_string, **options)
            else:
                client = kind(self._service_url(service), credential=self._identity(), **options)
        except ValueError as error:
            raise self._invalid(str(error), "It is a connection string, or UseDevelopmentStorage=true") from error
        url = urlsplit(client.url)
        if url.scheme != "https" and url.hostname not in _LOOPBACK:
            raise self._invalid("it sends data in the clear to another machine", "Use https")
        return client

    def _service_url(self, service: str) -> str:
        url = self._setting(f"{service}ServiceUri")
        account = self._setting("accountName")
        if not url and not account:
            raise self._invalid("the app has no storage account", f"Set it to a connection string, or set {self._prefix}__accountName")
        return url or f"https://{account}.{service}.core.windows.net"

    def _identity(self) -> TokenCredential:
        if self._credential is None:
            match self._setting("credential").lower():
                case "" | "managedidentity":
                    self._credential = managed_identity(self._setting("clientId"))
                case "azurecli":
                    self._credential = person()
                case other:
                    raise self._invalid(f"__credential is {other!r}", "Only 'managedidentity' and, on a person's machine, 'azurecli' are known")
        return self._credential

    def _setting(self, name: str) -> str:
        return self._settings.get(f"{self._prefix}__{name}", "").strip()

    def _invalid(self, why: str, fix: str) -> InvalidConfiguration:
        return InvalidConfiguration(f"The setting {self._prefix} cannot be used: {why}", code="storage-connection", fix=fix)


def managed_identity(client_id: str = "") -> TokenCredential:
    """The app's own identity in Azure: the user-assigned one with this client id, else the system-assigned one.

    Not the SDK's default chain: that would probe for a developer's sign-ins first.
    """
    from azure.identity import ManagedIdentityCredential

    return ManagedIdentityCredential(client_id=client_id) if client_id else ManagedIdentityCredential()


def is_person(settings: Mapping[str, str], prefix: str = "AzureWebJobsStorage") -> bool:
    """Whether the settings say that a person's sign-in of the Azure CLI stands in for the app's identity."""
    return settings.get(f"{prefix}__credential", "").strip().lower() == "azurecli"


def person() -> TokenCredential:
    """Whoever is signed in to the Azure CLI on this machine."""
    from azure.identity import AzureCliCredential

    return AzureCliCredential()
