"""A HaloPSA connection behind the ``Psa`` port."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from decimal import Decimal
from typing import Any, Protocol

from adapters.psa.assumptions import Finding
from adapters.psa.halopsa import reading
from adapters.psa.halopsa.assumptions import Sight, findings
from adapters.psa.halopsa.catalogue import Catalogue
from adapters.psa.halopsa.client import Client
from adapters.psa.halopsa.invoice_writer import InvoiceWriter
from adapters.psa.halopsa.invoices import RecurringInvoices
from adapters.psa.halopsa.licence_records import LicenceRecords
from adapters.psa.halopsa.licence_writer import LicenceWriter
from adapters.psa.halopsa.licences import LICENCE
from adapters.psa.halopsa.refusals import understood
from adapters.psa.halopsa.settings import HaloPsaSettings, Writes
from adapters.psa.halopsa.steps import RESOURCE
from adapters.psa.records import Record, amount, text
from adapters.redaction import shown
from sync_core.errors import InvalidConfiguration, Rejected, RetryLater, StopRun, SyncError, Throttled
from sync_core.model.agreements import Agreement, AgreementLines, AgreementStatus, Company, Line, Product
from sync_core.model.plans import Change, Step
from sync_core.ports import Clock, Health, Probed, Receipt

RIGHTS = {"Recurring invoices": RESOURCE, "Customers": "Client", "Users": "Users", "Items": "Item"}
"""What the API application must at least be let read, and the resource that shows it."""
ALL_AT_ONCE = 1_000_000
"""More recurring invoices than a site has."""
COUNTING = {"Software licensing": LICENCE}
"""And where it writes licence counts."""


class _Writer(Protocol):
    """What differs by what is written: lines of recurring invoices, or licence counts."""

    resource: str

    def steps_for(self, agreement: Agreement, changes: Sequence[Change], plan_id: str) -> Sequence[Step]: ...
    def content(self, step: Step) -> list[dict[str, Any]]: ...
    def line_id(self, step: Step, saved: Record) -> str: ...
    def probe(self, step: Step) -> Probed: ...


class HaloPsa:
    """One Halo site. See ``Psa`` for what each method promises.

    ``read_headers`` of all reads the lines too, and ``read_lines`` answers from what was read last. An agreement that is asked
    for by its id is always read anew, lines and all, so that what is compared right before a write is as new as the call.
    """

    def __init__(self, settings: HaloPsaSettings, client: Client, clock: Clock) -> None:
        self._settings = settings
        self._client = client
        self._catalogue = Catalogue(settings.name, client, clock, settings.lines_kept_seconds)
        if settings.writes is Writes.LICENCE_COUNTS:
            licences = LicenceRecords(client, clock, settings.lines_kept_seconds)
            self._invoices = RecurringInvoices(settings, client, self._catalogue, clock, licences)
            self._writer: _Writer = LicenceWriter(self._invoices, licences)
        else:
            self._invoices = RecurringInvoices(settings, client, self._catalogue, clock)
            self._writer = InvoiceWriter(self._invoices, settings.line_end)

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
            return _active(self._invoices.heads({}))
        found = [self._invoices.head(each) for each in sorted(set(agreement_ids)) if each.lstrip("-").isdecimal()]
        return [head for head in found if head]

    def company_agreements(self, company_id: str) -> Sequence[Agreement]:
        """See ``Psa.company_agreements``."""
        heads = _active(self._invoices.heads({"client_id": company_id})) if company_id.isdecimal() else []
        return [head for head in heads if head.company_id == company_id]

    def read_lines(self, agreement: Agreement, on: date) -> tuple[Line, ...]:
        """See ``Psa.read_lines``. A line has one quantity for all its life, so ``on`` changes nothing here."""
        return self._invoices.lines(agreement.agreement_id)

    @property
    def together(self) -> int:
        """See ``Psa.together``: recurring invoices are listed with their lines, and all at once."""
        return ALL_AT_ONCE

    def read_together(self, agreements: Sequence[Agreement], on: date) -> Mapping[str, tuple[Line, ...]]:
        """See ``Psa.read_together``. Whoever just read all heads has read the lines with them."""
        return self._invoices.lines_of_many([each.agreement_id for each in agreements])

    def companies(self) -> Sequence[Company]:
        """See ``Psa.companies``."""
        active = {"includeactive": "true", "includeinactive": "false"}
        clients, users = self._client.records("Client", active), self._client.records("Users", active)
        return understood(f"PSA connection {self.connection}, clients", lambda: reading.companies(clients, users))

    def products(self, identifiers: Collection[str] | None = None) -> Sequence[Product]:
        """See ``Psa.products``."""
        return [item for item in self._catalogue.items().values() if identifiers is None or item.identifier in identifiers]

    def cannot_change_units(self) -> str:
        """See ``Psa.cannot_change_units``."""
        return ""

    def invoices_against(self, held: AgreementLines) -> str:
        """See ``Psa.invoices_against``. Nothing is compared: Halo's ``nextcreationdate`` alone says what is invoiced, see docs/halopsa.md."""
        return ""

    def steps_for(self, agreement: Agreement, changes: Sequence[Change], plan_id: str) -> Sequence[Step]:
        """See ``Psa.steps_for``."""
        return self._writer.steps_for(agreement, changes, plan_id)

    def execute(self, step: Step, send_until: float) -> Receipt:
        """See ``Psa.execute``. Reads what is to be written, makes the body of it, and sends that one write at once."""
        try:
            content = self._content(step)
            saved = self._client.write(self._writer.resource, content, send_until)
        except Throttled:
            raise
        except RetryLater as error:
            raise Throttled("The write was not sent", delay=error.delay, code="not-sent", where=error.where, why=error.what) from error
        except (StopRun, InvalidConfiguration) as error:
            raise Rejected(error.what, code=error.code, where=error.where, why=error.why, fix=error.fix) from error
        finally:
            self._invoices.forget(step.agreement_id)
        return Receipt(self._writer.line_id(step, saved), f"Recurring invoice {step.agreement_id}")

    def probe(self, step: Step) -> Probed:
        """See ``Psa.probe``: looks at what the step was to do, and at all that was sent with it."""
        return self._writer.probe(step)

    def health(self) -> Health:
        """See ``Psa.health``. Whether the application may also write recurring invoices shows only when one is written."""
        try:
            rights = {**RIGHTS, **(COUNTING if self._settings.writes is Writes.LICENCE_COUNTS else {})}
            counts = {right: self._count(right, resource) for right, resource in rights.items()}
        except SyncError as error:
            return Health(self.connection, False, str(error), error.fix)
        return Health(self.connection, True, "; ".join(f"{right}: {count}" for right, count in counts.items()))

    def look(self, agreement_ids: Collection[str]) -> Mapping[str, Finding]:
        """What can be seen of the assumptions (see ``Look``); licence records only where the application may read them."""
        listed = list(self._client.records(RESOURCE, {"includelines": "true"}))
        wanted = [each for each in listed if text(each, "id") in agreement_ids] or listed
        longest = max(wanted, key=lambda each: len(each.get("lines") or ()), default=None)
        single = self._client.one(RESOURCE, text(longest, "id")) if longest else None
        counts: dict[str, Decimal] = {}
        with suppress(StopRun):
            counts = {text(each, "id"): amount(each, "count", Decimal(0)) for each in self._client.records(LICENCE)}
        return understood(f"PSA connection {self.connection}", lambda: findings(Sight(listed, single, counts), self._settings))

    def _count(self, right: str, resource: str) -> int:
        try:
            return self._client.count(resource)
        except StopRun as error:
            raise StopRun(f"{right} cannot be read: {error.what}", code=error.code, where=error.where, why=error.why, fix=error.fix) from error

    def _content(self, step: Step) -> list[dict[str, Any]]:
        try:
            return self._writer.content(step)
        except ValueError as error:
            where, fix = self._invoices.where(step.agreement_id), "Mend it in Halo; the next run plans anew"
            raise Rejected("The write was not sent", code="halopsa-lines", where=where, why=shown(str(error)), fix=fix) from None


def _active(heads: Iterable[Agreement]) -> list[Agreement]:
    return [head for head in heads if head.status is AgreementStatus.ACTIVE]
