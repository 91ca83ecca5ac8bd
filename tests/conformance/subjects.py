"""The PSAs under test, each with the same books and the same ways to go wrong.

The books: the company Contoso with the active agreement ``Cloud`` (seven lines of 1 to 7 units of ``M365-1`` to ``M365-7``; the
last one is over), a cancelled agreement, and the company Fabrikam without any. March 2026 is invoiced; today is 17 March.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Protocol

from adapters.clock import SystemClock
from adapters.psa import kind_named
from sandbox.connectwise import ConnectWiseSimulator, Ledger
from sandbox.connectwise.access import Access, Door
from sandbox.connectwise.routes import ROUTES
from sandbox.faults import Effect, Fault, Faults
from sandbox.memory.psa import Keeping, MemoryPsa, Mishap
from sandbox.memory.secrets import MemorySecrets
from sandbox.memory.store import MemoryStore
from sandbox.web import Application, Request, Response, serve
from sync_core.budget import Budget
from sync_core.errors import RetryLater, StopRun
from sync_core.model.agreements import Ability, Agreement, AgreementStatus, Company, Line, Product
from sync_core.model.configuration import Connection
from sync_core.ports import Psa
from tests.conformance.wire import Wire

NOW = datetime(2026, 3, 17, 9, 30, tzinfo=UTC)
TODAY = NOW.date()
START = date(2026, 1, 1)
OVER = date(2026, 2, 28)
APRIL = date(2026, 4, 1)
LINES = 7
PRICE = Decimal("10.50")


class Subject(Protocol):
    """A PSA with the books above, and what may go wrong at it."""

    psa: Psa
    agreement_id: str
    cancelled_agreement_id: str
    company_id: str
    cancelled: AgreementStatus
    """What the PSA calls an agreement that was given up."""
    prorates: bool
    """Whether the PSA bills parts of a period."""
    names_editors: bool
    """Whether the PSA says of a line who wrote it last."""
    agreement_ends: date | None
    """The end of the active agreement; some PSAs know none without one."""
    line_starts: date | None
    """The start of the lines; ``None`` where the PSA keeps it only of those that we add."""
    fractions: bool
    """Whether the PSA takes parts of a unit."""
    served: Grown | None
    """The simulator as the adapter sees it, asked for pages of three rows; ``None`` for a PSA in memory."""
    wire: Wire | None
    """What holds each request and answer to the vendor's routes and schemas; ``None`` for a PSA in memory."""

    def lose_next_answer(self) -> None:
        """The next write is done and its answer is lost."""

    def commit_next_late(self) -> None:
        """The next write's answer is lost, and it is done on ``commit``."""

    def commit(self) -> None:
        """Does the late writes."""

    def throttle_next_write(self) -> None:
        """The next write is refused unprocessed."""

    def reject_next_write(self) -> None:
        """The next write is refused: its quantity is wrong."""

    def refuse_key(self) -> None:
        """From here on the PSA refuses our key."""

    def answer_reads(self, status: int, body: str = "", after: int = 0) -> None:
        """From here on, but for the first few, lists are answered with this status and body; 429 asks for a wait of 30 seconds."""

    def edit_quantity(self, line_id: str, quantity: int) -> None:
        """A person changes a line."""

    def count_writes(self) -> int:
        """How many writes were carried out."""
        ...

    def bills(self) -> Decimal | None:
        """What the agreement's next invoice, that of April, comes to, net; ``None`` where the PSA makes none."""
        ...

    def close(self) -> None:
        """Ends what was started."""


_ABILITIES = {
    Keeping.LINES: frozenset({Ability.SELF_ENDING_LINES, Ability.PRICES, Ability.TERMS}),
    Keeping.WHOLE_AGREEMENTS: frozenset[Ability](),
    Keeping.DATED_DELTAS: frozenset({Ability.DATED_QUANTITIES, Ability.INVOICED_TIME, Ability.CREDITS}),
}


class StoppedCalendar(SystemClock):
    """It is always 17 March, while seconds pass, for adapters that ask which day it is."""

    def now(self) -> datetime:
        """See ``Clock.now``."""
        return NOW


