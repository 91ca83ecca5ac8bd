"""The HaloPSA that the tests of the simulator share: one client, one recurring invoice, one item, and a clock that stands still."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlencode

from sandbox.halopsa import HaloPsaSimulator, Ledger
from sandbox.halopsa.access import Access
from sandbox.halopsa.records import Line
from sandbox.web import Request, Response

RECURRING = "/RecurringInvoice"


class Psa:
    """A simulator on 17 March 2026 and the shortest way to call it. March is invoiced, April is next."""

    def __init__(self, **invoice: Any) -> None:
        self.time = datetime(2026, 3, 17, 9, 30, tzinfo=UTC)
        self.ledger = Ledger(now=lambda: self.time)
        self.client = self.ledger.client("Contoso Ltd")
        self.item = self.ledger.item("M365-BP", price="10")
        self.invoice = self.ledger.recurring_invoice(self.client, "Cloud", date(2026, 1, 1), **invoice)
        self.access = Access()
        self.simulator = HaloPsaSimulator(self.ledger, self.access)
        self.token = self.ask_token().json()["access_token"]

    @property
    def switches(self) -> Any:
        """What nobody knows of the vendor."""
        return self.ledger.switches

    def line(self, quantity: int = 10, **fields: Any) -> Line:
        """A line that a person made when the recurring invoice began."""
        return self.ledger.line(self.invoice, self.item, quantity, **fields)

    def ask_token(self, tenant: str = "contoso", **fields: str) -> Response:
        """Asks for a token with good credentials and, on top, other fields."""
        given = {"grant_type": "client_credentials", "client_id": self.access.client_id, "client_secret": self.access.client_secret, "scope": "all"}
        return self.simulator(Request("POST", "/auth/token", {"tenant": tenant}, body=urlencode({**given, **fields}).encode()))

    def call(self, method: str, path: str, body: Any = None, **query: str) -> Response:
        """One request with a good token."""
        headers = {"authorization": f"Bearer {self.token}", "content-type": "application/json"}
        return self.simulator(Request(method, f"/api{path}", query, headers, b"" if body is None else json.dumps(body).encode()))

    def get(self, path: str, **query: str) -> Any:
        """The JSON of a GET."""
        return self.call("GET", path, **query).json()

    def shown(self) -> Any:
        """The recurring invoice by its id."""
        return self.get(f"{RECURRING}/{self.invoice.id}", includedetails="true")

    def save(self, lines: Any, **members: Any) -> Response:
        """Posts the recurring invoice with these lines."""
        return self.call("POST", RECURRING, [{"id": self.invoice.id, "lines": lines, **members}])

    def inspect(self, name: str, **query: str) -> Any:
        """What ``GET /_sandbox/<name>`` shows."""
        return self.simulator(Request("GET", f"/_sandbox/{name}", query)).json()
