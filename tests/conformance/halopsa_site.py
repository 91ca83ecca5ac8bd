"""A served HaloPSA for the tests of what only Halo does: its switches, the settings of the connection, and every request that came."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sandbox.faults import Effect, Fault
from sandbox.halopsa import HaloPsaSimulator, Ledger
from sandbox.halopsa.access import Access
from sandbox.web import Request, Response, serve
from sync_core.ports import Psa
from tests.conformance.halopsa_subject import halopsa, halopsa_books
from tests.conformance.subjects import TODAY
from tests.conformance.whole import whole_agreement

LIST = "/api/RecurringInvoice"
ONE = f"{LIST}/-1"


@dataclass
class Site:
    """A simulator with the books of the suite behind a socket."""

    access: Access = field(default_factory=Access)
    settings: dict[str, str] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    url: str = ""
    ledger: Ledger = field(default_factory=halopsa_books)

    def __post_init__(self) -> None:
        self.simulator = HaloPsaSimulator(self.ledger, self.access)

    @property
    def psa(self) -> Psa:
        """A new adapter, as a new process has it."""
        return halopsa(self.url, self.access, self.settings)

    def fail(self, path: str = "/api/", effect: Effect = Effect.ANSWER, **members: Any) -> None:
        """The next request to the path goes wrong."""
        self.simulator.faults.add(Fault(effect, path=path, **members))

    def paths(self) -> list[str]:
        """Method and path of every request, in order."""
        return [f"{request.method} {request.path}" for request in self.requests]

    def lines_read(self, psa: Psa) -> int:
        """How many lines of the agreement are read anew."""
        found = whole_agreement(psa, "-1", TODAY)
        return len(found.lines) if found else 0

    def __call__(self, request: Request) -> Response:
        if not request.path.startswith("/_sandbox/"):
            self.requests.append(request)
        return self.simulator(request)


@contextmanager
def served_site(ledger: Ledger | None = None) -> Iterator[Site]:
    """A site with fresh books, for as long as the block runs."""
    site = Site(ledger=ledger or halopsa_books())
    with serve(site) as server:
        site.url = server.url
        yield site
