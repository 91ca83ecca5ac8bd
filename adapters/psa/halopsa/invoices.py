"""Recurring invoices as Halo gives them: in bulk with their lines for planning, one by one where they have to be new.

Unverified: that a list with ``includelines`` holds every line whole. Under ``lines_in_list: auto`` the one with the most lines is
read by its id once and compared; where they differ, lines are read one recurring invoice at a time. Heads are taken from the
list as they are: what a plan rests on is read by id, and compared, right before a write.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Mapping

from adapters.psa.halopsa import reading
from adapters.psa.halopsa.client import Client
from adapters.psa.halopsa.kept import Kept
from adapters.psa.halopsa.settings import HaloPsaSettings, LineEnd, LinesInList
from adapters.psa.halopsa.steps import RESOURCE
from adapters.psa.records import Record, text
from sync_core.errors import Rejected
from sync_core.ports import Clock

MISSES_BEFORE_ALL = 10

_log = logging.getLogger(__name__)


class RecurringInvoices:
    """The recurring invoices of one site, kept for ``lines_kept_seconds`` after each read. Safe to share between threads."""

    def __init__(self, settings: HaloPsaSettings, client: Client, clock: Clock) -> None:
        self._settings = settings
        self._client = client
        self._kept: Kept[Record] = Kept(clock, settings.lines_kept_seconds)
        self._misses = itertools.count(1)
        self._whole_in_list = {LinesInList.YES: True, LinesInList.NO: False}.get(settings.lines_in_list)

    def listed(self, query: Mapping[str, str]) -> list[Record]:
        """All recurring invoices that fit a query."""
        with_lines = {} if self._whole_in_list is False else {"includelines": "true"}
        rows = list(self._client.records(RESOURCE, {**query, **with_lines}))
        self._misses = itertools.count(1)
        if self._whole_in_list is None:
            self._whole_in_list = self._compared(rows)
        for row in rows if self._whole_in_list else ():
            self._kept.put(text(row, "id"), row)
        return rows

    def anew(self, number: str) -> Record | None:
        """One recurring invoice, read now; ``None`` when it is gone."""
        record = self._client.one(RESOURCE, number)
        if record is None:
            self._kept.forget(number)
        else:
            self._kept.put(number, record)
        return record

    def present(self, number: str) -> Record:
        """One recurring invoice, read now; raises ``Rejected`` when it is gone."""
        record = self.anew(number)
        if record is None:
            raise Rejected(f"Recurring invoice {number} is not there", code="agreement-missing", where=f"PSA connection {self._settings.name}")
        return record

    def kept(self, number: str) -> Record:
        """One recurring invoice as it was last read, or read now when that is too long ago.

        Another worker may have read the heads, so a worker that misses many reads them all: that costs less than one by one.
        """
        record = self._kept.get(number)
        if record is None and self._whole_in_list is not False and next(self._misses) == MISSES_BEFORE_ALL:
            self.listed({})
            record = self._kept.get(number)
        return record or self.present(number)

    def forget(self, number: str) -> None:
        """What was read of it holds no longer."""
        self._kept.forget(number)

    def _compared(self, rows: list[Record]) -> bool | None:
        """Whether the list shows lines as a read by id does; ``None`` while there is none to compare."""
        row = max(rows, key=_number_of_lines, default=None)
        whole = self._client.one(RESOURCE, text(row, "id")) if row else None
        if row is None or whole is None or not _number_of_lines(whole):
            return None
        same = _lines(row) == _lines(whole)
        if not same:
            words = "PSA connection %s: the list does not show the lines of recurring invoice %s whole, so lines are read one invoice at a time"
            _log.warning(words, self._settings.name, text(row, "id"))
        return same


def _number_of_lines(record: Record) -> int:
    found = record.get("lines")
    return len(found) if isinstance(found, list) else 0


def _lines(record: Record) -> object:
    """The lines as we understand them, by id; ``None`` where they cannot be understood."""
    try:
        return sorted(reading.lines(record, {}, LineEnd.INCLUSIVE), key=lambda line: line.line_id)
    except ValueError:
        return None
