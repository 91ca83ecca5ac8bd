"""The books of the simulated MSP: everything the PSA stores, short builders to seed it, switches for what nobody knows, and the invoices.

Ids are counted up from 1, those of recurring invoices down from -1: recurring and real invoices share a table whose real ones
have positive ids (unverified), so a client should not care about the sign.
"""

from __future__ import annotations

import itertools
import threading
from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Any

from sandbox.halopsa.records import Client, Invoice, InvoiceLine, Item, Licence, Line, ProRata, RecurringInvoice, User, Write

ONE_DAY = timedelta(days=1)
SEEDED_BY = "setup"
INVOICE_RUN = "invoice-run"


class Omitted(StrEnum):
    """What becomes of a stored line that a POST leaves out. Unverified which is right."""

    DELETED = "deleted"
    KEPT = "kept"


class UnknownMembers(StrEnum):
    """What becomes of a member that the model has not. Unverified which is right."""

    IGNORED = "ignored"
    KEPT = "kept"
    REFUSED = "refused"


class RowsMade(StrEnum):
    """What becomes of the members that are to make a prorata row. Unverified which is right."""

    SHOWN = "shown"
    UNSEEN = "unseen"
    """Made and billed, and no answer shows it."""
    NONE = "none"


@dataclass
class Switches:
    """Behaviours that are not known of the vendor, to be turned while it runs.

    ``overwrites_computed`` sets the quantity of a line with a rule back to what the rule gives; with ``shows_counts`` off, answers
    show what was saved until an invoice is made. ``whole_lines_in_list`` is off where a list shows lines without references and
    dates, ``notes_in_list`` where it shows licence records without notes. ``bare_lists`` answers arrays without a count.
    With ``echoes_rows`` a line shows the members that made its last prorata row, so that sending it back makes that row again.
    ``end_day_billed`` says whether a line's end date is itself billed. ``on_save`` is what the PSA makes of each line that is saved,
    ``on_report`` what a report makes of its rows.
    """

    omitted: Omitted = Omitted.DELETED
    unknown_members: UnknownMembers = UnknownMembers.IGNORED
    overwrites_computed: bool = True
    shows_counts: bool = True
    whole_lines_in_list: bool = True
    notes_in_list: bool = True
    bare_lists: bool = False
    rows_made: RowsMade = RowsMade.SHOWN
    echoes_rows: bool = False
    largest_page: int = 100
    end_day_billed: bool = True
    on_save: Callable[[Line], Line] = lambda line: line
    on_report: Callable[[list[dict[str, Any]]], list[dict[str, Any]]] = lambda rows: rows


