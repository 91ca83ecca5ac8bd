"""Halo's items, read once in a while: lines name them by id, and people by name."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.psa.halopsa import reading
from adapters.psa.halopsa.client import Client
from adapters.psa.halopsa.kept import Kept
from adapters.psa.halopsa.refusals import understood
from sync_core.model.agreements import Product
from sync_core.ports import Clock

_ALL = "all"


class Catalogue:
    """The active items of one site, kept for some seconds after each read. Safe to share between threads."""

    def __init__(self, connection: str, client: Client, clock: Clock, seconds: float) -> None:
        self._where = f"PSA connection {connection}, items"
        self._client = client
        self._kept: Kept[Mapping[str, Product]] = Kept(clock, seconds)

    def items(self) -> Mapping[str, Product]:
        """The items by id; raises ``Rejected`` when one of them cannot be read."""
        found = self._kept.get(_ALL)
        if found is None:
            began = self._kept.now()
            found = self._read()
            self._kept.put(_ALL, found, began)
        return found

    def _read(self) -> Mapping[str, Product]:
        query = {"includeactive": "true", "includeinactive": "false"}
        return understood(self._where, lambda: reading.items(self._client.records("Item", query)))
