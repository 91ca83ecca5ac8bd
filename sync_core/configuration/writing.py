"""A configuration as the document that its file holds: every link written out, so that reading it gives the same configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from decimal import Decimal
from typing import Any

from sync_core.configuration.customer_links import link_key
from sync_core.configuration.differences import profiles
from sync_core.configuration.known_skus import FREE_SKUS
from sync_core.configuration.values import NO_SECRET
from sync_core.documents import to_document
from sync_core.model.billing import BillingProfile, LineChoice, Per
from sync_core.model.configuration import Approvals, Configuration, ConfiguredLink, Connection, CustomerConfiguration, GuardRails, Notices, Partner
from sync_core.model.custom_licences import (
    DAYS,
    FLAGS,
    Condition,
    Conditions,
    CustomLicence,
    Split,
    custom_name,
    part_id,
    part_name,
    whole_id,
)
from sync_core.model.languages import Language
from sync_core.model.notices import Route, Silence

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
            "custom_licences": {licence.name: _custom_licence(licence) for licence in configuration.custom_licences},
            "exclusions": _without_empty({"keep": sorted(FREE_SKUS.keys() - excluded), "skus": sorted(excluded - FREE_SKUS.keys())}),
            "guard_rails": _guard_rails(configuration.guard_rails, GuardRails()),
            "approvals": _approvals(configuration.approvals, Approvals()),
            "notices": _notices(configuration.notices),
            "customers": [_customer(item, configuration) for item in configuration.customers],
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
    partner = partner if partner.refresh_token_secret else replace(partner, refresh_token_secret=NO_SECRET)
    return {
        "tenant_id": partner.tenant_id,
        "application_id": partner.application_id,
        **_changed(partner, Partner(partner.tenant_id, partner.application_id, sold_by=frozenset({partner.tenant_id}))),
    }


def _connection(connection: Connection) -> Document:
    settings = {"settings": dict(connection.settings), "secrets": dict(connection.secrets)}
    language = {} if connection.language is Language.ENGLISH else {"language": connection.language.value}
    return _without_empty({"kind": connection.kind, "url": connection.url, "time_zone": connection.time_zone, **language, **settings})


def _profile(profile: BillingProfile) -> Document:
    changed = _changed(profile, BillingProfile(profile.name, profile.product))
    prices = [_without_empty({"amount": _plain(each.amount), "from": each.first, "until": each.last}) for each in profile.prices]
    return {"product": profile.product, **changed} | ({"prices": to_document(prices)} if prices else {})


def _guard_rails(guard_rails: GuardRails, base: GuardRails) -> Document:
    return _changed(guard_rails, base)


def _approvals(approvals: Approvals, base: Approvals) -> Document:
    kinds = {kind: mode for kind, mode in approvals.kinds.items() if base.kinds.get(kind) is not mode}
    return _without_empty({**_changed(replace(approvals, kinds={}), replace(base, kinds={})), "kinds": to_document(kinds)})


def _notices(notices: Notices) -> Document:
    plain = replace(notices, routes={}, silence=Silence())
    changed = _changed(plain, Notices())
    smtp = {name.removeprefix("smtp_"): changed.pop(name) for name in list(changed) if name.startswith("smtp_")}
    routes = {str(kind): _route(route) for kind, route in notices.routes.items()}
    return changed | _without_empty({"smtp": smtp, "routes": routes, **_silence(notices.silence)})


def _route(route: Route) -> Document:
    ticket = _without_empty(to_document(route.ticket)) if route.ticket else {}
    return _changed(replace(route, ticket=None), Route()) | ({"ticket": ticket} if ticket else {})


def _silence(silence: Silence) -> Document:
    return _without_empty({"off": to_document(silence.off), "items": to_document(silence.items)})


def _customer(item: CustomerConfiguration, usual: Configuration) -> Document:
    customer = item.customer
    return _without_empty(
        {
            "tenant_id": customer.tenant_id,
            "name": customer.name,
            "mode": str(customer.mode),
            "sign_in": str(customer.sign_in),
            "names": None if item.names else False,
            "exclusions": sorted(item.excluded_skus),
            "guard_rails": _guard_rails(item.guard_rails, usual.guard_rails),
            "approvals": _approvals(item.approvals, usual.approvals),
            "custom_licences": {licence.name: _conditions(licence) for licence in item.custom_licences},
            "notices": _silence(item.silence),
            "links": _links(item),
        }
    )


def _custom_licence(licence: CustomLicence) -> Document:
    what = {"sum_of": list(licence.sum_of)} if licence.sum_of else {"count": str(licence.counts)}
    return {"title": licence.title, **what, **_without_empty(_conditions(licence))}


def _conditions(licence: CustomLicence) -> Document:
    """Both members, also empty ones: what a customer's own rule names replaces the usual."""
    return {"include": [_entry(entry) for entry in licence.include], "exclude": [_entry(entry) for entry in licence.exclude]}


def _entry(entry: Conditions) -> Document:
    return {condition.attribute.value: _value(condition) for condition in entry}


def _value(condition: Condition) -> Any:
    if condition.attribute in FLAGS:
        return condition.values == ("true",)
    return int(condition.values[0]) if condition.attribute in DAYS else list(condition.values)


def _links(item: CustomerConfiguration) -> list[Document]:
    """The links; of those that bill the parts of a divided item, the remainder's holds the others."""
    splits = {split.item_ids[-1]: split for split in item.splits}
    parts = {link.item_id: link for link in item.links if part_name(link.item_id)}
    links = []
    for link in item.links:
        if link.item_id in splits:
            links.append(_link(link) | {"split": _split(splits[link.item_id], parts)})
        elif not part_name(link.item_id):
            links.append(_link(link))
    return links


def _split(split: Split, links: Mapping[str, ConfiguredLink]) -> Document:
    parts = [
        {"name": part.name, "where": [_entry(entry) for entry in part.where], **_goal(links[part_id(split.item_id, part.name)])}
        for part in split.parts
    ]
    return {"parts": parts, "remainder": split.remainder}


def _goal(link: ConfiguredLink) -> Document:
    line = f"{link.choice} {link.adopt_line_id}".strip() if link.choice is not LineChoice.NONE else ""
    start = link.start and link.start.isoformat()
    agreement = {str(link.agreement.by): link.agreement.value}
    return _without_empty({"profile": link.profile.name, "company": link.company_id, "agreement": agreement, "start": start, "line": line})


def _link(link: ConfiguredLink) -> Document:
    whole = whole_id(link.item_id)
    name = link.key.removeprefix(link_key(whole, link.connection, link.company_id)).removeprefix("~")
    custom = custom_name(whole)
    item = {"custom": custom} if custom else {"sku": whole}
    terms = [_without_empty({"term": each.term, "cycle": each.cycle, "profile": each.profile.name}) for each in link.terms]
    lines = {"per": None if link.per is Per.SKU else str(link.per), "terms": terms, "bill": None if link.bills else False}
    return _without_empty({**item, "connection": link.connection, **_goal(link), "name": name, **lines})
