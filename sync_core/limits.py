"""What Azure's tables, queues and blobs take. We check it ourselves before a call, so that every implementation of a port
refuses the same with the same ``ValueError``: the emulator lets some of it pass that the service refuses.

Sources: Microsoft Learn, "Understanding the Table service data model", "Performing entity group transactions", "Scalability and
performance targets for Table storage", "Naming queues and metadata" and "Naming containers, blobs, and metadata".
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache

from sync_core.ports import Row, RowWrite, Value, Write

MOST_KEY_CHARACTERS = 512
MOST_COLUMNS = 252
MOST_STRING_CHARACTERS = 32_768
MOST_ROW_BYTES = 1024 * 1024
MOST_WRITES = 100
MOST_TRANSACTION_BYTES = 1280 * 1024
"""Of all rows of a transaction, counted as rows are. The service takes 4 MiB of JSON, in which a character may be three times as
large, and with headers around each row."""
MOST_MESSAGE_BYTES = 48 * 1024
"""The service takes 64 KiB, which is 48 KiB before base64."""
MOST_DELAY_SECONDS = 7 * 24 * 3600
MOST_BLOB_NAME_CHARACTERS = 1024

_TABLE = re.compile(r"[A-Za-z][A-Za-z0-9]{2,62}")
_COLUMN = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}")
_SYSTEM_COLUMNS = frozenset({"PartitionKey", "RowKey", "Timestamp"})
_FORBIDDEN_IN_KEY = re.compile(r"[/\\#?%\x00-\x1f\x7f-\x9f]")  # % is allowed by the service, and breaks some of its clients
_QUEUE = re.compile(r"(?=.{3,63}\Z)[a-z0-9]+(-[a-z0-9]+)*")
_BLOB_PART = re.compile(r"[\w~+=@-]([\w.~+=@-]*[\w~+=@-])?", re.ASCII)
_EARLIEST = datetime(1601, 1, 1, tzinfo=UTC)


def checked(writes: Sequence[RowWrite]) -> tuple[RowWrite, ...]:
    """The writes of one transaction with their values as a table gives them back; raises ``ValueError`` when a limit is broken."""
    if len(writes) > MOST_WRITES:
        raise ValueError(f"A transaction takes at most {MOST_WRITES} writes, not {len(writes)}")
    if len({write.row.partition for write in writes}) > 1:
        raise ValueError("The writes of a transaction must be in one partition")
    if len({write.row.key for write in writes}) < len(writes):
        raise ValueError("A transaction writes each row at most once")
    stored = tuple(_checked_write(write) for write in writes)
    sizes = [row_bytes(write.row) for write in stored]
    if max(sizes, default=0) > MOST_ROW_BYTES:
        raise ValueError(f"A row takes at most {MOST_ROW_BYTES} bytes, each character counting as two")
    if sum(sizes) > MOST_TRANSACTION_BYTES:
        raise ValueError(f"The rows of a transaction take at most {MOST_TRANSACTION_BYTES} bytes together")
    return stored


def _checked_write(write: RowWrite) -> RowWrite:
    row = write.row
    check_key(row.partition)
    check_key(row.key)
    if write.write is Write.REPLACE and not row.etag:
        raise ValueError("Only a row that was read, and so has an ETag, can be replaced")
    values = {} if write.write is Write.DELETE else stored_values(row.values)
    return RowWrite(write.write, Row(row.partition, row.key, values, row.etag))


@lru_cache(maxsize=256)
def check_table(name: str) -> None:
    """Raises ``ValueError`` unless this can be the name of a table."""
    if not _TABLE.fullmatch(name):
        raise ValueError(f"Not a table name: {name!r}. It has 3 to 63 letters and digits and begins with a letter")


@lru_cache(maxsize=4096)
def check_key(key: str) -> None:
    """Raises ``ValueError`` unless this can be a partition or the key of a row."""
    if not 0 < _characters(key) <= MOST_KEY_CHARACTERS:
        raise ValueError(f"A key has 1 to {MOST_KEY_CHARACTERS} characters, not {len(key)}")
    if found := _FORBIDDEN_IN_KEY.search(key):
        raise ValueError(f"A key must not contain {found.group()!r}")


def stored_values(values: Mapping[str, Value]) -> dict[str, Value]:
    """The values as a table gives them back: plain types, times in UTC; raises ``ValueError`` for what a row cannot hold."""
    if len(values) > MOST_COLUMNS:
        raise ValueError(f"A row has at most {MOST_COLUMNS} columns, not {len(values)}")
    return {_checked_column(name): _stored_value(name, value) for name, value in values.items()}


@lru_cache(maxsize=1024)
def _checked_column(name: str) -> str:
    if not _COLUMN.fullmatch(name) or name in _SYSTEM_COLUMNS:
        raise ValueError(f"Not a column name: {name!r}")
    return name


def _stored_value(name: str, value: Value) -> Value:
    match value:
        case bool():
            return value
        case str():
            return _stored_string(name, str(value))
        case int() if -(2**63) <= value < 2**63:
            return int(value)
        case float() if math.isfinite(value):
            return value
        case datetime() if value.tzinfo is not None and value >= _EARLIEST:
            return value.astimezone(UTC)
    raise ValueError(
        f"Column {name} cannot hold this {type(value).__name__}: only text, booleans, integers of 64 bits, finite numbers and times with a zone"
    )


def _stored_string(name: str, text: str) -> str:
    if _characters(text) > MOST_STRING_CHARACTERS:
        raise ValueError(f"Column {name} has more than {MOST_STRING_CHARACTERS} characters")
    return text


def row_bytes(row: Row) -> int:
    """The size of a row by the formula that the service counts with, in which text is UTF-16."""
    keys = 4 + 2 * (_characters(row.partition) + _characters(row.key))
    return keys + sum(8 + 2 * len(name) + _value_bytes(value) for name, value in row.values.items())


def _value_bytes(value: Value) -> int:
    return 4 + 2 * _characters(value) if isinstance(value, str) else 8


def _characters(text: str) -> int:
    """Characters as the service counts them: UTF-16 code units. A ``ValueError`` says that a text is no valid Unicode."""
    if text.isascii():
        return len(text)
    try:
        return len(text.encode("utf-16-le")) // 2
    except UnicodeEncodeError:
        raise ValueError("The text holds half of a surrogate pair and is no valid Unicode") from None


def after(prefix: str) -> str:
    """The first key after all keys that start with ``prefix``."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)


def check_message(queue: str, body: str, delay: float) -> None:
    """Raises ``ValueError`` unless the message can be sent to a queue of this name."""
    if not _QUEUE.fullmatch(queue):
        raise ValueError(f"Not a queue name: {queue!r}. It has 3 to 63 lower-case letters, digits and single hyphens")
    if len(body.encode()) > MOST_MESSAGE_BYTES:
        raise ValueError(f"A message takes at most {MOST_MESSAGE_BYTES} bytes")
    if not 0 <= delay <= MOST_DELAY_SECONDS:
        raise ValueError(f"A message waits 0 to {MOST_DELAY_SECONDS} seconds, not {delay}")


def check_blob(name: str) -> None:
    """Raises ``ValueError`` unless this is a name that means the same blob in every tool: no empty part, none that climbs."""
    if len(name) > MOST_BLOB_NAME_CHARACTERS or not all(map(_BLOB_PART.fullmatch, name.split("/"))):
        raise ValueError(f"Not a blob name: {name!r}. Its parts, between slashes, have letters, digits and _ ~ + = @ - and, within, dots")
