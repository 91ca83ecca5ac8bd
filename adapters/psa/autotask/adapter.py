"""An Autotask connection behind the ``Psa`` port.

Proration is nothing but another effective date of the same adjustments: Autotask charges the rest of a period by itself when a change
counts from its middle, where it takes only one adjustment of a service on a day.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date

from adapters.psa.assumptions import Finding
from adapters.psa.autotask import reading
from adapters.psa.autotask.assumptions import findings
from adapters.psa.autotask.books import SAMPLE, Account, Books
from adapters.psa.autotask.by_head import ReadByHead
from adapters.psa.autotask.client import MOST_VALUES, Client, Filter, batches, condition
from adapters.psa.autotask.refusals import DUPLICATE
from adapters.psa.autotask.settings import AutotaskSettings, UnitsReading
from adapters.psa.autotask.steps import adjustment_of, effective_day, is_adjustment, is_update, is_updated, misfit_later, moved_by, steps_for
from adapters.psa.autotask.units import Reading, Unclear, UnitRow, units_on
from adapters.psa.records import Record, text
from adapters.redaction import shown
from sync_core.errors import OutcomeUnknown, Rejected, SyncError
from sync_core.model.agreements import Agreement, AgreementLines, Company, Line, Product
from sync_core.model.plans import Change, Step
from sync_core.ports import Clock, Health, Probe, Probed, Receipt

READ = ("Contracts", "ContractServices", "ContractServiceUnits", "Services", "Companies", "Contacts")
WRITTEN = ("ContractServices", "ContractServiceAdjustments")
"""What the API user's security level must let it query and create."""
LOOK_AGAIN_SECONDS = 3600.0
"""After so long it is looked again at what unit rows carry, where the contracts did not show it."""


