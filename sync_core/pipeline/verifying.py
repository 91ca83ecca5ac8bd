"""The ring: where nothing has changed since a customer's lines were found as they should be, they are read again only every few days.

With ``SYNC_VERIFY_DAYS`` above 1, a daily run leaves out the lines of a customer whose counts, configuration, agreements and bindings
are what they were when its lines were last read and nothing was to be changed. Each day reads its share of such customers, spread by a
hash. What is left out comes to no change, so no write ever rests on it, and right before a write everything is read anew as ever.
What a person changes in the PSA is so found within that many days instead of the next night.
"""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Any

from sync_core.billing import ReconcileInput, cannot_bill, moves
from sync_core.documents import dumps
from sync_core.events import event
from sync_core.model.runs import Run, RunKind
from sync_core.pipeline.customers import CustomerRecord, Verified
from sync_core.settings import Settings


def rests(settings: Settings, run: Run, record: CustomerRecord, known: ReconcileInput) -> bool:
    """Whether the customer's lines are not read in this run. ``known`` is all but the lines."""
    verified = record.last.value.verified if record.last else None
    if settings.verify_days == 1 or verified is None or run.kind is not RunKind.DAILY or record.live.value.on_show:
        return False
    day = _day(run)
    if not 0 <= (day - verified.day).days < settings.verify_days or _has_its_turn(record.tenant_id, day, settings.verify_days):
        return False
    if moves(known) or verified.basis != _basis(known):
        return False
    event("lines.unread", run=run.run_id, customer=record.tenant_id, read=verified.day.isoformat())
    return True


def verified_now(settings: Settings, run: Run, known: ReconcileInput, changes: int) -> Verified | None:
    """What is remembered of lines that were read in this run; nothing where something was to be changed, asked or waited for."""
    if settings.verify_days == 1 or changes or known.moves:
        return None
    return Verified(_day(run), _basis(known))


def _has_its_turn(tenant_id: str, day: date, days: int) -> bool:
    share = int.from_bytes(hashlib.sha256(tenant_id.encode()).digest()[:4])
    return (day.toordinal() + share) % days == 0


def _basis(known: ReconcileInput) -> str:
    """A fingerprint of all that the last plan came from but the lines, and of what only passing days change."""
    heads = sorted(known.heads, key=lambda head: (head.connection, head.agreement_id))
    over = [cannot_bill(head, known.business_dates[head.connection]) for head in heads]
    people = {
        item_id: sorted((user.user_id, user.display_name, user.user_principal_name) for user in users) for item_id, users in known.people.items()
    }
    parts: tuple[Any, ...] = (
        known.links,
        known.questions,
        known.items,
        known.bindings,
        known.failed,
        known.rails,
        known.private,
        heads,
        over,
        people,
    )
    return hashlib.sha256("\n".join(map(dumps, parts)).encode()).hexdigest()[:24]


def _day(run: Run) -> date:
    return max(run.business_dates.values(), default=run.slot.date())
