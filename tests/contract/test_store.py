"""What a store promises: rows by key, ETags, and transactions of all or nothing inside a partition."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from sync_core.errors import Conflict
from sync_core.ports import Row, RowWrite, Store, Value, Write

LETTERS = ("a", "b", "c", "d", "e")


def row(key: str = "k", text: str = "one", etag: str = "", partition: str = "p") -> Row:
    return Row(partition, key, {"text": text}, etag)


def insert(*rows: Row) -> list[RowWrite]:
    return [RowWrite(Write.INSERT, each) for each in rows]


def stored(store: Store, table: str, wanted: Row) -> Row:
    """The row as it is read back after it was stored."""
    store.transact(table, [RowWrite(Write.UPSERT, wanted)])
    found = store.get(table, wanted.partition, wanted.key)
    assert found is not None
    return found


def texts(store: Store, table: str, prefix: str = "") -> dict[str, Value]:
    """Key and text of every row, in the order of the query."""
    return {found.key: found.values["text"] for found in store.query(table, "p", prefix)}


def test_a_table_that_was_never_written_to_is_empty(store: Store, table: str) -> None:
    assert store.get(table, "p", "k") is None
    assert list(store.query(table, "p")) == []


@pytest.mark.parametrize("write", [Write.INSERT, Write.UPSERT])
@pytest.mark.parametrize("keys", [("a",), ("a", "b")])
def test_the_first_write_makes_the_table(store: Store, table: str, write: Write, keys: tuple[str, ...]) -> None:
    store.transact(table, [RowWrite(write, row(key)) for key in keys])
    assert tuple(texts(store, table)) == keys


def test_values_come_back_with_their_types(store: Store, table: str) -> None:
    values: dict[str, Value] = {
        "text": "Zürich \U0001f600 \u202e 'quoted' \"twice\"\n",
        "empty": "",
        "number": 7,
        "large": 2**40,
        "negative": -(2**31) - 1,
        "flag": True,
        "share": 2.0,
        "moment": datetime(2024, 2, 29, 23, 30, 1, 123456, tzinfo=UTC),
    }
    found = dict(stored(store, table, Row("p", "k", values)).values)
    assert found == values
    assert {name: type(value) for name, value in found.items()} == {name: type(value) for name, value in values.items()}


def test_a_time_of_another_zone_comes_back_in_utc(store: Store, table: str) -> None:
    moment = datetime(2024, 3, 31, 1, 30, tzinfo=timezone(timedelta(hours=11)))
    found = stored(store, table, Row("p", "k", {"moment": moment})).values["moment"]
    assert isinstance(found, datetime)
    assert (found, found.utcoffset()) == (moment, timedelta())


@pytest.mark.parametrize("key", ["it's", "a b", "x+y:z|=@,;&$()", "ü", "~", "-", "'"])
def test_a_key_may_hold_any_character_that_is_not_forbidden(store: Store, table: str, key: str) -> None:
    written = stored(store, table, Row(key, key, {"text": "one"}))
    assert list(store.query(table, key, key)) == [written]
    store.transact(table, [RowWrite(Write.REPLACE, written), RowWrite(Write.INSERT, row("other", partition=key))])
    store.transact(table, [RowWrite(Write.DELETE, Row(key, key))])
    assert store.get(table, key, key) is None


def test_an_insert_over_a_row_is_a_conflict_and_leaves_it(store: Store, table: str) -> None:
    store.transact(table, insert(row(text="first")))
    with pytest.raises(Conflict):
        store.transact(table, insert(row(text="second")))
    assert texts(store, table) == {"k": "first"}


def test_an_upsert_overwrites_the_whole_row(store: Store, table: str) -> None:
    stored(store, table, Row("p", "k", {"text": "one", "gone": 1}))
    assert stored(store, table, row(text="two")).values == {"text": "two"}


def test_every_write_gives_a_new_etag_even_of_the_same_values(store: Store, table: str) -> None:
    etags = {stored(store, table, row()).etag for _ in range(3)}
    assert len(etags) == 3
    assert "" not in etags


def test_a_replace_with_the_current_etag_overwrites_the_whole_row(store: Store, table: str) -> None:
    read = stored(store, table, Row("p", "k", {"text": "one", "gone": 1}))
    store.transact(table, [RowWrite(Write.REPLACE, row(text="two", etag=read.etag))])
    found = store.get(table, "p", "k")
    assert found is not None
    assert found.values == {"text": "two"}


def test_a_stale_etag_is_a_conflict(store: Store, table: str) -> None:
    read = stored(store, table, row())
    stored(store, table, row(text="somebody else's"))
    with pytest.raises(Conflict):
        store.transact(table, [RowWrite(Write.REPLACE, row(text="mine", etag=read.etag))])
    assert texts(store, table) == {"k": "somebody else's"}


def test_a_stale_etag_is_a_conflict_and_nothing_of_the_transaction_is_written(store: Store, table: str) -> None:
    read = stored(store, table, row())
    stored(store, table, row(text="somebody else's"))
    with pytest.raises(Conflict):
        store.transact(table, [*insert(row("a"), row("b")), RowWrite(Write.REPLACE, row(text="mine", etag=read.etag))])
    assert texts(store, table) == {"k": "somebody else's"}


def test_an_insert_over_a_row_is_a_conflict_and_nothing_of_the_transaction_is_written(store: Store, table: str) -> None:
    stored(store, table, row())
    with pytest.raises(Conflict):
        store.transact(table, insert(row("a"), row("k", "second")))
    assert texts(store, table) == {"k": "one"}


@pytest.mark.parametrize("others", [0, 1])
def test_a_replace_of_a_row_that_is_gone_is_a_conflict(store: Store, table: str, others: int) -> None:
    read = stored(store, table, row())
    store.transact(table, [RowWrite(Write.DELETE, row())])
    with pytest.raises(Conflict):
        store.transact(table, [*insert(row("other"))[:others], RowWrite(Write.REPLACE, read)])
    assert texts(store, table) == {}


def test_a_delete_without_an_etag_takes_any_row(store: Store, table: str) -> None:
    stored(store, table, row())
    store.transact(table, [RowWrite(Write.DELETE, row())])
    assert store.get(table, "p", "k") is None


@pytest.mark.parametrize("others", [0, 1])
def test_a_delete_with_a_stale_etag_is_a_conflict(store: Store, table: str, others: int) -> None:
    read = stored(store, table, row())
    stored(store, table, row(text="somebody else's"))
    with pytest.raises(Conflict):
        store.transact(table, [*insert(row("other"))[:others], RowWrite(Write.DELETE, read)])
    assert texts(store, table) == {"k": "somebody else's"}


@pytest.mark.parametrize("etag", ["", 'W/"old"'])
def test_deleting_rows_that_are_gone_does_not_hold_up_the_rest_of_the_transaction(store: Store, table: str, etag: str) -> None:
    gone = [RowWrite(Write.DELETE, row(key, etag=etag)) for key in ("a", "c")]
    store.transact(table, [gone[0], *insert(row("b")), gone[1], *insert(row("d"))])
    store.transact(table, gone)
    store.transact(table, gone[:1])
    assert tuple(texts(store, table)) == ("b", "d")


def test_a_transaction_may_mix_all_kinds_of_writes(store: Store, table: str) -> None:
    read = stored(store, table, row("replaced"))
    store.transact(table, insert(row("deleted")))
    writes = [(Write.REPLACE, row("replaced", "two", read.etag)), (Write.DELETE, row("deleted")), (Write.UPSERT, row("upserted"))]
    store.transact(table, [*insert(row("inserted")), *(RowWrite(kind, each) for kind, each in writes)])
    assert texts(store, table) == {"inserted": "one", "replaced": "two", "upserted": "one"}


def test_a_transaction_without_writes_does_nothing(store: Store, table: str) -> None:
    store.transact(table, [])
    assert texts(store, table) == {}


def test_a_query_gives_all_rows_of_a_partition_in_the_order_of_their_keys(store: Store, table: str) -> None:
    store.transact(table, insert(*(row(key) for key in reversed(LETTERS))))
    store.transact(table, insert(row("b", partition="another")))
    assert tuple(texts(store, table)) == LETTERS


def test_a_query_by_prefix_gives_the_keys_that_start_with_it(store: Store, table: str) -> None:
    keys = ("a", "b", "b-", "b-1", "b-ü", "b.", "ba", "c")
    store.transact(table, insert(*map(row, keys)))
    assert tuple(texts(store, table, "b-")) == ("b-", "b-1", "b-ü")
    assert set(texts(store, table, "b")) == set(keys) - {"a", "c"}


def test_a_query_goes_on_after_a_key(store: Store, table: str) -> None:
    store.transact(table, insert(*(row(key) for key in ("a-1", "a-2", "a-3", "b-1"))))
    assert [found.key for found in store.query(table, "p", "a-", "a-1")] == ["a-2", "a-3"]
    assert [found.key for found in store.query(table, "p", after="a-2")] == ["a-3", "b-1"]
    assert list(store.query(table, "p", "a-", "a-3")) == []


def test_partitions_come_once_each_and_in_order_as_long_as_they_hold_a_row(store: Store, table: str) -> None:
    assert list(store.partitions(table)) == []
    for partition in ("q", "p", "r"):
        store.transact(table, insert(row("a", partition=partition), row("b", partition=partition)))
    assert list(store.partitions(table)) == ["p", "q", "r"]
    store.transact(table, [RowWrite(Write.DELETE, row(key, partition="q")) for key in ("a", "b")])
    assert list(store.partitions(table)) == ["p", "r"]


def test_rows_carry_the_etag_that_a_replace_needs_however_they_were_read(store: Store, table: str) -> None:
    read = stored(store, table, row())
    assert list(store.query(table, "p")) == [read]


def test_a_row_that_was_read_stays_as_it_was(store: Store, table: str) -> None:
    """Neither a later write nor a change of the caller's own mapping reaches into it, or from it into the store."""
    values: dict[str, Value] = {"text": "one"}
    read = stored(store, table, Row("p", "k", values))
    values["text"] = "changed outside"
    stored(store, table, row(text="two"))
    assert read.values == {"text": "one"}
    assert texts(store, table) == {"k": "two"}


def test_a_query_of_more_rows_than_a_page_of_the_service_gives_them_all(store: Store, table: str) -> None:
    for start in range(0, 1100, 100):
        store.transact(table, insert(*(row(f"{number:04}") for number in range(start, start + 100))))
    assert len(texts(store, table)) == 1100
