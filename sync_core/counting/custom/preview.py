"""Who and what a customer's custom licences and splits count, one by one, and why others are not: for a person's eyes, never for a log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sync_core.counting.custom.conditions import entry_words, rule_words, words
from sync_core.counting.custom.needs import counts_of
from sync_core.counting.custom.selections import Selection, Selections, Things, members
from sync_core.counting.custom.splits import lacking, shares_of
from sync_core.model.billing import CountedItem
from sync_core.model.configuration import Configuration, CustomerConfiguration
from sync_core.model.custom_licences import Counts, CustomLicence, Split
from sync_core.model.licences import UsageSnapshot


@dataclass(frozen=True)
class Seen:
    """One person, mailbox or device. ``part`` is the part it belongs to, if the item is divided; ``why`` says why it is where it is."""

    name: str
    part: str = ""
    why: str = ""


@dataclass(frozen=True)
class Preview:
    """One item: what it comes to, its rule in words, who is counted, and who is not. Both are empty where its questions stand in the way."""

    item: CountedItem
    rule: str
    parts: tuple[CountedItem, ...] = ()
    counted: tuple[Seen, ...] = ()
    left_out: tuple[Seen, ...] = ()


def preview(
    snapshot: UsageSnapshot, items: Iterable[CountedItem], configuration: Configuration, customer: CustomerConfiguration
) -> Iterator[Preview]:
    """Every custom licence and every divided item of the customer. ``items`` are what ``count_customer`` made of the same snapshot."""
    counted = {item.item_id: item for item in items}
    licences = {licence.item_id: licence for licence in configuration.custom_licences_of(customer)}
    splits = {split.item_id: split for split in customer.splits}
    selections = Selections(snapshot)
    for item_id in dict.fromkeys((*licences, *splits)):
        licence, split = licences.get(item_id), splits.get(item_id)
        parts = tuple(counted[part] for part in split.item_ids) if split else ()
        item = counted.get(item_id) or CountedItem(item_id, configuration.sku_names.get(item_id, item_id), 0, 0)
        rule = rule_words(licence) if licence else "holders of the SKU"
        unknown = any(each.questions for each in (item, *parts)) or (licence is not None and licence.counts is Counts.SUM)
        shown = ((), ()) if unknown else (_counted(licence, split, licences, selections), _left_out(licence, selections))
        yield Preview(item, rule, parts, *shown)


def _counted(licence: CustomLicence | None, split: Split | None, licences: Mapping[str, CustomLicence], selections: Selections) -> tuple[Seen, ...]:
    if split is None:
        return _seen(selections.things(licence.counts), selections.counted(licence)) if licence else ()
    things = selections.things(counts_of(split, licences))
    *shares, rest = shares_of(split, licences, selections)
    empty = {attribute: selection & rest for attribute, selection in lacking(split, licences, selections).items()}
    in_parts = [seen for part, share in zip(split.parts, shares, strict=True) for seen in _seen(things, share, part.name)]
    without = {place: f"no {attribute.replace('_', ' ')}" for attribute, selection in empty.items() for place in members(selection)}
    left = [Seen(_name(things, place), split.remainder, without.get(place, "")) for place in members(rest)]
    return tuple(in_parts + sorted(left, key=_by_name))


def _left_out(licence: CustomLicence | None, selections: Selections) -> tuple[Seen, ...]:
    if licence is None:
        return ()
    things, counted = selections.things(licence.counts), selections.counted(licence)
    found = (Seen(_name(things, place), why=_why_not(licence, place, selections)) for place in members(things.all & ~counted))
    return tuple(sorted(found, key=_by_name))


def _why_not(licence: CustomLicence, place: int, selections: Selections) -> str:
    """The first of the rule's reasons that keeps it out."""
    here = 1 << place
    if not here & selections.belonging(licence.counts):
        return _not_of_kind(licence.counts, selections.things(licence.counts), place)
    if licence.include and not here & selections.meeting(licence.counts, licence.include):
        lacks = [" and ".join(words(each) for each in entry if not here & selections.condition(licence.counts, each)) for entry in licence.include]
        return f"does not meet: {' or '.join(lacks)}"
    return f"excluded: {next(entry_words(entry) for entry in licence.exclude if here & selections.meeting(licence.counts, [entry]))}"


def _not_of_kind(counts: Counts, things: Things, place: int) -> str:
    if things.mailboxes:
        mailbox = things.mailboxes[place]
        return "the mailbox is deleted" if mailbox.deleted else f"the mailbox is of the kind {mailbox.kind}"
    return "a guest" if counts is Counts.USERS else "no guest"


def _seen(things: Things, selection: Selection, part: str = "") -> tuple[Seen, ...]:
    return tuple(sorted((Seen(_name(things, place), part) for place in members(selection)), key=_by_name))


def _name(things: Things, place: int) -> str:
    if things.mailboxes:
        return things.mailboxes[place].user_principal_name
    if things.devices:
        device = things.devices[place]
        return " ".join(filter(None, (device.name or device.device_id, device.operating_system, device.user_principal_name)))
    user = things.people[place]
    return f"{user.display_name} <{user.user_principal_name}>" if user else ""


def _by_name(seen: Seen) -> str:
    return seen.name.casefold()
