"""The simulated Autotask PSA as one application.

From outside to inside: inspection, limits, faults, then the PSA itself, one request at a time under the ledger's lock.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.autotask.access import Access
from sandbox.autotask.errors import Refused
from sandbox.autotask.ledger import Ledger
from sandbox.autotask.limits import Limits
from sandbox.autotask.queries import Queries, entity_named
from sandbox.autotask.tickets import ServiceDesk
from sandbox.autotask.views import views
from sandbox.autotask.writes import Writes
from sandbox.faults import Faults
from sandbox.inspection import inspected
from sandbox.web import Application, Handler, Request, Response, Router

ROOT = "/{zone}/ATServicesRest/v1.0"
"""Case matters here, as one tester found it to matter in his zone."""


class AutotaskSimulator:
    """An Autotask PSA over ``ledger``; call it with a request, or serve it with ``sandbox.web.serve``.

    ``access``, ``limits`` and ``faults`` are switches that a test or a demo may turn while it runs.
    """

    def __init__(
        self,
        ledger: Ledger,
        access: Access | None = None,
        faults: Callable[[Application], Faults] = Faults,
        limits: Callable[[Application], Limits] = Limits,
        public_url: str = "http://localhost",
    ) -> None:
        self.ledger = ledger
        self.access = access or Access()
        self.faults = faults(self.answer)
        self.limits = limits(self.faults)
        self._application = inspected(self.limits, self.faults, views(ledger, self.limits))
        self._public_url = public_url
        self._queries = Queries(ledger, self.access)
        self._writes = Writes(ledger)
        self._router = Router(_no_such_path, _no_such_method)
        self._router.route("GET", "/atservicesrest/v1.0/zoneInformation")(self._zone)
        self._add_routes()

    def __call__(self, request: Request) -> Response:
        return self._application(request)

    def _add_routes(self) -> None:
        writes, desk = self._writes, ServiceDesk(self.ledger)
        for method, path, handler in (
            ("GET", "/ThresholdInformation", self._threshold),
            ("POST", "/ContractServiceAdjustments", self._write("ContractServiceAdjustments", writes.adjust)),
            ("POST", "/Contracts/{contract}/ServiceAdjustments", self._write("ContractServiceAdjustments", writes.adjust)),
            ("POST", "/Contracts/{contract}/Services", self._write("ContractServices", writes.add_service)),
            ("PATCH", "/Contracts/{contract}/Services", self._write("ContractServices", writes.update_service)),
            ("POST", "/Tickets", self._write("Tickets", desk.open)),
            ("POST", "/Tickets/{ticket}/Notes", desk.note),
            ("POST", "/{entity}/query", self._query),
            ("POST", "/{entity}/query/next", self._next_page),
            ("POST", "/{entity}/query/count", self._count),
            ("GET", "/{entity}/entityInformation", self._information),
            ("GET", "/{entity}/entityInformation/fields", self._fields),
            ("GET", "/{entity}/{number}", self._one),
        ):
            self._router.route(method, ROOT + path)(self._checked(handler))

    def _checked(self, handler: Handler) -> Handler:
        def checked(request: Request, zone: str, **names: str) -> Response:
            self.access.check(request, zone)
            return handler(request, **names)

        return checked

    def _write(self, entity: str, handler: Handler) -> Handler:
        def write(request: Request, contract: str = "") -> Response:
            self.access.check_entity(entity, "create")
            if not contract:
                return handler(request)
            if not contract.isdecimal() or int(contract) not in self.ledger.contracts:
                raise Refused("contractID: no matching records found.")
            return handler(request, int(contract))

        return write

    def answer(self, request: Request) -> Response:
        """What the PSA itself answers: no limit, no fault, and nothing that is noted for the inspection."""
        with self.ledger.lock:
            try:
                return self._router(request)
            except Refused as refusal:
                return refusal.response()

    def _zone(self, request: Request) -> Response:
        """Discovery, without credentials; an unknown user is answered with 500 and a text."""
        if request.query.get("user", "").lower() != self.access.user.lower():
            return Refused("The user could not be found in any zone.").response()
        url = self.access.zone_url or f"{self._base(request)}/{self.access.zone}/ATServicesRest/"
        return Response.of_json({"zoneName": self.access.zone, "url": url, "webUrl": f"{self._base(request)}/", "ci": 5})

    def _threshold(self, request: Request) -> Response:
        return Response.of_json(
            {
                "externalRequestThreshold": self.limits.threshold,
                "requestThresholdTimeframe": 60,
                "currentTimeframeRequestCount": self.limits.used,
            }
        )

    def _query(self, request: Request, entity: str) -> Response:
        return self._queries.first(request, entity_named(entity), self._base(request) + request.path)

    def _next_page(self, request: Request, entity: str) -> Response:
        return self._queries.following(request, self._base(request) + request.path)

    def _count(self, request: Request, entity: str) -> Response:
        whole: Any = self._queries.first(request, entity_named(entity), "").json()
        return Response.of_json({"queryCount": whole["pageDetails"]["count"]})

    def _information(self, request: Request, entity: str) -> Response:
        return Response.of_json(entity_named(entity).information(entity in self.access.hidden))

    def _fields(self, request: Request, entity: str) -> Response:
        return Response.of_json(entity_named(entity).describe_fields())

    def _one(self, request: Request, entity: str, number: str) -> Response:
        """A record by id; a missing one is ``null`` and not 404."""
        query = Request("POST", request.path, body=f'{{"Filter": [{{"op": "eq", "field": "id", "value": {int(number)}}}]}}'.encode())
        items = self._queries.first(query, entity_named(entity), "").json()["items"]
        return Response.of_json({"item": items[0] if items else None})

    def _base(self, request: Request) -> str:
        host = request.headers.get("host")
        return f"http://{host}" if host else self._public_url


def _no_such_path(request: Request) -> Response:
    return Refused("No HTTP resource was found that matches the request.", status=404).response()


def _no_such_method(request: Request) -> Response:
    return Refused(f"The requested resource does not support http method '{request.method}'.", status=405).response()
