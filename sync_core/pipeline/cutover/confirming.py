"""People's words on a cut-over as a whole: go, stop, go on, drop. Each holds for exactly what was shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sync_core.documents import to_document
from sync_core.errors import Rejected
from sync_core.events import event
from sync_core.model.customers import Mode
from sync_core.model.cutovers import Confirmation, Cutover, CutoverState, LineState, What
from sync_core.model.history import Record, RecordKind
from sync_core.model.people import Who
from sync_core.model.plans import Undo
from sync_core.pipeline.context import Context
from sync_core.pipeline.cutover.prepare import HOLDS
from sync_core.pipeline.cutover.rows import change_cutover, close_cutover, load_cutover, save_unit, units_of
from sync_core.pipeline.eyes import check_eyes
from sync_core.pipeline.runs import stop_writes

_AGAIN = (LineState.HELD, LineState.FAILED)


def confirm(context: Context, cutover_id: str, prepared: str, by: Who, why: str) -> Cutover:
    """Lets a prepared cut-over be carried out, or keeps the first of two words; ``prepared`` names what was shown.

    Raises ``Rejected`` where something else was shown, too long ago, or nothing is to be done, and where this person's word does not do.
    """
    stored, now = load_cutover(context.store, cutover_id), context.clock.now()
    _check_shown(context, stored.value, prepared, now)
    four_eyes = context.current_configuration().approvals.four_eyes
    word = Confirmation(str(by), by.person, now, why)
    if four_eyes:
        word = _second_word(context, stored.value, by, word)
    complete = not four_eyes or bool(word.second)
    state = CutoverState.RUNNING if complete else CutoverState.PREPARED
    event("cutover.confirmed", cutover=cutover_id, complete=complete)
    told = _told(stored.value, "confirmed", str(by), why, now)
    return change_cutover(context, stored, told, state=state, confirmed=word, trouble="").value


def stop_cutover(context: Context, cutover_id: str, by: Who, why: str) -> Cutover:
    """Stops the writes of a cut-over before the next one; what was written stays. Raises ``Rejected`` where it is not under way."""
    stored = load_cutover(context.store, cutover_id)
    if not stored.value.state.working:
        raise Rejected(f"The cut-over is {stored.value.state}", code="cutover-state", where=cutover_id, fix="Only what is under way can be stopped")
    reason = f"Stopped by {by}: {why or 'no reason was given'}"
    if stored.value.run_id:
        stop_writes(context.store, stored.value.run_id, reason)
    event("cutover.stopped", cutover=cutover_id)
    told = _told(stored.value, "stopped", str(by), why, context.clock.now())
    stopped = change_cutover(context, stored, told, state=CutoverState.STOPPED, trouble=reason).value
    if stopped.run_id:  # once more: the run may have been made only now, and what is planned from now on finds the cut-over stopped
        stop_writes(context.store, stopped.run_id, reason)
    return stopped


def resume_cutover(context: Context, cutover_id: str, by: Who) -> Cutover:
    """Lets a cut-over go on: its search, its preparation, or its writes, with the lines that were held or failed tried once more."""
    stored = load_cutover(context.store, cutover_id)
    cutover = stored.value
    told = _told(cutover, "resumed", str(by), "", context.clock.now())
    if cutover.state.working:
        return change_cutover(context, stored, trouble="").value
    if cutover.state not in (CutoverState.STOPPED, CutoverState.FINISHED):
        raise Rejected(f"The cut-over is {cutover.state}", code="cutover-state", where=cutover_id, fix="Only what was stopped or ended can go on")
    if not cutover.confirmed or not cutover.prepared_at:
        state = CutoverState.PREPARING if cutover.choice else CutoverState.SEARCHING
        return change_cutover(context, stored, told, state=state, trouble="").value
    if cutover.run_id:
        return change_cutover(context, stored, told, state=CutoverState.RUNNING, trouble="").value
    tried_again = sum(_open_again(context, cutover_id))
    if not tried_again and not cutover.tally.count(LineState.CHOSEN):
        raise Rejected("Nothing of it is left to be done", code="nothing-to-decide", where=cutover_id)
    return change_cutover(context, stored, told, state=CutoverState.RUNNING, trouble="").value


def drop_cutover(context: Context, cutover_id: str, by: Who) -> Cutover:
    """Gives a cut-over up before anything of it was written; raises ``Rejected`` afterwards."""
    stored = load_cutover(context.store, cutover_id)
    if stored.value.runs or stored.value.state is CutoverState.RUNNING:
        fix = "Stop it, or undo its runs"
        raise Rejected("The cut-over was begun, and is not dropped any more", code="cutover-state", where=cutover_id, fix=fix)
    dropped = change_cutover(context, stored, _told(stored.value, "dropped", str(by), "", context.clock.now()), state=CutoverState.DROPPED)
    close_cutover(context.store, cutover_id)
    return dropped.value


def undo_of_cutover(context: Context, cutover_id: str, why: str) -> Undo:
    """The undo of all that a cut-over wrote, in whichever of its runs; raises ``Rejected`` while it is under way, and where it wrote nothing."""
    cutover = load_cutover(context.store, cutover_id).value
    if cutover.state.working or cutover.run_id:
        raise Rejected("The cut-over is under way", code="cutover-state", where=cutover_id, fix="Stop it first")
    if not cutover.runs:
        raise Rejected("The cut-over wrote nothing", code="nothing-written", where=cutover_id)
    first, *others = cutover.runs
    return Undo(run_id=first, why=why, beside=tuple(others))


def _told(cutover: Cutover, what: str, by: str, why: str, at: datetime) -> Record:
    """A person's word, for the history: what they saw is named by ``prepared``, and stands on the lines."""
    document = {
        "cutover": cutover.cutover_id,
        "word": what,
        "why": why,
        "prepared": cutover.prepared,
        "choice": cutover.choice,
        "tally": cutover.tally,
    }
    return Record(at, RecordKind.DECIDED, f"{cutover.cutover_id} {what} {by}", to_document(document), cutover.run_id, by)


