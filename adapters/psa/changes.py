"""What every adapter does when it makes steps of changes."""

from __future__ import annotations

import hashlib
from typing import TypeVar

from sync_core.model.plans import Change

T = TypeVar("T")


def step_id(plan_id: str, agreement_id: str, *change_ids: str) -> str:
    """The same for the same plan, agreement and changes, however often it is computed."""
    return hashlib.sha256("\n".join((plan_id, agreement_id, *change_ids)).encode()).hexdigest()[:24]


def needed(value: T | None, change: Change, what: str) -> T:
    """A value that the change must have; raises ``ValueError``."""
    if value is None:
        raise ValueError(f"Change {change.change_id} lacks {what}")
    return value