class MemorySubject:
    """The PSA in memory."""

    cancelled, prorates, names_editors = AgreementStatus.CANCELLED, True, True
    agreement_ends: date | None = None
    line_starts: date | None = START
    fractions = True
    served: Grown | None = None
    wire: Wire | None = None

    def __init__(self, keeping: Keeping) -> None:
        self._psa, self._keeping = MemoryPsa(SystemClock(), keeping=keeping), keeping
        self.psa: Psa = self._psa
        self.agreement_id, self.cancelled_agreement_id, self.company_id = "a1", "a2", "c1"
        self._psa.add_company(Company("c1", "Contoso Ltd", frozenset({"contoso.example", "mail.contoso.example"})))
        self._psa.add_company(Company("c2", "Fabrikam Ltd"))
        self._psa.add_agreement(self._agreement("a1", AgreementStatus.ACTIVE))
        self._psa.add_agreement(self._agreement("a2", AgreementStatus.CANCELLED))
        for number in range(1, LINES + 1):
            identifier = f"M365-{number}"
            self._psa.add_product(Product(str(number), identifier, identifier, PRICE))
            line = Line("", str(number), identifier, Decimal(number), PRICE, starts=START, ends=OVER if number == LINES else None)
            self._psa.add_line("a1", line)

    def _agreement(self, agreement_id: str, status: AgreementStatus) -> Agreement:
        head = Agreement("memory", agreement_id, "c1", "Cloud", "Managed Services", status, START, None, 1, START, APRIL, True, "EUR")
        return replace(head, abilities=_ABILITIES[self._keeping], text_limit=1000)

    def lose_next_answer(self) -> None:
        self._psa.fail_next_write(Mishap.LOSE_ANSWER)

    def commit_next_late(self) -> None:
        self._psa.fail_next_write(Mishap.COMMIT_LATE)

    def commit(self) -> None:
        self._psa.commit_late_writes()

    def throttle_next_write(self) -> None:
        self._psa.fail_next_write(Mishap.THROTTLE)

    def reject_next_write(self) -> None:
        self._psa.fail_next_write(Mishap.REJECT)

    def refuse_key(self) -> None:
        self._psa.stopped = StopRun("The PSA refuses our key", fix="Check the key")

    def answer_reads(self, status: int, body: str = "", after: int = 0) -> None:
        for _ in range(LINES):
            self._psa.fail_next_read(RetryLater(f"The PSA answers with status {status}", delay=30.0))

    def edit_quantity(self, line_id: str, quantity: int) -> None:
        self._psa.edit(line_id, quantity=Decimal(quantity))

    def count_writes(self) -> int:
        return len(self._psa.writes)

    def bills(self) -> Decimal | None:
        return None

    def close(self) -> None:
        """Nothing was started."""


class ConnectWiseSubject:
    """The ConnectWise adapter against the simulator over a real socket, in pages of three rows, with members nobody knows in every answer."""

    cancelled, prorates, names_editors = AgreementStatus.CANCELLED, True, True
    agreement_ends: date | None = None
    line_starts: date | None = START
    fractions = True

    _settings: Mapping[str, str] = {"page_size": "3"}

    def __init__(self) -> None:
        self._late: list[Callable[[], object]] = []
        self._access = Access()
        self._ledger = connectwise_books()
        self.wire: Wire | None = Wire(ROUTES)
        heard = self.wire.listening
        self.simulator = ConnectWiseSimulator(self._ledger, self._access, lambda application: Faults(heard(application), later=self._hold_back))
        self.served: Grown | None = Grown(self.simulator)
        self._server = serve(self.served)
        self.psa = connectwise(self._server.url, self._access, self._settings)
        self.agreement_id, self.cancelled_agreement_id, self.company_id = "1", "2", "1"

    def lose_next_answer(self) -> None:
        self._fault(Effect.DROP_AFTER)

    def commit_next_late(self) -> None:
        self._fault(Effect.LATE_COMMIT)

    def commit(self) -> None:
        for write in self._late:
            write()

    def throttle_next_write(self) -> None:
        body = {"error": "ConnectWiseAPI", "message": "Too many requests. Please try again in 30 seconds."}
        self._fault(Effect.ANSWER, status=429, headers={"Retry-After": "30"}, body=json.dumps(body))

    def reject_next_write(self) -> None:
        error = {"code": "OutOfRange", "message": "must be something else", "resource": "addition", "field": "quantity"}
        self._fault(Effect.ANSWER, status=400, body=json.dumps({"code": "InvalidObject", "message": "addition object is invalid", "errors": [error]}))

    def refuse_key(self) -> None:
        self._access.door = Door.UNAUTHORIZED

    def answer_reads(self, status: int, body: str = "", after: int = 0) -> None:
        self.simulator.faults.add(answering(status, body, "GET", "/finance/agreements", after))

    def edit_quantity(self, line_id: str, quantity: int) -> None:
        self._ledger.edit_as_person(int(line_id), "a person", quantity=Decimal(quantity))

    def count_writes(self) -> int:
        return len(self._ledger.writes)

    def bills(self) -> Decimal | None:
        return self._ledger.invoice_preview(1, APRIL).total

    def close(self) -> None:
        self._server.close()

    def _fault(self, effect: Effect, **members: Any) -> None:
        for method in ("POST", "PATCH"):
            self.simulator.faults.add(Fault(effect, method, "/additions", **members))

    def _hold_back(self, seconds: float, write: Callable[[], object]) -> None:
        self._late.append(write)


