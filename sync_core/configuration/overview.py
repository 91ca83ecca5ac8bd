"""Every customer, every SKU, where it goes, and what stays unlinked: what ``validate`` shows."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from sync_core.configuration.known_skus import FREE_SKUS
from sync_core.model.configuration import Configuration, ConfiguredLink, CustomerConfiguration
from sync_core.model.licences import Sku


@dataclass(frozen=True)
class Destination:
    """One SKU of one customer and where it goes. ``seats`` are those assigned or enabled, ``None`` where nobody looked."""

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
        yield Destination(name, _name(configuration, link.item_id), _goes_to(link), link.profile.name)
    for sku_id in sorted(item.excluded_skus):
        yield Destination(name, _name(configuration, sku_id), "excluded for this customer")


def _held(configuration: Configuration, item: CustomerConfiguration, skus: Collection[Sku]) -> Iterator[Destination]:
    name = item.customer.name
    for sku in skus:
        title, seats = configuration.sku_names.get(sku.sku_id, sku.name or sku.part_number), max(sku.units.enabled, sku.assigned)
        links = [link for link in item.links if link.item_id == sku.sku_id]
        for link in links:
            yield Destination(name, title, _goes_to(link), link.profile.name, seats)
        if not links:
            excluded = sku.sku_id in configuration.excluded_skus | item.excluded_skus
            yield Destination(name, title, "excluded" if excluded else "not linked", seats=seats)


def _goes_to(link: ConfiguredLink) -> str:
    return f"{link.connection}, company {link.company_id}, agreement {link.agreement.by} {link.agreement.value}"


def _name(configuration: Configuration, sku_id: str) -> str:
    return configuration.sku_names.get(sku_id) or FREE_SKUS.get(sku_id) or sku_id
