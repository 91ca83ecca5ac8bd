"""A HaloPSA connection behind the ``Psa`` port."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any

from adapters.psa.halopsa import reading
from adapters.psa.halopsa.catalogue import Catalogue
from adapters.psa.halopsa.client import Client
from adapters.psa.halopsa.comparing import changed_beside
from adapters.psa.halopsa.invoices import RecurringInvoices
from adapters.psa.halopsa.kept import SentLines
from adapters.psa.halopsa.refusals import understood
from adapters.psa.halopsa.settings import HaloPsaSettings
from adapters.psa.halopsa.steps import RESOURCE, Effect, body, effect, marked, operations_of, steps_for
from adapters.psa.records import Record, text
from adapters.redaction import shown
from sync_core.errors import InvalidConfiguration, OutcomeUnknown, Rejected, RetryLater, StopRun, SyncError, Throttled
from sync_core.model.agreements import Agreement, AgreementLines, AgreementStatus, Company, Line, Product
from sync_core.model.plans import Change, Step
from sync_core.ports import Clock, Health, Probe, Probed, Receipt

RIGHTS = {"Recurring invoices": RESOURCE, "Customers": "Client", "Users": "Users", "Items": "Item"}
"""What the API application must at least be let read, and the resource that shows it."""

_MOST_WORDS = 5


class HaloPsa:
    """One Halo site. See ``Psa`` for what each method promises.

    ``read_headers`` of all reads the lines too, and ``read_lines`` answers from what was read last. An agreement that is asked
    for by its id is always read anew, lines and all, so that what is compared right before a write is as new as the call.
    """

    def __init__(self, settings: HaloPsaSettings, client: Client, clock: Clock) -> None:
        self._settings = settings
        self._client = client
        self._catalogue = Catalogue(settings.name, client, clock, settings.lines_kept_seconds)
        self._invoices = RecurringInvoices(settings, client, self._catalogue, clock)
        self._sent = SentLines()

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

    def read_agreement(self, agreement_id: str, on: date) -> AgreementLines | None:
        """See ``Psa.read_agreement``."""
        heads = self.read_headers([agreement_id])
        return AgreementLines(heads[0], self.read_lines(heads[0], on)) if heads else None

    def companies(self) -> Sequence[Company]:
        """See ``Psa.companies``."""
        active = {"includeactive": "true", "includeinactive": "false"}
        clients, users = self._client.records("Client", active), self._client.records("Users", active)
        return understood(f"PSA connection {self.connection}, clients", lambda: reading.companies(clients, users))

    def products(self, identifiers: Collection[str] | None = None) -> Sequence[Product]:
        """See ``Psa.products``."""
        return [item for item in self._catalogue.items().values() if identifiers is None or item.identifier in identifiers]

    def steps_for(self, agreement: Agreement, changes: Sequence[Change], plan_id: str) -> Sequence[Step]:
        """See ``Psa.steps_for``: one step, with all changes of the agreement."""
        return steps_for(agreement, changes, plan_id, self._settings.line_end)

    def execute(self, step: Step, send_until: float) -> Receipt:
        """See ``Psa.execute``. Reads the recurring invoice, makes the body of it, and sends that one write at once."""
        try:
            content = self._body(step)
            saved = self._client.write(RESOURCE, content, send_until)
        except Throttled:
            raise
        except RetryLater as error:
            raise Throttled("The write was not sent", delay=error.delay, code="not-sent", where=error.where, why=error.what) from error
        except (StopRun, InvalidConfiguration) as error:
            raise Rejected(error.what, code=error.code, where=error.where, why=error.why, fix=error.fix) from error
        finally:
            self._invoices.forget(step.agreement_id)
        return Receipt(self._first_line_id(step, saved), f"Recurring invoice {step.agreement_id}")

    def probe(self, step: Step) -> Probed:
        """See ``Psa.probe``.

        A write that this process sent is done only if nothing else was changed with it, on no line. After a crash there is
        nothing to compare the other lines with, and what the step was to do decides alone.
        """
        where = self._invoices.where(step.agreement_id)
        record = self._invoices.record(step.agreement_id)
        lines = understood(where, lambda: reading.line_records(record))
        effects = understood(where, lambda: [effect(lines, each) for each in operations_of(step)])
        if all(each.probe is Probe.NOT_DONE for each in effects):
            return Probed(Probe.NOT_DONE)
        if why := _unclear(effects) or self._changed_beside(step, lines):
            return Probed(Probe.CANNOT_TELL, why=why)
        return Probed(Probe.DONE, understood(where, lambda: tuple(self._invoices.line(each.line) for each in effects if each.line)))

    def health(self) -> Health:
        """See ``Psa.health``. Whether the application may also write recurring invoices shows only when one is written."""
        try:
            counts = {right: self._count(right, resource) for right, resource in RIGHTS.items()}
        except SyncError as error:
            return Health(self.connection, False, str(error), error.fix)
        return Health(self.connection, True, "; ".join(f"{right}: {count}" for right, count in counts.items()))

    def _count(self, right: str, resource: str) -> int:
        try:
            return self._client.count(resource)
        except StopRun as error:
            raise StopRun(f"{right} cannot be read: {error.what}", code=error.code, where=error.where, why=error.why, fix=error.fix) from error

    def _body(self, step: Step) -> list[dict[str, Any]]:
        record = self._invoices.record(step.agreement_id)
        try:
            content = body(record, operations_of(step))
        except ValueError as error:
            where, fix = self._invoices.where(step.agreement_id), "Mend it in Halo; the next run plans anew"
            raise Rejected("The write was not sent", code="halopsa-lines", where=where, why=shown(str(error)), fix=fix) from None
        self._sent.put(step.step_id, content[0]["lines"])
        return content

    def _first_line_id(self, step: Step, saved: Record) -> str:
        """The line of the step's first change, as the answer shows it."""
        operation, where = operations_of(step)[0], self._invoices.where(step.agreement_id)
        lines = understood(where, lambda: reading.line_records(saved), OutcomeUnknown)
        found = [operation["line"]] if "line" in operation else [text(each, "id") for each in marked(lines, operation["marker"])]
        if not found or not found[-1]:
            raise OutcomeUnknown("Halo took the write and shows no new line", where=where)
        return found[-1]

    def _changed_beside(self, step: Step, lines: Sequence[Record]) -> str:
        """In words, what the write that this process sent changed and should not have; empty when nothing did, or another process sent it."""
        sent = self._sent.get(step.step_id)
        markers = {each["marker"] for each in operations_of(step) if "marker" in each}
        found = [] if sent is None else changed_beside(sent, lines, markers)
        return f"More was changed than was asked for: {'; '.join(found[:_MOST_WORDS])}" if found else ""


def _active(heads: Iterable[Agreement]) -> list[Agreement]:
    return [head for head in heads if head.status is AgreementStatus.ACTIVE]


def _unclear(effects: Sequence[Effect]) -> str:
    """Why nobody can tell whether a step is done; empty when each of its changes is."""
    if all(each.probe is Probe.DONE for each in effects):
        return ""
    return "; ".join(each.why for each in effects if each.why) or "Some of the step's changes are there and some are not"
