"""Counts the SKUs of a usage snapshot.

Billed is what we sold: the seats of ``/directory/subscriptions`` rows that are no trial and whose seller is one of ours.
What somebody else sold, trials and suspended seats are noted, never billed and never silently dropped. A number that the
snapshot contradicts, or that a failed source leaves open, is no number but a question.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from sync_core.counting.commitments import Commitments, carried, lapsed, short_of
from sync_core.counting.sources import unread
from sync_core.counting.terms import term_of
from sync_core.model.billing import CountedItem
from sync_core.model.configuration import DIRECT, Partner
from sync_core.model.custom_licences import custom_name, part_name
from sync_core.model.licences import AppliesTo, PrepaidUnits, Sku, Source, Subscription, SubscriptionStatus, UsageSnapshot
from sync_core.model.terms import Term

NOBODY_KNOWS = "Microsoft does not say which subscription a person sits on: bill it by what was bought."
_UNUSABLE = (SubscriptionStatus.SUSPENDED, SubscriptionStatus.LOCKED_OUT)


NO_COMMITMENTS: Commitments = {}


def count(
    snapshot: UsageSnapshot, partner: Partner, excluded: frozenset[str], names: Mapping[str, str], commitments: Commitments = NO_COMMITMENTS
) -> tuple[CountedItem, ...]:
    """One item per SKU that either list names, in the order of their ids; ``excluded`` and the keys of ``names`` are SKU ids.

    ``commitments`` are those of ``commitments_after`` this read.
    """
    skus = {sku.sku_id: sku for sku in snapshot.skus}
    rows: dict[str, list[Subscription]] = {}
    for row in snapshot.subscriptions:
        rows.setdefault(row.sku_id, []).append(row)
    sellers = _sellers(partner)
    items = (
        _item(skus.get(sku_id), rows.get(sku_id, []), sellers, snapshot, sku_id, _name(sku_id, skus.get(sku_id), names), sku_id in excluded)
        for sku_id in sorted({*skus, *rows})
    )
    gone = sorted({known.item_id for known in commitments.values()} - {*skus, *rows})
    nothing_left = (absent(sku_id, _name(sku_id, None, names), snapshot.failed) for sku_id in gone)
    counted = (*items, *nothing_left)
    return tuple(_committed(item, [row for row in rows.get(item.item_id, []) if _sold_by_us(row, sellers)], commitments) for item in counted)


def commitments_after(snapshot: UsageSnapshot, partner: Partner, known: Commitments) -> Commitments:
    """What we are committed to after a read, of the subscriptions that we sold; ``known`` is what the read before left."""
    return carried(known, [row for row in snapshot.subscriptions if _sold_by_us(row, _sellers(partner))], snapshot)


def absent(item_id: str, name: str, failed: Mapping[Source, str]) -> CountedItem:
    """The item of a SKU that the snapshot does not name: zero seats if both lists were read, else unknown. Any other item is unknown."""
    of_sku = not custom_name(item_id) and not part_name(item_id)
    questions = unread(failed, Source.SKUS, Source.SUBSCRIPTIONS) if of_sku else ("It was not counted.",)
    number = None if questions else 0
    return CountedItem(
        item_id, name, number, number, purchased_questions=questions, assigned_questions=questions, held=not of_sku or Source.SKUS in failed
    )


def _item(
    sku: Sku | None, rows: Sequence[Subscription], sellers: frozenset[str], snapshot: UsageSnapshot, sku_id: str, name: str, excluded: bool
) -> CountedItem:
    ours = [row for row in rows if _sold_by_us(row, sellers)]
    unread_lists = unread(snapshot.failed, Source.SKUS, Source.SUBSCRIPTIONS)
    unassigned = unread(snapshot.failed, Source.SKUS)
    contradictions = unread_lists or tuple(_contradictions(sku.units if sku else PrepaidUnits(), rows, sellers, name))
    return CountedItem(
        sku_id,
        name,
        purchased=None if contradictions else _seats(ours, SubscriptionStatus.ENABLED),
        assigned=None if unassigned else (sku.assigned if sku else 0),
        warning=_seats(ours, SubscriptionStatus.WARNING),
        notes=tuple(_notes(rows, sellers)),
        excluded=excluded,
        suspended=_seats(ours, *_UNUSABLE),
        company_wide=sku is not None and sku.applies_to is AppliesTo.COMPANY,
        purchased_questions=contradictions,
        assigned_questions=unassigned,
        commitment_ends=min((term.renews for row in ours if row.seats and (term := term_of(row, snapshot)).renews), default=None),
    )


def sold(snapshot: UsageSnapshot, partner: Partner) -> dict[str, list[Subscription]]:
    """By SKU id the subscriptions that we sold and that still exist."""
    rows: dict[str, list[Subscription]] = {}
    for row in snapshot.subscriptions:
        if _sold_by_us(row, _sellers(partner)) and row.status is not SubscriptionStatus.DELETED:
            rows.setdefault(row.sku_id, []).append(row)
    return rows


def of_subscriptions(whole: CountedItem, name: str, item_id: str, rows: Sequence[Subscription], term: Term, commitments: Commitments) -> CountedItem:
    """What some of a SKU's subscriptions come to: what was bought, for who is assigned which of them Microsoft does not say."""
    purchased = None if whole.purchased_questions else _seats(rows, SubscriptionStatus.ENABLED)
    counted = CountedItem(
        item_id,
        name,
        purchased,
        None,
        warning=_seats(rows, SubscriptionStatus.WARNING),
        excluded=whole.excluded,
        suspended=_seats(rows, *_UNUSABLE),
        company_wide=whole.company_wide,
        purchased_questions=whole.purchased_questions,
        assigned_questions=(NOBODY_KNOWS,),
        commitment_ends=term.renews,
        term=term,
    )
    return _short(counted, rows, commitments)


