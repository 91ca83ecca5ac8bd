"""A person's word on changes that wait: it holds for exactly what was shown, for some days, whichever plan shows it again.

Nothing is applied here. After an approval the customer is read anew, and what was approved goes on if it is still the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sync_core.billing import fingerprint
from sync_core.documents import to_document
from sync_core.errors import Rejected, RetryLater
from sync_core.events import event
from sync_core.model.configuration import Approvals
from sync_core.model.customers import Mode
from sync_core.model.history import Record, RecordKind
from sync_core.model.people import Who
from sync_core.model.plans import Change, ChangeKind, ChangeResult, Decision, Plan, PlanState, Undo, Verdict
from sync_core.pipeline.context import Context
from sync_core.pipeline.customers import CustomerRecord, Said, load_plan, load_record, save_said
from sync_core.pipeline.cutover.rows import load_cutover
from sync_core.pipeline.eyes import check_eyes
from sync_core.pipeline.leaving import come_back
from sync_core.pipeline.permission import USUAL, asking, mode_for, observed, of_undo, to_decide, with_word
from sync_core.pipeline.resync import UNKNOWN_CUSTOMER, resync
from sync_core.pipeline.runs import load_run
from sync_core.pipeline.start_run import Started
from sync_core.pipeline.strangers import asking_strangers, customer_or_stranger
from sync_core.pipeline.undo import keep_undone, start_undo

VALID_DAYS = 7
SAFE = "safe"
"""Chooses the undecided changes that no guard rail objects to."""
ALL = "all"
"""Chooses every change that may be decided, but those that were rejected: a *no* is taken back only by name."""
_OPEN = (ChangeResult.PLANNED, ChangeResult.OBSERVED, ChangeResult.WAITING, ChangeResult.REJECTED)


@dataclass(frozen=True)
class PlanOnShow:
    """A customer's newest plan with what people have said about its changes so far. ``said`` is keyed by change id."""

    customer: str
    mode: Mode
    """How far the system may go for the customer now; a plan of an earlier run may have been made under another mode."""
    state: PlanState
    plan: Plan
    said: Mapping[str, Said]
    approvals: Approvals = USUAL

    @property
    def undecided(self) -> tuple[Change, ...]:
        """The changes that a person may decide, and has not."""
        return tuple(change for change in self.plan.changes if not self.refusal(change) and change.decision is Decision.NONE)

    def refusal(self, change: Change) -> str:
        """Why a person's word on a change of this plan would change nothing, or an empty text."""
        if self.mode is not Mode.OBSERVE and mode_for(change, self.mode, self.approvals) is Mode.OBSERVE:
            return f"Changes of the kind “{change.kind}” are only observed: `approvals` says so"
        return refusal(change)

    @property
    def to_decide(self) -> tuple[Change, ...]:
        """See ``permission.to_decide``."""
        return to_decide(self.undecided)

    @property
    def asking(self) -> tuple[Change, ...]:
        """See ``permission.asking``."""
        return asking(self.plan.changes)

    @property
    def observed(self) -> tuple[Change, ...]:
        """See ``permission.observed``."""
        return observed(self.plan.changes)

    @property
    def safe(self) -> tuple[Change, ...]:
        """The undecided changes that no guard rail objects to; none where an approval applies nothing."""
        return () if self.mode is Mode.OBSERVE else tuple(change for change in self.undecided if change.verdict is Verdict.SAFE)


@dataclass(frozen=True)
class Decided:
    """What was decided on, and the run that was started for it; ``None`` where none was needed, or another one is just starting.

    ``complete`` is false where a second person has to say the same.
    """

    changes: tuple[Change, ...]
    run: Started | None = None
    complete: bool = True


def list_plans(context: Context) -> list[PlanOnShow]:
    """The newest plans that hold something to decide, to answer or only to look at, in the order of the configuration; strangers come last."""
    configured = [item.customer.tenant_id for item in context.current_configuration().customers]
    keys = dict.fromkeys([*configured, *asking_strangers(context.store)])
    shown = (_on_show(context, key) for key in keys)
    return [plan for plan in shown if plan and (plan.undecided or plan.asking or plan.observed)]


