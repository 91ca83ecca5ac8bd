"""Every customer, every SKU, where it goes, and what stays unlinked: what ``validate`` shows."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from sync_core.configuration.known_skus import FREE_SKUS
from sync_core.counting.custom.conditions import rule_words
from sync_core.model.billing import Per
from sync_core.model.configuration import Configuration, ConfiguredLink, CustomerConfiguration
from sync_core.model.custom_licences import custom_name, part_name, whole_id
from sync_core.model.licences import Sku


@dataclass(frozen=True)
class Destination:
    """One item of one customer and where it goes. ``seats`` are those assigned or enabled, ``None`` where nobody looked."""

    customer: str
    sku: str
    goes_to: str
    profile: str = ""
    seats: int | None = None


def overview(configuration: Configuration, held: Mapping[str, Collection[Sku]] | None = None) -> Iterator[Destination]:
    """The destinations of what customers hold (by tenant id), or of all that is configured where ``held`` is not given."""
    for item in configuration.customers:
        skus = held.get(item.customer.tenant_id) if held is not None else None
        yield from _configured(configuration, item) if skus is None else _held(configuration, item, skus)


def _configured(configuration: Configuration, item: CustomerConfiguration) -> Iterator[Destination]:
    name = item.customer.name
    if not item.links:
        yield Destination(name, "everything it holds", "not linked: no rule and no link fits")
    for link in item.links:
        yield _linked(configuration, item, link)
    for item_id in sorted(item.excluded_skus):
        yield Destination(name, _name(configuration, item, item_id), "excluded for this customer")


def _linked(configuration: Configuration, item: CustomerConfiguration, link: ConfiguredLink, seats: int | None = None) -> Destination:
    profiles = ", ".join(dict.fromkeys(profile.name for profile in link.profiles)) if link.bills else ""
    return Destination(item.customer.name, _name(configuration, item, link.item_id), _goes_to(link), profiles, seats)


def _held(configuration: Configuration, item: CustomerConfiguration, skus: Collection[Sku]) -> Iterator[Destination]:
    name = item.customer.name
    for sku in skus:
        title, seats = configuration.sku_names.get(sku.sku_id, sku.name or sku.part_number), max(sku.units.enabled, sku.assigned)
        links = [link for link in item.links if whole_id(link.item_id) == sku.sku_id]
        for link in links:
            yield _linked(configuration, item, link, None if part_name(link.item_id) else seats)
        if not links:
            excluded = sku.sku_id in configuration.excluded_skus | item.excluded_skus
            yield Destination(name, title, "excluded" if excluded else "not linked", seats=seats)
    yield from (_linked(configuration, item, link) for link in item.links if custom_name(link.item_id))


def _goes_to(link: ConfiguredLink) -> str:
    if not link.bills:
        return "not billed: the link says so"
    each = f", a line for each {link.per}" if link.per is not Per.SKU else ""
    return f"{link.connection}, company {link.company_id}, agreement {link.agreement.by} {link.agreement.value}{each}"


def _name(configuration: Configuration, item: CustomerConfiguration, item_id: str) -> str:
    whole, part = whole_id(item_id), part_name(item_id)
    titles = {licence.item_id: f"{licence.title}: {rule_words(licence)}" for licence in configuration.custom_licences_of(item)}
    name = titles.get(whole) or configuration.sku_names.get(whole) or FREE_SKUS.get(whole) or whole
    return f"{name} ({part})" if part else name
