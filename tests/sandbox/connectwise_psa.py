"""The PSA that the tests of the simulator share: one customer, one agreement, one product, and a clock that stands still."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from sandbox.connectwise import ConnectWiseSimulator, Ledger
from sandbox.connectwise.access import Access
from sandbox.connectwise.limits import Limits
from sandbox.connectwise.records import Addition
from sandbox.faults import Faults
from sandbox.web import Application, Request, Response

AGREEMENTS = "/finance/agreements"
LINES = "/finance/agreements/1/additions"


class Psa:
    """A simulator on 17 March 2026 and the shortest way to call it. March is invoiced, April is next."""

    def __init__(self, faults: Callable[[Application], Faults] = Faults, limits: Callable[[Application], Limits] = Limits, **agreement: Any) -> None:
        self.time = datetime(2026, 3, 17, 9, 30, tzinfo=UTC)
        self.ledger = Ledger(now=lambda: self.time)
        self.company = self.ledger.company("Contoso", "Contoso Ltd", website="https://contoso.example")
        self.product = self.ledger.product("M365-BP", price="10", cost="7.50", description="Business Premium")
        self.agreement = self.ledger.agreement(self.company, "Cloud", date(2026, 1, 1), **agreement)
        self.access = Access()
        self.simulator = ConnectWiseSimulator(self.ledger, self.access, faults, limits)

    def line(self, quantity: int = 10, **fields: Any) -> Addition:
        """A line that a person made when the agreement began."""
        return self.ledger.addition(self.agreement, self.product, quantity, **fields)

    def call(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, **query: str) -> Response:
        """One request with good credentials and, on top, other headers."""
        return self.simulator(
            Request(
                method,
                f"/v4_6_release/apis/3.0{path}",
                query,
                {**self.headers, **(headers or {})},
                b"" if body is None else json.dumps(body).encode(),
            )
        )

    @property
    def headers(self) -> dict[str, str]:
        """The headers of a well-behaved client."""
        return {
            "authorization": self.access.authorization,
            "clientid": min(self.access.client_ids),
            "accept": "application/vnd.connectwise.com+json; version=2025.1",
            "content-type": "application/json",
        }

    def get(self, path: str, headers: dict[str, str] | None = None, **query: str) -> Any:
        """The JSON of a GET."""
        return self.call("GET", path, headers=headers, **query).json()

    def post(self, **members: Any) -> Response:
        """Adds a line to the agreement; ``members`` come on top of what is required."""
        return self.call("POST", LINES, {"product": {"identifier": "M365-BP"}, "billCustomer": "Billable", **members})

    def patch(self, number: int, **values: Any) -> Response:
        """Sets fields of a line."""
        return self.call("PATCH", f"{LINES}/{number}", [{"op": "replace", "path": path, "value": value} for path, value in values.items()])

    def inspect(self, name: str, **query: str) -> Any:
        """What ``GET /_sandbox/<name>`` shows."""
        return self.simulator(Request("GET", f"/_sandbox/{name}", query)).json()


def wrong_fields(response: Response) -> list[str]:
    """The fields that a refusal names."""
    return [error["field"] for error in response.json()["errors"] or []]
