"""One step of a plan, written to the PSA exactly once: the journal row goes first, moves by ETag, and decides what a crash may repeat.

    planned ─► sending ─► confirmed | rejected
                  └─► unknown ─► confirmed | planned again (all probes say not done) | unresolved (a person looks)

Whoever finds a row in *sending* or *unknown* believes *not done* only after the settle time: the last moment to send, plus
the write's deadline, plus what the PSA itself may still take.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sync_core.billing import AGREEMENT_FACTS, as_left, carried_on, facts, line_facts, self_ending_of, with_line_beside, without_line_beside
from sync_core.billing.cutting_over import is_nobodys
from sync_core.errors import Conflict, OutcomeUnknown, Rejected, RetryLater, Throttled
from sync_core.events import event
from sync_core.model.agreements import AgreementLines, Line
from sync_core.model.billing import Binding
from sync_core.model.plans import Change, ChangeKind, JournalEntry, Plan, Step, StepState
from sync_core.pipeline.context import Context
from sync_core.pipeline.customers import CUSTOMERS, binding_write, journal_write, load_binding
from sync_core.pipeline.history import record_write, sent
from sync_core.pipeline.leases import acquire
from sync_core.pipeline.reading import agreement_now
from sync_core.ports import Probe, Probed, Psa, Receipt
from sync_core.rows import Stored, from_row

ENDED = (StepState.CONFIRMED, StepState.REJECTED, StepState.HELD, StepState.UNRESOLVED)
"""The states in which nothing more is done for a step."""
SENT = (StepState.SENDING, StepState.UNKNOWN)
"""The states in which a step was sent, or may just be, and nobody knows what became of it."""
_NO_ANSWER: Mapping[str, Any] = {}
_MOST_ATTEMPTS = 4
_PROBE_AGAIN = 5.0
_TAKEN = "The PSA took the write, and the line does not show it. It is not sent again: look in the PSA where it went."


class Stopped(Exception):
    """The stop switch, or the run itself, forbids writing now."""


def carry_out(
    context: Context, psa: Psa, plan: Plan, entry: Stored[JournalEntry], may_write: Callable[[], None], begun: Collection[str] = ()
) -> Stored[JournalEntry]:
    """Takes a step to its end. ``begun`` are the changes that an earlier step has begun: what they rest on, that step has altered.

    Raises:
        RetryLater: it has to wait, or another worker may still be sending it.
        Stopped: ``may_write`` says that nothing may be written now.
        Conflict: another worker moved it.
    """
    while entry.value.state not in ENDED:
        planned = entry.value.state is StepState.PLANNED
        entry = _send(context, psa, plan, entry, may_write, begun) if planned else _look(context, psa, plan, entry)
    return entry


def settle(context: Context, psa: Psa, plan: Plan, entry: Stored[JournalEntry]) -> Stored[JournalEntry]:
    """Finds out what became of a step that was sent, and sends nothing; raises as ``carry_out`` does."""
    while entry.value.state in SENT:
        entry = _look(context, psa, plan, entry)
    return entry


def close(context: Context, plan: Plan, entry: Stored[JournalEntry], why: str) -> Stored[JournalEntry]:
    """Sees to it that a step which was never sent, or is known not to be done, never will be; raises ``Conflict`` when it is just being sent."""
    return _move(context, plan, entry, state=StepState.HELD, outcome=why) if entry.value.state is StepState.PLANNED else entry


def _send(
    context: Context, psa: Psa, plan: Plan, entry: Stored[JournalEntry], may_write: Callable[[], None], begun: Collection[str]
) -> Stored[JournalEntry]:
    step = entry.value.step
    acquire(context, step.connection, step.agreement_id, plan.plan_id)
    agreement = agreement_now(psa, step.agreement_id, plan.business_dates[step.connection])
    if changed := what_changed(context, agreement, changes_of(plan, entry.value), begun):
        return _move(context, plan, entry, state=StepState.HELD, outcome=changed)
    may_write()
    settings, now = context.settings, context.clock.now()
    send_until_monotonic = context.clock.monotonic() + settings.send_window_seconds
    send_until = now + timedelta(seconds=settings.send_window_seconds)
    settle = psa.settle_seconds if settings.settle_seconds is None else settings.settle_seconds
    settled_at = send_until + timedelta(seconds=settings.write_deadline_seconds + settle)
    entry = _move(
        context,
        plan,
        entry,
        state=StepState.SENDING,
        attempt=entry.value.attempt + 1,
        send_until=send_until,
        settled_at=settled_at,
        not_done_probes=0,
        last_probe=None,
        taken=False,
        before=before_image(context, agreement, changes_of(plan, entry.value)),
    )
    try:
        receipt = psa.execute(step, send_until_monotonic)
    except Throttled:
        _move(context, plan, entry, state=StepState.PLANNED, attempt=entry.value.attempt - 1)
        raise
    except RetryLater:
        _move(context, plan, entry, state=StepState.PLANNED)
        raise
    except Rejected as error:
        return _move(context, plan, entry, state=StepState.REJECTED, outcome=str(error))
    except OutcomeUnknown as error:
        event("step.unknown", customer=plan.tenant_id, step=step.step_id)
        return _move(context, plan, entry, state=StepState.UNKNOWN, outcome=error.what)
    return _read_back(context, psa, plan, entry, receipt)


def _read_back(context: Context, psa: Psa, plan: Plan, entry: Stored[JournalEntry], receipt: Receipt) -> Stored[JournalEntry]:
    """The PSA took the write: it counts once the line is read back as we set it."""
    probed = psa.probe(entry.value.step)
    if probed.probe is Probe.DONE:
        return _confirm(context, psa, plan, entry, probed, receipt.detail)
    outcome = f"The PSA took the write, and the line does not show it. {probed.why}".strip()
    return _move(context, plan, entry, state=StepState.UNKNOWN, taken=True, outcome=outcome)


def _look(context: Context, psa: Psa, plan: Plan, entry: Stored[JournalEntry]) -> Stored[JournalEntry]:
    now = context.clock.now()
    settled_at = entry.value.settled_at or now
    if entry.value.state is StepState.SENDING and now < settled_at:
        raise RetryLater("Another worker may still be sending this step", delay=(settled_at - now).total_seconds() + 1)
    probed = psa.probe(entry.value.step)
    if probed.probe is Probe.DONE:
        return _confirm(context, psa, plan, entry, probed)
    if probed.probe is Probe.CANNOT_TELL:
        return _move(context, plan, entry, state=StepState.UNRESOLVED, outcome=probed.why or "The PSA cannot tell whether the write happened")
    if now < settled_at:
        _move(context, plan, entry, state=StepState.UNKNOWN, not_done_probes=1, last_probe=now)
        raise RetryLater("A write whose outcome is unknown may still happen", delay=(settled_at - now).total_seconds() + 1)
    return _repeat_or_probe_again(context, plan, entry)


def _repeat_or_probe_again(context: Context, plan: Plan, entry: Stored[JournalEntry]) -> Stored[JournalEntry]:
    """The settle time is over and the step is not done: absolute writes may be sent again, others after a second look.

    Of these none is sent again that the PSA said it took: it may be where nobody looks, and would then count twice.
    """
    probes = entry.value.not_done_probes + 1
    if not entry.value.step.repeatable and probes < 2:
        _move(context, plan, entry, state=StepState.UNKNOWN, not_done_probes=probes, last_probe=context.clock.now())
        raise RetryLater("A create is repeated only after a second look", delay=_PROBE_AGAIN)
    if entry.value.taken and not entry.value.step.repeatable:
        return _move(context, plan, entry, state=StepState.UNRESOLVED, outcome=_TAKEN)
    if entry.value.attempt >= _MOST_ATTEMPTS:
        return _move(context, plan, entry, state=StepState.UNRESOLVED, outcome=f"Not done after {entry.value.attempt} attempts")
    return _move(context, plan, entry, state=StepState.PLANNED, outcome="Not done: sent again")


def what_changed(context: Context, agreement: AgreementLines | None, changes: Iterable[Change], begun: Collection[str] = ()) -> str:
    """In words, how an agreement differs from what these changes of it rest on; empty when it does not.

    Of a change that is ``begun`` only the agreement itself counts: an invoice that was made between its steps changes what the
    next one means.
    """
    if agreement is None:
        return "The agreement is gone"
    for change in changes:
        found = facts(agreement, change.line_id, change.product, context.settings.installation)
        for name, value in change.rests_on.items():
            if found.get(name, "") != value and (change.change_id not in begun or name in AGREEMENT_FACTS):
                return f"{name} was {value or 'empty'} when planned and is {found.get(name, '') or 'empty'} now"
    return ""


def before_image(context: Context, agreement: AgreementLines | None, changes: Iterable[Change]) -> Mapping[str, Mapping[str, str]]:
    """The PSA's values that a step is about to change, by change id and by name."""
    if agreement is None:
        return {}
    return {change.change_id: facts(agreement, change.line_id, change.product, context.settings.installation) for change in changes}


