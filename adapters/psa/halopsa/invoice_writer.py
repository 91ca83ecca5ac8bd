"""Writes recurring invoices: all lines in one POST, made of what is there at that moment, and looked at as a whole afterwards."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from adapters.psa.halopsa import reading
from adapters.psa.halopsa.comparing import more_changed
from adapters.psa.halopsa.invoices import RecurringInvoices
from adapters.psa.halopsa.kept import SentRecords
from adapters.psa.halopsa.proration import PREFIX, as_line, changed_rows, ours, rows
from adapters.psa.halopsa.refusals import understood
from adapters.psa.halopsa.settings import LineEnd
from adapters.psa.halopsa.steps import RESOURCE, Effect, body, effect, marked, operations_of, rows_made, steps_for
from adapters.psa.records import Record, text
from sync_core.errors import OutcomeUnknown
from sync_core.model.agreements import Agreement, Line
from sync_core.model.plans import Change, Step
from sync_core.ports import Probe, Probed


class InvoiceWriter:
    """The writes of a connection that bills by lines of recurring invoices."""

    resource = RESOURCE

    def __init__(self, invoices: RecurringInvoices, line_end: LineEnd) -> None:
        self._invoices = invoices
        self._line_end = line_end
        self._sent = SentRecords()
        self._unseen: set[str] = set()
        """Steps that Halo took, and whose prorata row it does not show."""

    def steps_for(self, agreement: Agreement, changes: Sequence[Change], plan_id: str) -> Sequence[Step]:
        """See ``Psa.steps_for``: one step, with all changes of the agreement."""
        return steps_for(agreement, changes, plan_id, self._line_end)

    def content(self, step: Step) -> list[dict[str, Any]]:
        """What is to be posted, made of the recurring invoice as it is now; raises ``ValueError`` where it must not be.

        A prorata row that is there already is never sent again: that raises ``OutcomeUnknown``, and a look says that it is done.
        """
        record = self._invoices.record(step.agreement_id)
        if any(row.marker in rows_made(step) for _, each in rows(reading.line_records(record)) if (row := ours(each))):
            raise OutcomeUnknown("The prorata row is there already", where=self._invoices.where(step.agreement_id))
        content = body(record, operations_of(step))
        self._sent.put(step.step_id, content[0]["lines"])
        return content

    def line_id(self, step: Step, saved: Record) -> str:
        """The line of the step's first change, as the answer shows it; raises ``OutcomeUnknown`` where it shows none."""
        operation, where = operations_of(step)[0], self._invoices.where(step.agreement_id)
        lines = understood(where, lambda: reading.line_records(saved), OutcomeUnknown)
        if markers := rows_made(step):
            return self._row_id(step, lines, markers)
        found = [operation["line"]] if "line" in operation else [text(each, "id") for each in marked(lines, operation["marker"])]
        if not found or not found[-1]:
            raise OutcomeUnknown("Halo took the write and shows no new line", where=where)
        return found[-1]

    def _row_id(self, step: Step, lines: Sequence[Record], markers: Collection[str]) -> str:
        where = self._invoices.where(step.agreement_id)
        made = understood(where, lambda: [row for _, each in rows(lines) if (row := ours(each)) and row.marker in markers], OutcomeUnknown)
        if not made:
            self._unseen.add(step.step_id)
            raise OutcomeUnknown("Halo took the write and shows no prorata row", where=where)
        return f"{PREFIX}{made[-1].row_id}"

    def probe(self, step: Step) -> Probed:
        """See ``Psa.probe``.

        A write that this process sent is done only if nothing else was changed with it, on no line. After a crash there is
        nothing to compare the other lines with, and what the step was to do decides alone.
        """
        where = self._invoices.where(step.agreement_id)
        record = self._invoices.record(step.agreement_id)
        lines = understood(where, lambda: reading.line_records(record))
        effects = understood(where, lambda: [effect(lines, each) for each in operations_of(step)])
        if all(each.probe is Probe.NOT_DONE for each in effects):
            return Probed(Probe.CANNOT_TELL, why=_UNSEEN) if step.step_id in self._unseen else Probed(Probe.NOT_DONE)
        markers = {each["marker"] for each in operations_of(step) if "marker" in each}
        sent = self._sent.get(step.step_id)
        if why := _unclear(effects) or more_changed(sent, lines, markers) or self._more_rows(where, sent, lines, rows_made(step)):
            return Probed(Probe.CANNOT_TELL, why=why)
        return Probed(Probe.DONE, understood(where, lambda: tuple(map(self._line, effects))))

    def _line(self, effect: Effect) -> Line:
        assert effect.line, "an effect that is done has its line"
        main = self._invoices.line(effect.line)
        return as_line(main, effect.row) if effect.row else main

    def _more_rows(self, where: str, sent: Sequence[Record] | None, lines: Sequence[Record], markers: Collection[str]) -> str:
        found = [] if sent is None else understood(where, lambda: changed_rows(sent, lines, markers))
        return f"More was changed than was asked for: {'; '.join(found)}" if found else ""


_UNSEEN = (
    "Halo took the write and shows no prorata row. See whether its next invoice bills it; "
    "if it does not, set `proration` of the connection to 'next invoice'."
)


def _unclear(effects: Sequence[Effect]) -> str:
    """Why nobody can tell whether a step is done; empty when each of its changes is."""
    if all(each.probe is Probe.DONE for each in effects):
        return ""
    return "; ".join(each.why for each in effects if each.why) or "Some of the step's changes are there and some are not"
