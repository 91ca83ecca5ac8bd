"""What a partner is committed to: units of subscriptions with a term of a year or longer, which Microsoft bills until they renew.

Microsoft takes units back in the first days after they were bought or renewed (new commerce: 168 hours, each addition by itself),
and then no more. So what was held for longer than that is remembered until the renewal, also where fewer are held now.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta

from sync_core.counting.terms import term_of
from sync_core.model.licences import Source, Subscription, SubscriptionStatus, UsageSnapshot
from sync_core.model.terms import Commitment

TAKEN_BACK = timedelta(days=7)
"""How long Microsoft takes added units back (Partner Center, "Cancel a new-commerce subscription": 168 hours)."""

_USABLE = (SubscriptionStatus.ENABLED, SubscriptionStatus.WARNING)

Commitments = Mapping[str, Commitment]
"""By subscription id."""


def carried(known: Commitments, rows: Iterable[Subscription], snapshot: UsageSnapshot) -> dict[str, Commitment]:
    """The commitments after a read. ``rows`` are the subscriptions that we sold; one that is gone keeps its commitment until it runs out."""
    today = snapshot.read_at.date()
    kept = {name: each for name, each in known.items() if today < each.renews}
    for row in rows:
        if row.status is not SubscriptionStatus.ENABLED:
            continue
        term, before = term_of(row, snapshot), known.get(row.subscription_id)
        if term.committed and term.renews and today < term.renews:
            kept[row.subscription_id] = _held(row, before, today, term.renews, str(term))
        elif row.subscription_id in kept:  # its term is not known at present
            kept[row.subscription_id] = _seen(kept[row.subscription_id], row.seats, today)
    return kept


def _held(row: Subscription, before: Commitment | None, today: date, renews: date, words: str) -> Commitment:
    if before is None or today >= before.renews:
        begun = before.renews if before else row.created.date() if row.created else date.min
        return _seen(Commitment(row.sku_id, 0, row.seats, begun, renews, words), row.seats, today)
    return _seen(replace(before, renews=renews, term=words), row.seats, today)


def _seen(known: Commitment, seats: int, today: date) -> Commitment:
    since = today if seats > known.newest else known.since
    units = max(known.units, min(known.newest, seats)) if today - known.since > TAKEN_BACK else known.units
    return replace(known, units=units, newest=seats, since=since)


def short_of(row: Subscription, commitments: Commitments) -> int:
    """How many units fewer a subscription holds than are committed."""
    known = commitments.get(row.subscription_id)
    return max(known.units - row.seats, 0) if known and row.status is SubscriptionStatus.ENABLED else 0


def lapsed(item_id: str, rows: Iterable[Subscription], commitments: Commitments) -> tuple[str, ...]:
    """In words, the commitments of a SKU whose subscription is no longer there, or cannot be used any more."""
    states = {row.subscription_id: row.status for row in rows}
    return tuple(
        f"{known.units} were committed until {known.renews} by a subscription that is {str(states.get(name, 'gone')).lower()}: "
        "cancelled, moved to another seller, or exchanged for another one?"
        for name, known in sorted(commitments.items())
        if known.item_id == item_id and known.units and states.get(name) not in _USABLE
    )


def remembered(commitments: Commitments, snapshot: UsageSnapshot, unsettled: Iterable[str]) -> dict[str, Commitment]:
    """What has to be kept for the next read. A subscription that is gone is forgotten once no line bills more than is counted.

    ``unsettled`` are the ids of the SKUs of which one still does. What could not be read is kept.
    """
    there, open_items = {row.subscription_id for row in snapshot.subscriptions if row.status in _USABLE}, frozenset(unsettled)
    return {
        name: each for name, each in commitments.items() if name in there or each.item_id in open_items or Source.SUBSCRIPTIONS in snapshot.failed
    }
