"""The example app's queues as a test sees them, and the settings that a host of it needs."""

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from azure.storage.queue import QueueClient, TextBase64EncodePolicy

from sandbox.host.process import HostProcess
from sandbox.host.queues import create_queue
from tests.eventually import eventually

StartHost = Callable[..., HostProcess]
EXAMPLE_APP = Path(__file__).parent / "example_app"
SEEN = ("orders", "meetings", "long", "ticks")


@dataclass
class ExampleApp:
    """The queues of one example app, and the settings that a host of it needs."""

    connection_string: str
    prefix: str = field(default_factory=lambda: f"t{uuid.uuid4().hex[:10]}")

    def __post_init__(self) -> None:
        for function in SEEN:
            create_queue(self.queue(f"seen-{function}"))
        create_queue(self.queue("release"))

    def settings(self, **more: str) -> dict[str, str]:
        """App settings; the host id keeps the timers and keys of tests apart."""
        storage = {"AzureWebJobsStorage": self.connection_string, "AzureFunctionsWebHost__hostid": self.prefix}
        return {**storage, "PREFIX": self.prefix, "EXAMPLE_SCHEDULE": "0 0 0 1 1 *", **more}

    def queue(self, name: str) -> QueueClient:
        """The queue with this app's prefix, without any encoding."""
        return QueueClient.from_connection_string(self.connection_string, f"{self.prefix}-{name}")

    def send(self, queue: str, *bodies: str) -> None:
        """Send base64 messages, as the app's own code does; the queue is made if the host has not."""
        create_queue(self.queue(queue))
        client = QueueClient.from_connection_string(self.connection_string, f"{self.prefix}-{queue}", message_encode_policy=TextBase64EncodePolicy())
        for body in bodies:
            client.send_message(body)

    def seen(self, function: str, count: int) -> list[dict[str, Any]]:
        """The next ``count`` things that a function wrote down; waits for them."""
        return [json.loads(content) for content in self.contents(f"seen-{function}", count)]

    def contents(self, queue: str, count: int) -> list[str]:
        """The next ``count`` raw messages of a queue, which may not be there yet; waits for them and takes them out."""
        found: list[str] = []

        def take() -> bool:
            client = self.queue(queue)
            create_queue(client)
            for message in client.receive_messages(max_messages=count - len(found)):
                client.delete_message(message)
                found.append(message.content)
            return len(found) == count

        eventually(take)
        return found

    def waiting(self, queue: str) -> int:
        """How many messages a queue holds, visible or not."""
        return self.queue(queue).get_queue_properties().approximate_message_count or 0
