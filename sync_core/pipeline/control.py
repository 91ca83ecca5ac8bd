"""The stop switch: one row, read before every single write to a PSA."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sync_core.documents import to_document
from sync_core.model.history import Record, RecordKind
from sync_core.pipeline.history import record_write
from sync_core.ports import Store
from sync_core.rows import read, to_row, upsert

TABLE = "control"
"""The table, and its one partition."""
_KEY = "stop"


@dataclass(frozen=True)
class StopSwitch:
    """Whether all writes are stopped, why, and who said so."""

    stopped: bool = False
    reason: str = ""
    by: str = ""
    at: datetime | None = None


def stop_switch(store: Store) -> StopSwitch:
    """The switch as it stands."""
    row = read(store, TABLE, TABLE, _KEY, StopSwitch)
    return row.value if row else StopSwitch()


def set_stop_switch(store: Store, switch: StopSwitch) -> None:
    """Stops all writes, or lets them go on, and keeps for good that somebody did."""
    told = [record_write(TABLE, _record(switch, switch.at))] if switch.at else []
    store.transact(TABLE, [upsert(to_row(TABLE, _KEY, switch)), *told])


def _record(switch: StopSwitch, at: datetime) -> Record:
    return Record(at, RecordKind.SWITCHED, f"{switch.stopped} {switch.reason} {switch.by}", to_document(switch), by=switch.by)