@dataclass
class Ledger:
    """The state of one PSA. ``now`` is an aware UTC clock; ``lock`` makes a request, an edit or an invoice run one whole."""

    now: Callable[[], datetime]
    switches: Switches = field(default_factory=Switches)
    clients: dict[int, Client] = field(default_factory=dict)
    users: dict[int, User] = field(default_factory=dict)
    items: dict[int, Item] = field(default_factory=dict)
    licences: dict[int, Licence] = field(default_factory=dict)
    recurring_invoices: dict[int, RecurringInvoice] = field(default_factory=dict)
    invoices: dict[int, Invoice] = field(default_factory=dict)
    writes: list[Write] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)
    _line_ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _row_ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def today(self) -> date:
        """The PSA's own date."""
        return self.now().date()

    def client(self, name: str, **fields: Any) -> Client:
        """Adds a client; ``fields`` are those of ``Client``."""
        client = Client(len(self.clients) + 1, name, **fields)
        self.clients[client.id] = client
        return client

    def user(self, client: Client, email: str, name: str = "Billing Contact", **fields: Any) -> User:
        """Adds a user with an e-mail address."""
        user = User(len(self.users) + 1, client.id, name, email, **fields)
        self.users[user.id] = user
        return user

    def item(self, name: str, price: str = "0", **fields: Any) -> Item:
        """Adds an item with its base price."""
        item = Item(len(self.items) + 1, name, Decimal(price), **fields)
        self.items[item.id] = item
        return item

    def licence(self, client: Client, name: str, count: int, **fields: Any) -> Licence:
        """Adds a licence record, or changes the client's one of that name as a person would."""
        known = next((each for each in self.licences.values() if (each.client_id, each.name) == (client.id, name)), None)
        licence = replace(known or Licence(len(self.licences) + 1, client.id, name, count), count=count, **fields)
        self.licences[licence.id] = licence
        return licence

    def recurring_invoice(self, client: Client, reference: str, start: date, next_creation: date | None = None, **fields: Any) -> RecurringInvoice:
        """Adds a recurring invoice; by default its next invoice is that of the first period after today."""
        number = -len(self.recurring_invoices) - 1
        invoice = RecurringInvoice(number, client.id, reference, start, start, self.now(), SEEDED_BY, **fields)
        while next_creation is None and invoice.next_creation <= self.today:
            invoice = replace(invoice, next_creation=_period_after(invoice, invoice.next_creation))
        return self._put(replace(invoice, next_creation=next_creation or invoice.next_creation))

    def line(self, invoice: RecurringInvoice, item: Item, quantity: int | str, **fields: Any) -> Line:
        """Adds a line as a person would, with price and text of the item, from the start of the recurring invoice on."""
        above = self.recurring_invoices[invoice.id]
        defaults = {"unit_price": item.recurring_price or item.price, "text": item.name, "starts": above.start}
        line = Line(**{"id": self.next_line_id(), "item_id": item.id, "quantity": Decimal(quantity), **defaults, **fields})
        self._put(replace(above, lines=(*above.lines, line)))
        return line

    def next_line_id(self) -> int:
        """A new id for a line."""
        return next(self._line_ids)

    def next_row_id(self) -> int:
        """A new id for a prorata row."""
        return next(self._row_ids)

    def edit_as_person(self, line_id: int, by: str = "a person", **changes: Any) -> Line:
        """Changes fields of a line in Halo's own pages."""
        with self.lock:
            above = next(each for each in self.recurring_invoices.values() if each.line(line_id))
            lines = tuple(replace(line, **changes) if line.id == line_id else line for line in above.lines)
            self.save(replace(above, lines=lines), by)
            return next(line for line in lines if line.id == line_id)

    def change(self, invoice_id: int, by: str = "account-manager", **changes: Any) -> RecurringInvoice:
        """Changes fields of a recurring invoice in Halo's own pages: disables it, ends it."""
        with self.lock:
            return self.save(replace(self.recurring_invoices[invoice_id], **changes), by)

    def save(self, invoice: RecurringInvoice, by: str) -> RecurringInvoice:
        """Stores a recurring invoice with who did it and when."""
        return self._put(replace(invoice, changed_at=self.now(), changed_by=by))

    def quantity(self, line: Line) -> Decimal:
        """What a line bills: its own quantity, or the count of its licence less what is free."""
        if line.licence_id is None or not self.switches.overwrites_computed:
            return line.quantity
        licence = self.licences.get(line.licence_id)
        return Decimal(max(licence.count - line.licence_free, 0)) if licence and licence.active else Decimal(0)

    def shown_quantity(self, line: Line) -> Decimal:
        """What an answer shows of that: perhaps what it held when it was last saved."""
        return self.quantity(line) if self.switches.shows_counts else line.quantity

    def invoice_preview(self, invoice_id: int, on: date) -> Invoice:
        """What the first invoice dated on or after ``on`` would show, were nothing changed before it."""
        with self.lock:
            above = self.recurring_invoices[invoice_id]
            while above.next_creation < on:
                above = replace(_rows_invoiced(above), next_creation=_period_after(above, above.next_creation))
            return self._invoice(above)

    def run_invoices(self, on: date) -> list[Invoice]:
        """Makes every invoice that is due on ``on`` and moves the recurring ones on."""
        with self.lock:
            return [invoice for number in sorted(self.recurring_invoices) for invoice in self._make_due(number, on)]

    def _make_due(self, number: int, on: date) -> list[Invoice]:
        made = []
        while (
            (above := self.recurring_invoices[number]).next_creation <= on
            and not above.disabled
            and not (above.end and above.end < above.next_creation)
        ):
            invoice = replace(self._invoice(above), id=len(self.invoices) + 1)
            self.invoices[invoice.id] = invoice
            made.append(invoice)
            self.save(replace(_rows_invoiced(above), next_creation=_period_after(above, above.next_creation)), INVOICE_RUN)
        return made

    def _invoice(self, above: RecurringInvoice) -> Invoice:
        first, last = above.next_creation, _period_after(above, above.next_creation) - ONE_DAY
        lines = tuple(self._invoice_line(line) for line in above.lines if self._as_billed(line).billed_in(first, last))
        prorated = tuple(self._row_line(line, row) for line in above.lines for row in line.rows if row.next_invoice and not row.invoiced)
        return Invoice(above.id, above.client_id, first, first, last, above.currency, (*lines, *prorated))

    def _row_line(self, line: Line, row: ProRata) -> InvoiceLine:
        item, amount = self.items.get(line.item_id), (row.quantity * row.unit_price).quantize(Decimal("0.01"), ROUND_HALF_UP)
        return InvoiceLine(line.id, item.name if item else line.text, row.short_text, row.quantity, row.unit_price, amount)

    def _as_billed(self, line: Line) -> Line:
        return replace(line, ends=line.ends - ONE_DAY) if line.ends and not self.switches.end_day_billed else line

    def _invoice_line(self, line: Line) -> InvoiceLine:
        item, quantity = self.items.get(line.item_id), self.quantity(line)
        amount = (quantity * line.unit_price * (100 - line.discount) / 100).quantize(Decimal("0.01"), ROUND_HALF_UP)
        return InvoiceLine(line.id, item.name if item else line.text, line.text, quantity, line.unit_price, amount)

    def _put(self, invoice: RecurringInvoice) -> RecurringInvoice:
        self.recurring_invoices[invoice.id] = invoice
        return invoice


def _rows_invoiced(above: RecurringInvoice) -> RecurringInvoice:
    """The recurring invoice once an invoice of it bills the prorata rows that wait for one."""
    lines = (replace(line, rows=tuple(replace(row, invoiced=row.invoiced or row.next_invoice) for row in line.rows)) for line in above.lines)
    return replace(above, lines=tuple(lines))


def _period_after(invoice: RecurringInvoice, day: date) -> date:
    """The first day of the next period; counted from the start, so that the 31st comes back after a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + invoice.period.months, 12)
    return date(year, month + 1, min(invoice.start.day, monthrange(year, month + 1)[1]))