def _short(item: CountedItem, rows: Sequence[Subscription], commitments: Commitments) -> CountedItem:
    """The item with what its subscriptions commit to beyond what they hold."""
    short = [(row, number) for row in rows if (number := short_of(row, commitments))]
    words = tuple(f"{number} more are committed ({commitments[row.subscription_id].term})" for row, number in short)
    return replace(item, committed_more=sum(number for _, number in short), committed_words=words)


def _committed(item: CountedItem, ours: Sequence[Subscription], commitments: Commitments) -> CountedItem:
    return replace(_short(item, ours, commitments), lapsed=lapsed(item.item_id, ours, commitments)) if commitments else item


def _sellers(partner: Partner) -> frozenset[str]:
    return partner.sold_by or frozenset({partner.tenant_id})


def _name(sku_id: str, sku: Sku | None, names: Mapping[str, str]) -> str:
    return names.get(sku_id) or (sku and (sku.name or sku.part_number)) or sku_id


def _seats(rows: Iterable[Subscription], *statuses: SubscriptionStatus) -> int:
    return sum(row.seats for row in rows if row.status in statuses)


def _sold_by_us(row: Subscription, sellers: frozenset[str]) -> bool:
    return not row.is_trial and (row.owner_tenant_id or DIRECT) in sellers


def _contradictions(units: PrepaidUnits, rows: Sequence[Subscription], sellers: frozenset[str], name: str) -> Iterable[str]:
    for status, total in ((SubscriptionStatus.ENABLED, units.enabled), (SubscriptionStatus.WARNING, units.warning)):
        seats = _seats(rows, status)
        if seats != total:
            yield f"Contradictory: the subscriptions of {name} come to {seats} seats in state {status}, the SKU's own total says {total}."
    if any(_owner_matters(row) and row.owner_tenant_id is None for row in rows) and DIRECT not in sellers:
        yield f"Microsoft names no seller for a subscription of {name}. If it is yours, add `direct` to `sold_by`; else exclude the SKU."
    if any(row.status is SubscriptionStatus.UNKNOWN and row.seats and _sold_by_us(row, sellers) for row in rows):
        yield f"A subscription of {name} is in a state this version does not know, so its seats can be neither billed nor left out."


def _owner_matters(row: Subscription) -> bool:
    return not row.is_trial and row.seats > 0 and row.status in (SubscriptionStatus.ENABLED, SubscriptionStatus.WARNING)


def _notes(rows: Sequence[Subscription], sellers: frozenset[str]) -> Iterable[str]:
    alive = [row for row in rows if row.status is not SubscriptionStatus.DELETED]
    ours = [row for row in alive if _sold_by_us(row, sellers)]
    trials = sum(row.seats for row in alive if row.is_trial)
    others = sum(row.seats for row in alive if not row.is_trial and row.owner_tenant_id and row not in ours)
    if trials:
        yield f"{trials} trial, not billed"
    if others:
        yield f"{others} sold by somebody else, not billed"
    if warning := _seats(ours, SubscriptionStatus.WARNING):
        yield f"{warning} expired and in their grace period"
    for status, word in zip(_UNUSABLE, ("suspended", "locked out"), strict=True):
        if seats := _seats(ours, status):
            yield f"{seats} {word}, not billed"
