"""Asks a served world as a client of its own would: a token of the customer's tenant, one batch, and the PSA's lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import requests

from sandbox.microsoft.tokens import GRAPH
from sandbox.world import ServedWorld
from sandbox.world.msp import Account

PARTS = {"organization": "/organization", "skus": "/subscribedSkus", "subscriptions": "/directory/subscriptions"}


@dataclass(frozen=True)
class WorldClient:
    """Signs in with the world's own made-up secrets."""

    served: ServedWorld

    def token(self, account: Account) -> requests.Response:
        """The answer to redeeming the partner's refresh token at the customer's authority."""
        directory, world = self.served.world.directory, self.served.world
        form = {
            "client_id": directory.client_id,
            "client_secret": directory.client_secret,
            "grant_type": "refresh_token",
            "refresh_token": world.refresh_token,
            "scope": f"{GRAPH}/.default offline_access openid profile",
        }
        return requests.post(f"{self.served.urls.login}/{account.tenant.tenant_id}/oauth2/v2.0/token", data=form, timeout=30)

    def sign_in_code(self, account: Account) -> int:
        """The AADSTS code that the customer's authority refuses with."""
        return int(self.token(account).json()["error_codes"][0])

    def batch(self, account: Account) -> dict[str, dict[str, Any]]:
        """The answers of one ``$batch`` by part."""
        wanted = [{"id": name, "method": "GET", "url": url} for name, url in PARTS.items()]
        headers = {"Authorization": f"Bearer {self.token(account).json()['access_token']}"}
        answer = requests.post(f"{self.served.urls.graph}/v1.0/$batch", json={"requests": wanted}, headers=headers, timeout=30)
        assert answer.status_code == 200, answer.text
        return {part["id"]: part for part in answer.json()["responses"]}

    def statuses(self, account: Account) -> dict[str, int]:
        """The status of each part of one ``$batch``."""
        return {name: part["status"] for name, part in self.batch(account).items()}

    def subscriptions(self, account: Account, sku_id: str) -> list[dict[str, Any]]:
        """The customer's subscriptions of a SKU."""
        return [row for row in self.batch(account)["subscriptions"]["body"]["value"] if row["skuId"] == sku_id]

    def sku(self, account: Account, sku_id: str) -> dict[str, Any]:
        """The customer's row of a SKU."""
        return next(row for row in self.batch(account)["skus"]["body"]["value"] if row["skuId"] == sku_id)

    def psa(self, path: str) -> Any:
        """What the PSA answers to a path below its root."""
        access = self.served.world.connectwise.access
        headers = {
            "Authorization": access.authorization,
            "clientId": min(access.client_ids),
            "Accept": "application/vnd.connectwise.com+json; version=2025.1",
        }
        answer = requests.get(f"{self.served.urls.psa}/v4_6_release/apis/3.0{path}", headers=headers, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def lines(self, account: Account, product: str) -> list[dict[str, Any]]:
        """The lines of the customer's agreement for licences with that product."""
        lines = self.psa(f"/finance/agreements/{account.agreement.id}/additions?pageSize=1000")
        return [line for line in lines if line["product"]["identifier"] == product]

    def view(self, name: str, **query: str) -> Any:
        """What the world's control shows under a name."""
        return requests.get(f"{self.served.urls.control}/_sandbox/{name}", params=query, timeout=30).json()

    def command(self, name: str, **members: Any) -> requests.Response:
        """The answer of the world's control to a command."""
        return requests.post(f"{self.served.urls.control}/_sandbox/{name}", json=members, timeout=30)
