"""A ConnectWise PSA connection behind the ``Psa`` port."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import islice
from typing import TypeVar

from adapters.psa.assumptions import Finding
from adapters.psa.connectwise import reading
from adapters.psa.connectwise.assumptions import findings
from adapters.psa.connectwise.bundles import Bundles
from adapters.psa.connectwise.client import Client
from adapters.psa.connectwise.conditions import all_of, equal, is_plain, one_of
from adapters.psa.connectwise.invoiced import contradiction, newest_invoice
from adapters.psa.connectwise.looking import books, filters_markers
from adapters.psa.connectwise.settings import CompareInvoices, ConnectWiseSettings
from adapters.psa.connectwise.steps import additions_path, differences, expected, marked, steps_for
from adapters.psa.records import Record, text
from adapters.redaction import shown
from sync_core.errors import OutcomeUnknown, Rejected, StopRun, SyncError
from sync_core.model.agreements import Agreement, AgreementLines, Company, Line, Product
from sync_core.model.plans import Change, Step
from sync_core.ports import Clock, Health, Probe, Probed, Receipt

IDS_AT_ONCE = 100
"""Keeps an address with a list of ids below the 2,000 characters that the ConnectWise developer guide recommends."""
IDENTIFIERS_AT_ONCE = 20

BILLING = all_of(equal("cancelledFlag", False), equal("agreementStatus", "Active"))

RIGHTS = {
    "Finance > Agreements": "/finance/agreements",
    "Companies > Company Maintenance": "/company/companies",
    "Companies > Contacts": "/company/contacts",
    "Procurement > Product Catalog": "/procurement/catalog",
}
"""What the API member's role must at least let it read, and the collection that shows it."""

_log = logging.getLogger(__name__)

T = TypeVar("T")
Read = TypeVar("Read")


