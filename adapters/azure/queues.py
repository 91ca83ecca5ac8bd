"""The queues of a storage account, encoded as the Functions host reads them."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import TYPE_CHECKING

from adapters.azure.connection import StorageConnection
from adapters.azure.failures import translated
from sync_core import limits

if TYPE_CHECKING:
    from azure.storage.queue import QueueClient

ROLE = "Storage Queue Data Contributor"
_NEVER = -1


class AzureQueues:
    """Sends messages that never expire, in base64. A queue is made when it is first sent to.

    The SDK sends a message again when the answer was lost, so that it may arrive twice, as any message may.
    """

    def __init__(self, connection: StorageConnection) -> None:
        self._connection = connection
        self._clients: dict[str, QueueClient] = {}

    def send(self, queue: str, body: str, delay: float = 0.0) -> None:
        """See ``Queue.send``. The delay is rounded up to whole seconds; raises ``ValueError`` when the message breaks a limit."""
        from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

        limits.check_message(queue, body, delay)
        with translated(f"queue {queue}", self._connection.fix(ROLE)):
            client = self._client(queue)
            try:
                client.send_message(body, visibility_timeout=math.ceil(delay), time_to_live=_NEVER)
            except ResourceNotFoundError:
                with suppress(ResourceExistsError):  # another worker was first
                    client.create_queue()
                client.send_message(body, visibility_timeout=math.ceil(delay), time_to_live=_NEVER)

    def _client(self, queue: str) -> QueueClient:
        from azure.storage.queue import TextBase64EncodePolicy

        if queue not in self._clients:
            self._clients[queue] = self._connection.queues.get_queue_client(queue, message_encode_policy=TextBase64EncodePolicy())
        return self._clients[queue]