def show_plan(context: Context, tenant_id: str) -> PlanOnShow:
    """A customer's newest plan; raises ``Rejected`` for a customer that is not configured or has none."""
    tenant_id = tenant_id.strip().lower()
    shown = _on_show(context, tenant_id)
    if shown is None:
        raise Rejected("The customer has no plan", code="no-plan", where=tenant_id, fix="Nothing waits; the next run plans again")
    return shown


def decide(
    context: Context,
    tenant_id: str,
    chosen: Collection[str] | str,
    decision: Decision,
    by: Who,
    why: str,
    *,
    plan_id: str = "",
    days: int = VALID_DAYS,
    read_anew: bool = True,
) -> Decided:
    """Stores a person's word on changes of the customer's newest plan and, after an approval, has the customer read anew.

    Args:
        chosen: change ids, or ``SAFE`` or ``ALL``.
        decision: approved or rejected.
        by: who says so.
        plan_id: the plan that the person saw; empty means the newest one.
        days: how long the word holds.
        read_anew: whether an approval starts the run that applies it; who says no starts one themselves.

    Raises:
        Rejected: the customer, the plan or one of the changes cannot be decided on, or this person may not; nothing was stored.
    """
    shown = show_plan(context, tenant_id)
    _check_plan(shown, plan_id, decision)
    changes = chosen_changes(shown, chosen)
    four_eyes = context.current_configuration().approvals.four_eyes and decision is Decision.APPROVED
    if four_eyes:
        _check_eyes(context, shown, changes, by)
    now = context.clock.now()
    until = now + timedelta(days=days)
    words = [_word(shown.said.get(change.change_id), Said(fingerprint(change), decision, str(by), why, now, until, by.person)) for change in changes]
    for change, word in zip(changes, words, strict=True):
        save_said(context.store, shown.plan.tenant_id, word, _said(shown.plan, change, word, str(by), now))
    complete = all(word.counts(four_eyes) for word in words)
    if decision is Decision.APPROVED and complete:
        if shown.plan.undo:
            keep_undone(context, shown.plan.tenant_id, changes, str(by), now)
        if shown.plan.undo and _of_offboarding(context, shown.plan.undo, shown.plan.tenant_id):
            come_back(context, shown.plan.tenant_id, str(by))
    event("plan.decided", customer=shown.plan.tenant_id, plan=shown.plan.plan_id, decision=decision.value, changes=len(changes))
    apply = decision is Decision.APPROVED and complete and read_anew
    return Decided(changes, _read_anew(context, shown.plan, str(by)) if apply else None, complete)


def _of_offboarding(context: Context, undo: Undo, tenant_id: str) -> bool:
    """Whether an undo takes back the end of a customer's lines, so that the nights read it again."""
    runs = (load_run(context.store, run_id) for run_id in (undo.run_id, *undo.beside) if run_id)
    cutovers = dict.fromkeys(run.value.cutover for run in runs if run and run.value.cutover)
    return any(load_cutover(context.store, cutover_id).value.leaving == tenant_id for cutover_id in cutovers)


def _word(known: Said | None, word: Said) -> Said:
    """What is kept of a word: a second person's *yes* joins that of the first."""
    joins = known and known.decision is word.decision is Decision.APPROVED and known.person and word.person not in ("", known.person)
    return replace(known, second=word.by, until=word.until) if known and joins else word


def _said(plan: Plan, change: Change, word: Said, by: str, at: datetime) -> Record:
    """What is kept for good of a person's word; ``by`` may be the second person to say so."""
    document = {"plan": plan.plan_id, "change": change.change_id, "link": change.link_key, "decision": word.decision, "why": word.why}
    shown = {"fingerprint": word.fingerprint, "until": word.until, "person": word.person, "first": word.by, "second": word.second}
    return Record(at, RecordKind.DECIDED, f"{word.fingerprint} {word.decision} {by}", to_document({**document, **shown}), plan.run_id, by)


def _check_eyes(context: Context, shown: PlanOnShow, changes: Iterable[Change], by: Who) -> None:
    """See ``check_eyes``."""
    said = (shown.said.get(change.change_id) for change in changes)
    already = any(word and word.decision is Decision.APPROVED and word.person == by.person and not word.second for word in said)
    check_eyes(context.store, by, shown.plan.configuration, already, shown.customer)