class ConnectWise:
    """One ConnectWise company. See ``Psa`` for what each method promises."""

    def __init__(self, settings: ConnectWiseSettings, client: Client, clock: Clock) -> None:
        self._settings = settings
        self._client = client
        self._bundles = Bundles(settings, client, clock, self._additions, lambda: [head.agreement_id for head in self._agreements(BILLING)])

    @property
    def connection(self) -> str:
        """See ``Psa.connection``."""
        return self._settings.name

    @property
    def settle_seconds(self) -> float:
        """See ``Psa.settle_seconds``."""
        return self._settings.settle_seconds

    def read_headers(self, agreement_ids: Collection[str] | None) -> Sequence[Agreement]:
        """See ``Psa.read_headers``."""
        if agreement_ids is None:
            heads = self._agreements(BILLING)
            self._bundles.expect(head.agreement_id for head in heads)
            return heads
        self._bundles.by_id(agreement_ids)
        ids = sorted({int(each) for each in agreement_ids if each.isdecimal()})
        return [head for some in _batches(ids, IDS_AT_ONCE) for head in self._agreements(one_of("id", some))]

    def company_agreements(self, company_id: str) -> Sequence[Agreement]:
        """See ``Psa.company_agreements``."""
        return self._agreements(all_of(equal("company/id", int(company_id)), BILLING)) if company_id.isdecimal() else []

    def read_lines(self, agreement: Agreement, on: date) -> tuple[Line, ...]:
        """See ``Psa.read_lines``. An addition has one quantity for all its life, so ``on`` changes nothing here."""
        bundled = self._bundles.take(agreement.agreement_id)
        return tuple(map(self._line, self._additions(agreement.agreement_id) if bundled is None else bundled))

    @property
    def together(self) -> int:
        """See ``Psa.together``. Additions are read one agreement at a time; bundles of them are read ahead by each process for itself."""
        return 1

    def read_together(self, agreements: Sequence[Agreement], on: date) -> Mapping[str, tuple[Line, ...]]:
        """See ``Psa.read_together``."""
        return {}

    def companies(self) -> Sequence[Company]:
        """See ``Psa.companies``."""
        records = list(self._client.records("/company/companies", reading.COMPANY_FIELDS, equal("deletedFlag", False)))
        contacts = self._client.records("/company/contacts", reading.CONTACT_FIELDS, equal("inactiveFlag", False))
        return reading.companies(records, contacts)

    def products(self, identifiers: Collection[str] | None = None) -> Sequence[Product]:
        """See ``Psa.products``. Bundles are left out: they cannot be additions."""
        if identifiers is None or not all(map(is_plain, identifiers)):
            found = self._products("")
            return found if identifiers is None else [product for product in found if product.identifier in identifiers]
        batches = _batches(sorted(set(identifiers)), IDENTIFIERS_AT_ONCE)
        return [product for some in batches for product in self._products(one_of("identifier", some)) if product.identifier in identifiers]

    def cannot_change_units(self) -> str:
        """See ``Psa.cannot_change_units``."""
        return ""

    def invoices_against(self, held: AgreementLines) -> str:
        """See ``Psa.invoices_against``. Invoices that the member may not read tell nothing, as before they were asked for."""
        if self._settings.compare_invoices is CompareInvoices.NEVER or held.agreement.next_invoice is None:
            return ""
        try:
            invoice = newest_invoice(self._client, held.agreement.agreement_id)
        except (StopRun, Rejected) as error:
            _log.warning("PSA connection %s: invoices cannot be compared: %s", self.connection, shown(str(error)))
            return ""
        return contradiction(invoice, held) if invoice else ""

    def steps_for(self, agreement: Agreement, changes: Sequence[Change], plan_id: str) -> Sequence[Step]:
        """See ``Psa.steps_for``."""
        return steps_for(agreement, changes, plan_id, self._settings.cancelled_date)

    def execute(self, step: Step, send_until: float) -> Receipt:
        """See ``Psa.execute``."""
        request = step.request
        record = self._client.write(request["method"], request["path"], request["body"], send_until)
        line_id = text(record, "id")
        if not line_id:
            raise OutcomeUnknown("ConnectWise took the write and names no addition", where=f"PSA connection {self.connection}")
        return Receipt(line_id, f"Addition {line_id} of agreement {step.agreement_id}")

    def probe(self, step: Step) -> Probed:
        """See ``Psa.probe``. The additions are filtered here: whether ConnectWise filters by ``serialNumber`` is unverified."""
        return self._probe_post(step) if step.request["method"] == "POST" else self._probe_patch(step)

    def health(self) -> Health:
        """See ``Psa.health``. Whether the role may also add and edit additions shows only when one is written."""
        try:
            counts = {right: self._count(right, path) for right, path in RIGHTS.items()}
        except SyncError as error:
            return Health(self.connection, False, str(error), error.fix)
        return Health(self.connection, True, "; ".join(f"{right}: {count}" for right, count in counts.items()))

    def look(self, agreement_ids: Collection[str]) -> Mapping[str, Finding]:
        """What can be read of the assumptions. See ``Look``."""
        return findings(books(self._client, self._settings, agreement_ids), self._settings, filters_markers(self._client, agreement_ids))

    def _count(self, right: str, path: str) -> int:
        try:
            return self._client.count(path)
        except StopRun as error:
            raise StopRun(f"{right} cannot be read: {error.what}", code=error.code, where=error.where, why=error.why, fix=error.fix) from error

    def _probe_post(self, step: Step) -> Probed:
        found = marked(self._additions(step.agreement_id), step.marker)
        if not found:
            return Probed(Probe.NOT_DONE)
        if len(found) > 1:
            ids = ", ".join(text(record, "id") for record in found)
            return Probed(Probe.CANNOT_TELL, why=f"The additions {ids} carry the same marker")
        if different := differences(expected(step), found[0]):
            why = f"The addition with our marker differs in {', '.join(different)}"
            return Probed(Probe.CANNOT_TELL, why=why)
        return Probed(Probe.DONE, (self._line(found[0]),))

    def _probe_patch(self, step: Step) -> Probed:
        record = self._client.one(step.request["path"], reading.LINE_FIELDS)
        if record is None:
            self._must_be_let_in()
            return Probed(Probe.CANNOT_TELL, why=f"Addition {step.line_id} is not there")
        different = differences(expected(step), record)
        return Probed(Probe.NOT_DONE) if different else Probed(Probe.DONE, (self._line(record),))

    def _must_be_let_in(self) -> None:
        """A missing record answers as wrong keys may; a collection that answers tells them apart. Raises ``StopRun``."""
        self._client.count("/finance/agreements")

    def _agreements(self, conditions: str) -> list[Agreement]:
        """The agreements that can be read; one that cannot is left out, so that it holds its own customer and no other."""
        found = []
        for record in self._client.records("/finance/agreements", reading.AGREEMENT_FIELDS, conditions):
            try:
                found.append(reading.agreement(record, self._settings))
            except ValueError as error:
                _log.warning("PSA connection %s: agreement %s is left out: %s", self.connection, text(record, "id"), shown(str(error)))
        return found

    def _products(self, conditions: str) -> list[Product]:
        records = self._client.records("/procurement/catalog", reading.PRODUCT_FIELDS, conditions)
        return [self._understood("product", record, reading.product) for record in records if text(record, "productClass") != "Bundle"]

    def _additions(self, agreement_id: str) -> Iterable[Record]:
        try:
            yield from self._client.records(additions_path(agreement_id), reading.LINE_FIELDS)
        except StopRun as error:
            if error.code != "connectwise-404":
                raise
            self._must_be_let_in()
            raise Rejected(f"Agreement {agreement_id} is not there", code="agreement-missing", where=error.where) from None

    def _line(self, record: Record) -> Line:
        return self._understood("addition", record, lambda record: reading.line(record, self._settings.cancelled_date))

    def _understood(self, what: str, record: Record, read: Callable[[Record], Read]) -> Read:
        try:
            return read(record)
        except ValueError as error:
            where = f"PSA connection {self.connection}, {what} {text(record, 'id')}"
            raise Rejected(f"ConnectWise's {what} cannot be read", code="unreadable-record", where=where, why=shown(str(error))) from None


def _batches(values: Sequence[T], size: int) -> Iterator[list[T]]:
    rest = iter(values)
    while batch := list(islice(rest, size)):
        yield batch
