"""Autotask under test, with the books that all subjects have, and with each of the two readings of its unit rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from adapters.clock import SystemClock
from adapters.psa import kind_named
from sandbox.autotask import AutotaskSimulator, Ledger
from sandbox.autotask.access import Access, Door
from sandbox.autotask.ledger import LAST_DAY
from sandbox.autotask.records import INACTIVE, Reading
from sandbox.autotask.routes import ROUTES
from sandbox.faults import Effect, Fault, Faults
from sandbox.memory.secrets import MemorySecrets
from sandbox.memory.store import MemoryStore
from sandbox.web import serve
from sync_core.budget import Budget
from sync_core.model.agreements import AgreementStatus, Line
from sync_core.model.configuration import Connection
from sync_core.model.plans import Change, ChangeKind, Step, Verdict
from sync_core.ports import Psa, Receipt
from tests.conformance.subjects import APRIL, LINES, NOW, OVER, PRICE, START, TODAY, Grown, StoppedCalendar, Subject, answering
from tests.conformance.wire import Wire


class AutotaskSubject:
    """The Autotask adapter against the simulator over a real socket, in pages of three rows; it finds out by itself what unit rows carry.

    Autotask names no next invoice, so the adapter finds it from the date.
    """

    cancelled, prorates, names_editors = AgreementStatus.INACTIVE, True, False
    agreement_ends: date | None = LAST_DAY
    line_starts: date | None = None
    fractions = False

    def __init__(self, reading: Reading) -> None:
        self._late: list[Callable[[], object]] = []
        self._access = Access()
        self._ledger = autotask_books(reading)
        self.wire: Wire | None = Wire(ROUTES)
        heard = self.wire.listening
        self.simulator = AutotaskSimulator(self._ledger, self._access, lambda application: Faults(heard(application), later=self._hold_back))
        self.served: Grown | None = Grown(self.simulator)
        self._server = serve(self.served)
        self._ledger.charges_posted_periods = True
        self.psa = autotask(self._server.url, self._access, {"page_size": "3", "posted_periods": "charged", "price_field": "adjusted"})
        self.agreement_id, self.cancelled_agreement_id, self.company_id = "1", "2", "1"

    def lose_next_answer(self) -> None:
        self._fault(Effect.DROP_AFTER)

    def commit_next_late(self) -> None:
        self._fault(Effect.LATE_COMMIT)

    def commit(self) -> None:
        for write in self._late:
            write()

    def throttle_next_write(self) -> None:
        self._fault(Effect.ANSWER, status=429, headers={"Retry-After": "30"}, body=json.dumps({"errors": ["Too many requests."]}))

    def reject_next_write(self) -> None:
        self._fault(Effect.ANSWER, status=500, body=json.dumps({"errors": ["quantity: must be something else"]}))

    def refuse_key(self) -> None:
        self._access.door = Door.UNAUTHORIZED

    def answer_reads(self, status: int, body: str = "", after: int = 0) -> None:
        self.simulator.faults.add(answering(status, body, "POST", "/query$", after))

    def edit_quantity(self, line_id: str, quantity: int) -> None:
        line = self._ledger.lines[int(line_id)]
        day = max([TODAY, *(each.effective for each in line.adjustments)])
        self._ledger.adjust(line.id, quantity - line.units_on(day), day)

    def count_writes(self) -> int:
        return len(self._ledger.writes)

    def bills(self) -> Decimal | None:
        return self._ledger.invoice_preview(1).total

    def close(self) -> None:
        self._server.close()

    def _fault(self, effect: Effect, **members: Any) -> None:
        for method in ("POST", "PATCH"):
            self.simulator.faults.add(Fault(effect, method, r"/Contracts/\d+/", **members))

    def _hold_back(self, seconds: float, write: Callable[[], object]) -> None:
        self._late.append(write)


def autotask_books(reading: Reading = Reading.DELTA) -> Ledger:
    """The books above, as Autotask keeps them; on the old contract two lines were changed in the middle of January."""
    ledger = Ledger(now=lambda: NOW, reading=reading)
    contoso = ledger.company("Contoso Ltd", web_address="https://www.contoso.example/home")
    ledger.company("Fabrikam Ltd")
    ledger.contact(contoso, "billing@mail.contoso.example")
    cloud, old = ledger.contract(contoso, "Cloud", START), ledger.contract(contoso, "Old", START)
    for number in range(1, LINES + 1):
        line = ledger.line(cloud, ledger.service(f"M365-{number}", price=str(PRICE)), number)
        if number == LINES:
            ledger.adjust(line.id, -number, OVER + timedelta(days=1))
    for service in (ledger.services[1], ledger.services[2]):
        ledger.adjust(ledger.line(old, service, 10).id, 2, date(2026, 1, 10))
    ledger.post(date(2026, 3, 31))
    ledger.change_contract(old.id, status=INACTIVE)
    return ledger


def autotask(url: str, access: Access, settings: dict[str, str] | None = None, budget: Budget | None = None) -> Psa:
    """The Autotask adapter with the simulator's API user; it may call as often as it likes."""
    kind, clock = kind_named("autotask"), StoppedCalendar()
    given = {"username": access.user, "currency": "EUR", "calls_per_minute": "100000", **(settings or {})}
    connection = Connection("psa one", kind.name, url, settings=given, secrets={"secret": "at-secret", "integration_code": "at-code"})
    secrets = MemorySecrets({"at-secret": access.secret, "at-code": access.integration_code})
    return kind.connect(connection, secrets, budget or Budget(MemoryStore(), connection.name, kind.limits(connection), SystemClock()), clock)


def set_quantity(psa: Psa, line: Line, agreement_id: str, after: int, effective: date = APRIL) -> Step:
    """The step that gives a line other units."""
    (head,) = psa.read_headers([agreement_id])
    words: dict[str, Any] = {"reasons": (), "line_id": line.line_id, "before": line.quantity, "after": Decimal(after), "effective": effective}
    change = Change("c", "link", "sku", "Item", psa.connection, agreement_id, line.product, ChangeKind.SET_QUANTITY, Verdict.SAFE, **words)
    (step,) = psa.steps_for(head, [change], "plan-1")
    return step


def send(psa: Psa, step: Step) -> Receipt:
    """Sends a step now."""
    return psa.execute(step, SystemClock().monotonic() + 60)


SUBJECTS: dict[str, Callable[[], Subject]] = {
    "autotask-difference-rows": lambda: AutotaskSubject(Reading.DELTA),
    "autotask-total-rows": lambda: AutotaskSubject(Reading.TOTAL),
}
