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


def decided(changes: Sequence[Change], said: Mapping[str, Said], mode: Mode, now: datetime) -> tuple[Change, ...]:
    """The changes with what people said about exactly them, and with where each stands under ``mode``."""
    return tuple(_decided(change, said.get(fingerprint(change)), mode, now) for change in changes)


def _decided(change: Change, word: Said | None, mode: Mode, now: datetime) -> Change:
    if word and word.until > now:
        change = replace(change, decision=word.decision, decided_by=word.by)
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
