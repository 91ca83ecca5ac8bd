"""A Microsoft and a PSA of a few lines, for discovery: they hold what a test gives them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import cast

from sync_core.errors import SkipCustomer
from sync_core.model.agreements import Agreement, AgreementStatus, Company, Line, Product
from sync_core.model.configuration import Configuration
from sync_core.model.customers import Customer
from sync_core.model.licences import PrepaidUnits, Sku, UsageSnapshot
from sync_core.pipeline.context import Adapters
from sync_core.ports import NOTHING_MORE, Microsoft, Psa, Relationship, UsageNeeds
from tests.configuration.files import EXCHANGE, FABRIKAM, PREMIUM, WINGTIP

TODAY = date(2026, 3, 12)
SKUS = (
    Sku(PREMIUM, "SPB", "Microsoft 365 Business Premium", PrepaidUnits(enabled=12), 11),
    Sku(EXCHANGE, "EXCHANGESTANDARD", "Exchange Online (Plan 1)", PrepaidUnits(enabled=3), 3),
)


@dataclass
class SomeMicrosoft:
    """Two customers; those in ``broken`` cannot be read. ``reads`` counts what was asked for."""

    domains: Mapping[str, frozenset[str]] = field(
        default_factory=lambda: {FABRIKAM: frozenset({"fabrikam.example", "fabrikam.onmicrosoft.com"}), WINGTIP: frozenset({"wingtip.example"})}
    )
    broken: set[str] = field(default_factory=set)
    reads: list[str] = field(default_factory=list)
    names: Mapping[str, str] = field(default_factory=lambda: {FABRIKAM: "Fabrikam Inc.", WINGTIP: "Wingtip Toys"})

    def relationships(self) -> Sequence[Relationship]:
        return [Relationship(tenant_id, name) for tenant_id, name in self.names.items()]

    def read_usage(self, customer: Customer, needs: UsageNeeds = NOTHING_MORE) -> UsageSnapshot:
        self.reads.append(customer.tenant_id)
        if customer.tenant_id in self.broken:
            raise SkipCustomer("The consent is missing", fix="Consent to the app")
        return UsageSnapshot(customer.tenant_id, datetime(2026, 3, 12, tzinfo=UTC), SKUS)

    def verified_domains(self, customer: Customer) -> frozenset[str]:
        return self.domains[customer.tenant_id]


@dataclass
class SomePsa:
    """A PSA with two companies; Fabrikam's has one active agreement with a line that a person made."""

    connection: str = "cw"
    known: Sequence[Company] = (Company("250", "Fabrikam", frozenset({"fabrikam.example"})), Company("251", "Wingtips Toy Shop"))
    reads: list[str] = field(default_factory=list)

    def companies(self) -> Sequence[Company]:
        return self.known

    def products(self, identifiers: Collection[str] | None = None) -> Sequence[Product]:
        return [Product("9", "M365-BP", "Microsoft 365 Business Premium", Decimal(22)), Product("10", "LABOUR", "Labour", Decimal(90))]

    def read_headers(self, agreement_ids: Collection[str] | None) -> Sequence[Agreement]:
        return [head for company in self.known for head in self.company_agreements(company.company_id) if head.status is AgreementStatus.ACTIVE]

    def company_agreements(self, company_id: str) -> Sequence[Agreement]:
        self.reads.append(company_id)
        active = Agreement("cw", "7", company_id, "Cloud", "Microsoft 365", AgreementStatus.ACTIVE, TODAY, None, 1, TODAY, TODAY, True, "USD")
        over = Agreement("cw", "8", company_id, "Old", "Backup", AgreementStatus.EXPIRED, TODAY, TODAY, 1, TODAY, TODAY, True, "USD")
        return [active, over]

    def read_lines(self, agreement: Agreement, on: date) -> tuple[Line, ...]:
        return (Line("4711", "9", "M365-BP", Decimal(12), Decimal(22)), Line("4712", "9", "M365-BP", Decimal(1), Decimal(22), ends=date(2025, 1, 1)))


@dataclass
class SomeAdapters:
    """The two, as a configuration's adapters."""

    some_microsoft: SomeMicrosoft = field(default_factory=SomeMicrosoft)
    some_psa: SomePsa = field(default_factory=SomePsa)

    def microsoft(self, configuration: Configuration) -> Microsoft:
        return cast("Microsoft", self.some_microsoft)

    def psa(self, configuration: Configuration, connection: str) -> Psa:
        return cast("Psa", self.some_psa)

    def ports(self) -> Adapters:
        return cast("Adapters", self)
