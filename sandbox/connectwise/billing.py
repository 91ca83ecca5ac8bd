"""The MSP's money: which invoice an agreement sends next, and what stands on it.

How ``next_invoice`` and the covered period hang together
    An invoice is dated ``agreement.next_invoice``. With P the billing period that holds this date, the invoice covers

    - ``Current`` and ``Undefined``: P (billing in advance, at the start of the period),
    - ``Future``: the period after P (one period ahead),
    - ``Both``: P and the one after it, as far as no earlier invoice covers them: two periods first, then one ahead.

    Afterwards ``next_invoice`` is the first day of the period after P.

What a line costs
    The days of an addition run from its effective date to its cancelled date, within the agreement's own. On an agreement
    that prorates, an invoice bills every day that is in a covered or an already invoiced period and was not billed
    before: price x quantity x days / days of the period, one line for each period, rounded half up to cents. On an agreement
    that does not, a covered period costs the whole amount whatever the days, and a line that lies wholly in invoiced periods
    and was never billed (a one-time fee) costs one whole amount. Nothing is ever credited.

Unverified against a live ConnectWise: the proration formula, what ``Both`` covers, that the cancelled date is itself billed
(``cancelled_day_billed``), that a decrease gives no credit, and that ``prorateCurrentPeriodFlag`` changes nothing here. They
follow integrators' published practice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from sandbox.connectwise.periods import Period, period_after, period_at
from sandbox.connectwise.records import Addition, Agreement, BillCustomer, Invoice, InvoiceLine, PeriodType, Product

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Billed:
    """An invoice, and the agreement and additions as they are once it is sent."""

    invoice: Invoice
    agreement: Agreement
    additions: tuple[Addition, ...]


@dataclass(frozen=True)
class Biller:
    """Makes invoices out of agreements; pure, so a preview is the same computation as the run."""

    products: dict[int, Product]
    cancelled_day_billed: bool = True

    def next_invoice(self, agreement: Agreement, additions: Iterable[Addition]) -> Billed:
        """The invoice dated ``agreement.next_invoice`` and the state after it."""
        additions = tuple(additions)
        covered = covered_periods(agreement)
        lines = [line for addition in sorted(additions, key=_invoice_order) for line in self._lines(agreement, addition, covered)]
        first_day, last_day = covered[0].first_day, covered[-1].last_day
        following = period_after(agreement, period_at(agreement, agreement.next_invoice)).first_day
        return Billed(
            Invoice(agreement.id, agreement.company_id, agreement.next_invoice, first_day, last_day, agreement.currency, tuple(lines)),
            replace(agreement, next_invoice=following, invoiced_through=last_day),
            tuple(replace(addition, invoiced_through=last_day) if addition.effective <= last_day else addition for addition in additions),
        )

    def invoice_from(self, agreement: Agreement, additions: Iterable[Addition], on: date) -> Invoice:
        """The first invoice dated on or after ``on``, taking those before it as sent."""
        billed = self.next_invoice(agreement, additions)
        while billed.invoice.dated < on:
            billed = self.next_invoice(billed.agreement, billed.additions)
        return billed.invoice

    def _lines(self, agreement: Agreement, addition: Addition, covered: list[Period]) -> Iterator[InvoiceLine]:
        if addition.bill_customer is BillCustomer.DO_NOT_BILL or not agreement.bills_on(covered[0].first_day):
            return
        last_billed = self._last_billed_day(agreement, addition)
        for period, part in _billable_parts(agreement, addition, last_billed, covered):
            yield self._line(addition, period, part if agreement.prorate else period)

    def _line(self, addition: Addition, period: Period, part: Period) -> InvoiceLine:
        price = Decimal(0) if addition.bill_customer is BillCustomer.NO_CHARGE else addition.unit_price
        return InvoiceLine(
            addition_id=addition.id,
            product=self.products[addition.product_id].identifier,
            description=addition.invoice_description,
            quantity=addition.billed_quantity,
            unit_price=price,
            amount=prorated(price * addition.billed_quantity, part, period),
            first_day=part.first_day,
            last_day=part.last_day,
            serial_number=addition.serial_number,
        )

    def _last_billed_day(self, agreement: Agreement, addition: Addition) -> date | None:
        cancelled = addition.cancelled
        if cancelled and not self.cancelled_day_billed:
            cancelled -= ONE_DAY
        return min((day for day in (cancelled, agreement.last_day) if day), default=None)


def covered_periods(agreement: Agreement) -> list[Period]:
    """The one or two periods that the next invoice is for."""
    current = period_at(agreement, agreement.next_invoice)
    future = period_after(agreement, current)
    match agreement.period_type:
        case PeriodType.FUTURE:
            return [future]
        case PeriodType.BOTH if agreement.invoiced_through and agreement.invoiced_through >= current.last_day:
            return [future]
        case PeriodType.BOTH:
            return [current, future]
    return [current]


def first_period_price(agreement: Agreement, addition: Addition, amount: Decimal) -> Decimal:
    """What ``amount`` for a whole period comes to in the period the addition starts in; 0 when nothing is prorated."""
    if not agreement.prorate:
        return Decimal(0)
    period = period_at(agreement, addition.effective)
    part = period.overlap(addition.effective, addition.cancelled)
    return prorated(amount, part, period) if part and part != period else Decimal(0)


def prorated(amount: Decimal, part: Period, period: Period) -> Decimal:
    """``amount`` x days of the part / days of the period, rounded half up to cents."""
    return (amount * part.days / period.days).quantize(Decimal("0.01"), ROUND_HALF_UP)


def _billable_parts(agreement: Agreement, addition: Addition, last_billed: date | None, covered: list[Period]) -> Iterator[tuple[Period, Period]]:
    """Pairs of a period and the unbilled part of it."""
    unbilled_from = max(addition.effective, agreement.first_day)
    if addition.invoiced_through:
        unbilled_from = max(unbilled_from, addition.invoiced_through + ONE_DAY)
    parts = [(period, part) for period in _periods(agreement, unbilled_from, covered[-1]) if (part := period.overlap(unbilled_from, last_billed))]
    if agreement.prorate:
        yield from parts
        return
    inside = [(period, part) for period, part in parts if period.first_day >= covered[0].first_day]
    is_one_time_fee = parts and not inside
    yield from parts[:1] if is_one_time_fee else inside


def _periods(agreement: Agreement, from_day: date, last: Period) -> Iterator[Period]:
    period = period_at(agreement, from_day)
    while period.first_day <= last.first_day:
        yield period
        period = period_after(agreement, period)


def _invoice_order(addition: Addition) -> tuple[Decimal, int]:
    return addition.sequence_number, addition.id