def _check_shown(context: Context, cutover: Cutover, prepared: str, now: datetime) -> None:
    where = cutover.cutover_id
    if cutover.state is not CutoverState.PREPARED:
        raise Rejected(f"The cut-over is {cutover.state}", code="cutover-state", where=where, fix="Prepare it, and look at what it shows")
    if prepared != cutover.prepared:
        raise Rejected("It was prepared anew since", code="plan-superseded", where=where, fix="Look at what it shows now, and confirm that")
    if cutover.choice and cutover.choice.what is not What.END and cutover.configuration != context.current_configuration().version:
        why = "The lines that follow, or are taken over, would be billed by another one"
        raise Rejected("It was shown under another configuration", code="plan-superseded", where=where, why=why, fix="Prepare it anew")
    if cutover.prepared_at is None or now > cutover.prepared_at + HOLDS:
        raise Rejected("What was shown is older than a week", code="cutover-expired", where=where, fix="Prepare it anew")
    if not cutover.tally.count(LineState.CHOSEN):
        raise Rejected("There is nothing to decide on", code="nothing-to-decide", where=where, fix="Each line says why it is refused; choose others")
    if context.settings.mode_ceiling is Mode.OBSERVE:
        fix = "Raise SYNC_MODE_CEILING"
        raise Rejected("The whole app is in mode observe, in which nothing is written", code="mode-observe", where=where, fix=fix)


def _second_word(context: Context, cutover: Cutover, by: Who, word: Confirmation) -> Confirmation:
    """The two words together, or the first one; raises ``Rejected`` where this person's word does not count."""
    first = cutover.confirmed
    check_eyes(context.store, by, cutover.configuration, first is not None and first.person == by.person, cutover.cutover_id)
    return replace(first, second=str(by)) if first else word


def _open_again(context: Context, cutover_id: str) -> Sequence[int]:
    """Puts held and failed lines back among those that are to be done; says of how many each unit."""
    numbers = []
    for unit in units_of(context.store, cutover_id):
        lines = tuple(replace(line, state=LineState.CHOSEN, why="", attempts=1) if line.state in _AGAIN else line for line in unit.value.lines)
        numbers.append(sum(line.state in _AGAIN for line in unit.value.lines))
        save_unit(context.store, unit, replace(unit.value, lines=lines))
    return numbers
