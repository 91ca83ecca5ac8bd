"""The store on Azure Table Storage.

A write is sent once. If the SDK repeated one whose answer was lost, the second would meet the row that the first one left,
and report a conflict with ourselves. So a lost answer is ``RetryLater`` here: the stage runs again, reads what is there and goes
on from that, as it does after a duplicate message. Reads are repeated by the SDK.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from adapters.azure.connection import StorageConnection
from adapters.azure.failures import error_code, translated
from sync_core import limits
from sync_core.errors import Conflict
from sync_core.ports import Row, RowWrite, Value, Write

if TYPE_CHECKING:
    from azure.core.exceptions import HttpResponseError
    from azure.data.tables import TableClient

ROLE = "Storage Table Data Contributor"
_ONCE: Mapping[str, Any] = {"retry_total": 0}
_KEYS = ("PartitionKey", "RowKey")
_INT32 = range(-(2**31), 2**31)
_PAGE = 200
"""Rows that one answer of a query brings. Azure gives up to 1,000, and the SDK holds them several times over while it reads them."""


class AzureTables:
    """Rows in the tables of a storage account. A table is made when it is first written to."""

    def __init__(self, connection: StorageConnection) -> None:
        self._connection = connection
        self._clients: dict[str, TableClient] = {}

    def get(self, table: str, partition: str, key: str) -> Row | None:
        """See ``Store.get``."""
        from azure.core.exceptions import ResourceNotFoundError

        limits.check_key(partition)
        limits.check_key(key)
        with self._translated(table):
            try:
                return _to_row(self._client(table).get_entity(partition, key))
            except ResourceNotFoundError:
                return None

    def query(self, table: str, partition: str, prefix: str = "", after: str = "") -> Iterator[Row]:
        """See ``Store.query``. Rows come by the page, so a change made while they are read may be among them."""
        limits.check_key(partition)
        condition, parameters = "PartitionKey eq @partition", {"partition": partition}
        if prefix:
            limits.check_key(prefix)
            condition += " and RowKey ge @first and RowKey lt @after"
            parameters |= {"first": prefix, "after": limits.after(prefix)}
        if after:
            limits.check_key(after)
            condition += " and RowKey gt @reached"
            parameters |= {"reached": after}
        return self._rows(self._client(table), condition, parameters)

    def partitions(self, table: str) -> Iterator[str]:
        """See ``Store.partitions``."""
        from azure.core.exceptions import ResourceNotFoundError

        client, last = self._client(table), ""
        with self._translated(table):
            while True:
                found = client.query_entities("PartitionKey gt @last", parameters={"last": last}, select=["PartitionKey"], results_per_page=1)
                try:
                    row = next(iter(found), None)
                except ResourceNotFoundError:  # the table was never written to
                    return
                if row is None:
                    return
                last = row["PartitionKey"]
                yield last

    def _rows(self, client: TableClient, condition: str, parameters: dict[str, str]) -> Iterator[Row]:
        from azure.core.exceptions import ResourceNotFoundError

        with self._translated(client.table_name):
            try:
                yield from map(_to_row, client.query_entities(condition, parameters=parameters, results_per_page=_PAGE))
            except ResourceNotFoundError:  # the table was never written to
                return

    def transact(self, table: str, writes: Sequence[RowWrite]) -> None:
        """See ``Store.transact``. ``RetryLater`` means that the writes may have been done or not."""
        from azure.core.exceptions import HttpResponseError

        client, pending = self._client(table), limits.checked(writes)
        with self._translated(table):
            try:
                _commit(client, pending)
            except HttpResponseError as error:
                if error_code(error) != "TableNotFound":
                    raise
                self._connection.tables.create_table_if_not_exists(table)
                _commit(client, pending)

    def _client(self, table: str) -> TableClient:
        if table not in self._clients:
            limits.check_table(table)
            with self._translated(table):
                self._clients[table] = self._connection.tables.get_table_client(table)
        return self._clients[table]

    def _translated(self, table: str) -> AbstractContextManager[None]:
        return translated(f"table {table}", self._connection.fix(ROLE))


def _commit(client: TableClient, writes: tuple[RowWrite, ...]) -> None:
    """Sends the writes; where the service refuses a delete because the row is gone already, again without that delete."""
    from azure.core.exceptions import HttpResponseError

    while writes:
        try:
            return _send(client, writes)
        except HttpResponseError as error:
            if not _disagrees(error):
                raise
            refused = getattr(error, "index", 0)
            if error.status_code != 404 or writes[refused].write is not Write.DELETE:
                raise _conflict(client.table_name, writes[refused]) from error
            writes = writes[:refused] + writes[refused + 1 :]
    return None


def _disagrees(error: HttpResponseError) -> bool:
    """Whether the service refused because of the row that is there, or is not."""
    codes = ("EntityAlreadyExists", "UpdateConditionNotSatisfied", "ConditionNotMet", "ResourceNotFound", "EntityNotFound")
    return error_code(error) in codes


def _conflict(table: str, write: RowWrite) -> Conflict:
    return Conflict(f"Row {write.row.key} was changed by somebody else", where=f"table {table}", why=f"The {write.write} was refused")


def _send(client: TableClient, writes: tuple[RowWrite, ...]) -> None:
    if len(writes) > 1:
        client.submit_transaction([_operation(write) for write in writes], **_ONCE)
        return
    name, entity, condition = _operation(writes[0])
    send = getattr(client, f"{name}_entity")  # the SDK calls a single write by the same name as one of a transaction
    send(entity, **condition, **_ONCE)


def _operation(write: RowWrite) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """The write as the SDK's transactions take it: its name, the entity and the condition."""
    from azure.core import MatchConditions
    from azure.data.tables import UpdateMode

    entity = _to_entity(write.row)
    unchanged = {"etag": write.row.etag, "match_condition": MatchConditions.IfNotModified}
    match write.write:
        case Write.INSERT:
            return "create", entity, {}
        case Write.UPSERT:
            return "upsert", entity, {"mode": UpdateMode.REPLACE}
        case Write.REPLACE:
            return "update", entity, {"mode": UpdateMode.REPLACE, **unchanged}
        case Write.DELETE:
            return "delete", entity, unchanged if write.row.etag else {}


def _to_entity(row: Row) -> dict[str, Any]:
    return {"PartitionKey": row.partition, "RowKey": row.key, **{name: _to_property(value) for name, value in row.values.items()}}


def _to_property(value: Value) -> Any:
    is_long = isinstance(value, int) and value not in _INT32
    return (value, "Edm.Int64") if is_long else value


def _to_row(entity: Any) -> Row:
    values = {name: _from_property(value) for name, value in entity.items() if name not in _KEYS}
    return Row(entity["PartitionKey"], entity["RowKey"], values, entity.metadata["etag"])


def _from_property(value: Any) -> Value:
    if isinstance(value, datetime):
        return datetime.combine(value.date(), value.time(), UTC)
    result: Value = value[0] if isinstance(value, tuple) else value
    return result