def refusal(change: Change) -> str:
    """Why a person's word on this change would change nothing, or an empty text."""
    if change.kind is ChangeKind.NONE:
        return "It is a question: answer it in the configuration or the PSA, and it is planned again"
    if change.verdict is Verdict.HELD or change.result is ChangeResult.HELD:
        return "It is held until its cause is gone, whoever approves it"
    if change.result not in _OPEN:
        return f"It is {change.result.value} already"
    return ""


def _on_show(context: Context, tenant_id: str) -> PlanOnShow | None:
    item = customer_or_stranger(context.store, context.current_configuration(), tenant_id)
    if item is None:
        raise Rejected(
            "No customer with this tenant id is configured", code=UNKNOWN_CUSTOMER, where=tenant_id, fix="Import a configuration that has it"
        )
    record = load_record(context.store, tenant_id)
    live = record.live.value
    stored = load_plan(context.store, tenant_id, live.plan_id) if live.plan_id else None
    if stored is None:
        return None
    mode = (Mode.APPROVE if stored.value.undo else item.customer.mode).capped(context.settings.mode_ceiling)
    said = dict(_words(stored.value, record, context.clock.now()))
    approvals = context.current_configuration().approvals_of(item)
    approvals = of_undo(approvals) if stored.value.undo else approvals
    changes = tuple(
        change if refusal(change) else with_word(change, said.get(change.change_id), stored.value.mode, approvals) for change in stored.value.changes
    )
    return PlanOnShow(item.customer.name, mode, live.state, replace(stored.value, changes=changes), said, approvals)


def _words(plan: Plan, record: CustomerRecord, now: datetime) -> Iterator[tuple[str, Said]]:
    words = record.said if plan.undo else record.words_on(plan.changes)
    for change in plan.changes:
        word = words.get(fingerprint(change))
        if word and word.until > now:
            yield change.change_id, word


def _check_plan(shown: PlanOnShow, plan_id: str, decision: Decision) -> None:
    where = shown.customer
    if shown.state is PlanState.APPLYING:
        raise Rejected("The plan is being applied at this moment", code="plan-applying", where=where, fix="Look again when that run has finished")
    if plan_id and plan_id != shown.plan.plan_id:
        fix = f"Look at plan {shown.plan.plan_id} and decide anew"
        raise Rejected(f"Plan {plan_id} is not the customer's newest plan any more", code="plan-superseded", where=where, fix=fix)
    if decision is Decision.APPROVED and shown.mode is Mode.OBSERVE:
        fix = "Set the customer's mode to approve and import the configuration"
        raise Rejected("The customer's mode is observe, in which an approval applies nothing", code="mode-observe", where=where, fix=fix)


def chosen_changes(shown: PlanOnShow, chosen: Collection[str] | str) -> tuple[Change, ...]:
    """The changes that are meant; raises ``Rejected`` when there are none, or one of them cannot be decided on."""
    if chosen == ALL:
        found = [change for change in shown.plan.changes if not shown.refusal(change) and change.decision is not Decision.REJECTED]
    elif chosen == SAFE:
        found = [change for change in shown.undecided if change.verdict is Verdict.SAFE]
    else:
        found = _by_id(shown, (chosen,) if isinstance(chosen, str) else chosen)
    if not found:
        raise Rejected("There is nothing to decide on", code="nothing-to-decide", where=shown.customer, fix="Look at the plan: what is held says why")
    return tuple(found)


def _by_id(shown: PlanOnShow, ids: Collection[str]) -> list[Change]:
    known = {change.change_id: change for change in shown.plan.changes}
    faults = [f"{name}: it is not in plan {shown.plan.plan_id}" for name in ids if name not in known]
    faults += [f"{name}: {reason}" for name in ids if name in known and (reason := shown.refusal(known[name]))]
    if faults:
        raise Rejected(
            "These changes cannot be decided on", code="change-not-open", where=shown.customer, why=". ".join(faults), fix="Look at the plan again"
        )
    return [known[name] for name in dict.fromkeys(ids)]


def _read_anew(context: Context, plan: Plan, by: str) -> Started | None:
    if plan.undo:
        return start_undo(context, plan.undo, (plan.tenant_id,), by, plan.plan_id)
    try:
        return resync(context, plan.tenant_id, asked_by=by)
    except RetryLater:  # somebody else is starting one in this moment: it finds the word that was just stored
        return None
