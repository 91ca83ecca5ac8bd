"""Dataclasses as rows: the document in pieces that fit a property, and the columns a person reads in a storage browser."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from sync_core.documents import dumps, loads, replace_texts
from sync_core.ports import Row, RowWrite, Store, Value, Write

T = TypeVar("T")

_DOCUMENT = "document_"
_PIECE = 30_000
"""Characters of a document in one property; the service allows 32,768."""
_UNSAFE = re.compile(r"[^A-Za-z0-9_.~@+-]")


def safe_key(text: str) -> str:
    """A key from any text: characters that table keys do not allow, and the escape itself, become ``=hex=``."""
    return _UNSAFE.sub(lambda found: f"={ord(found.group()):x}=", text)


def to_row(partition: str, key: str, value: object, etag: str = "", **columns: Value) -> Row:
    """The row that holds ``value``; ``columns`` are shown beside the document and not read back."""
    return Row(partition, key, {**columns, **_pieces(dumps(value))}, etag)


def from_row(kind: type[T], row: Row) -> T:
    """The value in a row; raises ``ValueError`` when the row holds something else."""
    return loads(kind, _document(row))


def _document(row: Row) -> str:
    number, text = 0, ""
    while (piece := row.values.get(f"{_DOCUMENT}{number}")) is not None:
        text += str(piece)
        number += 1
    return text


def _pieces(text: str) -> dict[str, Value]:
    return {f"{_DOCUMENT}{number}": text[start : start + _PIECE] for number, start in enumerate(range(0, len(text), _PIECE))}


def rewritten(row: Row, change: Callable[[str], str]) -> Row | None:
    """The row with every text in its document and its columns put through ``change``; ``None`` where that changes nothing.

    For what is the same for all documents, whatever they say; names of members and keys stay as they are.
    """
    text = _document(row)
    document = json.loads(text) if text else None
    after = replace_texts(document, change)
    columns = {name: change(value) if isinstance(value, str) else value for name, value in row.values.items() if not name.startswith(_DOCUMENT)}
    new = Row(row.partition, row.key, {**columns, **(_pieces(dumps(after)) if text else {})}, row.etag)
    return None if dict(new.values) == dict(row.values) else new


def insert(row: Row) -> RowWrite:
    """A write that demands that the row is not there."""
    return RowWrite(Write.INSERT, row)


def replace_row(row: Row) -> RowWrite:
    """A write that demands that nobody changed the row since it was read."""
    return RowWrite(Write.REPLACE, row)


def upsert(row: Row) -> RowWrite:
    """A write over whatever is there."""
    return RowWrite(Write.UPSERT, row)


def insert_or_replace(row: Row) -> RowWrite:
    """An insert for a row that was never read, a replace for one that was."""
    return replace_row(row) if row.etag else insert(row)


def delete(row: Row) -> RowWrite:
    """A delete that demands that nobody changed the row since it was read (an empty ETag: whatever is there)."""
    return RowWrite(Write.DELETE, row)


@dataclass(frozen=True)
class Stored(Generic[T]):
    """A value together with the row it was read from: its ETag says whether somebody else moved first."""

    value: T
    row: Row


def read(store: Store, table: str, partition: str, key: str, kind: type[T]) -> Stored[T] | None:
    """The value in a row, or ``None`` when there is no such row."""
    row = store.get(table, partition, key)
    return None if row is None else Stored(from_row(kind, row), row)
