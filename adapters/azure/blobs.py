"""Blobs in one container of a storage account."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from typing import TYPE_CHECKING

from adapters.azure.connection import StorageConnection
from adapters.azure.failures import translated
from sync_core import limits

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient

ROLE = "Storage Blob Data Contributor"


class AzureBlobs:
    """Evidence in one container, which is made when it is first written to."""

    def __init__(self, connection: StorageConnection, container: str) -> None:
        self._connection = connection
        self._container = container

    def put(self, name: str, content: bytes) -> None:
        """See ``Blobs.put``; raises ``ValueError`` when the name is not safe."""
        from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

        with self._translated(name):
            client = self._client(name)
            try:
                client.upload_blob(content, overwrite=True)
            except ResourceNotFoundError:
                with suppress(ResourceExistsError):  # another worker was first
                    self._connection.blobs.create_container(self._container)
                client.upload_blob(content, overwrite=True)

    def get(self, name: str) -> bytes | None:
        """See ``Blobs.get``."""
        from azure.core.exceptions import ResourceNotFoundError

        with self._translated(name):
            try:
                return self._client(name).download_blob().readall()
            except ResourceNotFoundError:
                return None

    def names(self, prefix: str = "") -> Iterator[str]:
        """See ``Blobs.names``."""
        from azure.core.exceptions import ResourceNotFoundError

        with self._translated(prefix):
            try:
                yield from self._connection.blobs.get_container_client(self._container).list_blob_names(name_starts_with=prefix or None)
            except ResourceNotFoundError:  # the container was never written to
                return

    def delete(self, name: str) -> None:
        """See ``Blobs.delete``."""
        from azure.core.exceptions import ResourceNotFoundError

        with self._translated(name), suppress(ResourceNotFoundError):
            self._client(name).delete_blob()

    def _client(self, name: str) -> BlobClient:
        limits.check_blob(name)
        return self._connection.blobs.get_blob_client(self._container, name)

    def _translated(self, name: str) -> AbstractContextManager[None]:
        return translated(f"blob {self._container}/{name}", self._connection.fix(ROLE))
