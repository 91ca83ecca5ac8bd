"""HaloPSA under test, with the books that all subjects have."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from adapters.psa import kind_named
from sandbox.faults import Effect, Fault, Faults
from sandbox.halopsa import HaloPsaSimulator, Ledger
from sandbox.halopsa.access import Access, Door
from sandbox.halopsa.routes import ROUTES
from sandbox.memory.secrets import MemorySecrets
from sandbox.memory.store import MemoryStore
from sandbox.web import serve
from sync_core.budget import Budget
from sync_core.model.agreements import AgreementStatus
from sync_core.model.configuration import Connection
from sync_core.ports import Psa
from tests.conformance.subjects import APRIL, LINES, NOW, OVER, PRICE, START, Grown, StoppedCalendar, Subject, answering
from tests.conformance.wire import Wire


class HaloPsaSubject:
    """The HaloPSA adapter against the simulator over a real socket, in pages of three rows, with members nobody knows in every answer."""

    cancelled, prorates, names_editors = AgreementStatus.INACTIVE, False, False
    agreement_ends: date | None = None
    line_starts: date | None = START
    fractions = True

    _written: str = "/RecurringInvoice$"
    _settings: Mapping[str, str] = {"page_size": "3", "text_limit": "4000"}

    def __init__(self) -> None:
        self._late: list[Callable[[], object]] = []
        self._access = Access()
        self._ledger = self._books()
        self.wire: Wire | None = Wire(ROUTES)
        heard = self.wire.listening
        self.simulator = HaloPsaSimulator(self._ledger, self._access, lambda application: Faults(heard(application), later=self._hold_back))
        self.served: Grown | None = Grown(self.simulator)
        self._server = serve(self.served)
        self.psa = halopsa(self._server.url, self._access, self._settings)
        self.agreement_id, self.cancelled_agreement_id, self.company_id = "-1", "-2", "1"

    def lose_next_answer(self) -> None:
        self._fault(Effect.DROP_AFTER)

    def commit_next_late(self) -> None:
        self._fault(Effect.LATE_COMMIT)

    def commit(self) -> None:
        for write in self._late:
            write()

    def throttle_next_write(self) -> None:
        self._fault(Effect.ANSWER, status=429, headers={"Retry-After": "30"}, body=json.dumps({"Message": "Too many requests."}))

    def reject_next_write(self) -> None:
        self._fault(Effect.ANSWER, status=400, body=json.dumps({"ClassName": "System.Exception", "Message": "quantity: must be something else"}))

    def refuse_key(self) -> None:
        self._access.door = Door.UNAUTHORIZED

    def answer_reads(self, status: int, body: str = "", after: int = 0) -> None:
        self.simulator.faults.add(answering(status, body, "GET", "/RecurringInvoice", after))

    def edit_quantity(self, line_id: str, quantity: int) -> None:
        self._ledger.edit_as_person(int(line_id), quantity=Decimal(quantity))

    def count_writes(self) -> int:
        return len(self._ledger.writes)

    def bills(self) -> Decimal | None:
        return self._ledger.invoice_preview(-1, APRIL).total

    def close(self) -> None:
        self._server.close()

    def _fault(self, effect: Effect, **members: Any) -> None:
        self.simulator.faults.add(Fault(effect, "POST", self._written, **members))

    def _hold_back(self, seconds: float, write: Callable[[], object]) -> None:
        self._late.append(write)

    def _books(self) -> Ledger:
        return halopsa_books()


class LicenceCountsSubject(HaloPsaSubject):
    """The same where the app writes licence counts, and every line of the recurring invoice counts one."""

    fractions = False
    _written = "/SoftwareLicence$"
    _settings: Mapping[str, str] = {"page_size": "3", "writes": "licence counts"}

    def edit_quantity(self, line_id: str, quantity: int) -> None:
        number = int(line_id.removeprefix("licence-"))
        self._ledger.licences[number] = replace(self._ledger.licences[number], count=quantity)

    def _books(self) -> Ledger:
        return licence_books()


class ProrataSubject(HaloPsaSubject):
    """The same where prorata rows bill what counts from a day within a period."""

    prorates = True
    _settings: Mapping[str, str] = {"page_size": "3", "text_limit": "4000", "proration": "prorata fields"}


def licence_books() -> Ledger:
    """The books above, with a licence record behind every line."""
    ledger = halopsa_books()
    for line in ledger.recurring_invoices[-1].lines:
        licence = ledger.licence(ledger.clients[1], line.text, int(line.quantity))
        ledger.edit_as_person(line.id, licence_id=licence.id)
    return ledger


def halopsa_books() -> Ledger:
    """The books above, as Halo keeps them."""
    ledger = Ledger(now=lambda: NOW)
    contoso = ledger.client("Contoso Ltd")
    ledger.client("Fabrikam Ltd")
    ledger.user(contoso, "office@contoso.example")
    ledger.user(contoso, "billing@mail.contoso.example")
    cloud = ledger.recurring_invoice(contoso, "Cloud", START, currency="EUR")
    ledger.recurring_invoice(contoso, "Old", START, disabled=True)
    for number in range(1, LINES + 1):
        item = ledger.item(f"M365-{number}", price=str(PRICE))
        ledger.line(cloud, item, number, ends=OVER if number == LINES else None)
    return ledger


def halopsa(url: str, access: Access, settings: Mapping[str, str] | None = None, budget: Budget | None = None) -> Psa:
    """The HaloPSA adapter with the simulator's application; it may call as often as it likes."""
    kind, clock = kind_named("halopsa"), StoppedCalendar()
    given = {"client_id": access.client_id, "calls_per_minute": "100000", **(settings or {})}
    connection = Connection("psa one", kind.name, url, settings=given, secrets={"client_secret": "halo-secret"})
    secrets = MemorySecrets({"halo-secret": access.client_secret})
    return kind.connect(connection, secrets, budget or Budget(MemoryStore(), connection.name, kind.limits(connection), clock), clock)


SUBJECTS: dict[str, Callable[[], Subject]] = {
    "halopsa": HaloPsaSubject,
    "halopsa-licence-counts": LicenceCountsSubject,
    "halopsa-prorata": ProrataSubject,
}
