"""Divides an item of one customer into parts that always add up to the whole.

A thing that fits several parts belongs to the first of them. What fits none, and every unit that nobody holds, is the remainder's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from sync_core.counting.custom.licences import questions_of
from sync_core.counting.custom.needs import conditions_of, counts_of, where_of
from sync_core.counting.custom.selections import Selection, Selections
from sync_core.model.billing import CountedItem
from sync_core.model.custom_licences import TEXTS, Attribute, Condition, CustomLicence, Split, part_name
from sync_core.model.licences import UsageSnapshot


def divide(
    split: Split, whole: CountedItem, known: Mapping[str, CustomLicence], snapshot: UsageSnapshot, selections: Selections
) -> tuple[CountedItem, ...]:
    """The items of the parts, the remainder's last. ``known`` are the customer's custom licences by item id.

    What the whole leaves open, its parts leave open, too; so does what the parts' conditions need and the read does not hold.
    """
    licence = known.get(split.item_id)
    conditions = (*(conditions_of(licence) if licence else ()), *where_of(split))
    if questions := questions_of(counts_of(split, known), conditions, snapshot):
        return _numbered(split, _with_questions(whole, questions), [0] * len(split.item_ids))
    shares = shares_of(split, known, selections)
    items = _numbered(split, whole, [share.bit_count() for share in shares])
    return (*items[:-1], replace(items[-1], notes=tuple(_notes(split, shares[-1], known, selections))))


def shares_of(split: Split, known: Mapping[str, CustomLicence], selections: Selections) -> tuple[Selection, ...]:
    """Who belongs to which part, in their order, and to the remainder, last. Everybody who is counted is in exactly one."""
    counts, licence = counts_of(split, known), known.get(split.item_id)
    left = selections.counted(licence) if licence else selections.condition(counts, Condition(Attribute.SKU, (split.item_id,)))
    shares = []
    for part in split.parts:
        fitting = left & selections.meeting(counts, part.where)
        shares.append(fitting)
        left &= ~fitting
    return (*shares, left)


def lacking(split: Split, known: Mapping[str, CustomLicence], selections: Selections) -> Mapping[Attribute, Selection]:
    """By each text that the parts are told by, the things that have nothing in it."""
    told_by = dict.fromkeys(condition.attribute for condition in where_of(split) if condition.attribute in TEXTS)
    return {attribute: selections.condition(counts_of(split, known), Condition(attribute, ("",))) for attribute in told_by}


def _notes(split: Split, remainder: Selection, known: Mapping[str, CustomLicence], selections: Selections) -> Iterator[str]:
    for attribute, empty in lacking(split, known, selections).items():
        if number := (remainder & empty).bit_count():
            yield f"{number} without {attribute.replace('_', ' ')}"


def _with_questions(whole: CountedItem, questions: tuple[str, ...]) -> CountedItem:
    purchased, assigned = (*whole.purchased_questions, *questions), (*whole.assigned_questions, *questions)
    return replace(whole, purchased=None, assigned=None, purchased_questions=purchased, assigned_questions=assigned)


def _numbered(split: Split, whole: CountedItem, holders: Sequence[int]) -> tuple[CountedItem, ...]:
    """The parts with their numbers: to each what its people hold, the rest to the remainder. More held than there is, is a question."""
    seats, in_parts = (whole.purchased or 0) + whole.warning, sum(holders[:-1])
    if whole.purchased is not None and sum(holders) > seats:
        what = f"{sum(holders)} hold {whole.name}, and {seats} are to be billed: in which part those are cannot be told."
        whole = replace(whole, purchased=None, purchased_questions=(*whole.purchased_questions, what))
    if whole.assigned is not None and in_parts > whole.assigned:
        what = f"{in_parts} hold {whole.name} by the list of users, and only {whole.assigned} are assigned by the list of SKUs."
        whole = replace(whole, assigned=None, assigned_questions=(*whole.assigned_questions, what))
    items = []
    left = whole
    for item_id, number in zip(split.item_ids[:-1], holders[:-1], strict=True):
        item = _taken(item_id, left, number)
        left = _rest(left, item)
        items.append(item)
    return tuple(_named(item, whole) for item in (*items, replace(left, item_id=split.item_ids[-1])))


def _taken(item_id: str, left: CountedItem, number: int) -> CountedItem:
    """So many units of what is left: usable ones first, then those in their grace period."""
    purchased = None if left.purchased is None else min(number, left.purchased)
    warning = 0 if purchased is None else number - purchased
    assigned = None if left.assigned is None else number
    taken = replace(left, item_id=item_id, purchased=purchased, assigned=assigned, warning=warning, suspended=0)
    return replace(taken, committed_more=0, committed_words=())


def _rest(left: CountedItem, taken: CountedItem) -> CountedItem:
    purchased = None if left.purchased is None else left.purchased - (taken.purchased or 0)
    assigned = None if left.assigned is None else left.assigned - (taken.assigned or 0)
    return replace(left, purchased=purchased, assigned=assigned, warning=left.warning - taken.warning)


def _named(item: CountedItem, whole: CountedItem) -> CountedItem:
    held = any(number != 0 for number in (item.purchased, item.assigned, item.warning))
    return replace(item, name=f"{whole.name} ({part_name(item.item_id)})", notes=(), held=held)
