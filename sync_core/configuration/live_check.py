"""A configuration against what the PSAs hold at this moment: the same questions that a run would ask, before it runs. Reads only."""

from __future__ import annotations

from collections.abc import Iterator

from sync_core.billing.resolve import resolve
from sync_core.configuration.differences import profiles
from sync_core.model.configuration import Configuration
from sync_core.ports import Psa


def live_check(configuration: Configuration, psa: Psa) -> Iterator[str]:
    """What does not fit on one connection, a sentence each: missing products, companies and agreements that cannot be billed."""
    name = psa.connection
    links = [link for item in configuration.customers for link in item.links if link.connection == name and link.bills]
    used = {profile.product for link in links for profile in link.profiles}
    yield from _products(configuration, psa, used)
    companies = {company.company_id for company in psa.companies()}
    headers = psa.read_headers(None)
    for item in configuration.customers:
        links = [link for link in item.links if link.connection == name and link.bills]
        missing = dict.fromkeys(link.company_id for link in links if link.company_id not in companies)
        yield from (f"{item.customer.name}: {name} has no company {company_id}." for company_id in missing)
        _, questions = resolve([link for link in links if link.company_id not in missing], headers)
        yield from dict.fromkeys(f"{item.customer.name}: {question.text}" for question in questions)


def _products(configuration: Configuration, psa: Psa, used: set[str]) -> Iterator[str]:
    known = {product.identifier: product for product in psa.products(sorted(used))} if used else {}
    for profile in profiles(configuration).values():
        product = known.get(profile.product)
        if profile.product in used and (product is None or not product.active):
            state = "has no product" if product is None else "has switched off the product"
            yield f"Profile {profile.name}: {psa.connection} {state} {profile.product}."