def answering(status: int, body: str, method: str, path: str, after: int) -> Fault:
    """The fault that answers these requests so from now on, but for the first ones."""
    headers = {"Retry-After": "30"} if status == 429 else {}
    return Fault(Effect.ANSWER, method, path, times=0, skip=after, status=status, headers=headers, body=body)


def connectwise_books() -> Ledger:
    """The books above, as ConnectWise keeps them."""
    ledger = Ledger(now=lambda: NOW)
    contoso = ledger.company("Contoso", "Contoso Ltd", website="https://www.contoso.example/home")
    ledger.company("Fabrikam", "Fabrikam Ltd")
    ledger.contact(contoso, "billing@mail.contoso.example")
    cloud = ledger.agreement(contoso, "Cloud", START, prorate=True, currency="EUR")
    ledger.cancel_agreement(ledger.agreement(contoso, "Old", START).id, OVER)
    for number in range(1, LINES + 1):
        product = ledger.product(f"M365-{number}", price=str(PRICE))
        ledger.addition(cloud, product, number, cancelled=OVER if number == LINES else None)
    return ledger


def connectwise(url: str, access: Access, settings: Mapping[str, str] | None = None, budget: Budget | None = None) -> Psa:
    """The ConnectWise adapter with the simulator's keys."""
    kind, clock = kind_named("connectwise"), SystemClock()
    connection = Connection(
        "psa one",
        kind.name,
        url,
        settings={"company": access.company_id, "client_id": min(access.client_ids), **(settings or {})},
        secrets={"public_key": "psa-public", "private_key": "psa-private"},
    )
    secrets = MemorySecrets({"psa-public": access.public_key, "psa-private": access.private_key})
    return kind.connect(connection, secrets, budget or Budget(MemoryStore(), connection.name, kind.limits(connection), clock), clock)


class Grown:
    """A vendor that has added members to every object since our adapter was written. Counts the requests that come."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self.requests = 0

    def __call__(self, request: Request) -> Response:
        """Answers as the vendor does, with more members in every object."""
        self.requests += 1
        response = self._application(request)
        return Response(response.status, json.dumps(_grown(response.json())).encode(), response.headers) if response.body else response


def _grown(value: Any) -> Any:
    if isinstance(value, dict):
        return {**{name: _grown(each) for name, each in value.items()}, "addedLater": {"id": 1, "unheardOf": [True]}}
    return [_grown(each) for each in value] if isinstance(value, list) else value


SUBJECTS: dict[str, Callable[[], Subject]] = {
    "connectwise": ConnectWiseSubject,
    "memory-lines": lambda: MemorySubject(Keeping.LINES),
    "memory-whole-agreements": lambda: MemorySubject(Keeping.WHOLE_AGREEMENTS),
    "memory-dated-deltas": lambda: MemorySubject(Keeping.DATED_DELTAS),
}
