"""A SKU's units by its subscriptions, for links that give each of them, or each term, a line of its own.

The rows always add up to the SKU: every subscription that we sold is in exactly one of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from sync_core.counting.commitments import Commitments
from sync_core.counting.items import of_subscriptions, sold
from sync_core.counting.terms import term_of
from sync_core.model.billing import CountedItem, Per
from sync_core.model.configuration import ConfiguredLink, Partner
from sync_core.model.custom_licences import part_id
from sync_core.model.licences import Subscription, UsageSnapshot
from sync_core.model.terms import Term

_UNKNOWN = "unknown"


def count_rows(
    links: Iterable[ConfiguredLink], wholes: Mapping[str, CountedItem], snapshot: UsageSnapshot, partner: Partner, commitments: Commitments
) -> dict[str, CountedItem]:
    """By item id the rows of the SKUs that links bill by term or subscription. A row that needs a term which is not known is a question."""
    asked = {(link.item_id, link.per): link for link in links if link.per is not Per.SKU}
    held = sold(snapshot, partner) if asked else {}
    items: dict[str, CountedItem] = {}
    for (sku_id, per), link in asked.items():
        whole = wholes.get(sku_id)
        if whole is not None:
            items |= _rows(whole, link, per, [(row, term_of(row, snapshot)) for row in held.get(sku_id, ())], commitments)
    return items


def _rows(
    whole: CountedItem, link: ConfiguredLink, per: Per, held: Sequence[tuple[Subscription, Term]], commitments: Commitments
) -> dict[str, CountedItem]:
    groups: dict[str, list[tuple[Subscription, Term]]] = {}
    for row, term in sorted(held, key=lambda pair: pair[0].subscription_id):
        groups.setdefault(row.subscription_id if per is Per.SUBSCRIPTION else _of_term(term), []).append((row, term))
    items = {}
    for group, members in groups.items():
        item_id, term = part_id(whole.item_id, group), members[0][1]
        name = f"{whole.name} ({_title(group, term, per)})"
        items[item_id] = of_subscriptions(whole, name, item_id, [row for row, _ in members], term, commitments)
    unknown = sum(1 for _, term in held if not term.duration)
    if unknown and (per is Per.TERM or link.terms):
        items = {item_id: _asked(item, unknown) for item_id, item in items.items() if per is Per.TERM or not (item.term and item.term.duration)}
    return items


def _asked(item: CountedItem, unknown: int) -> CountedItem:
    what = f"The term of {unknown} subscription{'s' if unknown > 1 else ''} of {item.name} is not known, and the link bills by term."
    fix = "Read terms from Partner Center (`partner.terms`), or bill it per subscription without `terms`."
    return replace(item, purchased=None, purchased_questions=(*item.purchased_questions, f"{what} {fix}"))


def _of_term(term: Term) -> str:
    return "-".join(filter(None, (term.duration or _UNKNOWN, term.cycle)))


def _title(group: str, term: Term, per: Per) -> str:
    words = " ".join(filter(None, (term.duration, term.cycle))) or "term unknown"
    return words if per is Per.TERM else f"{words}, subscription {group[:8]}"
