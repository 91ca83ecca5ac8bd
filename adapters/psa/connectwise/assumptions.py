"""What is assumed of ConnectWise, and what its own agreements, lines and invoices say of it. Pure.

An invoice's total is compared with what its agreement's lines come to under either reading. It tells something only where the two
differ and one of them fits to the cent: taxes, other charges and lines that were changed since make it fit neither.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from adapters.psa.assumptions import NOTHING_THERE, Assumption, Finding, Verdict, votes
from adapters.psa.connectwise.invoiced import price_in
from adapters.psa.connectwise.looking import Book
from adapters.psa.connectwise.settings import CancelledDate, ConnectWiseSettings, Credits, NextInvoiceDate
from adapters.psa.records import Record, amount, day, member, text
from sync_core.billing.periods import ONE_DAY, Period, period_of, price_of_days
from sync_core.model.agreements import Charge, Line

ASSUMPTIONS = (
    Assumption(
        "covered period",
        "the next invoice's date and the agreement's period type say which period comes next",
        "next_invoice_date",
        "compare the invoice dates of a plan with the preview of the agreement's next invoice",
    ),
    Assumption(
        "first day",
        "an invoice is dated on the first day of a period",
        "next_invoice_date",
        "look at the next invoice date of a few agreements: with by_period_type nothing is planned where it lies inside a period",
    ),
    Assumption("billing cycles", "the name of a billing cycle says how long it is", "billing_cycles", "see Setup Tables, Billing Cycle"),
    Assumption(
        "last day",
        "a line's cancelled date is its last billed day",
        "cancelled_date",
        "cancel a line of a test agreement on the first day of a period, and preview the invoice of that period",
    ),
    Assumption(
        "days",
        "days are counted both ends included, over the days of the period, rounded half up to cents",
        "",
        "add a line in the middle of a period to a test agreement that prorates, and compare its prorated price; invoices are ConnectWise's own",
    ),
    Assumption(
        "included units",
        "a line bills its quantity less the units included, and never fewer than none",
        "",
        "compare quantity, less included and billed quantity of a line that includes units",
    ),
    Assumption(
        "credits",
        "a line below zero is refused",
        "credits",
        "add a line of -1 to a test agreement by hand, and see whether its invoice credits it",
    ),
    Assumption(
        "late lines",
        "on an agreement that prorates, a line whose dates lie in invoiced time stands on the next invoice, by its days",
        "",
        "do so on a test agreement and preview its next invoice; if it does not, take `prorate` out of the profiles",
    ),
    Assumption(
        "invoices",
        "an agreement's newest invoice shows by its total which period it is of, where one that nobody edited fits periods on one side only",
        "compare_invoices",
        "compare the dates that a held rise names with the agreement's invoices; where they are held without reason, compare_invoices: never",
    ),
    Assumption(
        "taken off",
        "a line that is set to no units and cancelled on its first day, before an invoice shows it, costs nothing",
        "",
        "do so with a line of a test agreement and preview its next invoice; if it costs something, undo added lines by hand",
    ),
    Assumption(
        "markers",
        "a line is found again by its serial number; the app looks through all lines of the agreement, so that no filter has to work",
        "",
        "see that your invoice template does not print serial numbers, or that you do not mind a marker such as M365-ab12-0123456789",
    ),
    Assumption(
        "late writes",
        "a write whose answer was lost happens within two minutes, or not at all",
        "settle_seconds",
        "ask ConnectWise how long a request may run on your server; on your own server see the timeout of its web site",
    ),
)


def findings(books: Sequence[Book], settings: ConnectWiseSettings, filters: bool | None) -> Mapping[str, Finding]:
    """What the books say, by the assumptions' names. ``filters``: whether a filter by serial number gave the right lines."""
    supported = [book for book in books if book.head.period_months > 0]
    return {
        "covered period": _covered_period(supported, settings),
        "first day": _first_day(supported, settings),
        "billing cycles": _billing_cycles(books),
        "last day": _last_day(supported, settings),
        "days": _days(supported),
        "included units": _included(books),
        "credits": _credits(books, settings),
        "markers": _markers(filters),
    }


def _covered_period(books: Sequence[Book], settings: ConnectWiseSettings) -> Finding:
    said = [(book, _covered(book, settings)) for book in books]
    agreeing = sum(1 for book, covers in said if covers and covers is _assumed(book, settings))
    against = [book.name for book, covers in said if covers and covers is not _assumed(book, settings)]
    others = {covers for book, covers in said if covers and covers is not _assumed(book, settings)}
    instead = f"next_invoice_date: {others.pop()}" if len(others) == 1 and not agreeing else "look at these agreements one by one"
    return votes(agreeing, against, "invoices whose total tells it", instead)


def _assumed(book: Book, settings: ConnectWiseSettings) -> NextInvoiceDate:
    if settings.next_invoice_date is not NextInvoiceDate.BY_PERIOD_TYPE:
        return settings.next_invoice_date
    return NextInvoiceDate.FOLLOWING if text(book.record, "periodType") == "Future" else NextInvoiceDate.CONTAINING


