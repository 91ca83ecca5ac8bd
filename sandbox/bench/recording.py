"""Records every HTTP request and every storage operation of our code, so that it can be counted, and repeated bare.

The simulators are wrapped where they are served, and the storage where the stages are handed it: nothing inside the product knows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sandbox.inspection import PREFIX
from sandbox.memory.counting import CountingBlobs, CountingQueue, CountingStore, Operation
from sandbox.web import Application, Request, Response
from sync_core.ports import Blobs, Queue, Row, RowWrite, Store, Write


@dataclass(frozen=True)
class Call:
    """An HTTP request as it arrived, and the name of the service that it arrived at."""

    service: str
    request: Request


@dataclass(frozen=True)
class Get:
    """A row was asked for."""

    table: str
    partition: str
    key: str


@dataclass(frozen=True)
class Query:
    """The rows of a partition were read."""

    table: str
    partition: str
    prefix: str


@dataclass(frozen=True)
class Transact:
    """Rows were written together."""

    table: str
    writes: tuple[RowWrite, ...]


Effect = Call | Get | Query | Transact


@dataclass
class Recording:
    """The requests and table operations in their order; ``operations`` lists all of the storage, queues and blobs among them."""

    effects: list[Effect] = field(default_factory=list)
    operations: list[Operation] = field(default_factory=list)

    def take(self) -> Recording:
        """What was recorded since the last time; it is forgotten here."""
        taken = Recording(self.effects[:], self.operations[:])
        self.effects.clear()
        self.operations.clear()
        return taken

    @property
    def calls(self) -> list[Call]:
        """The HTTP requests."""
        return [effect for effect in self.effects if isinstance(effect, Call)]

    @property
    def repeatable(self) -> bool:
        """Whether it can be done once more to the same end: rows are read, or get what they hold already, and nothing else is touched."""
        writes = [write.write for effect in self.effects if isinstance(effect, Transact) for write in effect.writes]
        only_tables = len(self.effects) - len(self.calls) == len(self.operations)
        return only_tables and all(write in (Write.REPLACE, Write.UPSERT) for write in writes)

    def application(self, service: str, application: Application) -> Application:
        """``application``, with each of its requests recorded; those of the inspection are none."""

        def recorded(request: Request) -> Response:
            if not request.path.startswith(PREFIX):
                self.effects.append(Call(service, request))
            return application(request)

        return recorded

    def store(self, store: Store) -> Store:
        """``store``, with each operation recorded."""
        return CountingStore(_RecordedStore(store, self.effects), self.operations)

    def queue(self, queue: Queue) -> Queue:
        """``queue``, with each message counted."""
        return CountingQueue(queue, self.operations)

    def blobs(self, blobs: Blobs) -> Blobs:
        """``blobs``, with each operation counted."""
        return CountingBlobs(blobs, self.operations)


@dataclass(frozen=True)
class _RecordedStore:
    store: Store
    effects: list[Effect]

    def get(self, table: str, partition: str, key: str) -> Row | None:
        self.effects.append(Get(table, partition, key))
        return self.store.get(table, partition, key)

    def query(self, table: str, partition: str, prefix: str = "", after: str = "") -> Iterator[Row]:
        self.effects.append(Query(table, partition, prefix))
        return self.store.query(table, partition, prefix, after)

    def partitions(self, table: str) -> Iterator[str]:
        return self.store.partitions(table)

    def transact(self, table: str, writes: Sequence[RowWrite]) -> None:
        if writes:
            self.effects.append(Transact(table, tuple(writes)))
        self.store.transact(table, writes)