def _confirm(context: Context, psa: Psa, plan: Plan, entry: Stored[JournalEntry], probed: Probed, answer: str = "") -> Stored[JournalEntry]:
    """``answer`` is the PSA's word on the write; empty where only the look afterwards says that it was done."""
    lines = dict(zip(entry.value.step.change_ids, probed.lines, strict=True))
    changes = [change for change in changes_of(plan, entry.value) if not change.is_double or change.self_ending]
    bindings: dict[str, Binding] = {}
    for change in changes:
        known = bindings.get(change.link_key) or load_binding(context.store, plan.tenant_id, change.link_key)
        if binding := _binding_after(psa, plan, change, entry.value.step, lines[change.change_id], known):
            bindings[change.link_key] = binding  # of a link with several changes in one write, each goes on from the one before
    event("step.confirmed", customer=plan.tenant_id, step=entry.value.step.step_id)
    told = {"answer": answer, "after": {change_id: {"line": line.line_id, **line_facts(line)} for change_id, line in lines.items()}}
    line_ids = tuple(line.line_id for line in probed.lines)
    return _move(context, plan, entry, bindings.values(), told, state=StepState.CONFIRMED, line_ids=line_ids, outcome="")


def _move(
    context: Context,
    plan: Plan,
    entry: Stored[JournalEntry],
    bindings: Iterable[Binding] = (),
    answer: Mapping[str, Any] = _NO_ANSWER,
    **changes: Any,
) -> Stored[JournalEntry]:
    after = replace(entry.value, **changes)
    record = record_write(plan.tenant_id, sent(plan, after, entry, context.clock.now(), answer))
    moved = journal_write(plan.tenant_id, after, entry.row.etag)
    context.store.transact(CUSTOMERS, [moved, record, *(binding_write(plan.tenant_id, binding) for binding in bindings)])
    row = context.store.get(CUSTOMERS, plan.tenant_id, entry.row.key)
    if row is None or from_row(JournalEntry, row) != after:
        raise Conflict("Another worker moved the step", where=after.step.step_id)
    return Stored(after, row)


