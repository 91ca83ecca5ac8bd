"""Reads what a look at the assumptions rests on: agreements with their lines and the newest invoice of each. Writes nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice

from adapters.psa.connectwise import reading
from adapters.psa.connectwise.client import Client
from adapters.psa.connectwise.conditions import all_of, equal, one_of
from adapters.psa.connectwise.invoiced import FIELDS, INVOICES, Invoice
from adapters.psa.connectwise.settings import ConnectWiseSettings
from adapters.psa.connectwise.steps import additions_path
from adapters.psa.records import Record, amount, day, text
from sync_core.errors import RetryLater, StopRun
from sync_core.model.agreements import Agreement, Line

MOST = 60
"""So many agreements are looked at, those that the configuration bills to first: enough to tell, and a minute's calls at most."""
_IDS_AT_ONCE = 100
_BILLING = all_of(equal("cancelledFlag", False), equal("agreementStatus", "Active"))
_LINE_FIELDS = f"{reading.LINE_FIELDS},billedQuantity,extPrice,extendedProratePrice"


@dataclass(frozen=True)
class Book:
    """One agreement as ConnectWise has it: read and raw, its lines likewise, and its newest invoice."""

    head: Agreement
    record: Record
    lines: Sequence[tuple[Line, Record]]
    invoice: Invoice | None

    @property
    def name(self) -> str:
        """For people, without the name of a customer."""
        return f"agreement {self.head.agreement_id}"


def books(client: Client, settings: ConnectWiseSettings, agreement_ids: Collection[str]) -> list[Book]:
    """The agreements to look at; those whose lines cannot be read are left out."""
    wanted = {int(each) for each in agreement_ids if each.isdecimal()}
    records = sorted(client.records("/finance/agreements", reading.AGREEMENT_FIELDS, _BILLING), key=lambda one: (one["id"] not in wanted, one["id"]))
    chosen = records[:MOST]
    invoices = _newest(client, [record["id"] for record in chosen])
    found = (_book(client, settings, record, invoices.get(str(record["id"]))) for record in chosen)
    return [book for book in found if book]


def filters_markers(client: Client, agreement_ids: Collection[str]) -> bool | None:
    """Whether a filter by ``serialNumber`` gives just what has it; ``None`` where it is refused or there is nothing to try it on."""
    for agreement_id in sorted(each for each in agreement_ids if each.isdecimal())[:MOST]:
        try:
            marked = {text(one, "id"): text(one, "serialNumber") for one in client.records(additions_path(agreement_id), "id,serialNumber")}
            if mine := next((value for value in marked.values() if value), ""):
                filtered = {text(one, "id") for one in client.records(additions_path(agreement_id), "id", equal("serialNumber", mine))}
                return filtered == {number for number, value in marked.items() if value == mine}
        except (RetryLater, StopRun):
            return None
    return None


def _book(client: Client, settings: ConnectWiseSettings, record: Record, invoice: Invoice | None) -> Book | None:
    try:
        head = reading.agreement(record, settings)
        rows = list(client.records(additions_path(head.agreement_id), _LINE_FIELDS))
        return Book(head, record, [(reading.line(row, settings.cancelled_date), row) for row in rows], invoice)
    except ValueError:
        return None


def _newest(client: Client, numbers: Sequence[int]) -> dict[str, Invoice]:
    """By agreement id its newest invoice."""
    found: dict[str, Invoice] = {}
    for some in _batches(numbers):
        conditions = all_of(equal("applyToType", "Agreement"), one_of("applyToId", some))
        for row in client.records(INVOICES, FIELDS, conditions):
            dated, number = day(row, "date"), text(row, "applyToId")
            if dated and (number not in found or dated > found[number].dated):
                found[number] = Invoice(dated, amount(row, "total", Decimal(0)))
    return found


def _batches(numbers: Sequence[int]) -> Iterator[list[int]]:
    rest = iter(numbers)
    while batch := list(islice(rest, _IDS_AT_ONCE)):
        yield batch
