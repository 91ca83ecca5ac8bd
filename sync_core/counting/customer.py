"""All that one customer is counted for: its SKUs, the custom licences that its links bill, and the parts of what is divided."""

from __future__ import annotations

from collections.abc import Mapping

from sync_core.counting.commitments import Commitments
from sync_core.counting.custom.licences import add_up, count_licence
from sync_core.counting.custom.people import People, people_of
from sync_core.counting.custom.selections import Selections
from sync_core.counting.custom.splits import divide
from sync_core.counting.items import NO_COMMITMENTS, absent, count
from sync_core.counting.rows import count_rows
from sync_core.model.billing import CountedItem
from sync_core.model.configuration import Configuration, CustomerConfiguration
from sync_core.model.custom_licences import Counts
from sync_core.model.licences import UsageSnapshot


def count_customer(
    snapshot: UsageSnapshot, configuration: Configuration, item: CustomerConfiguration, commitments: Commitments = NO_COMMITMENTS
) -> tuple[CountedItem, ...]:
    """One item per SKU, custom licence and part; a divided item is there as a whole, too. The order of the snapshot's rows does not matter."""
    excluded = configuration.excluded_skus | item.excluded_skus
    skus = count(snapshot, configuration.partner, excluded, configuration.sku_names, commitments)
    items = {counted.item_id: counted for counted in skus}
    licences = {licence.item_id: licence for licence in configuration.custom_licences_of(item)}
    selections = Selections(snapshot)

    def whole(item_id: str) -> CountedItem:
        return items.get(item_id) or absent(item_id, configuration.sku_names.get(item_id, item_id), snapshot.failed)

    for licence in licences.values():
        if licence.counts is not Counts.SUM:
            items[licence.item_id] = count_licence(licence, snapshot, selections)
    for licence in licences.values():
        if licence.counts is Counts.SUM:
            items[licence.item_id] = add_up(licence, {item_id: whole(item_id) for item_id in licence.sum_of})
    items |= count_rows(item.links, items, snapshot, configuration.partner, commitments)
    for split in item.splits:
        items |= {part.item_id: part for part in divide(split, whole(split.item_id), licences, snapshot, selections)}
    return tuple(items.values())


def people_by_item(snapshot: UsageSnapshot, configuration: Configuration, item: CustomerConfiguration) -> Mapping[str, People]:
    """By item id, the people behind the items whose lines name them; an item is missing where it is not known who they are."""
    licences = {licence.item_id: licence for licence in configuration.custom_licences_of(item)} if item.named else {}
    selections = Selections(snapshot)
    found = {item_id: people_of(item_id, licences, item.splits, snapshot, selections) for item_id in item.named}
    return {item_id: people for item_id, people in found.items() if people is not None}


def holders_of(item_id: str, snapshot: UsageSnapshot, configuration: Configuration, item: CustomerConfiguration) -> People | None:
    """The people behind one item, whether a line names them or not; ``None`` where it is not known who they are."""
    licences = {licence.item_id: licence for licence in configuration.custom_licences_of(item)}
    return people_of(item_id, licences, item.splits, snapshot, Selections(snapshot))
