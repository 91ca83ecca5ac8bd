"""The PSA's own books as Autotask keeps them, for stories about dated quantities: what a plan does goes through the simulator's strict writes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from adapters.psa.autotask import reading
from adapters.psa.autotask.settings import AutotaskSettings, NextInvoice, PostedPeriods
from adapters.psa.autotask.steps import adjustment_of, is_adjustment, steps_for
from adapters.psa.autotask.units import Reading, UnitRow, holding, levels
from sandbox.autotask import records, rendering
from sandbox.autotask.ledger import Ledger
from sandbox.autotask.writes import Writes
from sandbox.web import Request
from sync_core.model.agreements import Agreement, Line
from sync_core.model.plans import Change, Step, Verdict
from tests.scenarios.billed import Billed

_PERIODS = {"monthly": 21, "quarterly": 22, "yearly": 24}
_LABELS = reading.Labels({str(number): label for number, label in records.PERIODS.items()}, {"12": "Cloud"}, {"1": "Active"})


@dataclass
class DatedBooks:
    """One contract with one service of the catalogue."""

    ledger: Ledger
    settings: AutotaskSettings
    today: date

    @property
    def head(self) -> Agreement:
        """The contract as the adapter reads it."""
        kept = rendering.contract(self.ledger.contracts[1]) | {"companyID": 250, "id": 7}
        head = reading.contract(kept, _LABELS, self.settings, self.today, self.settings.currency)
        return reading.with_next_invoice(head, self._rows(), self.today, NextInvoice.POSTED)

    @property
    def lines(self) -> tuple[Line, ...]:
        """The contract's services as the adapter reads them."""
        head, rows = self.head, self._rows()
        on = max(self.today, head.start, head.next_invoice or self.today)
        return tuple(self._line(kept, [row for row in rows if row.line_id == str(kept.id)], on) for kept in self.ledger.lines_of(1))

    def _line(self, kept: records.Line, rows: list[UnitRow], on: date) -> Line:
        record = rendering.line(kept) | {"serviceID": 900}
        read = reading.line(record, holding(rows, on, Reading.DELTA), {"900": "M365-BP"})
        last = date(on.year + 1, 12, 31)
        return Line(**{**vars(read), "held": levels(rows, last, Reading.DELTA)})

    def _rows(self) -> list[UnitRow]:
        last = date(self.today.year + 2, 1, 1)
        found = self.ledger.unit_rows(1, self.ledger.contracts[1].start, last)
        return [UnitRow(row.id, "7", str(row.line.id), row.first, row.last, row.units, row.posted_on) for row in found]

    def keep(self, lines: tuple[Line, ...], changes: tuple[Change, ...]) -> dict[str, str]:
        """Sends what a plan writes; the ids of new lines become the books' own, by the id that the plan's world gave them."""
        known = len(self.ledger.lines_of(1))
        for change in changes:
            if change.verdict is not Verdict.HELD:
                for step in steps_for(self.head, [change], f"{self.today}", self.settings):
                    self._send(step)
        made = [str(line.id) for line in self.ledger.lines_of(1)[known:]]
        return dict(zip([line.line_id for line in lines if not line.line_id.isdecimal()], made, strict=True))

    def _send(self, step: Step) -> None:
        writes, line_id = Writes(self.ledger), step.line_id or str(len(self.ledger.lines))
        body = dict(adjustment_of(step, line_id) if is_adjustment(step) else step.request["body"]) | {"contractID": 1}
        if "serviceID" in body:
            body["serviceID"] = 1
        send = writes.adjust if is_adjustment(step) else writes.add_service
        send(Request("POST", "/Contracts/1", body=json.dumps(body).encode()), 1)

    def send_invoice(self) -> tuple[Billed, ...]:
        """Approves and posts the first open period, with whatever was changed in periods that were posted before."""
        (posted,) = self.ledger.post(self.ledger.next_period(1)[0])
        return tuple(Billed(each.first, each.last, Decimal(each.units), each.unit_price, each.amount) for each in posted.charges)


def dated_books(agreement: str, quantities: str, price: str, units: int) -> DatedBooks:
    """The books that the words describe, with a line of ``units``, if any, from the contract's start on."""
    period, start, invoiced = _PERIODS["monthly"], date(2025, 1, 1), date.min
    for part in agreement.split(", "):
        if part in _PERIODS:
            period = _PERIODS[part]
        elif part.startswith("from "):
            start = date.fromisoformat(part[5:])
        elif part.startswith("invoiced to "):
            invoiced = date.fromisoformat(part[12:])
    ledger = Ledger(now=lambda: datetime(2024, 1, 1, tzinfo=UTC), charges_posted_periods="posted periods charged" in quantities)
    contract = ledger.contract(ledger.company("Contoso"), "Contoso cloud", start, period_type=period)
    service = ledger.service("M365-BP", price=price)
    if units:
        ledger.line(contract, service, units)
    while ledger.next_period(contract.id)[0] <= invoiced:
        ledger.post(ledger.next_period(contract.id)[0])
    posted = PostedPeriods.CHARGED if ledger.charges_posted_periods else PostedPeriods.CLOSED
    settings = AutotaskSettings(
        "cw", "https://webservices.autotask.net", "UTC", "api@contoso.example", "s", "c", currency="USD", posted_periods=posted
    )
    return DatedBooks(ledger, settings, start)
