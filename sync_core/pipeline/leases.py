"""One writer at a time for an agreement: a row with an end, taken and given back by ETag."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sync_core.errors import Conflict, RetryLater
from sync_core.pipeline.context import Context
from sync_core.rows import delete, insert_or_replace, read, safe_key, to_row

_TABLE = "leases"
_BUSY = 15.0


@dataclass(frozen=True)
class Lease:
    """Who may write to an agreement, and until when (UTC)."""

    holder: str
    until: datetime


def acquire(context: Context, connection: str, agreement_id: str, holder: str) -> None:
    """Takes the lease for long enough to send one step and judge it, or renews it; raises ``RetryLater`` while another holds it."""
    now = context.clock.now()
    key = safe_key(agreement_id)
    there = read(context.store, _TABLE, connection, key, Lease)
    if there and there.value.holder != holder and there.value.until > now:
        raise RetryLater("Another plan is being written to this agreement", delay=_BUSY, where=f"{connection} {agreement_id}")
    settings = context.settings
    lease = Lease(holder, now + timedelta(seconds=4 * (settings.send_window_seconds + settings.write_deadline_seconds)))
    try:
        context.store.transact(_TABLE, [insert_or_replace(to_row(connection, key, lease, there.row.etag if there else ""))])
    except Conflict as error:
        raise RetryLater("Another plan is being written to this agreement", delay=_BUSY, where=f"{connection} {agreement_id}") from error


def release(context: Context, connection: str, agreement_id: str, holder: str) -> None:
    """Gives the lease back; one that somebody else has taken over by now is left to them."""
    there = read(context.store, _TABLE, connection, safe_key(agreement_id), Lease)
    if there and there.value.holder == holder:
        with suppress(Conflict):
            context.store.transact(_TABLE, [delete(there.row)])
