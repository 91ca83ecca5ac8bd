"""Recurring invoices as Halo gives them: in bulk with their lines for planning, one by one where they have to be new.

Unverified: that a list with ``includelines`` holds every line whole. Under ``lines_in_list: auto`` the one with the most lines is
read by its id once and compared; where they differ, lines are read one recurring invoice at a time. Heads are taken from the
list as they are: what a plan rests on is read by id, and compared, right before a write.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress

from adapters.psa.halopsa import reading
from adapters.psa.halopsa.catalogue import Catalogue
from adapters.psa.halopsa.client import Client
from adapters.psa.halopsa.kept import Kept
from adapters.psa.halopsa.licence_records import LicenceRecords
from adapters.psa.halopsa.licences import counted_lines
from adapters.psa.halopsa.proration import as_line, ours, rows
from adapters.psa.halopsa.refusals import understood
from adapters.psa.halopsa.reports import Reports
from adapters.psa.halopsa.settings import HaloPsaSettings, LinesInList
from adapters.psa.halopsa.steps import RESOURCE
from adapters.psa.records import Record, text
from adapters.redaction import shown
from sync_core.errors import Rejected
from sync_core.model.agreements import Agreement, Line
from sync_core.ports import Clock

_Read = tuple[list[Agreement], dict[str, tuple[Line, ...]]]
"""Heads, and the lines by agreement id as far as they can be used."""

_log = logging.getLogger(__name__)


class RecurringInvoices:
    """The recurring invoices of one site; their lines are kept for ``lines_kept_seconds`` after each read. Safe to share between threads."""

    def __init__(self, settings: HaloPsaSettings, client: Client, catalogue: Catalogue, clock: Clock, licences: LicenceRecords | None = None) -> None:
        """``licences`` are there where the lines are those."""
        self._settings = settings
        self._licences = licences
        self._client = client
        self._catalogue = catalogue
        self._kept: Kept[tuple[Line, ...]] = Kept(clock, settings.lines_kept_seconds)
        self._reports = Reports(settings, client, clock)
        self._whole_in_list = {LinesInList.YES: True, LinesInList.NO: False}.get(settings.lines_in_list)

    def heads(self, query: Mapping[str, str]) -> list[Agreement]:
        """The heads that fit a query; one that cannot be read is left out, so that it holds its own customer and no other."""
        if self._licences and not query:
            self._licences.read_all()
        began = self._kept.now()
        heads, lines = (None if query else self._reported()) or self._listed(query)
        self._keep(lines, began)
        return heads

    def _listed(self, query: Mapping[str, str]) -> _Read:
        with_lines = {} if self._whole_in_list is False else {"includelines": "true"}
        lines = dict[str, tuple[Line, ...]]()
        found = [self._taken(row, lines, anew=bool(query)) for row in self._client.records(RESOURCE, {**query, **with_lines})]
        if self._whole_in_list is None:
            self._whole_in_list = self._compared(lines)
        return [head for head in found if head], lines if self._whole_in_list else {}

    def _reported(self) -> _Read | None:
        """What reports show, if it can be believed; otherwise ``None``, or the list where that was read to compare."""
        records = self._reports.records()
        if records is None:
            return None
        lines = dict[str, tuple[Line, ...]]()
        heads = [head for head in (self._taken(row, lines, anew=False) for row in records) if head]
        number = max(lines, key=lambda each: len(lines[each]), default="")
        single = dict[str, tuple[Line, ...]]()
        record = self._client.one(RESOURCE, number) if number else None
        if number and (record is None or self._taken(record, single) not in heads or single.get(number) != lines[number]):
            self._reports.give_up(f"they show recurring invoice {number} otherwise than a read by its id")
            return None
        if not self._reports.compare_all_today():
            return heads, lines
        listed = self._listed({})
        if not _same(listed, (heads, lines)):
            self._reports.give_up("they show recurring invoices otherwise than the list")
        return listed

    def head(self, number: str) -> Agreement | None:
        """One head, read now together with its lines; ``None`` when it is gone or cannot be read."""
        self._kept.forget(number)
        began, lines = self._kept.now(), dict[str, tuple[Line, ...]]()
        record = self._client.one(RESOURCE, number)
        head = self._taken(record, lines) if record else None
        self._keep(lines, began)
        return head

    def lines(self, number: str) -> tuple[Line, ...]:
        """The lines as they were last read, or read now when that is too long ago; raises ``Rejected`` when the recurring invoice is gone."""
        found = self._kept.get(number)
        if found is None:
            began, record = self._kept.now(), self.record(number)
            found = understood(self.where(number), lambda: self._lines(record))
            self._kept.put(number, found, began)
        return found

    def lines_of_many(self, numbers: Sequence[str]) -> Mapping[str, tuple[Line, ...]]:
        """The lines as they were last read with the heads, which are read now where that is too long ago; none where lists show no lines."""
        found = self._known(numbers)
        if not found and self._whole_in_list is not False:
            self.heads({})
            found = self._known(numbers)
        return found

    def _known(self, numbers: Sequence[str]) -> dict[str, tuple[Line, ...]]:
        return {number: lines for number in numbers if (lines := self._kept.get(number)) is not None}

    def record(self, number: str) -> Record:
        """The recurring invoice as Halo has it now; raises ``Rejected`` when it is gone."""
        record = self._client.one(RESOURCE, number)
        if record is None:
            raise Rejected(f"Recurring invoice {number} is not there", code="agreement-missing", where=self.where(number))
        return record

    def line(self, record: Record) -> Line:
        """One line as we understand it; raises ``ValueError``."""
        return reading.line(record, self._catalogue.items(), self._settings.line_end)

    def forget(self, number: str) -> None:
        """What was read of its lines holds no longer."""
        self._kept.forget(number)

    def where(self, number: str) -> str:
        """The place of an error."""
        return f"PSA connection {self._settings.name}, recurring invoice {number}"

    def _taken(self, record: Record, lines: dict[str, tuple[Line, ...]], *, anew: bool = True) -> Agreement | None:
        """The head; its lines are put into ``lines`` where they can be read, and the record itself, which is large, is let go."""
        try:
            head = reading.agreement(record, self._settings)
        except ValueError as error:
            _log.warning("%s is left out: %s", self.where(text(record, "id")), shown(str(error)))
            return None
        with suppress(ValueError):
            lines[head.agreement_id] = self._lines(record, anew=anew)
        return head

    def _keep(self, lines: Mapping[str, tuple[Line, ...]], began: float) -> None:
        for number, found in lines.items():
            self._kept.put(number, found, began)

    def _lines(self, record: Record, *, anew: bool = True) -> tuple[Line, ...]:
        """The lines of a recurring invoice; ``anew`` reads its client's licence records now, where those are the lines."""
        if self._licences is None:
            records = reading.line_records(record)
            beside = (as_line(self.line(main), row) for main, each in rows(records) if (row := ours(each)))
            return (*map(self.line, records), *beside)
        found = self._licences.of(text(record, "client_id"), anew=anew)
        return counted_lines(record, found, self._catalogue.items(), self._settings.line_end)

    def _compared(self, listed: Mapping[str, tuple[Line, ...]]) -> bool | None:
        """Whether a list shows lines as a read by id does; ``None`` while there is none to compare."""
        number = max(listed, key=lambda each: len(listed[each]), default=None)
        if number is None:
            return None
        lines: dict[str, tuple[Line, ...]] = {}
        record = self._client.one(RESOURCE, number)
        if record is None or self._taken(record, lines) is None or not lines.get(number):
            return None
        same = set(lines[number]) == set(listed[number])
        if not same:
            _log.warning("%s: the list does not show its lines whole, so lines are read one recurring invoice at a time", self.where(number))
        return same


def _same(one: _Read, other: _Read) -> bool:
    """Whether two reads show the same heads and lines; of lines, those that both show."""
    both = one[1].keys() & other[1].keys()
    return set(one[0]) == set(other[0]) and all(set(one[1][number]) == set(other[1][number]) for number in both)
