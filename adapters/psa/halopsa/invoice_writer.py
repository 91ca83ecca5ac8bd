"""Writes recurring invoices: all lines in one POST, made of what is there at that moment, and looked at as a whole afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from adapters.psa.halopsa import reading
from adapters.psa.halopsa.comparing import more_changed
from adapters.psa.halopsa.invoices import RecurringInvoices
from adapters.psa.halopsa.kept import SentRecords
from adapters.psa.halopsa.refusals import understood
from adapters.psa.halopsa.settings import LineEnd
from adapters.psa.halopsa.steps import RESOURCE, Effect, body, effect, marked, operations_of, steps_for
from adapters.psa.records import Record, text
from sync_core.errors import OutcomeUnknown
from sync_core.model.agreements import Agreement
from sync_core.model.plans import Change, Step
from sync_core.ports import Probe, Probed


class InvoiceWriter:
    """The writes of a connection that bills by lines of recurring invoices."""

    resource = RESOURCE

    def __init__(self, invoices: RecurringInvoices, line_end: LineEnd) -> None:
        self._invoices = invoices
        self._line_end = line_end
        self._sent = SentRecords()

    def steps_for(self, agreement: Agreement, changes: Sequence[Change], plan_id: str) -> Sequence[Step]:
        """See ``Psa.steps_for``: one step, with all changes of the agreement."""
        return steps_for(agreement, changes, plan_id, self._line_end)

    def content(self, step: Step) -> list[dict[str, Any]]:
        """What is to be posted, made of the recurring invoice as it is now; raises ``ValueError`` where it must not be."""
        content = body(self._invoices.record(step.agreement_id), operations_of(step))
        self._sent.put(step.step_id, content[0]["lines"])
        return content

    def line_id(self, step: Step, saved: Record) -> str:
        """The line of the step's first change, as the answer shows it; raises ``OutcomeUnknown`` where it shows none."""
        operation, where = operations_of(step)[0], self._invoices.where(step.agreement_id)
        lines = understood(where, lambda: reading.line_records(saved), OutcomeUnknown)
        found = [operation["line"]] if "line" in operation else [text(each, "id") for each in marked(lines, operation["marker"])]
        if not found or not found[-1]:
            raise OutcomeUnknown("Halo took the write and shows no new line", where=where)
        return found[-1]

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
            return Probed(Probe.NOT_DONE)
        markers = {each["marker"] for each in operations_of(step) if "marker" in each}
        if why := _unclear(effects) or more_changed(self._sent.get(step.step_id), lines, markers):
            return Probed(Probe.CANNOT_TELL, why=why)
        return Probed(Probe.DONE, understood(where, lambda: tuple(self._invoices.line(each.line) for each in effects if each.line)))


def _unclear(effects: Sequence[Effect]) -> str:
    """Why nobody can tell whether a step is done; empty when each of its changes is."""
    if all(each.probe is Probe.DONE for each in effects):
        return ""
    return "; ".join(each.why for each in effects if each.why) or "Some of the step's changes are there and some are not"
