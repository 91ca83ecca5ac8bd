"""What a link remembers of its line and of the lines beside it, step by step as a change is confirmed in the PSA."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

from sync_core.billing.describing import left_text
from sync_core.billing.periods import ONE_DAY
from sync_core.model.agreements import Line, SelfEnding
from sync_core.model.billing import Binding, Due, Invoiced
from sync_core.model.plans import Change, ChangeKind, Step

_KEPT = timedelta(days=400)
"""How long what is over is remembered, so that a row does not grow for ever."""


def self_ending_of(change: Change, step: Step) -> SelfEnding | None:
    """The self-ending line that a step of the change adds; ``None`` for a step that writes the line itself."""
    return next((each for each in change.self_ending if each.marker == step.marker), None)


def as_left(change: Change, step: Step, line: Line) -> Line:
    """The line as the next plan finds it: with shifts, holding what is left to come once this step's day is there."""
    if not change.shifts or change.after is None:
        return line
    first = step.shifts_from or change.shifts[-1].first
    return replace(line, quantity=change.after - sum(each.units for each in change.shifts if each.first > first))


def with_line_beside(known: Binding, change: Change, added: SelfEnding, line_id: str) -> Binding:
    """The binding once a self-ending line is there: it counts, and what the main line is to hold afterwards is due."""
    beside = (*(each for each in known.self_ending if each.marker != added.marker), replace(added, line_id=line_id))
    first = max(each.last for each in change.self_ending) + ONE_DAY
    quantity = change.after if change.later is None else change.later
    before = tuple(each for each in known.due if each.first < first)
    held = before[-1].quantity if before else known.quantity
    due = (*before, Due(first, quantity)) if quantity not in (None, held) else before
    due = () if change.kind is ChangeKind.ADD else due
    return replace(known, self_ending=_kept(beside, first), due=due)


def without_line_beside(known: Binding, change: Change) -> Binding:
    """The binding once a self-ending line was taken off: it counts no more, and the main line is due to hold what it was before."""
    gone = {each.marker for each in change.self_ending}
    known = replace(known, self_ending=tuple(each for each in known.self_ending if each.marker not in gone))
    if change.later is None:
        return known
    first = max(each.last for each in change.self_ending) + ONE_DAY
    before = tuple(each for each in known.due if each.first < first)
    held = before[-1].quantity if before else known.quantity
    return replace(known, due=before if change.later == held else (*before, Due(first, change.later)))


def carried_on(known: Binding | None, change: Change, line: Line, follows: Binding, opens: date | None = None) -> Binding:
    """``follows``, the binding to the line as it was read back, with what ``known`` remembers of proration and the change leaves of it.

    ``opens`` is the first day that no invoice covers after the write: later than planned where an invoice was made meanwhile,
    and then what the line should have held before that day stays due. A text takes over nothing else: what a person
    edited beside it is still an edit.
    """
    follows = replace(follows, text=left_text(known, change, line))
    if change.kind is ChangeKind.ADD and change.self_ending and change.effective:  # due until its self-ending line is there, too
        begun = Due(change.effective, line.quantity)
        return replace(follows, self_ending=known.self_ending if known else (), due=(begun,), counts_from=change.effective)
    if known is None:
        return follows
    if change.kind is ChangeKind.SET_TEXT:
        return replace(known, text=follows.text)
    follows = replace(follows, self_ending=known.self_ending)
    if change.kind in (ChangeKind.ADD, ChangeKind.END) or known.line_id != follows.line_id:
        return follows
    follows = replace(follows, counts_from=known.counts_from)
    if change.shifts:
        return follows
    if change.kind is not ChangeKind.SET_QUANTITY:
        due = () if change.kind is ChangeKind.ADOPT else known.due
        return replace(follows, invoiced=known.invoiced, due=due)
    counts = change.line_from or change.effective
    if counts is None or change.before is None:
        return replace(follows, invoiced=known.invoiced)
    late = opens is not None and opens > counts
    before = Invoiced(max(counts, opens or counts) - ONE_DAY, replace(line, quantity=change.before).billed)
    remembered = any(level.last >= before.last for level in known.invoiced)
    return replace(
        follows,
        invoiced=tuple(level for level in known.invoiced if level.last > counts - _KEPT) + (() if remembered else (before,)),
        due=(Due(counts, line.quantity, unsure=True),) if late else tuple(due for due in known.due if due.first > counts),
    )


def _kept(lines: Iterable[SelfEnding], day: date) -> tuple[SelfEnding, ...]:
    return tuple(sorted((each for each in lines if each.last > day - _KEPT), key=lambda each: (each.first, each.marker)))
