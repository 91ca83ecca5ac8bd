"""What every adapter does when it makes steps of changes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import TypeVar

from sync_core.model.plans import MOST_CHANGES_A_STEP, Change

T = TypeVar("T")


def step_id(plan_id: str, agreement_id: str, *change_ids: str) -> str:
    """The same for the same plan, agreement and changes, however often it is computed."""
    return hashlib.sha256("\n".join((plan_id, agreement_id, *change_ids)).encode()).hexdigest()[:24]


def needed(value: T | None, change: Change, what: str) -> T:
    """A value that the change must have; raises ``ValueError``."""
    if value is None:
        raise ValueError(f"Change {change.change_id} lacks {what}")
    return value


def in_writes(changes: Iterable[Change]) -> list[list[Change]]:
    """The changes of an agreement in as many parts as it takes writes, those of one link together."""
    of_links: dict[str, list[Change]] = {}
    for change in changes:
        of_links.setdefault(change.link_key, []).append(change)
    parts: list[list[Change]] = []
    for own in of_links.values():
        if parts and len(parts[-1]) + len(own) <= MOST_CHANGES_A_STEP:
            parts[-1] += own
        else:
            parts.append(own)
    return parts
