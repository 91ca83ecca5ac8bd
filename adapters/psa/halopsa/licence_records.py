"""The licence records of a site: all of them once in a while for planning, those of a client anew where they have to be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from adapters.psa.halopsa.client import Client
from adapters.psa.halopsa.kept import Kept
from adapters.psa.halopsa.licences import LICENCE, MEMBERS
from adapters.psa.records import Record, text
from sync_core.ports import Clock

_ALL = "all"

ByClient = Mapping[str, Sequence[Record]]


class LicenceRecords:
    """The active records by client. Safe to share between threads."""

    def __init__(self, client: Client, clock: Clock, seconds: float) -> None:
        self._client = client
        self._kept: Kept[ByClient] = Kept(clock, seconds)

    def read_all(self) -> ByClient:
        """The records of all clients, read now."""
        began = self._kept.now()
        found: dict[str, list[Record]] = {}
        for record in self._client.records(LICENCE, {}):
            found.setdefault(text(record, "client_id"), []).append({name: record[name] for name in MEMBERS if name in record})
        self._kept.put(_ALL, found, began)
        return found

    def of(self, client_id: str, *, anew: bool) -> Sequence[Record]:
        """A client's records; ``anew`` reads them now, and otherwise all clients' may have been read a while ago."""
        if not anew:
            return (self._kept.get(_ALL) or self.read_all()).get(client_id, ())
        return [record for record in self._client.records(LICENCE, {"client_id": client_id}) if text(record, "client_id") == client_id]

    def one(self, number: str) -> Record | None:
        """One whole record as it is now, or ``None`` when there is none."""
        return self._client.one(LICENCE, number)
