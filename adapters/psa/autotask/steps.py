"""The writes that make changes true in Autotask. Pure.

    add            POST Contracts/{id}/Services             the line, with our marker and start in its internal description
                   POST Contracts/{id}/ServiceAdjustments   its units from the effective date on
    set quantity   POST Contracts/{id}/ServiceAdjustments   the difference from the effective date on; one for each day of a change
    set text       PATCH Contracts/{id}/Services            the invoice description
    set price      PATCH Contracts/{id}/Services            the field that the settings name; without one no price is ever written
    end            POST Contracts/{id}/ServiceAdjustments   all units away from the day after the last billed one

An adjustment is a difference that can be neither read nor taken back, so no step but an update is repeatable: what the line held and is to hold
stands beside the request, and is compared right before it is sent and whenever it is looked for. Dates are sent as noon, because
the day of midnight is moved in some zones (Autotask's developer help is not clear about it), see ``_moment``. Price and text of a new line come
from the catalogue where the profile gives none. Unverified: that a text that is set is shown in place of the
service's standard one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from adapters.psa.autotask.reading import described
from adapters.psa.autotask.settings import AutotaskSettings
from adapters.psa.autotask.units import ONE_DAY, Reading, UnitRow, units_on
from adapters.psa.changes import needed, step_id
from sync_core.errors import Rejected
from sync_core.model.agreements import Agreement, Held, Line, Shift
from sync_core.model.plans import MOVES_UNITS, Change, ChangeKind, Step

LONGEST_MARKER = 50
"""Beside it, the start fits into the 100 characters that ``internalDescription`` takes (Autotask's field information)."""
_HALF_A_DAY = timedelta(hours=12)


def steps_for(agreement: Agreement, changes: Sequence[Change], plan_id: str, settings: AutotaskSettings) -> tuple[Step, ...]:
    """The writes of the changes, in their order.

    Raises ``ValueError`` for a change that lacks what it needs, and ``Rejected`` for a fraction of a unit or for more units at once
    than the settings allow.
    """
    steps: list[Step] = []
    for change in changes:
        _must_be_small(change, settings.largest_change)
    zone = ZoneInfo(settings.time_zone)
    for change in changes:
        match change.kind:
            case ChangeKind.ADD:
                steps += [_new_line(agreement, change, plan_id), _first_units(agreement, change, plan_id, zone)]
            case ChangeKind.SET_QUANTITY:
                steps += _shifts(agreement, change, plan_id, zone)
            case ChangeKind.SET_TEXT:
                steps.append(_update(agreement, change, plan_id, "text", {"invoiceDescription": change.terms.text}))
            case ChangeKind.SET_PRICE:
                price = needed(change.terms.unit_price, change, "a price")
                steps.append(_update(agreement, change, plan_id, "price", {settings.price_field.member: float(price)}))
            case ChangeKind.END if change.before != 0:
                effective = needed(change.effective, change, "a last billed day") + ONE_DAY
                away = Shift(effective, _needed_before(change), Decimal(0))
                end = _adjustment(agreement, change, plan_id, zone, _line_id(change), away)
                steps.append(replace(end, request={**end.request, "ends": True}))
    return tuple(steps)


def is_adjustment(step: Step) -> bool:
    """Whether a step changes units; otherwise it makes a line, or writes one's text."""
    return "unitChange" in step.request["body"]


def is_update(step: Step) -> bool:
    """Whether a step writes the text or the price of a line that is there."""
    return bool(step.request["method"] == "PATCH")


def is_updated(step: Step, line: Line) -> bool:
    """Whether a line has the text and the price that an update gives it."""
    body = {name: value for name, value in step.request["body"].items() if name != "id"}
    return all(
        line.text.split() == value.split() if name == "invoiceDescription" else line.unit_price == Decimal(str(value)) for name, value in body.items()
    )


def effective_day(step: Step) -> date:
    """The first day with the new units, of a step that changes units."""
    return date.fromisoformat(step.request["body"]["effectiveDate"][:10])


def moved_by(step: Step) -> int:
    """By how many units a step that changes units does so, on its day and on all days after it."""
    return int(step.request["body"]["unitChange"])


def misfit_later(step: Step, rows: Iterable[UnitRow], reading: Reading | None) -> Held | None:
    """A later day that was set to other units already, so that this step would leave fewer than none on it, or some after an end."""
    rows, day = tuple(rows), effective_day(step)
    for first in sorted({row.first for row in rows if row.first > day}):
        units = units_on(rows, first, reading)
        left = units + moved_by(step)
        if left < 0 or (left and step.request.get("ends")):
            return Held(first, Decimal(units))
    return None


def adjustment_of(step: Step, line_id: str) -> Mapping[str, Any]:
    """The body to send: a line that the plan adds has its id only now."""
    return {**step.request["body"], "contractServiceID": int(line_id)}


def _new_line(agreement: Agreement, change: Change, plan_id: str) -> Step:
    effective = needed(change.effective, change, "an effective date")
    if not change.product_id.isdecimal() or not 0 < len(change.marker) <= LONGEST_MARKER:
        raise ValueError(f"Change {change.change_id} lacks a product id or a marker of 1 to {LONGEST_MARKER} characters")
    body: dict[str, Any] = {
        "contractID": int(agreement.agreement_id),
        "serviceID": int(change.product_id),
        "internalDescription": described(change.marker, effective),
    }
    body |= {"invoiceDescription": change.terms.text} if change.terms.text else {}
    body |= {} if change.terms.unit_price is None else {"unitPrice": float(change.terms.unit_price)}
    return Step(
        step_id=step_id(plan_id, agreement.agreement_id, change.change_id, "line"),
        change_ids=(change.change_id,),
        connection=agreement.connection,
        agreement_id=agreement.agreement_id,
        describes=f"Add the service {change.product} to contract {agreement.agreement_id} ({agreement.name})",
        request={"method": "POST", "path": f"Contracts/{agreement.agreement_id}/Services", "body": body},
        repeatable=False,
        marker=change.marker,
    )


def _update(agreement: Agreement, change: Change, plan_id: str, what: str, members: Mapping[str, str | float]) -> Step:
    """Of a contract service only its price and its text can be updated (Autotask developer help)."""
    line_id = _line_id(change)
    return Step(
        step_id=step_id(plan_id, agreement.agreement_id, change.change_id, what),
        change_ids=(change.change_id,),
        connection=agreement.connection,
        agreement_id=agreement.agreement_id,
        describes=f"Give {change.product} another {what} on contract {agreement.agreement_id} ({agreement.name})",
        request={"method": "PATCH", "path": f"Contracts/{agreement.agreement_id}/Services", "body": {"id": int(line_id), **members}},
        repeatable=True,
        line_id=line_id,
        marker=change.marker,
    )


def _first_units(agreement: Agreement, change: Change, plan_id: str, zone: ZoneInfo) -> Step:
    effective, after = needed(change.effective, change, "an effective date"), needed(change.after, change, "a quantity")
    return _adjustment(agreement, change, plan_id, zone, "", Shift(effective, Decimal(0), after))


def _shifts(agreement: Agreement, change: Change, plan_id: str, zone: ZoneInfo) -> Iterator[Step]:
    """One adjustment for each day on which the units change, in their order: each is computed from what the ones before it leave."""
    if change.shifts:
        for place, shift in enumerate(change.shifts):
            step = _adjustment(agreement, change, plan_id, zone, _line_id(change), shift, f"units {place}" if place else "units")
            yield replace(step, shifts_from=shift.first)
        return
    effective, after = needed(change.effective, change, "an effective date"), needed(change.after, change, "a quantity")
    yield _adjustment(agreement, change, plan_id, zone, _line_id(change), Shift(effective, _needed_before(change), after))


def _adjustment(agreement: Agreement, change: Change, plan_id: str, zone: ZoneInfo, line_id: str, shift: Shift, name: str = "units") -> Step:
    before, after = _whole(change, shift.before), _whole(change, shift.after)
    if after < 0:
        raise ValueError(f"Change {change.change_id} would leave {after} units")
    known = {"contractServiceID": int(line_id)} if line_id else {}
    body = {
        "contractID": int(agreement.agreement_id),
        **known,
        "unitChange": after - before,
        "effectiveDate": _moment(shift.first, zone),
    }
    place = f"contract {agreement.agreement_id} ({agreement.name})"
    return Step(
        step_id=step_id(plan_id, agreement.agreement_id, change.change_id, name),
        change_ids=(change.change_id,),
        connection=agreement.connection,
        agreement_id=agreement.agreement_id,
        describes=f"Change {change.product} by {after - before:+d} from {before} to {after} units from {shift.first} on {place}",
        request={"method": "POST", "path": f"Contracts/{agreement.agreement_id}/ServiceAdjustments", "body": body, "before": before, "after": after},
        repeatable=False,
        line_id=line_id,
        marker=change.marker,
    )


def _moment(day: date, zone: ZoneInfo) -> str:
    """A time of this day in UTC that is on the same day at the site: noon, and from 12 hours ahead of UTC on six in the morning.

    So it does not matter whether Autotask turns it into the site's time, or takes its date as it is.
    """
    ahead = datetime.combine(day, time(12), zone).utcoffset() or timedelta()
    return f"{day.isoformat()}T{'06' if ahead >= _HALF_A_DAY else '12'}:00:00"


def _line_id(change: Change) -> str:
    if not change.line_id.isdecimal():
        raise ValueError(f"Change {change.change_id} lacks the id of a contract service")
    return change.line_id


def _must_be_small(change: Change, most: int) -> None:
    """An adjustment cannot be taken back, so a slip of digits is stopped here although every rail before it let it pass."""
    moves = [abs(each.after - each.before) for each in change.shifts]
    units = max(moves, default=abs((change.after or Decimal(0)) - (change.before or Decimal(0))))
    if change.kind in MOVES_UNITS and units > most:
        what = f"{change.product} is to move by {units} units at once, more than {most}"
        raise Rejected(what, code="too-many-units", fix="If that is right, raise the connection's setting largest_change")


def _needed_before(change: Change) -> Decimal:
    return needed(change.before, change, "a quantity")


def _whole(change: Change, value: Decimal) -> int:
    if value != int(value):
        raise Rejected(
            f"Autotask counts whole units, and {change.product} is to have {value}", code="whole-units", fix="Round in the billing profile"
        )
    return int(value)