def _binding_after(psa: Psa, plan: Plan, change: Change, step: Step, line: Line, known: Binding | None) -> Binding | None:
    """What the link remembers once a step of the change is done; ``None`` where a line is nobody's, or was added beside one that nobody follows.

    With proration the agreement is read once more: an invoice made in the moment of the write still had the old quantity.
    """
    if is_nobodys(change.link_key):
        return None
    if change.is_double:
        return without_line_beside(known, change) if known else None
    if added := self_ending_of(change, step):
        return with_line_beside(known, change, added, line.line_id) if known else None
    heads = psa.read_headers([change.agreement_id]) if known and known.self_ending else []
    line = as_left(change, step, line)
    return carried_on(known, change, line, binding_for(plan, change, line), heads[0].next_invoice if heads else None)


def changes_of(plan: Plan, entry: JournalEntry) -> list[Change]:
    """The changes that a step carries."""
    return [change for change in plan.changes if change.change_id in entry.step.change_ids]


def binding_for(plan: Plan, change: Change, line: Line) -> Binding:
    """What the link follows from now on: the line as it was read back."""
    return Binding(
        link_key=change.link_key,
        connection=change.connection,
        agreement_id=change.agreement_id,
        line_id=line.line_id,
        product_id=line.product_id,
        quantity=line.quantity,
        charge=line.charge,
        starts=line.starts,
        ends=line.ends,
        marker=line.marker,
        adopted=any(other.kind is ChangeKind.ADOPT and other.link_key == change.link_key for other in plan.changes),
        ended=change.effective if change.kind is ChangeKind.END else None,
        overruled=change.overrules,
        plan_id=plan.plan_id,
    )
