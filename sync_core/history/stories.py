"""Gathers what is known of a customer's changes up to a day: plans, people's words, writes with their answers, and the mails that told of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime

from sync_core.billing import fingerprint
from sync_core.history.explanation import Story, Told, Word, Write
from sync_core.model.history import Record, RecordKind
from sync_core.model.plans import Change, Decision, JournalEntry, Plan
from sync_core.pipeline.customers import CUSTOMERS, plans_of
from sync_core.pipeline.history import of_kind, records
from sync_core.pipeline.runs import RUNS, load_run
from sync_core.ports import Store


class Stories:
    """What happened at one customer, read once."""

    def __init__(self, store: Store, tenant_id: str) -> None:
        self._store = store
        self.records: Sequence[Record] = tuple(records(store, CUSTOMERS, tenant_id))
        self.plans: Sequence[tuple[Plan, list[JournalEntry]]] = tuple(plans_of(store, tenant_id))
        self._told: dict[str, tuple[tuple[Told, ...], str]] = {}

    def until(self, on: date) -> Iterator[tuple[Plan, list[JournalEntry], Change]]:
        """Every change of the plans up to a day, the PSA's date, oldest first."""
        for plan, entries in self.plans:
            for change in plan.changes:
                if plan.business_dates.get(change.connection, plan.created.date()) <= on:
                    yield plan, entries, change

    def tell(self, plan: Plan, entries: Iterable[JournalEntry], change: Change) -> Story:
        """The whole story of one change."""
        told, notice = self._mails(plan.run_id)
        written = tuple(self._written(plan, entries, change))
        return Story(change, plan.plan_id, plan.run_id, plan.created, plan.mode, tuple(self._said(plan, change)), written, told, notice)

    def _said(self, plan: Plan, change: Change) -> Iterator[Word]:
        """The words on exactly this change, whichever plan showed it then; a later one takes an earlier one back."""
        mark, undone = fingerprint(change), self._undone(plan, change)
        for record in of_kind(self.records, RecordKind.DECIDED):
            word = record.document
            same = word["fingerprint"] == mark or (word["plan"], word["change"]) == (plan.plan_id, change.change_id)
            taken_back = undone is not None and record.at <= undone and word["decision"] == Decision.APPROVED
            in_force = record.at <= plan.created < datetime.fromisoformat(word["until"]) and not taken_back
            if same and (word["plan"] == plan.plan_id or in_force):
                yield Word(record.at, record.by, Decision(word["decision"]), word["why"])

    def _undone(self, plan: Plan, change: Change) -> datetime | None:
        """When the change's link was undone last, before the plan was made; the plans of an undo rest on the word that it was given."""
        if plan.undo:
            return None
        found = (record for record in of_kind(self.records, RecordKind.UNDONE) if record.document["link_key"] == change.link_key)
        return max((record.at for record in found if record.at <= plan.created), default=None)

    def _written(self, plan: Plan, entries: Iterable[JournalEntry], change: Change) -> Iterator[Write]:
        for entry in entries:
            if change.change_id not in entry.step.change_ids:
                continue
            moves = [record for record in self.records if record.kind == RecordKind.SENT and record.document["step"] == entry.step.step_id]
            sent = [record.at for record in moves if record.document["state"] == "sending"]
            ended = next((record.document for record in moves if record.document["state"] == entry.state), {})
            yield Write(
                what=entry.step.describes,
                state=entry.state.value,
                sent=max(sent, default=_sent_by(entry)),
                answer=ended.get("answer", ""),
                outcome=entry.outcome,
                before=entry.before.get(change.change_id, {}),
                after=ended.get("after", {}).get(change.change_id, {}),
            )

    def _mails(self, run_id: str) -> tuple[tuple[Told, ...], str]:
        if run_id not in self._told:
            run = load_run(self._store, run_id)
            mails = of_kind(records(self._store, RUNS, run_id), RecordKind.MAILED)
            told = tuple(_told(record.at, record.document) for record in mails if record.document["state"] == "sent")
            self._told[run_id] = told, run.value.notice if run else ""
        return self._told[run_id]


def _told(at: datetime, mail: Mapping[str, object]) -> Told:
    to = mail.get("to")
    return Told(at, tuple(map(str, to)) if isinstance(to, list | tuple) else (), str(mail.get("subject", "")), str(mail.get("mail", "")))


def _sent_by(entry: JournalEntry) -> datetime | None:
    """The last moment to send, which is all that is known of a write from before the history began."""
    return entry.send_until if entry.attempt else None
