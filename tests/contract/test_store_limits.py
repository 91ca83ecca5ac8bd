"""What a store refuses before it asks the service, with the same words everywhere: the emulator would take some of it."""

import math
from datetime import datetime

import pytest

from sync_core import limits
from sync_core.ports import Row, RowWrite, Store, Value, Write


def upsert(**values: Value) -> list[RowWrite]:
    return [RowWrite(Write.UPSERT, Row("p", "k", values))]


def rows(count: int, **values: Value) -> list[RowWrite]:
    return [RowWrite(Write.UPSERT, Row("p", f"{number:03}", values)) for number in range(count)]


FULL_TEXTS = {f"text{number}": "x" * limits.MOST_STRING_CHARACTERS for number in range(15)}
REFUSED = {
    "101 writes": (rows(101), "at most 100 writes"),
    "two partitions": ([*rows(1), RowWrite(Write.UPSERT, Row("q", "a"))], "one partition"),
    "a row twice": (rows(1) * 2, "at most once"),
    "a row that was never read": ([RowWrite(Write.REPLACE, Row("p", "k"))], "that was read"),
    "253 columns": (upsert(**{f"c{number}": 1 for number in range(253)}), "at most 252 columns"),
    "a long text": (upsert(text="x" * 32_769), "more than 32768 characters"),
    "a long text of characters that count twice": (upsert(text="\U0001f600" * 16_385), "more than 32768 characters"),
    "a large row": (upsert(**FULL_TEXTS, last="x" * 32_768, more="x" * 12_000), "at most 1048576 bytes"),
    "a large transaction": (rows(3, **dict(list(FULL_TEXTS.items())[:8])), "bytes together"),
    "half a character": (upsert(text="\ud800"), "surrogate"),
    "an integer of 65 bits": (upsert(number=2**63), "integers of 64 bits"),
    "no number": (upsert(number=math.nan), "finite numbers"),
    "a time without a zone": (upsert(moment=datetime(2024, 1, 1)), "times with a zone"),
    "a column of the system": (upsert(Timestamp="x"), "Not a column name"),
    "a column with a dash": (upsert(**{"a-b": "x"}), "Not a column name"),
}


@pytest.mark.parametrize(("writes", "why"), REFUSED.values(), ids=REFUSED.keys())
def test_a_write_over_a_limit_is_refused_and_nothing_is_written(store: Store, table: str, writes: list[RowWrite], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        store.transact(table, writes)
    assert list(store.query(table, "p")) == []


def test_a_write_right_at_the_limits_is_taken(store: Store, table: str) -> None:
    longest = "k" * limits.MOST_KEY_CHARACTERS
    store.transact(table, [RowWrite(Write.INSERT, Row("p", longest, {f"c{number}": 1 for number in range(252)}))])
    store.transact(table, [RowWrite(Write.INSERT, Row("p", "large", FULL_TEXTS))])
    store.transact(table, rows(100, text="é" * 6_500))
    assert len(list(store.query(table, "p"))) == 102


BAD_KEYS = ["", "k" * 513, "\U0001f600" * 257, "a/b", "a\\b", "a#b", "a?b", "a%b", "a\tb", "a\0b", "a\x85b"]


@pytest.mark.parametrize("key", BAD_KEYS)
def test_a_key_that_the_service_forbids_is_refused_by_every_call(store: Store, table: str, key: str) -> None:
    with pytest.raises(ValueError, match="key"):
        store.get(table, "p", key)
    with pytest.raises(ValueError, match="key"):
        store.query(table, key)
    for bad in (Row("p", key), Row(key, "k")):
        with pytest.raises(ValueError, match="key"):
            store.transact(table, [RowWrite(Write.DELETE, bad)])


@pytest.mark.parametrize("name", ["", "ab", "1st", "with-dash", "t" * 64])
def test_a_table_name_that_the_service_forbids_is_refused_by_every_call(store: Store, name: str) -> None:
    with pytest.raises(ValueError, match="table name"):
        store.get(name, "p", "k")
    with pytest.raises(ValueError, match="table name"):
        store.query(name, "p")
    with pytest.raises(ValueError, match="table name"):
        store.transact(name, upsert())


def test_a_refusal_never_repeats_what_a_row_holds(store: Store, table: str) -> None:
    with pytest.raises(ValueError, match="Column text") as refused:
        store.transact(table, upsert(text="personal" * 5_000))
    assert "personal" not in str(refused.value)
