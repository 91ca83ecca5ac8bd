"""Reads contracts with their services and units: few of them whole, many of them in as few queries as the interface allows.

Autotask has no query that joins, and none that answers a contract with its lines. A contract read alone costs three queries:
its head, its unit rows, its services. Many are read by the same three queries, 500 contracts and 500 rows at a time, and of the
unit rows only those of one day; to know what is invoiced, only the rows that are open, or posted ahead.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import chain
from zoneinfo import ZoneInfo

from adapters.psa.autotask import reading, units
from adapters.psa.autotask.assumptions import Seen
from adapters.psa.autotask.client import Client, Filter, all_of, any_of, batches, condition
from adapters.psa.autotask.currencies import Currencies
from adapters.psa.autotask.settings import AutotaskSettings, NextInvoice
from adapters.psa.autotask.units import Holding, Reading, UnitRow, by_line, holding, levels, unit_row
from adapters.psa.records import Record, text
from adapters.redaction import shown
from sync_core.billing import marker_owner
from sync_core.errors import Rejected, StopRun
from sync_core.model.agreements import Agreement, Line
from sync_core.ports import Clock

BACK = AHEAD = timedelta(days=400)
"""How far from today unit rows are looked at: a year and a late month."""
FRESH_SECONDS = 1200.0
"""How long the names of services are believed."""
SAMPLE, SAMPLES = 50, 4
"""So many contracts at once, so often, are looked at to find out what unit rows carry."""
LOOKED_AT = 100
"""So many contracts are looked at for what is assumed of Autotask."""
SAMPLED_BACK = timedelta(days=100)

RECURRING: Filter = {"op": "eq", "field": "contractType", "value": reading.RECURRING_SERVICE}

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Account:
    """What was read of a contract's lines; ``rows`` are whole for the days from ``first`` to ``last``. ``services`` may be still to be read."""

    agreement_id: str
    rows: tuple[UnitRow, ...]
    first: date
    last: date
    services: tuple[Record, ...] | None = None


