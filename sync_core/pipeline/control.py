"""The stop switch: one row, read before every single write to a PSA."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sync_core.ports import Store
from sync_core.rows import read, to_row, upsert

_TABLE = "control"
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
    row = read(store, _TABLE, _TABLE, _KEY, StopSwitch)
    return row.value if row else StopSwitch()


def set_stop_switch(store: Store, switch: StopSwitch) -> None:
    """Stops all writes, or lets them go on."""
    store.transact(_TABLE, [upsert(to_row(_TABLE, _KEY, switch))])
