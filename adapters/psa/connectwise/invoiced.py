"""What the newest invoice of an agreement says of the time that is invoiced. It shows no period and no lines, only a date and a total.

So the total is compared with what the lines come to in the periods that the invoice may be of. It speaks against the next invoice
date only where it fits periods on the other side of it and none on this one, and where no line was changed since it was made.
Whatever else there may be (taxes, other charges, an edited invoice, several periods that cost the same) tells nothing.

Unverified: that ``_info`` of an invoice says when it was made. Where it names no ``dateEntered`` its last update is taken for it; where
it names neither, the invoice tells nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from adapters.psa.connectwise.client import Client
from adapters.psa.connectwise.conditions import all_of, equal
from adapters.psa.records import amount, day, text
from sync_core.billing.periods import ONE_DAY, Period, first_open_day, period_of, price_of_days
from sync_core.model.agreements import Agreement, AgreementLines, Line

INVOICES = "/finance/invoices"
FIELDS = "id,applyToId,date,total"
_NEWEST_FIRST = "date desc, id desc"
_RUN = timedelta(minutes=1)
"""An invoice run may stamp the lines that it bills so long after the invoice: that is no edit."""
_MOST_LATE = 8
"""With more lines that may have been billed late, some sum of them fits nearly any total."""


@dataclass(frozen=True)
class Invoice:
    """An agreement's invoice: its date and net or gross total, as ConnectWise says, and when it was made, if that is known."""

    dated: date
    total: Decimal
    made: datetime | None = None


def newest_invoice(client: Client, agreement_id: str) -> Invoice | None:
    """The newest invoice of an agreement, in one call; ``None`` where there is none, or it cannot be read whole."""
    conditions = all_of(equal("type", "Agreement"), equal("applyToType", "Agreement"), equal("applyToId", int(agreement_id)))
    row = client.first(INVOICES, f"{FIELDS},_info", conditions, _NEWEST_FIRST)
    try:
        dated = day(row, "date") if row else None
        made = moment((text(row, "_info/dateEntered") or text(row, "_info/lastUpdated")) if row else "")
        return Invoice(dated, amount(row, "total"), made) if row and dated else None
    except ValueError:
        return None


def contradiction(invoice: Invoice, held: AgreementLines) -> str:
    """Why the invoice and the next invoice date cannot both be right, and what to do; empty where they can."""
    head, lines = held.agreement, held.lines
    opens = first_open_day(head)
    last = period_of(head, opens - ONE_DAY)
    periods = _periods(head, invoice.dated, (last, period_of(head, opens)))
    if invoice.total == 0 or invoice.made is None or _edited_since(invoice.made, lines):
        return ""
    if any(len(_late(head, lines, period)) > _MOST_LATE for period in periods):
        return ""
    possible = [period for period in periods if invoice.total in _totals(head, lines, period)]
    exact = [period for period in possible if total_in(head, lines, period) == invoice.total]
    if not exact or last in possible or len({period.first >= opens for period in possible}) > 1:
        return ""
    if exact[0].first >= opens:
        return _already_invoiced(head, invoice, exact[0])
    is_older = invoice.dated < last.first and total_in(head, lines, last) != 0
    return _missing(head, invoice, exact[-1], last) if is_older else ""


def total_in(agreement: Agreement, lines: Sequence[Line], period: Period) -> Decimal:
    """What the lines come to in a period as they are now."""
    return sum((price_in(agreement, line, period) for line in lines), Decimal(0))


def price_in(agreement: Agreement, line: Line, period: Period) -> Decimal:
    """What a line comes to in a period: by its days on an agreement that prorates, else whole."""
    first, last = max(period.first, line.starts or period.first), min(period.last, line.ends or period.last)
    if first > last:
        return Decimal(0)
    whole = line.billed * line.unit_price
    return price_of_days(agreement, whole, first, last) if agreement.prorates else whole


def moment(value: str) -> datetime | None:
    """A time as ConnectWise writes it, aware; ``None`` for anything else."""
    try:
        read = datetime.fromisoformat(value)
    except ValueError:
        return None
    return read if read.tzinfo else None


def _edited_since(made: datetime, lines: Sequence[Line]) -> bool:
    times = [moment(line.edited_at) for line in lines]
    return any(edited is None or edited > made + _RUN for edited in times)


def _periods(agreement: Agreement, dated: date, also: tuple[Period, Period]) -> list[Period]:
    """The periods that an invoice of this date may be of: that of its date and those beside it, as invoices are dated early and late."""
    inside = period_of(agreement, dated)
    beside = period_of(agreement, inside.first - ONE_DAY), period_of(agreement, inside.last + ONE_DAY)
    return sorted({inside, *beside, *also}, key=lambda period: period.first)


def _totals(agreement: Agreement, lines: Sequence[Line], period: Period) -> Collection[Decimal]:
    """What the invoice of a period may come to: its own days, and with them the earlier days of any lines that it bills late."""
    sums = {total_in(agreement, lines, period)}
    for late in _late(agreement, lines, period):
        sums |= {total + late for total in sums}
    return sums


def _late(agreement: Agreement, lines: Sequence[Line], period: Period) -> list[Decimal]:
    """What earlier days come to of lines that may have been added when these days were invoiced: those that began in the two periods before."""
    before = period_of(agreement, period.first - ONE_DAY)
    earlier = Period(period_of(agreement, before.first - ONE_DAY).first, before.last)
    begun = (line for line in lines if line.starts and earlier.first <= line.starts <= earlier.last)
    return [price for line in begun if (price := price_in(agreement, line, earlier))]


def _already_invoiced(head: Agreement, invoice: Invoice, period: Period) -> str:
    opens = first_open_day(head)
    return (
        f"{_comes_to(head, invoice, period)}; by its next invoice date nothing from {opens} on is invoiced. If that period is invoiced, {_CORRECT}, "
        "and let the next run plan this anew; approve it only if it is not."
    )


def _missing(head: Agreement, invoice: Invoice, period: Period, last: Period) -> str:
    opens = first_open_day(head)
    return (
        f"{_comes_to(head, invoice, period)}; by its next invoice date all before {opens} is invoiced, and no invoice of {last.first} to {last.last} "
        f"is seen. If it was not made, {_CORRECT}, and let the next run plan this anew; approve it only if it was."
    )


def _comes_to(head: Agreement, invoice: Invoice, period: Period) -> str:
    what = f"The newest invoice of agreement {head.agreement_id}, dated {invoice.dated}"
    return f"{what}, comes to just what its lines come to from {period.first} to {period.last}"


_CORRECT = "correct the next invoice date in ConnectWise (or next_invoice_date of the connection, where dev.py verify-psa says so)"
