"""What differs between two versions of the configuration, in words."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sync_core.configuration.custom_licences import written_name
from sync_core.documents import dumps
from sync_core.model.billing import BillingProfile
from sync_core.model.configuration import Configuration, ConfiguredLink, CustomerConfiguration

_NAMED = 3
"""So many customers are named where one change concerns many; the others are counted."""


def differences(old: Configuration, new: Configuration) -> tuple[str, ...]:
    """One sentence a difference; what is the same for many customers is said once. Empty when nothing differs."""
    return (
        *_members("Partner", old.partner, new.partner),
        *_named("Connection", {item.name: item for item in old.connections}, {item.name: item for item in new.connections}),
        *_named("Profile", profiles(old), profiles(new)),
        *_members("Guard rails", old.guard_rails, new.guard_rails),
        *_members("Approvals", old.approvals, new.approvals),
        *_members("Notices", old.notices, new.notices),
        *_sets("Excluded SKUs", old.excluded_skus, new.excluded_skus),
        *_mappings("Names of SKUs", old.sku_names, new.sku_names),
        *_rules("Custom licence", {item.name: item for item in old.custom_licences}, {item.name: item for item in new.custom_licences}),
        *_customers(old, new),
    )


def profiles(configuration: Configuration) -> dict[str, BillingProfile]:
    """The billing profiles that some link uses, by name."""
    return {profile.name: profile for item in configuration.customers for link in item.links for profile in link.profiles}


def _members(title: str, old: Any, new: Any) -> Iterator[str]:
    for item in dataclasses.fields(old):
        before, after = getattr(old, item.name), getattr(new, item.name)
        if before != after:
            yield f"{title}: {item.name} changes from {_shown(before)} to {_shown(after)}."


def _named(title: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for name in _ordered(old, new):
        if name not in old:
            yield f"{title} {name} is new."
        elif name not in new:
            yield f"{title} {name} is gone."
        else:
            yield from _members(f"{title} {name}", old[name], new[name])


def _rules(title: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for name in _ordered(old, new):
        if old.get(name) != new.get(name):
            yield f"{title} {name} {'is new' if name not in old else 'is gone' if name not in new else 'counts otherwise'}."


def _sets(title: str, old: frozenset[str], new: frozenset[str]) -> Iterator[str]:
    if added := sorted(new - old):
        yield f"{title}: {', '.join(added)} added."
    if removed := sorted(old - new):
        yield f"{title}: {', '.join(removed)} removed."


def _mappings(title: str, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    changed = [key for key in _ordered(old, new) if old.get(key) != new.get(key)]
    if changed:
        yield f"{title}: {', '.join(changed)} changed."


def _customers(old: Configuration, new: Configuration) -> Iterator[str]:
    before = {item.customer.tenant_id: item for item in old.customers}
    after = {item.customer.tenant_id: item for item in new.customers}
    yield from _together("is new", [after[key] for key in after if key not in before])
    yield from _together("is gone", [before[key] for key in before if key not in after])
    groups: dict[str, list[CustomerConfiguration]] = {}
    for key in after:
        if key in before and before[key] != after[key]:
            for sentence in _customer(before[key], after[key]):
                groups.setdefault(sentence, []).append(after[key])
    for sentence, customers in groups.items():
        yield f"{_names(customers)}: {sentence}."


def _together(what: str, customers: list[CustomerConfiguration]) -> Iterator[str]:
    if customers:
        yield f"{_names(customers)} {what}."


def _names(customers: Iterable[CustomerConfiguration]) -> str:
    names = [item.customer.name or item.customer.tenant_id for item in customers]
    if len(names) == 1:
        return f"Customer {names[0]}"
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{len(names)} customers ({', '.join(names[:_NAMED])}{more})"


def _customer(old: CustomerConfiguration, new: CustomerConfiguration) -> Iterator[str]:
    yield from _changes(_without_stop(_members("", old.customer, new.customer)))
    yield from _changes(_without_stop(_members("guard rails", old.guard_rails, new.guard_rails)))
    yield from _changes(_without_stop(_members("approvals", old.approvals, new.approvals)))
    yield from _without_stop(_sets("excluded SKUs", old.excluded_skus, new.excluded_skus))
    yield from _changes(_without_stop(_members("notices", old.silence, new.silence)))
    if old.names != new.names:
        yield f"people {'may be named where a profile says so' if new.names else 'are no longer named'}"
    own = [{licence.name: licence for licence in item.custom_licences} for item in (old, new)]
    yield from _without_stop(_rules("own custom licence", *own))
    splits = [{written_name(split.item_id): split for split in item.splits} for item in (old, new)]
    yield from _without_stop(_rules("split of the", *splits))
    before = {link.key: link for link in old.links}
    after = {link.key: link for link in new.links}
    yield from (f"link added: {_link(after[key])}" for key in after if key not in before)
    yield from (f"link removed: {_link(before[key])}" for key in before if key not in after)
    for key in after:
        if key in before:
            yield from _link_changes(before[key], after[key])


def _link_changes(old: ConfiguredLink, new: ConfiguredLink) -> Iterator[str]:
    if old.profile.name != new.profile.name:
        yield f"link {_link(old)}: profile becomes {new.profile.name}"
    if old.agreement != new.agreement:
        yield f"link {_link(old)}: agreement becomes {new.agreement.by} {new.agreement.value}"
    if (old.per, old.terms) != (new.per, new.terms):
        terms = [f"{' '.join(filter(None, (each.term, each.cycle)))} under {each.profile.name}" for each in new.terms]
        yield f"link {_link(old)}: a line for each {', '.join((new.per, *terms))}"
    if old.bills != new.bills:
        yield f"link {_link(old)}: {'is billed' if new.bills else 'is not billed any more'}"
    if old.start != new.start:
        yield f"link {_link(old)}: start becomes {_shown(new.start)}"
    if (old.choice, old.adopt_line_id) != (new.choice, new.adopt_line_id):
        yield f"link {_link(old)}: line becomes {' '.join(filter(None, (new.choice, new.adopt_line_id)))}"


def _link(link: ConfiguredLink) -> str:
    return f"{written_name(link.item_id)} to {link.connection} by {link.agreement.by} {link.agreement.value} under {link.profile.name}"


def _changes(sentences: Iterable[str]) -> Iterator[str]:
    yield from (sentence.removeprefix(": ") for sentence in sentences)


def _without_stop(sentences: Iterable[str]) -> Iterator[str]:
    yield from (sentence.removesuffix(".") for sentence in sentences)


def _ordered(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    return list(dict.fromkeys([*old, *new]))


def _shown(value: Any) -> str:
    return "nothing" if value in (None, "", ()) else str(value) if isinstance(value, str | int) else dumps(value).strip('"')
