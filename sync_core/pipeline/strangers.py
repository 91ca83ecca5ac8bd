"""Who has plans and is no configured customer: a company of the PSA whose lines are cut over, or a customer that was taken out of the configuration.

Each has a partition of its own in the table ``customers``, as configured customers have, so that everything that protects a write holds for it too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from sync_core.errors import Conflict
from sync_core.model.configuration import Configuration, CustomerConfiguration
from sync_core.model.customers import Customer, Mode
from sync_core.ports import Row, Store
from sync_core.rows import insert, read, to_row, upsert

TABLE = "cutovers"
_STRANGERS = "strangers"
_ASKING = "asking"


@dataclass(frozen=True)
class Stranger:
    """``key`` is the partition: of a company made from its id, of a former customer its tenant id."""

    key: str
    name: str

    @property
    def item(self) -> CustomerConfiguration:
        """The stranger as the stages take it: without links, and writing only what a person approved."""
        return CustomerConfiguration(Customer(self.key, self.name, mode=Mode.APPROVE))


def key_of_company(connection: str, company_id: str) -> str:
    """The partition of a company that no configured customer bills to."""
    digest = hashlib.sha256(f"{connection}\n{company_id}".encode()).hexdigest()
    return f"company-{digest[:16]}"


def keep_strangers(store: Store, strangers: Sequence[Stranger]) -> None:
    """Notes who they are; the first name stays."""
    for stranger in strangers:
        with suppress(Conflict):
            store.transact(TABLE, [insert(to_row(_STRANGERS, stranger.key, stranger))])


def note_asking(store: Store, configuration: Configuration, keys: Sequence[str]) -> None:
    """Notes which of these are strangers with a plan that waits for a person: an undo. Of all others no plan waits."""
    for key in keys:
        if configuration.customer(key) is None:
            store.transact(TABLE, [upsert(Row(_ASKING, key))])


def asking_strangers(store: Store) -> Iterator[str]:
    """The strangers of whom a plan may wait for a person, by their keys."""
    return (row.key for row in store.query(TABLE, _ASKING))


def customer_or_stranger(store: Store, configuration: Configuration, key: str) -> CustomerConfiguration | None:
    """What is configured for a tenant; for a stranger, what stands in for it; else ``None``."""
    if item := configuration.customer(key):
        return item
    stored = read(store, TABLE, _STRANGERS, key, Stranger)
    return stored.value.item if stored else None


def items_of(store: Store, configuration: Configuration, keys: Sequence[str]) -> Iterator[CustomerConfiguration]:
    """The customers and strangers among these, in this order."""
    found = (customer_or_stranger(store, configuration, key) for key in keys)
    return (item for item in found if item)
