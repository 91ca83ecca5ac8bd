"""A partner with two customers in the simulated Microsoft, served on sockets, and the adapter connected to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from adapters.http import Http
from adapters.microsoft.adapter import MicrosoftAdapter
from adapters.microsoft.graph import GraphService
from adapters.microsoft.login import LoginHttp
from adapters.microsoft.partner_center import PartnerCenter
from adapters.microsoft.sign_in import SignIns
from adapters.microsoft.sku_names import SkuNames
from adapters.microsoft.tokens import TokenCache
from sandbox.memory.blobs import MemoryBlobs
from sandbox.memory.clock import ManualClock
from sandbox.memory.secrets import MemorySecrets
from sandbox.memory.store import MemoryStore
from sandbox.microsoft.catalog import BUSINESS_BASIC, BUSINESS_PREMIUM, names_csv
from sandbox.microsoft.directory import Directory, Tenant
from sandbox.microsoft.simulator import MicrosoftSimulator
from sandbox.web import serve
from sync_core.model.configuration import Partner
from sync_core.model.customers import Customer, SignIn

START = datetime(2026, 1, 15, 2, 0, tzinfo=UTC)


@dataclass
class World:
    """The simulated Microsoft and everything that the adapter was connected with."""

    simulator: MicrosoftSimulator
    login_url: str
    graph_url: str
    partner_center_url: str
    clock: ManualClock
    secrets: MemorySecrets
    store: MemoryStore = field(default_factory=MemoryStore)

    @property
    def partner(self) -> Partner:
        """The partner with a signed-in service account and a client secret."""
        directory = self.simulator.directory
        return Partner(directory.partner.tenant_id, directory.client_id, credential_secret="app-secret", refresh_token_secret="refresh-token")

    def sign_ins(
        self, partner: Partner | None = None, cache: TokenCache | None = None, assertion: Callable[[str], str] = lambda client_id: ""
    ) -> SignIns:
        """Signing in over the sockets, without real waits."""
        http = Http("Microsoft sign-in", self.clock, sleep=self.clock.advance)
        return SignIns(partner or self.partner, LoginHttp(http, self.login_url), self.secrets, self.store, self.clock, cache, assertion)

    def graph(self, sign_ins: SignIns | None = None) -> GraphService:
        """Graph over the sockets, without real waits."""
        http = Http("Microsoft Graph", self.clock, sleep=self.clock.advance)
        return GraphService(http, sign_ins or self.sign_ins(), self.clock, self.graph_url, self.clock.advance)

    def adapter(self, sign_ins: SignIns | None = None, partner: Partner | None = None) -> MicrosoftAdapter:
        """The adapter as the core gets it."""
        partner = partner or self.partner
        graph = self.graph(sign_ins or self.sign_ins(partner))
        http = Http("Partner Center", self.clock, sleep=self.clock.advance)
        partner_center = PartnerCenter(partner, http, graph.sign_ins, self.clock, self.partner_center_url)
        return MicrosoftAdapter(partner, graph, SkuNames(MemoryBlobs(), self.clock, names_csv), partner_center)

    def tenant(self, domain: str) -> Tenant:
        """One of the simulated tenants."""
        found = self.simulator.directory.tenant(domain)
        assert found is not None
        return found

    def customer(self, domain: str, sign_in: SignIn = SignIn.DELEGATED) -> Customer:
        """The customer as it stands in the configuration."""
        tenant = self.tenant(domain)
        return Customer(tenant.tenant_id, tenant.display_name, sign_in)


@pytest.fixture
def world() -> Iterator[World]:
    """Contoso with 25 seats of Business Premium, 22 of them assigned; Tailspin with 3 of Business Basic."""
    directory = Directory.of_partner("Fabrikam Managed IT", "fabrikam-it.example")
    contoso, tailspin = directory.add_customer("Contoso", "contoso.example"), directory.add_customer("Tailspin Toys", "tailspin.example")
    contoso.buy(BUSINESS_PREMIUM, 25)
    contoso.hire(22, BUSINESS_PREMIUM, department="Sales")
    tailspin.buy(BUSINESS_BASIC, 3)
    clock = ManualClock(START)
    simulator = MicrosoftSimulator(directory, now=clock.now)
    secrets = MemorySecrets({"app-secret": directory.client_secret, "refresh-token": simulator.sign_in()})
    with ExitStack() as servers:
        applications = (simulator.login, simulator.graph, simulator.partner_center)
        login, graph, partner_center = (servers.enter_context(serve(application)) for application in applications)
        yield World(simulator, login.url, graph.url, partner_center.url, clock, secrets)
