"""What may be written to the simulated PSA: contract services, and dated adjustments of their units. Strict about every member."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sandbox.autotask.bodies import members
from sandbox.autotask.errors import ALREADY_POSTED, DUPLICATE, Refused
from sandbox.autotask.ledger import Ledger
from sandbox.autotask.records import RECURRING_SERVICE, Adjustment, Contract, Line, Write
from sandbox.autotask.rendering import ENTITIES, Json
from sandbox.autotask.units import period_at
from sandbox.web import Request, Response

_ADJUSTMENT = frozenset(
    "id adjustedUnitCost adjustedUnitPrice allowRepeatService contractID contractServiceID effectiveDate quoteItemID serviceID unitChange".split()  # noqa: SIM905 - read as a list of words
)
_SERVICE = frozenset({*ENTITIES["ContractServices"].fields, "internalCurrencyAdjustedPrice", "internalCurrencyUnitPrice"})


class Writes:
    """The endpoints that change something."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def add_service(self, request: Request, contract_id: int) -> Response:
        """``POST /Contracts/{id}/Services``: a line without units."""
        body = members(request, _SERVICE, "ContractService")
        contract = self._contract(contract_id, body)
        service_id = _integer(body, "serviceID")
        if service_id not in self._ledger.services or not self._ledger.services[service_id].active:
            raise Refused("serviceID: the service does not exist or is inactive.")
        if not self._ledger.repeat_services and any(each.service_id == service_id for each in self._ledger.lines_of(contract.id)):
            raise Refused("serviceID: the service is already on the contract.")
        line = self._new_line(contract, service_id, body)
        return self._done(request, contract.id, line.id, body, line.id)

    def update_service(self, request: Request, contract_id: int) -> Response:
        """``PATCH /Contracts/{id}/Services``: only the invoice description and the price may change."""
        body = members(request, _SERVICE, "ContractService")
        line = self._line(_integer(body, "id"), contract_id)
        if read_only := sorted(set(body) - {"id", "invoiceDescription", self._ledger.price_field}):
            raise Refused(f"{read_only[0]}: the field is read-only.")
        _check_text(body, "invoiceDescription")
        price = body.get(self._ledger.price_field)
        self._ledger.put_line(
            replace(
                line,
                invoice_description=body.get("invoiceDescription", line.invoice_description),
                unit_price=line.unit_price if price is None else Decimal(str(price)),
            )
        )
        return self._done(request, contract_id, line.id, body, line.id)

    def adjust(self, request: Request, contract_id: int | None = None) -> Response:
        """``POST /ContractServiceAdjustments`` or the contract's own address: a difference from a day on. It makes the line when there is none."""
        body = members(request, _ADJUSTMENT, "ContractServiceAdjustment")
        effective = self._effective(body)
        units = _integer(body, "unitChange")
        if units == 0:
            raise Refused("unitChange: must be something else than 0.")
        line, made = self._adjusted(body, contract_id)
        contract = self._ledger.contracts[line.contract_id]
        if not contract.start <= effective <= contract.end:
            raise Refused("effectiveDate: must lie between the contract's start and end.")
        self._check_change(contract, line, effective, units)
        if made:
            self._ledger.put_line(line)
        extra = contract.posted_through is not None and effective <= contract.posted_through
        self._ledger.put_line(replace(line, adjustments=(*line.adjustments, Adjustment(effective, units, extra))))
        return self._done(request, contract.id, line.id, body, len(self._ledger.writes) + 1, forbidden=made)

    def _check_change(self, contract: Contract, line: Line, effective: date, units: int) -> None:
        posted = contract.posted_through is not None and effective <= contract.posted_through
        if posted and not self._ledger.charges_posted_periods:
            raise Refused(ALREADY_POSTED)
        begins_period = period_at(contract, effective)[0] == effective and not posted
        again = any(each.effective == effective for each in line.adjustments)
        if again and (self._ledger.one_adjustment_a_day or not begins_period):
            raise Refused(DUPLICATE)
        days = [effective, *(each.effective for each in line.adjustments if each.effective > effective)]
        if any(line.units_on(day) + units < 0 for day in days):
            raise Refused("unitChange: the number of units cannot fall below 0.")

    def _adjusted(self, body: Json, contract_id: int | None) -> tuple[Line, bool]:
        """The line that is meant, and whether it is only now made."""
        if body.get("contractServiceID") is not None:
            return self._line(_integer(body, "contractServiceID"), contract_id), False
        contract = self._contract(contract_id or _integer(body, "contractID"), body)
        service_id = _integer(body, "serviceID")
        lines = [each for each in self._ledger.lines_of(contract.id) if each.service_id == service_id]
        if lines and not body.get("allowRepeatService"):
            return lines[0], False
        price = self._ledger.services[service_id].price
        return Line(len(self._ledger.lines) + 1, contract.id, service_id, price), True

    def _new_line(self, contract: Contract, service_id: int, body: Json) -> Line:
        for name in ("internalDescription", "invoiceDescription"):
            _check_text(body, name)
        service = self._ledger.services[service_id]
        adjustments = (Adjustment(self._ledger.next_period(contract.id)[0], self._ledger.initial_units),) if self._ledger.initial_units else ()
        return self._ledger.put_line(
            Line(
                id=len(self._ledger.lines) + 1,
                contract_id=contract.id,
                service_id=service_id,
                unit_price=Decimal(str(body["unitPrice"])) if body.get("unitPrice") is not None else service.price,
                unit_cost=service.cost,
                internal_description=body.get("internalDescription"),
                invoice_description=body.get("invoiceDescription") or service.name,
                adjustments=adjustments,
            )
        )

    def _effective(self, body: Json) -> date:
        """Only the date counts. A time of day that is still the day before at the site moves it there."""
        text = body.get("effectiveDate")
        if not isinstance(text, str):
            raise Refused("effectiveDate: is required.")
        try:
            moment = datetime.fromisoformat(text[:19])
        except ValueError:
            raise Refused("effectiveDate: is not a date.") from None
        return (moment + timedelta(hours=self._ledger.site_offset)).date()

    def _contract(self, contract_id: int, body: Json) -> Contract:
        contract = self._ledger.contracts.get(contract_id)
        if contract is None or body.get("contractID") not in (None, contract_id):
            raise Refused("contractID: no matching records found.")
        if contract.type != RECURRING_SERVICE:
            raise Refused("contractID: must be a contract of the type Recurring Service.")
        return contract

    def _line(self, line_id: int, contract_id: int | None) -> Line:
        line = self._ledger.lines.get(line_id)
        if line is None or contract_id not in (None, line.contract_id):
            raise Refused("contractServiceID: no matching records found.")
        return line

    def _done(self, request: Request, contract_id: int, line_id: int, body: Json, item_id: int, forbidden: bool = False) -> Response:
        self._ledger.writes.append(Write(request.method, request.path, contract_id, line_id, body, self._ledger.now(), forbidden))
        return Response.of_json({"itemId": item_id if self._ledger.tells_item_ids else None})


def _integer(body: Mapping[str, Any], name: str) -> int:
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Refused(f"{name}: is required and is a whole number.")
    return value


def _check_text(body: Mapping[str, Any], name: str) -> None:
    longest = ENTITIES["ContractServices"].lengths[name]
    if len(body.get(name) or "") > longest:
        raise Refused(f"{name}: is longer than {longest} characters.")
