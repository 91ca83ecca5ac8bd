"""Configuration versions in the store: who imported what and when; the newest one is current.

Table ``configuration``. Partition ``versions`` holds one head row a version and the row ``current``; a version's content lies in a
partition of its own, one row for the common part and one a customer. The content is written first; then one transaction adds the
head and moves ``current`` by its ETag. So a crash at any line leaves the old version current, and of two imports at once one wins.
"""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar, cast

from sync_core.configuration.differences import differences
from sync_core.documents import dumps
from sync_core.errors import InvalidConfiguration
from sync_core.limits import MOST_TRANSACTION_BYTES, MOST_WRITES, row_bytes
from sync_core.model.configuration import Configuration, CustomerConfiguration
from sync_core.ports import Row, RowWrite, Store
from sync_core.rows import from_row, insert, insert_or_replace, read, to_row, upsert

T = TypeVar("T")

TABLE = "configuration"
_HEADS = "versions"
_CURRENT = "current"
_COMMON = "common"
_SOURCE = "source"
_CUSTOMER = "customer-"
_MOST_CHANGES = 200


@dataclass(frozen=True)
class Version:
    """The head of a version. ``when`` is UTC; ``changes`` says in words what differs from the version before; ``partition`` holds its content."""

    number: int
    who: str
    when: datetime
    digest: str
    customers: int
    changes: tuple[str, ...] = ()
    comment: str = ""
    partition: str = ""


@dataclass(frozen=True)
class _Source:
    """The text of the file as it was imported, compressed."""

    packed: str


def current_version(store: Store) -> int | None:
    """The number of the current version, or ``None`` before the first import."""
    row = store.get(TABLE, _HEADS, _CURRENT)
    return int(str(row.values["version"])) if row else None


def versions(store: Store) -> tuple[Version, ...]:
    """The heads of all versions, oldest first."""
    return tuple(from_row(Version, row) for row in store.query(TABLE, _HEADS) if row.key != _CURRENT)


def imported_by(store: Store, number: int) -> str:
    """Who imported a version; raises ``InvalidConfiguration`` when there is none of that number."""
    return _head(store, number).who


def load_current(store: Store) -> Configuration:
    """The current version; raises ``InvalidConfiguration`` when none was imported."""
    number = current_version(store)
    if number is None:
        raise InvalidConfiguration("No configuration was imported yet", code="no-configuration", fix="Run: python3 dev.py config import FILE")
    return load_version(store, number)


def load_version(store: Store, number: int) -> Configuration:
    """A stored version, customers in the order of the file; raises ``InvalidConfiguration`` when there is none of that number.

    A process keeps it: rows are let go as they are understood, and what many customers have in common is held once.
    """
    partition = _head(store, number).partition
    common = read(store, TABLE, partition, _COMMON, Configuration)
    assert common is not None, "a version's content is stored before its head"
    known: dict[object, object] = {}
    customers = (from_row(CustomerConfiguration, row) for row in store.query(TABLE, partition, _CUSTOMER))
    return replace(common.value, customers=tuple(_shared(item, known) for item in customers), version=number)


def _shared(item: CustomerConfiguration, known: dict[object, object]) -> CustomerConfiguration:
    """The same customer, holding the first of all equal parts instead of its own."""

    def first(part: T) -> T:
        return cast(T, known.setdefault(part, part))

    links = (
        replace(
            link,
            item_id=first(link.item_id),
            profile=first(link.profile),
            connection=first(link.connection),
            company_id=first(link.company_id),
            agreement=first(link.agreement),
        )
        for link in item.links
    )
    return replace(item, links=tuple(links), excluded_skus=first(item.excluded_skus), guard_rails=first(item.guard_rails))


def load_source(store: Store, number: int) -> str:
    """The text of the file that a version was imported from; empty when it came without one."""
    row = store.get(TABLE, _head(store, number).partition, _SOURCE)
    return zlib.decompress(base64.b64decode(from_row(_Source, row).packed)).decode() if row else ""


def save_version(store: Store, configuration: Configuration, who: str, when: datetime, source: str = "", comment: str = "") -> Configuration:
    """Stores a version and makes it current; the same content and text again makes none and returns the current one.

    ``source`` is the text of the file, which export gives back with its comments; ``comment`` is the importer's word on it.

    Raises:
        Conflict: somebody else imported at the same time; nothing changed.
    """
    pointer = store.get(TABLE, _HEADS, _CURRENT)
    number = int(str(pointer.values["version"])) if pointer else 0
    digest = _digest(configuration, source)
    if number and _head(store, number).digest == digest:
        return load_version(store, number)
    changes = differences(load_version(store, number), configuration) if number else ("The first version.",)
    changes = changes[:_MOST_CHANGES] or ("Only the wording of the file.",)
    new = Version(number + 1, who, when, digest, len(configuration.customers), changes, comment, f"{number + 1:08}-{digest}")
    for batch in _batches(_content(new.partition, configuration, source)):
        store.transact(TABLE, batch)
    store.transact(TABLE, [insert(_head_row(new)), insert_or_replace(_pointer_row(new.number, pointer))])
    return replace(configuration, version=new.number)


def _head(store: Store, number: int) -> Version:
    row = store.get(TABLE, _HEADS, f"{number:08}")
    if row is None:
        raise InvalidConfiguration(
            f"There is no configuration version {number}",
            code="no-configuration",
            fix="Run: python3 dev.py config diff (without a file it lists the versions)",
        )
    return from_row(Version, row)


def _head_row(version: Version) -> Row:
    return to_row(_HEADS, f"{version.number:08}", version, who=version.who, when=version.when, summary=" ".join(version.changes)[:1000])


def _pointer_row(number: int, pointer: Row | None) -> Row:
    return Row(_HEADS, _CURRENT, {"version": number}, pointer.etag if pointer else "")


def _digest(configuration: Configuration, source: str) -> str:
    return hashlib.sha256(f"{dumps(replace(configuration, version=0))}\0{source}".encode()).hexdigest()[:16]


def _content(partition: str, configuration: Configuration, source: str) -> Iterator[Row]:
    yield to_row(partition, _COMMON, replace(configuration, customers=(), version=0))
    if source:
        yield to_row(partition, _SOURCE, _Source(base64.b64encode(zlib.compress(source.encode())).decode()))
    for index, item in enumerate(configuration.customers):
        yield to_row(partition, f"{_CUSTOMER}{index:06}", item, tenant_id=item.customer.tenant_id, name=item.customer.name)


def _batches(rows: Iterable[Row]) -> Iterator[Sequence[RowWrite]]:
    """Upserts in groups that a transaction takes: what a crashed import of the same content left is written over."""
    batch: list[RowWrite] = []
    size = 0
    for row in rows:
        length = row_bytes(row)
        if batch and (len(batch) == MOST_WRITES or size + length > MOST_TRANSACTION_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(upsert(row))
        size += length
    if batch:
        yield batch
