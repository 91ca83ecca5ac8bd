"""A configuration as the document that its file holds: every link written out, so that reading it gives the same configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal
from typing import Any

from sync_core.configuration.differences import profiles
from sync_core.configuration.expansion import link_key
from sync_core.configuration.known_skus import FREE_SKUS
from sync_core.documents import to_document
from sync_core.model.billing import BillingProfile, LineChoice
from sync_core.model.configuration import Configuration, ConfiguredLink, Connection, CustomerConfiguration, GuardRails, Notices, Partner

Document = dict[str, Any]


def file_document(configuration: Configuration) -> Document:
    """The file's content: mappings, lists, texts, numbers and flags in the layout that the reader follows."""
    excluded = configuration.excluded_skus
    return _without_empty(
        {
            "partner": _partner(configuration.partner),
            "connections": {item.name: _connection(item) for item in configuration.connections},
            "profiles": {name: _profile(item) for name, item in profiles(configuration).items()},
            "sku_names": dict(configuration.sku_names),
            "exclusions": _without_empty({"keep": sorted(FREE_SKUS.keys() - excluded), "skus": sorted(excluded - FREE_SKUS.keys())}),
            "guard_rails": _guard_rails(configuration.guard_rails, GuardRails()),
            "notices": _notices(configuration.notices),
            "customers": [_customer(item, configuration.guard_rails) for item in configuration.customers],
        }
    )


def _changed(value: Any, default: Any) -> Document:
    """The members of a dataclass that differ from those of another."""
    names = [item.name for item in fields(value) if getattr(value, item.name) != getattr(default, item.name)]
    return {name: _plain(getattr(value, name)) for name in names}


def _plain(value: Any) -> Any:
    """Amounts as numbers: six digits after the point are all the reader takes, so a float holds them."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return to_document(value)


def _without_empty(document: Mapping[str, Any]) -> Document:
    return {key: value for key, value in document.items() if value not in (None, "", {}, [])}


def _partner(partner: Partner) -> Document:
    return {
        "tenant_id": partner.tenant_id,
        "application_id": partner.application_id,
        **_changed(partner, Partner(partner.tenant_id, partner.application_id, sold_by=frozenset({partner.tenant_id}))),
    }


def _connection(connection: Connection) -> Document:
    settings = {"settings": dict(connection.settings), "secrets": dict(connection.secrets)}
    return _without_empty({"kind": connection.kind, "url": connection.url, "time_zone": connection.time_zone, **settings})


def _profile(profile: BillingProfile) -> Document:
    changed = _changed(profile, BillingProfile(profile.name, profile.product))
    prices = [_without_empty({"amount": _plain(each.amount), "from": each.first, "until": each.last}) for each in profile.prices]
    return {"product": profile.product, **changed} | ({"prices": to_document(prices)} if prices else {})


def _guard_rails(guard_rails: GuardRails, base: GuardRails) -> Document:
    return _changed(guard_rails, base)


def _notices(notices: Notices) -> Document:
    changed = _changed(notices, Notices())
    smtp = {name.removeprefix("smtp_"): changed.pop(name) for name in list(changed) if name.startswith("smtp_")}
    return changed | ({"smtp": smtp} if smtp else {})


def _customer(item: CustomerConfiguration, guard_rails: GuardRails) -> Document:
    customer = item.customer
    return _without_empty(
        {
            "tenant_id": customer.tenant_id,
            "name": customer.name,
            "mode": str(customer.mode),
            "sign_in": str(customer.sign_in),
            "exclusions": sorted(item.excluded_skus),
            "guard_rails": _guard_rails(item.guard_rails, guard_rails),
            "links": [_link(link) for link in item.links],
        }
    )


def _link(link: ConfiguredLink) -> Document:
    name = link.key.removeprefix(link_key(link.item_id, link.connection, link.company_id)).removeprefix("~")
    line = f"{link.choice} {link.adopt_line_id}".strip() if link.choice is not LineChoice.NONE else ""
    return _without_empty(
        {
            "sku": link.item_id,
            "profile": link.profile.name,
            "connection": link.connection,
            "company": link.company_id,
            "agreement": {str(link.agreement.by): link.agreement.value},
            "start": link.start and link.start.isoformat(),
            "line": line,
            "name": name,
        }
    )
