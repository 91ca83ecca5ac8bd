"""Whether a change may be applied now: its verdict, the customer's mode and what a person said, in one place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sync_core.billing import fingerprint
from sync_core.model.customers import Mode
from sync_core.model.plans import Change, ChangeKind, ChangeResult, Decision, Verdict
from sync_core.pipeline.customers import Said

WAITING = (ChangeResult.WAITING, ChangeResult.HELD)
"""The results that ask for a person."""


def decided(changes: Sequence[Change], said: Mapping[str, Said], mode: Mode, now: datetime, four_eyes: bool = False) -> tuple[Change, ...]:
    """The changes with what people said about exactly them, and with where each stands under ``mode``."""
    words = {key: word for key, word in said.items() if word.until > now}
    return tuple(with_word(change, words.get(fingerprint(change)), mode, four_eyes) for change in changes)


def with_word(change: Change, word: Said | None, mode: Mode, four_eyes: bool) -> Change:
    """A change with a person's word on it; one that is not enough yet says who is still asked for."""
    if word and word.counts(four_eyes):
        change = replace(change, decision=word.decision, decided_by=f"{word.by} and {word.second}" if word.second else word.by)
    elif word:
        change = replace(change, result_reason=f"Approved by {word.by}; another person has to approve it too")
    return replace(change, result=standing(change, mode))


def standing(change: Change, mode: Mode) -> ChangeResult:
    """Where a planned change stands: ``PLANNED`` means that it may be applied."""
    if change.decision is Decision.REJECTED:
        return ChangeResult.REJECTED
    if change.kind is ChangeKind.NONE or change.verdict is Verdict.HELD:
        return ChangeResult.HELD
    if mode is Mode.OBSERVE:
        return ChangeResult.OBSERVED
    if change.decision is Decision.APPROVED or (mode is Mode.AUTOMATIC and change.verdict is Verdict.SAFE):
        return ChangeResult.PLANNED
    return ChangeResult.WAITING