class Books:
    """The contracts of one Autotask database. Safe to share between threads."""

    def __init__(self, settings: AutotaskSettings, client: Client, clock: Clock) -> None:
        self._settings = settings
        self._client = client
        self._clock = clock
        self._zone = ZoneInfo(settings.time_zone)
        self._currencies = Currencies(settings, client, clock)
        self._labels: reading.Labels | None = None
        self._names: Mapping[str, str] = {}
        self._names_until = 0.0
        self._lock = threading.Lock()

    @property
    def today(self) -> date:
        """The PSA's own date."""
        return self._clock.now().astimezone(self._zone).date()

    def billing(self) -> tuple[Filter, Filter]:
        """What a contract that bills is known by."""
        return condition("status", "eq", int(self._labels_read().active)), condition("endDate", "gte", _midnight(self.today))

    def active_heads(self) -> list[Agreement]:
        """All contracts that bill, in bulk."""
        heads = self._contracts(RECURRING, *self.billing())
        if self._settings.next_invoice is NextInvoice.CALENDAR or not heads:
            return self._with_next_invoices(heads, ())
        return self._with_next_invoices(heads, self._telling_rows())

    def heads(self, *filters: Filter) -> tuple[list[Agreement], list[Account]]:
        """A few contracts, with the rows that tell what is invoiced: their accounts but for the services."""
        heads = self._contracts(RECURRING, *filters)
        accounts = self._windows([head.agreement_id for head in heads])
        return self._with_next_invoices(heads, chain.from_iterable(account.rows for account in accounts)), accounts

    def account(self, agreement_id: str) -> Account:
        """The lines of one contract, for all days about today. Raises ``Rejected`` when it is not there."""
        (account,) = self.with_services(self._windows([agreement_id]))
        if not account.services and not self._contracts(condition("id", "eq", int(agreement_id))):
            raise Rejected(f"Contract {agreement_id} is not there", code="agreement-missing", where=f"PSA connection {self._settings.name}")
        return account

    def accounts_on(self, agreement_ids: Sequence[str], on: date) -> list[Account]:
        """The lines of many contracts, for one day."""
        return self.with_services(self._split(agreement_ids, self._rows(agreement_ids, on, on), on, on))

    def with_services(self, accounts: Sequence[Account]) -> list[Account]:
        """The accounts with their services, and with the rows that tell of those without units when they ended or will begin."""
        services: dict[str, list[Record]] = defaultdict(list)
        for record in self._client.records_in("ContractServices", reading.LINE_FIELDS, "contractID", [int(each.agreement_id) for each in accounts]):
            services[text(record, "contractID")].append(record)
        rows = list(chain.from_iterable(account.rows for account in accounts))
        line_ids = [text(record, "id") for records in services.values() for record in records]
        one_day = any(account.first == account.last for account in accounts)
        history = _by_contract(self._history(_empty(line_ids, rows), one_day))
        return [
            replace(each, services=tuple(services[each.agreement_id]), rows=_once((*each.rows, *history[each.agreement_id]))) for each in accounts
        ]

    def lines(self, account: Account, on: date, known: Reading | None, *, one_day: bool = False) -> tuple[Line, ...]:
        """The lines of a contract with their units on a day, and on all others where these were read; raises ``Unclear`` or ``Rejected``."""
        services = account.services or ()
        rows, names = by_line(account.rows), self._service_names({text(record, "serviceID") for record in services})
        found = [(self._line(record, holding(own, on, known), names), own) for record in services for own in [rows.get(text(record, "id"), [])]]
        whole = account.first < account.last and not one_day
        return tuple(replace(line, held=levels(own, account.last, known)) if whole else line for line, own in found)

    def detected_reading(self) -> Reading | None:
        """What unit rows carry, as the last periods of some contracts show it; ``None`` when they do not."""
        heads, rows = self._lately_billed()[: SAMPLE * SAMPLES], list[UnitRow]()
        for some in batches(heads, SAMPLE):
            rows += self._rows([head.agreement_id for head in some], self.today - SAMPLED_BACK, self.today + SAMPLED_BACK)
            if found := units.detected(heads, rows):
                return found
        return None

    def seen(self, agreement_ids: Collection[str]) -> Seen:
        """What the last periods of some contracts show, of these first."""
        heads = sorted(self._lately_billed(), key=lambda head: (head.agreement_id not in agreement_ids, int(head.agreement_id)))[:LOOKED_AT]
        ids, today = [head.agreement_id for head in heads], self.today
        rows = self._rows(ids, today - SAMPLED_BACK, today) if ids else []
        fields = ("id", "contractID", "serviceID", "internalDescription")
        services = list(self._client.records_in("ContractServices", fields, "contractID", map(int, ids)))
        marked = sum(1 for record in services if marker_owner(reading.marked(text(record, "internalDescription"))[0]))
        held = Counter((text(record, "contractID"), text(record, "serviceID")) for record in services)
        repeated = {contract_id for (contract_id, _), number in held.items() if number > 1}
        codes: Collection[str] = ()
        with suppress(Rejected, StopRun):
            codes = tuple(self._currencies.in_use().values())
        return Seen(heads, rows, units.detected(heads, rows) or self.detected_reading(), marked, repeated, codes)

    def rows_from(self, contract_id: str, line_id: str, first: date) -> list[UnitRow]:
        """The rows of one line that cover a day, or one of the year after it, read anew."""
        return self._rows([contract_id], first, first + AHEAD, condition("contractServiceID", "eq", int(line_id)))

    def _labels_read(self) -> reading.Labels:
        if self._labels is None:
            self._labels = reading.labels(self._client.labels("Contracts"))
        return self._labels

    def _lately_billed(self) -> list[Agreement]:
        """The contracts that may have unit rows of the last periods, those that do not bill any more included."""
        return self._contracts(RECURRING, condition("endDate", "gte", _midnight(self.today - SAMPLED_BACK)))

    def _contracts(self, *filters: Filter) -> list[Agreement]:
        """The contracts that can be read; one that cannot is left out, so that it holds its own customer and no other."""
        names, found = self._labels_read(), []
        for record in self._client.records("Contracts", reading.CONTRACT_FIELDS, *filters):
            try:
                currency = self._currencies.of(text(record, "companyID"))
                found.append(reading.contract(record, names, self._settings, self.today, currency))
            except ValueError as error:
                _log.warning("PSA connection %s: contract %s is left out: %s", self._settings.name, text(record, "id"), shown(str(error)))
        return found

    def _with_next_invoices(self, heads: list[Agreement], rows: Iterable[UnitRow]) -> list[Agreement]:
        by_contract, rule = _by_contract(rows), self._settings.next_invoice
        return [reading.with_next_invoice(head, by_contract[head.agreement_id], self.today, rule) for head in heads]

    def _telling_rows(self) -> list[UnitRow]:
        """Of all contracts, the rows that say what is invoiced: open ones, posted ones beside these, and posted ones of later periods."""
        is_open = (condition("approveAndPostDate", "notExist"), condition("units", "noteq", 0), condition("startDate", "lte", _noon(self.today)))
        is_ahead = (condition("approveAndPostDate", "exist"), condition("startDate", "gt", _noon(self.today)))
        found = self._queried(condition("endDate", "gte", _midnight(self.today - BACK)), any_of(all_of(*is_open), all_of(*is_ahead)))
        open_rows = [row for row in found if not row.posted]
        if not open_rows:
            return found
        since = _midnight(min(row.first for row in open_rows))
        contracts = sorted({int(row.contract_id) for row in open_rows})
        beside = (condition("approveAndPostDate", "exist"), condition("endDate", "gte", since))
        posted = self._client.records_in("ContractServiceUnits", units.FIELDS, "contractID", contracts, *beside)
        return [*found, *map(self._unit_row, posted)]

    def _windows(self, agreement_ids: Sequence[str]) -> list[Account]:
        """The accounts of contracts for all days about today, without their services."""
        first, last = self.today - BACK, self.today + AHEAD
        return self._split(agreement_ids, self._rows(agreement_ids, first, last), first, last)

    def _split(self, agreement_ids: Sequence[str], rows: Iterable[UnitRow], first: date, last: date) -> list[Account]:
        by_contract = _by_contract(rows)
        return [Account(each, tuple(by_contract[each]), first, last) for each in agreement_ids]

    def _rows(self, agreement_ids: Sequence[str], first: date, last: date, *filters: Filter) -> list[UnitRow]:
        records = self._client.records_in(
            "ContractServiceUnits", units.FIELDS, "contractID", map(int, agreement_ids), *_touching(first, last), *filters
        )
        return list(map(self._unit_row, records))

    def _queried(self, *filters: Filter) -> list[UnitRow]:
        """Unit rows of which there may well be none: whether they can be seen at all shows where those of a day are read."""
        return list(map(self._unit_row, self._client.records("ContractServiceUnits", units.FIELDS, *filters, may_be_empty=True)))

    def _history(self, line_ids: list[str], one_day: bool) -> list[UnitRow]:
        """The other rows of lines without units, which say when a line ended or will begin: those of a year about, or else all that hold any."""
        rows: list[UnitRow] = []
        if one_day:
            rows = self._rows_of(line_ids, *_touching(self.today - BACK, self.today + AHEAD))
        return [*rows, *self._rows_of(_empty(line_ids, rows), condition("units", "noteq", 0))]

    def _rows_of(self, line_ids: Sequence[str], *filters: Filter) -> list[UnitRow]:
        records = self._client.records_in("ContractServiceUnits", units.FIELDS, "contractServiceID", map(int, line_ids), *filters)
        return list(map(self._unit_row, records))

    def _service_names(self, service_ids: set[str]) -> Mapping[str, str]:
        """The names of services by id; the whole catalogue is read again when it is old, or lacks one."""
        with self._lock:
            if self._clock.monotonic() > self._names_until or not self._names.keys() >= service_ids:
                records = self._client.records("Services", ("id", "name"))
                self._names = {text(record, "id"): text(record, "name") for record in records}
                self._names_until = self._clock.monotonic() + FRESH_SECONDS
            return self._names

    def _unit_row(self, record: Record) -> UnitRow:
        try:
            return unit_row(record)
        except ValueError as error:
            raise self._unreadable("contract service unit", record, error) from None

    def _line(self, record: Record, held: Holding, names: Mapping[str, str]) -> Line:
        try:
            return reading.line(record, held, names)
        except ValueError as error:
            raise self._unreadable("contract service", record, error) from None

    def _unreadable(self, what: str, record: Record, error: ValueError) -> Rejected:
        where = f"PSA connection {self._settings.name}, {what} {text(record, 'id')}"
        return Rejected(f"Autotask's {what} cannot be read", code="unreadable-record", where=where, why=shown(str(error)))


def _touching(first: date, last: date) -> tuple[Filter, Filter]:
    """Rows of which at least one day lies between the two. Start and end are sent as noon and midnight: only the date of a row's time is known."""
    return condition("startDate", "lte", _noon(last)), condition("endDate", "gte", _midnight(first))


def _by_contract(rows: Iterable[UnitRow]) -> defaultdict[str, list[UnitRow]]:
    found: defaultdict[str, list[UnitRow]] = defaultdict(list)
    for row in rows:
        found[row.contract_id].append(row)
    return found


def _once(rows: Iterable[UnitRow]) -> tuple[UnitRow, ...]:
    return tuple({row.row_id: row for row in rows}.values())


def _empty(line_ids: Iterable[str], rows: Iterable[UnitRow]) -> list[str]:
    """The lines that hold nothing in any of the rows, however these are read."""
    holding_some = {row.line_id for row in rows if row.units}
    return [line_id for line_id in line_ids if line_id not in holding_some]


def _noon(day: date) -> str:
    return f"{day.isoformat()}T12:00:00"


def _midnight(day: date) -> str:
    return f"{day.isoformat()}T00:00:00"
