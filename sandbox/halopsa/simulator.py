"""The simulated HaloPSA as one application.

From outside to inside: inspection, limits, faults, then the PSA itself, one request at a time under the ledger's lock.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.faults import Faults
from sandbox.halopsa import rendering
from sandbox.halopsa.access import Access
from sandbox.halopsa.errors import Refused, bad_request, not_found
from sandbox.halopsa.ledger import Ledger
from sandbox.halopsa.licensing import saved_licence
from sandbox.halopsa.listing import flag, listed, whole
from sandbox.halopsa.records import Licence, RecurringInvoice, Write
from sandbox.halopsa.rendering import Json
from sandbox.halopsa.reporting import report
from sandbox.halopsa.saving import leaves_out, parsed, saved
from sandbox.halopsa.tickets import ServiceDesk
from sandbox.halopsa.views import views
from sandbox.inspection import inspected
from sandbox.limits import Limits
from sandbox.web import Application, Handler, Request, Response, Router

APPLICATION = "licence-sync"
"""The agent in whose name everything through the interface is written."""

ACTIVITY = frozenset({"includeactive", "includeinactive"})


class HaloPsaSimulator:
    """A HaloPSA over ``ledger``; call it with a request, or serve it with ``sandbox.web.serve``.

    ``access``, ``limits``, ``faults`` and ``ledger.switches`` may be turned by a test or a demo while it runs; the arguments of
    the same name let it bring its own seed, sleep or clock.
    """

    def __init__(
        self,
        ledger: Ledger,
        access: Access | None = None,
        faults: Callable[[Application], Faults] = Faults,
        limits: Callable[[Application], Limits] = Limits,
    ) -> None:
        self.ledger = ledger
        self.access = access or Access()
        self.faults = faults(self.answer)
        self.limits = limits(self.faults)
        self._application = inspected(self.limits, self.faults, views(ledger, self.limits))
        self._router = Router(_no_such_path, _no_such_method)
        self._router.route("GET", "/api/authinfo")(self.access.info)
        self._router.route("POST", "/auth/token")(lambda request: self.access.token(request, ledger.now))
        self._add_reads()
        self.desk = ServiceDesk(ledger)
        self._route("GET", "/Tickets", self.desk.search)
        self._route("POST", "/Tickets", self.desk.open)
        self._route("POST", "/Actions", self.desk.act)
        self._route("POST", "/RecurringInvoice", self._save)
        self._route("POST", "/SoftwareLicence", self._save_licences)
        self._route("POST", "/Report", lambda request: report(self.ledger, request))
        self._route("POST", "/RecurringInvoice/process", self._forbidden)
        self._route("POST", "/RecurringInvoice/Lines", self._forbidden)
        self._route("POST", "/RecurringInvoice/updatelines", self._forbidden)
        self._route("DELETE", "/RecurringInvoice/{number}", self._forbidden)

    def __call__(self, request: Request) -> Response:
        return self._application(request)

    def _add_reads(self) -> None:
        self._route("GET", "/Client", lambda request: self._activity_list(request, "clients", self.ledger.clients, rendering.client))
        self._route("GET", "/Users", lambda request: self._activity_list(request, "users", self.ledger.users, self._user))
        self._route("GET", "/Item", lambda request: self._activity_list(request, "items", self.ledger.items, rendering.item))
        self._route("GET", "/SoftwareLicence", self._licences)
        self._route("GET", "/SoftwareLicence/{number}", self._licence)
        self._route("GET", "/RecurringInvoice", self._recurring_invoices)
        self._route("GET", "/RecurringInvoice/{number}", self._recurring_invoice)

    def _route(self, method: str, path: str, handler: Handler) -> None:
        """Routes a path below ``/api``, behind the door."""

        def checked(request: Request, **ids: str) -> Response:
            self.access.check(request, self.ledger.now())
            return handler(request, **ids)

        self._router.route(method, f"/api{path}")(checked)

    def answer(self, request: Request) -> Response:
        """What the PSA itself answers: no limit, no fault, and nothing that is noted for the inspection."""
        with self.ledger.lock:
            try:
                return self._router(request)
            except Refused as refusal:
                return refusal.response()

    def _activity_list(self, request: Request, plural: str, records: dict[int, Any], render: Callable[[Any], Json]) -> Response:
        active, inactive = flag(request, "includeactive", True), flag(request, "includeinactive")
        rows = [render(each) for each in records.values() if (inactive if each.inactive else active)]
        return listed(request, plural, rows, ACTIVITY, self.ledger.switches)

    def _user(self, record: Any) -> Json:
        return rendering.user(self.ledger, record)

    def _licences(self, request: Request) -> Response:
        client_id = whole(request, "client_id", 0, least=0)
        inactive, with_notes = flag(request, "includeinactive"), self.ledger.switches.notes_in_list
        found = [each for each in self.ledger.licences.values() if client_id in (0, each.client_id) and (each.active or inactive)]
        rows = [rendering.licence(self.ledger, each, with_notes) for each in found]
        return listed(request, "licences", rows, {"client_id", "includeinactive"}, self.ledger.switches)

    def _licence(self, request: Request, number: str) -> Response:
        self._one_only(request)
        if not number.isdecimal() or int(number) not in self.ledger.licences:
            raise not_found("Licence", number)
        return Response.of_json(rendering.licence(self.ledger, self.ledger.licences[int(number)]))

    def _save_licences(self, request: Request) -> Response:
        shown = [self._stored_licence(request, saved_licence(self.ledger, record)) for record in parsed(request.body)]
        return Response.of_json(shown[0] if len(shown) == 1 else shown, 201)

    def _stored_licence(self, request: Request, draft: Licence) -> Json:
        old = self.ledger.licences.get(draft.id)
        before = rendering.licence(self.ledger, old) if old else None
        self.ledger.licences[draft.id] = draft
        after = rendering.licence(self.ledger, draft)
        self._record(request, 0, before, after, False)
        return after

    def _recurring_invoices(self, request: Request) -> Response:
        client_id, with_lines = whole(request, "client_id", 0, least=0), flag(request, "includelines")
        found = [each for each in self.ledger.recurring_invoices.values() if client_id in (0, each.client_id)]
        whole_lines = self.ledger.switches.whole_lines_in_list
        rows = [rendering.recurring_invoice(self.ledger, each, with_lines, whole_lines) for each in found]
        return listed(request, "invoices", rows, {"client_id", "includelines"}, self.ledger.switches)

    def _recurring_invoice(self, request: Request, number: str) -> Response:
        self._one_only(request)
        return Response.of_json(rendering.recurring_invoice(self.ledger, self._found(number)))

    def _one_only(self, request: Request) -> None:
        if request.query.keys() - {"includedetails"}:
            raise bad_request("The only parameter of a single record is includedetails.")

    def _save(self, request: Request) -> Response:
        """Saves recurring invoices; of an array of one the answer is the record itself."""
        records = parsed(request.body)
        drafts = [(record, saved(self.ledger, record)) for record in records]
        shown = [self._stored(request, record, draft) for record, draft in drafts]
        return Response.of_json(shown[0] if len(shown) == 1 else shown, 201)

    def _stored(self, request: Request, record: dict[str, Any], draft: RecurringInvoice) -> Json:
        above = self.ledger.recurring_invoices[draft.id]
        before = rendering.recurring_invoice(self.ledger, above)
        after = rendering.recurring_invoice(self.ledger, self.ledger.save(draft, APPLICATION))
        self._record(request, draft.id, before, after, leaves_out(above, record))
        return after

    def _forbidden(self, request: Request, number: str = "0") -> Response:
        """What makes invoices, deletes, or writes lines on their own: recorded, and not carried out."""
        self._record(request, int(number), None, None, True)
        raise bad_request("The simulator does not carry this out.")

    def _record(self, request: Request, number: int, before: Json | None, after: Json | None, forbidden: bool) -> None:
        self.ledger.writes.append(Write(request.method, request.path, number, before, after, self.ledger.now(), APPLICATION, forbidden))

    def _found(self, number: str) -> RecurringInvoice:
        if not number.lstrip("-").isdecimal() or int(number) not in self.ledger.recurring_invoices:
            raise not_found("Recurring invoice", number)
        return self.ledger.recurring_invoices[int(number)]


def _no_such_path(request: Request) -> Response:
    return Refused(404, f"No HTTP resource was found that matches the request URI '{request.path}'.").response()


def _no_such_method(request: Request) -> Response:
    return Refused(405, f"The requested resource does not support http method '{request.method}'.").response()
