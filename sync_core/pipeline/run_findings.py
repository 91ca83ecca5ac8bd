"""What a run's report holds, thing by thing: of which kind each is, and by what it is known again in the next run."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import zip_longest

from sync_core.billing import fingerprint
from sync_core.model.custom_licences import whole_id
from sync_core.model.notices import Finding, NoticeKind
from sync_core.model.plans import Change, ChangeKind, ChangeResult, Unlinked
from sync_core.model.reports import CustomerReport, RunReport
from sync_core.model.runs import CustomerRun, CustomerState
from sync_core.pipeline.wording import before_and_after, counts

_KINDS = {
    ChangeResult.APPLIED: NoticeKind.APPLIED,
    ChangeResult.WAITING: NoticeKind.WAITING,
    ChangeResult.PLANNED: NoticeKind.WAITING,
    ChangeResult.HELD: NoticeKind.HELD,
    ChangeResult.OBSERVED: NoticeKind.OBSERVED,
    ChangeResult.REJECTED: NoticeKind.OBSERVED,
    ChangeResult.HALF_DONE: NoticeKind.FAILED,
    ChangeResult.FAILED: NoticeKind.FAILED,
}
NOT_WRITTEN = (ChangeResult.HALF_DONE, ChangeResult.FAILED)
_TRACE = re.compile(r" \(trace [0-9a-f-]+\)")
"""Microsoft's id of one answer; it stands in the run over HTTP, and would make every failure look different."""


def findings_of(report: RunReport) -> Iterator[Finding]:
    """Everything that the run came to at its customers."""
    for item in report.customers:
        yield from (of_change(item.customer, change) for change in item.changes)
        if failed := of_failure(item):
            yield failed
        yield from (of_unlinked(item.customer, unlinked) for unlinked in item.customer.unlinked)
        yield from (_of_note(item.customer, *noted) for noted in _notes(item.customer))
        yield from item.customer.findings


def told_of(report: RunReport) -> RunReport:
    """The report without the changes, items and notes that are not told in it. Customers stay, also those of which nothing is told."""
    customers = tuple(_told_at(item, report) for item in report.customers)
    told_by_changes = (of_failure(after) for before, after in zip(report.customers, customers, strict=True) if of_failure(before) is None)
    return replace(
        report,
        customers=customers,
        silent=report.silent | {failure.finding_id for failure in told_by_changes if failure},
        earlier=tuple(_told_at(item, report) for item in report.earlier),
        unread=report.unread if NoticeKind.FAILED in report.kinds else (),
        new=report.new if NoticeKind.NOT_CONFIGURED in report.kinds else (),
        gone=report.gone if NoticeKind.GONE in report.kinds else (),
    )


def _told_at(item: CustomerReport, report: RunReport) -> CustomerReport:
    customer = item.customer

    def told(finding: Finding) -> bool:
        return finding.kind in report.kinds and finding.finding_id not in report.silent

    notes = [noted for noted in _notes(customer) if told(_of_note(customer, *noted))]
    return CustomerReport(
        replace(
            customer,
            unlinked=tuple(each for each in customer.unlinked if told(of_unlinked(customer, each))),
            notes=tuple(note for note, _ in notes),
            noted=tuple(item_id for _, item_id in notes),
        ),
        tuple(change for change in item.changes if told(of_change(customer, change))),
    )


def of_change(customer: CustomerRun, change: Change) -> Finding:
    """A change by what became of it. One that waits is another thing when it shows something else; one that was written is one of its plan."""
    kind = _KINDS[change.result]
    plan = customer.plan_id if kind is NoticeKind.APPLIED else ""
    key = fingerprint(change) if kind in (NoticeKind.WAITING, NoticeKind.OBSERVED) else f"{change.link_key}~{change.kind}~{plan}"
    what = "another text" if change.kind is ChangeKind.SET_TEXT else before_and_after(change)  # a text may name people, and findings are kept
    text = f"{what}. {change.result_reason or ' '.join(change.reasons)}".strip(". ")
    return Finding(kind, key, text, customer.tenant_id, customer.name, change.item_id, change.item)


def of_failure(item: CustomerReport) -> Finding | None:
    """Why a customer failed, where its changes do not tell it themselves."""
    customer = item.customer
    if customer.state is not CustomerState.FAILED or any(change.result in NOT_WRITTEN for change in item.changes):
        return None
    key = f"read~{customer.code or hashlib.sha256(customer.reason.encode()).hexdigest()[:12]}"
    return Finding(NoticeKind.FAILED, key, reason_of(customer), customer.tenant_id, customer.name, fix=customer.fix)


def reason_of(customer: CustomerRun) -> str:
    """Why a customer failed, without what differs from answer to answer."""
    return _TRACE.sub("", customer.reason)


def of_unlinked(customer: CustomerRun, unlinked: Unlinked) -> Finding:
    """An item that is billed nowhere."""
    return Finding(
        NoticeKind.NOT_LINKED, unlinked.item_id, counts(unlinked), customer.tenant_id, customer.name, unlinked.item_id, unlinked.item, unlinked.why
    )


def _notes(customer: CustomerRun) -> Iterator[tuple[str, str]]:
    """The notes, each with the item that it is about; runs of older versions name none."""
    return zip_longest(customer.notes, customer.noted[: len(customer.notes)], fillvalue="")


def _of_note(customer: CustomerRun, note: str, item_id: str) -> Finding:
    key = hashlib.sha256(note.encode()).hexdigest()[:12]
    return Finding(NoticeKind.NOT_BILLED, key, note, customer.tenant_id, customer.name, whole_id(item_id))
