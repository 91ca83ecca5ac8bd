"""Writes licence counts, and nothing else: Halo makes quantities of them.

    add            POST SoftwareLicence, without an id      a record of the product's name, with our marker in its notes
    set quantity   POST SoftwareLicence, with its id        the record as it is now, with another count

A record is sent whole, as it was read a moment before, and is compared member by member afterwards. Setting a count may be sent
again, making a record may not: whether it was made shows by the marker, and as a list may leave notes out (unverified), the
records of that name are read one by one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from adapters.psa.changes import needed, step_id
from adapters.psa.halopsa.comparing import more_changed
from adapters.psa.halopsa.invoices import RecurringInvoices
from adapters.psa.halopsa.kept import SentRecords
from adapters.psa.halopsa.licence_records import LicenceRecords
from adapters.psa.halopsa.licences import LICENCE, MARKER, PREFIX, keeper, marker, record_id
from adapters.psa.halopsa.steps import LONGEST_MARKER
from adapters.psa.records import Record, text
from sync_core.errors import OutcomeUnknown, Rejected
from sync_core.model.agreements import Agreement, Line
from sync_core.model.plans import Change, ChangeKind, Step
from sync_core.ports import Probe, Probed

_WRITTEN = (ChangeKind.ADD, ChangeKind.SET_QUANTITY)
_PASSED_OVER = (ChangeKind.ADOPT, ChangeKind.HAND_BACK, ChangeKind.NONE)


class LicenceWriter:
    """The writes of a connection that bills by licence counts."""

    resource = LICENCE

    def __init__(self, invoices: RecurringInvoices, licences: LicenceRecords) -> None:
        self._invoices = invoices
        self._licences = licences
        self._sent = SentRecords()

    def steps_for(self, agreement: Agreement, changes: Sequence[Change], plan_id: str) -> Sequence[Step]:
        """See ``Psa.steps_for``: one step for each change."""
        return [_step(agreement, change, plan_id) for change in changes if change.kind not in _PASSED_OVER]

    def content(self, step: Step) -> list[dict[str, Any]]:
        """What is to be posted; raises ``ValueError`` where it must not be."""
        content = dict(step.request["body"])
        if "id" in content:
            record = self._licences.one(str(content["id"]))
            if record is None:
                raise ValueError(f"Licence {content['id']} is gone")
            if why := keeper(record):
                raise ValueError(why)
            content = {**record, **content}
        self._sent.put(step.step_id, [content])
        return [content]

    def line_id(self, step: Step, saved: Record) -> str:
        """The line that was written, as the answer shows it; raises ``OutcomeUnknown`` where it shows none."""
        if not text(saved, "id"):
            raise OutcomeUnknown("Halo took the write and shows no licence record", where=self._invoices.where(step.agreement_id))
        return f"{PREFIX}{text(saved, 'id')}"

    def probe(self, step: Step) -> Probed:
        """See ``Psa.probe``."""
        content: Mapping[str, Any] = step.request["body"]
        if "id" not in content:
            return self._probe_of_add(step, content)
        record = self._licences.one(str(content["id"]))
        if record is None:
            return Probed(Probe.CANNOT_TELL, why=f"Licence {content['id']} is gone")
        if text(record, "count") != str(content["count"]):
            return Probed(Probe.NOT_DONE)
        if why := more_changed(self._sent.get(step.step_id), [record], noun="licence"):
            return Probed(Probe.CANNOT_TELL, why=why)
        return self._done(step, record)

    def _probe_of_add(self, step: Step, content: Mapping[str, Any]) -> Probed:
        of_client = self._licences.of(str(content["client_id"]), anew=True)
        named = [self._licences.one(text(each, "id")) or each for each in of_client if text(each, "name") == content["name"]]
        found = [each for each in named if marker(each) == step.marker]
        if not found:
            return Probed(Probe.NOT_DONE)
        if len(found) > 1:
            return Probed(Probe.CANNOT_TELL, why=f"The licences {', '.join(text(each, 'id') for each in found)} carry the same marker")
        if text(found[0], "count") != str(content["count"]):
            return Probed(Probe.CANNOT_TELL, why=f"The licence with our marker counts {text(found[0], 'count')}")
        return self._done(step, found[0])

    def _done(self, step: Step, record: Record) -> Probed:
        line = self._line(step.agreement_id, f"{PREFIX}{text(record, 'id')}")
        return Probed(Probe.DONE, (line,)) if line else Probed(Probe.CANNOT_TELL, why=f"Licence {text(record, 'id')} is not active")

    def _line(self, agreement_id: str, line_id: str) -> Line | None:
        self._invoices.forget(agreement_id)
        return next((line for line in self._invoices.lines(agreement_id) if line.line_id == line_id), None)


def _step(agreement: Agreement, change: Change, plan_id: str) -> Step:
    if change.kind not in _WRITTEN:
        raise ValueError(f"Change {change.change_id}, {change.kind}, cannot be written as a licence count")
    adds = change.kind is ChangeKind.ADD
    content, what = _new_record(agreement, change) if adds else _new_count(change)
    return Step(
        step_id=step_id(plan_id, agreement.agreement_id, change.change_id),
        change_ids=(change.change_id,),
        connection=agreement.connection,
        agreement_id=agreement.agreement_id,
        describes=f"Licences of client {agreement.company_id}, billed by recurring invoice {agreement.agreement_id} ({agreement.name}): {what}",
        request={"method": "POST", "path": f"/{LICENCE}", "body": content},
        repeatable=not adds,
        line_id=change.line_id,
        marker=change.marker if adds else "",
    )


def _new_count(change: Change) -> tuple[dict[str, Any], str]:
    count = _count(change)
    return {"id": int(record_id(change.line_id)), "count": count}, f"set {change.product} to {count} on {change.line_id}"


def _new_record(agreement: Agreement, change: Change) -> tuple[dict[str, Any], str]:
    starts, count = needed(change.effective, change, "an effective date"), _count(change)
    if not 0 < len(change.marker) <= LONGEST_MARKER:
        raise ValueError(f"Change {change.change_id} lacks a marker of 1 to {LONGEST_MARKER} characters")
    content = {
        "client_id": int(agreement.company_id),
        "name": change.product,
        "count": count,
        "start_date": f"{starts.isoformat()}T00:00:00",
        MARKER: change.marker,
    }
    return content, f"add {change.product} x {count} from {starts}"


def _count(change: Change) -> int:
    value: Decimal = needed(change.after, change, "a quantity")
    if value != int(value):
        fix = "Round in the billing profile"
        raise Rejected(f"Halo counts whole licences, and {change.product} is to have {value}", code="whole-units", fix=fix)
    return int(value)
