"""The world's configuration file, written as a person would write it after a guided cut-over."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sandbox.microsoft.directory import Directory
from sandbox.world.books import Books
from sandbox.world.msp import AGREEMENT_TYPE, Account, WrittenLink
from sandbox.world.offers import DEFENDER, MANAGED_USERS, OFFERS, CustomOffer, Offer
from sync_core.model.billing import Basis, Names

CREDENTIAL_SECRET = "partner-app-secret"
REFRESH_TOKEN_SECRET = "partner-refresh-token"

MONEY_A_CUSTOMER = 50
"""What the changes of the first night come to, per customer and month, with room to spare."""

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9 .-]*[A-Za-z0-9]")


def configuration_yaml(directory: Directory, books: Sequence[Books], psa_urls: Mapping[str, str], accounts: Iterable[Account]) -> str:
    """The file's text; ``psa_urls`` are the addresses of the PSAs by kind. Microsoft's addresses are app settings and not part of it."""
    accounts = list(accounts)
    connections = "\n".join(["connections:", *(_connection(each.kind, each.connection(psa_urls[each.kind])) for each in books)])
    several = [each.kind for each in books] if len(books) > 1 else []
    parts = (_partner(directory), connections, _profiles(), _rules(several), _limits(len(accounts)), _notices(directory))
    customers = ["customers:", *(line for account in accounts for line in _customer(account, bool(several)))]
    return "\n".join([_HEAD, *parts, "\n".join(customers), ""])


_HEAD = """\
# The demo's configuration: a managed service provider, its PSA and its customers. Every name, id and address is made up.
# Check it with: python3 dev.py config validate FILE
"""


def _partner(directory: Directory) -> str:
    return f"""\
partner:
  tenant_id: {directory.partner.tenant_id}
  application_id: {directory.client_id}
  credential_secret: {CREDENTIAL_SECRET}          # names of secrets, never the secrets
  refresh_token_secret: {REFRESH_TOKEN_SECRET}
"""


def _connection(name: str, written: Mapping[str, Any]) -> str:
    lines = [f"  {name}:", *(f"    {member}: {written[member]}" for member in ("kind", "url", "time_zone"))]
    for part in ("settings", "secrets"):
        lines += [f"    {part}:", *(f"      {member}: {value}" for member, value in written[part].items())]
    noted = (
        f"{line:<52}# the simulated PSA takes any number; leave this out for a real one" if "calls_per_minute" in line else line for line in lines
    )
    return "\n".join([*noted, ""])


def _profiles() -> str:
    return "\n".join(["profiles:", *map(_profile, OFFERS), _profile(MANAGED_USERS), ""])


def _profile(offer: Offer | CustomOffer) -> str:
    basis = "" if offer.basis is Basis.PURCHASED else f", basis: {offer.basis.value}"
    names = "" if offer.names is Names.NONE else f", names: {offer.names.value}"
    prorate = ", prorate: true" if offer.prorate else ""
    return f"  {offer.profile}: {{product: {offer.product}{basis}{names}{prorate}}}"


def _rules(connections: Sequence[str]) -> str:
    single = "\n".join(_rule(offer.written, offer, name) for name in connections or [""] for offer in OFFERS if offer is not DEFENDER)
    sets = "\n".join(_rule("sku_set: defender", DEFENDER, name) for name in connections or [""])
    return f"""\
# Counted by a rule: enabled, licensed users, and no guests.
custom_licences:
  {MANAGED_USERS.template}: {{template: {MANAGED_USERS.template}, title: {MANAGED_USERS.title}}}

sku_sets:
  defender: [ATP_ENTERPRISE, THREAT_INTELLIGENCE]

# For every customer; where one differs, that stands under its links.
rules:
{single}
{sets}

# Free and viral SKUs are left out by a built-in list; this adds to it.
exclusions:
  skus:
    - 47794cd0-f0e5-45c5-9033-2eb6b5fc84e0          # Communications Credits
"""


def _rule(skus: str, offer: Offer, connection: str) -> str:
    there = f", connection: {connection}" if connection else ""
    return f"  - {{{skus}, profile: {offer.profile}{there}, agreement: {{type: {AGREEMENT_TYPE}}}}}"


def _limits(customers: int) -> str:
    return f"""\
guard_rails:
  # The first night takes over a line of nearly every customer, and that counts as a change. Take both lines out after the
  # cut-over: by default a run that changes more than 0.3 of its customers, or moves more than 5000 a month, is held.
  run_customers_share: 1
  run_money: {max(5000, customers * MONEY_A_CUSTOMER)}
"""


def _notices(directory: Directory) -> str:
    domain = directory.partner.default_domain
    return f"""\
notices:
  recipients: [billing@{domain}, service-desk@{domain}]
  sender: licences@{domain}
"""


def _customer(account: Account, several: bool) -> Iterator[str]:
    yield f"  # {account.shows[:1].upper()}{account.shows[1:]}."
    yield f"  - tenant_id: {account.tenant.tenant_id}"
    yield f"    name: {_text(account.name)}"
    yield f"    mode: {account.mode.value}"
    kind, company = account.books.kind, account.company.id
    yield f"    companies: {{{kind}: {company}}}" if several else f"    company: {company}"
    if account.exclusions:
        yield f"    exclusions: [{', '.join(account.exclusions)}]"
    if account.links:
        yield "    links:"
        yield from (f"      - {_link(link, kind if several else '')}" for link in account.links)


def _link(link: WrittenLink, connection: str) -> str:
    offer, there = link.offer, f", connection: {connection}" if connection else ""
    return f"{{{offer.written}, profile: {offer.profile}{there}, agreement: {{type: {link.agreement_type}}}, line: {link.line}}}"


def _text(text: str) -> str:
    """A name as YAML: plain where that is safe, else in double quotes, which JSON and YAML share."""
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)