class Autotask:
    """One Autotask database. See ``Psa`` for what each method promises."""

    def __init__(self, settings: AutotaskSettings, client: Client, clock: Clock) -> None:
        self._settings = settings
        self._client = client
        self._books = Books(settings, client, clock)
        self._by_head = ReadByHead(clock)
        self._reading = None if settings.units_reading is UnitsReading.AUTO else Reading(settings.units_reading.value)
        self._look_again = 0.0
        self._clock = clock
        self._lock = threading.Lock()

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
            with self._client.patient():
                return self._books.active_heads()
        ids = sorted({int(each) for each in agreement_ids if each.isdecimal()})
        return [head for some in batches(ids, SAMPLE) for head in self._by_id(condition("id", "in", some))]

    def company_agreements(self, company_id: str) -> Sequence[Agreement]:
        """See ``Psa.company_agreements``."""
        if not company_id.isdecimal():
            return []
        return self._by_id(condition("companyID", "eq", int(company_id)), *self._books.billing())

    def read_lines(self, agreement: Agreement, on: date) -> tuple[Line, ...]:
        """See ``Psa.read_lines``. Rows that were just read with the head are not read again."""
        account = self._by_head.take(agreement.agreement_id, on)
        if account and account.services is None:
            (account,) = self._books.with_services([account])
        return self._lines(account or self._books.account(agreement.agreement_id), on)

    @property
    def together(self) -> int:
        """See ``Psa.together``."""
        return MOST_VALUES

    def read_together(self, agreements: Sequence[Agreement], on: date) -> Mapping[str, tuple[Line, ...]]:
        """See ``Psa.read_together``."""
        with self._client.patient():
            accounts = self._books.accounts_on([each.agreement_id for each in agreements], on)
            found = {}
            for account in accounts:
                with suppress(Rejected):
                    found[account.agreement_id] = self._lines(account, on)
            return found

    def companies(self) -> Sequence[Company]:
        """See ``Psa.companies``."""
        records = list(self._client.records("Companies", reading.COMPANY_FIELDS, condition("isActive", "eq", True)))
        return reading.companies(records, self._client.records("Contacts", reading.CONTACT_FIELDS, condition("isActive", "eq", 1)))

    def products(self, identifiers: Collection[str] | None = None) -> Sequence[Product]:
        """See ``Psa.products``. A service is known by its name: Autotask gives it no other identifier."""
        if identifiers is None:
            return [self._product(record) for record in self._client.records("Services", reading.PRODUCT_FIELDS)]
        records = self._client.records_in("Services", reading.PRODUCT_FIELDS, "name", sorted(identifiers))
        return [self._product(record) for record in records]

    def cannot_change_units(self) -> str:
        """See ``Psa.cannot_change_units``: while nobody knows what unit rows carry, nobody could tell what a write did."""
        return "" if self._known_reading() else f"{_READING_UNKNOWN}. {_READING_FIX}."

    def invoices_against(self, held: AgreementLines) -> str:
        """See ``Psa.invoices_against``: the first open day is made of ``approveAndPostDate`` of the unit rows, which is the posting's own word."""
        return ""

    def steps_for(self, agreement: Agreement, changes: Sequence[Change], plan_id: str) -> Sequence[Step]:
        """See ``Psa.steps_for``."""
        return steps_for(agreement, changes, plan_id, self._settings)

    def execute(self, step: Step, send_until: float) -> Receipt:
        """See ``Psa.execute``. Before a difference is sent, the line must hold what the difference was computed from."""
        self._by_head.forget(step.agreement_id)
        if is_adjustment(step):
            return self._adjust(step, send_until)
        if is_update(step):
            self._client.write(step.request["path"], step.request["body"], send_until, "PATCH")
            return Receipt(step.line_id, f"Contract service {step.line_id} of contract {step.agreement_id}")
        if self._known_reading() is None:
            raise self._reading_unknown()
        line_id = self._client.write(step.request["path"], step.request["body"], send_until)
        if not line_id:
            raise OutcomeUnknown("Autotask took the write and names no contract service", where=f"PSA connection {self.connection}")
        return Receipt(line_id, f"Contract service {line_id} of contract {step.agreement_id}")

    def probe(self, step: Step) -> Probed:
        """See ``Psa.probe``. Adjustments cannot be read: the units on their day tell.

        It waits longer for room than other reads: a write that is not looked at right away is left alone for the whole settle time.
        """
        self._by_head.forget(step.agreement_id)
        with self._client.patient():
            if is_update(step):
                return self._probe_update(step)
            return self._probe_units(step) if is_adjustment(step) else self._probe_line(step)

    def health(self) -> Health:
        """See ``Psa.health``. Also says how much of the database's hour is used, and what unit rows carry."""
        try:
            read = READ if self._settings.currency else (*READ, "Currencies")
            missing = [f"query {entity}" for entity in read if not self._client.rights(entity)["query"]]
            missing += [f"create {entity}" for entity in WRITTEN if not self._client.rights(entity)["create"]]
            known, threshold = self._known_reading(), self._client.threshold()
        except SyncError as error:
            return Health(self.connection, False, str(error), error.fix)
        if missing:
            return Health(
                self.connection,
                False,
                f"The API user may not {', '.join(missing)}",
                "Give its security level these rights; in place of Currencies the setting currency does, too",
            )
        used = f"{threshold.percent:.0f} % of the hourly threshold used"
        if known is None:
            return Health(self.connection, False, f"Unit rows: unknown; {used}", _READING_FIX)
        return Health(self.connection, True, f"Unit rows carry {known.value}s; {used}")

    def look(self, agreement_ids: Collection[str]) -> Mapping[str, Finding]:
        """What these contracts, or as many others, say of what is assumed; see ``Look``."""
        return findings(self._books.seen(agreement_ids), self._settings)

    def _by_id(self, *filters: Filter) -> list[Agreement]:
        heads, accounts = self._books.heads(*filters)
        self._by_head.keep(accounts)
        return heads

    def _lines(self, account: Account, on: date) -> tuple[Line, ...]:
        try:
            return self._books.lines(account, on, self._reading)
        except Unclear:
            if known := self._known_reading():
                return self._books.lines(account, on, known)
            return self._lines_of_day(account, on)

    def _lines_of_day(self, account: Account, on: date) -> tuple[Line, ...]:
        """The lines on a day for which the reading does not matter; on others nothing is written while nobody knows it."""
        try:
            return self._books.lines(account, on, None, one_day=True)
        except Unclear as unclear:
            raise self._reading_unknown(unclear) from None

    def _adjust(self, step: Step, send_until: float) -> Receipt:
        line_id = step.line_id or self._only_line(step)
        self._must_hold(step, line_id)
        try:
            self._client.write(step.request["path"], adjustment_of(step, line_id), send_until)
        except Rejected as error:
            if error.code != DUPLICATE or self._units_now(step, line_id) != step.request["after"]:
                raise
        return Receipt(line_id, f"Contract service {line_id} of contract {step.agreement_id}")

    def _must_hold(self, step: Step, line_id: str) -> None:
        """Raises ``Rejected`` when a difference would lead to another number than was planned, or nobody can tell."""
        if self._known_reading() is None:
            raise self._reading_unknown()
        rows = self._books.rows_from(step.agreement_id, line_id, effective_day(step))
        units = self._units(step, rows)
        if units != step.request["before"]:
            what = (
                f"Contract service {line_id} holds {units} units on {effective_day(step)}, and the change was computed from {step.request['before']}"
            )
            raise Rejected(what, code="units-moved", where=f"PSA connection {self.connection}", fix="The next run plans anew from what is there")
        if later := misfit_later(step, rows, self._known_reading()):
            what = f"Contract service {line_id} holds {later.units} units from {later.first} on, which would become {later.units + moved_by(step)}"
            fix = "Take back in Autotask what was set for later days; the next run plans anew"
            raise Rejected(what, code="units-later", where=f"PSA connection {self.connection}", fix=fix)

    def _units_now(self, step: Step, line_id: str) -> int:
        return self._units(step, self._books.rows_from(step.agreement_id, line_id, effective_day(step)))

    def _units(self, step: Step, rows: Iterable[UnitRow]) -> int:
        """The units on the step's day, out of the rows of its line."""
        try:
            return units_on(rows, effective_day(step), self._known_reading())
        except Unclear as unclear:
            raise self._reading_unknown(unclear) from None

    def _only_line(self, step: Step) -> str:
        """The line that an earlier step of the same change made, by its marker."""
        found = self._marked(step, self._books.account(step.agreement_id))
        if len(found) != 1:
            raise Rejected(f"{len(found) or 'No'} contract services carry the marker {step.marker}", where=f"PSA connection {self.connection}")
        return text(found[0], "id")

    def _probe_line(self, step: Step) -> Probed:
        account = self._books.account(step.agreement_id)
        found = self._marked(step, account)
        if not found:
            return Probed(Probe.NOT_DONE)
        if len(found) > 1:
            ids = ", ".join(text(record, "id") for record in found)
            return Probed(Probe.CANNOT_TELL, why=f"The contract services {ids} carry the same marker")
        _, starts = reading.marked(text(found[0], "internalDescription"))
        line = self._line(account, text(found[0], "id"), starts or self._books.today)
        if line.product_id != str(step.request["body"]["serviceID"]):
            return Probed(Probe.CANNOT_TELL, (line,), "The contract service with our marker is of another service")
        return Probed(Probe.DONE, (line,))

    def _probe_update(self, step: Step) -> Probed:
        lines = self._lines(self._books.account(step.agreement_id), self._books.today)
        line = next((line for line in lines if line.line_id == step.line_id), None)
        if line is None:
            return Probed(Probe.CANNOT_TELL, why=f"Contract service {step.line_id} is not there")
        return Probed(Probe.DONE, (line,)) if is_updated(step, line) else Probed(Probe.NOT_DONE)

    def _probe_units(self, step: Step) -> Probed:
        account = self._books.account(step.agreement_id)
        line_ids = [step.line_id] if step.line_id else [text(record, "id") for record in self._marked(step, account)]
        if len(line_ids) > 1:
            return Probed(Probe.CANNOT_TELL, why=f"The contract services {', '.join(line_ids)} carry the same marker")
        if not line_ids:
            return Probed(Probe.NOT_DONE)
        if not any(text(record, "id") == line_ids[0] for record in account.services or ()):
            return Probed(Probe.CANNOT_TELL, why=f"Contract service {line_ids[0]} is not there")
        line = self._line(account, line_ids[0], effective_day(step))
        units = self._units(step, (row for row in account.rows if row.line_id == line_ids[0]))
        if units == step.request["after"]:
            return Probed(Probe.DONE, (line,))
        if units == step.request["before"]:
            return Probed(Probe.NOT_DONE, (line,))
        return Probed(Probe.CANNOT_TELL, (line,), f"It holds {units} units: neither what it held nor what it was to hold")

    def _marked(self, step: Step, account: Account) -> list[Record]:
        return [record for record in account.services or () if reading.marked(text(record, "internalDescription"))[0] == step.marker]

    def _line(self, account: Account, line_id: str, on: date) -> Line:
        return next(line for line in self._lines(account, on) if line.line_id == line_id)

    def _known_reading(self) -> Reading | None:
        """What unit rows carry: as configured, or as the contracts themselves show; ``None`` while they do not show it."""
        with self._lock:
            if self._reading is None and self._clock.monotonic() >= self._look_again:
                self._reading = self._books.detected_reading()
                self._look_again = self._clock.monotonic() + LOOK_AGAIN_SECONDS
            return self._reading

    def _reading_unknown(self, unclear: Unclear | None = None) -> Rejected:
        return Rejected(
            _READING_UNKNOWN, code="units-reading-unknown", where=f"PSA connection {self.connection}", why=str(unclear or ""), fix=_READING_FIX
        )

    def _product(self, record: Record) -> Product:
        try:
            return reading.product(record)
        except ValueError as error:
            where = f"PSA connection {self.connection}, service {text(record, 'id')}"
            raise Rejected("Autotask's service cannot be read", code="unreadable-record", where=where, why=shown(str(error))) from None


_READING_UNKNOWN = "Nobody knows yet what Autotask's unit rows carry after a change in the middle of a period"
_READING_FIX = (
    "Change a service's units in the middle of a period on a contract of your own, look at its rows in the next period, and set units_reading"
)
