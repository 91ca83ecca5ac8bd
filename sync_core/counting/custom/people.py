"""Who holds an item, by name: of a SKU whom it is assigned to, of a custom licence whom it counts, of a part whom it takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain

from sync_core.counting.custom.licences import questions_of
from sync_core.counting.custom.needs import conditions_of, counts_of, where_of
from sync_core.counting.custom.selections import Selection, Selections, members
from sync_core.counting.custom.splits import shares_of
from sync_core.model.custom_licences import Counts, CustomLicence, Split, whole_id
from sync_core.model.licences import Source, UsageSnapshot, User

People = tuple[User, ...]


def people_of(
    item_id: str, known: Mapping[str, CustomLicence], splits: Iterable[Split], snapshot: UsageSnapshot, selections: Selections
) -> People | None:
    """The people behind an item, each once; ``None`` where what was read leaves open who they are. ``known`` is by item id.

    Of mailboxes and devices they are the users, as far as there are any.
    """
    if Source.USERS not in snapshot.read:
        return None
    licence = known.get(whole_id(item_id))
    split = next((each for each in splits if item_id in each.item_ids), None)
    if split:
        return _of_part(item_id, split, known, snapshot, selections)
    if licence is None:  # of a SKU, or of a subscription of it: which of them a person sits on Microsoft does not say
        return tuple(user for user in snapshot.users if whole_id(item_id) in user.sku_ids)
    if licence.counts is Counts.SUM:
        parts = [people_of(each, known, (), snapshot, selections) for each in licence.sum_of]
        return None if None in parts else _once(chain.from_iterable(part or () for part in parts))
    if questions_of(licence.counts, conditions_of(licence), snapshot):
        return None
    return _selected(selections, licence.counts, selections.counted(licence))


def _of_part(item_id: str, split: Split, known: Mapping[str, CustomLicence], snapshot: UsageSnapshot, selections: Selections) -> People | None:
    licence, counts = known.get(split.item_id), counts_of(split, known)
    if questions_of(counts, (*(conditions_of(licence) if licence else ()), *where_of(split)), snapshot):
        return None
    return _selected(selections, counts, shares_of(split, known, selections)[split.item_ids.index(item_id)])


def _selected(selections: Selections, counts: Counts, selection: Selection) -> People:
    people = selections.things(counts).people
    return _once(user for place in members(selection) if (user := people[place]) is not None)


def _once(users: Iterable[User]) -> People:
    return tuple({user.user_id: user for user in users}.values())
