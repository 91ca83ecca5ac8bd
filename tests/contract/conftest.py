"""The implementations that the promises are played on."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from adapters.azure.blobs import AzureBlobs
from adapters.azure.connection import StorageConnection
from adapters.azure.queues import AzureQueues
from adapters.azure.tables import AzureTables
from sandbox.memory.blobs import MemoryBlobs
from sandbox.memory.clock import ManualClock
from sandbox.memory.queue import MemoryQueue
from sandbox.memory.store import MemoryStore
from sync_core.ports import Blobs, Queue, Store

IMPLEMENTATIONS = ["memory", "azurite"]
Arrived = Callable[[str], list[str]]


@pytest.fixture(params=IMPLEMENTATIONS)
def implementation(request: pytest.FixtureRequest) -> str:
    """Which implementation a test runs on."""
    return str(request.param)


@pytest.fixture
def connection(request: pytest.FixtureRequest) -> StorageConnection:
    """A connection to the running Azurite."""
    return StorageConnection({"AzureWebJobsStorage": request.getfixturevalue("azurite").connection_string})


@pytest.fixture
def store(implementation: str, request: pytest.FixtureRequest) -> Store:
    """A store; in memory with pages of two rows, so that every query goes over pages."""
    return MemoryStore(page_size=2) if implementation == "memory" else AzureTables(request.getfixturevalue("connection"))


@pytest.fixture
def table() -> str:
    """The name of a table that nobody has used."""
    return f"t{uuid4().hex}"


@pytest.fixture
def blobs(implementation: str, request: pytest.FixtureRequest) -> Blobs:
    """Blobs in a container that nobody has used."""
    return MemoryBlobs() if implementation == "memory" else AzureBlobs(request.getfixturevalue("connection"), f"c{uuid4().hex}")


@pytest.fixture
def queue_name() -> str:
    """The name of a queue that nobody has used."""
    return f"q-{uuid4().hex}"


@pytest.fixture
def queue_and_arrived(implementation: str, request: pytest.FixtureRequest) -> Iterator[tuple[Queue, Arrived]]:
    """A queue, and what the host would receive from it now."""
    if implementation == "memory":
        memory = MemoryQueue(ManualClock())
        yield memory, lambda name: [message.body for message in iter(lambda: memory.receive(name), None)]
    else:
        azure: Any = request.getfixturevalue("connection")
        yield AzureQueues(azure), lambda name: _received(azure, name)


def _received(connection: StorageConnection, name: str) -> list[str]:
    from azure.storage.queue import TextBase64DecodePolicy

    client = connection.queues.get_queue_client(name, message_decode_policy=TextBase64DecodePolicy())
    return [message.content for message in client.receive_messages(messages_per_page=32)]
