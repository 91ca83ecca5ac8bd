"""The store in memory: the promises of Table Storage, and no more than these."""

from __future__ import annotations

import copy
import itertools
import threading
from collections.abc import Callable, Iterator, Sequence

from sync_core import limits
from sync_core.errors import Conflict
from sync_core.ports import Row, RowWrite, Write

OnCall = Callable[[str], None]
"""Is told each call before it happens, as ``store.transact runs``; what it raises, the caller sees, and nothing has happened."""


def quietly(call: str) -> None:
    """The ``OnCall`` that does nothing."""


class MemoryStore:
    """Tables in memory, for any number of threads.

    Args:
        on_call: see ``OnCall``. It is called outside of the store's lock, so it may use the store itself.
        page_size: how many rows a query takes at a time; what happens between two pages may be among its rows or not.
        checks: whether each call is held to the limits of the service.
    """

    def __init__(self, on_call: OnCall = quietly, page_size: int = 1000, checks: bool = True) -> None:
        self._on_call = on_call
        self._checks = checks
        self._page_size = page_size
        self._partitions: dict[tuple[str, str], dict[str, Row]] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    @property
    def held(self) -> dict[tuple[str, str], list[Row]]:
        """The rows by table and partition, for whoever looks on: no call is told."""
        with self._lock:
            return {place: list(rows.values()) for place, rows in self._partitions.items()}

    def copied(self) -> MemoryStore:
        """Another store that holds the same rows now."""
        other = MemoryStore(self._on_call, self._page_size, self._checks)
        with self._lock:
            other._partitions = {place: dict(rows) for place, rows in self._partitions.items()}
            other._numbers = copy.copy(self._numbers)
        return other

    def get(self, table: str, partition: str, key: str) -> Row | None:
        """See ``Store.get``."""
        self._check(table, partition, key)
        self._on_call(f"store.get {table}")
        with self._lock:
            return self._rows(table, partition).get(key)

    def query(self, table: str, partition: str, prefix: str = "", after: str = "") -> Iterator[Row]:
        """See ``Store.query``."""
        self._check(table, partition, *filter(None, (prefix,)))
        return itertools.chain.from_iterable(self._pages(table, partition, prefix, after))

    def partitions(self, table: str) -> Iterator[str]:
        """See ``Store.partitions``."""
        self._check(table)
        last = ""
        while True:
            self._on_call(f"store.partitions {table}")
            with self._lock:
                found = min((name for (of, name), rows in self._partitions.items() if of == table and rows and name > last), default="")
            if not found:
                return
            yield (last := found)

    def _pages(self, table: str, partition: str, prefix: str, last: str) -> Iterator[list[Row]]:
        while True:
            self._on_call(f"store.query {table}")
            with self._lock:
                rows = self._rows(table, partition)
                keys = sorted(key for key in rows if key.startswith(prefix) and key > last)
                page = [rows[key] for key in keys[: self._page_size]]
            yield page
            if len(keys) <= self._page_size:
                return
            last = page[-1].key

    def transact(self, table: str, writes: Sequence[RowWrite]) -> None:
        """See ``Store.transact``."""
        self._check(table)
        stored = limits.checked(writes) if self._checks else writes
        if not stored:
            return
        self._on_call(f"store.transact {table}")
        with self._lock:
            rows = self._rows(table, stored[0].row.partition)
            for write in stored:
                _demand(table, write, rows.get(write.row.key))
            for write in stored:
                self._apply(rows, write)

    def _check(self, table: str, *keys: str) -> None:
        if self._checks:
            limits.check_table(table)
            for key in keys:
                limits.check_key(key)

    def _apply(self, rows: dict[str, Row], write: RowWrite) -> None:
        if write.write is Write.DELETE:
            rows.pop(write.row.key, None)
        else:
            row = write.row
            rows[row.key] = Row(row.partition, row.key, row.values, f'W/"{next(self._numbers)}"')

    def _rows(self, table: str, partition: str) -> dict[str, Row]:
        return self._partitions.setdefault((table, partition), {})


def _demand(table: str, write: RowWrite, there: Row | None) -> None:
    """Raises ``Conflict`` unless the row that is there is as the write demands."""
    if not _allowed(write, there):
        raise Conflict(f"Row {write.row.key} was changed by somebody else", where=f"table {table}", why=f"The {write.write} was refused")


def _allowed(write: RowWrite, there: Row | None) -> bool:
    same = there is not None and there.etag == write.row.etag
    match write.write:
        case Write.INSERT:
            return there is None
        case Write.REPLACE:
            return same
        case Write.UPSERT:
            return True
        case Write.DELETE:
            return there is None or same or not write.row.etag
