"""A first configuration file from what was found: sure things as facts, suggestions with their confidence, the rest as comments."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sync_core.configuration.discovery import Found, FoundAgreement, FoundCompany, FoundCustomer, company_key
from sync_core.configuration.known_skus import FREE_SKUS
from sync_core.configuration.line_matching import LineMatch, match_lines
from sync_core.configuration.matching import SURE, ProductMatch, match_product
from sync_core.model.agreements import Product
from sync_core.model.licences import Sku

_AGREEMENT_TYPE = "name the agreement type here"


@dataclass(frozen=True)
class _Suggestion:
    """What a SKU might be billed as on a connection, and by how many customers it is held."""

    connection: str
    sku: Sku
    customers: int
    match: ProductMatch
    agreement_type: str

    @property
    def sure(self) -> bool:
        return self.match.confidence >= SURE and bool(self.agreement_type)


def draft(found: Found, head: str) -> str:
    """The file's text. ``head`` holds its partner and connections. Every customer is in mode observe, so nothing of it bills yet."""
    suggestions = [suggestion for connection in found.matches for suggestion in _suggestions(found, connection)]
    lines = [
        "# A first draft, made by 'config discover'. Read it, decide on what is commented out, then run 'config validate'.",
        "",
        head.rstrip(),
        "",
    ]
    lines += _profiles(suggestions)
    lines += _rules(suggestions)
    lines += _customers(found)
    return "\n".join(lines) + "\n"


def _suggestions(found: Found, connection: str) -> Iterator[_Suggestion]:
    matched = [item for item in found.progress.customers.values() if _company(found, connection, item)]
    held: Counter[str] = Counter(sku.sku_id for item in matched for sku in item.skus)
    skus = {sku.sku_id: sku for item in matched for sku in item.skus}
    types = Counter(entry.agreement.type_name for item in matched for entry in _agreements(found, connection, item) if entry.agreement.type_name)
    usual_type = types.most_common(1)[0][0] if types else ""
    for sku_id, count in sorted(held.items(), key=lambda pair: (-pair[1], pair[0])):
        if sku_id not in FREE_SKUS:
            match = match_product((skus[sku_id].name, skus[sku_id].part_number), found.products[connection])
            yield _Suggestion(connection, skus[sku_id], count, match, usual_type)


def _company(found: Found, connection: str, customer: FoundCustomer) -> FoundCompany | None:
    match = found.matches[connection][customer.tenant_id]
    if not (match.sure and match.company):
        return None
    return found.progress.companies.get(company_key(connection, match.company.company_id))


def _agreements(found: Found, connection: str, customer: FoundCustomer) -> tuple[FoundAgreement, ...]:
    company = _company(found, connection, customer)
    return company.agreements if company else ()


def _profiles(suggestions: list[_Suggestion]) -> Iterator[str]:
    sure = {_identifier(item.match.product): item for item in suggestions if item.sure}
    if sure:
        yield "# One profile for each product that a SKU seems to be billed as."
        yield "profiles:"
        for identifier in sure:
            yield f"  {_text(identifier)}:"
            yield f"    product: {_text(identifier)}"
        yield ""


def _rules(suggestions: list[_Suggestion]) -> Iterator[str]:
    if not suggestions:
        return
    yield "# SKUs in use, most common first. Products are guessed from their names: check each one."
    yield "rules:" if any(item.sure for item in suggestions) else "# rules:"
    for item in suggestions:
        mark = "" if item.sure else "# "
        identifier = _identifier(item.match.product)
        sku = f"{_comment(item.sku.name)} ({_comment(item.sku.part_number)}), held by {item.customers}"
        yield f"  # {sku}. Suggestion, {_percent(item.match.confidence)}:"
        yield f"  {mark}- sku: {_text(item.sku.sku_id)}"
        yield f"  {mark}  profile: {_text(identifier or 'name a profile here')}"
        yield f"  {mark}  connection: {_text(item.connection)}"
        yield f"  {mark}  agreement: {{type: {_text(item.agreement_type or _AGREEMENT_TYPE)}}}"
    yield ""


def _customers(found: Found) -> Iterator[str]:
    if found.progress.customers:
        yield "customers:" if any(_sure_companies(found, item) for item in found.progress.customers.values()) else "# customers:"
    for item in found.progress.customers.values():
        yield from _customer(found, item)
    for why in found.failed.values():
        yield f"  # Could not be read, run discover again: {_comment(why)}"


def _sure_companies(found: Found, customer: FoundCustomer) -> dict[str, str]:
    matches = {connection: by_tenant[customer.tenant_id] for connection, by_tenant in found.matches.items()}
    return {connection: match.company.company_id for connection, match in matches.items() if match.sure and match.company}


def _customer(found: Found, customer: FoundCustomer) -> Iterator[str]:
    companies = _sure_companies(found, customer)
    mark = "" if companies else "# "
    for connection, by_tenant in found.matches.items():
        match = by_tenant[customer.tenant_id]
        company = f"{match.company.company_id} {match.company.name}" if match.company else "none"
        doubt = "" if match.sure else "Not sure. "
        yield f"  # {doubt}Company on {connection}: {_comment(company)} ({_percent(match.confidence)}, {_comment(match.why)})"
        companies.setdefault(connection, match.company.company_id) if match.company and mark else None
    yield f"  {mark}- tenant_id: {_text(customer.tenant_id)}"
    yield f"  {mark}  name: {_text(_comment(customer.name) or customer.tenant_id)}"
    yield f"  {mark}  mode: observe"
    if companies:
        yield f"  {mark}  companies: {{{', '.join(f'{name}: {_text(company)}' for name, company in companies.items())}}}"
    for connection in found.matches:
        entries = _agreements(found, connection, customer)
        skus = [sku for sku in customer.skus if sku.sku_id not in FREE_SKUS]
        matches = match_lines(skus, [line for entry in entries for line in entry.lines], found.products[connection])
        for entry in entries:
            yield from _agreement(connection, entry, {match.line.line_id: match for match in matches})


def _agreement(connection: str, entry: FoundAgreement, matches: Mapping[str, LineMatch]) -> Iterator[str]:
    head = entry.agreement
    yield f"    # Agreement {_comment(head.agreement_id)} on {connection}: {_comment(head.name)}, type {_comment(head.type_name)}"
    for line in entry.lines:
        line_id = _comment(line.line_id)
        yield f"    #   line {line_id}: {_comment(line.product)}, {line.quantity.normalize():f} units ('line: adopt {line_id}')"
        if match := matches.get(line.line_id):
            sure = f"{_percent(match.confidence)}: {match.why}"
            yield f"    #     seems to bill {_comment(match.sku.name)} ({sure}). If so, take it over with this link:"
            link = f"sku: {_text(match.sku.part_number or match.sku.sku_id)}, profile: {_text(line.product)}, connection: {_text(connection)}"
            yield f"    #     - {{{link}, agreement: {{id: {_text(head.agreement_id)}}}, line: adopt {line_id}}}"


def _identifier(product: Product | None) -> str:
    return product.identifier if product else ""


def _percent(confidence: float) -> str:
    return f"{confidence:.0%}"


def _comment(text: str) -> str:
    """A text from a tenant or a PSA on one line, without control characters."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


def _text(text: str) -> str:
    """A text as a quoted YAML value."""
    return json.dumps(_comment(text), ensure_ascii=False)
