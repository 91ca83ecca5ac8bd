"""Wrappers that list each storage operation of our code one by one, for the benchmark and for tests of what a stage costs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from sync_core.ports import Blobs, Queue, Row, RowWrite, Store

_VARIABLE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d[\dTZ:.+-]*", re.IGNORECASE)


@dataclass(frozen=True)
class Operation:
    """One call of a port: ``name`` says which, ``target`` the table, queue or blob; ids and times in texts are ``*``.

    ``rows`` counts the rows that were read or written. A query is one operation for each 200 rows, a transaction always one.
    """

    name: str
    target: str
    partition: str = ""
    rows: int = field(default=0, compare=False)


class CountingStore:
    """A store that appends what is asked of it to ``operations``."""

    def __init__(self, store: Store, operations: list[Operation]) -> None:
        self._store = store
        self._operations = operations

    def get(self, table: str, partition: str, key: str) -> Row | None:
        """See ``Store.get``."""
        row = self._store.get(table, partition, key)
        self._operations.append(Operation("get", table, kind(partition), int(row is not None)))
        return row

    def query(self, table: str, partition: str, prefix: str = "", after: str = "") -> Iterator[Row]:
        """See ``Store.query``. It is listed when it has been read to its end or is given up."""
        rows = 0
        try:
            for row in self._store.query(table, partition, prefix, after):
                rows += 1
                yield row
        finally:
            self._operations.append(Operation("query", table, kind(partition), rows))

    def partitions(self, table: str) -> Iterator[str]:
        """See ``Store.partitions``. Each is an operation."""
        for found in self._store.partitions(table):
            self._operations.append(Operation("partition", table))
            yield found

    def transact(self, table: str, writes: Sequence[RowWrite]) -> None:
        """See ``Store.transact``. One that is refused is an operation too; one without writes is none."""
        if writes:
            name = str(writes[0].write) if len(writes) == 1 else "transaction"
            self._operations.append(Operation(name, table, kind(writes[0].row.partition), len(writes)))
        self._store.transact(table, writes)


class CountingQueue:
    """A queue that appends what is sent to ``operations``."""

    def __init__(self, queue: Queue, operations: list[Operation]) -> None:
        self._queue = queue
        self._operations = operations

    def send(self, queue: str, body: str, delay: float = 0.0) -> None:
        """See ``Queue.send``."""
        self._operations.append(Operation("send", queue))
        self._queue.send(queue, body, delay)


class CountingBlobs:
    """Blobs that append what is asked of them to ``operations``."""

    def __init__(self, blobs: Blobs, operations: list[Operation]) -> None:
        self._blobs = blobs
        self._operations = operations

    def put(self, name: str, content: bytes) -> None:
        """See ``Blobs.put``."""
        self._operations.append(Operation("put blob", kind(name)))
        self._blobs.put(name, content)

    def get(self, name: str) -> bytes | None:
        """See ``Blobs.get``."""
        self._operations.append(Operation("get blob", kind(name)))
        return self._blobs.get(name)

    def names(self, prefix: str = "") -> Iterable[str]:
        """See ``Blobs.names``."""
        self._operations.append(Operation("list blobs", kind(prefix)))
        return self._blobs.names(prefix)

    def delete(self, name: str) -> None:
        """See ``Blobs.delete``."""
        self._operations.append(Operation("delete blob", kind(name)))
        self._blobs.delete(name)


def kind(text: str) -> str:
    """A partition or blob name with its ids and times as ``*``, so that the same work on different customers reads the same."""
    return _VARIABLE.sub("*", text)
