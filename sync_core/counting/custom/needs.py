"""What has to be read of a customer before its custom licences can be counted and its items divided: no more than the rules look at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from sync_core.model.custom_licences import TEXTS, Attribute, Condition, Counts, CustomLicence, Split, of_device
from sync_core.model.licences import Source
from sync_core.model.terms import TermsFrom
from sync_core.ports import NOTHING_MORE, UsageNeeds

_COUNTED_FROM = {
    Counts.USERS: Source.USERS,
    Counts.GUESTS: Source.USERS,
    Counts.USERS_AND_GUESTS: Source.USERS,
    Counts.MAILBOXES: Source.MAILBOXES,
    Counts.USER_MAILBOXES: Source.MAILBOXES,
    Counts.SHARED_MAILBOXES: Source.MAILBOXES,
    Counts.DEVICES: Source.DEVICES,
    Counts.INTUNE_DEVICES: Source.INTUNE,
}
_READ_FOR = {
    Attribute.GROUP: Source.GROUPS,
    Attribute.SERVICE_PLAN: Source.SKUS,
    Attribute.ALL_SERVICE_PLANS: Source.SKUS,
    Attribute.MFA_REGISTERED: Source.MFA,
    Attribute.SIGNED_IN_WITHIN_DAYS: Source.SIGN_INS,
    Attribute.NOT_SIGNED_IN_FOR_DAYS: Source.SIGN_INS,
}
_SELECTED = TEXTS | {Attribute.ENABLED}
"""What is read of a user only where a condition looks at it."""


def needs_of(counts: Counts, conditions: Iterable[Condition]) -> UsageNeeds:
    """What conditions on one kind of thing have to know."""
    held = tuple(conditions)
    attributes = frozenset(condition.attribute for condition in held)
    sources = {_READ_FOR[attribute] for attribute in attributes if attribute in _READ_FOR}
    if counts in _COUNTED_FROM:
        sources.add(_COUNTED_FROM[counts])
    if any(not of_device(attribute, counts) for attribute in attributes):
        sources.add(Source.USERS)
    return UsageNeeds(
        frozenset(sources),
        frozenset(attribute for attribute in attributes & _SELECTED if not of_device(attribute, counts)),
        frozenset(_values(held, Attribute.GROUP)),
        frozenset(_values(held, Attribute.SERVICE_PLAN, Attribute.ALL_SERVICE_PLANS)),
    )


def usage_needs(
    licences: Iterable[CustomLicence],
    splits: Iterable[Split],
    with_names: bool = False,
    terms: TermsFrom = TermsFrom.GRAPH,
    more: UsageNeeds = NOTHING_MORE,
) -> UsageNeeds:
    """All that a customer's custom licences and splits have to know, lines that name people, the partner's terms, and what is needed besides."""
    known = {licence.item_id: licence for licence in licences}
    counted = (needs_of(licence.counts, conditions_of(licence)) for licence in known.values())
    divided = (needs_of(counts_of(split, known), where_of(split)) for split in splits)
    named = (UsageNeeds(frozenset({Source.USERS})),) if with_names else ()
    bought = (UsageNeeds(frozenset({Source.TERMS})),) if terms is TermsFrom.PARTNER_CENTER else ()
    return _united((*counted, *divided, *named, *bought, more))


def counts_of(split: Split, known: Mapping[str, CustomLicence]) -> Counts:
    """What a split divides: the things of a custom licence (``known`` by item id), or the people who hold a SKU."""
    return known[split.item_id].counts if split.item_id in known else Counts.USERS_AND_GUESTS


def conditions_of(licence: CustomLicence) -> Iterator[Condition]:
    """All conditions of a custom licence."""
    return (condition for conditions in (*licence.include, *licence.exclude) for condition in conditions)


def where_of(split: Split) -> Iterator[Condition]:
    """All conditions of a split's parts."""
    return (condition for part in split.parts for conditions in part.where for condition in conditions)


def _values(conditions: Iterable[Condition], *attributes: Attribute) -> Iterator[str]:
    return (value for condition in conditions if condition.attribute in attributes for value in condition.values)


def _united(needs: Iterable[UsageNeeds]) -> UsageNeeds:
    held = tuple(needs)
    return UsageNeeds(
        frozenset().union(*(each.sources for each in held)),
        frozenset().union(*(each.attributes for each in held)),
        frozenset().union(*(each.groups for each in held)),
        frozenset().union(*(each.service_plans for each in held)),
    )
