"""The bare loop: what our code did on the network, done again with nothing around it.

Plain ``requests`` and the storage SDK, on connections that stay open, with everything that is sent prepared beforehand; answers are
read and not understood. What our code takes beyond that is the price of what it does with them, and of doing it safely.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from typing import Any
from urllib.parse import quote

import requests
from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import TableClient, UpdateMode

from adapters.azure.connection import StorageConnection
from sandbox.bench.recording import Call, Effect, Get, Query, Recording, Transact
from sandbox.world.serving import Urls
from sync_core.limits import after
from sync_core.ports import RowWrite, Write

_OF_THE_CONNECTION = ("host", "content-length", "connection")
_SECONDS = 30


class BareLoop:
    """Repeats recordings against the same simulators and the same storage."""

    def __init__(self, urls: Urls, connection: StorageConnection) -> None:
        self._urls = asdict(urls)
        self._connection = connection
        self._tables: dict[str, TableClient] = {}
        self._session = requests.Session()
        self._session.trust_env = False  # looking for proxies and a .netrc would make it slower, and our ratio better

    def repeat(self, recording: Recording) -> float:
        """Does all of a repeatable recording once more; returns the CPU seconds of this thread."""
        actions = [self._prepared(effect) for effect in recording.effects]
        before = time.thread_time()
        for act in actions:
            act()
        return time.thread_time() - before

    def _prepared(self, effect: Effect) -> Callable[[], object]:
        match effect:
            case Call():
                return self._call(effect)
            case Get():
                return self._get(effect)
            case Query():
                return self._query(effect)
            case Transact():
                return self._transact(effect)

    def _call(self, call: Call) -> Callable[[], object]:
        request = call.request
        url = f"{self._urls[call.service]}{quote(request.path, safe='/$')}"
        headers = {name: value for name, value in request.headers.items() if name not in _OF_THE_CONNECTION}
        return lambda: self._session.request(
            request.method, url, params=request.query, headers=headers, data=request.body or None, timeout=_SECONDS
        ).raise_for_status()

    def _get(self, get: Get) -> Callable[[], object]:
        table = self._table(get.table)

        def act() -> None:
            with suppress(ResourceNotFoundError):
                table.get_entity(get.partition, get.key)

        return act

    def _query(self, query: Query) -> Callable[[], object]:
        condition, parameters = "PartitionKey eq @partition", {"partition": query.partition}
        if query.prefix:
            condition += " and RowKey ge @first and RowKey lt @after"
            parameters |= {"first": query.prefix, "after": after(query.prefix)}
        table = self._table(query.table)
        return lambda: list(table.query_entities(condition, parameters=parameters))

    def _transact(self, transact: Transact) -> Callable[[], object]:
        table = self._table(transact.table)
        operations = [_operation(write) for write in transact.writes]
        if len(operations) > 1:
            return lambda: table.submit_transaction(operations)
        name, entity, options = operations[0]
        return lambda: getattr(table, f"{name}_entity")(entity, **options)

    def _table(self, name: str) -> TableClient:
        if name not in self._tables:
            self._tables[name] = self._connection.tables.get_table_client(name)
        return self._tables[name]


def _operation(write: RowWrite) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """A rewrite as the SDK takes it. It demands no ETag: the row has got another by our own write, whose values it gets again."""
    entity = {"PartitionKey": write.row.partition, "RowKey": write.row.key, **write.row.values}
    return ("update" if write.write is Write.REPLACE else "upsert"), entity, {"mode": UpdateMode.REPLACE}
