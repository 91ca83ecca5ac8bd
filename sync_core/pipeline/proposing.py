"""What a run proposes for a customer: what reading it comes to, or, in an undo run, what takes others' writes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sync_core.model.configuration import Approvals, Configuration, CustomerConfiguration
from sync_core.model.customers import Mode
from sync_core.model.plans import MOVES_UNITS, Change, ChangeKind, Decision, Unlinked, Verdict
from sync_core.model.runs import Run
from sync_core.notices import Found
from sync_core.pipeline.context import Context
from sync_core.pipeline.customers import CustomerRecord, Undone
from sync_core.pipeline.cutover.waves import changes_of_run
from sync_core.pipeline.permission import decided, of_undo, standing
from sync_core.pipeline.planning import Findings, find_changes
from sync_core.pipeline.undo import undo_changes


@dataclass(frozen=True)
class Proposal:
    """The changes with where each stands, and what was read for them: nothing, in an undo run."""

    changes: tuple[Change, ...]
    findings: Findings | None = None

    @property
    def unlinked(self) -> tuple[Unlinked, ...]:
        """The items that are counted and go nowhere."""
        return self.findings.unlinked if self.findings else ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What was seen and is not billed."""
        return self.findings.notes if self.findings else ()

    @property
    def noted(self) -> tuple[str, ...]:
        """The items that the notes are about, in their order."""
        return self.findings.noted if self.findings else ()

    @property
    def noticed(self) -> Found:
        """What people asked to be told of besides."""
        return self.findings.noticed if self.findings else Found()

    @property
    def snapshot(self) -> str:
        """The name of the evidence that the counts come from."""
        return self.findings.last_read.snapshot if self.findings else ""


def propose(
    context: Context, run: Run, configuration: Configuration, item: CustomerConfiguration, record: CustomerRecord, plan_id: str, mode: Mode
) -> Proposal:
    """Reads what is needed and computes what would change, with verdicts and what people said; raises what the ports raise."""
    now = context.clock.now()
    if run.undo:
        changes = undo_changes(context, run, configuration, record, plan_id)
        return Proposal(decided(changes, record.said, mode, now, of_undo(configuration.approvals_of(item))))
    if run.cutover:
        chosen = changes_of_run(context, run, configuration, item, record, plan_id)
        return Proposal(tuple(replace(change, result=standing(change, mode)) for change in chosen))
    findings = find_changes(context, run, configuration, item, record, plan_id, mode)
    return Proposal(tuple(_kept_undone(change, record.undone, mode, now, configuration.approvals_of(item)) for change in findings.changes), findings)


def mode_of(context: Context, run: Run, item: CustomerConfiguration) -> Mode:
    """How far this run may go for the customer. What a person asks for, whatever the customer's mode, is written with a person's word."""
    mode = Mode.APPROVE if run.by_people else item.customer.mode
    return mode.capped(run.ceiling).capped(context.settings.mode_ceiling)


def _kept_undone(change: Change, undone: Mapping[str, Undone], mode: Mode, now: datetime, approvals: Approvals) -> Change:
    """What a person undid is not set again by itself, and nothing else is set there either without a person's word."""
    word = undone.get(change.link_key)
    if word is None or word.until <= now or change.decision is not Decision.NONE or change.kind is ChangeKind.NONE:
        return change
    since = f"Undone by {word.by} on {word.at:%Y-%m-%d}: until {word.until:%Y-%m-%d} the line changes only with a person's word."
    change = replace(change, reasons=(*change.reasons, since))
    if change.kind is ChangeKind.ADOPT or (change.kind in MOVES_UNITS and change.after == word.units):
        change = replace(change, decision=Decision.REJECTED, decided_by=word.by)
    elif change.verdict is Verdict.SAFE:
        change = replace(change, verdict=Verdict.NEEDS_APPROVAL)
    return replace(change, result=standing(change, mode, approvals))
