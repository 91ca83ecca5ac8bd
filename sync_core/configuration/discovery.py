"""Reads what Microsoft and the PSAs hold, for a first configuration. Reads only, and goes on where an interrupted one stopped."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from sync_core.configuration.matching import CompanyMatch, match_company, without_rivals
from sync_core.errors import Rejected, RetryLater, SkipCustomer
from sync_core.model.agreements import Agreement, AgreementStatus, Line, Product
from sync_core.model.customers import Customer, SignIn
from sync_core.model.licences import Sku
from sync_core.ports import Microsoft, Psa, Relationship


@dataclass(frozen=True)
class FoundCustomer:
    """A customer of the partner and what it holds."""

    tenant_id: str
    name: str
    domains: frozenset[str] = frozenset()
    skus: tuple[Sku, ...] = ()


@dataclass(frozen=True)
class FoundAgreement:
    """An active agreement and its lines that are not over."""

    agreement: Agreement
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True)
class FoundCompany:
    """The active agreements of a company that some customer is."""

    agreements: tuple[FoundAgreement, ...] = ()


@dataclass(frozen=True)
class Progress:
    """What was read so far: customers by tenant id, companies by connection and id."""

    customers: Mapping[str, FoundCustomer] = field(default_factory=dict)
    companies: Mapping[str, FoundCompany] = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """All of it. ``matches`` are by connection, then tenant id; ``failed`` says why a customer could not be read."""

    progress: Progress
    matches: Mapping[str, Mapping[str, CompanyMatch]]
    products: Mapping[str, Sequence[Product]]
    failed: Mapping[str, str] = field(default_factory=dict)


def company_key(connection: str, company_id: str) -> str:
    """The key of a company in ``Progress.companies``."""
    return f"{connection}/{company_id}"


def discover(
    microsoft: Microsoft,
    psas: Sequence[Psa],
    on: date,
    progress: Progress,
    save: Callable[[Progress], None],
    sign_in: SignIn = SignIn.DELEGATED,
) -> Found:
    """Reads everything that ``progress`` does not hold yet, telling ``save`` after each customer and company.

    One customer that cannot be read is listed and tried again the next time. Raises what the partner-wide reads raise.
    """
    progress, failed = _read_customers(microsoft, sign_in, progress, save)
    matches, products = {}, {}
    for psa in psas:
        companies = psa.companies()
        found = {item.tenant_id: match_company(item.name, item.domains, companies) for item in progress.customers.values()}
        matches[psa.connection] = without_rivals(found)
        products[psa.connection] = psa.products()
        progress = _read_companies(psa, matches[psa.connection], on, progress, save)
    return Found(progress, matches, products, failed)


def _read_customers(microsoft: Microsoft, sign_in: SignIn, progress: Progress, save: Callable[[Progress], None]) -> tuple[Progress, dict[str, str]]:
    failed = {}
    for relationship in microsoft.relationships():
        if relationship.tenant_id not in progress.customers:
            try:
                customer = _read_customer(microsoft, relationship, sign_in)
            except (SkipCustomer, RetryLater, Rejected) as error:
                failed[relationship.tenant_id] = f"{relationship.name}: {error}"
                continue
            progress = replace(progress, customers={**progress.customers, customer.tenant_id: customer})
            save(progress)
    return progress, failed


def _read_customer(microsoft: Microsoft, relationship: Relationship, sign_in: SignIn) -> FoundCustomer:
    customer = Customer(relationship.tenant_id, relationship.name, sign_in)
    usage = microsoft.read_usage(customer)
    if usage.failed:
        raise RetryLater("; ".join(f"{source}: {reason}" for source, reason in usage.failed.items()), delay=0)
    return FoundCustomer(customer.tenant_id, customer.name, microsoft.verified_domains(customer), usage.skus)


def _read_companies(psa: Psa, matches: Mapping[str, CompanyMatch], on: date, progress: Progress, save: Callable[[Progress], None]) -> Progress:
    for match in matches.values():
        if not (match.sure and match.company):
            continue
        key = company_key(psa.connection, match.company.company_id)
        if key not in progress.companies:
            agreements = [item for item in psa.company_agreements(match.company.company_id) if item.status is AgreementStatus.ACTIVE]
            company = FoundCompany(tuple(_read_agreement(psa, agreement, on) for agreement in agreements))
            progress = replace(progress, companies={**progress.companies, key: company})
            save(progress)
    return progress


def _read_agreement(psa: Psa, agreement: Agreement, on: date) -> FoundAgreement:
    return FoundAgreement(agreement, tuple(line for line in psa.read_lines(agreement, on) if line.active_on(on)))
