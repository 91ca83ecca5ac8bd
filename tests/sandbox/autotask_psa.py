"""The PSA that the tests of the simulator share: one customer, one contract, one service, and a clock that stands still."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from sandbox.autotask import AutotaskSimulator, Ledger
from sandbox.autotask.access import Access
from sandbox.autotask.limits import Limits
from sandbox.autotask.records import Line
from sandbox.autotask.simulator import ROOT
from sandbox.faults import Faults
from sandbox.web import Application, Request, Response

JANUARY, MARCH_17, MARCH_31, APRIL = date(2026, 1, 1), date(2026, 3, 17), date(2026, 3, 31), date(2026, 4, 1)
ALL = [{"op": "gte", "field": "id", "value": 0}]


class Psa:
    """A simulator on 17 March 2026 and the shortest way to call it. March is posted."""

    def __init__(
        self, faults: Callable[[Application], Faults] = Faults, limits: Callable[[Application], Limits] = Limits, units: int = 10, **ledger: Any
    ) -> None:
        self.ledger = Ledger(now=lambda: datetime(2026, 3, 17, 9, 30, tzinfo=UTC), **ledger)
        self.company = self.ledger.company("Contoso Ltd", web_address="https://contoso.example")
        self.service = self.ledger.service("M365-BP", price="31", description="Business Premium")
        self.contract = self.ledger.contract(self.company, "Cloud", JANUARY)
        if units:
            self.ledger.line(self.contract, self.service, units)
        self.ledger.post(MARCH_31)
        self.access = Access()
        self.simulator = AutotaskSimulator(self.ledger, self.access, faults, limits)

    @property
    def line(self) -> Line:
        """The first contract service as it is now."""
        return self.ledger.lines[1]

    @property
    def headers(self) -> dict[str, str]:
        """The headers of a well-behaved client."""
        keys = {"username": self.access.user, "secret": self.access.secret, "apiintegrationcode": self.access.integration_code}
        return {**keys, "content-type": "application/json"}

    def call(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, **query: str) -> Response:
        """One request to the zone with good credentials and, on top, other headers."""
        content = b"" if body is None else json.dumps(body).encode()
        path = ROOT.replace("{zone}", self.access.zone) + path
        return self.simulator(Request(method, path, query, {**self.headers, **(headers or {})}, content))

    def query(self, entity: str, *conditions: dict[str, Any], **members: Any) -> Response:
        """The first page of a query."""
        return self.call("POST", f"/{entity}/query", {"Filter": list(conditions) or ALL, **members})

    def rows(self, *conditions: dict[str, Any]) -> list[tuple[str, str, int, bool]]:
        """The unit rows: first day, last day, units, and whether they are posted."""
        items = self.query("ContractServiceUnits", *conditions).json()["items"]
        return [(item["startDate"][:10], item["endDate"][:10], item["units"], item["approveAndPostDate"] is not None) for item in items]

    def adjust(self, units: int, effective: str = "2026-04-01T12:00:00", **members: Any) -> Response:
        """Changes the units of the first service."""
        body = {"contractServiceID": 1, "unitChange": units, "effectiveDate": effective, **members}
        return self.call("POST", "/Contracts/1/ServiceAdjustments", body)

    def add(self, **members: Any) -> Response:
        """Adds a service to the contract."""
        return self.call("POST", "/Contracts/1/Services", {"contractID": 1, "serviceID": 1, **members})

    def inspect(self, name: str) -> Any:
        """What ``GET /_sandbox/<name>`` shows."""
        return self.simulator(Request("GET", f"/_sandbox/{name}")).json()


def errors(response: Response) -> str:
    """The texts of a refusal, which is answered with status 500."""
    assert response.status == 500
    return "; ".join(response.json()["errors"])


def named(field: str, op: str, value: Any = None) -> dict[str, Any]:
    """One condition."""
    return {"op": op, "field": field} if value is None else {"op": op, "field": field, "value": value}
