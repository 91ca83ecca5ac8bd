"""A small world with two customers, and a client that calls the simulated Microsoft directly, without sockets."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from sandbox.microsoft.catalog import BUSINESS_PREMIUM, EXCHANGE_PLAN_1, POWER_AUTOMATE_FREE
from sandbox.microsoft.directory import Directory, Tenant
from sandbox.microsoft.simulator import MicrosoftSimulator
from sandbox.microsoft.tokens import GRAPH
from sandbox.web import Application, Request, Response


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    time: datetime = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def advance(self, **duration: float) -> None:
        self.time += timedelta(**duration)


def small_world() -> Directory:
    """A partner with two customers: Contoso with three SKUs and 20 users, Litware with one SKU and no user."""
    world = Directory.of_partner("Fabrikam Managed IT", "fabrikam-it.example")
    contoso = world.add_customer("Contoso", "contoso.example")
    contoso.buy(BUSINESS_PREMIUM, 25)
    contoso.buy(EXCHANGE_PLAN_1, 5, term="P1M")
    contoso.buy(POWER_AUTOMATE_FREE, 10_000, sold_by=None)
    contoso.hire(18, BUSINESS_PREMIUM)
    contoso.hire(2, EXCHANGE_PLAN_1, department="Reception")
    world.add_customer("Litware", "litware.example").buy(BUSINESS_PREMIUM, 3)
    return world


@dataclass
class Caller:
    """Calls the three applications as a client would; tokens are got from the simulated sign-in."""

    world: Directory = field(default_factory=small_world)
    clock: Clock = field(default_factory=Clock)
    seed: int = 0

    def __post_init__(self) -> None:
        self.microsoft = MicrosoftSimulator(self.world, self.seed, self.clock)

    @property
    def contoso(self) -> Tenant:
        return self.world.customers[0]

    @property
    def litware(self) -> Tenant:
        return self.world.customers[1]

    def redeem(self, tenant: Tenant, refresh_token: str | None = None, resource: str = GRAPH, **form: str) -> Response:
        """A token for the partner's person in a tenant."""
        token = refresh_token or self.microsoft.sign_in()
        scope = f"{resource}/.default offline_access openid profile"
        return self.ask_token(tenant.tenant_id, **{"grant_type": "refresh_token", "refresh_token": token, "scope": scope, **form})

    def app_only(self, tenant: Tenant, **form: str) -> Response:
        """A token for the app itself in a tenant."""
        return self.ask_token(tenant.tenant_id, **{"grant_type": "client_credentials", "scope": f"{GRAPH}/.default", **form})

    def ask_token(self, tenant: str, **form: str) -> Response:
        """Any token request; the right client id and secret are added unless they are given, empty ones are left out."""
        fields = {"client_id": self.world.client_id, "client_secret": self.world.client_secret, **form}
        body = urlencode({name: value for name, value in fields.items() if value}).encode()
        headers = {"content-type": "application/x-www-form-urlencoded"}
        return self.microsoft.login(Request("POST", f"/{tenant}/oauth2/v2.0/token", headers=headers, body=body))

    def token(self, tenant: Tenant) -> str:
        """An app-only access token for Graph."""
        return str(self.app_only(tenant).json()["access_token"])

    def get(self, tenant: Tenant, url: str, **headers: str) -> Response:
        """A read of Graph in a tenant; ``url`` follows the version or is a whole next link."""
        return self.graph(tenant, "GET", url.split("/v1.0")[-1], None, **headers)

    def value(self, tenant: Tenant, url: str) -> list[dict[str, Any]]:
        """The items of a successful read."""
        response = self.get(tenant, url)
        assert response.status == 200, response.body
        return list(response.json()["value"])

    def post(self, tenant: Tenant, url: str, body: Any) -> Response:
        """A JSON post to Graph in a tenant."""
        return self.graph(tenant, "POST", url, body)

    def batch(self, tenant: Tenant, *parts: Any) -> Response:
        """A batch; a part given as text is a GET of that URL, with its position as id."""
        requests = [{"id": str(n), "method": "GET", "url": part} if isinstance(part, str) else part for n, part in enumerate(parts)]
        return self.post(tenant, "/$batch", {"requests": requests})

    def parts(self, tenant: Tenant, *parts: Any) -> dict[str, Any]:
        """The answers of a batch by id."""
        return {part["id"]: part for part in self.batch(tenant, *parts).json()["responses"]}

    def graph(self, tenant: Tenant, method: str, url: str, body: Any, **headers: str) -> Response:
        """Any call to Graph with an app-only token of the tenant."""
        sent = {"authorization": f"Bearer {self.token(tenant)}", "content-type": "application/json"}
        sent |= {name.replace("_", "-").lower(): value for name, value in headers.items()}
        return call(self.microsoft.graph, method, "/v1.0" + url, sent, b"" if body is None else json.dumps(body).encode())


def call(application: Application, method: str, url: str, headers: dict[str, str], body: bytes = b"") -> Response:
    """One call of an application with a URL as a client writes it."""
    address = urlsplit(url)
    return application(Request(method, address.path, dict(parse_qsl(address.query)), headers, body))
