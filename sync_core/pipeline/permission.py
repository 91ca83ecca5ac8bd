"""Whether a change may be applied now: its verdict, the customer's mode and what a person said, in one place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sync_core.billing import fingerprint
from sync_core.model.configuration import Approvals
from sync_core.model.customers import Mode
from sync_core.model.plans import Change, ChangeKind, ChangeResult, Decision, Verdict
from sync_core.pipeline.customers import Said

USUAL = Approvals()
_QUANTITIES = (ChangeKind.SET_QUANTITY, ChangeKind.PRORATE)
WAITING = (ChangeResult.WAITING, ChangeResult.HELD)
"""The results that ask for a person."""


def to_decide(changes: Iterable[Change]) -> tuple[Change, ...]:
    """The changes to which nothing is missing but a person's word: they wait, or their run was held before it wrote them."""
    return tuple(change for change in changes if change.result in (ChangeResult.PLANNED, ChangeResult.WAITING) and change.decision is Decision.NONE)


def asking(changes: Iterable[Change]) -> tuple[Change, ...]:
    """The changes that cannot be applied whatever people say: held ones and questions."""
    return tuple(change for change in changes if change.result is ChangeResult.HELD)


def observed(changes: Iterable[Change]) -> tuple[Change, ...]:
    """The changes that are shown and no more: their customer, their kind or their run goes no further, so that nobody has to decide."""
    return tuple(change for change in changes if change.result is ChangeResult.OBSERVED)


def decided(changes: Sequence[Change], said: Mapping[str, Said], mode: Mode, now: datetime, approvals: Approvals = USUAL) -> tuple[Change, ...]:
    """The changes with what people said about exactly them, and with where each stands under ``mode`` and ``approvals``."""
    words = {key: word for key, word in said.items() if word.until > now}
    return tuple(with_word(change, words.get(fingerprint(change)), mode, approvals) for change in changes)


def with_word(change: Change, word: Said | None, mode: Mode, approvals: Approvals) -> Change:
    """A change with a person's word on it; one that is not enough yet says who is still asked for."""
    if word and word.counts(approvals.four_eyes):
        change = replace(change, decision=word.decision, decided_by=f"{word.by} and {word.second}" if word.second else word.by)
    elif word:
        change = replace(change, result_reason=f"Approved by {word.by}; another person has to approve it too")
    return replace(change, result=standing(change, mode, approvals))


def standing(change: Change, mode: Mode, approvals: Approvals = USUAL) -> ChangeResult:
    """Where a planned change stands: ``PLANNED`` means that it may be applied."""
    if change.decision is Decision.REJECTED:
        return ChangeResult.REJECTED
    if change.kind is ChangeKind.NONE or change.verdict is Verdict.HELD:
        return ChangeResult.HELD
    mode = mode_for(change, mode, approvals)
    if mode is Mode.OBSERVE:
        return ChangeResult.OBSERVED
    if change.decision is Decision.APPROVED or (change.verdict is Verdict.SAFE and (mode is Mode.AUTOMATIC or _small(change, approvals))):
        return ChangeResult.PLANNED
    return ChangeResult.WAITING


def mode_for(change: Change, mode: Mode, approvals: Approvals) -> Mode:
    """How far a change of this kind may go."""
    return mode.capped(approvals.kinds.get(change.kind, Mode.AUTOMATIC))


def of_undo(approvals: Approvals) -> Approvals:
    """Of an undo every change waits for a person, and for as many as ever: how far a kind may go by itself plays no part."""
    return Approvals(four_eyes=approvals.four_eyes)


def _small(change: Change, approvals: Approvals) -> bool:
    """Whether a quantity moves so little that no person is asked. A new line and an end are never small."""
    if change.kind not in _QUANTITIES or change.before is None or change.after is None:
        return False
    moved = max(abs(units - change.before) for units in (change.after, change.later) if units is not None)
    return moved <= approvals.within_units or moved <= approvals.within_share * change.before
