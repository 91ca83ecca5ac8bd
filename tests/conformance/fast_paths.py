"""The optional fast paths of planning under test: the same PSAs and books, read by ConnectWise's bundles and by Halo's reports."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from sandbox.faults import Effect, Fault
from sandbox.halopsa.reporting import statement
from sync_core.ports import Psa
from tests.conformance.halopsa_subject import HaloPsaSubject, halopsa
from tests.conformance.subjects import ConnectWiseSubject, Subject, answering, connectwise

Rows = list[dict[str, Any]]


class FastSubject(Subject, Protocol):
    """A PSA with a fast path that is switched on."""

    fast_reads: int
    """How many requests of the fast path came."""

    def plainly(self) -> Psa:
        """The same PSA read without it."""
        ...

    def another_process(self) -> Psa:
        """The same PSA read by it, by a process that knows nothing yet."""
        ...

    def show_otherwise(self, shown: Callable[[Rows], Rows]) -> None:
        """From here on the fast path shows the rows that it finds like this."""


class BundlesSubject(ConnectWiseSubject):
    """ConnectWise with the lines of many agreements in one request."""

    _settings: Mapping[str, str] = {"page_size": "3", "bundled_reads": "addition"}

    def __init__(self) -> None:
        super().__init__()
        self.fast_reads = 0
        self.simulator.faults.before(Fault(Effect.ANSWER, "POST", "/system/bundles$", times=0), self._count)

    def answer_reads(self, status: int, body: str = "", after: int = 0) -> None:
        self.simulator.faults.add(answering(status, body, "*", "/finance/agreements|/system/bundles$", after))

    def plainly(self) -> Psa:
        return connectwise(self._server.url, self._access, {"page_size": "3"})

    def another_process(self) -> Psa:
        return connectwise(self._server.url, self._access, self._settings)

    def show_otherwise(self, shown: Callable[[Rows], Rows]) -> None:
        self.simulator.bundles.on_rows = shown

    def _count(self, request: object) -> None:
        self.fast_reads += 1


class ReportsSubject(HaloPsaSubject):
    """Halo with its recurring invoices out of two reports. On 17 March they are not all compared with the list."""

    _settings: Mapping[str, str] = {
        "page_size": "3",
        "text_limit": "4000",
        "report_heads": statement("INVOICEHEADER"),
        "report_lines": statement("INVOICEDETAIL"),
    }

    def __init__(self) -> None:
        super().__init__()
        self.fast_reads = 0
        self.simulator.faults.before(Fault(Effect.ANSWER, "POST", "/Report$", times=0), self._count)

    def answer_reads(self, status: int, body: str = "", after: int = 0) -> None:
        self.simulator.faults.add(answering(status, body, "*", "/RecurringInvoice|/Report$", after))

    def plainly(self) -> Psa:
        return halopsa(self._server.url, self._access, {"page_size": "3", "text_limit": "4000"})

    def another_process(self) -> Psa:
        return halopsa(self._server.url, self._access, self._settings)

    def show_otherwise(self, shown: Callable[[Rows], Rows]) -> None:
        self._ledger.switches.on_report = shown

    def _count(self, request: object) -> None:
        self.fast_reads += 1


FAST: dict[str, Callable[[], FastSubject]] = {"connectwise-bundles": BundlesSubject, "halopsa-reports": ReportsSubject}
SUBJECTS: dict[str, Callable[[], Subject]] = {**FAST}