def _covered(book: Book, settings: ConnectWiseSettings) -> NextInvoiceDate | None:
    """Which period the newest invoice covers, where only one of the two comes to its total."""
    if book.invoice is None:
        return None
    containing = period_of(book.head, book.invoice.dated)
    following = period_of(book.head, containing.last + ONE_DAY)
    readings = {NextInvoiceDate.CONTAINING: containing, NextInvoiceDate.FOLLOWING: following}
    fits = [covers for covers, period in readings.items() if _total(book, period, settings.cancelled_date) == book.invoice.total]
    return fits[0] if len(fits) == 1 else None


def _first_day(books: Sequence[Book], settings: ConnectWiseSettings) -> Finding:
    dates = [(book, dated) for book in books if (dated := day(book.record, "nextInvoiceDate"))]
    inside = [f"{book.name} on {dated}" for book, dated in dates if dated != period_of(book.head, dated).first]
    if settings.next_invoice_date is not NextInvoiceDate.BY_PERIOD_TYPE:
        return Finding(Verdict.CONFIRMED, f"not needed: next_invoice_date is {settings.next_invoice_date}")
    return votes(len(dates) - len(inside), inside, "agreements", "next_invoice_date: containing, or following")


def _billing_cycles(books: Sequence[Book]) -> Finding:
    unknown = {book.head.cycle or "(none)" for book in books if book.head.period_months <= 0}
    return votes(len({book.head.cycle for book in books} - unknown), unknown, "names of billing cycles in use", "billing_cycles: 'name=months, ...'")


def _last_day(books: Sequence[Book], settings: ConnectWiseSettings) -> Finding:
    said = [(book, reading) for book in books if (reading := _cancelled(book, settings))]
    against = [book.name for book, reading in said if reading is not settings.cancelled_date]
    other = next(each for each in CancelledDate if each is not settings.cancelled_date)
    return votes(len(said) - len(against), against, "invoices with a line cancelled on a day that tells it", f"cancelled_date: {other}")


def _cancelled(book: Book, settings: ConnectWiseSettings) -> CancelledDate | None:
    if book.invoice is None:
        return None
    period = period_of(book.head, book.invoice.dated)
    if _assumed(book, settings) is NextInvoiceDate.FOLLOWING:
        period = period_of(book.head, period.last + ONE_DAY)
    fits = [reading for reading in CancelledDate if _total(book, period, reading) == book.invoice.total]
    return fits[0] if len(fits) == 1 else None


def _total(book: Book, period: Period, cancelled: CancelledDate) -> Decimal:
    """What the lines come to in a period as they are now."""
    return sum((_price_in(book, line, row, period, cancelled) for line, row in book.lines), Decimal(0))


def _price_in(book: Book, line: Line, row: Record, period: Period, cancelled: CancelledDate) -> Decimal:
    return price_in(book.head, replace(line, ends=_ends(row, cancelled)), period)


def _ends(row: Record, cancelled: CancelledDate) -> date | None:
    ends = day(row, "cancelledDate")
    return ends - ONE_DAY if ends and cancelled is CancelledDate.EXCLUSIVE else ends


def _days(books: Sequence[Book]) -> Finding:
    against, agreeing = [], 0
    for book, line, ours, theirs in _prorated(books):
        if ours == theirs:
            agreeing += 1
        else:
            against.append(f"line {line.line_id} of {book.name} is prorated to {theirs}, {ours} by these rules")
    return votes(agreeing, against, "prorated lines", "amounts shown in plans differ from invoices, which are ConnectWise's own")


def _prorated(books: Sequence[Book]) -> Iterator[tuple[Book, Line, Decimal, Decimal]]:
    for book in books:
        for line, row in book.lines:
            theirs = amount(row, "extendedProratePrice", Decimal(0))
            if not (book.head.prorates and theirs and line.starts and line.charge is Charge.BILLABLE):
                continue
            period = period_of(book.head, line.starts)
            last = min(period.last, line.ends or period.last)
            yield book, line, price_of_days(book.head, line.billed * line.unit_price, line.starts, last), theirs


def _included(books: Sequence[Book]) -> Finding:
    lines = [(book, line, row) for book in books for line, row in book.lines if line.included and member(row, "billedQuantity") is not None]
    against = [
        f"line {line.line_id} of {book.name}"
        for book, line, row in lines
        if amount(row, "billedQuantity") != replace(line, charge=Charge.BILLABLE).billed
    ]
    return votes(len(lines) - len(against), against, "lines that include units", "set `included` in no profile of these agreements, and report this")


def _credits(books: Sequence[Book], settings: ConnectWiseSettings) -> Finding:
    below = [f"line {line.line_id} of {book.name}" for book in books for line, _ in book.lines if line.quantity < 0]
    if settings.credits is Credits.NEGATIVE_QUANTITY:
        return Finding(Verdict.CONFIRMED, f"not assumed: credits is {settings.credits}; lines below zero are there ({len(below)})")
    return votes(0, below, "lines", "if an invoice credits them, credits: negative_quantity may be used") if below else NOTHING_THERE


def _markers(filters: bool | None) -> Finding:
    if filters is None:
        return NOTHING_THERE
    seen = "a filter by serial number gives just these lines" if filters else "a filter by serial number does not give these lines, and none is used"
    return Finding(Verdict.CONFIRMED, seen)
