"""The simulated ConnectWise PSA as one application.

From outside to inside: inspection, limits, faults, then the PSA itself, one request at a time under the ledger's lock.
"""

from __future__ import annotations

from collections.abc import Callable

from sandbox.connectwise.access import ROUTER_CODEBASE, Access
from sandbox.connectwise.bundles import Bundles, BundleSwitches
from sandbox.connectwise.callbacks import Callbacks
from sandbox.connectwise.endpoints import Writes, add_reads
from sandbox.connectwise.errors import Refused, no_such_resource
from sandbox.connectwise.ledger import Ledger
from sandbox.connectwise.limits import Limits
from sandbox.connectwise.tickets import ServiceDesk
from sandbox.connectwise.views import views
from sandbox.faults import Faults
from sandbox.inspection import inspected
from sandbox.web import Application, Handler, Request, Response, Router

ROOT = "/{codebase}/apis/3.0"


class ConnectWiseSimulator:
    """A ConnectWise PSA over ``ledger``; call it with a request, or serve it with ``sandbox.web.serve``.

    ``access``, ``limits`` and ``faults`` are switches that a test or a demo may turn while it runs; the arguments of the same
    name let it bring its own seed, sleep or clock. ``public_url`` stands in ``Link`` headers when a request has no Host header.
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
        self._router = Router(_no_such_path, _no_such_method)
        self._router.route("GET", "/login/companyinfo/{company}")(self._company_info)
        self._router.route("GET", f"{ROOT}/system/info")(self._system_info)
        add_reads(self._route, ledger, public_url)
        Writes(ledger).add_to(self._route)
        self.desk = ServiceDesk(ledger, public_url)
        self.desk.add_to(self._route)
        self.callbacks = Callbacks(ledger, f"{public_url}/{ROUTER_CODEBASE}/apis/3.0/system/callbacks/key")
        self.callbacks.add_to(self._route)
        self._bundles = Bundles(ledger)
        self._route("POST", "/system/bundles", self._bundles)

    def __call__(self, request: Request) -> Response:
        return self._application(request)

    @property
    def bundles(self) -> BundleSwitches:
        """What is not known of bundled requests, to be turned while it runs."""
        return self._bundles.switches

    def _route(self, method: str, path: str, handler: Handler) -> None:
        """Routes a path below the root, behind the door."""

        def checked(request: Request, codebase: str, **ids: str) -> Response:
            self.access.check(request, codebase)
            return handler(request, **ids)

        self._router.route(method, ROOT + path)(checked)

    def answer(self, request: Request) -> Response:
        """What the PSA itself answers: no limit, no fault, and nothing that is noted for the inspection."""
        with self.ledger.lock:
            before = len(self.ledger.writes)
            try:
                response = self._router(request)
            except Refused as refusal:
                response = refusal.response()
            written = self.ledger.writes[before:]
        for write in written:
            self.callbacks.written(write)
        return Response(response.status, response.body, {"api-current-version": self.access.current_version, **response.headers})

    def _company_info(self, request: Request, company: str) -> Response:
        """Discovery, without credentials; an unknown company answers 200 with ``null``."""
        if company.lower() != self.access.company_id.lower():
            return Response.of_json(None)
        return Response.of_json(
            {
                "CompanyName": self.access.company_id.title(),
                "Codebase": f"{self.access.codebase}/",
                "VersionCode": f"v{self.access.current_version}",
                "VersionNumber": "v4.6.90000",
                "CompanyID": self.access.company_id,
                "IsCloud": str(self.access.codebase != ROUTER_CODEBASE),
            }
        )

    def _system_info(self, request: Request, codebase: str) -> Response:
        """Answered without credentials, as observed: no proof that a key works."""
        self.access.check_codebase(codebase)
        info = {"version": f"v{self.access.current_version}", "isCloud": True, "serverTimeZone": "UTC", "cloudRegion": "NA", "licenseBits": []}
        return Response.of_json(info)


def _no_such_path(request: Request) -> Response:
    return no_such_resource().response()


def _no_such_method(request: Request) -> Response:
    return Refused(405, "MethodNotAllowed", f"The resource does not support {request.method}.").response()
