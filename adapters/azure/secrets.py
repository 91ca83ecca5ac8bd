"""Secrets in an Azure Key Vault."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from adapters.azure.failures import translated
from sync_core.errors import InvalidConfiguration
from sync_core.ports import Clock

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.keyvault.secrets import SecretClient

CACHE_SECONDS = 300.0
"""How long a value is used before the vault is asked again: a rotated secret works everywhere after this time."""


class KeyVaultSecrets:
    """The secrets of one vault, remembered in memory for a short time.

    Args:
        client: makes the vault's client on first use.
        clock: tells when a value is too old.
    """

    def __init__(self, client: Callable[[], SecretClient], clock: Clock) -> None:
        self._make_client = client
        self._clock = clock
        self._client: SecretClient | None = None
        self._values: dict[str, tuple[float, str, datetime | None]] = {}
        self._lock = threading.Lock()

    def get(self, name: str, fresh: bool = False) -> str:
        """See ``Secrets.get``."""
        return self._found(name, fresh)[1]

    def put(self, name: str, value: str, ends: datetime | None = None) -> None:
        """See ``Secrets.put``. The end becomes the expiry date that the portal shows, too."""
        with self._lock, translated(f"secret {name}", _fix("Key Vault Secrets Officer")):
            self._vault().set_secret(name, value, expires_on=ends)
            self._remember(name, value, ends)

    def ends(self, name: str) -> datetime | None:
        """See ``Secrets.ends``: the version's expiry date."""
        return self._found(name)[2]

    def _found(self, name: str, fresh: bool = False) -> tuple[float, str, datetime | None]:
        with self._lock:
            found = self._values.get(name)
            if fresh or found is None or self._clock.monotonic() - found[0] >= CACHE_SECONDS:
                found = self._remember(name, *self._read(name))
            return found

    def _read(self, name: str) -> tuple[str, datetime | None]:
        from azure.core.exceptions import ResourceNotFoundError

        with translated(f"secret {name}", _fix("Key Vault Secrets User")):
            try:
                secret = self._vault().get_secret(name)
                value, ends = secret.value, secret.properties.expires_on
            except ResourceNotFoundError:
                value, ends = None, None
        if not value:
            raise InvalidConfiguration(
                "The key vault has no such secret", code="secret-missing", where=f"secret {name}", fix="Add it to the vault, or correct its name"
            )
        return value, ends

    def _vault(self) -> SecretClient:
        if self._client is None:
            self._client = self._make_client()
        return self._client

    def _remember(self, name: str, value: str, ends: datetime | None) -> tuple[float, str, datetime | None]:
        self._values[name] = (self._clock.monotonic(), value, ends)
        return self._values[name]


def _fix(role: str) -> str:
    return f"Give the app's identity the role '{role}' on the key vault and let its network in"


def vault_client(vault_url: str, credential: TokenCredential, **options: Any) -> SecretClient:
    """The SDK's client of a vault, which waits seconds where the SDK by itself would wait minutes. ``options`` are the SDK's own."""
    from azure.keyvault.secrets import SecretClient

    return SecretClient(vault_url, credential, connection_timeout=10, read_timeout=30, retry_total=3, retry_backoff_max=4, **options)
